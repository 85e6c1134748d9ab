/* The YAML subset: what is read, what is refused and where, and editing one value in place. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "codec/canonical.h"
#include "codec/problem.h"
#include "codec/yaml.h"

#define TEXT(literal)                  \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }

struct accepted {
    struct redan_slice yaml;
    const char *json; /* RFC 8785: keys in order */
};

static const struct accepted accepted[] = {
    {TEXT("a: 1\nb: [x, \"y\", {c: null, d: ~}]\ne:\nf: \"\"\n"),
     "{\"a\":\"1\",\"b\":[\"x\",\"y\",{\"c\":\"null\",\"d\":\"~\"}],\"e\":null,\"f\":\"\"}"},
    {TEXT("no: NO\nn: 1_000\nd: 2026-10-05\n"),
     "{\"d\":\"2026-10-05\",\"n\":\"1_000\",\"no\":\"NO\"}"},
    {TEXT("a: x\r\nb: |\r\n  y\r\n  z\r\n"), "{\"a\":\"x\",\"b\":\"y\\nz\\n\"}"},
    {TEXT("a: >\n x\n y\n\n z\n"), "{\"a\":\"x y\\nz\\n\"}"},
    {TEXT("a: |-\n x\n  y\n"), "{\"a\":\"x\\n y\"}"},
    {TEXT("a: one\n  two\n\n  three\n"), "{\"a\":\"one two\\nthree\"}"},
    {TEXT("a: 'it''s'\nb: \"\\u00e9\\t\\x41\"\n"), "{\"a\":\"it's\",\"b\":\"\xc3\xa9\\tA\"}"},
    {TEXT("- 1\n- [2]\n-\n"), "[\"1\",[\"2\"],null]"},
    {TEXT("just text"), "\"just text\""},
    {TEXT("\"<<\": 1\n\"~\": 2\n"), "{\"<<\":\"1\",\"~\":\"2\"}"},
    {TEXT("# c\n---\na: 1 # c\n...\n\n# c\n...\n"), "{\"a\":\"1\"}"},
    {TEXT("expect: {\"<=\": 5001, \"$.x\": {\"==\": false}}"),
     "{\"expect\":{\"$.x\":{\"==\":\"false\"},\"<=\":\"5001\"}}"},
    {TEXT("a:\n- x\n- y: 1\n  z: 2\nb: a:b#c\n"),
     "{\"a\":[\"x\",{\"y\":\"1\",\"z\":\"2\"}],\"b\":\"a:b#c\"}"},
    {TEXT("a: {b: , c: [ , ]}"), NULL}, /* an item that is not there is refused */
    {TEXT("{a: 1,}"), "{\"a\":\"1\"}"},
    {TEXT("a:\t1\n"), "{\"a\":\"1\"}"}, /* a tab between key and value indents nothing */
    {TEXT("\xc3\xa9: \xe6\x97\xa5\xf0\x9f\x98\x80\n"),
     "{\"\xc3\xa9\":\"\xe6\x97\xa5\xf0\x9f\x98\x80\"}"},
    {TEXT("a: \"\\u2028\"\n"), "{\"a\":\"\xe2\x80\xa8\"}"},
    {TEXT("a: 100% b@c `d` !e &f *g\n"), "{\"a\":\"100% b@c `d` !e &f *g\"}"},
    {TEXT("separation: [ml-lead != security-lead]\n"),
     "{\"separation\":[\"ml-lead != security-lead\"]}"},
};

static struct redan_slice canonical(struct redan_ctx *ctx, const struct redan_node *root)
{
    struct redan_buf out REDAN_DEFER(redan_buf_done) = {0};
    struct redan_slice copy = {NULL, 0};

    redan_buf_init(&out, ctx, SIZE_MAX);
    assert_ok(redan_canonical_add(ctx, &out, root));
    assert_ok(redan_copy(ctx, redan_buf_view(&out), &copy));
    return copy;
}

static void test_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(accepted); i++) {
        struct redan_ctx ctx;
        const struct redan_node *root = NULL;
        redan_ctx_init(&ctx, NULL);
        if (accepted[i].json) {
            assert_ok(redan_yaml_parse(&ctx, accepted[i].yaml, &root));
            assert_slice(canonical(&ctx, root), accepted[i].json);
        } else {
            assert_int_equal(redan_yaml_parse(&ctx, accepted[i].yaml, &root), REDAN_E_SYNTAX);
        }
        redan_ctx_done(&ctx);
    }
}

struct refused {
    struct redan_slice yaml;
    unsigned line;
    unsigned column;
    const char *text; /* how the failure begins */
};

