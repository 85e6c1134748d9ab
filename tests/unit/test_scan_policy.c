/* What a policy and a baseline do to findings, what a worker's answer may say, and how an artefact is shown. */
#include "test.h"

#include <stdio.h>

#include "base/clock.h"
#include "cmd/scan_answer.h"
#include "cmd/scan_policy.h"
#include "cmd/scan_report.h"
#include "codec/json.h"

#define PRINT "sha256:4be1b4be1b4be1b4be1b4be1b4be1b4be1b4be1b4be1b4be1b4be1b4be1b4be1"
#define RULE(id, level, date) \
    "rules:\n  - {id: " id ", level: " level ", reason: r, by: b, expires: " date "}\n"
#define HEAD "schema: redan/scan-policy/1\n"

static int64_t day(const char *text)
{
    int64_t at = 0;

    assert_true(redan_date_parse(redan_slice_of(text), &at));
    return at;
}

static size_t problems_of(const char *text, bool baseline, const char *says)
{
    struct redan_ctx ctx;
    struct redan_problems problems;
    struct redan_scan_policy policy;
    struct redan_scan_baseline base;

    redan_ctx_init(&ctx, NULL);
    redan_problems_init(&problems, &ctx, REDAN_S("p.yaml"));
    struct redan_slice s = redan_slice_of(text);
    assert_ok(baseline ? redan_scan_baseline_parse(&problems, s, &base)
                       : redan_scan_policy_parse(&problems, s, &policy));
    size_t count = problems.count;
    bool said = !says;
    for (const struct redan_problem *p = problems.first; p && !said; p = p->next)
        said = strstr(p->text.at, says) != NULL;
    if (!said)
        print_error("%s: nobody says \"%s\"\n", text, says);
    assert_true(said);
    redan_ctx_done(&ctx);
    return count;
}

