/* The life of a call: taken from a pool, judged, answered, told, given back. */
#include "guard/call.h"

#include <time.h>

#include "codec/json.h"

enum { MEMORY_BASE = 8 << 20, PER_BYTE = 64, PER_ANSWER_BYTE = 8, FIRST_EVENT = 4096 };

static const char *const undone = "{\"error\":\"the request could not be judged\"}";

static uint64_t clock_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static struct redan_call *call_new(struct redan_worker *worker)
{
    struct redan_call *call = redan_mem_take(&worker->ctx.mem, sizeof(*call));

    if (!call)
        return NULL;
    *call = (struct redan_call){.worker = worker};
    redan_ctx_beside(&call->ctx, &worker->ctx);
    call->ctx.mem.fail_at = 0;
    if (!redan_arena_room(&call->ctx.arena, 0)) {
        redan_mem_give(&worker->ctx.mem, call, sizeof(*call));
        return NULL;
    }
    call->mark = redan_arena_mark(&call->ctx.arena);
    return call;
}

struct redan_call *redan_call_take(struct redan_worker *worker,
                                   const struct redan_call_request *request)
{
    struct redan_call *call = worker->spare;

    if (call) {
        worker->spare = call->next;
        worker->spare_count--;
    } else {
        call = call_new(worker);
    }
    if (!call)
        return NULL;
    call->next = worker->used;
    call->before = NULL;
    if (worker->used)
        worker->used->before = call;
    worker->used = call;

    struct redan_ctx *ctx = &call->ctx;
    call->edition = worker->edition ? redan_edition_hold(worker->edition) : NULL;
    ctx->now = (int64_t)(request->time_ms / 1000);
    ctx->mem.calls = 0;
    ctx->mem.fail_at = worker->ctx.mem.fail_at;
    if (call->edition) {
        const struct redan_policy *policy = &call->edition->policy;
        ctx->limits.json =
            policy->bytes > policy->answers.bytes ? policy->bytes : policy->answers.bytes;
        ctx->limits.depth = policy->depth;
        ctx->mem.max =
            MEMORY_BASE + policy->bytes * PER_BYTE + policy->answers.bytes * PER_ANSWER_BYTE;
    }
    return call;
}

void redan_call_drop(struct redan_call *call)
{
    struct redan_worker *worker = call->worker;

    redan_ctx_done(&call->ctx);
    redan_mem_give(&worker->ctx.mem, call, sizeof(*call));
}

void redan_call_give(struct redan_call *call)
{
    struct redan_worker *worker = call->worker;

    if (call->before)
        call->before->next = call->next;
    else
        worker->used = call->next;
    if (call->next)
        call->next->before = call->before;
    redan_answering_done(call->answering);
    redan_edition_release(call->edition);
    if (worker->spare_count == REDAN_CALLS_KEPT) {
        redan_call_drop(call);
        return;
    }
    redan_arena_reset(&call->ctx.arena, call->mark);
    if (call->ctx.failure.status != REDAN_OK)
        redan_fail_clear(&call->ctx);
    call->edition = NULL;
    call->answering = NULL;
    call->begun = call->passed_by = call->decoded = call->unanswered = false;
    call->asked = (struct redan_asked){0};
    call->judged = (struct redan_judged){0};
    call->id = call->path = call->address = call->model = call->version = (struct redan_slice){0};
    call->next = worker->spare;
    worker->spare = call;
    worker->spare_count++;
}

static struct redan_slice rule_of(const struct redan_call *call)
{
    return call->judged.rule ? call->judged.rule->id : (struct redan_slice){"", 0};
}

static enum redan_status keep_text(struct redan_call *call, const struct redan_buf *from,
                                   struct redan_slice *text)
{
    REDAN_TRY(redan_buf_ok(&call->ctx, from, "a text"));
    return redan_copy(&call->ctx, redan_buf_view(from), text);
}

/* {"error": ..., "rule": ..., "id": ...} */
static enum redan_status write_refusal(struct redan_call *call, struct redan_slice *body)
{
    struct redan_buf *out = &call->worker->scratch;
    struct redan_slice rule = rule_of(call);
    struct redan_slice id = call->id.len ? call->id : call->asked.request.id;

    redan_buf_clear(out);
    redan_buf_text(out, "{\"error\":");
    redan_event_text(out, call->judged.reason);
    if (rule.len) {
        redan_buf_text(out, ",\"rule\":");
        redan_event_text(out, rule);
    }
    if (id.len) {
        redan_buf_text(out, ",\"id\":");
        redan_event_text(out, id);
    }
    redan_buf_char(out, '}');
    return keep_text(call, out, body);
}

/* "mark; rules=novelty,burst": what the upstream may want to know. */
static enum redan_status write_mark(struct redan_call *call, struct redan_slice *mark)
{
    struct redan_buf *out = &call->worker->scratch;
    const char *between = "; rules=";

