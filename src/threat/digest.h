/* The canonical digest of a threat model: comments and order change nothing, a loosened threshold changes the root. */
#ifndef REDAN_THREAT_DIGEST_H
#define REDAN_THREAT_DIGEST_H

#include "record/canonical_tree.h"
#include "threat/model.h"

/* Fill in head, leaves, root, profile digest, and what a governance body signs: of each threat, exclusion and exception. A text that is
 * not in NFC is a problem with its place. docs/digest.md has the definition that a second implementation follows. */
REDAN_NODISCARD enum redan_status redan_threat_digest(struct redan_problems *problems,
                                                      const struct redan_org *org,
                                                      struct redan_threat_model *model);
/* The part of it that needs no organisation: head, leaves, root and profile digest. */
REDAN_NODISCARD enum redan_status redan_threat_digest_root(struct redan_problems *problems,
                                                           struct redan_threat_model *model);
/* What a governance body signs for each threat. Leaves and profile digest are there. */
REDAN_NODISCARD enum redan_status redan_threat_digest_acceptances(struct redan_problems *problems,
                                                                  const struct redan_org *org,
                                                                  struct redan_threat_model *model);
/* Add `key: HEX` to a map. */
REDAN_NODISCARD enum redan_status redan_digest_add(struct redan_ctx *ctx, struct redan_node *map,
                                                   struct redan_slice key,
                                                   const struct redan_digest *digest);

#endif
