/* Gathers what honest callers did: each event goes through the very functions that a guard runs, and two bytes of each row stay. */
#include "guard/history_parts.h"

#include <math.h>
#include <string.h>

#include "guard/stage_parts.h"

static const double held_default = 0.3;

enum redan_status redan_calibration_new(struct redan_ctx *ctx, const struct redan_profile *profile,
                                        const struct redan_calibration_wanted *wanted,
                                        struct redan_calibration **history)
{
    struct redan_calibration *h = redan_take(ctx, sizeof(*h));

    if (!h)
        return REDAN_E_MEMORY;
    *h = (struct redan_calibration){.ctx = ctx, .profile = profile, .wanted = *wanted};
    if (!(wanted->alpha > 0 && wanted->alpha < 1))
        return redan_fail(ctx, REDAN_E_USAGE, 0, "alpha must lie between 0 and 1");
    if (!(wanted->held >= 0 && wanted->held < 1))
        return redan_fail(ctx, REDAN_E_USAGE, 0, "the share held out must lie between 0 and 1");
    if (wanted->held <= 0)
        h->wanted.held = held_default;
    h->encoded = redan_take_array(ctx, profile->width + 1, sizeof(*h->encoded));
    if (!h->encoded)
        return REDAN_E_MEMORY;
    redan_map_init(&h->callers, ctx);
    redan_buf_init(&h->list, ctx,
                   REDAN_CALIBRATION_CALLERS * sizeof(struct redan_calibration_caller *));
    redan_buf_init(&h->owners, ctx, REDAN_CALIBRATION_ROWS * sizeof(uint32_t));
    redan_buf_init(&h->rows, ctx, REDAN_CALIBRATION_ROWS * sizeof(uint16_t));
    *history = h;
    return REDAN_OK;
}

void redan_calibration_free(struct redan_calibration *history)
{
    if (!history)
        return;
    redan_buf_done(&history->list);
    redan_buf_done(&history->owners);
    redan_buf_done(&history->rows);
}

static enum redan_status class_of(struct redan_calibration *h, struct redan_slice id, size_t *index)
{
    for (size_t i = 0; i < h->class_count; i++) {
        if (redan_slice_eq(h->classes[i], id)) {
            *index = i;
            return REDAN_OK;
        }
    }
    if (h->class_count == REDAN_CALIBRATION_CLASSES)
        return redan_fail(h->ctx, REDAN_E_LIMIT, 0, "the events are of more than %d classes",
                          REDAN_CALIBRATION_CLASSES);
    REDAN_TRY(redan_copy(h->ctx, id, &h->classes[h->class_count]));
    *index = h->class_count++;
    return REDAN_OK;
}

/* Which callers are held out depends on the seed and the name alone. */
static bool held_out(const struct redan_calibration *h, struct redan_slice key)
{
    double u = (double)(redan_hash(h->wanted.seed ^ 0x686973746f7279U, key) >> 11) * 0x1p-53;

    return u < h->wanted.held;
}

static enum redan_status caller_of(struct redan_calibration *h, const struct redan_event *event,
                                   struct redan_calibration_caller **caller)
{
    struct redan_slice key = {0};
    size_t index = 0;

    REDAN_TRY(class_of(h, event->caller_class, &index));
    struct redan_arena_mark mark = redan_arena_mark(&h->ctx->arena);
    REDAN_TRY(redan_format(h->ctx, &key, "%zu %.*s", index, REDAN_FMT(event->caller)));
    *caller = redan_map_get(&h->callers, key);
    if (*caller) {
        redan_arena_reset(&h->ctx->arena, mark);
        return REDAN_OK;
    }
    if (h->callers.len >= REDAN_CALIBRATION_CALLERS)
        return redan_fail(h->ctx, REDAN_E_LIMIT, 0, "the events are of more than %d callers",
                          REDAN_CALIBRATION_CALLERS);
    struct redan_calibration_caller *c = redan_take(h->ctx, sizeof(*c));
    struct redan_caller *state = redan_take(h->ctx, sizeof(*state));
    if (!c || !state)
        return REDAN_E_MEMORY;
    *c = (struct redan_calibration_caller){.class_index = index,
                                           .index = (uint32_t)h->callers.len,
                                           .held = held_out(h, event->caller),
                                           .state = state};
    redan_caller_begin(state, NULL);
    REDAN_TRY(redan_map_put(&h->callers, key, c));
    redan_buf_add(&h->list, &c, sizeof(struct redan_calibration_caller *));
    *caller = c;
    return redan_buf_ok(h->ctx, &h->list, "the callers of a history");
}

/* The part of a row that is known before its answer. */
static unsigned ask(struct redan_calibration *h, struct redan_caller *caller,
                    const struct redan_event *event, size_t i, struct redan_caller_seen *seen)
{
    const double *values = event->values + i * event->columns;
    const struct redan_slice *texts = event->texts ? event->texts + i * event->columns : NULL;

    redan_profile_encode(h->profile, values, texts, h->encoded);
    double p = redan_profile_p(h->profile, redan_profile_score(h->profile, h->encoded));
    bool novel = p <= REDAN_STAGE_NOVEL;
    redan_caller_ask(caller, h->profile, NULL, values, texts, h->encoded, novel, seen);
    return novel ? REDAN_ROW_NOVEL : 0;
}

