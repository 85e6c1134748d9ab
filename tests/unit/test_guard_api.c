/* Whole calls through the public interface: what is refused and why, observe mode, answers, events, records to learn from. */
#include "guard_fixture.h"

struct asked {
    const char *method, *path, *type, *encoding, *caller, *body;
    unsigned status; /* 200: let through */
    const char *says;
};

static const struct asked refusals[] = {
    {"POST", "/v1/models/fraud:predict", "application/json", "", "ada", WORLD_BODY, 200, ""},
    {"POST", "/v1/models/fraud/versions/3:predict", "application/json; charset=utf-8", "identity",
     "ada", WORLD_BODY, 200, ""},
    {"POST", "/v2/models/fraud/infer", "application/json", "", "ada", "{\"inputs\":[]}", 400,
     "input"},
    /* identity */
    {"POST", "/v1/models/fraud:predict", "application/json", "", "", WORLD_BODY, 401, ""},
    {"POST", "/v1/models/fraud:predict", "application/json", "", "a\nb", WORLD_BODY, 401, ""},
    /* paths and methods that are not known */
    {"POST", "/v1/models/other:predict", "application/json", "", "ada", WORLD_BODY, 403, "model"},
    {"POST", "/v1/models/fraud:explain", "application/json", "", "ada", WORLD_BODY, 403, "path"},
    {"POST", "/", "application/json", "", "ada", WORLD_BODY, 403, "path"},
    {"GET", "/v1/models/fraud:predict", "", "", "ada", "", 403, "POST"},
    {"POST", "/v2/health/ready", "application/json", "", "ada", "{}", 403, "path"},
    {"GET", "/v2/health/../models", "", "", "ada", "", 403, "path"},
    {"GET", "/v2/health/%2e%2e", "", "", "ada", "", 403, "path"},
    {"GET", "/v2/health/a/b", "", "", "ada", "", 403, "path"},
    {"GET", "/metrics/x", "", "", "ada", "", 403, "path"},
    {"POST", "/v2/systemsharedmemory/region/x/register", "application/json", "", "ada", "{}", 403,
     "shared memory"},
    {"GET", "/v2/cudasharedmemory/status", "", "", "ada", "", 403, "shared memory"},
    /* form */
    {"POST", "/v1/models/fraud:predict", "text/csv", "", "ada", WORLD_BODY, 415,
     "application/json"},
    {"POST", "/v1/models/fraud:predict", "application/json", "gzip", "ada", WORLD_BODY, 415,
     "compressed"},
    {"POST", "/v1/models/fraud:predict", "application/json; charset=utf-16", "", "ada", WORLD_BODY,
     415, "content type"},
    {"POST", "/v1/models/fraud:predict", "application/json", "", "ada", "", 400, "byte 0"},
    {"POST", "/v1/models/fraud:predict", "application/json", "", "ada", "{\"instances\":[[1,2", 400,
     ""},
    {"POST", "/v1/models/fraud:predict", "application/json", "", "ada", "{\"rows\":[]}", 400,
     "rows"},
    {"POST", "/v1/models/fraud:predict", "application/json", "", "ada", "{\"instances\":[[1,2,3]]}",
     400, "values"},
    {"POST", "/v1/models/fraud:predict", "application/json", "", "ada",
     "{\"instances\":[[NaN,3,20,0,0.2,\"pos\"]]}", 400, ""},
    {"POST", "/v1/models/fraud:predict", "application/json", "", "ada",
     "{\"instances\":[[1e999,3,20,0,0.2,\"pos\"]]}", 400, ""},
    {"POST", "/v1/models/fraud:predict", "application/json", "", "ada",
     "{\"instances\":[],\"instances\":[]}", 400, ""},
    {"POST", "/v1/models/fraud:predict", "application/json", "", "ada",
     "{\"instances\":[[1,3,20,0,0.2,\"\xff\"]]}", 400, ""},
    {"POST", "/v1/models/fraud:predict", "application/json", "", "ada",
     "{\"instances\":[" WORLD_ROW "," WORLD_ROW "," WORLD_ROW "," WORLD_ROW "," WORLD_ROW
     "," WORLD_ROW "," WORLD_ROW "," WORLD_ROW "," WORLD_ROW "]}",
     413, "8"},
    {"POST", "/v1/models/fraud:predict", "application/json", "", "ada",
     "{\"instances\":[[[[[[[[[[1]]]]]]]]]]}", 400, ""},
    /* schema */
    {"POST", "/v1/models/fraud:predict", "application/json", "", "ada",
     "{\"instances\":[" WORLD_ROW ",[501,3,20,0,0.2,\"pos\"]]}", 422, "row 1: amount is 501"},
    {"POST", "/v1/models/fraud:predict", "application/json", "", "ada",
     "{\"instances\":[[12.5,3.5,20,0,0.2,\"pos\"]]}", 422, "whole"},
    {"POST", "/v1/models/fraud:predict", "application/json", "", "ada",
     "{\"instances\":[[12.5,3,20,0,0.2,\"atm\"]]}", 422, "channel"},
    {"POST", "/v1/models/fraud:predict", "application/json", "", "ada",
     "{\"instances\":[[12.5,3,20,0,0.2,7]]}", 422, "a text"},
    {"POST", "/v1/models/fraud:predict", "application/json", "", "ada",
     "{\"instances\":[[\"x\",3,20,0,0.2,\"pos\"]]}", 422, "a number"},
    {"POST", "/v1/models/fraud:predict", "application/json", "", "ada",
     "{\"instances\":[[12.5,null,20,0,null,\"pos\"]]}", 422, "count is missing"},
    {"POST", "/v1/models/fraud:predict", "application/json", "", "ada",
     "{\"instances\":[[12.5,3,20,0,null,\"pos\"]]}", 200, ""},
    /* off the grid and against an invariant: evidence, no reason to refuse; another range behind it is one */
    {"POST", "/v1/models/fraud:predict", "application/json", "", "ada",
     "{\"instances\":[[12.505,3,2,0,0.2,\"pos\"]]}", 200, ""},
    {"POST", "/v1/models/fraud:predict", "application/json", "", "ada",
     "{\"instances\":[[12.505,3,20,0,7,\"pos\"]]}", 422, "risk"},
    /* out of distribution */
    {"POST", "/v1/models/fraud:predict", "application/json", "", "ada",
     "{\"instances\":[" WORLD_ROW "," WORLD_STRANGE "]}", 422, "row 1"},
};

