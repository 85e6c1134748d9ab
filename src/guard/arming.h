/* Whether a rule over callers may accuse: only by bounds that were calibrated on enough honest callers of the class. */
#ifndef REDAN_GUARD_ARMING_H
#define REDAN_GUARD_ARMING_H

#include "guard/policy.h"
#include "inference/profile.h"

enum redan_armed {
    REDAN_ARMED,
    REDAN_UNCALIBRATED, /* no bounds for the class: it is watched, never accused */
    REDAN_TOO_FEW       /* calibrated on too few callers for this alpha: likewise */
};

/* `bounds` (may be NULL) receives those of the class, NULL without any. */
enum redan_armed redan_arming(const struct redan_profile *profile, struct redan_slice caller_class,
                              double alpha, const struct redan_caller_bounds **bounds);

/* For one rule and one class, as a text for people: what the rule promises, or why it is not armed and what to do. */
REDAN_NODISCARD enum redan_status redan_arming_text(struct redan_ctx *ctx,
                                                    const struct redan_profile *profile,
                                                    const struct redan_policy_rule *rule,
                                                    struct redan_slice caller_class,
                                                    struct redan_slice *text);

/* When a policy is opened. In a policy that enforces, an alpha that the calibration does not carry is a problem: the rule would promise what nobody measured. A class without calibration is none, since that is how history is
 * gathered; its sentences are in `notes`. */
struct redan_arming_notes {
    struct redan_slice *items; /* one for each rule over callers and each class it is for */
    bool *unarmed;             /* likewise: this one accuses nobody */
    size_t count;
    size_t armed; /* of these */
};
REDAN_NODISCARD enum redan_status redan_arming_check(struct redan_problems *problems,
                                                     const struct redan_policy *policy,
                                                     const struct redan_profile *profile,
                                                     struct redan_arming_notes *notes);

/* What alpha means for so many honest callers: how many of them are accused on average at most, and the chance that at least one is. */
struct redan_promise {
    double alpha;
    uint64_t callers;
    double expected;
    double any;
};
struct redan_promise redan_promise_of(double alpha, uint64_t callers);
/* "at most 0.0001 per caller's lifetime if each rate stays below its bound m0; ..." */
REDAN_NODISCARD enum redan_status redan_promise_text(struct redan_ctx *ctx,
                                                     const struct redan_promise *promise,
                                                     struct redan_slice *text);

#endif
