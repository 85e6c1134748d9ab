/* What a running guard says of itself, and what the answers to a probe set come to: rows of what was due and what came. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "codec/canonical.h"
#include "probe/probe_guard.h"

static const char metrics[] = "# HELP redan_guard_requests_total Requests that were judged.\n"
                              "redan_guard_requests_total 41\n"
                              "redan_guard_rule_hits_total{rule=\"novelty\",side=\"request\"} 7\n"
                              "redan_guard_rule_hits_total{rule=\"a \\\"}b\",side=\"request\"} 2\n"
                              "redan_guard_rule_hits_total{side=\"answer\",rule=\"range\"} 1\n"
                              "redan_guard_odd{rule=\"novelty\" 9\n"
                              "redan_guard_odd{rule=novelty} 9\n"
                              "redan_guard_odd nine\n"
                              "redan_guard_last 3";

static void test_metric(void **state)
{
    static const struct {
        const char *name, *label, *value;
        bool found;
        double sum;
    } rows[] = {
        {"redan_guard_requests_total", NULL, "", true, 41},
        {"redan_guard_rule_hits_total", "rule", "novelty", true, 7},
        {"redan_guard_rule_hits_total", "rule", "range", true, 1},
        {"redan_guard_rule_hits_total", "side", "request", true, 9},
        {"redan_guard_rule_hits_total", NULL, "", true, 10},
        {"redan_guard_rule_hits_total", "rule", "nove", false, 0},
        {"redan_guard_rule_hits", NULL, "", false, 0},
        {"redan_guard_odd", NULL, "", true, 9}, /* no braces that end, no quotes, no number */
        {"redan_guard_odd", "rule", "novelty", false, 0},
        {"redan_guard_last", NULL, "", true, 3},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        double sum = -1;
        bool found = redan_guard_metric(REDAN_S(metrics), rows[i].name, rows[i].label,
                                        redan_slice_of(rows[i].value), &sum);
        if (found != rows[i].found || sum < rows[i].sum || sum > rows[i].sum)
            fail_msg("row %zu: %d, %g", i, found, sum);
    }
}

#define NO "{\"error\":\"no\",\"rule\":\"r\",\"id\":\"1\"}"
#define UNREAD "{\"error\":\"no\",\"id\":\"1\"}"
#define LABEL "{\"predictions\":[0]}"
#define SCORE "{\"predictions\":[0.25]}"

struct sent {
    int of, due;
    uint64_t caller;
    unsigned status;
    const char *body;
    bool marked;
};

static void judge(struct redan_guarding *g, const struct sent *sent, struct redan_probe_item *item)
{
    struct redan_http_response response = {.status = sent->status,
                                           .body = redan_slice_of(sent->body)};

    *item = (struct redan_probe_item){.of = sent->of, .due = sent->due, .caller = sent->caller};
    redan_guarding_judge(g, item, &response, sent->marked);
}

