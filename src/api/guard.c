/* The exported symbols of the guard: a thin face over the room. */
#include "redan/guard.h"

#include <stdio.h>

#include "guard/edition.h"
#include "guard/worker.h"

struct redan_guard {
    struct redan_worker *worker; /* NULL: memory was refused */
    char why[256];
};

static const struct redan_mem handle_memory = {.max = sizeof(struct redan_guard)};

static struct redan_slice slice_of(struct redan_bytes bytes)
{
    return (struct redan_slice){bytes.size ? bytes.at : "", bytes.size};
}

static struct redan_bytes bytes_of(struct redan_slice slice)
{
    return (struct redan_bytes){slice.len ? slice.at : "", slice.len};
}

static struct redan_call *call_of(struct redan_guard_call *call)
{
    return (struct redan_call *)(void *)call;
}

static enum redan_guard_answer answer_of(enum redan_status status)
{
    return status == REDAN_OK         ? REDAN_GUARD_OK
           : status == REDAN_E_USAGE  ? REDAN_GUARD_MISUSED
           : status == REDAN_E_MEMORY ? REDAN_GUARD_UNDONE
                                      : REDAN_GUARD_REFUSED;
}

enum redan_guard_answer redan_guard_share(void *memory, size_t size, int *kept)
{
    struct redan_ctx REDAN_DEFER(redan_ctx_done) ctx = {0};
    bool was = false;

    if (!memory)
        return REDAN_GUARD_MISUSED;
    redan_ctx_init(&ctx, NULL);
    enum redan_guard_answer answer = answer_of(redan_region_format(&ctx, memory, size, &was));
    if (answer == REDAN_GUARD_OK && kept)
        *kept = was;
    return answer;
}

size_t redan_guard_layout(void)
{
    return REDAN_GUARD_LAYOUT;
}

enum redan_guard_answer redan_guard_test(const char *policy, char *text, size_t size)
{
    struct redan_ctx REDAN_DEFER(redan_ctx_done) ctx = {0};
    struct redan_problems problems;
    struct redan_edition *edition = NULL;

    if (!policy || (!text && size))
        return REDAN_GUARD_MISUSED;
    redan_ctx_init(&ctx, NULL);
    redan_problems_init(&problems, &ctx, redan_slice_of(policy));
    enum redan_status status = redan_edition_open(&problems, redan_slice_of(policy), &edition);
    if (size)
        text[0] = '\0';
    if (status != REDAN_OK && problems.count)
        redan_problems_say(&problems, text, size);
    else if (status != REDAN_OK && size)
        (void)snprintf(text, size, "%s: %s", policy, ctx.failure.text);
    redan_edition_release(edition);
    return answer_of(status);
}

enum redan_guard_answer redan_guard_open(const char *policy, enum redan_guard_mode mode,
                                         void *memory, size_t size, struct redan_guard **guard)
{
    struct redan_mem handle = handle_memory;
    struct redan_region *region = memory ? redan_region_of(memory, size) : NULL;

    if (!guard)
        return REDAN_GUARD_MISUSED;
    *guard = NULL;
    struct redan_guard *g = redan_mem_take(&handle, sizeof(*g));
    if (!g)
        return REDAN_GUARD_UNDONE;
    *g = (struct redan_guard){.worker = NULL};
    *guard = g;
    if (!policy || !region || mode > REDAN_GUARD_ENFORCE) {
        (void)snprintf(g->why, sizeof(g->why), "%s",
                       !policy   ? "no policy was named"
                       : !region ? "the memory was not prepared by redan_guard_share"
                                 : "there is no such mode");
        return REDAN_GUARD_MISUSED;
    }
    enum redan_status status =
        redan_worker_open(redan_slice_of(policy), (enum redan_worker_mode)mode, region, &g->worker);
    if (!g->worker)
        (void)snprintf(g->why, sizeof(g->why), "no memory for a guard");
    return answer_of(status);
}

void redan_guard_free(struct redan_guard *guard)
{
    struct redan_mem handle = handle_memory;

    if (!guard)
        return;
    redan_worker_free(guard->worker);
    handle.used = sizeof(*guard);
    redan_mem_give(&handle, guard, sizeof(*guard));
}

const char *redan_guard_error(const struct redan_guard *guard)
{
    if (!guard)
        return "no guard";
    return guard->worker ? redan_worker_error(guard->worker) : guard->why;
}

enum redan_guard_answer redan_guard_tick(struct redan_guard *guard, int *changed)
{
    bool did = false;

    if (changed)
        *changed = 0;
    if (!guard || !guard->worker)
        return REDAN_GUARD_MISUSED;
    enum redan_status status = redan_worker_tick(guard->worker, &did);
    if (changed)
        *changed = did;
    return answer_of(status);
}

void redan_guard_facts(const struct redan_guard *guard, struct redan_guard_facts *facts)
{
    const struct redan_edition *e =
        guard && guard->worker ? redan_worker_edition(guard->worker) : NULL;

    *facts = (struct redan_guard_facts){.id = "", .policy = "", .profile = "", .warning = ""};
    if (!e)
        return;
    *facts = (struct redan_guard_facts){
        .id = e->id,
        .policy = e->policy_text.at,
        .profile = e->profile_text.at,
        .generation = redan_worker_generation(guard->worker),
        .enforce = redan_worker_enforces(guard->worker),
        .request_bytes = e->policy.bytes,
        .response_bytes = e->policy.answers.bytes,
        .warning = redan_worker_warning(guard->worker),
    };
}