static void test_problems(void **state)
{
    static const struct {
        const char *text;
        bool baseline;
        const char *says; /* NULL: it is sound */
    } rows[] = {
        {HEAD, false, NULL},
        {HEAD RULE("EXE501", "note", "2027-01-01"), false, NULL},
        {HEAD RULE("EXE501", "loud", "2027-01-01"), false, "loud"},
        {HEAD RULE("COV902", "off", "2027-01-01"), false, "no policy changes that"},
        {HEAD RULE("ZZZ999", "off", "2027-01-01"), false, "no rule"},
        {HEAD "rules:\n  - {id: EXE501, level: off}\n", false, "reason"},
        {HEAD "allow:\n  - {global: os.*, reason: r, by: b, expires: 2027-01-01}\n", false,
         "no name of one thing"},
        {HEAD "allow:\n  - {global: a.b, reason: r, by: b, expires: 2027-01-01}\n", false, NULL},
        {HEAD "allow:\n  - {global: a.b, reason: r}\n", false, "by"},
        {HEAD "deny:\n  - {global: a.b, reason: r}\n", false, NULL},
        {HEAD "limits: {unpacked: much}\n", false, "no size"},
        {HEAD "limits: {unpacked: 1G, memory: 64MiB, members: 5, depth: 2, timeout: 5m}\n", false,
         NULL},
        {HEAD "fail-on: note\n", false, NULL},
        {HEAD "silent: true\n", false, "silent"},
        {"schema: redan/scan-policy/2\n", false, "schema"},
        {"schema: redan/scan-baseline/1\n", true, NULL},
        {"schema: redan/scan-baseline/1\naccepted:\n  - {fingerprint: \"" PRINT
         "\", rule: EXE501, reason: r, by: b, expires: 2027-01-01}\n",
         true, NULL},
        {"schema: redan/scan-baseline/1\naccepted:\n  - {fingerprint: \"" PRINT
         "\", rule: EXE501, reason: \"\", by: b, expires: 2027-01-01}\n",
         true, "reason"},
        {"schema: redan/scan-baseline/1\naccepted:\n  - {fingerprint: \"" PRINT
         "\", rule: COV902, reason: r, by: b, expires: 2027-01-01}\n",
         true, "nobody accepts"},
        {"schema: redan/scan-baseline/1\naccepted:\n  - {fingerprint: \"4be1\", rule: EXE501, "
         "reason: r, by: b, expires: 2027-01-01}\n",
         true, "fingerprint"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(problems_of(rows[i].text, rows[i].baseline, rows[i].says) > 0,
                         rows[i].says != NULL);
}

static void parse(struct redan_ctx *ctx, const char *text, struct redan_scan_policy *policy)
{
    struct redan_problems problems;

    redan_problems_init(&problems, ctx, REDAN_S("p.yaml"));
    assert_ok(redan_scan_policy_parse(&problems, redan_slice_of(text), policy));
}

static void test_levels(void **state)
{
    static const struct {
        const char *text;
        const char *rule;
        const char *today;
        bool counts;
        enum redan_level level;
    } rows[] = {
        {HEAD, "EXE501", "2026-12-01", true, REDAN_LEVEL_WARN},
        {HEAD RULE("EXE501", "off", "2027-01-01"), "EXE501", "2026-12-01", false, REDAN_LEVEL_NOTE},
        {HEAD RULE("EXE501", "off", "2027-01-01"), "EXE501", "2027-01-01", true, REDAN_LEVEL_WARN},
        {HEAD RULE("EXE501", "note", "2027-01-01"), "EXE501", "2026-12-01", true, REDAN_LEVEL_NOTE},
        {HEAD RULE("EXE501", "malicious", "2027-01-01"), "EXE501", "2026-12-01", true,
         REDAN_LEVEL_FAIL},
        {HEAD RULE("EXE501", "off", "2027-01-01"), "EXE502", "2026-12-01", true, REDAN_LEVEL_WARN},
        {HEAD RULE("COV902", "off", "2027-01-01"), "COV902", "2026-12-01", true, REDAN_LEVEL_WARN},
    };
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct redan_scan_policy policy;
        const struct redan_rule rule = {.id = rows[i].rule};
        const struct redan_finding finding = {.rule = &rule, .level = REDAN_LEVEL_WARN};
        enum redan_level level = REDAN_LEVEL_FAIL;
        parse(&ctx, rows[i].text, &policy);
        assert_int_equal(redan_scan_policy_level(&policy, &finding, day(rows[i].today), &level),
                         rows[i].counts);
        assert_int_equal(level, rows[i].level);
    }
    redan_ctx_done(&ctx);
}

static void test_baseline(void **state)
{
    struct redan_scan_accepted entry = {.fingerprint = REDAN_S(PRINT),
                                        .rule = REDAN_S("EXE501"),
                                        .path = REDAN_S("a: \"b\"\n"),
                                        .reason = REDAN_S("because: yes"),
                                        .by = REDAN_S("x"),
                                        .expires = day("2027-01-01")};
    const struct redan_scan_baseline made = {.accepted = {&entry, 1}};
    const struct redan_rule rule = {.id = "EXE501"};
    const struct redan_rule other = {.id = "EXE502"};
    const struct redan_finding finding = {.rule = &rule};
    const struct redan_finding another = {.rule = &other};
    struct redan_scan_baseline back;
    struct redan_problems problems;
    struct redan_buf text;
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&text, &ctx, 4096);
    redan_scan_baseline_add_yaml(&text, &made);
    redan_problems_init(&problems, &ctx, REDAN_S("b.yaml"));
    assert_ok(redan_scan_baseline_parse(&problems, redan_buf_view(&text), &back));
    assert_int_equal(problems.count, 0);
    assert_int_equal(back.accepted.count, 1);
    struct redan_slice path = REDAN_S("a: \"b\"");
    entry.path = path;
    int64_t now = day("2026-12-01");
    assert_non_null(redan_scan_baseline_find(&made, &finding, path, entry.fingerprint, now));
    assert_null(redan_scan_baseline_find(&made, &another, path, entry.fingerprint, now));
    assert_null(redan_scan_baseline_find(&made, &finding, REDAN_S("c"), entry.fingerprint, now));
    assert_null(redan_scan_baseline_find(&made, &finding, path, REDAN_S("sha256:"), now));
    assert_null(
        redan_scan_baseline_find(&made, &finding, path, entry.fingerprint, day("2027-01-01")));
    assert_null(redan_scan_baseline_find(NULL, &finding, path, entry.fingerprint, now));
    redan_buf_done(&text);
    redan_ctx_done(&ctx);
}

