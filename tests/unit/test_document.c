/* Readers of JSON, YAML and plain text: what they tell of a document, whatever its shape, and how they end when memory does. */
#include "test.h"

#include <stdlib.h>

#include "base/buf.h"
#include "format/format_table.h"
#include "format/object.h"

#define BYTES(literal)                 \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }

struct log {
    struct redan_buf text;
    bool texts; /* TEXT facts too */
};

static void log_object(struct redan_buf *out, const struct redan_object *object)
{
    static const char kinds[] = "-bntlm";

    redan_buf_printf(out, "%.*s", REDAN_FMT(object->path));
    if (object->within.len)
        redan_buf_printf(out, " in %.*s", REDAN_FMT(object->within));
    if (object->tag.len)
        redan_buf_printf(out, " !%.*s", REDAN_FMT(object->tag));
    for (size_t i = 0; i < object->count; i++) {
        const struct redan_entry *e = &object->entries[i];
        redan_buf_printf(out, " %.*s:%c", REDAN_FMT(e->key), kinds[e->kind]);
        if (e->kind == REDAN_ENTRY_BOOL)
            redan_buf_char(out, e->truth ? '1' : '0');
        else if (e->kind == REDAN_ENTRY_LIST || e->kind == REDAN_ENTRY_MAP)
            redan_buf_printf(out, "%llu", (unsigned long long)e->length);
        if (e->kind == REDAN_ENTRY_LIST && e->number_first)
            redan_buf_char(out, '#');
        if (e->text.len)
            redan_buf_printf(out, "(%.*s)", REDAN_FMT(redan_slice_sub(e->text, 0, 60)));
    }
    redan_buf_char(out, '\n');
}

static enum redan_status tell(void *arg, const struct redan_fact *fact)
{
    struct log *log = arg;
    struct redan_buf *out = &log->text;

    switch ((int)fact->kind) {
    case REDAN_FACT_OBJECT:
        log_object(out, fact->object);
        break;
    case REDAN_FACT_TEXT:
        if (log->texts)
            redan_buf_printf(out, "text %.*s=%.*s\n", REDAN_FMT(fact->name),
                             REDAN_FMT(redan_slice_sub(fact->text, 0, 60)));
        break;
    case REDAN_FACT_TEMPLATE:
        redan_buf_printf(out, "template %.*s=%.*s\n", REDAN_FMT(fact->name),
                         REDAN_FMT(redan_slice_sub(fact->text, 0, 60)));
        break;
    case REDAN_FACT_CLASS:
        redan_buf_printf(out, "class %.*s %.*s\n", REDAN_FMT(fact->module), REDAN_FMT(fact->name));
        break;
    case REDAN_FACT_DEFECT:
    case REDAN_FACT_UNREAD:
        redan_buf_printf(out, "%s %.*s\n", fact->what, REDAN_FMT(fact->text));
        break;
    case REDAN_FACT_MEMBER:
        redan_buf_printf(out, "member %.*s=%.*s\n", REDAN_FMT(fact->name),
                         REDAN_FMT(fact->part.memory));
        break;
    default:
        redan_buf_printf(out, "fact %d\n", (int)fact->kind);
    }
    return REDAN_OK;
}

static enum redan_status run(struct redan_ctx *ctx, const struct redan_format *format,
                             struct redan_slice bytes, const char *name, struct log *log)
{
    struct redan_source source;
    struct redan_listener to = {tell, log};

    redan_buf_init(&log->text, ctx, SIZE_MAX);
    redan_source_memory(&source, bytes);
    enum redan_status status = format->read(ctx, &source, redan_slice_of(name), &to);
    redan_source_done(&source);
    return status;
}

struct row {
    struct redan_slice bytes;
    const char *name;
    enum redan_status status;
    bool texts;
    const char *told;
};

