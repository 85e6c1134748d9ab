/* Inside the room: the approved texts that the chain is compared with. */
#ifndef REDAN_THREAT_HISTORY_TEXT_H
#define REDAN_THREAT_HISTORY_TEXT_H

#include "threat/history.h"

/* The model of the step before the one at hand; and what every step planned, when the threat model at hand plans. `missing` names the
 * first text that would be needed. */
REDAN_NODISCARD enum redan_status redan_history_texts(struct redan_ctx *ctx,
                                                      const struct redan_system *system,
                                                      struct redan_history *history);

#endif
