/* The comparators: what holds, what does not, and what cannot be asked. */
#include "test.h"

#include "codec/json.h"
#include "codec/yaml.h"
#include "record/compare.h"

enum { NOW = 1795500000 }; /* 2026-11-24 */

static void test_compare(void **state)
{
    static const struct {
        const char *expect;
        const char *observed;
        bool interval;
        bool holds;
    } rows[] = {
        {"{a: 1}", "{\"a\": 1}", false, true},
        {"{a: 1}", "{\"a\": 1.0}", false, true},
        {"{a: \"1\"}", "{\"a\": 1}", false, false},
        {"{a: 1}", "{\"a\": \"1\"}", false, false},
        {"{a: true}", "{\"a\": true}", false, true},
        {"{a: true}", "{\"a\": \"true\"}", false, false},
        {"{a: yes}", "{\"a\": true}", false, false},
        {"{a: {\"<\": 2}}", "{\"a\": 2}", false, false},
        {"{a: {\"<=\": 2}}", "{\"a\": 2}", false, true},
        {"{a: {\">\": 2, \"<\": 4}}", "{\"a\": 3}", false, true},
        {"{a: {\">\": 2, \"<\": 4}}", "{\"a\": 4}", false, false},
        {"{a: {\"<=\": 2}}", "{\"a\": \"1\"}", false, false},
        {"{a: {\"!=\": x}}", "{\"a\": \"y\"}", false, true},
        {"{a: {\"!=\": x}}", "{\"a\": {\"x\": 1}}", false, false},
        {"{a: {in: [x, y]}}", "{\"a\": \"y\"}", false, true},
        {"{a: {in: [x, y]}}", "{\"a\": [\"x\", \"z\"]}", false, false},
        {"{a: {none-of: [x]}}", "{\"a\": [\"y\", \"x\"]}", false, false},
        {"{a: {none-of: [x]}}", "{\"a\": {}}", false, false},
        {"{a: {includes: [x]}}", "{\"a\": [\"y\", \"x\"]}", false, true},
        {"{a: {includes: [x]}}", "{\"a\": \"x\"}", false, false},
        {"{a: [x, y]}", "{\"a\": [\"y\", \"x\", \"x\"]}", false, true},
        {"{a: [x, y]}", "{\"a\": [\"x\"]}", false, false},
        {"{a: 1}", "{\"b\": 1}", false, false},
        {"{\"$.x.y\": 1}", "{\"x\": {\"y\": 1}}", false, true},
        {"{\"$.x[*]\": {\"<\": 3}}", "{\"x\": [1, 2]}", false, true},
        {"{\"$.x[*]\": {\"<\": 3}}", "{\"x\": [1, 3]}", false, false},
        {"{\"$.x[*]\": {\"<\": 3}}", "{\"x\": []}", false, false},
        {"{\"$.x..y\": 1}", "{\"x\": {\"y\": 1}}", false, false},
        {"{\"$x\": 1}", "{\"x\": 1}", false, false},
        {"{a: {max-age: 90d}}", "{\"a\": \"2026-11-01\"}", false, true},
        {"{a: {max-age: 90d}}", "{\"a\": \"2027-11-01\"}", false, false},
        /* measurements: the worse end of the interval counts */
        {"{a: {\"<=\": 0.1}}", "{\"a\": 0.05}", true, false},
        {"{a: {\"<=\": 0.1}}", "{\"a\": {\"value\": 0.05, \"low\": 0.01, \"high\": 0.1}}", true,
         true},
        {"{a: {\"<=\": 0.1}}", "{\"a\": {\"value\": 0.05, \"low\": 0.01, \"high\": 0.11}}", true,
         false},
        {"{a: {\">=\": 0.8}}", "{\"a\": {\"value\": 0.9, \"low\": 0.79, \"high\": 1}}", true,
         false},
        {"{a: {\">=\": 0.8}}", "{\"a\": {\"value\": 0.9, \"low\": 0.95, \"high\": 1}}", true,
         false},
        {"{a: {\">=\": 0.8}}", "{\"a\": {\"value\": 0.9, \"exact\": true}}", true, true},
        {"{a: {\">=\": 0.8}}", "{\"a\": {\"value\": 0.9}}", true, false},
        {"{a: {\">=\": 8}}", "{\"a\": 9}", true, true},
    };
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    ctx.now = NOW;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        const struct redan_node *expect = NULL;
        const struct redan_node *observed = NULL;
        struct redan_slice detail = {0};
        bool holds = !rows[i].holds;
        assert_ok(redan_yaml_parse(&ctx, redan_slice_of(rows[i].expect), &expect));
        assert_ok(redan_json_parse(&ctx, redan_slice_of(rows[i].observed), &observed));
        assert_ok(redan_compare(&ctx, expect, observed,
                                rows[i].interval ? REDAN_COMPARE_INTERVAL : REDAN_COMPARE_PLAIN,
                                &holds, &detail, NULL));
        if (holds != rows[i].holds)
            print_error("%s over %s\n", rows[i].expect, rows[i].observed);
        assert_int_equal(holds, rows[i].holds);
        assert_int_equal(detail.len == 0, rows[i].holds);
    }
    redan_ctx_done(&ctx);
}

