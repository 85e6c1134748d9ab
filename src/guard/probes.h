/* A probe set for a policy: requests whose answers the policy settles, made from the reference profile. */
#ifndef REDAN_GUARD_PROBES_H
#define REDAN_GUARD_PROBES_H

#include "guard/guard.h"
#include "inference/probe_set.h"

struct redan_probes_wanted {
    struct redan_slice caller; /* what the callers are called, {n} in it */
    struct redan_slice model;  /* that paths name, where the policy names none */
    uint64_t seed;
    size_t honest;   /* rows of the data */
    size_t strange;  /* rows that nobody sent */
    size_t search;   /* queries of the caller who looks for the line */
    uint64_t budget; /* the largest budget that is tried out */
};

/* Everything in the arena. `notes`: what could not be tried, and why. REDAN_E_SCHEMA when the policy has no profile, or none of its presets can be written. */
REDAN_NODISCARD enum redan_status redan_probes_make(struct redan_ctx *ctx,
                                                    const struct redan_edition *edition,
                                                    const struct redan_probes_wanted *wanted,
                                                    struct redan_probe_set *set,
                                                    struct redan_texts *notes);

#endif
