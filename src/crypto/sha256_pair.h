/* Two SHA-256 messages side by side on one core: the second fills the pauses that the first one leaves in the processor's SHA unit. */
#ifndef REDAN_CRYPTO_SHA256_PAIR_H
#define REDAN_CRYPTO_SHA256_PAIR_H

#include "crypto/digest.h"

enum { REDAN_SHA256_BLOCK = 64 };

/* One message being hashed; of public data only, so that nothing here needs cleansing. */
struct redan_sha256_lane {
    uint32_t state[8];
    uint64_t bytes; /* hashed so far, whole blocks */
};

/* Whether this processor has what the rest needs. Where it has not, hash with redan_hasher; the calls below are wrong then. */
bool redan_sha256_pair_usable(void);

void redan_sha256_lane_begin(struct redan_sha256_lane *lane);
/* `blocks` blocks of 64 bytes of each message. */
void redan_sha256_pair_add(struct redan_sha256_lane *a, const char *a_bytes,
                           struct redan_sha256_lane *b, const char *b_bytes, size_t blocks);
void redan_sha256_lane_add(struct redan_sha256_lane *lane, const char *bytes, size_t blocks);
/* The last bytes, fewer than a block, and the digest. */
void redan_sha256_lane_end(struct redan_sha256_lane *lane, struct redan_slice rest,
                           struct redan_digest *digest);

#endif