static struct redan_guard_request request_of(const struct world *w, const struct asked *a)
{
    struct redan_guard_request r = world_request(w, a->caller, a->body);

    r.method = world_bytes(a->method);
    r.path = world_bytes(a->path);
    r.content_type = world_bytes(a->type);
    r.encoding = world_bytes(a->encoding);
    return r;
}

static void test_refusals(void **state)
{
    struct world *w = *state;

    world_open_ok(w,
                  WORLD_HEAD "identity: {kind: plain}\n" WORLD_RULES "events: {to: events.jsonl}\n",
                  REDAN_GUARD_AS_POLICY);
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        const struct asked *a = &refusals[i];
        const struct redan_guard_request r = request_of(w, a);
        struct redan_guard_call *call = NULL;
        struct redan_guard_verdict v;

        assert_int_equal(redan_guard_call(w->guard, &r, &call, &v), REDAN_GUARD_OK);
        unsigned status = v.action == REDAN_GUARD_REFUSE ? v.status : 200;
        if (status != a->status || !strstr(v.reason, a->says))
            fail_msg("row %zu (%s): %u \"%s\"", i, a->body, status, v.reason);
        assert_int_equal(v.judged, v.action);
        if (status == 200) {
            assert_int_equal(v.action, REDAN_GUARD_ALLOW);
            assert_int_equal(v.body.size, 0);
        } else {
            assert_true(v.body.size > 0 && v.reason[0]);
            assert_memory_equal(v.body.at, "{\"error\":\"", 10);
            assert_non_null(strstr(v.body.at, "\"id\":\"r-1\"}"));
            assert_string_equal(v.mark, "");
            /* what is wrong, never how it was seen */
            assert_null(strstr(v.reason, "distance"));
            assert_null(strstr(v.body.at, "p-value"));
        }
        if (status == 422)
            assert_true(strcmp(v.rule, "schema") == 0 || strcmp(v.rule, "novelty") == 0);
        redan_guard_call_end(call, status, w->time_ms);
    }
    size_t count = sizeof(refusals) / sizeof(refusals[0]);
    assert_int_equal(world_metric(w, "redan_guard_requests_total"), count);
    assert_int_equal(world_metric(w, "redan_guard_judge_seconds_count"), count);
    /* every one of them made an event */
    redan_guard_free(w->guard);
    w->guard = NULL;
    size_t lines = 0;
    for (const char *at = world_text(w, "events.jsonl"); *at; at++)
        lines += *at == '\n';
    assert_int_equal(lines, count);
}

