/* The Merkle tree of transparency logs (RFC 6962 2.1, RFC 9162 2.1). */
#ifndef REDAN_CRYPTO_MERKLE_H
#define REDAN_CRYPTO_MERKLE_H

#include "crypto/digest.h"

enum { REDAN_MERKLE_PATH = 64 }; /* no audit path is longer */

REDAN_NODISCARD enum redan_status redan_merkle_leaf(struct redan_ctx *ctx, struct redan_slice entry,
                                                    struct redan_digest *leaf);
/* The root that an audit path of exactly the right length leads to (RFC 9162 2.1.3.2); REDAN_E_SIGNATURE, recorded, for an index outside the tree or a path of
 * another length. */
REDAN_NODISCARD enum redan_status redan_merkle_root(struct redan_ctx *ctx,
                                                    const struct redan_digest *leaf, uint64_t index,
                                                    uint64_t size, const struct redan_digest *path,
                                                    size_t count, struct redan_digest *root);

#endif
