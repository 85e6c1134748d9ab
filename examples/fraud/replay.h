/* Transactions of another origin instead of drawn ones, so that their features can be computed and models compared. */
#ifndef FRAUD_REPLAY_H
#define FRAUD_REPLAY_H

#include "world.h"

/* Read lines "time customer terminal cents scenario" (whole numbers, one blank between), sorted by time.
 * REDAN_E_SYNTAX with the line. */
REDAN_NODISCARD enum redan_status fraud_replay_read(struct redan_ctx *ctx, const char *path,
                                                    struct fraud_world *world);

#endif
