/* Who calls: from what the server established, by the policy's kind of identity. */
#ifndef REDAN_GUARD_IDENTITY_H
#define REDAN_GUARD_IDENTITY_H

#include "guard/policy.h"

struct
    redan_identity; /* keys that were read, and verified tokens that are remembered; of one worker */

/* Reads the key files that the policy names; freed by _free. */
REDAN_NODISCARD enum redan_status redan_identity_open(struct redan_ctx *ctx,
                                                      const struct redan_policy *policy,
                                                      struct redan_identity **identity);
void redan_identity_free(struct redan_identity *identity);
/* The established name, in the arena of `ctx`; empty when `given` is empty and none is required. REDAN_E_SIGNATURE with a text fit for the caller when it is refused (missing, malformed, expired, unknown).
 * `given` may begin with "Bearer ". Constant time in secrets. `cached` may be NULL. */
REDAN_NODISCARD enum redan_status redan_identity_establish(struct redan_ctx *ctx,
                                                           struct redan_identity *identity,
                                                           struct redan_slice given, int64_t now,
                                                           struct redan_slice *name, bool *cached);

#endif
