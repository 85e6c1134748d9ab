/* Floor 0: memory that can refuse, sticky cursors, calendars and encodings. */
#include "test.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/map.h"
#include "base/pool.h"
#include "base/reader.h"

static void test_slice(void **state)
{
    struct redan_slice head;
    struct redan_slice tail;
    uint64_t v = 0;

    (void)state;
    assert_true(redan_slice_cut(REDAN_S("a=b=c"), '=', &head, &tail));
    assert_slice(head, "a");
    assert_slice(tail, "b=c");
    assert_false(redan_slice_cut(REDAN_S("abc"), '=', &head, &tail));
    assert_slice(head, "abc");
    assert_int_equal(tail.len, 0);
    assert_slice(redan_slice_trim(REDAN_S(" \t a b\r\n")), "a b");
    assert_true(redan_slice_u64(REDAN_S("18446744073709551615"), &v));
    assert_true(v == UINT64_MAX);
    assert_false(redan_slice_u64(REDAN_S("18446744073709551616"), &v));
    assert_false(redan_slice_u64(REDAN_S(""), &v));
    assert_false(redan_slice_u64(REDAN_S("-1"), &v));
    assert_int_equal(redan_slice_cmp(REDAN_S("ab"), REDAN_S("abc")), -1);
    assert_int_equal(redan_slice_cmp(REDAN_S("b"), REDAN_S("abc")), 1);
    assert_int_equal(redan_slice_cmp(REDAN_S("\xff"), REDAN_S("a")), 1); /* bytes are unsigned */
    assert_slice(redan_slice_sub(REDAN_S("abc"), 5, 2), "");
}

static void test_buf_cap_sticks(void **state)
{
    struct redan_ctx ctx;
    struct redan_buf buf;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&buf, &ctx, 5);
    redan_buf_text(&buf, "abc");
    redan_buf_printf(&buf, "%d", 1234);
    assert_int_equal(buf.fail, REDAN_E_LIMIT);
    redan_buf_text(&buf, "x"); /* would fit, but the failure sticks */
    assert_slice(redan_buf_view(&buf), "abc");
    assert_int_equal(redan_buf_ok(&ctx, &buf, "the text"), REDAN_E_LIMIT);
    assert_string_equal(ctx.failure.text, "the text is longer than 5 bytes");
    redan_buf_done(&buf);
    redan_buf_done(&buf);
    assert_int_equal(ctx.mem.used, 0);
    redan_ctx_done(&ctx);
}

static void test_arena_limit_and_reset(void **state)
{
    struct redan_ctx ctx;
    struct redan_limits limits = redan_limits_default;

    (void)state;
    limits.memory = 100000;
    redan_ctx_init(&ctx, &limits);
    assert_non_null(redan_take(&ctx, 10));
    struct redan_arena_mark mark = redan_arena_mark(&ctx.arena);
    size_t used = ctx.mem.used;
    assert_non_null(redan_take(&ctx, 50000));
    redan_arena_reset(&ctx.arena, mark);
    assert_int_equal(ctx.mem.used, used);
    assert_null(redan_take(&ctx, 100000));
    assert_int_equal(ctx.failure.status, REDAN_E_MEMORY);
    assert_null(redan_take_array(&ctx, SIZE_MAX, 2));
    redan_ctx_done(&ctx);
    assert_int_equal(ctx.mem.used, 0);
}

static void test_first_failure_stays(void **state)
{
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_int_equal(redan_fail(&ctx, REDAN_E_SYNTAX, 7, "first %d", 1), REDAN_E_SYNTAX);
    assert_int_equal(redan_fail_at(&ctx, REDAN_E_IO, 2, 3, "second"), REDAN_E_IO);
    redan_fail_name(&ctx, REDAN_S("a.yaml"));
    redan_fail_name(&ctx, REDAN_S("b.yaml"));
    assert_int_equal(ctx.failure.status, REDAN_E_SYNTAX);
    assert_string_equal(ctx.failure.text, "first 1");
    assert_string_equal(ctx.failure.name, "a.yaml");
    assert_int_equal(ctx.failure.offset, 7);
    redan_ctx_done(&ctx);
}

