/* The guard of one worker: the policy that is in force, taken up when its files change, and what is said about it. */
#include <stdio.h>
#include <string.h>

#include "guard/call.h"
#include "io/file.h"

enum { END_MS = 1000, TURN_MS = 100, EVENT_MOST = 64 << 20, TEXT_MOST = 4 << 20 };

/* The handle itself is not part of what a context counts. */
static const struct redan_mem handle_memory = {.max = sizeof(struct redan_worker)};

void redan_problems_say(const struct redan_problems *problems, char *text, size_t size)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) out = {0};
    size_t shown = 0;

    redan_buf_init(&out, problems->ctx, 1 << 16);
    for (const struct redan_problem *p = problems->first; p && shown < 5; p = p->next, shown++) {
        redan_buf_printf(&out, "%s%.*s", shown ? "\n" : "", REDAN_FMT(p->file));
        if (p->line)
            redan_buf_printf(&out, ":%u:%u", p->line, p->column);
        redan_buf_printf(&out, ": %.*s", REDAN_FMT(p->text));
        if (p->fix.len)
            redan_buf_printf(&out, "; %.*s", REDAN_FMT(p->fix));
    }
    if (problems->count > shown && shown)
        redan_buf_printf(&out, "\nand %zu more", problems->count - shown);
    if (size)
        (void)snprintf(text, size, "%.*s", (int)redan_min_size(redan_buf_view(&out).len, size - 1),
                       out.len ? out.data : "");
}

static void say_warnings(struct redan_worker *worker)
{
    const struct redan_edition *e = worker->edition;
    size_t at = 0;

    worker->warning[0] = '\0';
    for (size_t i = 0; i < e->notes.count; i++) {
        struct redan_slice note = e->notes.items[i];
        size_t room = sizeof(worker->warning) - at;
        if (room < 2 || !e->notes.unarmed[i])
            continue;
        int n = snprintf(worker->warning + at, room, "%s%.*s", at ? "\n" : "", REDAN_FMT(note));
        at += n < 0 ? 0 : redan_min_size((size_t)n, room - 1);
    }
}

void redan_worker_count_events(struct redan_worker *worker)
{
    struct redan_worker_sink *place = &worker->places[worker->place];
    uint64_t written = 0;
    uint64_t dropped = 0;

    if (!worker->sink)
        return;
    redan_sink_counts(worker->sink, &written, &dropped);
    redan_region_count(worker->region, REDAN_COUNT_EVENTS, written - place->written);
    redan_region_count(worker->region, REDAN_COUNT_EVENTS_DROPPED, dropped - place->dropped);
    place->written = written;
    place->dropped = dropped;
}

static void close_sink(struct redan_worker *worker, unsigned ms)
{
    if (!worker->sink)
        return;
    redan_sink_free(worker->sink, ms);
    redan_ctx_done(&worker->places[worker->place].ctx);
    worker->sink = NULL;
}

/* The file or socket that a policy's events go to, from the policy's folder. */
static enum redan_status target_of(struct redan_ctx *ctx, const struct redan_policy *policy,
                                   struct redan_slice *target)
{
    struct redan_slice scheme = REDAN_S("unix:");
    struct redan_slice path = {0};

    *target = (struct redan_slice){0};
    if (!policy->events.len)
        return REDAN_OK;
    if (!redan_slice_starts(policy->events, scheme))
        return redan_path_join(ctx, policy->folder, policy->events, target);
    REDAN_TRY(redan_path_join(ctx, policy->folder,
                              redan_slice_sub(policy->events, scheme.len, SIZE_MAX), &path));
    return redan_format(ctx, target, "unix:%.*s", REDAN_FMT(path));
}

/* Another target, if it is another one: opened before the old one is closed. */
static enum redan_status turn_sink(struct redan_worker *worker, struct redan_ctx *ctx,
                                   const struct redan_policy *policy)
{
    struct redan_worker_sink *place = &worker->places[1 - worker->place];
    struct redan_slice target = {0};
    struct redan_sink *sink = NULL;

    REDAN_TRY(target_of(ctx, policy, &target));
    if (worker->sink && redan_slice_eq(worker->places[worker->place].target, target))
        return REDAN_OK;
    if (target.len) {
        *place = (struct redan_worker_sink){.written = 0};
        redan_ctx_beside(&place->ctx, &worker->ctx);
        enum redan_status status = redan_copy(&place->ctx, target, &place->target);
        if (status == REDAN_OK)
            status = redan_sink_new(&place->ctx, place->target, REDAN_SINK_ROOM, &sink);
        if (status != REDAN_OK) {
            status = redan_fail(ctx, status, 0, "events: %s", place->ctx.failure.text);
            redan_ctx_done(&place->ctx);
            return status;
        }
    }
    redan_worker_count_events(worker);
    close_sink(worker, TURN_MS);
    worker->sink = sink;
    worker->place = 1 - worker->place;
    return REDAN_OK;
}

/* What another worker put in force, and not something that nobody asked for. */
static bool in_force(const struct redan_worker *worker, const struct redan_edition *e)
{
    struct redan_digest policy;
    struct redan_digest profile;

    return redan_region_in_force(worker->region, &policy, &profile) &&
           redan_digest_eq(&policy, &e->policy.digest) &&
           redan_digest_eq(&profile, &e->profile_digest);
}

