/* The YAML subset: what is read, what is refused and where. */
#include "test.h"

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
    {"", "-\n", 2000000, "", REDAN_E_LIMIT, 100000, 2, "more than 100000 values; split"},
    {"a: ", "x", 4194302, "", REDAN_E_LIMIT, 0, 0, "the document has 4194305 bytes, more than"},
    {"a: ", "x", 4194301, "", REDAN_OK, 0, 0, NULL},
    {"", "%TAG !a! b\n", 300000, "a: 1", REDAN_E_SYNTAX, 1, 1, "a \"%\" directive"},
    {"a: 1\n...\n", "%TAG !a! b\n", 300000, "", REDAN_E_SYNTAX, 3, 1, "a \"%\" directive"},
    {"a: \"", "\n", 4000000, "\"", REDAN_OK, 0, 0, NULL},
    {"[", "[],", 90000, "]", REDAN_OK, 0, 0, NULL},
    {"[", "\n[],", 100000, "]", REDAN_E_LIMIT, 100001, 1, "more than 100000 values; split"},
    {"a: ", "\xc3\xa9", 1000000, "", REDAN_OK, 0, 0, NULL},
    {"", "- {a: 1,b: ,c: ,d: ,e: ,f: ,g: ,h: ,i: ,j: ,k: ,l: ,m: ,n: ,o: ,p: ,q: }\n", 5000, "",
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
        struct redan_limits limits = redan_limits_default;
        limits.nodes = 100000;
        redan_ctx_init(&ctx, &limits);
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

static void test_memory(void **state)
{
    static const char text[] =
        "a: 1\nb: [x, {c: d, e: }]\nr:\n  m: |\n    t\nk: {a: , b: , c: , d: , e: , f: , g: , h: , "
        "i: , j: , k: , l: , m: , n: , o: , p: , q: , r: }\n";
    enum redan_status status = REDAN_E_MEMORY;

    (void)state;
    for (uint64_t n = 1; status != REDAN_OK; n++) {
        struct redan_ctx ctx;
        const struct redan_node *root = NULL;
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = n;
        status = redan_yaml_parse(&ctx, redan_slice_of(text), &root);
        assert_true(status == REDAN_OK || status == REDAN_E_MEMORY);
        assert_int_equal(ctx.failure.status, status);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_repeated), cmocka_unit_test(test_many_keys),
        cmocka_unit_test(test_places),   cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
