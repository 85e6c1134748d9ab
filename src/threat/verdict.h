/* From findings to a verdict. */
#ifndef REDAN_THREAT_VERDICT_H
#define REDAN_THREAT_VERDICT_H

#include "record/verdict.h"
#include "threat/check.h"

/* Judge a loaded system: run every check, or, when its form has problems, fail and name them. Everything in the arena. `simulated` when
 * ctx->now is not the real time. */
REDAN_NODISCARD enum redan_status redan_system_verdict(struct redan_ctx *ctx,
                                                       const struct redan_system *system,
                                                       const struct redan_artefact *artefacts,
                                                       size_t artefact_count, bool simulated,
                                                       struct redan_verdict *verdict);

#endif
