/* X.509 certificates (RFC 5280): what they say, whether they chain to pinned ones at a time, and their promises of transparency. */
#ifndef REDAN_CRYPTO_CERTIFICATE_H
#define REDAN_CRYPTO_CERTIFICATE_H

#include "crypto/spki.h"

enum { REDAN_CERTIFICATES_MAX = 32 }; /* of one chain, one trust anchor file, one bundle */

struct redan_certificate; /* may be read by several threads at once */

enum redan_san_kind {
    REDAN_SAN_EMAIL,
    REDAN_SAN_URI,
    REDAN_SAN_DNS,
    REDAN_SAN_FULCIO /* otherName 1.3.6.1.4.1.57264.1.7 */
};

struct redan_san {
    enum redan_san_kind kind;
    struct redan_slice value; /* no NUL in it */
};

/* In the arena. */
struct redan_certificate_facts {
    struct redan_slice subject; /* RFC 2253 */
    struct redan_slice issuer;
    struct redan_slice serial;       /* lower hex */
    struct redan_digest fingerprint; /* SHA-256 of the DER */
    int64_t from;                    /* seconds, both ends belong to the validity */
    int64_t until;
    bool ca;
    bool self_signed;
    bool digital_signature; /* key usage says so, or there is no key usage */
    bool has_key_usage;
    bool code_signing; /* extended key usage lists it */
    bool has_extended_usage;
    struct redan_san *names; /* subject alternative names */
    size_t name_count;
    struct redan_slice
        oidc_issuer;    /* 1.3.6.1.4.1.57264.1.8, decoded, else .1; empty when neither is there */
    bool oidc_conflict; /* both are there and differ */
};

/* One certificate in DER and nothing after it. REDAN_E_SYNTAX. */
REDAN_NODISCARD enum redan_status redan_certificate_parse(struct redan_ctx *ctx,
                                                          struct redan_slice der,
                                                          struct redan_certificate **certificate);
/* All "CERTIFICATE" blocks of a PEM text (at least one, at most REDAN_CERTIFICATES_MAX; another kind of block is refused), into `list`. */
REDAN_NODISCARD enum redan_status
redan_certificate_parse_pem(struct redan_ctx *ctx, struct redan_slice text,
                            struct redan_certificate *list[REDAN_CERTIFICATES_MAX], size_t *count);
void redan_certificate_free(struct redan_certificate *certificate);
void redan_certificate_drop(struct redan_certificate **certificate); /* for REDAN_DEFER */

struct redan_slice
redan_certificate_der(const struct redan_certificate *certificate); /* borrowed */
const struct redan_spki *
redan_certificate_key(const struct redan_certificate *certificate); /* borrowed */
REDAN_NODISCARD enum redan_status
redan_certificate_facts(struct redan_ctx *ctx, const struct redan_certificate *certificate,
                        struct redan_certificate_facts *facts);

/* Whether `leaf` chains through `between` (untrusted) to one of `anchors` (the only things believed; an anchor need not be self-signed) with every
 * certificate inside its validity at `at` (seconds). `issuer` receives the certificate directly above the leaf (one of the arrays', or the leaf itself when it is
 * an anchor). REDAN_E_SIGNATURE recorded with OpenSSL's reason and the subject it was found at. */
REDAN_NODISCARD enum redan_status
redan_certificate_chain(struct redan_ctx *ctx, const struct redan_certificate *leaf,
                        struct redan_certificate *const *between, size_t between_count,
                        struct redan_certificate *const *anchors, size_t anchor_count, int64_t at,
                        const struct redan_certificate **issuer);

/* A certificate transparency log that is believed. */
struct redan_ct_log {
    struct redan_slice id; /* 32 bytes */
    const struct redan_spki *key;
    int64_t from; /* milliseconds, closed interval */
    int64_t until;
};

/* How many of `logs` have a signed certificate timestamp (RFC 6962 3.2, 3.3) in `leaf` that verifies and was made while the log counts. REDAN_E_SIGNATURE, recorded,
 * when none has. */
REDAN_NODISCARD enum redan_status redan_certificate_scts(struct redan_ctx *ctx,
                                                         const struct redan_certificate *leaf,
                                                         const struct redan_certificate *issuer,
                                                         const struct redan_ct_log *logs,
                                                         size_t log_count, size_t *good);

/* PKCS #10 (RFC 2986) with an empty subject, as PEM, signed by `key`: what Fulcio asks for. */
REDAN_NODISCARD enum redan_status redan_certificate_request(struct redan_ctx *ctx,
                                                            const struct redan_key *key,
                                                            struct redan_slice *pem);

#endif
