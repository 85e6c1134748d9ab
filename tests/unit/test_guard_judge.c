/* Rules that cannot be applied do what their on-error says, wherever memory fails; the strongest action wins; two workers on one region agree. */
#include "guard_fixture.h"

#include "guard/call.h"
#include "profile_fixture.h"

enum { CHUNK_ROOM = 65536, STEP = 16 };

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    world_make(w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    world_drop(*state);
    free(*state);
    return 0;
}

static struct redan_worker *open_worker(struct world *w, const char *policy,
                                        enum redan_worker_mode mode)
{
    struct redan_worker *worker = NULL;

    world_policy(w, policy);
    enum redan_status status = redan_worker_open(scratch_slice(&w->folder, "policy.yaml"), mode,
                                                 redan_region_of(w->memory, WORLD_MEMORY), &worker);
    if (status != REDAN_OK)
        fail_msg("%s", redan_worker_error(worker));
    return worker;
}

static struct redan_call_request ask(const char *caller, const char *body)
{
    return (struct redan_call_request){
        .method = REDAN_S("POST"),
        .path = REDAN_S("/v1/models/fraud:predict"),
        .content_type = REDAN_S("application/json"),
        .identity = redan_slice_of(caller),
        .id = REDAN_S("r-1"),
        .body = redan_slice_of(body),
        .time_ms = (uint64_t)WORLD_NOW * 1000,
    };
}

/* What a call came to. */
struct came {
    enum redan_action action, judged;
    unsigned status;
};

static struct came run(struct redan_worker *worker, const struct redan_call_request *request)
{
    struct redan_call *call = NULL;
    struct redan_call_verdict v;
    enum redan_status status = redan_call_begin(worker, request, &call, &v);

    assert_true(status == REDAN_OK || (status == REDAN_E_MEMORY && !call));
    assert_non_null(v.rule.at);
    assert_non_null(v.reason.at);
    assert_non_null(v.mark.at);
    assert_non_null(v.caller.at);
    if (v.action == REDAN_ACTION_REFUSE)
        assert_true(v.body.len > 0 && v.status >= 400);
    redan_call_end(call, v.status ? v.status : 200, request->time_ms);
    return (struct came){v.action, v.judged, v.status};
}

static const struct {
    const char *stage, *body;
} stages[] = {
    {"stage: schema, action: mark", "{\"instances\":[[501,3,20,0,0.2,\"pos\"]]}"},
    {"stage: out-of-distribution, alpha: 0.01, action: mark",
     "{\"instances\":[" WORLD_STRANGE "]}"},
    {"stage: budget, rows: 1, per: 1h, action: mark",
     "{\"instances\":[" WORLD_ROW "," WORLD_ROW "]}"},
    {"stage: caller, alpha: 0.01, action: mark", WORLD_BODY},
    {"stage: burst, action: mark", WORLD_BODY},
};
static const struct {
    const char *word;
    enum redan_action action;
    unsigned status;
} ends[] = {{"closed", REDAN_ACTION_REFUSE, 503},
            {"open", REDAN_ACTION_ALLOW, 0},
            {"flag", REDAN_ACTION_MARK, 0}};

/* So many bytes are left in the arena, and no more are to be had; under AddressSanitizer, where each object is its own block, so many objects. */
static void leave(struct redan_ctx *ctx, size_t room)
{
    assert_non_null(redan_arena_room(&ctx->arena, STEP));
    const struct redan_arena_mark before = redan_arena_mark(&ctx->arena);
    assert_non_null(redan_arena_room(&ctx->arena, STEP));
    const struct redan_arena_mark mark = redan_arena_mark(&ctx->arena);

    if (mark.block != before.block) {
        ctx->mem.fail_at = ctx->mem.calls + 1 + room / STEP;
        return;
    }
    if (mark.used + room < CHUNK_ROOM)
        assert_non_null(redan_arena_room(&ctx->arena, CHUNK_ROOM - mark.used - room));
    ctx->mem.fail_at = ctx->mem.calls + 1;
}