static void test_sizes(void **state)
{
    static const struct {
        const char *text;
        uint64_t size; /* 0: refused */
    } rows[] = {{"1", 1},
                {"512M", 512u << 20},
                {"2GiB", (uint64_t)2 << 30},
                {"3KB", 3072},
                {"1T", (uint64_t)1 << 40},
                {"", 0},
                {"0", 0},
                {"-1", 0},
                {"1.5G", 0},
                {"M", 0},
                {"99999999999T", 0},
                {"1X", 0}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t size = 0;
        assert_int_equal(redan_scan_size(redan_slice_of(rows[i].text), &size), rows[i].size != 0);
        if (rows[i].size)
            assert_int_equal(size, rows[i].size);
    }
}

/* An artefact with two findings, as a worker has it. */
static void artefact_of(struct redan_ctx *ctx, struct redan_scan_artefact *a)
{
    const struct redan_scan_rule *rule = redan_scan_rule_named(REDAN_S("COV902"));

    assert_non_null(rule);
    *a = (struct redan_scan_artefact){.path = REDAN_S("models/\x1b[31mred.pkl"),
                                      .formats = REDAN_S("zip, pickle"),
                                      .coverage = REDAN_COVERAGE_INCOMPLETE,
                                      .reason = REDAN_S("damaged"),
                                      .members = 3,
                                      .more = 1};
    redan_findings_init(&a->findings, ctx);
    struct redan_finding *f = redan_finding_add(&a->findings, &rule->card, REDAN_LEVEL_FAIL,
                                                REDAN_S("x!y"), "%s", "what \xff was");
    f->has_offset = true;
    f->offset = (uint64_t)1 << 40;
    f->evidence = REDAN_S("\0\x1b]0;title\a\xe2\x80\xae\"");
    f->file = a->path;
    f = redan_finding_add(&a->findings, &rule->card, REDAN_LEVEL_NOTE, REDAN_S(""), "%s", "more");
    f->file = a->path;
}

static void test_answer(void **state)
{
    struct redan_ctx ctx;
    struct redan_scan_artefact a;
    struct redan_scan_artefact back;
    struct redan_buf out;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&out, &ctx, 65536);
    artefact_of(&ctx, &a);
    redan_scan_answer_add(&out, &a);
    struct redan_slice bytes = redan_buf_view(&out);
    assert_ok(redan_scan_answer_read(&ctx, bytes, &back));
    assert_int_equal(back.verdict, REDAN_SCAN_MALICIOUS); /* it follows from the findings */
    assert_int_equal(back.coverage, REDAN_COVERAGE_INCOMPLETE);
    assert_int_equal(back.findings.count, 2);
    assert_int_equal(back.findings.first->offset, (uint64_t)1 << 40);
    assert_slice(back.findings.first->subject, "x!y");
    assert_true(redan_slice_eq(back.findings.first->evidence, a.findings.first->evidence));
    /* every shorter one, and one that is longer, is refused */
    for (size_t n = 0; n < bytes.len; n++) {
        redan_fail_clear(&ctx);
        assert_int_equal(redan_scan_answer_read(&ctx, redan_slice_sub(bytes, 0, n), &back),
                         REDAN_E_SYNTAX);
    }
    redan_buf_char(&out, 'x');
    redan_fail_clear(&ctx);
    assert_int_equal(redan_scan_answer_read(&ctx, redan_buf_view(&out), &back), REDAN_E_SYNTAX);
    redan_fail_clear(&ctx);
    redan_buf_clear(&out);
    redan_scan_answer_add_failure(&out, REDAN_S("no memory"));
    assert_ok(redan_scan_answer_read(&ctx, redan_buf_view(&out), &back));
    assert_int_equal(back.coverage, REDAN_COVERAGE_UNINSPECTED);
    assert_slice(back.reason, "no memory");
    redan_buf_done(&out);
    redan_ctx_done(&ctx);
}