static void test_bodies_that_could_not_be_had(void **state)
{
    struct world *w = *state;
    static char large[4096];

    world_open_ok(w, WORLD_HEAD WORLD_RULES, REDAN_GUARD_AS_POLICY);
    struct redan_guard_request r = world_request(w, "", WORLD_BODY);
    r.body_missing = 1;
    assert_int_equal(world_ask(w, &r), 413);
    memset(large, ' ', sizeof(large));
    r.body_missing = 0;
    r.body = (struct redan_bytes){large, 2048};
    assert_int_equal(world_ask(w, &r), 400);
    r.body.size = 2049;
    assert_int_equal(world_ask(w, &r), 413);
}

/* What lies beside the body that is judged: a query, Triton's binary form, a body where none belongs. */
static void test_what_stands_beside(void **state)
{
    static const struct {
        const char *method, *path, *query, *body;
        int json_length;
        unsigned status;
        const char *says;
    } rows[] = {
        {"POST", "/v1/models/fraud:predict", "a=1", WORLD_BODY, 0, 403, "'?'"},
        {"POST", "/v1/models/fraud:predict", "", WORLD_BODY, 1, 403, "binary"},
        {"POST", "/v1/models/fraud:predict", "", WORLD_BODY, 0, 200, ""},
        {"GET", "/v2/health/ready", "a=1", "", 0, 200, ""},
        {"GET", "/v2/health/ready", "", WORLD_BODY, 0, 403, "no body"},
        {"HEAD", "/metrics", "", "x", 0, 403, "no body"},
    };
    struct world *w = *state;

    world_open_ok(w, WORLD_HEAD WORLD_RULES, REDAN_GUARD_AS_POLICY);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct redan_guard_request r = world_request(w, "", rows[i].body);
        struct redan_guard_call *call = NULL;
        struct redan_guard_verdict v;

        r.method = world_bytes(rows[i].method);
        r.path = world_bytes(rows[i].path);
        r.query = world_bytes(rows[i].query);
        r.json_length = rows[i].json_length;
        assert_int_equal(redan_guard_call(w->guard, &r, &call, &v), REDAN_GUARD_OK);
        unsigned status = v.action == REDAN_GUARD_REFUSE ? v.status : 200;
        if (status != rows[i].status || !strstr(v.reason, rows[i].says))
            fail_msg("row %zu: %u \"%s\"", i, status, v.reason);
        redan_guard_call_end(call, status, w->time_ms);
    }
    struct redan_guard_request r = world_request(w, "", "");
    r.method = world_bytes("GET");
    r.path = world_bytes("/metrics");
    r.body_missing = 1;
    assert_int_equal(world_ask(w, &r), 403);
}

/* Without a schema rule, too, a cell of another kind is unlike anything: a server may read the text as the number that it spells. */
static void test_cells_of_another_kind(void **state)
{
    static const struct {
        const char *body;
        unsigned status;
    } rows[] = {
        {"{\"instances\":[" WORLD_ROW "]}", 200},
        {"{\"instances\":[[12.5,3,20,0,null,\"pos\"]]}", 200}, /* may be missing */
        {"{\"instances\":[[\"500000\",3,20,0,0.2,\"pos\"]]}", 422},
        {"{\"instances\":[" WORLD_ROW ",[12.5,\"3\",20,0,0.2,\"pos\"]]}", 422},
        {"{\"instances\":[[12.5,null,20,0,0.2,\"pos\"]]}", 422},
        {"{\"instances\":[[12.5,3,20,0,0.2,null]]}", 422},
    };
    struct world *w = *state;

    world_open_ok(
        w, WORLD_HEAD "rules: [{id: n, stage: out-of-distribution, alpha: 0.01, action: refuse}]\n",
        REDAN_GUARD_AS_POLICY);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct redan_guard_request r = world_request(w, "ada", rows[i].body);
        if (world_ask(w, &r) != rows[i].status)
            fail_msg("row %zu", i);
    }
}