static void decode(struct redan_ctx *ctx, const struct redan_edition *e, const char *body,
                   struct redan_asked *asked, struct redan_region *region)
{
    const struct redan_request_rules rules = {.names = e->names,
                                              .columns = e->profile.width,
                                              .rows = 8,
                                              .texts = true,
                                              .missing = true,
                                              .media = REDAN_S("application/json")};

    *asked = (struct redan_asked){.ctx = ctx,
                                  .region = region,
                                  .time_ms = (uint64_t)WORLD_NOW * 1000,
                                  .caller = REDAN_S("ada"),
                                  .caller_key = redan_region_key(region, REDAN_S("ada")),
                                  .preset = redan_preset_find(REDAN_S("kserve-v1"))};
    assert_ok(asked->preset->decode_request(ctx, redan_slice_of(body), &rules, &asked->request));
}

/* Memory that gives out at every place of every stage. */
static void test_on_error(void **state)
{
    struct world *w = *state;

    for (size_t s = 0; s < REDAN_COUNT(stages); s++) {
        for (size_t o = 0; o < REDAN_COUNT(ends); o++) {
            char policy[1024];
            size_t failed = 0;
            size_t done = 0;

            (void)snprintf(policy, sizeof(policy),
                           WORLD_HEAD "rules: [{id: r, %s, on-error: %s}]\n", stages[s].stage,
                           ends[o].word);
            struct redan_worker *worker = open_worker(w, policy, REDAN_WORKER_AS_POLICY);
            for (size_t room = 0; room < 8192 && done < 3; room += STEP) {
                struct redan_ctx ctx;
                struct redan_asked asked;
                struct redan_judged judged;

                redan_ctx_init(&ctx, NULL);
                decode(&ctx, worker->edition, stages[s].body, &asked, worker->region);
                leave(&ctx, room);
                enum redan_status status = redan_judge_rows(worker->edition, &asked, &judged);
                if (status != REDAN_OK) {
                    assert_int_equal(status, REDAN_E_MEMORY);
                } else if (judged.error) {
                    assert_int_equal(judged.action, ends[o].action);
                    assert_int_equal(judged.status, ends[o].status);
                    assert_int_equal(judged.finding_count, 1);
                    failed++;
                } else {
                    assert_in_range(judged.action, REDAN_ACTION_ALLOW, REDAN_ACTION_MARK);
                    done++;
                }
                assert_int_equal(ctx.failure.status, status);
                /* nobody's state stays locked */
                struct redan_region_entry *entry =
                    redan_region_find(worker->region, asked.caller_key);
                if (entry)
                    redan_region_unlock(worker->region, entry, false);
                redan_ctx_done(&ctx);
            }
            assert_int_equal(done, 3);
            /* a stage that needs no memory to be silent cannot fail for want of it */
            assert_true(failed > 0 || s == 4);
            redan_worker_free(worker);
        }
    }
}

/* Whole calls, the n-th allocation failing: refused with 503 or judged as otherwise; observed, never refused. */
static void test_calls_without_memory(void **state)
{
    static const char *const bodies[] = {WORLD_BODY, "{\"instances\":[" WORLD_STRANGE "]}",
                                         "{\"instances\":[[501,3,20,0,0.2,\"pos\"]]}", "{\"x\":1}"};
    const char *policy = WORLD_HEAD
        "rules:\n  - {id: a, stage: schema, action: refuse}\n"
        "  - {id: b, stage: out-of-distribution, alpha: 0.01, action: degrade, degrade: {top: 1}}\n"
        "  - {id: c, stage: caller, alpha: 0.01, action: refuse}\n"
        "  - {id: d, stage: burst, action: mark}\n"
        "events: {to: events.jsonl, features: store}\n";
    struct world *w = *state;

    for (int observe = 0; observe < 2; observe++) {
        for (size_t b = 0; b < REDAN_COUNT(bodies); b++) {
            const struct redan_call_request request = ask("ada", bodies[b]);
            bool whole = false;
            struct redan_worker *worker =
                open_worker(w, policy, observe ? REDAN_WORKER_OBSERVE : REDAN_WORKER_AS_POLICY);
            const struct came without = run(worker, &request);

            redan_worker_free(worker);
            for (uint64_t n = 1; n < 400 && !whole; n++) {
                worker =
                    open_worker(w, policy, observe ? REDAN_WORKER_OBSERVE : REDAN_WORKER_AS_POLICY);
                worker->ctx.mem.calls = 0;
                worker->ctx.mem.fail_at = n;
                const struct came came = run(worker, &request);
                if (observe)
                    assert_int_equal(came.action, REDAN_ACTION_ALLOW);
                else
                    assert_true(came.status == 503 ||
                                (came.action == without.action && came.status == without.status));
                whole =
                    worker->spare && worker->spare->ctx.mem.calls < n && worker->ctx.mem.calls < n;
                worker->ctx.mem.fail_at = 0;
                redan_worker_free(worker);
            }
            assert_true(whole);
        }
    }
}

