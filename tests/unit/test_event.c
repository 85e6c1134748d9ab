/* The inference event: what is written reads back the same, and what is not an event is refused with its place. */
#include "test.h"

#include <math.h>

#include "inference/event.h"

#define MISSING ((double)NAN)

#define HEAD "{\"schema\":\"redan/inference/1\",\"time\":\"2026-11-24T05:36:27.045Z\","
#define REST "\"redan.rows\":1"

static void write_one(struct redan_ctx *ctx, const struct redan_event *event,
                      struct redan_slice *line)
{
    struct redan_buf out REDAN_DEFER(redan_buf_done) = {0};

    redan_buf_init(&out, ctx, 1 << 20);
    redan_event_write(&out, event);
    assert_ok(redan_buf_ok(ctx, &out, "the event"));
    assert_ok(redan_copy(ctx, redan_buf_view(&out), line));
}

static void read_one(struct redan_ctx *ctx, struct redan_slice line, struct redan_event *event)
{
    struct redan_json json REDAN_DEFER(redan_json_done) = {0};

    redan_json_init(&json, ctx, REDAN_S(""));
    if (redan_event_read(&json, line, event) != REDAN_OK)
        fail_msg("%s: %.*s", ctx->failure.text, REDAN_FMT(line));
}

static void test_all_members(void **state)
{
    static const double values[] = {1, -0.25, MISSING, 12345678901234, 0.1 + 0.2, 19.99};
    static const struct redan_slice texts[] = {{0}, {0}, {"a\"b\n\xc3\xa9", 6}, {0}, {0}, {0}};
    static const double p[] = {0.5, 1.0 / 2001};
    static const double labels[] = {0, 1};
    static const double scores[] = {0.123456789, MISSING};
    static const struct redan_event_finding findings[] = {
        {{"schema", 6}, {"refuse", 6}, {"amount is 9", 11}}, {{"ood", 3}, {"mark", 4}, {0}}};
    const struct redan_event event = {
        .time_ms = 1795498587045,
        .id = REDAN_S("r1"),
        .response_id = REDAN_S("a1"),
        .system = REDAN_S("fraud"),
        .model = REDAN_S("m"),
        .version = REDAN_S("3"),
        .preset = REDAN_S("oip-v2"),
        .policy = REDAN_S("sha256:00"),
        .profile = REDAN_S("sha256:11"),
        .enforce = true,
        .caller = REDAN_S("merchant-1"),
        .caller_class = REDAN_S("merchants"),
        .address = REDAN_S("127.0.0.1"),
        .bytes = 512,
        .rows = 2,
        .columns = 3,
        .values = values,
        .texts = texts,
        .p = p,
        .status = 200,
        .labels = labels,
        .scores = scores,
        .action = REDAN_S("allow"),
        .judged = REDAN_S("refuse"),
        .findings = findings,
        .finding_count = 2,
        .log_e = -1.23456789,
        .duration_us = 17,
    };
    struct redan_ctx ctx;
    struct redan_slice line = {0};
    struct redan_event back;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    write_one(&ctx, &event, &line);
    assert_slice(
        line,
        HEAD "\"id\":\"r1\",\"system\":\"fraud\",\"gen_ai.request.model\":\"m\",\"redan.model."
             "version\":\"3\",\"gen_ai.response.id\":\"a1\",\"redan.preset\":\"oip-v2\",\"redan."
             "policy\":\"sha256:00\",\"redan.profile\":\"sha256:11\",\"enduser.id\":\"merchant-1\","
             "\"redan.caller.class\":\"merchants\",\"client.address\":\"127.0.0.1\",\"redan."
             "action\":\"allow\",\"redan.judged\":\"refuse\",\"redan.mode\":\"enforce\",\"http."
             "request.body.size\":512,\"http.response.status_code\":200,\"redan.rows\":2,\"redan."
             "features\":[[1,-0.25,\"a\\\"b\\n\xc3\xa9\"],[12345678901234,0.30000000000000004,19."
             "99]],\"redan.p\":[0.5,0.00049975],\"redan.labels\":[0,1],\"redan.scores\":[0."
             "123456789,null],\"redan.findings\":[{\"rule\":\"schema\",\"action\":\"refuse\","
             "\"detail\":\"amount is 9\"},{\"rule\":\"ood\",\"action\":\"mark\"}],\"redan.caller."
             "log_e\":-1.23457,\"redan.duration_us\":17}\n");
    read_one(&ctx, line, &back);
    assert_true(back.time_ms == event.time_ms && back.enforce && back.bytes == 512 &&
                back.status == 200 && back.duration_us == 17 && back.rows == 2 &&
                back.columns == 3 && back.finding_count == 2);
    assert_slice(back.id, "r1");
    assert_slice(back.response_id, "a1");
    assert_slice(back.caller_class, "merchants");
    assert_slice(back.findings[0].detail, "amount is 9");
    assert_slice(back.findings[1].rule, "ood");
    assert_slice(back.texts[2], "a\"b\n\xc3\xa9");
    for (size_t i = 0; i < 6; i++)
        assert_true(isnan(values[i]) ? isnan(back.values[i]) : back.values[i] == values[i]);
    assert_true(isnan(back.scores[1]) && back.scores[0] == scores[0] && back.labels[1] == 1);
    assert_true(fabs(back.p[1] - p[1]) < 1e-9);
    /* and again, byte for byte */
    struct redan_slice again = {0};
    write_one(&ctx, &back, &again);
    assert_true(redan_slice_eq(line, again));
    redan_ctx_done(&ctx);
}