static void test_paths_that_pass(void **state)
{
    static const char *const methods[] = {"GET", "HEAD"};
    static const char *const paths[] = {"/v2/health/ready", "/metrics"};
    struct world *w = *state;

    world_open_ok(w,
                  WORLD_HEAD "identity: {kind: plain}\n" WORLD_RULES "events: {to: events.jsonl}\n",
                  REDAN_GUARD_AS_POLICY);
    for (size_t i = 0; i < 4; i++) {
        struct redan_guard_request r = world_request(w, "", "");
        struct redan_guard_call *call = NULL;
        struct redan_guard_verdict v;
        const struct redan_guard_head head = {
            .status = 200, .content_type = world_bytes("text/plain"), .length = 2};

        r.method = world_bytes(methods[i / 2]);
        r.path = world_bytes(paths[i % 2]);
        assert_int_equal(redan_guard_call(w->guard, &r, &call, &v), REDAN_GUARD_OK);
        assert_true(v.passed_by);
        assert_int_equal(v.action, REDAN_GUARD_ALLOW);
        assert_string_equal(v.rule, "");
        assert_string_equal(v.mark, "");
        assert_int_equal(redan_guard_answer_begin(call, &head), REDAN_GUARD_PASS);
        redan_guard_call_end(call, 200, w->time_ms);
    }
    assert_int_equal(world_metric(w, "redan_guard_passed_by_total"), 4);
    assert_int_equal(world_metric(w, "redan_guard_requests_total"), 0);
    redan_guard_free(w->guard);
    w->guard = NULL;
    assert_string_equal(world_text(w, "events.jsonl"), "");
}

/* In observe mode nothing is refused or changed, whatever was judged. */
static void test_observe(void **state)
{
    struct world *w = *state;
    size_t refused = 0;

    for (int by = 0; by < 2; by++) {
        world_open_ok(w,
                      by ? WORLD_HEAD "mode: observe\nidentity: {kind: plain}\n" WORLD_RULES
                         : WORLD_HEAD "identity: {kind: plain}\n" WORLD_RULES,
                      by ? REDAN_GUARD_AS_POLICY : REDAN_GUARD_OBSERVE);
        struct redan_guard_facts facts;
        redan_guard_facts(w->guard, &facts);
        assert_int_equal(facts.enforce, 0);
        for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
            const struct redan_guard_request r = request_of(w, &refusals[i]);
            struct redan_guard_call *call = NULL;
            struct redan_guard_verdict v;

            assert_int_equal(redan_guard_call(w->guard, &r, &call, &v), REDAN_GUARD_OK);
            assert_int_equal(v.action, REDAN_GUARD_ALLOW);
            assert_int_equal(v.judged == REDAN_GUARD_REFUSE, refusals[i].status != 200);
            assert_int_equal(v.status, 0);
            assert_int_equal(v.body.size, 0);
            assert_string_equal(v.mark, "");
            refused += refusals[i].status != 200;
            redan_guard_call_end(call, 200, w->time_ms);
        }
        assert_int_equal(world_metric(w, "redan_guard_would_refuse_total"), refused);
        assert_int_equal(world_metric(w, "redan_guard_verdicts_total{action=\"refuse\"}"), 0);
    }
    /* and the server may insist */
    world_open_ok(w, WORLD_HEAD "mode: observe\n" WORLD_RULES, REDAN_GUARD_ENFORCE);
    struct redan_guard_request r = world_request(w, "", "{");
    assert_int_equal(world_ask(w, &r), 400);
}