static void test_editions_without_memory(void **state)
{
    struct world *w = *state;
    bool whole = false;

    scratch_text(&w->folder, "answer.json", "{\"type\":\"object\"}");
    world_policy(w, WORLD_HEAD
                 "rules: [{id: a, stage: caller, alpha: 0.01, action: refuse}]\nanswers: {rules: "
                 "[{id: f, check: schema, file: answer.json, action: refuse}]}\n");
    for (uint64_t n = 1; n < 3000 && !whole; n++) {
        struct redan_ctx ctx;
        struct redan_problems problems;
        struct redan_edition *edition = NULL;

        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = n;
        redan_problems_init(&problems, &ctx, REDAN_S("p"));
        enum redan_status status =
            redan_edition_open(&problems, scratch_slice(&w->folder, "policy.yaml"), &edition);
        if (status == REDAN_OK) {
            whole = true;
            redan_edition_release(edition);
        } else {
            assert_int_equal(status, REDAN_E_MEMORY);
            assert_null(edition);
        }
        redan_ctx_done(&ctx);
    }
    assert_true(whole);
}

/* What a policy names, and what is wrong with that. */
static void test_editions(void **state)
{
    static const struct {
        const char *policy, *says;
    } rows[] = {
        {"profile: {file: none.json}\n", "none.json"},
        {"profile: {file: answer.json}\n", "profile answer.json"},
        {"profile: {file: profile.json, key: key.pub}\n", "profile profile.json"},
        {"profile: {file: profile.json, digest: "
         "\"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}\n",
         "not the one that the policy names"},
        {"profile: {file: \"-\"}\n", "no file"},
        {"identity: {kind: api-key, keys: none.keys}\n", "none.keys"},
        {"events: {to: e.jsonl, features: hash, key: short.key}\n", "no secret"},
        {"answers: {rules: [{id: f, check: schema, file: none.json, action: refuse}]}\n",
         "none.json"},
        {"answers: {rules: [{id: f, check: schema, file: short.key, action: refuse}]}\n",
         "schema short.key"},
        {"answers: {rules: [{id: f, check: schema, schema: {kind: object}, action: refuse}]}\n",
         "kind"},
        {"profile: {file: profile.json}\nrules: [{id: r, stage: out-of-distribution, alpha: "
         "0.0001, action: mark}]\n",
         "nothing would ever be rejected"},
    };
    struct world *w = *state;

    scratch_text(&w->folder, "answer.json", "{\"type\":\"object\"}");
    scratch_text(&w->folder, "short.key", "secret");
    scratch_text(&w->folder, "key.pub",
                 "ssh-ed25519 "
                 "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl a@b\n");
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        struct redan_problems problems;
        struct redan_edition *edition = NULL;
        char policy[1024];

        (void)snprintf(policy, sizeof(policy),
                       "schema: redan/guard/1\nid: g\nrequest: {presets: [kserve-v1]}\n%s",
                       rows[i].policy);
        world_policy(w, policy);
        redan_ctx_init(&ctx, NULL);
        redan_problems_init(&problems, &ctx, REDAN_S("policy.yaml"));
        assert_int_equal(
            redan_edition_open(&problems, scratch_slice(&w->folder, "policy.yaml"), &edition),
            REDAN_E_SCHEMA);
        bool said = false;
        for (const struct redan_problem *p = problems.first; p; p = p->next)
            said = said || strstr(p->text.at, rows[i].says);
        if (!said)
            fail_msg("row %zu: \"%s\"", i, problems.first ? problems.first->text.at : "nothing");
        redan_ctx_done(&ctx);
    }
}

