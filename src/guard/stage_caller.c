/* Per-caller evidence: e-processes over bits of all a caller's queries. It may accuse, within the promise of its alpha, and only where it is armed. */
#include <math.h>

#include "guard/arming.h"
#include "guard/stage_parts.h"

enum { REFUSED = 403, ROWS_AT_ONCE = 64 /* so that a lock is never held for long */ };

static const double rehearsal_alpha = 1e-2; /* a model does not learn from callers beyond it */

static struct redan_slice class_of(const struct redan_asked *asked)
{
    return asked->caller_class ? asked->caller_class->id : (struct redan_slice){0};
}

static const double *values_of(const struct redan_asked *asked, size_t row)
{
    return asked->request.values + row * asked->request.columns;
}

static const struct redan_slice *texts_of(const struct redan_asked *asked, size_t row)
{
    return asked->request.texts ? asked->request.texts + row * asked->request.columns : NULL;
}

/* An accusation made under a calibration stands when a later profile has none. */
static bool accused(struct redan_asked *asked, const struct redan_policy_rule *rule,
                    struct redan_caller *caller)
{
    bool before = caller->accused;

    if (!before && redan_arming(asked->profile, class_of(asked), rule->alpha, NULL) != REDAN_ARMED)
        return false;
    bool now = redan_caller_accuse(caller, rule->alpha);
    if (now && !before)
        redan_region_count(asked->region, REDAN_COUNT_ACCUSED, 1);
    return now;
}

static enum redan_status speak(struct redan_asked *asked, const struct redan_caller *caller,
                               struct redan_opinion *opinion)
{
    unsigned bit = caller->accused_bit < REDAN_BITS ? caller->accused_bit : 0;

    opinion->speaks = true;
    opinion->status = REFUSED;
    opinion->reason = REDAN_S("access of this caller is suspended");
    return redan_format(asked->ctx, &opinion->detail, "log E reached %.2f by %s in %u rows",
                        (double)caller->most, redan_bit_words[bit], caller->n);
}

/* Whether a model may learn from what this caller sends; nothing is counted. */
static enum redan_status rehearse(struct redan_asked *asked, struct redan_opinion *opinion)
{
    struct redan_region_entry *entry = redan_region_find(asked->region, asked->caller_key);

    if (!entry)
        return REDAN_OK;
    bool trusted = redan_caller_trusted(&entry->caller, rehearsal_alpha);
    struct redan_caller caller = entry->caller;
    redan_region_unlock(asked->region, entry, false);
    return trusted ? REDAN_OK : speak(asked, &caller, opinion);
}

/* Rows from..to enter the caller's state. */
static void ask(struct redan_asked *asked, const struct redan_caller_bounds *bounds, size_t from,
                size_t to, struct redan_caller *caller)
{
    const struct redan_profile *profile = asked->profile;

    for (size_t i = from; i < to; i++)
        redan_caller_ask(caller, profile, bounds, values_of(asked, i), texts_of(asked, i),
                         asked->encoded + i * profile->width,
                         asked->p && asked->p[i] <= REDAN_STAGE_NOVEL, &asked->seen[i]);
}

static enum redan_status judge(struct redan_asked *asked, const struct redan_policy_rule *rule,
                               struct redan_opinion *opinion)
{
    const struct redan_caller_bounds *bounds = NULL;
    struct redan_region_entry *entry = NULL;
    struct redan_caller caller = {0};
    size_t rows = asked->request.rows;
    bool counted = asked->seen != NULL; /* by another rule over callers */
    bool is_accused = false;
    size_t done = 0;

    if (asked->rehearsal)
        return asked->caller_key ? rehearse(asked, opinion) : REDAN_OK;
    REDAN_TRY(redan_asked_encode(asked));
    if (!counted) {
        asked->seen = redan_take_array(asked->ctx, rows + 1, sizeof(*asked->seen));
        if (!asked->seen)
            return REDAN_E_MEMORY;
        for (size_t i = 0; i < rows; i++)
            asked->seen[i].slot = REDAN_CALLER_NO_SLOT;
    }
    (void)redan_arming(asked->profile, class_of(asked), rule->alpha, &bounds);
    do {
        size_t to = redan_min_size(rows, done + ROWS_AT_ONCE);
        REDAN_TRY(redan_stage_lock(asked, &entry));
        redan_caller_meet(&entry->caller, asked->profile);
        if (!counted)
            ask(asked, bounds, done, to, &entry->caller);
        done = counted ? rows : to;
        is_accused = accused(asked, rule, &entry->caller);
        if (done == rows) {
            asked->weighed = true;
            asked->log_e = redan_caller_log_e(&entry->caller, NULL);
            if (is_accused && entry->caller.refused < UINT32_MAX)
                entry->caller.refused++;
            if (is_accused)
                caller = entry->caller;
        }
        redan_region_unlock(asked->region, entry, true);
    } while (done < rows);
    return is_accused ? speak(asked, &caller, opinion) : REDAN_OK;
}

static enum redan_status learn(struct redan_asked *asked, const struct redan_policy_rule *rule,
                               const double *labels, const double *scores)
{
    const struct redan_caller_bounds *bounds = NULL;
    struct redan_region_entry *entry = NULL;
    size_t rows = asked->request.rows;

    if (asked->rehearsal || !asked->seen || !labels)
        return REDAN_OK;
    (void)redan_arming(asked->profile, class_of(asked), rule->alpha, &bounds);
    for (size_t done = 0; done < rows;) {
        size_t to = redan_min_size(rows, done + ROWS_AT_ONCE);
        REDAN_TRY(redan_stage_lock(asked, &entry));
        for (; done < to; done++) {
            redan_caller_told(&entry->caller, asked->profile, bounds, &asked->seen[done],
                              labels[done], scores ? scores[done] : (double)NAN,
                              asked->policy->answers.threshold);
            asked->seen[done].slot = REDAN_CALLER_NO_SLOT; /* once, of however many rules */
        }
        (void)accused(asked, rule, &entry->caller);
        if (done == rows)
            asked->log_e = redan_caller_log_e(&entry->caller, NULL);
        redan_region_unlock(asked->region, entry, true);
    }
    return REDAN_OK;
}

const struct redan_stage redan_stage_caller = {
    .name = "caller",
    .title = "evidence of extraction or evasion over all queries of a caller",
    .most = REDAN_ACTION_REFUSE,
    .profile = true,
    .caller = true,
    .judge = judge,
    .learn = learn,
};
