/* The strict JSON reader: what it takes, what it refuses and where, and what
 * hostile texts cost. */
#include "test.h"

#include <time.h>

#include "base/buf.h"
#include "base/map.h"
#include "codec/json.h"
#include "codec/json_pull.h"

/* The tokens of a text as one line: { } [ ] k:key "text" #number t f n $ (the
 * end). */
static enum redan_status trace(struct redan_ctx *ctx, struct redan_json *reader,
                               struct redan_buf *out)
{
    static const char marks[] = "${}[]k\"#tfn";
    struct redan_json_token token = {.kind = REDAN_JSON_NULL};

    while (token.kind != REDAN_JSON_END) {
        REDAN_TRY(redan_json_next(reader, &token));
        redan_buf_char(out, marks[token.kind]);
        if (token.kind == REDAN_JSON_KEY || token.kind == REDAN_JSON_TEXT ||
            token.kind == REDAN_JSON_NUMBER)
            redan_buf_slice(out, token.text);
    }
    return redan_buf_ok(ctx, out, "the trace");
}

static void test_accepts(void **state)
{
    static const struct {
        const char *text;
        const char *tokens;
    } rows[] = {
        {"{}", "{}$"},
        {" [ ] \r\n\t", "[]$"},
        {"0", "#0$"},
        {"-0.0e+00", "#-0.0e+00$"},
        {"\"\"", "\"$"},
        {"[1,-2.5E3,true,false,null,\"x\"]", "[#1#-2.5E3tfn\"x]$"},
        {"{\"a\":{\"a\":[{\"a\":1},{\"a\":2}]},\"b\":[]}", "{ka{ka[{ka#1}{ka#2}]}kb[]}$"},
        {"{ \"a\" : 1 ,\n                                     \"b\" : 2 }", "{ka#1kb#2}$"},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\"\\/\b\f\n\r\t$"},
        {"\"\\u0041\\u00e9\\u20AC\\ud83d\\uDE00!\"", "\"A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80!$"},
        {"{\"\\u0061b\":\"c\\u0064\"}", "{kab\"cd}$"},
        {"\"\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80"
         "\x80\xf4\x8f\xbf"
         "\xbf\"",
         "\"\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80"
         "\x80\xf4\x8f\xbf"
         "\xbf$"},
        {"\"0123456789abcdef0123456789abcdef\\n0123456789abcdef\"",
         "\"0123456789abcdef0123456789abcdef\n0123456789abcdef$"},
        {"123456789012345678901234567890.123456789e-1000",
         "#123456789012345678901234567890.123456789e-1000$"},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        struct redan_buf out;
        struct redan_json reader;

        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&out, &ctx, 4096);
        redan_json_init(&reader, &ctx, redan_slice_of(rows[i].text));
        assert_ok(trace(&ctx, &reader, &out));
        assert_slice(redan_buf_view(&out), rows[i].tokens);
        redan_json_done(&reader);
        redan_buf_done(&out);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

/* Every text of the table, whole and on a heap block that ends where it ends.
 */