struct redan_bytes redan_guard_metrics(struct redan_guard *guard)
{
    if (!guard || !guard->worker)
        return (struct redan_bytes){"", 0};
    return bytes_of(redan_worker_metrics(guard->worker));
}

static struct redan_call_request request_of(const struct redan_guard_request *r)
{
    return (struct redan_call_request){
        .method = slice_of(r->method),
        .path = slice_of(r->path),
        .content_type = slice_of(r->content_type),
        .encoding = slice_of(r->encoding),
        .identity = slice_of(r->identity),
        .address = slice_of(r->address),
        .id = slice_of(r->id),
        .body = slice_of(r->body),
        .time_ms = r->time_ms,
        .body_missing = r->body_missing != 0,
        .query = slice_of(r->query),
        .json_length = r->json_length != 0,
    };
}

static void tell(const struct redan_call_verdict *from, struct redan_guard_verdict *to)
{
    *to = (struct redan_guard_verdict){
        .action = (enum redan_guard_action)from->action,
        .judged = (enum redan_guard_action)from->judged,
        .passed_by = from->passed_by,
        .status = from->status,
        .retry_after = from->retry_after,
        .delay_ms = from->delay_ms,
        .rule = from->rule.at,
        .reason = from->reason.at,
        .body = bytes_of(from->body),
        .mark = from->mark.at,
        .caller = from->caller.at,
    };
}

enum redan_guard_answer redan_guard_call(struct redan_guard *guard,
                                         const struct redan_guard_request *request,
                                         struct redan_guard_call **call,
                                         struct redan_guard_verdict *verdict)
{
    struct redan_call *begun = NULL;
    struct redan_call_verdict found;

    if (call)
        *call = NULL;
    if (verdict)
        *verdict = (struct redan_guard_verdict){.action = REDAN_GUARD_REFUSE,
                                                .judged = REDAN_GUARD_REFUSE,
                                                .status = 503,
                                                .rule = "",
                                                .reason = "the request could not be judged",
                                                .body = {"", 0},
                                                .mark = "",
                                                .caller = ""};
    if (!guard || !guard->worker || !request || !call || !verdict)
        return REDAN_GUARD_MISUSED;
    const struct redan_call_request asked = request_of(request);
    enum redan_status status = redan_call_begin(guard->worker, &asked, &begun, &found);
    tell(&found, verdict);
    *call = (struct redan_guard_call *)(void *)begun;
    return answer_of(status);
}

enum redan_guard_plan redan_guard_answer_begin(struct redan_guard_call *call,
                                               const struct redan_guard_head *head)
{
    static const enum redan_guard_plan plans[] = {[REDAN_ANSWER_PASS] = REDAN_GUARD_PASS,
                                                  [REDAN_ANSWER_WHOLE] = REDAN_GUARD_WHOLE,
                                                  [REDAN_ANSWER_STREAM] = REDAN_GUARD_STREAM};

    if (!call || !head)
        return REDAN_GUARD_PASS;
    return plans[redan_call_answer(call_of(call), head->status, slice_of(head->content_type),
                                   slice_of(head->encoding), head->length)];
}

int redan_guard_answer_header(const struct redan_guard_call *call, struct redan_bytes name,
                              struct redan_bytes value)
{
    return !call || redan_call_answer_header((const struct redan_call *)call, slice_of(name),
                                             slice_of(value));
}

enum redan_guard_answer redan_guard_answer_feed(struct redan_guard_call *call,
                                                struct redan_bytes piece, int last,
                                                struct redan_guard_out *out)
{
    struct redan_answer_piece found;

    if (!out)
        return REDAN_GUARD_MISUSED;
    *out = (struct redan_guard_out){.bytes = {"", 0}};
    if (!call)
        return REDAN_GUARD_MISUSED;
    enum redan_status status = redan_call_feed(call_of(call), slice_of(piece), last != 0, &found);
    *out = (struct redan_guard_out){.bytes = bytes_of(found.bytes),
                                    .status = found.status,
                                    .content_type = found.status ? "application/json" : NULL,
                                    .over = found.over};
    return answer_of(status);
}

void redan_guard_call_end(struct redan_guard_call *call, unsigned status,
                          unsigned long long time_ms)
{
    redan_call_end(call_of(call), status, time_ms);
}

enum redan_guard_answer redan_guard_admit(struct redan_guard *guard,
                                          const struct redan_guard_request *request,
                                          struct redan_bytes *answer)
{
    struct redan_slice text = {"", 0};

    if (!guard || !guard->worker || !request || !answer)
        return REDAN_GUARD_MISUSED;
    const struct redan_call_request asked = request_of(request);
    enum redan_status status = redan_worker_admit(guard->worker, &asked, &text);
    *answer = bytes_of(text);
    return answer_of(status);
}
