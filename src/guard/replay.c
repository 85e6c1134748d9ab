/* Replay: each recorded request judged as it would have been; the outcomes are counted in replay_count.c. */
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "guard/replay_log.h"
#include "guard/replay_parts.h"
#include "text/glob.h"

enum { MEMORY_DEFAULT = 64 << 20, ALIGN = 64 };

static uint64_t clock_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static const struct redan_policy_class *class_of(const struct redan_policy *policy,
                                                 struct redan_slice name)
{
    for (size_t i = 0; name.len && i < policy->class_count; i++)
        if (redan_glob_name(policy->classes[i].match, name))
            return &policy->classes[i];
    return NULL;
}

static enum redan_status caller_of(struct redan_replaying *replay, struct redan_slice name,
                                   struct redan_replay_caller **caller)
{
    struct redan_slice copy = {0};

    *caller = name.len ? redan_map_get(&replay->callers, name) : &replay->nobody;
    if (*caller)
        return REDAN_OK;
    if (replay->report->caller_count == REDAN_REPLAY_CALLERS)
        return redan_fail(replay->ctx, REDAN_E_LIMIT, 0,
                          "more than %d callers; take a part of the time with --since and --until",
                          REDAN_REPLAY_CALLERS);
    struct redan_replay_caller *made = redan_take(replay->ctx, sizeof(*made));
    if (!made)
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_copy(replay->ctx, name, &copy));
    *made = (struct redan_replay_caller){
        .name = copy, .caller_class = class_of(replay->policy, copy), .log_e = (double)NAN};
    REDAN_TRY(redan_map_put(&replay->callers, copy, made));
    made->next = replay->first;
    replay->first = made;
    replay->report->caller_count++;
    *caller = made;
    return REDAN_OK;
}

/* What the request itself would have been refused for, as far as an event tells; an empty reason: nothing. */
static enum redan_status at_the_door(const struct redan_replaying *replay,
                                     const struct redan_event *event, struct redan_ctx *ctx,
                                     struct redan_judged *judged)
{
    const struct redan_policy *policy = replay->policy;
    const struct redan_preset *preset = redan_preset_find(event->preset);
    bool known = !event->preset.len;

    for (size_t i = 0; policy->presets[i]; i++)
        known = known || policy->presets[i] == preset;
    judged->action = REDAN_ACTION_REFUSE;
    if (!event->caller.len && policy->identity.required) {
        judged->status = 401;
        judged->reason = REDAN_S("the request does not say who calls");
    } else if (!known) {
        judged->status = 403;
        judged->reason = REDAN_S("this path is none that the policy knows");
    } else if (event->model.len && policy->models.count &&
               !redan_texts_have(&policy->models, event->model)) {
        judged->status = 403;
        judged->reason = REDAN_S("this model is none that the policy knows");
    } else if (event->bytes > policy->bytes) {
        judged->status = 413;
        return redan_format(ctx, &judged->reason, "the body is larger than %zu bytes",
                            policy->bytes);
    } else if (event->rows > policy->rows) {
        judged->status = 413;
        return redan_format(ctx, &judged->reason, "more than %zu rows", policy->rows);
    } else {
        judged->action = REDAN_ACTION_ALLOW;
    }
    return REDAN_OK;
}

/* Through the stages; what the model answered is told only where it would have been asked. */
static enum redan_status judge(struct redan_replaying *replay, const struct redan_event *event,
                               struct redan_ctx *ctx, const struct redan_replay_caller *caller,
                               struct redan_judged *judged)
{
    struct redan_asked asked = {
        .ctx = ctx,
        .region = replay->region,
        .time_ms = event->time_ms,
        .caller = event->caller,
        .caller_key = event->caller.len ? redan_region_key(replay->region, event->caller) : 0,
        .caller_class = caller->caller_class,
        .preset = redan_preset_find(event->preset),
        .request = {.id = event->id,
                    .rows = event->rows,
                    .columns = event->columns,
                    .values = event->values,
                    .texts = event->texts},
    };

    REDAN_TRY(redan_judge_rows(replay->edition, &asked, judged));
    replay->report->undone += judged->error;
    if (judged->action == REDAN_ACTION_REFUSE)
        return REDAN_OK;
    if (!event->labels && !event->scores) {
        replay->report->unanswered++;
        return REDAN_OK;
    }
    const double *labels = event->labels;
    if (!labels) {
        double *made = redan_take_array(ctx, event->rows, sizeof(*made));
        if (!made)
            return REDAN_E_MEMORY;
        for (size_t i = 0; i < event->rows; i++)
            made[i] = isnan(event->scores[i])                                 ? (double)NAN
                      : event->scores[i] >= replay->policy->answers.threshold ? 1
                                                                              : 0;
        labels = made;
    }
    return redan_judge_told(replay->edition, &asked, labels, event->scores);
}

static enum redan_status one_event(struct redan_replaying *replay, const struct redan_event *event,
                                   struct redan_ctx *ctx)
{
    const struct redan_profile *profile = redan_edition_profile(replay->edition);
    struct redan_replay_caller *caller = NULL;
    struct redan_judged judged = {.action = REDAN_ACTION_ALLOW};

    REDAN_TRY(caller_of(replay, event->caller, &caller));
    uint64_t began = clock_ns();
    REDAN_TRY(at_the_door(replay, event, ctx, &judged));
    if (judged.action == REDAN_ACTION_ALLOW) {
        if (!event->values || event->rows == 0) {
            replay->report->featureless++;
            return REDAN_OK;
        }
        if (profile && event->columns != profile->width) {
            replay->report->foreign++;
            return REDAN_OK;
        }
        REDAN_TRY(judge(replay, event, ctx, caller, &judged));
    }
    redan_replaying_time(replay->report, clock_ns() - began);
    return redan_replaying_count(replay, event, &judged, caller);
}