static void test_judge(void **state)
{
    static const struct {
        struct sent sent;
        uint64_t bad, raw;
    } rows[] = {
        {{REDAN_PROBING_HONEST, REDAN_DUE_ANSWERED, 1, 200, LABEL, false}, 0, 0},
        {{REDAN_PROBING_HONEST, REDAN_DUE_ANSWERED, 1, 200, SCORE, false}, 0, 1},
        {{REDAN_PROBING_HONEST, REDAN_DUE_ANSWERED, 1, 200, "<html>", false}, 0, 1},
        {{REDAN_PROBING_HONEST, REDAN_DUE_ANSWERED, 1, 422, NO, false}, 1, 0},
        {{REDAN_PROBING_WRONG, REDAN_DUE_REFUSED, 1, 422, NO, false}, 0, 0},
        {{REDAN_PROBING_MALFORMED, REDAN_DUE_REFUSED, 1, 400, UNREAD, false}, 0, 0},
        /* what stands behind it refused: it was reached */
        {{REDAN_PROBING_UNKNOWN, REDAN_DUE_REFUSED, 1, 404, "{\"error\":\"no\"}", false}, 1, 0},
        {{REDAN_PROBING_UNKNOWN, REDAN_DUE_REFUSED, 1, 404, "", false}, 1, 0},
        {{REDAN_PROBING_UNKNOWN, REDAN_DUE_REFUSED, 1, 200, NO, false}, 1, 0},
        {{REDAN_PROBING_UNKNOWN, REDAN_DUE_REFUSED, 1, 302, NO, false}, 1, 0},
        {{REDAN_PROBING_STRANGE, REDAN_DUE_MARKED, 1, 200, LABEL, true}, 0, 0},
        {{REDAN_PROBING_STRANGE, REDAN_DUE_MARKED, 1, 200, LABEL, false}, 1, 0},
        {{REDAN_PROBING_RAW, REDAN_DUE_SHAPED, 1, 200, LABEL, false}, 0, 0},
        {{REDAN_PROBING_RAW, REDAN_DUE_SHAPED, 1, 422, NO, false}, 0, 0},
        {{REDAN_PROBING_RAW, REDAN_DUE_SHAPED, 1, 200, SCORE, false}, 1, 1},
        {{REDAN_PROBING_RAW, REDAN_DUE_SHAPED, 1, 500, "", false}, 1, 0},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_probe_item item;
        struct redan_ctx ctx;
        redan_ctx_init(&ctx, NULL);
        struct redan_guarding g = {
            .ctx = &ctx, .set.labels = true, .preset = redan_preset_find(REDAN_S("kserve-v1"))};
        judge(&g, &rows[i].sent, &item);
        if (g.bad[rows[i].sent.of] != rows[i].bad || g.raw != rows[i].raw ||
            g.tried[rows[i].sent.of] != 1)
            fail_msg("row %zu: %ju bad, %ju raw", i, (uintmax_t)g.bad[rows[i].sent.of],
                     (uintmax_t)g.raw);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

/* A run that is stopped, one that never is, and one that is refused for want of form alone. */
static void test_runs(void **state)
{
    enum { SEARCH = REDAN_PROBING_SEARCH, BUDGET = REDAN_PROBING_BUDGET, STOP = REDAN_DUE_STOPPED };
    static const struct sent sent[] = {
        {SEARCH, STOP, 1, 200, LABEL, false},  {SEARCH, STOP, 1, 200, LABEL, false},
        {SEARCH, STOP, 1, 403, NO, false},     {SEARCH, STOP, 1, 403, NO, false},
        {BUDGET, STOP, 2, 200, LABEL, false},  {BUDGET, STOP, 2, 200, LABEL, false},
        {BUDGET, STOP, 3, 400, UNREAD, false}, {BUDGET, STOP, 3, 404, "", false},
        {BUDGET, STOP, 4, 429, NO, false},
    };
    struct redan_probe_item items[REDAN_COUNT(sent)];
    struct redan_probed probed;
    struct redan_guard_seen seen = {.enforces = true};
    struct redan_buf out;
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    struct redan_guarding g = {
        .ctx = &ctx, .set.labels = true, .preset = redan_preset_find(REDAN_S("kserve-v1"))};
    for (size_t i = 0; i < REDAN_COUNT(sent); i++)
        judge(&g, &sent[i], &items[i]);
    assert_ok(redan_guarding_observe(&g, &seen, &probed));
    assert_int_equal(probed.n, REDAN_COUNT(sent));
    redan_buf_init(&out, &ctx, 1 << 16);
    assert_ok(redan_canonical_add(&ctx, &out, probed.observed));
    assert_string_equal(
        out.data,
        "{\"let_by\":2,\"mode\":\"enforce\",\"over_budget_let_by\":2,\"policy\":\"sha256:"
        "0000000000000000000000000000000000000000000000000000000000000000\",\"raw_score\":0,"
        "\"search_let_by\":0,\"search_stopped_at\":3,\"tried\":{\"over_budget\":3,\"search\":1}}");
    redan_buf_done(&out);
    redan_ctx_done(&ctx);
    assert_int_equal(ctx.mem.used, 0);
}

static void test_definitions(void **state)
{
    const struct redan_texts headers = {&(struct redan_slice){"X-Client: {caller}", 18}, 1};
    const struct redan_probe good = {.id = REDAN_S("g"),
                                     .kind = REDAN_S("guard"),
                                     .url = REDAN_S("http://127.0.0.1:1"),
                                     .metrics = REDAN_S("http://127.0.0.1:1/m"),
                                     .set = REDAN_S("set.json"),
                                     .by = REDAN_S("ml-eval"),
                                     .headers = headers};
    struct redan_probe rows[8];
    const char *const why[] = {"has no set",
                               "nobody is said",
                               "no metrics",
                               "no url",
                               "ends with a slash",
                               "other kinds",
                               "belong to probes of kind guard",
                               "url, set, by and headers"};

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++)
        rows[i] = good;
    rows[0].set = (struct redan_slice){0};
    rows[1].by = (struct redan_slice){0};
    rows[2].metrics = (struct redan_slice){0};
    rows[3].url = (struct redan_slice){0};
    rows[4].url = REDAN_S("http://127.0.0.1:1/");
    rows[5].body = REDAN_S("{}");
    rows[6].kind = REDAN_S("http");
    rows[7].kind = REDAN_S("guard-beat");
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_probed probed;
        struct redan_ctx ctx;
        redan_ctx_init(&ctx, NULL);
        enum redan_status status = redan_probe_run(&ctx, &rows[i], &probed);
        if (status != REDAN_E_SCHEMA || !strstr(ctx.failure.text, why[i]))
            fail_msg("row %zu: %s", i, ctx.failure.text);
        redan_ctx_done(&ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metric),
        cmocka_unit_test(test_judge),
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_definitions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
