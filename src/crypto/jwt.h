/* JSON Web Tokens in compact form (RFC 7515, 7519), verified by pre-parsed keys under one pinned algorithm. */
#ifndef REDAN_CRYPTO_JWT_H
#define REDAN_CRYPTO_JWT_H

#include "base/ctx.h"
#include "base/slice.h"

enum redan_jwt_algorithm {
    REDAN_JWT_ES256,
    REDAN_JWT_ES384,
    REDAN_JWT_EDDSA,
    REDAN_JWT_RS256,
    REDAN_JWT_PS256,
    REDAN_JWT_HS256
};
extern const char *const redan_jwt_words[]; /* "ES256", ..., NULL */

/* One key as a JWK gives it: members decoded from base64url by the caller, who reads the JSON (this room does not). */
struct redan_jwt_parts {
    enum redan_jwt_algorithm algorithm;
    struct redan_slice x, y; /* EC, OKP */
    struct redan_slice n, e; /* RSA: 2048 to 8192 bits */
    struct redan_slice k;    /* oct: at least 32 bytes */
};
struct redan_jwt_key;
REDAN_NODISCARD enum redan_status redan_jwt_key_new(struct redan_ctx *ctx,
                                                    const struct redan_jwt_parts *parts,
                                                    struct redan_jwt_key **key);
void redan_jwt_key_free(struct redan_jwt_key *key);

/* A token cut at its dots, base64url decoded into the arena; strict: no padding, no blanks, 16 KiB at most. */
struct redan_jwt {
    struct redan_slice signed_part; /* as it stands */
    struct redan_slice header;      /* JSON */
    struct redan_slice payload;     /* JSON */
    struct redan_slice signature;
};
REDAN_NODISCARD enum redan_status redan_jwt_cut(struct redan_ctx *ctx, struct redan_slice token,
                                                struct redan_jwt *jwt);
/* REDAN_OK, or REDAN_E_SIGNATURE (not recorded). ES256/384 signatures are r || s (RFC 7518 3.4). */
REDAN_NODISCARD enum redan_status redan_jwt_verify(struct redan_ctx *ctx,
                                                   const struct redan_jwt_key *key,
                                                   const struct redan_jwt *jwt);

#endif