/* An uncalibrated class is watched, never accused: the policy opens, and says so. */
static void test_unarmed(void **state)
{
    struct world *w = *state;
    struct redan_worker *worker = open_worker(
        w,
        WORLD_HEAD "callers: [{class: m, match: \"m-*\"}]\n"
                   "rules: [{id: c, stage: caller, alpha: 0.01, action: refuse, class: m}]\n",
        REDAN_WORKER_AS_POLICY);
    const struct redan_call_request request = ask("m-1", WORLD_BODY);

    assert_non_null(strstr(redan_worker_warning(worker), "rule c is not armed for class m"));
    for (int i = 0; i < 500; i++)
        assert_int_equal(run(worker, &request).action, REDAN_ACTION_ALLOW);
    redan_worker_free(worker);
    worker = open_worker(w, WORLD_HEAD, REDAN_WORKER_AS_POLICY);
    assert_string_equal(redan_worker_warning(worker), "");
    redan_worker_free(worker);
}

/* The strongest wins, the first of equals; what degrades is the coarser of all. */
static void test_strongest(void **state)
{
    struct world *w = *state;
    struct redan_worker *worker = open_worker(
        w,
        WORLD_HEAD
        "callers: [{class: m, match: \"m-*\"}]\nrules:\n"
        "  - {id: a, stage: out-of-distribution, alpha: 0.02, action: degrade, degrade: {decimals: "
        "3, top: 2, delay: 10ms}}\n"
        "  - {id: b, stage: out-of-distribution, alpha: 0.02, action: degrade, degrade: {decimals: "
        "1, top: 5, delay: 2s}}\n"
        "  - {id: c, stage: out-of-distribution, alpha: 0.02, action: refuse, class: m}\n"
        "  - {id: d, stage: schema, action: refuse, class: m}\n"
        "  - {id: e, stage: out-of-distribution, alpha: 0.02, action: mark}\n",
        REDAN_WORKER_AS_POLICY);
    static const struct {
        const char *caller, *rule;
        enum redan_action action;
        size_t findings;
    } rows[] = {{"x-1", "a", REDAN_ACTION_DEGRADE, 3}, {"m-1", "c", REDAN_ACTION_REFUSE, 5}};

    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        const struct redan_call_request request =
            ask(rows[i].caller, "{\"instances\":[[501,30,30,1,1,\"web\"]]}");
        struct redan_call *call = NULL;
        struct redan_call_verdict v;

        assert_ok(redan_call_begin(worker, &request, &call, &v));
        assert_int_equal(v.action, rows[i].action);
        assert_slice(v.rule, rows[i].rule);
        assert_int_equal(call->judged.finding_count, rows[i].findings);
        assert_int_equal(call->judged.shape.decimals, 1);
        assert_int_equal(call->judged.shape.top, 2);
        assert_int_equal(call->judged.shape.delay_ms, 2000);
        redan_call_end(call, 200, request.time_ms);
    }
    redan_worker_free(worker);
}

/* Budgets, counters and the generation are one for all workers on a region; calls are pooled without growing. */
static void test_two_workers(void **state)
{
    struct world *w = *state;
    const char *policy = WORLD_HEAD "rules: [{id: b, stage: budget, requests: 10, per: 1h, action: "
                                    "refuse}]\n";
    struct redan_worker *one = open_worker(w, policy, REDAN_WORKER_AS_POLICY);
    struct redan_worker *two = open_worker(w, policy, REDAN_WORKER_AS_POLICY);
    const struct redan_call_request request = ask("ada", WORLD_BODY);
    size_t through = 0;

    assert_int_equal(redan_worker_generation(one), redan_worker_generation(two));
    for (int i = 0; i < 30; i++)
        through += run(i % 2 ? one : two, &request).action == REDAN_ACTION_ALLOW;
    assert_int_equal(through, 10);
    assert_int_equal(redan_region_counter(one->region, REDAN_COUNT_REQUESTS), 30);
    assert_int_equal(redan_region_counter(two->region, REDAN_COUNT_REFUSED), 20);
    assert_int_equal(one->spare_count, 1);

    /* many in flight at once: what is kept for later is bounded */
    enum { MANY = REDAN_CALLS_KEPT + 40 };
    struct redan_call *calls[MANY];
    struct redan_call_verdict v;
    for (size_t i = 0; i < MANY; i++)
        assert_ok(redan_call_begin(one, &request, &calls[i], &v));
    for (size_t i = 0; i < MANY; i++)
        redan_call_end(calls[i * 7 % MANY], 429, request.time_ms);
    assert_int_equal(one->spare_count, REDAN_CALLS_KEPT);
    assert_null(one->used);
    size_t used = one->ctx.mem.used;
    for (int i = 0; i < 1000; i++)
        (void)run(one, &request);
    assert_int_equal(one->ctx.mem.used, used);
    assert_ok(redan_call_begin(one, &request, &calls[0], &v));
    redan_worker_free(one); /* a call in flight goes with it */
    redan_worker_free(two);
}