static const char tab[] = "a tab is used as indentation; use spaces";
static const char tag[] = "a tag is not allowed; remove it";
static const char explicit_key[] = "an explicit key (\"? \") is not allowed; write \"key: value\"";
static const char directive[] = "a \"%\" directive is not allowed; remove the line";
static const char second[] = "a second document begins here; keep one document in a file";
static const char empty[] = "the document is empty; write at least one field";
static const char colon[] = "a \":\" is not allowed here; put a text that holds \": \" in quotes";
static const char align[] = "this line does not continue the map; align it with the map's keys";
static const char missing[] = "a value is missing; write one, or remove what asks for it";

static const struct refused refused[] = {
    {TEXT("a: &a 1\n"), 1, 4,
     "anchor \"&a\" is not allowed; write the value out where it is needed"},
    {TEXT("&a a: 1\n"), 1, 1, "anchor \"&a\" is not allowed"},
    {TEXT("x:\n  - &b {c: 1}\n"), 2, 5, "anchor \"&b\" is not allowed"},
    {TEXT("a: *a\n"), 1, 4, "alias \"*a\" is not allowed; write the value out"},
    {TEXT("a: &\n"), 1, 4, "an anchor or alias is not allowed; put a text that begins with"},
    {TEXT("a: !!str 1\n"), 1, 4, "tag \"!!str\" is not allowed; remove it"},
    {TEXT("a: !!python/object:os.system [x]\n"), 1, 4, "tag \"!!python/object:os.system\""},
    {TEXT("a: ! 1\n"), 1, 4, "tag \"!\" is not allowed"},
    {TEXT("a: !foo!bar 1\n"), 1, 4, tag},
    {TEXT("a: !<x 1\n"), 1, 4, tag},
    {TEXT("a: 1\nb: 2\na: 3\n"), 3, 1, "key \"a\" is already in this map, on line 1; remove one"},
    {TEXT("a: {b: 1, \"b\": 2}\n"), 1, 11, "key \"b\" is already in this map, on line 1"},
    {TEXT("\xc3\xa9: 1\nb: {\xc3\xa9: 1, \xc3\xa9: 2}\n"), 2, 11, "key \"\xc3\xa9\" is already"},
    {TEXT("%YAML 1.1\n---\na: 1\n"), 1, 1, directive},
    {TEXT("# x\n\n%TAG ! foo\n"), 3, 1, directive},
    {TEXT("a: 1\n%foo\n"), 2, 1, directive},
    {TEXT("a: 1\n...\n%foo\n"), 3, 1, directive},
    {TEXT("a: 1\n---\nb: 2\n"), 2, 1, second},
    {TEXT("a: 1\n...\nb: 2\n"), 3, 1, second},
    {TEXT("[]\n# c\n []\n"), 3, 2, second},
    {TEXT("a: 1\n...x\n"), 2, 1, "a key without \":\"; write \"key: value\""},
    {TEXT("{m:}\n"), 1, 3, "a \":\" is not allowed here; put a text that holds \":\" in quotes"},
    {TEXT("<<: {a: 1}\n"), 1, 1, "a merge key (\"<<\") is not allowed; write the fields out"},
    {TEXT("? a\n: b\n"), 1, 1, explicit_key},
    {TEXT("x:\n  ? a\n"), 2, 3, explicit_key},
    {TEXT("{? a : b}\n"), 1, 2, explicit_key},
    {TEXT("a: {b: c, ? d}\n"), 1, 11, explicit_key},
    {TEXT("[a: b]\n"), 1, 2, "a \"key: value\" directly in brackets; put it in braces"},
    {TEXT("{a, b: 1}\n"), 1, 2, "key \"a\" without a value; write \"key: value\""},
    {TEXT("{[a]: b}\n"), 1, 2, "a key that is a list is not allowed; write a text as key"},
    {TEXT("{{a: 1}: b}\n"), 1, 2, "a key that is a map is not allowed"},
    {TEXT("\"\": b\n"), 1, 1, "an empty key; write a key before \":\""},
    {TEXT("{: b}\n"), 1, 2, missing},
    {TEXT(": b\n"), 1, 1, align},
    {TEXT(""), 1, 1, empty},
    {TEXT("# only\n\n"), 1, 1, empty},
    {TEXT("---\n"), 1, 1, empty},
    {TEXT("a:\n\tb: 1\n"), 2, 1, tab},
    {TEXT("a:\n  b: 1\n \tc: 2\n"), 3, 2, tab},
    {TEXT("a: {\n\tb: 1}\n"), 2, 1, tab},
    {TEXT("a: [1,\n  \t2]\n"), 2, 3, tab},
    {TEXT("\tb: 1\n"), 1, 1, tab},
    {TEXT("a: b\n\tc: d\n"), 2, 1, tab},
    {TEXT("a: |\n\tx\n"), 2, 1, tab},
    {TEXT("a: \0b\n"), 1, 4, "a NUL byte is not allowed; save the file as UTF-8 text"},
    {TEXT("a: b # \x01\n"), 1, 8, "control character U+0001 is not allowed; remove it"},
    {TEXT("a: \x7f\n"), 1, 4, "control character U+007F is not allowed"},
    {TEXT("a:\n  \xc2\x85\n"), 2, 3, "control character U+0085 is not allowed"},
    {TEXT("a: x\rb: 1\n"), 1, 5, "a carriage return without a line feed is not allowed"},
    {TEXT("a: \xe2\x80\xa8\n"), 1, 4, "line separator U+2028 is not allowed; write \\u2028 in"},
    {TEXT("a: \xef\xbf\xbf\n"), 1, 4, "U+FFFF is not a character; remove it"},
    {TEXT("\xef\xbb\xbf"
          "a: 1\n"),
     1, 1, "a byte order mark (U+FEFF) is not allowed; save the file as UTF-8 without one"},
    {TEXT("\xff\xfe"
          "a\0"),
     1, 1, "byte 0xff is not UTF-8; save the file as UTF-8"},
    {TEXT("a: \xc3\xa9\xff\n"), 1, 5, "byte 0xff is not UTF-8"},
    {TEXT("a: \xed\xa0\x80\n"), 1, 4, "byte 0xed is not UTF-8"},
    {TEXT("a: \xc0\xaf\n"), 1, 4, "byte 0xc0 is not UTF-8"},
    {TEXT("a: \xf4\x90\x80\x80\n"), 1, 4, "byte 0xf4 is not UTF-8"},
    {TEXT("a: \xe2\x82"), 1, 4, "byte 0xe2 is not UTF-8"},
    {TEXT("a: \"\\0\"\n"), 1, 4, "a text with the control character U+0000; remove it"},
    {TEXT("\"\\x1b[2J\": 1\n"), 1, 1, "a text with the control character U+001B; remove it"},
    {TEXT("a: \"\\N\"\n"), 1, 4, "a text with the control character U+0085; remove it"},
    {TEXT("a: b: c\n"), 1, 5, colon},
    {TEXT("a\nb: 1\n"), 2, 2, colon},
    {TEXT("a: 1\nb\nc: 1\n"), 2, 1, "a key without \":\"; write \"key: value\", or indent"},
    {TEXT("a: 1\n  b: 2\n"), 2, 4, colon},
    {TEXT("a:\n  b: 1\n c: 2\n"), 3, 2, align},
    {TEXT("a: \"x\" y\n"), 1, 8, align},
    {TEXT("- a\nb: 1\n"), 2, 1, "this line does not continue the list; begin it with \"- \""},
    {TEXT("a: - b\n"), 1, 4, "a \"- \" is not allowed here; begin the list on a line of its own"},
    {TEXT("b: 1\na: \"x\nb: 1\n"), 2, 4, "a quoted text is not closed; add the closing quote"},
    {TEXT("a: \"x\n---\n"), 2, 1, "a document marker inside a quoted text; close the quote"},
    {TEXT("a: [1, 2\nb: 3\n"), 2, 2, "a list in brackets is not continued; add \",\" or \"]\""},
    {TEXT("a: {b: 1\n"), 2, 1, "a map in braces is not continued; add \",\" or \"}\""},
    {TEXT("a: @x\n"), 1, 4, "a value may not begin with \"@\"; put it in quotes"},
    {TEXT("a: %x\n"), 1, 4, "a value may not begin with \"%\"; put it in quotes"},
    {TEXT("a: [1,,2]\n"), 1, 7, missing},
    {TEXT("...\na: 1\n"), 1, 1, missing},
    {TEXT("}"), 1, 1, missing},
    {TEXT("a: \"\\q\"\n"), 1, 5, "an unknown escape in double quotes; write \\\\ for a backslash"},
    {TEXT("a: \"\\xg\"\n"), 1, 7, "an escape without its hexadecimal digits"},
    {TEXT("a: \"\\ud800\"\n"), 1, 7, "an escape that is not a character"},
    {TEXT("a: |2x\n"), 1, 6, "a block text begins on the line after \"|\" or \">\""},
    {TEXT("a: |0\n"), 1, 5, "a block text with indentation 0; write 1 to 9"},
    /* a billion laughs ends at its first line */
    {TEXT("a: &a [l,l]\nb: &b [*a,*a]\nc: &c [*b,*b]\n"), 1, 4, "anchor \"&a\" is not allowed"},
};