/* When what holds ceases to: the first of the ages that are asked for, and never later than what was known. */
static void test_until(void **state)
{
    static const struct {
        const char *expect;
        const char *observed;
        int64_t before; /* days after 2026-11-01; 0 for none */
        int64_t until;
    } rows[] = {
        {"{a: {max-age: 90d}}", "{\"a\": \"2026-11-01\"}", 0, 90},
        {"{a: {max-age: 90d}}", "{\"a\": \"2026-11-01\"}", 50, 50},
        {"{a: {max-age: 90d}}", "{\"a\": \"2026-11-01\"}", 99, 90},
        {"{a: {max-age: 90d}, b: {max-age: 60d}}", "{\"a\": \"2026-11-01\", \"b\": \"2026-11-11\"}",
         0, 70},
        {"{\"$.a[*]\": {max-age: 30d}}", "{\"a\": [\"2026-11-09\", \"2026-11-03\"]}", 0, 32},
        {"{a: 1}", "{\"a\": 1}", 0, 0},
        {"{a: 1}", "{\"a\": 1}", 7, 7},
    };
    const int64_t first = 1793491200; /* 2026-11-01 */
    const int64_t day = 86400;
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    ctx.now = NOW;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        const struct redan_node *expect = NULL;
        const struct redan_node *observed = NULL;
        struct redan_slice detail = {0};
        bool holds = false;
        int64_t until = rows[i].before ? first + rows[i].before * day : 0;
        assert_ok(redan_yaml_parse(&ctx, redan_slice_of(rows[i].expect), &expect));
        assert_ok(redan_json_parse(&ctx, redan_slice_of(rows[i].observed), &observed));
        assert_ok(
            redan_compare(&ctx, expect, observed, REDAN_COMPARE_PLAIN, &holds, &detail, &until));
        assert_true(holds);
        assert_int_equal(until, rows[i].until ? first + rows[i].until * day : 0);
    }
    redan_ctx_done(&ctx);
}

static void test_compare_lint(void **state)
{
    static const struct {
        const char *expect;
        size_t problems;
    } rows[] = {
        {"{a: 1, b: [x], c: {\"<=\": 2}}", 0},
        {"{a: {\"=<\": 2}}", 1},
        {"{a: {\"<=\": x}}", 1},
        {"{a: {\"<=\": \"2\"}}", 1},
        {"{a: {in: x}}", 1},
        {"{a: {in: []}}", 1},
        {"{a: {max-age: soon}}", 1},
        {"{a: {}}", 1},
        {"{a: []}", 1},
        {"{a: [[x]]}", 1},
        {"{a: {\"==\": [x]}}", 1},
        {"[a]", 1},
    };
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        const struct redan_node *expect = NULL;
        struct redan_problems problems;
        assert_ok(redan_yaml_parse(&ctx, redan_slice_of(rows[i].expect), &expect));
        redan_problems_init(&problems, &ctx, REDAN_S("x"));
        redan_compare_lint(&problems, expect);
        if (problems.count != rows[i].problems)
            print_error("%s\n", rows[i].expect);
        assert_int_equal(problems.count, rows[i].problems);
    }
    redan_ctx_done(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_until),
        cmocka_unit_test(test_compare_lint),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