static void test_actions(void **state)
{
    struct world *w = *state;
    struct redan_guard_call *call = NULL;
    struct redan_guard_verdict v;

    world_open_ok(w,
                  WORLD_HEAD
                  "rules:\n"
                  "  - {id: look, stage: out-of-distribution, alpha: 0.01, action: mark}\n"
                  "  - {id: slow, stage: out-of-distribution, alpha: 0.01, action: degrade, "
                  "degrade: {answers: labels, delay: 250ms}}\n"
                  "  - {id: note, stage: out-of-distribution, alpha: 0.01, action: allow}\n",
                  REDAN_GUARD_AS_POLICY);
    struct redan_guard_request r = world_request(w, "ada", "{\"instances\":[" WORLD_STRANGE "]}");
    assert_int_equal(redan_guard_call(w->guard, &r, &call, &v), REDAN_GUARD_OK);
    assert_int_equal(v.action, REDAN_GUARD_DEGRADE);
    assert_string_equal(v.rule, "slow");
    assert_int_equal(v.delay_ms, 250);
    assert_string_equal(v.mark, "degrade; rules=look,slow");
    assert_string_equal(v.caller, "ada");
    redan_guard_call_end(call, 200, w->time_ms);
    r = world_request(w, "ada", WORLD_BODY);
    assert_int_equal(redan_guard_call(w->guard, &r, &call, &v), REDAN_GUARD_OK);
    assert_int_equal(v.action, REDAN_GUARD_ALLOW);
    assert_string_equal(v.mark, "");
    assert_int_equal(v.delay_ms, 0);
    redan_guard_call_end(call, 200, w->time_ms);
    assert_int_equal(world_metric(w, "redan_guard_rule_hits_total{rule=\"note\",side=\"request\"}"),
                     1);
    assert_int_equal(world_metric(w, "redan_guard_verdicts_total{action=\"degrade\"}"), 1);
}

static void answer(struct world *w, const char *request, const char *said, const char *leaves,
                   unsigned status)
{
    struct redan_guard_request r = world_request(w, "ada", request);
    struct redan_guard_call *call = NULL;
    struct redan_guard_verdict v;
    struct redan_guard_out out;
    const struct redan_guard_head head = {
        .status = 200, .content_type = world_bytes("application/json"), .length = strlen(said)};

    assert_int_equal(redan_guard_call(w->guard, &r, &call, &v), REDAN_GUARD_OK);
    assert_int_not_equal(v.action, REDAN_GUARD_REFUSE);
    assert_int_equal(redan_guard_answer_begin(call, &head), REDAN_GUARD_WHOLE);
    assert_int_equal(redan_guard_answer_feed(call, (struct redan_bytes){said, 5}, 0, &out),
                     REDAN_GUARD_OK);
    assert_int_equal(out.bytes.size, 0);
    assert_int_equal(redan_guard_answer_feed(call, world_bytes(said + 5), 1, &out), REDAN_GUARD_OK);
    assert_int_equal(out.status, status);
    if (out.bytes.size != strlen(leaves) || memcmp(out.bytes.at, leaves, out.bytes.size) != 0)
        fail_msg("\"%.*s\" left, not \"%s\"", (int)out.bytes.size, out.bytes.at, leaves);
    redan_guard_call_end(call, status ? status : 200, w->time_ms);
}