    redan_buf_clear(out);
    redan_buf_text(out, redan_action_words[call->action]);
    for (size_t i = 0; i < call->judged.finding_count; i++) {
        if (redan_slice_is(call->judged.findings[i].action, "allow"))
            continue;
        redan_buf_text(out, between);
        redan_buf_slice(out, call->judged.findings[i].rule);
        between = ",";
    }
    return keep_text(call, out, mark);
}

static void count_verdict(const struct redan_call *call)
{
    static const enum redan_counter counters[] = {
        [REDAN_ACTION_ALLOW] = REDAN_COUNT_ALLOWED,
        [REDAN_ACTION_MARK] = REDAN_COUNT_MARKED,
        [REDAN_ACTION_DEGRADE] = REDAN_COUNT_DEGRADED,
        [REDAN_ACTION_REFUSE] = REDAN_COUNT_REFUSED,
    };
    struct redan_region *region = call->worker->region;

    redan_region_count(region, REDAN_COUNT_REQUESTS, 1);
    redan_region_count(region, counters[call->action], 1);
    if (!call->enforce && call->judged.action == REDAN_ACTION_REFUSE)
        redan_region_count(region, REDAN_COUNT_WOULD_REFUSE, 1);
    redan_region_time(region, call->ns);
}

static enum redan_status write_verdict(struct redan_call *call, struct redan_call_verdict *verdict)
{
    const struct redan_slice none = {"", 0};
    struct redan_judged *judged = &call->judged;

    *verdict = (struct redan_call_verdict){
        .action = call->action,
        .judged = judged->action,
        .rule = none,
        .reason = none,
        .body = none,
        .mark = none,
        .caller = call->asked.caller.len ? call->asked.caller : none,
    };
    if (judged->action != REDAN_ACTION_ALLOW)
        REDAN_TRY(redan_copy(&call->ctx, rule_of(call), &verdict->rule));
    if (judged->action == REDAN_ACTION_REFUSE)
        REDAN_TRY(redan_copy(&call->ctx, judged->reason, &verdict->reason));
    if (call->action == REDAN_ACTION_REFUSE) {
        verdict->status = judged->status;
        verdict->retry_after = judged->retry_after;
        return write_refusal(call, &verdict->body);
    }
    if (call->action == REDAN_ACTION_DEGRADE)
        verdict->delay_ms = (unsigned)judged->shape.delay_ms;
    return call->action == REDAN_ACTION_ALLOW ? REDAN_OK : write_mark(call, &verdict->mark);
}

/* Nothing but constants: there may be no memory. */
static void refuse_undone(struct redan_call_verdict *verdict, struct redan_slice reason)
{
    const struct redan_slice none = {"", 0};

    *verdict = (struct redan_call_verdict){
        .action = REDAN_ACTION_REFUSE,
        .judged = REDAN_ACTION_REFUSE,
        .status = 503,
        .rule = none,
        .reason = reason,
        .body = redan_slice_of(undone),
        .mark = none,
        .caller = none,
    };
}

static void let_through(struct redan_call_verdict *verdict)
{
    verdict->action = REDAN_ACTION_ALLOW;
    verdict->status = 0;
    verdict->body = (struct redan_slice){"", 0};
}

/* Without a policy there is none that says observe. */
static bool observes(const struct redan_worker *worker, const struct redan_edition *edition)
{
    return worker->mode == REDAN_WORKER_OBSERVE ||
           (worker->mode == REDAN_WORKER_AS_POLICY && edition && !edition->policy.enforce);
}

/* Memory was refused on the way. In observe mode even that stops nobody. */
static void end_undone(struct redan_call *call, struct redan_call_verdict *verdict)
{
    redan_fail_clear(&call->ctx);
    redan_region_count(call->worker->region, REDAN_COUNT_ERRORS, 1);
    call->decoded = false;
    call->judged = (struct redan_judged){.action = REDAN_ACTION_REFUSE,
                                         .status = 503,
                                         .reason = REDAN_S("the request could not be judged"),
                                         .error = true};
    call->action = call->enforce ? REDAN_ACTION_REFUSE : REDAN_ACTION_ALLOW;
    refuse_undone(verdict, call->judged.reason);
    if (call->enforce)
        return;
    let_through(verdict);
}

/* A path that the policy lets by: nothing is judged, and no event is due. */
static void let_by(struct redan_call *call, struct redan_call_verdict *verdict)
{
    const struct redan_slice none = {"", 0};

    call->passed_by = true;
    call->action = REDAN_ACTION_ALLOW;
    redan_region_count(call->worker->region, REDAN_COUNT_PASSED_BY, 1);
    *verdict = (struct redan_call_verdict){.passed_by = true,
                                           .rule = none,
                                           .reason = none,
                                           .body = none,
                                           .mark = none,
                                           .caller = none};
}

/* Not even a call could be had. */
static void count_lost(const struct redan_worker *worker)
{
    bool through = observes(worker, worker->edition);

    redan_region_count(worker->region, REDAN_COUNT_ERRORS, 1);
    redan_region_count(worker->region, REDAN_COUNT_REQUESTS, 1);
    redan_region_count(worker->region, through ? REDAN_COUNT_ALLOWED : REDAN_COUNT_REFUSED, 1);
}

