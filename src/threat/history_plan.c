/* The clock of a plan: since when it has been approved as planned, under whatever id, and how often its end has moved. */
#include "base/clock.h"
#include "threat/history.h"

/* An earlier plan of the same archetype or name that ended longer ago is another plan. */
enum { APART = 365 * 86400 };

/* The plan as it was met last, on the way back. */
struct trail {
    struct redan_history_planned now; /* of the threat model at hand */
    struct redan_history_planned last;
    int64_t since; /* the time of that step; before any, the day that the plan says */
};

static bool same(struct redan_slice a, struct redan_slice b)
{
    return a.len > 0 && redan_slice_eq(a, b);
}

static bool is_planned(const struct redan_threat_model *model, struct redan_slice id)
{
    const struct redan_threat *t = redan_threat_model_threat(model, id);

    return t && t->resolution->kind == REDAN_RESOLUTION_PLANNED;
}

/* Whether what has the old id now is another threat: an id is never reused, and one that is stands for nothing. */
static bool is_other(const struct redan_threat *t, const struct redan_history_planned *old)
{
    if (old->archetype.len || t->archetype.len)
        return !redan_slice_eq(t->archetype, old->archetype);
    return !redan_slice_eq(t->name, old->name);
}

/* The same plan under another id: its old id is gone, or has been answered otherwise while its ticket goes on. */
static bool goes_on(const struct redan_threat_model *model, const struct redan_history_planned *old,
                    const struct redan_history_planned *plan, bool apart)
{
    if (redan_slice_eq(old->id, plan->id))
        return true;
    if (is_planned(model, old->id) && !is_other(redan_threat_model_threat(model, old->id), old))
        return false;
    if (same(old->ticket, plan->ticket))
        return true;
    const struct redan_threat *there = redan_threat_model_threat(model, old->id);
    if (apart || (there && !is_other(there, old)))
        return false;
    return same(old->archetype, plan->archetype) || same(old->name, plan->name);
}

/* `until`: when the step ceased to be the newest; 0 for the newest. */
static const struct redan_history_planned *meet(const struct redan_threat_model *model,
                                                const struct redan_history_step *step,
                                                int64_t until, const struct trail *trail)
{
    const struct redan_history_planned *best = NULL;
    bool apart = until != 0 && trail->since - until > APART;

    for (size_t i = 0; i < step->planned_count; i++) {
        const struct redan_history_planned *old = &step->planned[i];
        if (redan_slice_eq(old->id, trail->now.id))
            return old;
        if (!best &&
            (goes_on(model, old, &trail->now, apart) || goes_on(model, old, &trail->last, apart)))
            best = old;
    }
    return best;
}

/* A due date that was approved and then put off; one that is listed counts there. */
static bool is_unlisted(const struct redan_resolution *r, int64_t date)
{
    for (size_t i = 0; i < r->redates.count; i++) {
        int64_t at = 0;
        if (redan_date_parse(redan_slice_trim(r->redates.items[i]), &at) && at == date)
            return false;
    }
    return true;
}

void redan_history_plan(const struct redan_history *history, const struct redan_threat_model *now,
                        const struct redan_threat *threat, int64_t *began, uint64_t *redates)
{
    const struct redan_resolution *r = threat->resolution;
    const struct redan_history_planned plan = {threat->id,   threat->archetype, r->ticket,
                                               threat->name, r->opened,         r->due};
    struct trail trail = {.now = plan, .last = plan, .since = r->opened};
    int64_t until = 0;

    *began = r->opened;
    *redates = r->redates.count;
    for (size_t i = 0; i < history->count; i++) {
        const struct redan_history_step *step = &history->steps[i];
        const struct redan_history_planned *old = meet(now, step, until, &trail);
        if (old) {
            *redates += old->due < trail.last.due && is_unlisted(r, old->due);
            trail.last = *old;
        }
        if (old && old->opened < *began) /* a day that was signed is not taken back */
            *began = old->opened;
        if (step->time == 0) /* only known from the pin */
            continue;
        until = step->time;
        if (old)
            trail.since = step->time;
        if (old && step->time < *began)
            *began = step->time;
    }
}