static void test_reader_sticks(void **state)
{
    struct redan_ctx ctx;
    struct redan_reader r;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_reader_init(&r, (struct redan_slice){"\0\0\0\2hi\1", 7});
    assert_slice(redan_reader_string(&r), "hi");
    assert_int_equal(redan_reader_u32be(&r), 0);
    assert_true(r.failed);
    assert_int_equal(redan_reader_u8(&r), 0); /* the last byte is not given after a failure */
    assert_int_equal(redan_reader_ok(&ctx, &r, "the key"), REDAN_E_SYNTAX);
    assert_int_equal(ctx.failure.offset, 6);
    redan_ctx_done(&ctx);
}

static void test_map(void **state)
{
    struct redan_ctx ctx;
    struct redan_map map;
    static int values[1000];

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_map_init(&map, &ctx);
    assert_null(redan_map_get(&map, REDAN_S("0")));
    for (int i = 0; i < 1000; i++) {
        struct redan_slice key;
        assert_ok(redan_format(&ctx, &key, "key-%d", i));
        assert_ok(redan_map_put(&map, key, &values[i]));
    }
    assert_int_equal(redan_map_put(&map, REDAN_S("key-7"), &values[0]), REDAN_E_EXISTS);
    assert_ptr_equal(redan_map_get(&map, REDAN_S("key-999")), &values[999]);
    assert_null(redan_map_get(&map, REDAN_S("key-1000")));
    assert_int_equal(map.len, 1000);
    redan_ctx_done(&ctx);
}

static void test_clock(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds; /* -1: refused */
    } rows[] = {
        {"1970-01-01", 0},
        {"2026-11-24", 1795478400},
        {"2026-11-24T05:36:27Z", 1795498587},
        {"2026-11-24T05:36:27.123456Z", 1795498587},
        {"2026-11-24T06:36:27+01:00", 1795498587},
        {"2024-02-29", 1709164800},
        {"2023-02-29", -1},
        {"2100-02-29", -1},
        {"2000-02-29", 951782400},
        {"2026-13-01", -1},
        {"2026-1-01", -1},
        {"2026-11-24 05:36:27Z", -1},
        {"2026-11-24T05:36:27", -1},
        {"2026-11-24T24:00:00Z", -1},
        {"2026-11-24T05:36:60Z", -1},
        {"2026-11-24T05:36:27.Z", -1},
        {"1970-01-01T00:00:00+01:00", -1},
        {"9999-12-31T23:59:59Z", 253402300799},
        {"", -1},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        int64_t got = -1;
        bool ok = redan_time_parse(redan_slice_of(rows[i].text), &got);
        assert_int_equal(ok, rows[i].seconds >= 0);
        assert_int_equal(got, rows[i].seconds);
    }
    for (int64_t t = 0; t < 253402300799; t += 86399 * 97) { /* round trip over all centuries */
        char text[REDAN_TIME_TEXT];
        int64_t back = -1;
        redan_time_text(t, text);
        assert_true(redan_time_parse(redan_slice_of(text), &back));
        assert_int_equal(back, t);
    }
}

static void test_span(void **state)
{
    char text[REDAN_TIME_TEXT];
    int64_t s = 0;

    (void)state;
    assert_true(redan_span_parse(REDAN_S("90d"), &s));
    assert_int_equal(s, 90 * 86400);
    assert_false(redan_span_parse(REDAN_S("90"), &s));
    assert_false(redan_span_parse(REDAN_S("0d"), &s));
    assert_false(redan_span_parse(REDAN_S("-1d"), &s));
    assert_false(redan_span_parse(REDAN_S("1y"), &s));
    redan_span_text(86400 * 3 + 5, text);
    assert_string_equal(text, "3 days");
    redan_span_text(60, text);
    assert_string_equal(text, "1 minute");
}

