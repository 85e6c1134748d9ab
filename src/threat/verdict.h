/* From findings to a verdict. */
#ifndef REDAN_THREAT_VERDICT_H
#define REDAN_THREAT_VERDICT_H

#include "record/verdict.h"
#include "threat/check.h"

/* Everything in the arena. `simulated` when ctx->now is not the real time. */
REDAN_NODISCARD enum redan_status
redan_check_verdict(const struct redan_check *check, bool simulated, struct redan_verdict *verdict);
/* The verdict on a threat model whose form has problems: fail, the first problem named. */
REDAN_NODISCARD enum redan_status redan_problems_verdict(struct redan_ctx *ctx,
                                                         const struct redan_system *system,
                                                         bool simulated,
                                                         struct redan_verdict *verdict);

#endif
