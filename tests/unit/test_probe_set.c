/* A probe set made for a policy holds against that very policy, opened as a worker opens it: what is due is what the stages say; and the statement reads back as it was written. */
#include "guard_fixture.h"

#include "codec/json.h"
#include "guard/call.h"
#include "guard/probes.h"
#include "profile_fixture.h"

#define RULES                                                                  \
    "identity: {kind: plain, required: true}\n"                                \
    "callers:\n  - {class: probes, match: \"probe-*\"}\n"                      \
    "rules:\n"                                                                 \
    "  - {id: schema, stage: schema, action: refuse}\n"                        \
    "  - {id: novelty, stage: out-of-distribution, alpha: 0.01, action: %s}\n" \
    "  - {id: budget, stage: budget, rows: 20, per: 1h, action: refuse}\n"     \
    "answers: {answers: labels}\n"

static const struct redan_probes_wanted usual = {.caller = {"probe-{n}", 9},
                                                 .seed = 7,
                                                 .honest = 30,
                                                 .strange = 10,
                                                 .search = 20,
                                                 .budget = 1000};

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

static void policy_with(struct world *w, const char *novelty)
{
    char text[4096];

    (void)snprintf(text, sizeof(text), WORLD_HEAD RULES, novelty);
    world_policy(w, text);
}

static void make(struct world *w, struct redan_ctx *ctx, struct redan_probe_set *set,
                 struct redan_texts *notes, struct redan_edition **edition)
{
    struct redan_problems problems;

    redan_problems_init(&problems, ctx, REDAN_S("policy.yaml"));
    assert_ok(redan_edition_open(&problems, scratch_slice(&w->folder, "policy.yaml"), edition));
    assert_int_equal(problems.count, 0);
    enum redan_status status = redan_probes_make(ctx, *edition, &usual, set, notes);
    if (status != REDAN_OK)
        fail_msg("%s", ctx->failure.text);
}

static size_t count_of(const struct redan_probe_set *set, int of)
{
    const struct redan_probe_item *items = set->items.items;
    size_t count = 0;

    for (size_t i = 0; i < set->items.count; i++)
        count += items[i].of == of;
    return count;
}

static struct redan_call_request request_of(struct redan_ctx *ctx, const char *round,
                                            const struct redan_probe_item *item)
{
    struct redan_slice caller = {0};
    struct redan_slice body = item->body;

    if (item->caller)
        assert_ok(
            redan_format(ctx, &caller, "probe-%s-%llu", round, (unsigned long long)item->caller));
    if (item->pad) {
        struct redan_buf out;
        redan_buf_init(&out, ctx, 1 << 20);
        redan_buf_slice(&out, item->body);
        redan_buf_repeat(&out, ' ', (size_t)item->pad);
        assert_ok(redan_copy(ctx, redan_buf_view(&out), &body));
        redan_buf_done(&out);
    }
    return (struct redan_call_request){.method = REDAN_S("POST"),
                                       .path = item->path,
                                       .content_type = item->media,
                                       .encoding = item->encoding,
                                       .identity = caller,
                                       .id = REDAN_S("r"),
                                       .body = body,
                                       .time_ms = (uint64_t)WORLD_NOW * 1000};
}

/* The set is sent to a worker with the policy it was made for. */
static void holds(struct world *w, const char *novelty, enum redan_probe_due strange)
{
    struct redan_probe_set set;
    struct redan_texts notes = {0};
    struct redan_edition *edition = NULL;
    struct redan_worker *worker = NULL;
    struct redan_ctx ctx;
    bool stopped = false;

    policy_with(w, novelty);
    redan_ctx_init(&ctx, NULL);
    make(w, &ctx, &set, &notes, &edition);
    assert_ok(redan_worker_open(scratch_slice(&w->folder, "policy.yaml"), REDAN_WORKER_ENFORCE,
                                redan_region_of(w->memory, WORLD_MEMORY), &worker));
    const struct redan_probe_item *items = set.items.items;
    for (size_t i = 0; i < set.items.count; i++) {
        struct redan_call_request request = request_of(&ctx, novelty, &items[i]);
        struct redan_call *call = NULL;
        struct redan_call_verdict v;
        assert_ok(redan_call_begin(worker, &request, &call, &v));
        bool refused = v.action == REDAN_ACTION_REFUSE;
        if (items[i].of == REDAN_PROBING_STRANGE)
            assert_int_equal(items[i].due, strange);
        if ((items[i].due == REDAN_DUE_REFUSED && !refused) ||
            (items[i].due == REDAN_DUE_ANSWERED && refused) ||
            (items[i].due == REDAN_DUE_MARKED && v.action != REDAN_ACTION_MARK))
            fail_msg("item %zu of class %s: %d (%.*s): %.*s", i, redan_probing_words[items[i].of],
                     (int)v.action, REDAN_FMT(v.reason), REDAN_FMT(items[i].body));
        stopped = stopped || (items[i].of == REDAN_PROBING_BUDGET && v.status == 429);
        redan_call_end(call, v.status ? v.status : 200, request.time_ms);
    }
    assert_true(stopped);
    assert_int_equal(count_of(&set, REDAN_PROBING_HONEST), usual.honest);
    assert_int_equal(count_of(&set, REDAN_PROBING_STRANGE), usual.strange);
    assert_true(count_of(&set, REDAN_PROBING_WRONG) >= 10);
    assert_true(count_of(&set, REDAN_PROBING_MALFORMED) >= 8);
    assert_int_equal(count_of(&set, REDAN_PROBING_OVERSIZED), 3);
    assert_int_equal(count_of(&set, REDAN_PROBING_NOBODY), 1);
    assert_int_equal(count_of(&set, REDAN_PROBING_SEARCH), 0); /* no such rule, and that is said */
    assert_int_equal(notes.count, 1);
    redan_worker_free(worker);
    redan_edition_release(edition);
    redan_ctx_done(&ctx);
    assert_int_equal(ctx.mem.used, 0);
}

