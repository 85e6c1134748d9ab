/* Streams: events and lines leave as soon as they are whole, whatever the pieces; and how they end. */
#include "test.h"

#include "answer_fixture.h"

#define SSE "text/event-stream"
#define LINES "application/x-ndjson"

static struct redan_slice debug[] = {{"debug", 5}};
static const struct redan_policy_answer_rule mask[] = {{.id = {"internals", 9},
                                                        .check = REDAN_CHECK_FIELDS,
                                                        .action = REDAN_ANSWER_MASK,
                                                        .fields = {debug, 1}}};
static const struct redan_policy_answer_rule refuse[] = {
    {.id = {"range", 5}, .check = REDAN_CHECK_RANGE, .action = REDAN_ANSWER_REFUSE, .high = 1}};
static const struct redan_policy_answer_rule open[] = {{.id = {"range", 5},
                                                        .check = REDAN_CHECK_RANGE,
                                                        .action = REDAN_ANSWER_REFUSE,
                                                        .on_error = REDAN_ON_ERROR_OPEN,
                                                        .high = 1}};

#define RULES(list) .rules = list, .rule_count = REDAN_COUNT(list)
#define ERROR(text, rule)                                                             \
    "event: error\ndata: {\"error\":\"the model's answer " text "\",\"rule\":\"" rule \
    "\",\"id\":\"q1\"}\n\n"
#define LINE(text, rule) \
    "{\"error\":\"the model's answer " text "\",\"rule\":\"" rule "\",\"id\":\"q1\"}\n"
#define BREAKS "breaks a rule of this service"
#define WRONG "is not as it should be"
#define MIDDLE "ended in the middle"
#define P(v) "{\"predictions\":[" v "]}"

struct stream_row {
    struct answer_policy policy;
    const char *type;
    const char *in;
    const char *out; /* NULL: the same */
    bool refused;
};