/* A worker that did not see the files change hears of it through the region, and takes up only what is in force there. */
static void test_following(void **state)
{
    struct world *w = *state;
    struct redan_worker *one = open_worker(w, WORLD_HEAD, REDAN_WORKER_AS_POLICY);
    struct redan_worker *two = open_worker(w, WORLD_HEAD, REDAN_WORKER_AS_POLICY);
    const struct redan_digest other = {.bytes = {1}};
    bool changed = false;

    world_policy(w, WORLD_HEAD "mode: observe\n");
    assert_ok(redan_worker_tick(one, &changed));
    assert_true(changed);
    two->watches[two->watch].count = 0; /* blind */
    assert_ok(redan_worker_tick(two, &changed));
    assert_true(changed);
    assert_false(redan_worker_enforces(two));
    assert_int_equal(redan_worker_generation(one), 2);
    assert_int_equal(redan_worker_generation(two), 2);
    /* what is in force is not what the files say: nobody asked for that */
    assert_int_equal(redan_region_take_up(one->region, &other, &other), 3);
    for (int i = 0; i < 3; i++) {
        assert_ok(redan_worker_tick(two, &changed));
        assert_false(changed);
    }
    assert_int_equal(redan_region_generation(one->region), 3);
    assert_int_equal(redan_worker_generation(two), 2);
    redan_worker_free(one);
    redan_worker_free(two);
}

/* Events go where the policy in force says; one whose place cannot be had is left, and the old place stays. */
static void test_places_of_events(void **state)
{
    struct world *w = *state;
    struct redan_worker *worker =
        open_worker(w, WORLD_HEAD "events: {to: one.jsonl}\n", REDAN_WORKER_AS_POLICY);
    const struct redan_call_request request = ask("ada", WORLD_BODY);
    bool changed = false;

    (void)run(worker, &request);
    world_policy(w, WORLD_HEAD "events: {to: none/two.jsonl}\n");
    assert_int_not_equal(redan_worker_tick(worker, &changed), REDAN_OK);
    assert_non_null(strstr(redan_worker_error(worker), "events"));
    (void)run(worker, &request);
    world_policy(w, WORLD_HEAD "events: {to: two.jsonl}\n");
    assert_ok(redan_worker_tick(worker, &changed));
    assert_true(changed);
    (void)run(worker, &request);
    world_policy(w, WORLD_HEAD);
    assert_ok(redan_worker_tick(worker, &changed));
    (void)run(worker, &request);
    struct redan_region *region = worker->region;
    redan_worker_free(worker);
    for (int i = 0; i < 2; i++) {
        size_t lines = 0;
        for (const char *at = world_text(w, i ? "two.jsonl" : "one.jsonl"); *at; at++)
            lines += *at == '\n';
        assert_int_equal(lines, i ? 1 : 2);
    }
    assert_int_equal(redan_region_counter(region, REDAN_COUNT_EVENTS_DROPPED), 0);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_on_error),
        T(test_calls_without_memory),
        T(test_editions_without_memory),
        T(test_editions),
        T(test_unarmed),
        T(test_strongest),
        T(test_two_workers),
        T(test_following),
        T(test_places_of_events),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
