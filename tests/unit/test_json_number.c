/* JSON numbers both ways: the RFC's table out, the C library as the judge in, vectors, whole numbers. */
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/json.h"
#include "codec/json_pull.h"

static double from_image(uint64_t image)
{
    double value = 0;

    memcpy(&value, &image, sizeof(value));
    return value;
}

/* RFC 8785 appendix B, and the edges of ECMAScript's forms. */
static void test_numbers_out(void **state)
{
    static const struct {
        uint64_t image;
        const char *text;
    } rows[] = {
        {0x0000000000000000, "0"},
        {0x8000000000000000, "0"},
        {0x0000000000000001, "5e-324"},
        {0x8000000000000001, "-5e-324"},
        {0x7fefffffffffffff, "1.7976931348623157e+308"},
        {0xffefffffffffffff, "-1.7976931348623157e+308"},
        {0x4340000000000000, "9007199254740992"},
        {0xc340000000000000, "-9007199254740992"},
        {0x4430000000000000, "295147905179352830000"},
        {0x44b52d02c7e14af5, "9.999999999999997e+22"},
        {0x44b52d02c7e14af6, "1e+23"},
        {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
        {0x444b1ae4d6e2ef4e, "999999999999999700000"},
        {0x444b1ae4d6e2ef4f, "999999999999999900000"},
        {0x444b1ae4d6e2ef50, "1e+21"},
        {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
        {0x3eb0c6f7a0b5ed8d, "0.000001"},
        {0x41b3de4355555553, "333333333.3333332"},
        {0x41b3de4355555554, "333333333.33333325"},
        {0x41b3de4355555555, "333333333.3333333"},
        {0x41b3de4355555556, "333333333.3333334"},
        {0x41b3de4355555557, "333333333.33333343"},
        {0xbecbf647612f3696, "-0.0000033333333333333333"},
        {0x43143ff3c1cb0959, "1424953923781206.2"},
        /* 2^-44: the nearest of 16 digits does not read back, the next does */
        {0x3d30000000000000, "5.684341886080802e-14"},
        {0x0010000000000000, "2.2250738585072014e-308"},
        {0x000fffffffffffff, "2.225073858507201e-308"},
        {0x3ff0000000000000, "1"},
        {0x3fb999999999999a, "0.1"},
        {0x4059000000000000, "100"},
        {0x3fd3333333333334, "0.30000000000000004"},
        {0x3e7ad7f29abcaf48, "1e-7"},
        {0x405edd2f1a9fbe77, "123.456"},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        double back = 0;
        struct redan_buf out;
        struct redan_ctx ctx;

        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&out, &ctx, 64);
        redan_json_number_add(&out, from_image(rows[i].image));
        assert_slice(redan_buf_view(&out), rows[i].text);
        assert_true(redan_json_double(redan_buf_view(&out), &back));
        assert_true(back == from_image(rows[i].image));
        redan_buf_done(&out);
        redan_ctx_done(&ctx);
    }
}

static void test_not_finite(void **state)
{
    static const uint64_t images[] = {0x7fffffffffffffff, 0x7ff0000000000000, 0xfff0000000000000};

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(images); i++) {
        struct redan_ctx ctx;
        struct redan_buf out;

        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&out, &ctx, 64);
        redan_json_number_add(&out, from_image(images[i]));
        assert_int_equal(out.fail, REDAN_E_USAGE);
        struct redan_node *map = redan_node_new(&ctx, REDAN_NODE_MAP);
        assert_null(redan_node_add_number(&ctx, map, "n", from_image(images[i])));
        assert_int_equal(ctx.failure.status, REDAN_E_SCHEMA);
        redan_buf_done(&out);
        redan_ctx_done(&ctx);
    }
}

static uint64_t next_random(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

/* Any double survives the way out and back; 17 digits and odd spellings read as the C library reads them. */
static void test_numbers_round(void **state)
{
    uint64_t x = 88172645463325252U;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        char text[64];
        char room[64];
        double value = from_image(next_random(&x));
        double back = 0;
        struct redan_mem mem = {.max = SIZE_MAX};
        struct redan_buf out = {.mem = &mem, .max = 64, .data = room, .cap = sizeof(room)};

        if (!isfinite(value))
            continue;
        redan_json_number_add(&out, value);
        assert_int_equal(out.fail, REDAN_OK);
        assert_true(redan_json_double(redan_buf_view(&out), &back) && back == value);
        assert_true(strtod(room, NULL) == value);
        int n = i % 2 ? snprintf(text, sizeof(text), "%.16e", value)
                      : snprintf(text, sizeof(text), "%llue%d", (unsigned long long)x >> (i % 40),
                                 i % 280 - 140);
        assert_true(redan_json_double((struct redan_slice){text, (size_t)n}, &back));
        assert_true(back == strtod(text, NULL));
    }
}

