/* SHA-2 digests (FIPS 180-4) through OpenSSL. */
#ifndef REDAN_CRYPTO_DIGEST_H
#define REDAN_CRYPTO_DIGEST_H

#include "base/buf.h"
#include "base/ctx.h"

enum { REDAN_DIGEST_LEN = 32, REDAN_DIGEST_HEX = 65 };

/* A SHA-256. */
struct redan_digest {
    uint8_t bytes[REDAN_DIGEST_LEN];
};

/* SHA-512, for what OpenSSH signs. */
enum { REDAN_SHA512_LEN = 64 };
REDAN_NODISCARD enum redan_status redan_sha512(struct redan_ctx *ctx, struct redan_slice bytes,
                                               uint8_t digest[REDAN_SHA512_LEN]);

struct redan_hasher; /* a running digest: of SHA-256, or of another hash (crypto/hash.h) */

REDAN_NODISCARD enum redan_status redan_sha256(struct redan_ctx *ctx, struct redan_slice bytes,
                                               struct redan_digest *digest);
REDAN_NODISCARD enum redan_status redan_hasher_new(struct redan_ctx *ctx,
                                                   struct redan_hasher **hasher);
REDAN_NODISCARD enum redan_status
redan_hasher_add(struct redan_ctx *ctx, struct redan_hasher *hasher, struct redan_slice bytes);
/* Gives the digest and is ready for the next message. */
REDAN_NODISCARD enum redan_status
redan_hasher_end(struct redan_ctx *ctx, struct redan_hasher *hasher, struct redan_digest *digest);
void redan_hasher_free(struct redan_hasher *hasher);
void redan_hasher_drop(struct redan_hasher **hasher); /* for REDAN_DEFER */

bool redan_digest_eq(const struct redan_digest *a,
                     const struct redan_digest *b); /* constant time */
void redan_digest_hex(const struct redan_digest *digest, char hex[REDAN_DIGEST_HEX]);
/* "sha256:HEX", in the arena. */
REDAN_NODISCARD enum redan_status redan_digest_text(struct redan_ctx *ctx,
                                                    const struct redan_digest *digest,
                                                    struct redan_slice *text);
/* "sha256:HEX" (64 digits, lower case only). */
bool redan_digest_parse(struct redan_slice text, struct redan_digest *digest);
/* The 64 digits alone, lower case only. */
bool redan_digest_parse_hex(struct redan_slice text, struct redan_digest *digest);
/* `len` fresh random bytes from the system's generator. */
REDAN_NODISCARD enum redan_status redan_random(struct redan_ctx *ctx, void *bytes, size_t len);

#endif