static void expect_failure(const struct redan_ctx *ctx, size_t row, const char *text)
{
    if (strncmp(ctx->failure.text, text, strlen(text)) != 0)
        fail_msg("row %zu: \"%s\" does not begin with \"%s\"", row, ctx->failure.text, text);
}

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(refused); i++) {
        struct redan_ctx ctx;
        const struct redan_node *root = NULL;
        redan_ctx_init(&ctx, NULL);
        if (redan_yaml_parse(&ctx, refused[i].yaml, &root) != REDAN_E_SYNTAX)
            fail_msg("row %zu is not refused: %s", i, ctx.failure.text);
        expect_failure(&ctx, i, refused[i].text);
        if (ctx.failure.line != refused[i].line || ctx.failure.column != refused[i].column)
            fail_msg("row %zu: at %u:%u", i, ctx.failure.line, ctx.failure.column);
        assert_null(root);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

/* A head, a piece many times over, and a tail. */
struct repeated {
    const char *head;
    const char *piece;
    size_t times;
    const char *tail;
    enum redan_status status;
    unsigned line;
    unsigned column;
    const char *text;
};

static const struct repeated repeated[] = {
    {"", "[", 200000, "", REDAN_E_LIMIT, 1, 33, "nested deeper than 32 levels; flatten"},
    {"", "[", 4000000, "", REDAN_E_LIMIT, 1, 33, "nested deeper"},
    {"", "{a: ", 1000000, "", REDAN_E_LIMIT, 1, 129, "nested deeper"},
    {"", "- ", 2000000, "", REDAN_E_LIMIT, 1, 65, "nested deeper"},
    {"", "[", 32, "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", REDAN_OK, 0, 0, NULL},
    {"", "? ", 2000000, "", REDAN_E_SYNTAX, 1, 1, "an explicit key"},
    {"", "-\n", 2000000, "", REDAN_E_LIMIT, 2000000, 2, "more than 2000000 values; split"},
    {"a: ", "x", 4194302, "", REDAN_E_LIMIT, 0, 0, "the document has 4194305 bytes, more than"},
    {"a: ", "x", 4194301, "", REDAN_OK, 0, 0, NULL},
    {"", "%TAG !a! b\n", 300000, "a: 1", REDAN_E_SYNTAX, 1, 1, "a \"%\" directive"},
    {"a: 1\n...\n", "%TAG !a! b\n", 300000, "", REDAN_E_SYNTAX, 3, 1, "a \"%\" directive"},
    {"a: \"", "\n", 4000000, "\"", REDAN_OK, 0, 0, NULL},
    {"[", "[],", 900000, "]", REDAN_OK, 0, 0, NULL},
    {"a: ", "\xc3\xa9", 1000000, "", REDAN_OK, 0, 0, NULL},
    {"", "- {a: 1,b: ,c: ,d: ,e: ,f: ,g: ,h: ,i: ,j: ,k: ,l: ,m: ,n: ,o: ,p: ,q: }\n", 50000, "",
     REDAN_OK, 0, 0, NULL},
};

static struct redan_slice repeat(struct redan_buf *buf, const struct repeated *row)
{
    redan_buf_text(buf, row->head);
    for (size_t i = 0; i < row->times; i++)
        redan_buf_text(buf, row->piece);
    redan_buf_text(buf, row->tail);
    return redan_buf_view(buf);
}

static void test_repeated(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(repeated); i++) {
        const struct repeated *row = &repeated[i];
        struct redan_ctx ctx;
        struct redan_buf text;
        const struct redan_node *root = NULL;
        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&text, &ctx, SIZE_MAX);
        if (redan_yaml_parse(&ctx, repeat(&text, row), &root) != row->status)
            fail_msg("row %zu: %s", i, ctx.failure.text);
        if (row->text)
            expect_failure(&ctx, i, row->text);
        assert_int_equal(ctx.failure.line, row->line);
        assert_int_equal(ctx.failure.column, row->column);
        redan_buf_done(&text);
        redan_ctx_done(&ctx);
    }
}

