/* Signing keys: Ed25519, ECDSA P-256 and P-384, in PEM and in OpenSSH form. */
#ifndef REDAN_CRYPTO_KEY_H
#define REDAN_CRYPTO_KEY_H

#include "crypto/digest.h"

enum redan_key_kind {
    REDAN_KEY_ED25519,
    REDAN_KEY_P256, /* signs SHA-256, DER signatures */
    REDAN_KEY_P384, /* signs SHA-384, DER signatures */
};

struct redan_key; /* may be read by several threads at once */

REDAN_NODISCARD enum redan_status redan_key_new(struct redan_ctx *ctx, enum redan_key_kind kind,
                                                struct redan_key **key);
/* PEM "PUBLIC KEY" (RFC 5280 SubjectPublicKeyInfo) or one OpenSSH line "ssh-ed25519 AAAA... comment". */
REDAN_NODISCARD enum redan_status
redan_key_parse_public(struct redan_ctx *ctx, struct redan_slice text, struct redan_key **key);
/* PEM "PRIVATE KEY" (PKCS #8), "EC PRIVATE KEY" (SEC 1), or "OPENSSH PRIVATE KEY" without a passphrase. An encrypted one
 * is REDAN_E_UNSUPPORTED with the command that mends it. */
REDAN_NODISCARD enum redan_status
redan_key_parse_private(struct redan_ctx *ctx, struct redan_slice text, struct redan_key **key);
void redan_key_free(struct redan_key *key);
void redan_key_drop(struct redan_key **key); /* for REDAN_DEFER */

enum redan_key_kind redan_key_kind(const struct redan_key *key);
const char *
redan_key_kind_name(enum redan_key_kind kind); /* "ed25519", "ecdsa-p256", "ecdsa-p384" */
/* SHA-256 of the SubjectPublicKeyInfo in DER: the key's id everywhere. */
void redan_key_id(const struct redan_key *key, struct redan_digest *id);
/* Whether the private half is there. */
bool redan_key_can_sign(const struct redan_key *key);

void redan_key_add_public_pem(struct redan_buf *out, const struct redan_key *key);
void redan_key_add_public_ssh(struct redan_buf *out, const struct redan_key *key,
                              struct redan_slice comment); /* one line, no newline */
/* PKCS #8 PEM; `out` should be secret. */
void redan_key_add_private_pem(struct redan_buf *out, const struct redan_key *key);

/* Signature in the arena. Ed25519 is pure (RFC 8032 5.1); ECDSA is DER. */
REDAN_NODISCARD enum redan_status redan_key_sign(struct redan_ctx *ctx, const struct redan_key *key,
                                                 struct redan_slice message,
                                                 struct redan_slice *signature);
/* REDAN_OK, or REDAN_E_SIGNATURE (not recorded as a failure: callers try several keys). */
REDAN_NODISCARD enum redan_status redan_key_verify(struct redan_ctx *ctx,
                                                   const struct redan_key *key,
                                                   struct redan_slice message,
                                                   struct redan_slice signature);

#endif
