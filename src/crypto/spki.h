/* Public keys as certificates, trust roots and signers' files carry them, to verify with: EC P-256, P-384, P-521, Ed25519, RSA. */
#ifndef REDAN_CRYPTO_SPKI_H
#define REDAN_CRYPTO_SPKI_H

#include "crypto/hash.h"
#include "crypto/key.h"

enum redan_spki_kind {
    REDAN_SPKI_P256,
    REDAN_SPKI_P384,
    REDAN_SPKI_P521,
    REDAN_SPKI_ED25519,
    REDAN_SPKI_RSA,   /* 2048 bits or more; PKCS #1 v1.5 */
    REDAN_SPKI_OTHER, /* can be named, never verifies anything */
};

struct redan_spki; /* may be read by several threads at once; freed by redan_spki_free */

/* SubjectPublicKeyInfo in DER (RFC 5280 4.1.2.7) and nothing after it. REDAN_E_SYNTAX. */
REDAN_NODISCARD enum redan_status redan_spki_parse(struct redan_ctx *ctx, struct redan_slice der,
                                                   struct redan_spki **spki);
/* RSAPublicKey in DER (RFC 8017 A.1.1), as some trust roots have it. */
REDAN_NODISCARD enum redan_status
redan_spki_parse_rsa(struct redan_ctx *ctx, struct redan_slice der, struct redan_spki **spki);
/* One PEM block "PUBLIC KEY", before which tools may have written words for people (RFC 7468 2) and behind which there is nothing but white
 * space; or an OpenSSH public line of a kind that has an SPKI. */
REDAN_NODISCARD enum redan_status
redan_spki_parse_text(struct redan_ctx *ctx, struct redan_slice text, struct redan_spki **spki);
/* The public half of a signing key. */
REDAN_NODISCARD enum redan_status
redan_spki_of_key(struct redan_ctx *ctx, const struct redan_key *key, struct redan_spki **spki);
void redan_spki_free(struct redan_spki *spki);
void redan_spki_drop(struct redan_spki **spki); /* for REDAN_DEFER */

enum redan_spki_kind redan_spki_kind(const struct redan_spki *spki);
/* "ECDSA P-256", "RSA 4096", "EC secp256k1"; static or owned by the key. */
const char *redan_spki_name(const struct redan_spki *spki);
struct redan_slice redan_spki_der(const struct redan_spki *spki); /* borrowed from the key */
void redan_spki_id(const struct redan_spki *spki, struct redan_digest *id); /* SHA-256 of the DER */
/* SHA-256 of the PEM text, 64 columns and a newline at the end: the `hint` of OpenSSF Model Signing. */
REDAN_NODISCARD enum redan_status
redan_spki_hint(struct redan_ctx *ctx, const struct redan_spki *spki, struct redan_digest *hint);
/* The hash that goes with the key where nothing else says it: SHA-256, for P-384 SHA-384, for P-521 SHA-512. */
enum redan_hash redan_spki_hash(const struct redan_spki *spki);
bool redan_spki_eq(const struct redan_spki *a, const struct redan_spki *b);

/* REDAN_OK, or REDAN_E_SIGNATURE (not recorded as a failure). ECDSA signatures are DER; Ed25519 is pure and `hash` is ignored. */
REDAN_NODISCARD enum redan_status
redan_spki_verify(struct redan_ctx *ctx, const struct redan_spki *spki, enum redan_hash hash,
                  struct redan_slice message, struct redan_slice signature);
/* The same where only the digest of the message is known. REDAN_E_UNSUPPORTED (recorded) for Ed25519, which signs messages. */
REDAN_NODISCARD enum redan_status
redan_spki_verify_sum(struct redan_ctx *ctx, const struct redan_spki *spki, enum redan_hash hash,
                      const struct redan_sum *sum, struct redan_slice signature);

#endif