static const struct stream_row streams[] = {
    {{.labels = true},
     SSE,
     "data: " P("0.9") "\n\ndata: [DONE]\n\n",
     "data: " P("1") "\n\ndata: [DONE]\n\n",
     false},
    {{.labels = true}, SSE, "data:" P("1") "\r\n\r\ndata: [DONE]\r\n\r\n", NULL, false},
    {{.labels = true}, SSE, "data:" P("1") "\r\rdata: [DONE]\r\r", NULL, false},
    {{.labels = true},
     SSE,
     "\xef\xbb\xbf"
     "data:" P("1") "\n\n",
     NULL,
     false},
    {{.labels = true},
     SSE,
     "\xef\xbb\xbf\n\xef\xbb\xbf"
     "data: x\n\n",
     "\xef\xbb\xbf\n\n",
     false},
    {{.labels = true},
     SSE,
     "\xef\xbb\xbf"
     "data:" P("0.1") "\n\n",
     "data: " P("0") "\n\n",
     false},
    {{.labels = true},
     SSE,
     "data: {\"predictions\":\ndata: [0.9]}\n\n",
     "data: {\"predictions\":\ndata: [1]}\n\n",
     false},
    {{.labels = true},
     SSE,
     "event: out\nid: 7\nretry: 10\ndata: " P("0.9") "\nx: y\n\n",
     "event: out\nid: 7\nretry: 10\ndata: " P("1") "\n\n",
     false},
    {{.labels = true},
     SSE,
     "id: 0.9\nevent\ndata: " P("1") "\n\n",
     "event\ndata: " P("1") "\n\n",
     false},
    {{.labels = true},
     SSE,
     ":\n\n: p=0.9\n\n:x\ndata: " P("1") "\n\n",
     ":\n\n:\n\n:\ndata: " P("1") "\n\n",
     false},
    {{.labels = true}, SSE, "data\n\ndata:\n\n", NULL, false},
    {{.labels = true}, SSE, "data: " P("1") "\n\ndata: [DONE]", NULL, false},
    {{.labels = true}, SSE, "data: " P("1") "\n\ndata: [DONE]\n", NULL, false},
    {{.labels = true}, SSE, "data: " P("1") "\n\n:keep\n", "data: " P("1") "\n\n", false},
    {{.labels = true},
     SSE,
     "data: " P("1") "\n\ndata: " P("0.9") "\n",
     "data: " P("1") "\n\n" ERROR(MIDDLE, ""),
     true},
    {{.labels = true},
     SSE,
     "data: " P("1") "\n\nda",
     "data: " P("1") "\n\n" ERROR(MIDDLE, ""),
     true},
    {{.labels = true}, SSE, "data: 0.9\n\ndata: " P("1") "\n\n", ERROR(WRONG, ""), true},
    {{.labels = true}, SSE, "data: score 0.9\n\n", ERROR(WRONG, ""), true},
    {{RULES(mask)}, SSE, "data: {\"debug\":1}\n\n", "data: {}\n\n", false},
    {{RULES(mask)}, SSE, "data: {\"debug\":1}\r\n\r\n\r\n", "data: {}\n\n\n\r\n", false},
    {{RULES(refuse)},
     SSE,
     "data: " P("0.5") "\n\ndata: " P("1.5") "\n\ndata: " P("0.5") "\n\n",
     "data: " P("0.5") "\n\n" ERROR(BREAKS, "range"),
     true},
    {{RULES(refuse), .bytes = 28},
     SSE,
     "data: " P("1") "\n\ndata: " P("1.11111") "\n\n",
     "data: " P("1") "\n\n" ERROR("is too large", "range"),
     true},
    {{RULES(open), .bytes = 28},
     SSE,
     "data: " P("1") "\n\ndata: " P("7.11111") "\n\ndata: " P("5") "\n\n",
     NULL,
     false},
    {{RULES(open)}, SSE, "data: x\n\ndata: " P("1") "\n\ndata: " P("0.5"), NULL, false},
    {{RULES(open)},
     SSE,
     "data: x\n\ndata: " P("1.5") "\n\n",
     "data: x\n\n" ERROR(BREAKS, "range"),
     true},
    {{.labels = true, .observe = true}, SSE, "data: " P("0.9") "\n\n: 0.1\n\nda", NULL, false},
    {{.labels = true},
     LINES,
     P("0.9") "\n" P("0.1") "\r\n\n" P("0.7"),
     P("1") "\n" P("0") "\r\n\n" P("1"),
     false},
    {{.labels = true}, LINES, P("0") "\n{\"predictions\":[0.", P("0") "\n" LINE(WRONG, ""), true},
    {{RULES(refuse)},
     LINES,
     P("0.5") "\n" P("1.5") "\n" P("0.5") "\n",
     P("0.5") "\n" LINE(BREAKS, "range"),
     true},
    {{RULES(refuse), .bytes = 24},
     LINES,
     P("0.5") "\n" P("0.500000") "\n",
     P("0.5") "\n" LINE("is too large", "range"),
     true},
    {{RULES(open), .bytes = 24}, LINES, P("0.5") "\n" P("0.500000") "\n", NULL, false},
    {{RULES(open)}, LINES, "x\n" P("1.5") "\n", "x\n" LINE(BREAKS, "range"), true},
    {{.round = true, .decimals = 1}, LINES, P("0.123") "\n", P("0.1") "\n", false},
};

static void run(const struct stream_row *row, size_t number, size_t cut, size_t every)
{
    REDAN_DEFER(redan_ctx_done) struct redan_ctx ctx = {0};
    struct answer_sent sent = {.preset = redan_preset_find(REDAN_S("kserve-v1")),
                               .type = row->type,
                               .body = redan_slice_of(row->in)};
    struct answer_got got;
    const char *out = row->out ? row->out : row->in;

    redan_ctx_init(&ctx, NULL);
    answer_run(&ctx, &row->policy, &sent, cut, every, &got);
    assert_int_equal(got.way, REDAN_ANSWER_STREAM);
    assert_int_equal(got.status, 0);
    if (!redan_slice_is(redan_buf_view(&got.bytes), out) || got.facts.refused != row->refused ||
        got.over != row->refused || got.facts.changed != (row->out != NULL))
        fail_msg("row %zu cut %zu every %zu: %.*s\nwanted %s\nover %d changed %d\n%.*s", number,
                 cut, every, (int)got.bytes.len, got.bytes.data ? got.bytes.data : "", out,
                 got.over, got.facts.changed, REDAN_FMT(got.facts.detail));
    answer_done(&got);
}