static void test_holds(void **state)
{
    holds(*state, "refuse", REDAN_DUE_REFUSED);
    holds(*state, "mark", REDAN_DUE_MARKED);
}

static void statement_of(struct redan_ctx *ctx, struct redan_slice payload,
                         struct redan_statement *statement)
{
    assert_ok(redan_statement_parse(ctx, payload, statement));
}

static void test_round(void **state)
{
    struct redan_probe_set set;
    struct redan_probe_set back;
    struct redan_texts notes = {0};
    struct redan_edition *edition = NULL;
    struct redan_statement statement;
    struct redan_slice payload = {0};
    struct redan_slice again = {0};
    struct redan_ctx ctx;

    policy_with(*state, "refuse");
    redan_ctx_init(&ctx, NULL);
    make(*state, &ctx, &set, &notes, &edition);
    assert_ok(redan_probe_set_write(&ctx, &set, &payload));
    statement_of(&ctx, payload, &statement);
    assert_ok(redan_probe_set_read(&ctx, &statement, &back));
    assert_int_equal(back.items.count, set.items.count);
    assert_true(redan_digest_eq(&back.policy, &set.policy));
    assert_true(back.has_profile && redan_digest_eq(&back.profile, &set.profile));
    assert_true(back.labels);
    assert_ok(redan_probe_set_write(&ctx, &back, &again));
    assert_true(redan_slice_eq(payload, again));
    redan_edition_release(edition);
    make(*state, &ctx, &back, &notes, &edition); /* the same policy, profile and seed */
    assert_ok(redan_probe_set_write(&ctx, &back, &again));
    assert_true(redan_slice_eq(payload, again));
    redan_edition_release(edition);
    redan_ctx_done(&ctx);
}

static void test_refused(void **state)
{
    static const char head[] =
        "{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicateType\":\"%s\",\"subject\":[{"
        "\"name\":\"%s\",\"digest\":{\"sha256\":"
        "\"44c25c55a8c9c58a002e5d263c6128fe9de3a2ee1f45d25a032896b27798dd56\"}}],\"predicate\":{"
        "\"policy\":\"p\",\"caller\":\"c\",\"preset\":\"%s\",\"labels\":true,\"decimals\":0,"
        "\"probes\":[%s]}}";
    static const char type[] = REDAN_PREDICATE_PROBE_SET;
    static const char good[] = "{\"class\":\"malformed\",\"due\":\"refused\",\"path\":\"/a\"}";
    static const struct {
        const char *type, *subject, *preset, *probes, *why; /* NULL: it is read */
    } rows[] = {
        {type, "policy", "kserve-v1", good, NULL},
        {"https://redan.dev/guard/profile/v1", "policy", "kserve-v1", good, "is no probe set"},
        {type, "model", "kserve-v1", good, "is no probe set"},
        {type, "policy", "soap", good, "unknown preset"},
        {type, "policy", "kserve-v1", "", "0 requests"},
        {type, "policy", "kserve-v1",
         "{\"class\":\"kindness\",\"due\":\"refused\",\"path\":\"/a\"}", "kindness"},
        {type, "policy", "kserve-v1", "{\"class\":\"malformed\",\"path\":\"/a\"}", "due"},
        {type, "policy", "kserve-v1", "{\"class\":\"malformed\",\"due\":\"refused\"}", "path"},
        {type, "policy", "kserve-v1",
         "{\"class\":\"malformed\",\"due\":\"refused\",\"path\":\"http://elsewhere/\"}",
         "has no \"/\""},
        {type, "policy", "kserve-v1",
         "{\"class\":\"malformed\",\"due\":\"refused\",\"path\":\"/a\",\"pad\":1000000000000}",
         "too large"},
        {type, "policy", "kserve-v1",
         "{\"class\":\"malformed\",\"due\":\"refused\",\"path\":\"/a\",\"times\":100001}",
         "too often"},
        {type, "policy", "kserve-v1",
         "{\"class\":\"malformed\",\"due\":\"refused\",\"path\":\"/a\",\"url\":\"x\"}", "url"},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_statement statement;
        struct redan_probe_set set;
        struct redan_ctx ctx;
        char text[2048];
        (void)snprintf(text, sizeof(text), head, rows[i].type, rows[i].subject, rows[i].preset,
                       rows[i].probes);
        redan_ctx_init(&ctx, NULL);
        statement_of(&ctx, redan_slice_of(text), &statement);
        enum redan_status status = redan_probe_set_read(&ctx, &statement, &set);
        if (rows[i].why ? status == REDAN_OK || !strstr(ctx.failure.text, rows[i].why)
                        : status != REDAN_OK)
            fail_msg("row %zu: %s", i, ctx.failure.text);
        redan_ctx_done(&ctx);
        for (int64_t at = 1; at < 200; at++) { /* the n-th allocation fails */
            redan_ctx_init(&ctx, NULL);
            ctx.mem.fail_at = (uint64_t)at;
            status = redan_statement_parse(&ctx, redan_slice_of(text), &statement);
            if (status == REDAN_OK)
                status = redan_probe_set_read(&ctx, &statement, &set);
            bool ran_out = status == REDAN_E_MEMORY;
            redan_ctx_done(&ctx);
            assert_int_equal(ctx.mem.used, 0);
            if (!ran_out)
                break;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_holds, setup, teardown),
        cmocka_unit_test_setup_teardown(test_round, setup, teardown),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
