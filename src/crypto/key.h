/* Signing keys: Ed25519, ECDSA P-256, P-384 and P-521, in PEM and in OpenSSH form; Ed25519 on a security key, to verify. */
#ifndef REDAN_CRYPTO_KEY_H
#define REDAN_CRYPTO_KEY_H

#include "crypto/digest.h"

enum redan_key_kind {
    REDAN_KEY_ED25519,
    REDAN_KEY_P256, /* signs SHA-256, DER signatures */
    REDAN_KEY_P384, /* signs SHA-384, DER signatures */
    REDAN_KEY_P521, /* signs SHA-512, DER signatures */
    REDAN_KEY_SK_ED25519, /* on a security key (OpenSSH's PROTOCOL.u2f): verified in OpenSSH's form alone */
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

/* What stands between a key file and its private half. */
enum redan_key_lock {
    REDAN_KEY_OPEN,       /* nothing that is known here: redan_key_parse_private says the rest */
    REDAN_KEY_PASSPHRASE, /* PEM "ENCRYPTED PRIVATE KEY": redan_key_unlock */
    REDAN_KEY_KEYGEN,     /* OpenSSH's, with a passphrase or on a security key: ssh-keygen signs */
    REDAN_KEY_PUBLIC, /* an OpenSSH public line: ssh-keygen finds the private half, or the agent does */
};
enum redan_key_lock redan_key_lock(struct redan_ctx *ctx, struct redan_slice text);
/* PKCS #8 under PBES2. A wrong passphrase is REDAN_E_SIGNATURE. */
REDAN_NODISCARD enum redan_status redan_key_unlock(struct redan_ctx *ctx, struct redan_slice text,
                                                   struct redan_slice passphrase,
                                                   struct redan_key **key);
/* The public half in a file of the kinds KEYGEN and PUBLIC. */
REDAN_NODISCARD enum redan_status
redan_key_parse_half(struct redan_ctx *ctx, struct redan_slice text, struct redan_key **key);
void redan_key_free(struct redan_key *key);
void redan_key_drop(struct redan_key **key); /* for REDAN_DEFER */

enum redan_key_kind redan_key_kind(const struct redan_key *key);
const char *redan_key_kind_name(
    enum redan_key_kind
        kind); /* "ed25519", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519-sk" */
/* SHA-256 of the SubjectPublicKeyInfo in DER: the key's id everywhere. One on a security key has none: there it is the
 * SHA-256 of OpenSSH's blob, application included. */
void redan_key_id(const struct redan_key *key, struct redan_digest *id);
/* Whether the private half is there. */
bool redan_key_can_sign(const struct redan_key *key);
/* Whether it was read from a private key file of OpenSSH: then it signs in OpenSSH's form. */
bool redan_key_is_ssh(const struct redan_key *key);

/* A key on a security key has no PEM form: REDAN_E_UNSUPPORTED sticks in the buffer. */
void redan_key_add_public_pem(struct redan_buf *out, const struct redan_key *key);
void redan_key_add_public_ssh(struct redan_buf *out, const struct redan_key *key,
                              struct redan_slice comment); /* one line, no newline */
/* The bytes inside that line (RFC 4253 6.6). */
void redan_key_add_public_blob(struct redan_buf *out, const struct redan_key *key);
/* PKCS #8 PEM; `out` should be secret. */
void redan_key_add_private_pem(struct redan_buf *out, const struct redan_key *key);
/* The same under a passphrase: PBES2 with scrypt (RFC 7914; N 16384, r 8, p 5) and AES-256-CBC. */
void redan_key_add_locked_pem(struct redan_buf *out, const struct redan_key *key,
                              struct redan_slice passphrase);

/* Signature in the arena. Ed25519 is pure (RFC 8032 5.1); ECDSA is DER. */
REDAN_NODISCARD enum redan_status redan_key_sign(struct redan_ctx *ctx, const struct redan_key *key,
                                                 struct redan_slice message,
                                                 struct redan_slice *signature);
/* REDAN_OK, or REDAN_E_SIGNATURE (not recorded as a failure: callers try several keys). */
REDAN_NODISCARD enum redan_status redan_key_verify(struct redan_ctx *ctx,
                                                   const struct redan_key *key,
                                                   struct redan_slice message,
                                                   struct redan_slice signature);

/* The same in OpenSSH's form: the type, and the signature as RFC 8709 6 and RFC 5656 3.1.2 have it; of a security key also
 * its flags, of which "user present" must be set, and its counter. */
REDAN_NODISCARD enum redan_status redan_key_sign_ssh(struct redan_ctx *ctx,
                                                     const struct redan_key *key,
                                                     struct redan_slice message,
                                                     struct redan_slice *signature);
REDAN_NODISCARD enum redan_status redan_key_verify_ssh(struct redan_ctx *ctx,
                                                       const struct redan_key *key,
                                                       struct redan_slice message,
                                                       struct redan_slice signature);

#endif