static void test_answer_memory(void **state)
{
    (void)state;
    for (uint64_t n = 1; n < 12; n++) {
        struct redan_ctx ctx;
        struct redan_ctx other;
        struct redan_scan_artefact a;
        struct redan_buf out;
        redan_ctx_init(&other, NULL);
        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&out, &other, 65536);
        artefact_of(&other, &a);
        redan_scan_answer_add(&out, &a);
        ctx.mem.fail_at = n;
        enum redan_status status = redan_scan_answer_read(&ctx, redan_buf_view(&out), &a);
        assert_true(status == REDAN_OK || status == REDAN_E_MEMORY);
        redan_buf_done(&out);
        redan_ctx_done(&ctx);
        redan_ctx_done(&other);
    }
}

/* Nothing of a file reaches a terminal as it stands, and every report stays well-formed. */
static void test_shown(void **state)
{
    struct redan_ctx ctx;
    struct redan_scan_artefact a;
    struct redan_scan_told told[2];
    struct redan_scan_judged judged = {&a, REDAN_SCAN_MALICIOUS, told, 2};
    struct redan_scan_accepted accepted = {.reason = REDAN_S("\x1b[2J"),
                                           .by = REDAN_S("\x9b"
                                                         "1m")};
    struct redan_scan_tally tally = {.artefacts = 1, .coverage = REDAN_COVERAGE_INCOMPLETE};
    struct redan_scan_explained explained = {0};
    struct redan_scan_sarif sarif;
    const struct redan_node *tree = NULL;
    struct redan_buf out;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&out, &ctx, 1 << 22);
    artefact_of(&ctx, &a);
    told[0] = (struct redan_scan_told){a.findings.first, REDAN_LEVEL_FAIL, REDAN_S(PRINT), NULL};
    told[1] =
        (struct redan_scan_told){a.findings.last, REDAN_LEVEL_NOTE, REDAN_S(PRINT), &accepted};
    redan_scan_text_head(&out, &tally, false);
    redan_scan_text(&out, &judged, &explained, true, false);
    for (size_t i = 0; i < out.len; i++)
        assert_true((unsigned char)out.data[i] >= 0x20 || out.data[i] == '\n');
    assert_non_null(strstr(out.data, "models/\\x1b[31mred.pkl"));
    assert_non_null(strstr(out.data, "\\x00\\x1b]0;title\\x07\\u202e\""));
    assert_non_null(strstr(out.data, "1 more finding"));

    redan_buf_clear(&out);
    redan_scan_json_begin(&out);
    redan_scan_json(&out, &judged, true);
    redan_scan_json_end(&out, &tally);
    assert_ok(redan_json_parse(&ctx, redan_buf_view(&out), &tree));
    assert_slice(redan_node_text(tree, "schema"), "redan/scan/1");
    const struct redan_node *f =
        redan_node_get(redan_node_get(tree, "artefacts")->first, "findings");
    assert_slice(redan_node_text(f->first, "evidence"), "\\x00\\x1b]0;title\\x07\\u202e\"");
    assert_slice(redan_node_text(f->first, "detail"), "what \\xff was");
    assert_slice(redan_node_text(f->first, "level"), "malicious");
    assert_non_null(redan_node_get(f->last, "baseline"));

    redan_buf_clear(&out);
    assert_ok(redan_scan_sarif_begin(&ctx, &out, false, &sarif));
    redan_scan_sarif(&out, &sarif, &judged);
    redan_scan_sarif_end(&out, &sarif);
    redan_scan_sarif_done(&sarif);
    assert_ok(redan_json_parse(&ctx, redan_buf_view(&out), &tree));
    const struct redan_node *run = redan_node_get(tree, "runs")->first;
    assert_int_equal(redan_node_get(run, "results")->count, 2);
    assert_slice(redan_node_text(redan_node_get(run, "results")->first, "level"), "error");
    const struct redan_node *notes =
        redan_node_get(redan_node_get(run, "invocations")->first, "toolExecutionNotifications");
    assert_int_equal(notes->count, 1);
    redan_buf_done(&out);
    redan_ctx_done(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_problems), cmocka_unit_test(test_levels),
        cmocka_unit_test(test_baseline), cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_answer),   cmocka_unit_test(test_answer_memory),
        cmocka_unit_test(test_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