/* A spelling of random shape: up to 11 digits before the point, 24 after it, sometimes an exponent. */
static int shape(char *out, size_t size, uint64_t *x)
{
    char before[16] = "";
    char after[32] = "";
    size_t whole = next_random(x) % 12;
    size_t part = next_random(x) % 25;

    for (size_t i = 0; i < whole; i++)
        before[i] = (char)('0' + next_random(x) % 10);
    for (size_t i = 0; i < part; i++)
        after[i] = (char)('0' + next_random(x) % 10);
    if (before[0] == '0' || whole == 0)
        memcpy(before, "0", 2);
    int n = snprintf(out, size, "%s%s%s%s", next_random(x) & 1 ? "-" : "", before, part ? "." : "",
                     after);
    if (next_random(x) % 8 == 0)
        n += snprintf(out + n, size - (size_t)n, "e%d", (int)(next_random(x) % 80) - 40);
    return n;
}

/* Many numbers in one array: the fast ways through the middle of a text, and its ends. */
static void test_vectors(void **state)
{
    enum { COUNT = 24 };
    uint64_t x = 20260101;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct redan_json reader;
        struct redan_json_token token;
        struct redan_ctx ctx;
        struct redan_buf text;
        double want[COUNT];
        double got[COUNT];
        size_t count = 0;

        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&text, &ctx, SIZE_MAX / 2);
        for (size_t i = 0; i < COUNT; i++) {
            char number[64];
            (void)shape(number, sizeof(number), &x);
            redan_buf_printf(&text, "%c%s", i ? ',' : '[', number);
            want[i] = strtod(number, NULL);
        }
        redan_buf_char(&text, ']');
        redan_json_init(&reader, &ctx, redan_buf_view(&text));
        assert_ok(redan_json_next(&reader, &token));
        assert_ok(redan_json_doubles(&reader, got, COUNT, &count));
        assert_int_equal(count, COUNT);
        assert_memory_equal(got, want, sizeof(want));
        redan_json_reset(&reader, redan_buf_view(&text));
        assert_ok(redan_json_next(&reader, &token));
        for (size_t i = 0; i < COUNT; i++) {
            assert_ok(redan_json_next(&reader, &token));
            assert_true(redan_json_number(&token, &got[0]) && got[0] == want[i]);
        }
        redan_json_done(&reader);
        redan_buf_done(&text);
        redan_ctx_done(&ctx);
    }
}

static void test_numbers_in(void **state)
{
    static const struct {
        const char *text;
        bool good;
        double value;
    } rows[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"1e23", true, 1e23},
        {"9007199254740993", true, 9007199254740992.0},
        {"9007199254740993.00000000000000000000000000000001", true, 9007199254740994.0},
        {"1e-400", true, 0},
        {"0e999999999999999999999", true, 0},
        {"1e400", false, 0},
        {"1e999999999999999999999", false, 0},
        {"2.4703282292062327208e-324", true, 0},
        {"2.4703282292062328e-324", true, 4.9406564584124654e-324},
        {"1.7976931348623158e308", true, 1.7976931348623157e308},
        {"1.7976931348623159e308", false, 0},
        {"", false, 0},
        {"1 ", false, 0},
        {" 1", false, 0},
        {"01", false, 0},
        {"1.", false, 0},
        {"0x1", false, 0},
        {"nan", false, 0},
        {"1,5", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        double value = 0;
        assert_int_equal(redan_json_double(redan_slice_of(rows[i].text), &value), rows[i].good);
        if (rows[i].good)
            assert_true(value == rows[i].value);
    }
}

/* Exponents and digits that cancel, longer than any buffer. */
static void test_long_numbers(void **state)
{
    enum { ZEROS = 100000 };
    static const struct {
        const char *before;
        const char *after;
        double value;
    } rows[] = {{"0.", "1e100001", 1},
                {"1", "e-100000", 1},
                {"1.", "", 1},
                {"9007199254740993.", "1", 9007199254740994.0},
                {"9007199254740993.", "", 9007199254740992.0}};

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        double value = 0;
        struct redan_ctx ctx;
        struct redan_buf text;

        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&text, &ctx, SIZE_MAX / 2);
        redan_buf_text(&text, rows[i].before);
        redan_buf_repeat(&text, '0', ZEROS);
        redan_buf_text(&text, rows[i].after);
        assert_true(redan_json_double(redan_buf_view(&text), &value));
        assert_true(value == rows[i].value);
        redan_buf_done(&text);
        redan_ctx_done(&ctx);
    }
}

static void test_whole_numbers(void **state)
{
    static const struct {
        const char *text;
        bool good;
        int64_t value;
    } rows[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"18446744073709551617", false, 0},
        {"100000000000000000000", false, 0},
        {"1.0", false, 0},
        {"1e2", false, 0},
        {"", false, 0},
        {"-", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        int64_t value = 0;
        assert_int_equal(redan_json_i64(redan_slice_of(rows[i].text), &value), rows[i].good);
        if (rows[i].good)
            assert_true(value == rows[i].value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_out),   cmocka_unit_test(test_not_finite),
        cmocka_unit_test(test_numbers_round), cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_numbers_in),    cmocka_unit_test(test_long_numbers),
        cmocka_unit_test(test_whole_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
