/* What a running guard says of itself where its metrics are: the policy and profile in force, its mode, its counters. */
#ifndef REDAN_PROBE_GUARD_METRICS_H
#define REDAN_PROBE_GUARD_METRICS_H

#include "crypto/digest.h"
#include "probe/probe_table.h"

struct redan_guard_seen {
    struct redan_slice text; /* the metrics, in the arena */
    struct redan_slice id;   /* of the policy */
    struct redan_digest policy, profile;
    bool has_profile;
    bool enforces;
    bool up; /* no policy came after it that could not be opened */
    double generation;
};

/* False when it is no guard's, or names no policy, or more than one. `seen` borrows from the text. */
bool redan_guard_read(struct redan_slice text, struct redan_guard_seen *seen);
/* REDAN_E_SCHEMA when what answers is no guard, or its information is not one line. */
REDAN_NODISCARD enum redan_status redan_guard_look(struct redan_ctx *ctx,
                                                   const struct redan_probe *probe,
                                                   struct redan_guard_seen *seen);
/* The sum of the samples of this name whose labels have `label` (all when it is NULL) with this value; false when there is none. */
bool redan_guard_metric(struct redan_slice text, const char *name, const char *label,
                        struct redan_slice value, double *sum);

#endif
