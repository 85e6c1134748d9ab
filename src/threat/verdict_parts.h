/* Parts of making a verdict. */
#ifndef REDAN_THREAT_VERDICT_PARTS_H
#define REDAN_THREAT_VERDICT_PARTS_H

#include "threat/verdict.h"

/* What ships unproved: one by one, the oldest first, and counted. After the groups. */
REDAN_NODISCARD enum redan_status redan_verdict_waivers(struct redan_check *check,
                                                        struct redan_verdict *verdict);
/* What ends within the next months: waivers and proofs. After the waivers. */
REDAN_NODISCARD enum redan_status redan_verdict_deadlines(const struct redan_check *check,
                                                          struct redan_verdict *verdict);

#endif
