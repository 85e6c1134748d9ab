/* A guard that lives as long as the process, over the small profile, asked and answered with arbitrary bytes. */
#include "guard_round.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/json.h"
#include "guard/worker.h"
#include "io/file.h"
#include "unit/profile_fixture.h"

enum { MEMORY = 1 << 20 };

static const char policy[] =
    "schema: redan/guard/1\nid: fuzz\nprofile: {file: profile.json}\n"
    "request: {presets: [kserve-v1, oip-v2, mlflow, pointers], rows: 16, depth: 8, bytes: 65536, "
    "pointers: {path: /score, rows: \"/records/*/features\", scores: \"/results/*/score\"}}\n"
    "rules:\n"
    "  - {id: a, stage: schema, action: mark}\n"
    "  - {id: b, stage: out-of-distribution, alpha: 0.01, action: degrade, degrade: {decimals: "
    "1}}\n"
    "  - {id: c, stage: budget, rows: 1000000, per: 1m, action: refuse}\n"
    "  - {id: d, stage: caller, alpha: 0.01, action: refuse, on-error: open}\n"
    "  - {id: e, stage: burst, action: mark, on-error: flag}\n"
    "answers: {decimals: 2, top: 2, rules: [{id: f, check: fields, fields: [debug], action: mask}, "
    "{id: g, check: range, low: 0, high: 1, action: refuse}]}\n"
    "events: {to: /dev/null, features: store}\n";

static const struct {
    const char *path, *type;
} ways[] = {
    {"/v1/models/m:predict", "application/json"},
    {"/v2/models/m/infer", "application/json"},
    {"/invocations", "application/json"},
    {"/invocations", "text/csv"},
    {"/score", "application/json"},
    {"/elsewhere", "application/json"},
};

static struct redan_worker *start(void)
{
    char folder[] = "/tmp/redan-fuzz-XXXXXX";
    char path[64];
    char profile[64];
    struct redan_ctx ctx;
    struct redan_slice text = {0};
    struct redan_worker *worker = NULL;
    bool kept = false;
    void *memory = aligned_alloc(64, MEMORY);

    redan_ctx_init(&ctx, NULL);
    if (!memory || !mkdtemp(folder))
        abort();
    memset(memory, 0, MEMORY);
    (void)snprintf(path, sizeof(path), "%s/policy.yaml", folder);
    (void)snprintf(profile, sizeof(profile), "%s/profile.json", folder);
    if (fixture_profile_text(&ctx, &text) != REDAN_OK ||
        redan_file_replace(&ctx, redan_slice_of(profile), 0600, text) != REDAN_OK ||
        redan_file_replace(&ctx, redan_slice_of(path), 0600, redan_slice_of(policy)) != REDAN_OK ||
        redan_region_format(&ctx, memory, MEMORY, &kept) != REDAN_OK ||
        redan_worker_open(redan_slice_of(path), REDAN_WORKER_AS_POLICY,
                          redan_region_of(memory, MEMORY), &worker) != REDAN_OK) {
        (void)fprintf(stderr, "%s\n", worker ? redan_worker_error(worker) : ctx.failure.text);
        abort();
    }
    redan_ctx_done(&ctx);
    (void)unlink(path);
    (void)unlink(profile);
    (void)rmdir(folder);
    return worker;
}

static void check_json(struct redan_slice text)
{
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done) = {0};
    const struct redan_node *root = NULL;

    redan_ctx_init(&ctx, NULL);
    if (redan_json_parse(&ctx, text, &root) != REDAN_OK)
        abort();
}

static void check_verdict(const struct redan_call_verdict *v)
{
    if (v->rule.at[v->rule.len] || v->reason.at[v->reason.len] || v->mark.at[v->mark.len])
        abort();
    if (v->action != v->judged || v->passed_by)
        abort();
    if (v->action != REDAN_ACTION_REFUSE)
        return;
    if (v->status < 400 || v->status > 503 || v->reason.len == 0)
        abort();
    check_json(v->body);
}

static void answer(struct redan_call *call, uint8_t how, struct redan_slice body)
{
    struct redan_answer_piece out = {0};
    size_t step = (how & 0x40) ? 7 : body.len + 1;

    if (redan_call_answer(call, 200, REDAN_S("application/json"), (struct redan_slice){0},
                          body.len) == REDAN_ANSWER_PASS)
        return;
    for (size_t at = 0; at <= body.len && !out.over; at += step)
        if (redan_call_feed(call, redan_slice_sub(body, at, step), at + step > body.len, &out) !=
            REDAN_OK)
            abort();
}

void guard_round(uint8_t how, struct redan_slice body)
{
    static struct redan_worker *worker;
    static uint64_t now = 1790000000000;
    const size_t way = how % (sizeof(ways) / sizeof(ways[0]));
    struct redan_call *call = NULL;
    struct redan_call_verdict v;
    struct redan_slice text = {0};

    if (!worker)
        worker = start();
    now += 1000;
    const struct redan_call_request request = {
        .method = REDAN_S("POST"),
        .path = redan_slice_of(ways[way].path),
        .content_type = redan_slice_of(ways[way].type),
        .identity = (how & 0x10) ? REDAN_S("ada") : REDAN_S("bob"),
        .body = body,
        .time_ms = now,
    };
    if (how & 0x20) {
        if (redan_worker_admit(worker, &request, &text) != REDAN_OK)
            abort();
        check_json(text);
        return;
    }
    if (redan_call_begin(worker, &request, &call, &v) != REDAN_OK)
        abort();
    check_verdict(&v);
    answer(call, how, body);
    redan_call_end(call, v.status ? v.status : 200, now);
}