static void test_refuses(void **state)
{
    const struct { /* a compound literal is no constant */
        struct redan_slice text;
        uint64_t offset;
    } rows[] = {
        {{"", 0}, 0},
        {REDAN_S("  \n"), 3},
        {REDAN_S("\xef\xbb\xbf{}"), 0},
        {REDAN_S("{} {}"), 3},
        {REDAN_S("1,"), 1},
        {REDAN_S("1\0"), 1},
        {REDAN_S("[1,2,]"), 5},
        {REDAN_S("[,1]"), 1},
        {REDAN_S("[1 2]"), 3},
        {REDAN_S("[1}"), 2},
        {REDAN_S("]"), 0},
        {REDAN_S("["), 1},
        {REDAN_S("[1"), 2},
        {REDAN_S("[1,"), 3},
        {REDAN_S("{\"a\":1,}"), 7},
        {REDAN_S("{\"a\" 1}"), 5},
        {REDAN_S("{\"a\"}"), 4},
        {REDAN_S("{\"a\":}"), 5},
        {REDAN_S("{a:1}"), 1},
        {REDAN_S("{1:1}"), 1},
        {REDAN_S("{'a':1}"), 1},
        {REDAN_S("{\"a\":1]"), 6},
        {REDAN_S("{"), 1},
        {REDAN_S("{\"a"), 3},
        {REDAN_S("{\"a\""), 4},
        {REDAN_S("{\"a\":"), 5},
        {REDAN_S("[1/**/]"), 2},
        {REDAN_S("//\n1"), 0},
        {REDAN_S("[1\v]"), 2},
        {REDAN_S("[\xc2\xa0]"), 1},
        {REDAN_S("-"), 1},
        {REDAN_S("+1"), 0},
        {REDAN_S(".5"), 0},
        {REDAN_S("[01]"), 2},
        {REDAN_S("[-01]"), 3},
        {REDAN_S("[00000000000000001]"), 2},
        {REDAN_S("[1.]"), 3},
        {REDAN_S("[1.e1]"), 3},
        {REDAN_S("[1e]"), 3},
        {REDAN_S("[1e+]"), 4},
        {REDAN_S("[- 1]"), 2},
        {REDAN_S("[0x10]"), 2},
        {REDAN_S("NaN"), 0},
        {REDAN_S("[Infinity]"), 1},
        {REDAN_S("-Infinity"), 1},
        {REDAN_S("tru"), 0},
        {REDAN_S("[True]"), 1},
        {REDAN_S("nul"), 0},
        {REDAN_S("truex"), 4},
        {REDAN_S("\""), 1},
        {REDAN_S("\"abc"), 4},
        {REDAN_S("\"a\nb\""), 2},
        {REDAN_S("\"a\0b\""), 2},
        {REDAN_S("\"0123456789abcdef\x1f\""), 17},
        {REDAN_S("\"\\"), 2},
        {REDAN_S("\"\\x\""), 2},
        {REDAN_S("\"\\\0\""), 2},
        {REDAN_S("\"\\u12"), 5},
        {REDAN_S("\"\\u12g4\""), 5},
        {REDAN_S("\"\\U0041\""), 2},
        {REDAN_S("\"\\ud800\""), 1},
        {REDAN_S("\"x\\ud800\\n\""), 2},
        {REDAN_S("\"\\ud800\\ud800\""), 1},
        {REDAN_S("\"\\ud800\\u0041\""), 1},
        {REDAN_S("\"\\udc00\\ud800\""), 1},
        {REDAN_S("\"\\ud800\\u"), 9},
        {REDAN_S("\"\x80\""), 1},
        {REDAN_S("\"a\xc0\xaf\""), 2},
        {REDAN_S("\"\xc1\xbf\""), 1},
        {REDAN_S("\"\xc3"), 1},
        {REDAN_S("\"\xe0\x9f\xbf\""), 1},
        {REDAN_S("\"\xed\xa0\x80\""), 1},
        {REDAN_S("\"\xe2\x82"), 1},
        {REDAN_S("\"\xe2\x28\xa1\""), 1},
        {REDAN_S("\"\xf0\x8f\xbf\xbf\""), 1},
        {REDAN_S("\"\xf4\x90\x80\x80\""), 1},
        {REDAN_S("\"\xf5\x80\x80\x80\""), 1},
        {REDAN_S("\"\xf0\x9f\x98"), 1},
        {REDAN_S("\"\xff\""), 1},
        {REDAN_S("{\"a\":1,\"a\":2}"), 7},
        {REDAN_S("{\"a\":1,\"\\u0061\":2}"), 7},
        {REDAN_S("{\"\":1, \"\":2}"), 7},
        {REDAN_S("{\"a\":{\"b\":1},\"c\":[{\"a\":1}],\"a\":2}"), 27},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        const struct redan_node *root = NULL;

        redan_ctx_init(&ctx, NULL);
        char *copy = redan_mem_take(&ctx.mem, rows[i].text.len);
        memcpy(copy, rows[i].text.at, rows[i].text.len);
        enum redan_status status =
            redan_json_parse(&ctx, (struct redan_slice){copy, rows[i].text.len}, &root);
        if (status != REDAN_E_SYNTAX || ctx.failure.offset != rows[i].offset)
            fail_msg("row %zu: %d at %zu: %s", i, (int)status, (size_t)ctx.failure.offset,
                     ctx.failure.text);
        assert_null(root);
        assert_true(strlen(ctx.failure.text) > 0);
        redan_mem_give(&ctx.mem, copy, rows[i].text.len);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

static void test_limits(void **state)
{
    static const struct {
        const char *text;
        size_t json;
        size_t depth;
        size_t nodes;
        enum redan_status status;
        uint64_t offset;
    } rows[] = {
        {"[[1]]", 5, 2, 3, REDAN_OK, 0},      {"[[1]]", 4, 2, 3, REDAN_E_LIMIT, 4},
        {"[[1]]", 5, 1, 3, REDAN_E_LIMIT, 1}, {"{\"a\":{}}", 99, 1, 3, REDAN_E_LIMIT, 5},
        {"[[1]]", 5, 2, 2, REDAN_E_LIMIT, 2}, {"1", 5, 0, 1, REDAN_OK, 0},
        {"[]", 5, 0, 1, REDAN_E_LIMIT, 0},    {"[1,2,3]", 99, 2, 3, REDAN_E_LIMIT, 5},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_limits limits = redan_limits_default;
        const struct redan_node *root = NULL;
        struct redan_ctx ctx;

        limits.json = rows[i].json;
        limits.depth = rows[i].depth;
        limits.nodes = rows[i].nodes;
        redan_ctx_init(&ctx, &limits);
        assert_int_equal(redan_json_parse(&ctx, redan_slice_of(rows[i].text), &root),
                         rows[i].status);
        assert_int_equal(ctx.failure.offset, rows[i].offset);
        redan_ctx_done(&ctx);
    }
}

static void test_failure_sticks_until_reset(void **state)
{
    struct redan_json reader;
    struct redan_json_token token;
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_json_init(&reader, &ctx, REDAN_S("{\"a\":[1,x"));
    for (int i = 0; i < 4; i++)
        assert_ok(redan_json_next(&reader, &token));
    for (int i = 0; i < 3; i++)
        assert_int_equal(redan_json_next(&reader, &token), REDAN_E_SYNTAX);
    assert_int_equal(redan_json_skip(&reader), REDAN_E_SYNTAX);
    assert_string_equal(ctx.failure.text, "found 'x' where a value belongs in JSON");
    redan_fail_clear(&ctx);
    redan_json_reset(&reader, REDAN_S("{\"a\":1}"));
    assert_ok(redan_json_next(&reader, &token));
    assert_ok(redan_json_skip(&reader));
    for (int i = 0; i < 2; i++) {
        assert_ok(redan_json_next(&reader, &token));
        assert_int_equal(token.kind, REDAN_JSON_END);
    }
    redan_json_done(&reader);
    redan_json_done(&reader);
    redan_json_done(NULL);
    redan_ctx_done(&ctx);
}

static void test_skip(void **state)
{
    static const char text[] = "{\"a\":{\"x\":[1,{}]},\"b\":[[],2],\"c\":3,\"d\":\"\\n\"}";
    struct redan_json reader;
    struct redan_json_token token;
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_json_init(&reader, &ctx, redan_slice_of(text));
    assert_ok(redan_json_next(&reader, &token));
    for (int i = 0; i < 4; i++) {
        assert_ok(redan_json_next(&reader, &token));
        assert_int_equal(token.kind, REDAN_JSON_KEY);
        assert_int_equal(token.text.at[0], 'a' + i);
        if (i == 1)
            assert_ok(redan_json_next(&reader, &token)); /* inside: the rest of the list */
        assert_ok(redan_json_skip(&reader));
        assert_ok(redan_json_skip(&reader)); /* nothing more */
    }
    assert_ok(redan_json_next(&reader, &token));
    assert_int_equal(token.kind, REDAN_JSON_OBJECT_END);
    redan_json_reset(&reader, REDAN_S("[{\"a\":[1,{\"b\":1,\"b\":1}]}]"));
    assert_ok(redan_json_next(&reader, &token));
    assert_int_equal(redan_json_skip(&reader), REDAN_E_SYNTAX); /* skipped, and checked */
    assert_int_equal(ctx.failure.offset, 16);
    redan_json_done(&reader);
    redan_ctx_done(&ctx);
}

static void test_doubles(void **state)
{
    static const struct {
        const char *text;
        enum redan_status status;
        size_t count;
        uint64_t offset;
    } rows[] = {
        {"[]", REDAN_OK, 0, 0},
        {"[ 1 , -2.5,3e0\n] ", REDAN_OK, 3, 0},
        {"[1,2,3,4]", REDAN_E_SCHEMA, 0, 7},
        {"[1,\"2\"]", REDAN_E_SCHEMA, 0, 3},
        {"[1,[2]]", REDAN_E_SCHEMA, 0, 3},
        {"[1,1e999]", REDAN_E_SCHEMA, 0, 3},
        {"[1,]", REDAN_E_SYNTAX, 0, 3},
        {"[1", REDAN_E_SYNTAX, 0, 2},
        {"[1,01]", REDAN_E_SYNTAX, 0, 4},
        {"[1.x]", REDAN_E_SYNTAX, 0, 3},
        {"[1 2]", REDAN_E_SYNTAX, 0, 3},
        {"[", REDAN_E_SYNTAX, 0, 1},
        {"{}", REDAN_E_USAGE, 0, 1},
        {"7", REDAN_E_USAGE, 0, 1},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_json reader;
        struct redan_json_token token;
        struct redan_ctx ctx;
        double values[3] = {0, 0, 0};
        size_t count = 0;

        redan_ctx_init(&ctx, NULL);
        redan_json_init(&reader, &ctx, redan_slice_of(rows[i].text));
        assert_ok(redan_json_next(&reader, &token));
        enum redan_status status = redan_json_doubles(&reader, values, 3, &count);
        assert_int_equal(status, rows[i].status);
        assert_int_equal(ctx.failure.offset, rows[i].offset);
        assert_int_equal(count, rows[i].count);
        if (count == 3)
            assert_true(values[0] == 1 && values[1] == -2.5 && values[2] == 3);
        if (status == REDAN_OK) {
            assert_ok(redan_json_next(&reader, &token));
            assert_int_equal(token.kind, REDAN_JSON_END);
        }
        redan_json_done(&reader);
        redan_ctx_done(&ctx);
    }
}

/* Runs of numbers between whatever else an array holds: how each run ends, and what comes then. */
static void test_numbers_between(void **state)
{
    static const struct {
        const char *text;
        enum redan_status status;
        size_t offset;
        const char *
            told; /* runs and tokens: n for a number in a run, t text, z null, N a number on its own, [ ], . the end */
    } rows[] = {
        {"[]", REDAN_OK, 0, "]."},
        {"[1,-2.5, 3]", REDAN_OK, 0, "nnn]."},
        {"[1,2,3,4]", REDAN_OK, 0, "nnnN]."}, /* at most three at once */
        {"[ 1 , \"a\" , 2,3 , null,4]", REDAN_OK, 0, "ntnnzn]."},
        {"[null,1]", REDAN_OK, 0, "zn]."},
        {"[1,[2,3],4]", REDAN_OK, 0, "n[nn]n]."},
        {"[1,1e999]", REDAN_E_SCHEMA, 3, ""},
        {"[1,]", REDAN_E_SYNTAX, 3, "n"},
        {"[1", REDAN_E_SYNTAX, 2, "n"},
        {"[1,01]", REDAN_E_SYNTAX, 4, ""},
        {"[1 2]", REDAN_E_SYNTAX, 3, "n"},
        {"[1}", REDAN_E_SYNTAX, 2, "n"},
        {"[1.]", REDAN_E_SYNTAX, 3, ""},
        {"[1,2]]", REDAN_E_SYNTAX, 5, "nn]"},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_json reader;
        struct redan_json_token token;
        struct redan_ctx ctx;
        char told[32] = "";
        size_t n = 0;
        redan_ctx_init(&ctx, NULL);
        redan_json_init(&reader, &ctx, redan_slice_of(rows[i].text));
        enum redan_status status = redan_json_next(&reader, &token);
        while (status == REDAN_OK && n + 4 < sizeof(told) && token.kind != REDAN_JSON_END) {
            double values[3] = {0, 0, 0};
            size_t count = 0;
            if (reader.depth > 0)
                status = redan_json_numbers(&reader, values, 3, &count);
            for (size_t k = 0; k < count; k++)
                told[n++] = 'n';
            if (status == REDAN_OK)
                status = redan_json_next(&reader, &token);
            if (status == REDAN_OK)
                told[n++] = ".{}[]ktNTFz"[token.kind];
        }
        assert_int_equal(status, rows[i].status);
        assert_int_equal(ctx.failure.offset, rows[i].offset);
        assert_string_equal(told, rows[i].told);
        redan_json_done(&reader);
        redan_ctx_done(&ctx);
    }
}

/* A million lines must not cost a second allocation. */
static void test_reader_does_not_grow(void **state)
{
    static const char line[] =
        "{\"client\":\"c\\u00e9\",\"ts\":1,\"x\":[[[1]]],\"y\":\"\\n\",\"z\":{}}";
    struct redan_json reader;
    struct redan_json_token token = {.kind = REDAN_JSON_NULL};
    struct redan_ctx ctx;
    uint64_t calls = 0;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_json_init(&reader, &ctx, REDAN_S("0"));
    for (int i = 0; i < 1000; i++) {
        redan_json_reset(&reader, redan_slice_sub(redan_slice_of(line), 0, i % 3 ? 99 : 40));
        while (redan_json_next(&reader, &token) == REDAN_OK && token.kind != REDAN_JSON_END)
            assert_true(token.kind != REDAN_JSON_TEXT || token.text.len > 0);
        redan_fail_clear(&ctx);
        if (i == 2)
            calls = ctx.mem.calls;
    }
    assert_int_equal(ctx.mem.calls, calls);
    redan_json_done(&reader);
    assert_int_equal(ctx.mem.used, 0);
    redan_ctx_done(&ctx);
}

static void test_place(void **state)
{
    static const struct {
        size_t offset;
        unsigned line;
        unsigned column;
    } rows[] = {{0, 1, 1}, {1, 1, 2}, {2, 2, 1}, {4, 3, 1}, {5, 3, 2}, {99, 3, 2}};

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        unsigned line = 0;
        unsigned column = 0;
        redan_json_place(REDAN_S("[\n1\n]"), rows[i].offset, &line, &column);
        assert_int_equal(line, rows[i].line);
        assert_int_equal(column, rows[i].column);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepts),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_failure_sticks_until_reset),
        cmocka_unit_test(test_skip),
        cmocka_unit_test(test_doubles),
        cmocka_unit_test(test_numbers_between),
        cmocka_unit_test(test_reader_does_not_grow),
        cmocka_unit_test(test_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