static void test_least(void **state)
{
    const struct redan_event event = {.time_ms = 999,
                                      .log_e = MISSING,
                                      .caller = {"\xff"
                                                 "a\xed\xa0\x80",
                                                 5}};
    struct redan_ctx ctx;
    struct redan_slice line = {0};
    struct redan_event back;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    write_one(&ctx, &event, &line);
    assert_slice(line, "{\"schema\":\"redan/inference/1\",\"time\":\"1970-01-01T00:00:00.999Z\","
                       "\"enduser.id\":\"\xef\xbf\xbd"
                       "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\","
                       "\"redan.mode\":\"observe\",\"http.request.body.size\":0,\"redan.rows\":0,"
                       "\"redan.duration_us\":0}\n");
    read_one(&ctx, line, &back);
    assert_true(back.rows == 0 && !back.values && !back.p && !back.status && isnan(back.log_e) &&
                back.time_ms == 999 && !back.enforce);
    redan_ctx_done(&ctx);
}

/* Numbers of every kind read back as the very same double. */
static void test_numbers(void **state)
{
    static const double known[] = {0,       -0.0,   1,           -1,      0.01,   0.1,   99.99,
                                   1e14,    1e15,   1e22,        1e300,   5e-324, 0.005, 1e-7,
                                   123.456, 2.5e-8, 9e12 + 0.01, 1.0 / 3, 0.29,   1.005};
    struct redan_ctx ctx;
    uint64_t seed = 42;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < 20000; i++) {
        double value = 0;
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        uint64_t bits = seed ^ seed >> 29;
        if (i < REDAN_COUNT(known))
            value = known[i];
        else if (i % 3 == 0)
            memcpy(&value, &bits, sizeof(value));
        else
            value = i % 3 == 1 ? (double)(int64_t)(bits >> 20) / 100
                               : (double)(float)(bits % 1000000007) / 1e9;
        if (!isfinite(value))
            continue;
        struct redan_event event = {.rows = 1, .columns = 1, .values = &value, .log_e = MISSING};
        struct redan_event back;
        struct redan_slice line = {0};
        struct redan_arena_mark mark = redan_arena_mark(&ctx.arena);
        write_one(&ctx, &event, &line);
        read_one(&ctx, line, &back);
        if (back.values[0] < value || back.values[0] > value)
            fail_msg("%.17g became %.*s", value, REDAN_FMT(line));
        redan_arena_reset(&ctx.arena, mark);
    }
    redan_ctx_done(&ctx);
}