static void put_in_force(struct redan_worker *worker, struct redan_edition *next, bool *changed)
{
    struct redan_edition *old = worker->edition;
    uint64_t generation =
        redan_region_take_up(worker->region, &next->policy.digest, &next->profile_digest);

    *changed = !old || !redan_digest_eq(&old->policy.digest, &next->policy.digest) ||
               !redan_digest_eq(&old->profile_digest, &next->profile_digest);
    worker->error[0] = '\0';
    worker->edition = next;
    if (generation)
        worker->generation = generation;
    if (*changed)
        redan_region_count(worker->region, REDAN_COUNT_POLICIES_TAKEN, 1);
    redan_edition_release(old);
    say_warnings(worker);
}

/* Read the files and, when all of it can be had, put it in force. `followed`: only when another worker did. */
static enum redan_status attempt(struct redan_worker *worker, bool followed, bool *changed)
{
    struct redan_ctx REDAN_DEFER(redan_ctx_done) ctx;
    struct redan_problems problems;
    struct redan_edition *next = NULL;

    redan_ctx_init(&ctx, &worker->ctx.limits);
    ctx.mem.fail_at = worker->ctx.mem.fail_at;
    redan_problems_init(&problems, &ctx, worker->file);
    struct redan_watch *seen = &worker->watches[1 - worker->watch];
    redan_watch_done(seen);
    redan_watch_init(seen);
    enum redan_status status = redan_edition_read(&problems, worker->file, seen, &next);
    if (status == REDAN_OK && followed && !in_force(worker, next)) {
        redan_edition_release(next);
        return REDAN_OK;
    }
    worker->watch = 1 - worker->watch;
    if (status == REDAN_OK)
        status = turn_sink(worker, &ctx, &next->policy);
    if (status != REDAN_OK) {
        if (problems.count > 0)
            redan_problems_say(&problems, worker->error, sizeof(worker->error));
        else
            (void)snprintf(worker->error, sizeof(worker->error), "%.*s: %s",
                           (int)redan_min_size(worker->file.len, 512), worker->file.at,
                           ctx.failure.text);
        redan_edition_release(next);
        redan_region_count(worker->region, REDAN_COUNT_POLICIES_LEFT, 1);
        return status;
    }
    put_in_force(worker, next, changed);
    return REDAN_OK;
}

enum redan_status redan_worker_open(struct redan_slice policy, enum redan_worker_mode mode,
                                    struct redan_region *region, struct redan_worker **worker)
{
    struct redan_mem memory = handle_memory;
    struct redan_worker *w = redan_mem_take(&memory, sizeof(*w));
    bool changed = false;

    if (!w)
        return REDAN_E_MEMORY;
    memset(w, 0, sizeof(*w)); /* too large to be assigned by way of the stack */
    w->region = region;
    w->mode = mode;
    redan_ctx_init(&w->ctx, NULL);
    redan_watch_init(&w->watches[0]);
    redan_watch_init(&w->watches[1]);
    redan_buf_init(&w->scratch, &w->ctx, EVENT_MOST);
    redan_buf_init(&w->event, &w->ctx, EVENT_MOST);
    redan_buf_init(&w->metrics, &w->ctx, TEXT_MOST);
    redan_buf_init(&w->admit, &w->ctx, TEXT_MOST);
    *worker = w;
    REDAN_TRY(redan_copy(&w->ctx, policy, &w->file));
    return attempt(w, false, &changed);
}

void redan_worker_free(struct redan_worker *worker)
{
    struct redan_mem memory = handle_memory;

    if (!worker)
        return;
    while (worker->used)
        redan_call_give(worker->used);
    while (worker->spare) {
        struct redan_call *call = worker->spare;
        worker->spare = call->next;
        redan_call_drop(call);
    }
    redan_worker_count_events(worker);
    close_sink(worker, END_MS);
    redan_edition_release(worker->edition);
    redan_watch_done(&worker->watches[0]);
    redan_watch_done(&worker->watches[1]);
    redan_buf_done(&worker->scratch);
    redan_buf_done(&worker->event);
    redan_buf_done(&worker->metrics);
    redan_buf_done(&worker->admit);
    redan_ctx_done(&worker->ctx);
    memory.used = sizeof(*worker);
    redan_mem_give(&memory, worker, sizeof(*worker));
}

enum redan_status redan_worker_tick(struct redan_worker *worker, bool *changed)
{
    *changed = false;
    redan_worker_count_events(worker);
    if (redan_watch_changed(&worker->watches[worker->watch]))
        return attempt(worker, false, changed);
    uint64_t generation = redan_region_generation(worker->region);
    if (!worker->edition || generation == worker->generation || generation == worker->followed)
        return REDAN_OK;
    if (in_force(worker, worker->edition)) {
        worker->generation = generation;
        return REDAN_OK;
    }
    worker->followed = generation;
    return attempt(worker, true, changed);
}

const char *redan_worker_error(const struct redan_worker *worker)
{
    return worker->error;
}

const char *redan_worker_warning(const struct redan_worker *worker)
{
    return worker->warning;
}

const struct redan_edition *redan_worker_edition(const struct redan_worker *worker)
{
    return worker->edition;
}

uint64_t redan_worker_generation(const struct redan_worker *worker)
{
    return worker->generation;
}

bool redan_worker_enforces(const struct redan_worker *worker)
{
    return worker->mode == REDAN_WORKER_ENFORCE ||
           (worker->mode == REDAN_WORKER_AS_POLICY && worker->edition &&
            worker->edition->policy.enforce);
}
