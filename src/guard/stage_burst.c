/* Quick alarms: the rate of flagged rows and the rate of rows out of distribution, each by a CUSUM. They react within tens of queries and promise an average run length only, so that they mark or degrade and
 * never refuse; they end when the caller behaves again. */
#include <math.h>

#include "guard/stage_parts.h"

/* Research: redteam.md, 0: rates that honest merchants stay below, and that attacks exceed several times. */
static const double flag_floor = 0.0055;
static const double novel_floor = 0.01;
static const double flag_times = 9; /* the rate that is looked for, against the honest one */
static const double novel_times = 20;
static const double most_rate = 0.5;
static const double threshold = 12;

static struct redan_slice class_of(const struct redan_asked *asked)
{
    return asked->caller_class ? asked->caller_class->id : (struct redan_slice){0};
}

/* The honest rate of the class where it was measured, and never below what is usual. */
static double honest(const struct redan_asked *asked, bool novel)
{
    const struct redan_caller_bounds *bounds =
        asked->profile ? redan_profile_bounds(asked->profile, class_of(asked)) : NULL;
    double low = novel ? novel_floor : flag_floor;
    double rate = bounds ? (novel ? bounds->novel_rate : bounds->flag_rate) : low;

    rate = rate > low ? rate : low;
    return rate < most_rate / 2 ? rate : most_rate / 2;
}

static double sought(double p0, double times)
{
    return fmin(most_rate, p0 * times);
}

static enum redan_status speak(struct redan_asked *asked, double flag, double novel,
                               struct redan_opinion *opinion)
{
    opinion->speaks = true;
    opinion->status = 0; /* never refuses */
    opinion->reason = REDAN_S("answers are coarser for the moment");
    return redan_format(asked->ctx, &opinion->detail,
                        "sums %.1f of flagged rows and %.1f of rows out of distribution; alarm at "
                        "%g",
                        flag, novel, threshold);
}

static enum redan_status judge(struct redan_asked *asked,
                               const struct redan_policy_rule *rule REDAN_UNUSED,
                               struct redan_opinion *opinion)
{
    struct redan_region_entry *entry = NULL;
    double p0 = honest(asked, true);
    double p1 = sought(p0, novel_times);

    if (asked->rehearsal) {
        entry = redan_region_find(asked->region, asked->caller_key);
        if (!entry)
            return REDAN_OK;
    } else {
        if (asked->profile)
            REDAN_TRY(redan_stage_p(asked));
        REDAN_TRY(redan_stage_lock(asked, &entry));
    }
    struct redan_cusum *cusum = &entry->caller.novel_rate;
    for (size_t i = 0; i < asked->request.rows && asked->p && !asked->rehearsal; i++)
        (void)redan_cusum_add(cusum, p0, p1, threshold, asked->p[i] <= REDAN_STAGE_NOVEL);
    double novel = (double)cusum->sum;
    double flag = (double)entry->caller.flag_rate.sum;
    redan_region_unlock(asked->region, entry, !asked->rehearsal);
    return novel >= threshold || flag >= threshold ? speak(asked, flag, novel, opinion) : REDAN_OK;
}

static enum redan_status learn(struct redan_asked *asked,
                               const struct redan_policy_rule *rule REDAN_UNUSED,
                               const double *labels, const double *scores REDAN_UNUSED)
{
    struct redan_region_entry *entry = NULL;
    double p0 = honest(asked, false);
    double p1 = sought(p0, flag_times);

    if (asked->rehearsal || !labels)
        return REDAN_OK;
    REDAN_TRY(redan_stage_lock(asked, &entry));
    for (size_t i = 0; i < asked->request.rows; i++) {
        if (!isnan(labels[i]))
            (void)redan_cusum_add(&entry->caller.flag_rate, p0, p1, threshold, labels[i] != 0);
    }
    redan_region_unlock(asked->region, entry, true);
    return REDAN_OK;
}

const struct redan_stage redan_stage_burst = {
    .name = "burst",
    .title = "sudden rise of a caller's flagged rows, or of its rows out of distribution",
    .most = REDAN_ACTION_DEGRADE,
    .caller = true,
    .judge = judge,
    .learn = learn,
};