static void test_streams(void **state REDAN_UNUSED)
{
    for (size_t i = 0; i < REDAN_COUNT(streams); i++) {
        run(&streams[i], i, 0, 0);
        run(&streams[i], i, 0, 1);
        run(&streams[i], i, 0, 7);
        for (size_t cut = 1; cut < strlen(streams[i].in); cut++)
            run(&streams[i], i, cut, 0);
    }
}

/* An event leaves with its last byte, not later. */
static void test_at_once(void **state REDAN_UNUSED)
{
    static const char body[] = "data: " P("0.9") "\n\ndata: " P("0.1") "\n\n";
    REDAN_DEFER(redan_ctx_done) struct redan_ctx ctx = {0};
    struct answer_policy policy = {.labels = true};
    struct answer_sent sent = {.preset = redan_preset_find(REDAN_S("kserve-v1")),
                               .type = SSE,
                               .body = {body, sizeof(body) - 1}};
    struct answer_got got;

    redan_ctx_init(&ctx, NULL);
    answer_run(&ctx, &policy, &sent, sizeof("data: " P("0.9") "\n\n") - 1, 0, &got);
    assert_int_equal(got.first, sizeof("data: " P("1") "\n\n") - 1);
    answer_done(&got);
}

/* A thousand streams at once, in turns; each at rest between two events holds little. */
static void test_many(void **state REDAN_UNUSED)
{
    enum { STREAMS = 1000, EVENTS = 20 };
    static struct redan_answering *all[STREAMS];
    REDAN_DEFER(redan_ctx_done) struct redan_ctx ctx = {0};
    const struct redan_policy_answers policy = {
        .bytes = 65536,
        .shape = {.labels = true, .decimals = REDAN_DECIMALS_ALL},
        .threshold = 0.5,
        .score_class = 1};
    const struct redan_answer_wanted wanted = {.policy = &policy,
                                               .preset = redan_preset_find(REDAN_S("kserve-v1")),
                                               .rows = 1,
                                               .shape = policy.shape,
                                               .enforce = true};
    static const char head[] = "data: {\"predictions\":[0.";
    static const char tail[] = "]}\n\n";

    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < STREAMS; i++) {
        assert_ok(redan_answering_new(&ctx, &wanted, &all[i]));
        assert_int_equal(redan_answering_begin(all[i], 200, REDAN_S(SSE), REDAN_S(""), UINT64_MAX),
                         REDAN_ANSWER_STREAM);
    }
    for (size_t e = 0; e < EVENTS; e++) {
        struct redan_answer_piece out;
        char digit = (char)('0' + e % 10);
        for (size_t i = 0; i < STREAMS; i++) {
            assert_ok(redan_answering_feed(all[i], REDAN_S(head), false, &out));
            assert_int_equal(out.bytes.len, 0);
        }
        for (size_t i = 0; i < STREAMS; i++) {
            assert_ok(redan_answering_feed(all[i], (struct redan_slice){&digit, 1}, false, &out));
            assert_int_equal(out.bytes.len, 0);
            assert_ok(redan_answering_feed(all[i], REDAN_S(tail), e + 1 == EVENTS, &out));
            assert_slice(out.bytes, e % 10 >= 5 ? "data: " P("1") "\n\n" : "data: " P("0") "\n\n");
        }
    }
    assert_true(ctx.mem.used / STREAMS <= 4096);
    for (size_t i = 0; i < STREAMS; i++)
        redan_answering_done(all[i]);
    assert_int_equal(ctx.mem.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_at_once),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
