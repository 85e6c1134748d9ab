/* Query budgets: so many requests or rows per caller and span, by the generic cell rate algorithm (ITU-T I.371, virtual scheduling): one number of state, no windows whose edges could be played. */
#include "guard/stage_parts.h"

enum { US_PER_MS = 1000, US_PER_S = 1000000, REFUSED = 429 };

/* The place of a rule's state: its number among the budget rules. */
static size_t place_of(const struct redan_policy *policy, const struct redan_policy_rule *rule)
{
    size_t place = 0;

    for (const struct redan_policy_rule *r = policy->rules; r < rule; r++)
        place += r->stage == &redan_stage_budget;
    return place;
}

/* When the bucket would be empty again after `cost` more; false when that is later than `span` from now. */
static bool take(uint64_t *due, uint64_t now, uint64_t cost, uint64_t most, uint64_t span,
                 uint64_t *wait)
{
    uint64_t from = *due > now ? *due : now;
    uint64_t work = 0;

    if (from > now + span) /* a clock that was set back, or the state of another rule */
        from = now + span;
    *wait = 0;
    if (cost > most || __builtin_mul_overflow(cost, span, &work))
        return false;
    work /= most; /* rounded down, so that the whole budget fits into its span */
    uint64_t until = from + (work ? work : 1);
    if (until > now + span) {
        *wait = until - span - now;
        return false;
    }
    *due = until;
    return true;
}

static enum redan_status speak(struct redan_asked *asked, const struct redan_policy_rule *rule,
                               uint64_t cost, uint64_t wait, struct redan_opinion *opinion)
{
    uint64_t most = rule->requests ? rule->requests : rule->rows;
    const char *what = rule->requests ? "requests" : "rows";
    uint64_t seconds = wait / US_PER_S + 1;

    opinion->speaks = true;
    opinion->status = REFUSED;
    if (cost > most)
        return redan_format(
            asked->ctx, &opinion->reason, "%llu %s at once; the budget is %llu in %lld seconds",
            (unsigned long long)cost, what, (unsigned long long)most, (long long)rule->per);
    opinion->retry_after = seconds > UINT32_MAX ? UINT32_MAX : (unsigned)seconds;
    return redan_format(asked->ctx, &opinion->reason, "over the budget of %llu %s in %lld seconds",
                        (unsigned long long)most, what, (long long)rule->per);
}

static enum redan_status judge(struct redan_asked *asked, const struct redan_policy_rule *rule,
                               struct redan_opinion *opinion)
{
    struct redan_region_entry *entry = NULL;
    size_t place = place_of(asked->policy, rule);
    uint64_t most = rule->requests ? rule->requests : rule->rows;
    uint64_t cost = rule->requests ? 1 : asked->request.rows;
    uint64_t span = 0;
    uint64_t now = 0;
    uint64_t wait = 0;

    if (asked->rehearsal)
        return REDAN_OK;
    if (place >= REDAN_REGION_BUDGETS || most == 0 || rule->per <= 0 ||
        __builtin_mul_overflow((uint64_t)rule->per, (uint64_t)US_PER_S, &span) ||
        __builtin_mul_overflow(asked->time_ms, (uint64_t)US_PER_MS, &now) ||
        span > UINT64_MAX / 4 || now > UINT64_MAX / 4)
        return redan_fail(asked->ctx, REDAN_E_LIMIT, 0, "this budget cannot be counted");
    REDAN_TRY(redan_stage_lock(asked, &entry));
    bool held = take(&entry->budget[place], now, cost, most, span, &wait);
    if (!held && entry->caller.refused < UINT32_MAX)
        entry->caller.refused++;
    redan_region_unlock(asked->region, entry, true);
    if (held)
        return REDAN_OK;
    REDAN_TRY(redan_format(asked->ctx, &opinion->detail, "%llu more are due in %llu ms",
                           (unsigned long long)cost, (unsigned long long)(wait / US_PER_MS)));
    return speak(asked, rule, cost, wait, opinion);
}

const struct redan_stage redan_stage_budget = {
    .name = "budget",
    .title = "requests or rows of a caller in a span of time",
    .most = REDAN_ACTION_REFUSE,
    .caller = true,
    .judge = judge,
};