static void test_many_keys(void **state)
{
    struct redan_ctx ctx;
    struct redan_buf text;
    const struct redan_node *root = NULL;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&text, &ctx, SIZE_MAX);
    for (unsigned i = 0; i < 100000; i++)
        redan_buf_printf(&text, "k%u: 1\n", i);
    assert_ok(redan_yaml_parse(&ctx, redan_buf_view(&text), &root));
    assert_int_equal(root->count, 100000);
    redan_buf_text(&text, "k777: 2\n");
    assert_int_equal(redan_yaml_parse(&ctx, redan_buf_view(&text), &root), REDAN_E_SYNTAX);
    assert_string_equal(ctx.failure.text,
                        "key \"k777\" is already in this map, on line 778; remove one of the two");
    assert_int_equal(ctx.failure.line, 100001);
    redan_buf_done(&text);
    redan_ctx_done(&ctx);
}

static void test_places(void **state)
{
    struct redan_ctx ctx;
    const struct redan_node *root = NULL;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    struct redan_slice text = REDAN_S("# \xc3\xa9\n\xc3\xa9:\n  - \xc3\xa9: '\xc3\xa9'\nb:\n");
    assert_ok(redan_yaml_parse(&ctx, text, &root));
    const struct redan_node *list = redan_node_get(root, "\xc3\xa9");
    const struct redan_node *leaf = redan_node_get(list->first, "\xc3\xa9");
    assert_int_equal(list->key_line, 2);
    assert_int_equal(list->key_column, 1);
    assert_int_equal(leaf->line, 3);
    assert_int_equal(leaf->key_column, 5);
    assert_int_equal(leaf->column, 8);
    assert_false(leaf->plain);
    assert_memory_equal(text.at + leaf->offset, "'\xc3\xa9'", 4);
    const struct redan_node *none = redan_node_get(root, "b");
    assert_int_equal(none->kind, REDAN_NODE_NULL);
    assert_int_equal(none->line, 4); /* of the key: there is nothing else */
    assert_int_equal(none->column, 1);
    redan_ctx_done(&ctx);
}

