/* What the kinds of identity share. Private to the room. */
#ifndef REDAN_GUARD_IDENTITY_PARTS_H
#define REDAN_GUARD_IDENTITY_PARTS_H

#include "codec/json_pull.h"
#include "crypto/digest.h"
#include "crypto/jwt.h"
#include "guard/identity.h"

enum { REDAN_IDENTITY_NAME = 256, REDAN_IDENTITY_KEYS = 4096, REDAN_IDENTITY_FILE = 1 << 20 };

struct redan_identity_key { /* of an API */
    struct redan_digest digest;
    struct redan_slice name;
};

struct redan_token_key {
    struct redan_slice kid; /* may be empty */
    struct redan_jwt_key *key;
};

/* A token that was verified. */
struct redan_token {
    struct redan_digest digest;
    int64_t until; /* 0: the place is free */
    uint64_t used;
    uint16_t name_len;
    char name[REDAN_IDENTITY_NAME];
};

enum { REDAN_TOKEN_SETS = 256, REDAN_TOKEN_WAYS = 4, REDAN_TOKEN_SECONDS = 3600 };

struct redan_identity {
    struct redan_ctx
        ctx; /* of what lives as long as this; what a call needs is given back after it */
    struct redan_mem *mem;               /* of this struct */
    struct redan_policy_identity policy; /* its texts are in ctx */
    struct redan_hasher *hasher;
    struct redan_identity_key *keys;
    size_t key_count;
    enum redan_jwt_algorithm algorithm;
    struct redan_token_key *token_keys;
    size_t token_key_count;
    struct redan_token *tokens; /* SETS x WAYS */
    uint64_t uses;
    struct redan_json json;
};

/* Whether a text can be a caller's name: 1 to 256 bytes of UTF-8 without control characters. */
bool redan_identity_name(struct redan_slice text);
/* REDAN_E_SIGNATURE with a text for the caller. */
enum redan_status redan_identity_refuse(struct redan_ctx *ctx, const char *what);

/* Lines "sha256:HEX NAME"; blank lines and "#" comments. The keys are in `id->ctx`. */
REDAN_NODISCARD enum redan_status redan_api_keys_read(struct redan_identity *id,
                                                      struct redan_slice text);
/* The name of the key with this digest, empty when there is none; takes as long in either case. */
struct redan_slice redan_api_keys_find(const struct redan_identity *id,
                                       const struct redan_digest *digest);

/* A JWKS (RFC 7517 5): the keys that verify under the policy's algorithm. */
REDAN_NODISCARD enum redan_status redan_token_keys_read(struct redan_identity *id,
                                                        struct redan_slice text);
/* Verify a token; the name is in the arena of `ctx`. */
REDAN_NODISCARD enum redan_status redan_token_establish(struct redan_ctx *ctx,
                                                        struct redan_identity *id,
                                                        struct redan_slice token, int64_t now,
                                                        struct redan_slice *name, bool *cached);

#endif
