/* A GitHub log holds our annotations and no other command, whatever stands in a finding; the summary is text and no markup. */
#include "test.h"

#include <stdio.h>

#include "record/report_github.h"

static const struct redan_rule rule = {"TM004", "a control, or two: not proved",
                                       REDAN_SEVERITY_HIGH, NULL, "prove it"};

struct one {
    struct redan_finding finding;
    const struct redan_finding *list[1];
    struct redan_verdict_item item;
    struct redan_verdict_group group;
    struct redan_verdict verdict;
};

static void make(struct one *o, struct redan_slice hostile, enum redan_level level)
{
    memset(o, 0, sizeof(*o));
    o->finding = (struct redan_finding){.rule = &rule,
                                        .level = level,
                                        .subject = hostile,
                                        .file = hostile,
                                        .line = 7,
                                        .column = 3,
                                        .detail = hostile,
                                        .action = hostile};
    o->list[0] = &o->finding;
    o->item =
        (struct redan_verdict_item){.id = hostile, .level = level, .findings = o->list, .count = 1};
    o->group = (struct redan_verdict_group){.name = REDAN_S("data"), .items = &o->item, .count = 1};
    o->verdict = (struct redan_verdict){.word = REDAN_WORD_FAIL,
                                        .system = hostile,
                                        .headline = hostile,
                                        .trust = hostile,
                                        .groups = &o->group,
                                        .group_count = 1,
                                        .next = &o->finding};
}

static void test_form(void **state)
{
    static const struct {
        enum redan_level level;
        const char *text;
        const char *says;
    } rows[] = {
        {REDAN_LEVEL_FAIL, "a.yaml",
         "::error file=a.yaml,line=7,col=3,title=TM004 a control%2C or two%3A not proved::a.yaml: "
         "a.yaml%0Ado: a.yaml\n"},
        {REDAN_LEVEL_UNCLEAR, "x",
         "::error file=x,line=7,col=3,title=TM004 a control%2C or two%3A not proved::x: x%0Ado: "
         "x\n"},
        {REDAN_LEVEL_WARN, "a:b,c%d\r\n",
         "::warning file=a%3Ab%2Cc%25d%0D%0A,line=7,col=3,title=TM004 a control%2C or two%3A not "
         "proved::a:b,c%25d%0D%0A: a:b,c%25d%0D%0A%0Ado: a:b,c%25d%0D%0A\n"},
        {REDAN_LEVEL_NOTE, "\x1b[1m\x01\xff\xc2\x85\xe2\x80\xa8\xe2\x80\xae.",
         "::notice file= [1m ?   .,line=7,col=3,title=TM004 a control%2C or two%3A not proved:: "
         "[1m "
         "?   .:  [1m ?   .%0Ado:  [1m ?   .\n"},
        {REDAN_LEVEL_FAIL, "", "::error title=TM004 a control%2C or two%3A not proved::\n"},
    };
    struct redan_ctx ctx;
    struct redan_buf out;
    struct one o;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&out, &ctx, 100000);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        redan_buf_clear(&out);
        make(&o, redan_slice_of(rows[i].text), rows[i].level);
        redan_verdict_github(&out, &o.verdict);
        if (!redan_slice_is(redan_buf_view(&out), rows[i].says))
            fail_msg("row %zu: %.*s", i, REDAN_FMT(redan_buf_view(&out)));
    }
    redan_buf_done(&out);
    redan_ctx_done(&ctx);
}

/* What the runner takes for a command: a line that begins with "::" after blanks of any kind, or one with "##[" in it. */
static size_t commands(struct redan_slice text, size_t *ours)
{
    size_t n = 0;

    *ours = 0;
    while (text.len) {
        struct redan_slice line = {0};
        (void)redan_slice_cut(text, '\n', &line, &text);
        *ours += redan_slice_starts(line, REDAN_S("::error file="));
        bool first =
            redan_slice_starts(line, REDAN_S("::")); /* parsed first, and then no further */
        bool any = first;
        for (size_t i = 0; i + 2 < line.len && !first; i++)
            any = any || memcmp(line.at + i, "::", 2) == 0 || memcmp(line.at + i, "##[", 3) == 0;
        if (line.len)
            assert_null(memchr(line.at, '\r', line.len));
        n += any;
    }
    return n;
}