struct edit {
    const char *yaml;
    const char *path[4];
    const char *value;
    enum redan_status status;
    const char *changed; /* or the beginning of the failure */
};

static const struct edit edits[] = {
    {"r:\n  m: old # c\n  n: 1\n", {"r", "m"}, "v", REDAN_OK, "r:\n  m: \"v\" # c\n  n: 1\n"},
    {"r:\n  m: \"o\\\"d\"   # c\n", {"r", "m"}, "v", REDAN_OK, "r:\n  m: \"v\"   # c\n"},
    {"r:\n  m: 'it''s\n   here' # c\n", {"r", "m"}, "v", REDAN_OK, "r:\n  m: \"v\" # c\n"},
    {"r:\n  m:\n  n: 1\n", {"r", "m"}, "v", REDAN_OK, "r:\n  m: \"v\"\n  n: 1\n"},
    {"r:\n  m: # c\n", {"r", "m"}, "v", REDAN_OK, "r:\n  m: \"v\" # c\n"},
    {"m:", {"m"}, "v", REDAN_OK, "m: \"v\""},
    {"r: {m: , n: 2}\n", {"r", "m"}, "v", REDAN_OK, "r: {m: \"v\" , n: 2}\n"},
    {"r: {n: 2, \"m\":}\n", {"r", "m"}, "v", REDAN_OK, "r: {n: 2, \"m\": \"v\"}\n"},
    {"r: {n: 2, m: }\n", {"r", "m"}, "v", REDAN_OK, "r: {n: 2, m: \"v\" }\n"},
    {"r: {m: a b, n: 2}\n", {"r", "m"}, "v", REDAN_OK, "r: {m: \"v\", n: 2}\n"},
    {"{\"r\":{\"m\":\"x\"}}", {"r", "m"}, "v", REDAN_OK, "{\"r\":{\"m\":\"v\"}}"},
    {"r:\n  m: |  # c\n    t\n    u\n\n# d\n  n: 2\n",
     {"r", "m"},
     "v",
     REDAN_OK,
     "r:\n  m: \"v\"  # c\n\n# d\n  n: 2\n"},
    {"r:\n  m: >-\n    t\n    u", {"r", "m"}, "v", REDAN_OK, "r:\n  m: \"v\""},
    {"r:\n  m: |\n  n: 2\n", {"r", "m"}, "v", REDAN_OK, "r:\n  m: \"v\"\n  n: 2\n"},
    {"r:\n  m: a\n    b\n\n    c # d\n", {"r", "m"}, "v", REDAN_OK, "r:\n  m: \"v\" # d\n"},
    {"r:\r\n  m: a\r\nx: 1\r\n", {"r", "m"}, "v", REDAN_OK, "r:\r\n  m: \"v\"\r\nx: 1\r\n"},
    {"r:\r\n  m: |\r\n   a\r\nx: 1\r\n", {"r", "m"}, "v", REDAN_OK, "r:\r\n  m: \"v\"\r\nx: 1\r\n"},
    {"m:\n  m:\n    m: 1\n", {"m", "m", "m"}, "v", REDAN_OK, "m:\n  m:\n    m: \"v\"\n"},
    {"a:\n - m: 1\nm: 2\n", {"m"}, "v", REDAN_OK, "a:\n - m: 1\nm: \"v\"\n"},
    {"a: \xc3\xa9\nm: \xc3\xa4 # \xc3\x9f\n",
     {"m"},
     "\xc3\xb1",
     REDAN_OK,
     "a: \xc3\xa9\nm: \"\xc3\xb1\" # \xc3\x9f\n"},
    {"m: 1\n", {"m"}, "a \"b\" \\ \t\n", REDAN_OK, "m: \"a \\\"b\\\" \\\\ \\t\\n\"\n"},
    /* a new key */
    {"r:\n  m: a\n\nx: 1\n", {"r", "k"}, "v", REDAN_OK, "r:\n  m: a\n  k: \"v\"\n\nx: 1\n"},
    {"r:\n  m: a # c\n  # d\nx: 1\n",
     {"r", "k"},
     "v",
     REDAN_OK,
     "r:\n  m: a # c\n  k: \"v\"\n  # d\nx: 1\n"},
    {"r:\n  m: |\n    t\n\nx: 1\n",
     {"r", "k"},
     "v",
     REDAN_OK,
     "r:\n  m: |\n    t\n  k: \"v\"\n\nx: 1\n"},
    {"r:\n  m: |+\n    t\n\nx: 1\n",
     {"r", "k"},
     "v",
     REDAN_OK,
     "r:\n  m: |+\n    t\n\n  k: \"v\"\nx: 1\n"},
    {"r:\r\n  m: |+\r\n    t\r\n\r\nx: 1\r\n",
     {"r", "k"},
     "v",
     REDAN_OK,
     "r:\r\n  m: |+\r\n    t\r\n\r\n  k: \"v\"\r\nx: 1\r\n"},
    {"r:\n  m: a", {"r", "k"}, "v", REDAN_OK, "r:\n  m: a\n  k: \"v\""},
    {"r:\r\n  m: a\r\nx: 1", {"r", "k"}, "v", REDAN_OK, "r:\r\n  m: a\r\n  k: \"v\"\r\nx: 1"},
    {"r:\n    k:\n      - a\n      - {c: d}  # e\nx: 1\n",
     {"r", "m"},
     "v",
     REDAN_OK,
     "r:\n    k:\n      - a\n      - {c: d}  # e\n    m: \"v\"\nx: 1\n"},
    {"r:\n  m:\n", {"r", "k"}, "v", REDAN_OK, "r:\n  m:\n  k: \"v\"\n"},
    {"---\nx: 1\n...\n", {"k"}, "v", REDAN_OK, "---\nx: 1\nk: \"v\"\n...\n"},
    {"r:\n  m: a\n", {"r", "a b: c"}, "v", REDAN_OK, "r:\n  m: a\n  \"a b: c\": \"v\"\n"},
    /* refused */
    {"r: {a: 1}\n", {"r", "k"}, "v", REDAN_E_UNSUPPORTED, "\"k\" is new and its map is in braces"},
    {"r: {a: 1}\n", {"r"}, "v", REDAN_E_UNSUPPORTED, "\"r\" holds a map or a list, not one value"},
    {"r:\n", {"r", "k"}, "v", REDAN_E_ABSENT, "\"r\" is not a map in this document"},
    {"r: 1\n", {"r", "k"}, "v", REDAN_E_ABSENT, "\"r\" is not a map in this document"},
    {"r: [1]\n", {"r", "k"}, "v", REDAN_E_ABSENT, "\"r\" is not a map in this document"},
    {"x: 1\n", {"r", "k"}, "v", REDAN_E_ABSENT, "\"r\" is not a map in this document"},
    {"r:\n  a: 1\n", {"r", "b", "c"}, "v", REDAN_E_ABSENT, "\"b\" is not a map in this document"},
    {"- 1\n", {"r"}, "v", REDAN_E_ABSENT, "\"the top\" is not a map in this document"},
    {"r:\n  m: |\n    t", {"r", "k"}, "v", REDAN_E_UNSUPPORTED, "the value cannot be set without"},
    {"m: 1\n", {"m"}, "\x1b[2J", REDAN_E_UNSUPPORTED, "the value cannot be set without"},
    {"m: 1\n", {"m"}, "\xff", REDAN_E_UNSUPPORTED, "the value cannot be set without"},
    {"m: *a\n", {"m"}, "v", REDAN_E_SYNTAX, "alias \"*a\" is not allowed"},
    {"m: 1\n", {NULL}, "v", REDAN_E_USAGE, "an empty path names no value"},
};