static enum redan_status all_events(struct redan_replaying *replay, struct redan_log *log,
                                    const struct redan_replay_wanted *wanted)
{
    for (size_t i = 0; i < log->count; i++) {
        struct redan_event event = {0};
        REDAN_TRY(redan_log_event(log, i, &event));
        enum redan_status status = one_event(replay, &event, &log->ctx);
        if (status != REDAN_OK)
            return redan_fail(replay->ctx, status, 0, "%s", log->ctx.failure.text);
        if (wanted->progress && i % 1000 == 0)
            wanted->progress(wanted->progress_arg, i, log->count);
    }
    return REDAN_OK;
}

static int by_requests(const void *a, const void *b)
{
    const struct redan_replay_reason *x = a;
    const struct redan_replay_reason *y = b;

    if (x->requests != y->requests)
        return x->requests > y->requests ? -1 : 1;
    return redan_slice_cmp(x->text, y->text);
}

static int by_severity(const void *a, const void *b)
{
    const struct redan_replay_caller *x = *(struct redan_replay_caller *const *)a;
    const struct redan_replay_caller *y = *(struct redan_replay_caller *const *)b;

    if (x->worst != y->worst)
        return x->worst > y->worst ? -1 : 1;
    if (x->requests[x->worst] != y->requests[y->worst])
        return x->requests[x->worst] > y->requests[y->worst] ? -1 : 1;
    return redan_slice_cmp(x->name, y->name);
}

/* The state that each caller has in the end. */
static void look_at(const struct redan_replaying *replay, struct redan_replay_caller *caller)
{
    struct redan_region_entry *entry =
        redan_region_find(replay->region, redan_region_key(replay->region, caller->name));

    if (!entry)
        return;
    if (entry->caller.n)
        caller->log_e = redan_caller_log_e(&entry->caller, NULL);
    caller->accused = entry->caller.accused;
    redan_region_unlock(replay->region, entry, false);
}

static enum redan_status conclude(struct redan_replaying *replay)
{
    struct redan_replay_report *report = replay->report;
    size_t n = 0;

    report->callers = redan_take_array(replay->ctx, report->caller_count + 1,
                                       sizeof(struct redan_replay_caller *));
    if (!report->callers)
        return REDAN_E_MEMORY;
    for (struct redan_replay_caller *caller = replay->first; caller; caller = caller->next) {
        report->callers[n++] = caller;
        look_at(replay, caller);
        struct redan_replay_class *of =
            &report->classes[caller->caller_class
                                 ? (size_t)(caller->caller_class - replay->policy->classes)
                                 : replay->policy->class_count];
        of->callers++;
        of->accused += caller->accused;
        of->tally.callers[caller->worst]++;
        report->tally.callers[caller->worst]++;
    }
    if (n)
        qsort(report->callers, n, sizeof(struct redan_replay_caller *), by_severity);
    if (report->reason_count)
        qsort(report->reasons, report->reason_count, sizeof(*report->reasons), by_requests);
    report->evicted = redan_region_counter(replay->region, REDAN_COUNT_CALLERS_EVICTED);
    return REDAN_OK;
}

static enum redan_status prepare(struct redan_replaying *replay,
                                 const struct redan_replay_wanted *wanted)
{
    struct redan_replay_report *report = replay->report;
    const struct redan_policy *policy = replay->policy;
    size_t size = wanted->memory ? wanted->memory : MEMORY_DEFAULT;
    bool kept = false;

    char *memory = redan_take(replay->ctx, size + ALIGN);
    report->classes =
        redan_take_array(replay->ctx, policy->class_count + 1, sizeof(*report->classes));
    report->rules = redan_take_array(replay->ctx, policy->rule_count + 1, sizeof(*report->rules));
    report->reasons = redan_take_array(replay->ctx, REDAN_REPLAY_REASONS, sizeof(*report->reasons));
    if (!memory || !report->classes || !report->rules || !report->reasons)
        return REDAN_E_MEMORY;
    memory += (ALIGN - (uintptr_t)memory % ALIGN) % ALIGN;
    REDAN_TRY(redan_region_format(replay->ctx, memory, size, &kept));
    replay->region = redan_region_of(memory, size);
    report->class_count = policy->class_count + 1;
    report->rule_count = policy->rule_count + 1;
    for (size_t i = 0; i < policy->class_count; i++)
        report->classes[i].id = policy->classes[i].id;
    for (size_t i = 0; i < policy->rule_count; i++)
        report->rules[i + 1].rule = &policy->rules[i];
    redan_map_init(&replay->callers, replay->ctx);
    redan_map_init(&replay->reasons, replay->ctx);
    return REDAN_OK;
}

enum redan_status redan_replay(struct redan_ctx *ctx, struct redan_edition *edition,
                               const struct redan_replay_wanted *wanted,
                               const struct redan_slice *files, size_t count,
                               struct redan_replay_report *report)
{
    REDAN_DEFER(redan_log_done) struct redan_log log;
    struct redan_replaying replay = {.ctx = ctx,
                                     .edition = edition,
                                     .policy = redan_edition_policy(edition),
                                     .report = report,
                                     .nobody = {.log_e = (double)NAN}};

    *report = (struct redan_replay_report){.lines = 0};
    REDAN_TRY(redan_log_open(&log, ctx, wanted, files, count, report));
    REDAN_TRY(prepare(&replay, wanted));
    REDAN_TRY(all_events(&replay, &log, wanted));
    return conclude(&replay);
}
