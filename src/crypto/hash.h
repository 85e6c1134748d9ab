/* Hashes by name, for formats that let the signer choose: SHA-2 and BLAKE2b of OpenSSL, BLAKE3 where its library is installed. */
#ifndef REDAN_CRYPTO_HASH_H
#define REDAN_CRYPTO_HASH_H

#include "crypto/digest.h"

enum redan_hash {
    REDAN_HASH_SHA256, /* FIPS 180-4 */
    REDAN_HASH_SHA384,
    REDAN_HASH_SHA512,
    REDAN_HASH_BLAKE2B, /* RFC 7693, 64 bytes, no key */
    REDAN_HASH_BLAKE3,  /* 32 bytes; libblake3.so.0, opened when it is first used */
    REDAN_HASH_COUNT,
};

enum { REDAN_SUM_MAX = 64, REDAN_SUM_HEX = 2 * REDAN_SUM_MAX + 1 };

/* What a hash gave. */
struct redan_sum {
    uint8_t bytes[REDAN_SUM_MAX];
    uint8_t len;
};

const char *
redan_hash_name(enum redan_hash hash); /* "sha256", "blake2b" ... as manifests spell it */
bool redan_hash_of(struct redan_slice name, enum redan_hash *hash); /* those names only */
size_t redan_hash_len(enum redan_hash hash);
/* REDAN_OK, or REDAN_E_UNSUPPORTED with what to install. */
REDAN_NODISCARD enum redan_status redan_hash_ready(struct redan_ctx *ctx, enum redan_hash hash);

/* A redan_hasher of another hash; redan_hasher_add feeds it, this ends it. redan_hasher_end serves those of 32 bytes. */
REDAN_NODISCARD enum redan_status redan_hasher_new_of(struct redan_ctx *ctx, enum redan_hash hash,
                                                      struct redan_hasher **hasher);
REDAN_NODISCARD enum redan_status
redan_hasher_end_sum(struct redan_ctx *ctx, struct redan_hasher *hasher, struct redan_sum *sum);
REDAN_NODISCARD enum redan_status redan_hash_all(struct redan_ctx *ctx, enum redan_hash hash,
                                                 struct redan_slice bytes, struct redan_sum *sum);

bool redan_sum_eq(const struct redan_sum *a, const struct redan_sum *b); /* constant time */
void redan_sum_hex(const struct redan_sum *sum, char hex[REDAN_SUM_HEX]);
/* Lower-case digits, exactly as many as the hash has. */
bool redan_sum_parse_hex(struct redan_slice text, enum redan_hash hash, struct redan_sum *sum);

#endif