enum redan_status redan_call_begin(struct redan_worker *worker,
                                   const struct redan_call_request *request,
                                   struct redan_call **call, struct redan_call_verdict *verdict)
{
    uint64_t began = clock_ns();
    struct redan_call *c = redan_call_take(worker, request);

    if (!c) {
        count_lost(worker);
        refuse_undone(verdict, REDAN_S("the request could not be judged"));
        if (observes(worker, worker->edition))
            let_through(verdict);
        return REDAN_E_MEMORY;
    }
    c->enforce = !observes(worker, c->edition);
    c->asked.ctx = &c->ctx;
    c->asked.time_ms = request->time_ms;
    c->bytes = request->body.len;
    *call = c;
    if (c->edition && redan_call_passes(c, request)) {
        let_by(c, verdict);
        return REDAN_OK;
    }
    c->begun = c->edition != NULL;
    enum redan_status status = REDAN_OK;
    if (c->edition)
        status = redan_call_judge(c, request);
    else
        c->judged = (struct redan_judged){.action = REDAN_ACTION_REFUSE,
                                          .status = 503,
                                          .reason = REDAN_S("no policy is in force"),
                                          .error = true};
    c->action = c->enforce ? c->judged.action : REDAN_ACTION_ALLOW;
    if (status == REDAN_OK)
        status = write_verdict(c, verdict);
    if (status != REDAN_OK)
        end_undone(c, verdict);
    c->ns = clock_ns() - began;
    count_verdict(c);
    return REDAN_OK;
}

/* No rule, no shape, no event and no stage wants to know what is in the answer. */
static bool nobody_asks(const struct redan_call *call, const struct redan_policy_shape *shape)
{
    return call->edition->policy.answers.rule_count == 0 && !call->edition->learns &&
           !call->worker->sink && !shape->labels && shape->top == 0 &&
           shape->decimals >= REDAN_DECIMALS_ALL;
}

enum redan_answer_way redan_call_answer(struct redan_call *call, unsigned status,
                                        struct redan_slice content_type,
                                        struct redan_slice encoding, uint64_t length)
{
    struct redan_policy_shape shape;

    if (call->passed_by || call->action == REDAN_ACTION_REFUSE || !call->edition ||
        !call->decoded || call->answering)
        return REDAN_ANSWER_PASS;
    call->ctx.limits.depth = redan_limits_default.depth; /* the request's is not the answer's */
    shape = call->edition->policy.answers.shape;
    if (call->judged.action == REDAN_ACTION_DEGRADE)
        redan_shape_coarser(&shape, &call->judged.shape);
    const struct redan_answer_wanted wanted = {
        .policy = &call->edition->policy.answers,
        .preset = call->asked.preset,
        .pointers = call->edition->policy.pointers,
        .rows = call->asked.request.rows,
        .id = call->id,
        .shape = shape,
        .enforce = call->enforce,
    };
    redan_region_count(call->worker->region, REDAN_COUNT_ANSWERS, 1);
    if (nobody_asks(call, &shape))
        return REDAN_ANSWER_PASS;
    if (redan_answering_new(&call->ctx, &wanted, &call->answering) == REDAN_OK)
        return redan_answering_begin(call->answering, status, content_type, encoding, length);
    redan_fail_clear(&call->ctx);
    call->answering = NULL;
    redan_region_count(call->worker->region, REDAN_COUNT_ERRORS, 1);
    call->unanswered = call->enforce;
    return call->enforce ? REDAN_ANSWER_WHOLE : REDAN_ANSWER_PASS;
}

bool redan_call_answer_header(const struct redan_call *call, struct redan_slice name,
                              struct redan_slice value)
{
    return !call->answering || redan_answering_header(call->answering, name, value);
}

enum redan_status redan_call_feed(struct redan_call *call, struct redan_slice piece, bool last,
                                  struct redan_answer_piece *out)
{
    *out = (struct redan_answer_piece){.bytes = {"", 0}};
    if (call->answering) {
        enum redan_status status = redan_answering_feed(call->answering, piece, last, out);
        if (status == REDAN_OK)
            return status;
        redan_fail_clear(&call->ctx);
        redan_region_count(call->worker->region, REDAN_COUNT_ERRORS, 1);
        *out = (struct redan_answer_piece){.bytes = {"", 0}, .over = true};
        call->unanswered = call->enforce;
        return status;
    }
    if (!call->unanswered) {
        out->bytes = piece;
        return REDAN_OK;
    }
    if (last)
        *out = (struct redan_answer_piece){
            .bytes = REDAN_S("{\"error\":\"the answer could not be judged\"}"), .status = 503};
    return REDAN_OK;
}

void redan_call_end(struct redan_call *call, unsigned status, uint64_t time_ms REDAN_UNUSED)
{
    if (!call)
        return;
    if (call->begun)
        redan_call_tell(call, status);
    redan_call_give(call);
}