/* Texts put together from what could mean something. */
static void test_hostile(void **state)
{
    static const char *const parts[] = {"::",
                                        "set-output name=a",
                                        ":",
                                        "##[",
                                        "#",
                                        "[",
                                        "add-mask",
                                        "\n",
                                        "\r",
                                        "%0A",
                                        "\xc2\xa0",
                                        "\xe2\x80\xa8",
                                        "]x",
                                        ",",
                                        " ",
                                        "\x1b",
                                        "stop-commands",
                                        "\xe3\x80\x80",
                                        "|",
                                        "<b>"};
    struct redan_ctx ctx;
    struct redan_buf text;
    struct redan_buf out;
    struct redan_buf log;
    uint64_t seed = 42;
    struct one o;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&text, &ctx, 100000);
    redan_buf_init(&out, &ctx, 1000000);
    redan_buf_init(&log, &ctx, 1000000);
    for (size_t round = 0; round < 3000; round++) {
        size_t ours = 0;
        redan_buf_clear(&text);
        for (size_t k = 0; k < 1 + round % 40; k++) {
            seed = seed * 6364136223846793005U + 1442695040888963407U;
            redan_buf_text(&text, parts[(seed >> 33) % REDAN_COUNT(parts)]);
        }
        make(&o, redan_buf_view(&text), REDAN_LEVEL_FAIL);
        redan_buf_clear(&out);
        redan_verdict_github(&out, &o.verdict);
        assert_int_equal(commands(redan_buf_view(&out), &ours), 1);
        assert_int_equal(ours, 1);
        redan_buf_clear(&out);
        redan_verdict_text(&out, &o.verdict, false);
        redan_buf_clear(&log);
        redan_github_log(&log, redan_buf_view(&out));
        assert_int_equal(commands(redan_buf_view(&log), &ours), 0);
        redan_buf_clear(&log);
        redan_github_log(&log, redan_buf_view(&text));
        assert_int_equal(commands(redan_buf_view(&log), &ours), 0);
    }
    redan_buf_done(&log);
    redan_buf_done(&out);
    redan_buf_done(&text);
    redan_ctx_done(&ctx);
}

static void test_markdown(void **state)
{
    static const char hostile[] = "x|y <img src=http://evil.example> [a](javascript:1) `c` **b**\n"
                                  "## head\r| a | ![i](u) www.evil.example me@evil.example &lt;";
    struct redan_ctx ctx;
    struct redan_buf out;
    struct one o;
    size_t pipes = 0;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&out, &ctx, 100000);
    redan_markdown_text(&out, REDAN_S("a|b.c\nd"));
    assert_slice(redan_buf_view(&out), "a&#124;b&#46;c d");
    redan_buf_clear(&out);
    make(&o, redan_slice_of(hostile), REDAN_LEVEL_FAIL);
    redan_verdict_markdown(&out, &o.verdict, 10);
    struct redan_slice text = redan_buf_view(&out);
    for (size_t i = 0; i < text.len; i++) {
        assert_null(strchr("<>[]`\\@!_\r", text.at[i]));
        pipes += text.at[i] == '|';
    }
    assert_int_equal(pipes, 6 + 6 + 6);
    assert_null(strstr(text.at, "http:"));
    assert_null(strstr(text.at, "www."));
    redan_buf_clear(&out);
    redan_verdict_markdown(&out, &o.verdict, 0);
    assert_non_null(strstr(out.data, "and 1 more"));
    redan_buf_done(&out);
    redan_ctx_done(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_markdown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