static void check(const struct redan_format *format, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct redan_ctx ctx;
        struct log log = {.texts = rows[i].texts};
        redan_ctx_init(&ctx, NULL);
        enum redan_status status = run(&ctx, format, rows[i].bytes, rows[i].name, &log);
        redan_buf_char(&log.text, '\0');
        if (status != rows[i].status || strcmp(log.text.data, rows[i].told) != 0)
            fail_msg("%s row %zu: %s (%s)\n%s", format->name, i, redan_status_name(status),
                     ctx.failure.text, log.text.data);
        redan_buf_done(&log.text);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

static const struct row json_rows[] = {
    {BYTES("{\"a\": 1, \"b\": [true, {\"c\": \"x\"}], \"d\": {\"e\": null}}"), "m.json", REDAN_OK,
     false, "$.b[1] in b c:t(x)\n$.d in d e:-\n$ a:n(1) b:l2 d:m1\n"},
    {BYTES("[{\"a\": [\"first\", 2]}, [[{\"b\": [3]}]]]"), "m.json", REDAN_OK, false,
     "$[0] a:l2(first)\n$[1][0][0] b:l1#\n"},
    {BYTES("\xef\xbb\xbf{\"a\": NaN, \"b\": -Infinity, \"c\": 1e400, \"d\": false}"), "m.json",
     REDAN_OK, false, "$ a:n(NaN) b:n(-Infinity) c:n(1e400) d:b0\n"},
    /* of a key that is there twice both are shown, and it is said */
    {BYTES("{\"a\": 1, \"a\": \"x\"}"), "m.json", REDAN_OK, false,
     "json-duplicate-key a\n$ a:n(1) a:t(x)\n"},
    {BYTES("{\"a\": {\"a\": {\"b\": 1}, \"c\": {\"b\": 2}}}"), "m.json", REDAN_OK, false,
     "$.a.a in a b:n(1)\n$.a.c in c b:n(2)\n$.a in a a:m1 c:m1\n$ a:m2\n"},
    {BYTES("{\"t\": \"\\u007b\\u007b x.\\u005f\\u005fclass__ }}\"}"), "m.json", REDAN_OK, false,
     "template $.t={{ x.__class__ }}\n$ t:t({{ x.__class__ }})\n"},
    {BYTES("{\"{{ a.b }}\": 1}"), "m.json", REDAN_OK, false,
     "template $.{{ a.b }}={{ a.b }}\n$ {{ a.b }}:n(1)\n"},
    {BYTES("{\"{{\": 1, \"{%\": 2}"), "vocab.json", REDAN_OK, false, "$ {{:n(1) {%:n(2)\n"},
    {BYTES("{\"a\": \"\\ud83d\\ude00\\ud800\\n\"}"), "m.json", REDAN_OK, false,
     "$ a:t(\xf0\x9f\x98\x80\xed\xa0\x80\n)\n"},
    {BYTES("{\"a\": \"\xff\x01\"} // why\n/* not */"), "m.json", REDAN_OK, false,
     "$ a:t(\xff\x01)\n"},
    /* lines of documents: rows of data, whose texts are not told */
    {BYTES("{\"a\": \"x\"}\n{\"a\": \"y\"}\n"), "m.jsonl", REDAN_OK, true,
     "text a=x\n$ a:t(x)\n$ a:t(y)\n"},
    {BYTES("[\"x\", \"y\"]"), "m.json", REDAN_OK, true, ""},
    {BYTES("{\"a\": {\"b\": [\"x\", \"y\"]}, \"c\": \"z\"}"), "m.json", REDAN_OK, true,
     "text b=x\ntext b=y\n$.a in a b:l2(x)\ntext c=z\n$ a:m1 c:t(z)\n"},
    /* what was told before damage counts */
    {BYTES("{\"a\": {\"b\": 1}, "), "m.json", REDAN_E_SYNTAX, false, "$.a in a b:n(1)\n"},
    {BYTES("{\"a\": {\"b\": 1,}}"), "m.json", REDAN_E_SYNTAX, false, ""},
    {BYTES("{\"a\": 01}"), "m.json", REDAN_OK, false, "$ a:n(01)\n"},
    {BYTES("{\"a\": 1.}"), "m.json", REDAN_E_SYNTAX, false, ""},
    {BYTES("{\"a\": \"\\q\"}"), "m.json", REDAN_E_SYNTAX, false, ""},
    {BYTES("{\"a\": \"x"), "m.json", REDAN_E_SYNTAX, false, ""},
    {BYTES(""), "m.json", REDAN_E_SYNTAX, false, ""},
    /* the same bytes as a template loader takes them */
    {BYTES("{\"a\": \"{% for x in y %}\"}"), "chat_template.jinja", REDAN_OK, false,
     "template $.a={% for x in y %}\n$ a:t({% for x in y %})\n"
     "template chat_template.jinja={\"a\": \"{% for x in y %}\"}\n"},
    {BYTES("{\"a\": 1} {% set x = 1 %}"), "config", REDAN_E_SYNTAX, false,
     "$ a:n(1)\ntemplate config={\"a\": 1} {% set x = 1 %}\n"},
};

static const struct row yaml_rows[] = {
    {BYTES("a: 1\nb:\n  - true\n  - c: 'x'\nd: {e: ~}\n"), "m.yaml", REDAN_OK, false,
     "$.b[1] in b c:t(x)\n$.d in d e:-\n$ a:n(1) b:l2 d:m1\n"},
    {BYTES("base: &b {x: 1}\nuse:\n  <<: *b\n  y: 2\nname: &n os.system\n_target_: *n\n"), "m.yaml",
     REDAN_OK, false,
     "$.base in base x:n(1)\n$.use in use <<:t y:n(2)\n"
     "$ base:m1 use:m2 name:t(os.system) _target_:t(os.system)\n"},
    {BYTES("a: !!python/object/apply:os.system ['id']\n"), "m.yaml", REDAN_OK, false,
     "class python/object/apply os.system\n$ a:l1(id)\n"},
    {BYTES("%TAG !p! tag:yaml.org,2002:python/\n---\na: !p!name:os.system\n"), "m.yaml", REDAN_OK,
     false, "class python/name os.system\n$ a:t\n"},
    {BYTES("a: !<tag:yaml.org,2002:python/object/new:x.Y> {}\nb: !!str 1\nc: !mine 2\n"), "m.yaml",
     REDAN_OK, false,
     "class python/object/new x.Y\n$.a in a !tag:yaml.org,2002:python/object/new:x.Y\n"
     "$ a:m0 b:t(1) c:t(2)\n"},
    {BYTES("!!python/object/apply:os.system {? !!python/tuple [1, 2] : x, k: v}\n"), "m.yaml",
     REDAN_OK, false,
     "class python/object/apply os.system\nclass python/tuple \n"
     "$ !tag:yaml.org,2002:python/object/apply:os.system ?:t(x) k:t(v)\n"},
    {BYTES("a: \"{{ x }}\"\n---\nb: 2\n"), "m.yaml", REDAN_OK, false,
     "template $.a={{ x }}\n$ a:t({{ x }})\n$ b:n(2)\n"},
    {BYTES("a: [1, 2\nb: !!python/object/apply:os.system [x]\n"), "m.yaml", REDAN_OK, false,
     "class python/object/apply os.system\ndamaged YAML\n"},
    {BYTES("{% set v = 1 %}\npackage:\n  name: {{ v }}\n"), "meta.yaml", REDAN_OK, false,
     "template meta.yaml={% set v = 1 %}\npackage:\n  name: {{ v }}\n\n"},
    {BYTES("a: [1, 2\n"), "notes", REDAN_E_SYNTAX, false, ""},
};

static const struct row text_rows[] = {
    {BYTES("plain words\n"), "notes.txt", REDAN_OK, true, "text =plain words\n\n"},
    {BYTES("{% for m in messages %}{{ m }}{% endfor %}"), "anything", REDAN_OK, false,
     "template anything={% for m in messages %}{{ m }}{% endfor %}\n"},
    {BYTES("{{ m }}"), "prompt.j2", REDAN_OK, false, "template prompt.j2={{ m }}\n"},
    {BYTES("{{ m }} is how to write it"), "README.md", REDAN_OK, false, ""},
    {BYTES("a {{ x.__class__ }}"), "words", REDAN_OK, false,
     "template words=a {{ x.__class__ }}\n"},
    {BYTES("\xff\xfe{\0\"\0a\0\"\0:\0\x31\0}\0"), "m.json", REDAN_OK, false,
     "member utf-16={\"a\":1}\n"},
    {BYTES("\0{\0\"\0a\0\"\0:\xd8\x3d\xde\x00\0}"), "m.json", REDAN_OK, false,
     "member utf-16={\"a\":\xf0\x9f\x98\x80}\n"},
    {BYTES("{\0\0\0\x7d\0\0\0"), "m.json", REDAN_OK, false, "member utf-16={}\n"},
    {BYTES("\0\0\0{\0\1\xf6\0\0\0\0\x7d"), "m.json", REDAN_OK, false,
     "member utf-16={\xf0\x9f\x98\x80}\n"},
    {BYTES("\xff\xfe\0\0\x61\0\0\0\x61\0\x11\0"), "m.json", REDAN_OK, false,
     "damaged a text in UTF-32\n"},
};

static void test_json(void **state)
{
    (void)state;
    check(&redan_format_json, json_rows, REDAN_COUNT(json_rows));
}

static void test_yaml(void **state)
{
    (void)state;
    check(&redan_format_yaml, yaml_rows, REDAN_COUNT(yaml_rows));
}

static void test_text(void **state)
{
    (void)state;
    check(&redan_format_text, text_rows, REDAN_COUNT(text_rows));
}

static void test_sniff(void **state)
{
    static const struct {
        const struct redan_format *format;
        struct redan_slice head;
        const char *name;
        enum redan_sniff sniff;
    } rows[] = {
        {&redan_format_json, BYTES(" {\"a\" : 1"), "", REDAN_SNIFF_YES},
        {&redan_format_json, BYTES("\xef\xbb\xbf{\"a\":"), "x.md", REDAN_SNIFF_YES},
        {&redan_format_json, BYTES("{}"), "", REDAN_SNIFF_MAYBE},
        {&redan_format_json, BYTES("  \n"), "", REDAN_SNIFF_NO},
        {&redan_format_json, BYTES("[1, 2"), "", REDAN_SNIFF_MAYBE},
        {&redan_format_json, BYTES("[section]\n"), "", REDAN_SNIFF_NO},
        {&redan_format_json, BYTES("{{ x }}"), "", REDAN_SNIFF_NO},
        {&redan_format_json, BYTES("{%- if x %}"), "", REDAN_SNIFF_NO},
        {&redan_format_json, BYTES("{'a': 1}"), "", REDAN_SNIFF_NO},
        {&redan_format_json, BYTES(""), "", REDAN_SNIFF_NO},
        {&redan_format_yaml, BYTES("a: 1\nb:\n  c: 2\n"), "MLmodel", REDAN_SNIFF_MAYBE},
        {&redan_format_yaml, BYTES("---\na: 1\n"), "x", REDAN_SNIFF_MAYBE},
        {&redan_format_yaml, BYTES("---\na: 1\n---\n# Words\nand more\nof them\n"), "x",
         REDAN_SNIFF_NO},
        {&redan_format_yaml, BYTES("---\na: 1\n"), "README.md", REDAN_SNIFF_NO},
        {&redan_format_yaml, BYTES("what: not yaml\nbut a letter\nof three lines\n"), "x",
         REDAN_SNIFF_NO},
        {&redan_format_yaml, BYTES("a: \0"), "x.yaml", REDAN_SNIFF_NO},
        {&redan_format_text, BYTES("words"), "x", REDAN_SNIFF_MAYBE},
        {&redan_format_text, BYTES("na\xefve caf\xe9, which is Latin-1\n"), "x", REDAN_SNIFF_MAYBE},
        {&redan_format_text, BYTES("\x80\x81\x82\x83\x84"), "x", REDAN_SNIFF_NO},
        {&redan_format_text, BYTES("a\0b"), "x", REDAN_SNIFF_NO},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        struct redan_source source;
        redan_ctx_init(&ctx, NULL);
        redan_source_memory(&source, rows[i].head);
        struct redan_probe probe = {.ctx = &ctx,
                                    .source = &source,
                                    .head = rows[i].head,
                                    .name = redan_slice_of(rows[i].name)};
        if (rows[i].format->sniff(&probe) != rows[i].sniff)
            fail_msg("row %zu: %d", i, (int)rows[i].format->sniff(&probe));
        redan_source_done(&source);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

/* What stands before a document may be longer than what is looked at first. */
static void test_sniff_long(void **state)
{
    static const struct {
        const char *first;
        char then; /* very many of it */
        const struct redan_format *format;
        const char *last;
        enum redan_sniff sniff;
    } rows[] = {
        {"", ' ', &redan_format_json, "{\"a\":1}", REDAN_SNIFF_MAYBE},
        {"{", '\n', &redan_format_json, "\"a\":1}", REDAN_SNIFF_MAYBE},
        {"{\"", 'a', &redan_format_json, "\":1}", REDAN_SNIFF_MAYBE},
        {"{\"a\"", ' ', &redan_format_json, ":1}", REDAN_SNIFF_MAYBE},
        {"/*", 'a', &redan_format_json, "*/{}", REDAN_SNIFF_MAYBE},
        {"{a", 'a', &redan_format_json, "}", REDAN_SNIFF_NO},
        {"", ' ', &redan_format_xml, "<PMML a='b'/>", REDAN_SNIFF_YES},
        {"<!--", 'a', &redan_format_xml, "--><!DOCTYPE PMML []>", REDAN_SNIFF_YES},
        {"", ' ', &redan_format_xml, "words and words", REDAN_SNIFF_NO},
        {"#", 'a', &redan_format_tf_text, "\nnode { op: 'a' }", REDAN_SNIFF_YES},
        {"", '\n', &redan_format_tf_text, "node { op: 'a' }", REDAN_SNIFF_YES},
        {"#", 'a', &redan_format_tf_text, "\nwords", REDAN_SNIFF_NO},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        struct redan_source source;
        struct redan_buf text;
        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&text, &ctx, SIZE_MAX);
        redan_buf_text(&text, rows[i].first);
        redan_buf_repeat(&text, rows[i].then, 5000);
        redan_buf_text(&text, rows[i].last);
        redan_source_memory(&source, redan_buf_view(&text));
        struct redan_probe probe = {.ctx = &ctx,
                                    .source = &source,
                                    .head = redan_slice_sub(redan_buf_view(&text), 0, 4096)};
        if (rows[i].format->sniff(&probe) != rows[i].sniff)
            fail_msg("row %zu: %d", i, (int)rows[i].format->sniff(&probe));
        redan_source_done(&source);
        redan_buf_done(&text);
        redan_ctx_done(&ctx);
    }
}

/* A map of very many entries comes in parts, and what says what it is comes with each. */
static void test_large(void **state)
{
    struct redan_ctx ctx;
    struct redan_buf in;
    struct log log = {0};

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&in, &ctx, SIZE_MAX);
    redan_buf_text(&in, "{\"class_name\": \"Lambda\"");
    for (unsigned i = 0; i < 600; i++)
        redan_buf_printf(&in, ", \"k%u\": %u", i, i);
    redan_buf_text(&in, "}");
    assert_ok(run(&ctx, &redan_format_json, redan_buf_view(&in), "m.json", &log));
    redan_buf_char(&log.text, '\0');
    size_t parts = 0;
    for (const char *p = log.text.data; (p = strstr(p, "class_name:t(Lambda)")); p++)
        parts++;
    assert_int_equal(parts, 3);
    assert_non_null(strstr(log.text.data, "k0:n(0)"));
    assert_non_null(strstr(log.text.data, "k599:n(599)"));
    redan_buf_done(&log.text);
    redan_buf_done(&in);

    /* and one of very many levels does not end the process */
    redan_buf_init(&in, &ctx, SIZE_MAX);
    redan_buf_repeat(&in, '[', 200000);
    assert_int_equal(run(&ctx, &redan_format_json, redan_buf_view(&in), "m.json", &log),
                     REDAN_E_LIMIT);
    redan_buf_done(&log.text);
    redan_fail_clear(&ctx);
    assert_int_equal(run(&ctx, &redan_format_yaml, redan_buf_view(&in), "m.yaml", &log),
                     REDAN_E_LIMIT);
    redan_buf_done(&log.text);
    redan_buf_done(&in);
    redan_ctx_done(&ctx);
    assert_int_equal(ctx.mem.used, 0);
}

/* An alias of an anchor that had no room is not called read. */
static void test_many_anchors(void **state)
{
    static const struct {
        unsigned count;
        bool unread;
    } rows[] = {{200, false}, {2000, true}};

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        struct redan_buf in;
        struct log log = {0};

        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&in, &ctx, SIZE_MAX);
        for (unsigned n = 0; n < rows[i].count; n++)
            redan_buf_printf(&in, "k%u: &a%u v%u\n", n, n, n);
        redan_buf_printf(&in, "last: *a%u\n", rows[i].count - 1);
        assert_ok(run(&ctx, &redan_format_yaml, redan_buf_view(&in), "m.yaml", &log));
        redan_buf_char(&log.text, '\0');
        assert_int_equal(strstr(log.text.data, "budget") != NULL, rows[i].unread);
        redan_buf_done(&log.text);
        redan_buf_done(&in);
        redan_ctx_done(&ctx);
    }
}

