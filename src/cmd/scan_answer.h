/* What a worker says of an artefact, as bytes: compact, bounded, and believed in nothing that the parent can know better. */
#ifndef REDAN_CMD_SCAN_ANSWER_H
#define REDAN_CMD_SCAN_ANSWER_H

#include "base/buf.h"
#include "scan/scan.h"

void redan_scan_answer_add(struct redan_buf *out, const struct redan_scan_artefact *artefact);
/* The machine refused, and why. */
void redan_scan_answer_add_failure(struct redan_buf *out, struct redan_slice why);
/* Everything is copied into the context's arena but the path and the size, which are the caller's. The verdict follows from the findings. REDAN_E_SYNTAX for
 * anything but one whole answer within its bounds that names known rules and words. */
REDAN_NODISCARD enum redan_status redan_scan_answer_read(struct redan_ctx *ctx,
                                                         struct redan_slice bytes,
                                                         struct redan_scan_artefact *artefact);

#endif
