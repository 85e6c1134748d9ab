/* Files of events into a calibration, in the order of time; and what it found, in words. */
#include <math.h>

#include "guard/arming.h"
#include "guard/history.h"
#include "guard/replay_log.h"

/* Bounds of the history take the place of older ones of the same class. */
static enum redan_status put_bounds(struct redan_ctx *ctx,
                                    const struct redan_calibration_report *report,
                                    struct redan_profile *profile)
{
    struct redan_caller_bounds *all =
        redan_take_array(ctx, profile->bounds_count + report->count + 1, sizeof(*all));
    size_t count = 0;

    if (!all)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < report->count; i++)
        all[count++] = report->classes[i].bounds;
    for (size_t i = 0; i < profile->bounds_count; i++) {
        bool again = false;
        for (size_t k = 0; k < report->count; k++)
            again = again || redan_slice_eq(all[k].id, profile->bounds[i].id);
        if (!again)
            all[count++] = profile->bounds[i];
    }
    profile->bounds = all;
    profile->bounds_count = count;
    return REDAN_OK;
}

static void drop(struct redan_calibration **calibration)
{
    redan_calibration_free(*calibration);
}

enum redan_status redan_calibration_learn(struct redan_ctx *ctx,
                                          const struct redan_calibration_wanted *wanted,
                                          const struct redan_slice *files, size_t count,
                                          struct redan_profile *profile,
                                          struct redan_calibration_report *report)
{
    static const struct redan_replay_wanted all = {0};
    REDAN_DEFER(redan_log_done) struct redan_log log = {0};
    REDAN_DEFER(drop) struct redan_calibration *calibration = NULL;
    struct redan_replay_report read = {0};

    REDAN_TRY(redan_calibration_new(ctx, profile, wanted, &calibration));
    REDAN_TRY(redan_log_open(&log, ctx, &all, files, count, &read));
    for (size_t i = 0; i < log.count; i++) {
        struct redan_event event = {0};
        REDAN_TRY(redan_log_event(&log, i, &event));
        REDAN_TRY(redan_calibration_add(calibration, &event));
    }
    REDAN_TRY(redan_calibration_calibrate(calibration, report));
    report->unreadable = read.unreadable;
    report->first_unreadable = read.first_unreadable;
    return put_bounds(ctx, report, profile);
}

static unsigned long long ull(uint64_t n)
{
    return (unsigned long long)n;
}

static void class_text(struct redan_buf *out, const struct redan_calibration_class *c,
                       const struct redan_calibration_wanted *wanted)
{
    bool carried = c->bounds.least_alpha <= wanted->alpha * (1 + 1e-9);

    redan_buf_printf(out, "class %s%.*s: calibrated on %llu callers, %llu rows\n",
                     c->bounds.id.len ? "" : "(none)", REDAN_FMT(c->bounds.id),
                     ull(c->bounds.lives), ull(c->bounds.queries));
    if (c->short_lives)
        redan_buf_printf(
            out, "  %llu callers of fewer than %d rows shape the bounds, but are not counted\n",
            ull(c->short_lives), REDAN_CALIBRATION_LIFE);
    redan_buf_text(out, "  bit          honest rate   worst life   bound m0   costs an attacker\n");
    for (unsigned b = 0; b < REDAN_BITS; b++) {
        redan_buf_printf(out, "  %-11s  %11.5f  %11.5f  %9.4f  ", redan_bit_words[b], c->mean[b],
                         c->worst[b], c->bounds.m0[b]);
        if (c->bounds.m0[b] < 0.5)
            redan_buf_printf(out, "%8.0fx more queries\n", 1 / c->bounds.m0[b]);
        else
            redan_buf_text(out, " nothing: some callers always do this; give them a class\n");
    }
    redan_buf_printf(out,
                     "  held out: %llu of %llu callers (%llu rows) accused at alpha %.3g, 95 %% "
                     "interval %.2g to %.2g; largest log E %.2f, alarm at %.2f\n",
                     ull(c->accused), ull(c->held), ull(c->held_queries), c->alpha, c->rate.low,
                     c->rate.high, c->held_most, -log(c->alpha));
    if (carried)
        redan_buf_printf(out, "  alpha %g is carried by %llu callers\n", wanted->alpha,
                         ull(c->bounds.lives));
    else
        redan_buf_printf(out,
                         "  alpha %g needs %llu calibrated callers, about %.0f in all with those "
                         "held out; the smallest that can be armed is %.3g\n",
                         wanted->alpha, ull(c->needed),
                         ceil((double)c->needed / (1 - (wanted->held > 0 ? wanted->held : 0.3))),
                         c->bounds.least_alpha);
}

void redan_calibration_text(struct redan_buf *out, const struct redan_calibration_report *report,
                            const struct redan_calibration_wanted *wanted)
{
    const struct {
        uint64_t count;
        const char *what;
    } left_out[] = {
        {report->unreadable, "lines that are no events, left out"},
        {report->nameless, "events that name no caller, left out"},
        {report->featureless,
         "events without features, left out; the policy's events need {features: store}"},
        {report->foreign, "events of another number of columns, left out"},
        {report->unanswered, "rows without an answer: neither margin nor flip"},
        {report->retries, "retries, as if they had not come"},
    };

    redan_buf_printf(out, "%llu events, %llu rows\n", ull(report->events), ull(report->rows));
    for (size_t i = 0; i < REDAN_COUNT(left_out); i++) {
        if (left_out[i].count)
            redan_buf_printf(out, "  %s: %llu\n", left_out[i].what, ull(left_out[i].count));
    }
    for (size_t i = 0; i < report->count; i++)
        class_text(out, &report->classes[i], wanted);
}
