/* The guard of one worker: the policy in force, and the life of a call. */
#ifndef REDAN_GUARD_GUARD_H
#define REDAN_GUARD_GUARD_H

#include "guard/answer.h"
#include "guard/stage.h"
#include "inference/event.h"

/* One policy opened, with its profile and keys; never changes, counted by its calls. */
struct redan_edition;
REDAN_NODISCARD enum redan_status redan_edition_open(struct redan_problems *problems,
                                                     struct redan_slice file,
                                                     struct redan_edition **edition);
void redan_edition_release(struct redan_edition *edition);
const struct redan_policy *redan_edition_policy(const struct redan_edition *edition);
const struct redan_profile *
redan_edition_profile(const struct redan_edition *edition); /* NULL: none */

/* What a request came to: judged by every rule, in the policy's order. Used by calls, by admit and by replay. */
struct redan_judged {
    enum redan_action action;
    const struct redan_policy_rule
        *rule; /* that decided; NULL: none, or the request itself was refused */
    unsigned status, retry_after;
    struct redan_slice reason;            /* for the caller */
    struct redan_policy_shape shape;      /* of rules that degrade, the coarser of all */
    struct redan_event_finding *findings; /* in the arena */
    size_t finding_count;
    bool error;
};
/* Over decoded rows. */
REDAN_NODISCARD enum redan_status redan_judge_rows(struct redan_edition *edition,
                                                   struct redan_asked *asked,
                                                   struct redan_judged *judged);
/* When the answer is there. */
REDAN_NODISCARD enum redan_status redan_judge_told(struct redan_edition *edition,
                                                   struct redan_asked *asked, const double *labels,
                                                   const double *scores);

#endif
