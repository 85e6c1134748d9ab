/* The canonical digest of a threat model: comments and order change nothing, a loosened threshold changes the root. */
#ifndef REDAN_THREAT_DIGEST_H
#define REDAN_THREAT_DIGEST_H

#include "threat/model.h"

/* Fill in head, leaves, root, profile and acceptance digests. A text that is not in NFC is a problem with its place. docs/digest.md has
 * the definition that a second implementation follows. */
REDAN_NODISCARD enum redan_status redan_threat_digest(struct redan_problems *problems,
                                                      const struct redan_org *org,
                                                      struct redan_threat_model *model);
/* SHA-256("redan/1\0" section "\0" bytes). */
REDAN_NODISCARD enum redan_status redan_tagged_digest(struct redan_ctx *ctx, const char *section,
                                                      struct redan_slice bytes,
                                                      struct redan_digest *digest);

#endif