/* A template of more than is read is not called read; a long text without marks is. */
static void test_long_text(void **state)
{
    static const struct {
        const char *mark;
        bool unread;
    } rows[] = {{"{{ x.y }}", true}, {"", false}};

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        struct redan_buf in;
        struct log log = {0};
        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&in, &ctx, SIZE_MAX);
        redan_buf_text(&in, "{\"a\": \"");
        redan_buf_repeat(&in, 'x', (size_t)2 << 20);
        redan_buf_printf(&in, "%s\"}", rows[i].mark);
        assert_ok(run(&ctx, &redan_format_json, redan_buf_view(&in), "m.json", &log));
        redan_buf_char(&log.text, '\0');
        assert_int_equal(strstr(log.text.data, "budget") != NULL, rows[i].unread);
        redan_buf_done(&log.text);
        redan_buf_done(&in);
        redan_ctx_done(&ctx);
    }
}

static void test_no_memory(void **state)
{
    static const struct {
        const struct redan_format *format;
        struct redan_slice bytes;
    } rows[] = {
        {&redan_format_json, BYTES("{\"a\": {\"b\\n\": [\"x\", {\"c\": \"{{ y }}\"}], \"a\": 1}}")},
        {&redan_format_yaml, BYTES("a: &x {b: [c, 'd']}\ne: !!python/name:f.g\nh: *x\n")},
        {&redan_format_text, BYTES("\xff\xfe{\0\"\0a\0")},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        enum redan_status status = REDAN_E_MEMORY;
        for (uint64_t n = 1; status != REDAN_OK; n++) {
            struct redan_ctx ctx;
            struct log log = {0};
            redan_ctx_init(&ctx, NULL);
            redan_buf_init(&log.text, &ctx, SIZE_MAX);
            redan_buf_done(&log.text);
            ctx.mem.fail_at = ctx.mem.calls + n;
            status = run(&ctx, rows[i].format, rows[i].bytes, "m", &log);
            if (status != REDAN_OK)
                assert_int_equal(status, REDAN_E_MEMORY);
            redan_buf_done(&log.text);
            redan_ctx_done(&ctx);
            assert_int_equal(ctx.mem.used, 0);
            assert_true(n < 1000);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json),       cmocka_unit_test(test_yaml),
        cmocka_unit_test(test_text),       cmocka_unit_test(test_sniff),
        cmocka_unit_test(test_sniff_long), cmocka_unit_test(test_large),
        cmocka_unit_test(test_long_text),  cmocka_unit_test(test_many_anchors),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