static size_t path_len(const char *const path[4])
{
    size_t n = 0;

    while (n < 4 && path[n])
        n++;
    return n;
}

static void test_edits(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(edits); i++) {
        const struct edit *row = &edits[i];
        struct redan_ctx ctx;
        struct redan_slice changed = {NULL, 0};
        redan_ctx_init(&ctx, NULL);
        enum redan_status status =
            redan_yaml_set(&ctx, redan_slice_of(row->yaml), row->path, path_len(row->path),
                           redan_slice_of(row->value), &changed);
        if (status != row->status)
            fail_msg("row %zu: %s", i, ctx.failure.text);
        if (status == REDAN_OK && !redan_slice_is(changed, row->changed))
            fail_msg("row %zu: %.*s", i, REDAN_FMT(changed));
        else if (status != REDAN_OK)
            expect_failure(&ctx, i, row->changed);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

struct scalar {
    struct redan_slice text;
    const char *yaml;
};

static const struct scalar scalars[] = {
    {TEXT("label-only"), "label-only"},
    {TEXT("Fraud rings; insiders (two)"), "Fraud rings; insiders (two)"},
    {TEXT(""), "\"\""},
    {TEXT("NO"), "\"NO\""},
    {TEXT("true"), "\"true\""},
    {TEXT("1_000"), "\"1_000\""},
    {TEXT("2026-10-05"), "\"2026-10-05\""},
    {TEXT("a: b"), "\"a: b\""},
    {TEXT("a #b"), "\"a #b\""},
    {TEXT("a, b"), "\"a, b\""},
    {TEXT(" a"), "\" a\""},
    {TEXT("a "), "\"a \""},
    {TEXT("- a"), "\"- a\""},
    {TEXT("<<"), "\"<<\""},
    {TEXT("a\nb\r\tc"), "\"a\\nb\\r\\tc\""},
    {TEXT("\"\\"), "\"\\\"\\\\\""},
    {TEXT("\xc3\xa9\xf0\x9f\x98\x80"), "\"\xc3\xa9\xf0\x9f\x98\x80\""},
    {TEXT("\xe2\x80\xa8\xef\xbb\xbf\xef\xbf\xbf"), "\"\\u2028\\uFEFF\\uFFFF\""},
    /* what a document may not hold */
    {TEXT("a\0b\x1b\x7f"), "\"a\xef\xbf\xbd"
                           "b\xef\xbf\xbd\xef\xbf\xbd\""},
    {TEXT("\xc2\x85\xff\xc3"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
};

static void test_scalars(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(scalars); i++) {
        struct redan_ctx ctx;
        struct redan_buf out;
        const struct redan_node *root = NULL;
        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&out, &ctx, SIZE_MAX);
        redan_yaml_scalar_add(&out, scalars[i].text);
        assert_slice(redan_buf_view(&out), scalars[i].yaml);
        redan_buf_clear(&out); /* inside brackets, where more characters mean something */
        redan_buf_text(&out, "[");
        redan_yaml_scalar_add(&out, scalars[i].text);
        redan_buf_text(&out, ",x]");
        assert_ok(redan_yaml_parse(&ctx, redan_buf_view(&out), &root));
        assert_int_equal(root->count, 2);
        if (i + 2 < REDAN_COUNT(scalars))
            assert_true(redan_slice_eq(root->first->text, scalars[i].text));
        redan_buf_done(&out);
        redan_ctx_done(&ctx);
    }
}

static const char sweep_text[] =
    "a: 1\nb: [x, {c: d, e: }]\nr:\n  m: |\n    t\nk: {a: , b: , c: , d: , e: , f: , g: , h: , i: "
    ", j: , k: , l: , m: , n: , o: , p: , q: , r: }\n";

static void test_memory(void **state)
{
    static const char *const path[] = {"r", "m"};
    enum redan_status parsed = REDAN_E_MEMORY;
    enum redan_status changed = REDAN_E_MEMORY;

    (void)state;
    for (uint64_t n = 1; parsed != REDAN_OK || changed != REDAN_OK; n++) {
        struct redan_ctx ctx;
        const struct redan_node *root = NULL;
        struct redan_slice text = {NULL, 0};
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = n;
        parsed = redan_yaml_parse(&ctx, redan_slice_of(sweep_text), &root);
        assert_true(parsed == REDAN_OK || parsed == REDAN_E_MEMORY);
        assert_int_equal(ctx.failure.status, parsed);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = n;
        changed = redan_yaml_set(&ctx, redan_slice_of(sweep_text), path, 2, REDAN_S("v"), &text);
        assert_true(changed == REDAN_OK || changed == REDAN_E_MEMORY);
        assert_int_equal(ctx.failure.status, changed);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

/* Set the value at a path to something else and back: the tree is as before, and so is everything but the value. */
static void set_and_restore(struct redan_ctx *ctx, struct redan_slice text,
                            const struct redan_node *root, const struct redan_node *leaf,
                            const char *const *path, size_t depth)
{
    struct redan_slice once = {NULL, 0};
    struct redan_slice twice = {NULL, 0};
    const struct redan_node *tree = NULL;
    size_t head = 0;

    assert_ok(redan_yaml_set(ctx, text, path, depth, REDAN_S("\x7e: new"), &once));
    while (head < text.len && head < once.len && text.at[head] == once.at[head])
        head++;
    assert_true(head >= leaf->offset);
    assert_ok(redan_yaml_set(ctx, once, path, depth, leaf->text, &twice));
    assert_ok(redan_yaml_parse(ctx, twice, &tree));
    struct redan_slice before = canonical(ctx, root);
    struct redan_slice after = canonical(ctx, tree);
    assert_true(redan_slice_eq(before, after));
}

static void edit_everywhere(struct redan_ctx *ctx, struct redan_slice text)
{
    const struct redan_node *root = NULL;
    const char *path[3];
    size_t edited = 0;

    assert_ok(redan_yaml_parse(ctx, text, &root));
    for (const struct redan_node *a = root->first; a; a = a->next) {
        path[0] = a->key.at;
        if (a->kind == REDAN_NODE_TEXT) {
            set_and_restore(ctx, text, root, a, path, 1);
            edited++;
        }
        for (const struct redan_node *b = a->first; b && a->kind == REDAN_NODE_MAP; b = b->next) {
            path[1] = b->key.at;
            if (b->kind == REDAN_NODE_TEXT) {
                set_and_restore(ctx, text, root, b, path, 2);
                edited++;
            }
            for (const struct redan_node *c = b->first; c && b->kind == REDAN_NODE_MAP;
                 c = c->next) {
                path[2] = c->key.at;
                if (c->kind == REDAN_NODE_TEXT)
                    set_and_restore(ctx, text, root, c, path, 3);
            }
        }
    }
    assert_true(edited > 2);
}

static struct redan_slice read_file(struct redan_ctx *ctx, const char *path)
{
    struct redan_slice text = {NULL, 0};
    FILE *file = fopen(path, "rb");

    if (!file)
        return text;
    char *bytes = redan_take(ctx, 1 << 20);
    assert_non_null(bytes);
    text = (struct redan_slice){bytes, fread(bytes, 1, 1 << 20, file)};
    (void)fclose(file);
    return text;
}

static void test_samples(void **state)
{
    static const char *const names[] = {"fraud-scoring", "support-assistant", "org"};
    static const char here[] = __FILE__;
    const char *samples = getenv("REDAN_SAMPLES");
    char path[4096];

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(names); i++) {
        struct redan_ctx ctx;
        redan_ctx_init(&ctx, NULL);
        if (samples)
            (void)snprintf(path, sizeof(path), "%s/threat-models/%s.yaml", samples, names[i]);
        else
            (void)snprintf(path, sizeof(path), "%.*s../../../shared/samples/threat-models/%s.yaml",
                           (int)(strrchr(here, '/') - here) + 1, here, names[i]);
        struct redan_slice text = read_file(&ctx, path);
        if (text.len == 0) {
            redan_ctx_done(&ctx);
            print_message("no samples at %s; set REDAN_SAMPLES\n", path);
            skip();
        }
        edit_everywhere(&ctx, text);
        redan_ctx_done(&ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_repeated), cmocka_unit_test(test_many_keys),
        cmocka_unit_test(test_places),   cmocka_unit_test(test_edits),
        cmocka_unit_test(test_scalars),  cmocka_unit_test(test_memory),
        cmocka_unit_test(test_samples),
    };
    return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
