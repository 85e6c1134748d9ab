/* A seal under a secret key: HMAC-SHA-256 (RFC 2104, FIPS 198-1). */
#ifndef REDAN_CRYPTO_MAC_H
#define REDAN_CRYPTO_MAC_H

#include "crypto/digest.h"

enum { REDAN_MAC_KEY = 32 };

/* Compare two with redan_digest_eq, which takes constant time. */
REDAN_NODISCARD enum redan_status redan_mac(struct redan_ctx *ctx, struct redan_slice key,
                                            struct redan_slice bytes, struct redan_digest *mac);

#endif