static void test_hex_base64(void **state)
{
    struct redan_ctx ctx;
    struct redan_buf buf;
    unsigned char two[2];

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&buf, &ctx, 1000);
    assert_true(redan_hex_parse(REDAN_S("00FA"), two, 2));
    assert_false(redan_hex_parse(REDAN_S("00fg"), two, 2));
    assert_false(redan_hex_parse_lower(REDAN_S("00FA"), two, 2));
    assert_true(redan_hex_parse_lower(REDAN_S("00fa"), two, 2));
    char text[2 * sizeof(two) + 1];
    redan_hex_put(text, two, sizeof(two));
    assert_string_equal(text, "00fa");
    assert_false(redan_hex_parse(REDAN_S("00f"), two, 2));
    /* RFC 4648 10 */
    static const char *const rows[][2] = {{"", ""},
                                          {"f", "Zg=="},
                                          {"fo", "Zm8="},
                                          {"foo", "Zm9v"},
                                          {"foob", "Zm9vYg=="},
                                          {"fooba", "Zm9vYmE="},
                                          {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_slice back;
        redan_buf_clear(&buf);
        redan_base64_add(&buf, redan_slice_of(rows[i][0]));
        assert_slice(redan_buf_view(&buf), rows[i][1]);
        assert_ok(redan_base64_parse(&ctx, redan_slice_of(rows[i][1]), &back));
        assert_slice(back, rows[i][0]);
    }
    static const char *const bad[] = {
        "Zg=", "Zh==", "Zm9=", "Z===", "Zm 9", "Zg==Zg==", "Zm9v\n", "Zm-_"};
    for (size_t i = 0; i < REDAN_COUNT(bad); i++) {
        struct redan_slice back;
        assert_int_equal(redan_base64_parse(&ctx, redan_slice_of(bad[i]), &back), REDAN_E_SYNTAX);
    }
    redan_buf_done(&buf);
    redan_ctx_done(&ctx);
}

static void test_pem(void **state)
{
    struct redan_ctx ctx;
    struct redan_buf buf;
    char bytes[200];

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)i;
    for (size_t n = 0; n <= sizeof(bytes); n++) {
        struct redan_slice label;
        struct redan_slice back;
        redan_buf_init(&buf, &ctx, 1000);
        redan_pem_add(&buf, "PUBLIC KEY", (struct redan_slice){bytes, n}, 64);
        assert_ok(redan_pem_parse(&ctx, redan_buf_view(&buf), &label, &back));
        assert_slice(label, "PUBLIC KEY");
        assert_int_equal(back.len, n);
        assert_memory_equal(back.at, bytes, n);
        redan_buf_done(&buf);
    }
    struct redan_slice a;
    struct redan_slice b;
    assert_int_equal(redan_pem_parse(&ctx, REDAN_S("no armour"), &a, &b), REDAN_E_SYNTAX);
    redan_ctx_done(&ctx);
}

static enum redan_status square(struct redan_ctx *worker, size_t index, void *arg)
{
    struct redan_slice *out = arg;

    if (index == 4242)
        return redan_fail(worker, REDAN_E_SYNTAX, index, "task %zu", index);
    return redan_format(worker, &out[index], "%zu", index * index);
}

static void test_pool(void **state)
{
    struct redan_ctx ctx;
    struct redan_limits limits = redan_limits_default;
    struct redan_slice *out;

    (void)state;
    limits.workers = 4;
    redan_ctx_init(&ctx, &limits);
    out = redan_take_array(&ctx, 5000, sizeof(*out));
    assert_non_null(out);
    assert_ok(redan_pool_each(&ctx, 4000, square, out));
    for (size_t i = 0; i < 4000; i++) { /* results outlive the workers */
        uint64_t v = 0;
        assert_true(redan_slice_u64(out[i], &v));
        assert_int_equal(v, i * i);
    }
    assert_int_equal(redan_pool_each(&ctx, 5000, square, out), REDAN_E_SYNTAX);
    assert_string_equal(ctx.failure.text, "task 4242");
    redan_ctx_done(&ctx);
    assert_int_equal(ctx.mem.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slice),
        cmocka_unit_test(test_buf_cap_sticks),
        cmocka_unit_test(test_arena_limit_and_reset),
        cmocka_unit_test(test_first_failure_stays),
        cmocka_unit_test(test_reader_sticks),
        cmocka_unit_test(test_map),
        cmocka_unit_test(test_clock),
        cmocka_unit_test(test_span),
        cmocka_unit_test(test_hex_base64),
        cmocka_unit_test(test_pem),
        cmocka_unit_test(test_pool),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