static void test_answers(void **state)
{
    struct world *w = *state;

    world_open_ok(w,
                  WORLD_HEAD WORLD_RULES
                  "answers:\n  decimals: 1\n  threshold: 0.5\n  rules:\n"
                  "    - {id: range, check: range, low: 0, high: 1, action: refuse}\n"
                  "events: {to: events.jsonl, features: store}\n",
                  REDAN_GUARD_AS_POLICY);
    answer(w, WORLD_BODY, "{\"predictions\":[0.8213]}", "{\"predictions\":[0.8]}", 0);
    assert_int_equal(world_metric(w, "redan_guard_answers_total"), 1);
    assert_int_equal(world_metric(w, "redan_guard_answers_changed_total"), 1);
    redan_guard_free(w->guard);
    w->guard = NULL;
    const char *event = world_text(w, "events.jsonl");
    static const char *const parts[] = {
        "{\"schema\":\"redan/inference/1\"",
        "\"id\":\"r-1\"",
        "\"gen_ai.request.model\":\"fraud\"",
        "\"redan.preset\":\"kserve-v1\"",
        "\"redan.policy\":\"sha256:",
        "\"redan.profile\":\"sha256:",
        "\"redan.mode\":\"enforce\"",
        "\"enduser.id\":\"ada\"",
        "\"client.address\":\"192.0.2.7\"",
        "\"redan.rows\":1",
        "\"redan.features\":[[12.5,3,20,0,0.2,\"pos\"]]",
        "\"redan.p\":[0.",
        "\"http.response.status_code\":200",
        "\"redan.labels\":[1]",
        "\"redan.scores\":[0.8213]",
        "\"redan.action\":\"allow\"",
        "\"redan.judged\":\"allow\"",
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (!strstr(event, parts[i]))
            fail_msg("no %s in %s", parts[i], event);
}

/* Features hashed are the same for the same rows, others for others, and not there in the clear. */
/* An answer that no rule, shape, event or stage asks about is not held. */
static void test_answers_that_nobody_asks_about(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *more;
        enum redan_guard_plan plan;
    } rows[] = {
        {"rules:\n  - {id: schema, stage: schema, action: refuse}\n", REDAN_GUARD_PASS},
        {"answers: {answers: scores}\n", REDAN_GUARD_PASS},
        {"answers: {answers: labels}\n", REDAN_GUARD_WHOLE},
        {"answers: {decimals: 2}\n", REDAN_GUARD_WHOLE},
        {"answers: {top: 1}\n", REDAN_GUARD_WHOLE},
        {"answers:\n  rules:\n    - {id: f, check: fields, fields: [debug], action: mask}\n",
         REDAN_GUARD_WHOLE},
        {"events: {to: events.jsonl, features: drop}\n", REDAN_GUARD_WHOLE},
        {"rules:\n  - {id: burst, stage: burst, action: mark}\n", REDAN_GUARD_WHOLE},
    };
    const struct redan_guard_head head = {
        .status = 200, .content_type = world_bytes("application/json"), .length = 20};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct redan_guard_call *call = NULL;
        struct redan_guard_verdict v;
        char policy[1024];

        (void)snprintf(policy, sizeof(policy), "%s%s", WORLD_HEAD, rows[i].more);
        world_open_ok(w, policy, REDAN_GUARD_AS_POLICY);
        struct redan_guard_request r = world_request(w, "ada", WORLD_BODY);
        assert_int_equal(redan_guard_call(w->guard, &r, &call, &v), REDAN_GUARD_OK);
        if (redan_guard_answer_begin(call, &head) != rows[i].plan)
            fail_msg("%s", rows[i].more);
        redan_guard_call_end(call, 200, w->time_ms);
    }
}

static void test_features(void **state)
{
    struct world *w = *state;
    char hash[2][80];

    scratch_text(&w->folder, "features.key", "0123456789abcdef0123456789abcdef");
    for (int kind = 0; kind < 2; kind++) {
        (void)unlink(scratch_at(&w->folder, "events.jsonl"));
        world_open_ok(w,
                      kind ? WORLD_HEAD "events: {to: events.jsonl}\n"
                           : WORLD_HEAD
                          "events: {to: events.jsonl, features: hash, key: features.key}\n",
                      REDAN_GUARD_AS_POLICY);
        struct redan_guard_request r = world_request(w, "", WORLD_BODY);
        assert_int_equal(world_ask(w, &r), 200);
        r = world_request(w, "", "{\"instances\":[[12.50,3.0,2e1,-0,0.2,\"pos\"]]}");
        assert_int_equal(world_ask(w, &r), 200);
        redan_guard_free(w->guard);
        w->guard = NULL;
        const char *events = world_text(w, "events.jsonl");
        assert_null(strstr(events, "12.5"));
        const char *at = events;
        for (int i = 0; i < 2 && !kind; i++) {
            at = strstr(at, "hmac-sha256:");
            assert_non_null(at);
            memcpy(hash[i], at, 76);
            hash[i][76] = '\0';
            at++;
        }
        if (kind)
            assert_null(strstr(events, "hmac"));
    }
    assert_string_equal(hash[0], hash[1]);
}