static unsigned told(struct redan_calibration *h, struct redan_caller *caller,
                     const struct redan_event *event, size_t i,
                     const struct redan_caller_seen *seen)
{
    double score = event->scores ? event->scores[i] : (double)NAN;
    double label = event->labels                  ? event->labels[i]
                   : isnan(score)                 ? (double)NAN
                   : score >= h->wanted.threshold ? 1
                                                  : 0;
    unsigned bits =
        redan_caller_told(caller, h->profile, NULL, seen, label, score, h->wanted.threshold);

    if (isnan(label))
        return 0;
    return bits | REDAN_ROW_ANSWERED | (isnan(score) ? 0 : REDAN_ROW_SCORED) |
           (label != 0 ? REDAN_ROW_FLAGGED : 0);
}

static enum redan_status add_rows(struct redan_calibration *h,
                                  struct redan_calibration_caller *caller,
                                  const struct redan_event *event)
{
    struct redan_arena_mark mark = redan_arena_mark(&h->ctx->arena);
    struct redan_caller_seen *seen = redan_take_array(h->ctx, event->rows + 1, sizeof(*seen));
    uint16_t *novel = redan_take_array(h->ctx, event->rows + 1, sizeof(*novel));

    if (!seen || !novel)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < event->rows; i++)
        novel[i] = (uint16_t)ask(h, caller->state, event, i, &seen[i]);
    for (size_t i = 0; i < event->rows; i++) {
        if (seen[i].slot == REDAN_CALLER_NO_SLOT) {
            h->report.retries++;
            continue;
        }
        unsigned answer = told(h, caller->state, event, i, &seen[i]);
        uint16_t row = (uint16_t)(seen[i].bits | novel[i] | answer);
        h->report.unanswered += !(answer & REDAN_ROW_ANSWERED);
        redan_buf_add(&h->owners, &caller->index, sizeof(caller->index));
        redan_buf_add(&h->rows, &row, sizeof(row));
        caller->rows++;
    }
    h->report.rows += event->rows;
    redan_arena_reset(&h->ctx->arena, mark);
    REDAN_TRY(redan_buf_ok(h->ctx, &h->owners, "the rows of a history"));
    return redan_buf_ok(h->ctx, &h->rows, "the rows of a history");
}

enum redan_status redan_calibration_add(struct redan_calibration *history,
                                        const struct redan_event *event)
{
    struct redan_calibration_report *report = &history->report;
    struct redan_calibration_caller *caller = NULL;

    report->events++;
    if (event->caller.len == 0) {
        report->nameless++;
        return REDAN_OK;
    }
    if (!event->values || event->rows == 0) {
        report->featureless++;
        return REDAN_OK;
    }
    if (event->columns != history->profile->width) {
        report->foreign++;
        return REDAN_OK;
    }
    REDAN_TRY(caller_of(history, event, &caller));
    return add_rows(history, caller, event);
}

/* Rows caller by caller: a counting sort keeps the order of time. */
static enum redan_status sort_rows(struct redan_calibration *h)
{
    struct redan_calibration_caller *const *list =
        (struct redan_calibration_caller *const *)(const void *)h->list.data;
    size_t rows = h->rows.len / sizeof(uint16_t);
    size_t at = 0;

    h->sorted = redan_take_array(h->ctx, rows + 1, sizeof(*h->sorted));
    size_t *next = redan_take_array(h->ctx, h->callers.len + 1, sizeof(*next));
    if (!h->sorted || !next)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < h->callers.len; i++) {
        list[i]->first = at;
        next[i] = at;
        at += list[i]->rows;
    }
    for (size_t i = 0; i < rows; i++) {
        uint32_t owner = 0;
        memcpy(&owner, h->owners.data + i * sizeof(owner), sizeof(owner));
        memcpy(&h->sorted[next[owner]++], h->rows.data + i * sizeof(uint16_t), sizeof(uint16_t));
    }
    return REDAN_OK;
}

enum redan_status redan_calibration_calibrate(struct redan_calibration *history,
                                              struct redan_calibration_report *report)
{
    struct redan_calibration_report *r = &history->report;

    REDAN_TRY(sort_rows(history));
    r->classes = redan_take_array(history->ctx, history->class_count + 1, sizeof(*r->classes));
    if (!r->classes)
        return REDAN_E_MEMORY;
    r->count = 0;
    for (size_t i = 0; i < history->class_count; i++) {
        REDAN_TRY(redan_calibration_class(history, i, &r->classes[r->count]));
        if (r->classes[r->count].bounds.lives > 0)
            r->count++;
    }
    if (r->count == 0)
        return redan_fail(history->ctx, REDAN_E_ABSENT, 0,
                          "no class has a caller of %d rows or more whose features were stored; "
                          "run the guard in observe mode with events: {features: store}",
                          REDAN_CALIBRATION_LIFE);
    *report = *r;
    return REDAN_OK;
}