static const struct row {
    const char *line;
    enum redan_status status;
    const char *text;
} lines[] = {
    {HEAD REST "}", REDAN_OK, ""},
    {HEAD REST ",\"x\":{\"redan.rows\":9},\"y\":[1,[2]]}\n", REDAN_OK, ""},
    {HEAD "\"redan.features\":[[1,null,\"x\"]]}", REDAN_OK, ""},
    {HEAD REST ",\"redan.findings\":[{\"rule\":\"a\",\"more\":[1]}]}", REDAN_OK, ""},
    {"", REDAN_E_SYNTAX, ""},
    {"[]", REDAN_E_SCHEMA, "the event is an array"},
    {"{}", REDAN_E_SCHEMA, "no schema"},
    {"{\"schema\":\"redan/inference/2\"}", REDAN_E_SCHEMA, "not redan/inference/1"},
    {"{\"schema\":1}", REDAN_E_SCHEMA, "a value is a number; a string"},
    {"{\"schema\":\"redan/inference/1\"," REST "}", REDAN_E_SCHEMA, "no time"},
    {"{\"schema\":\"redan/inference/1\",\"time\":\"2026-11-24\"," REST "}", REDAN_E_SCHEMA,
     "RFC 3339"},
    {HEAD "\"id\":\"a\"}", REDAN_E_SCHEMA, "no redan.rows"},
    {HEAD REST "}x", REDAN_E_SYNTAX, ""},
    {HEAD REST "," REST "}", REDAN_E_SYNTAX, ""},
    {HEAD REST ",\"enduser.id\":7}", REDAN_E_SCHEMA, "a string belongs"},
    {HEAD "\"redan.rows\":-1}", REDAN_E_SCHEMA, "whole number"},
    {HEAD "\"redan.rows\":1.5}", REDAN_E_SCHEMA, "whole number"},
    {HEAD "\"redan.rows\":70000}", REDAN_E_SCHEMA, "whole number"},
    {HEAD REST ",\"redan.mode\":\"off\"}", REDAN_E_SCHEMA, "neither observe"},
    {HEAD REST ",\"redan.features\":[]}", REDAN_E_SCHEMA, "not as many rows"},
    {HEAD "\"redan.features\":[[1]],\"redan.rows\":2}", REDAN_E_SCHEMA, "not as many rows"},
    {HEAD "\"redan.features\":[[1,2],[3]]}", REDAN_E_SCHEMA, "row 1 has 1 values, the first 2"},
    {HEAD "\"redan.features\":[[]]}", REDAN_E_SCHEMA, "row 0 has 0 values"},
    {HEAD "\"redan.features\":[1]}", REDAN_E_SCHEMA, "a row of redan.features is a number"},
    {HEAD "\"redan.features\":[[true]]}", REDAN_E_SCHEMA, "a number or null"},
    {HEAD "\"redan.features\":[[1e999]]}", REDAN_E_SCHEMA, "too large"},
    {HEAD REST ",\"redan.p\":[0.1,0.2]}", REDAN_E_SCHEMA, "one value per row"},
    {HEAD REST ",\"redan.labels\":[]}", REDAN_E_SCHEMA, "one value per row"},
    {HEAD REST ",\"redan.scores\":0.5}", REDAN_E_SCHEMA, "redan.scores is a number; an array"},
    {HEAD REST ",\"redan.findings\":[1]}", REDAN_E_SCHEMA, "a finding is a number; an object"},
    {HEAD REST ",\"redan.caller.log_e\":\"1\"}", REDAN_E_SCHEMA, "a number or null"},
};

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(lines); i++) {
        enum redan_status status = REDAN_E_MEMORY;
        for (uint64_t at = 0; at == 0 || status == REDAN_E_MEMORY; at++) { /* 0: nothing fails */
            struct redan_json json = {0};
            struct redan_ctx ctx;
            struct redan_event event;
            redan_ctx_init(&ctx, NULL);
            ctx.mem.fail_at = at;
            redan_json_init(&json, &ctx, REDAN_S(""));
            status = redan_event_read(&json, redan_slice_of(lines[i].line), &event);
            if (status != REDAN_E_MEMORY &&
                (status != lines[i].status || !strstr(ctx.failure.text, lines[i].text)))
                fail_msg("%s: %s: %s", lines[i].line, redan_status_name(status), ctx.failure.text);
            redan_json_done(&json);
            redan_ctx_done(&ctx);
            assert_int_equal(ctx.mem.used, 0);
            assert_true(at < 100);
        }
    }
}

static void test_write_without_memory(void **state)
{
    static const double values[] = {1, 2.5};
    const struct redan_event event = {
        .rows = 1, .columns = 2, .values = values, .log_e = MISSING, .caller = {"\xff", 1}};
    enum redan_status status = REDAN_E_MEMORY;

    (void)state;
    for (uint64_t at = 1; status == REDAN_E_MEMORY; at++) {
        struct redan_ctx ctx;
        struct redan_buf out;
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = at;
        redan_buf_init(&out, &ctx, 65536);
        redan_event_write(&out, &event);
        status = out.fail;
        redan_buf_done(&out);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
        assert_true(at < 50);
    }
    assert_ok(status);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_members),
        cmocka_unit_test(test_least),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_write_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