static void test_admit(void **state)
{
    static const struct {
        const char *body, *caller, *answer;
    } rows[] = {
        {WORLD_BODY, "ada", "{\"verdict\":\"trusted\"}"},
        {"{\"instances\":[" WORLD_STRANGE "]}", "ada",
         "{\"verdict\":\"quarantined\",\"reasons\":[\"novelty\"]}"},
        {"{\"instances\":[[501,3,20,0,0.2,\"pos\"]]}", "",
         "{\"verdict\":\"quarantined\",\"reasons\":[\"schema\""},
        {"{\"instances\":", "", "{\"verdict\":\"quarantined\",\"reasons\":[\""},
    };
    struct world *w = *state;

    world_open_ok(w, WORLD_HEAD "identity: {kind: plain}\n" WORLD_RULES WORLD_BUDGET,
                  REDAN_GUARD_AS_POLICY);
    for (int again = 0; again < 5; again++) {
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            struct redan_guard_request r = world_request(w, rows[i].caller, rows[i].body);
            struct redan_bytes text = {0};

            r.path = world_bytes("/redan/admit");
            assert_int_equal(redan_guard_admit(w->guard, &r, &text), REDAN_GUARD_OK);
            if (text.size < strlen(rows[i].answer) ||
                memcmp(text.at, rows[i].answer, strlen(rows[i].answer)) != 0)
                fail_msg("%.*s", (int)text.size, text.at);
        }
    }
    assert_int_equal(world_metric(w, "redan_guard_requests_total"), 0);
    assert_int_equal(world_metric(w, "redan_guard_rows_total"), 0);
    assert_int_equal(world_metric(w, "redan_guard_callers"), 0);
    assert_int_equal(
        world_metric(w, "redan_guard_rule_hits_total{rule=\"schema\",side=\"request\"}"), 0);
    assert_int_equal(world_metric(w, "redan_guard_records_trusted_total"), 5);
    assert_int_equal(world_metric(w, "redan_guard_records_quarantined_total"), 15);
}

static void test_misuse(void **state)
{
    struct world *w = *state;
    struct redan_guard *guard = NULL;
    struct redan_guard_call *call = NULL;
    struct redan_guard_verdict v;
    struct redan_guard_out out;
    struct redan_guard_facts facts;
    struct redan_bytes text;
    struct redan_guard_request r = world_request(w, "", "");
    _Alignas(64) static char small[64];

    assert_true(redan_guard_layout() == REDAN_GUARD_LAYOUT);
    assert_int_equal(redan_guard_share(NULL, 0, NULL), REDAN_GUARD_MISUSED);
    assert_int_equal(redan_guard_share(small, sizeof(small), NULL), REDAN_GUARD_MISUSED);
    assert_int_equal(redan_guard_open("x", REDAN_GUARD_AS_POLICY, small, sizeof(small), &guard),
                     REDAN_GUARD_MISUSED);
    assert_non_null(strstr(redan_guard_error(guard), "redan_guard_share"));
    assert_int_equal(redan_guard_call(guard, &r, &call, &v), REDAN_GUARD_MISUSED);
    assert_int_equal(v.action, REDAN_GUARD_REFUSE);
    assert_int_equal(v.status, 503);
    assert_null(call);
    assert_int_equal(redan_guard_tick(guard, NULL), REDAN_GUARD_MISUSED);
    assert_int_equal(redan_guard_admit(guard, &r, &text), REDAN_GUARD_MISUSED);
    assert_int_equal(redan_guard_metrics(guard).size, 0);
    redan_guard_facts(guard, &facts);
    assert_string_equal(facts.id, "");
    redan_guard_free(guard);
    redan_guard_free(NULL);
    redan_guard_call_end(NULL, 200, 0);
    assert_int_equal(redan_guard_answer_feed(NULL, (struct redan_bytes){0}, 1, &out),
                     REDAN_GUARD_MISUSED);
    assert_string_equal(redan_guard_error(NULL), "no guard");
    assert_int_equal(redan_guard_test(NULL, NULL, 0), REDAN_GUARD_MISUSED);
}

#define T(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_refusals),
        T(test_bodies_that_could_not_be_had),
        T(test_what_stands_beside),
        T(test_cells_of_another_kind),
        T(test_paths_that_pass),
        T(test_observe),
        T(test_actions),
        T(test_answers),
        T(test_answers_that_nobody_asks_about),
        T(test_features),
        T(test_admit),
        T(test_misuse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
