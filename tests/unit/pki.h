/* A public key infrastructure made on the spot: keys, certificates, transparency logs and stamps, by OpenSSL itself. */
#ifndef REDAN_TESTS_PKI_H
#define REDAN_TESTS_PKI_H

#include <openssl/x509.h>

#include "crypto/certificate.h"

enum { PKI_EXTENSIONS = 10 };

/* One extension: `value` in OpenSSL's configuration syntax, else `len` bytes of DER. */
struct pki_extension {
    const char *oid; /* NULL: none */
    bool critical;
    const char *value;
    const void *der;
    size_t len;
};

struct pki_spec {
    const char *name;   /* common name; NULL: an empty subject */
    EVP_PKEY *key;      /* the subject's */
    const X509 *issuer; /* NULL: its own */
    EVP_PKEY *signer;   /* NULL: its own key */
    int64_t from;       /* 0: 2024-01-01 */
    int64_t until;      /* 0: 2034-01-01 */
    const char *md;     /* NULL: SHA256, or none for Ed25519 */
    long serial;        /* 0: 7 */
    struct pki_extension extensions[PKI_EXTENSIONS];
};

enum { PKI_FROM = 1704067200, PKI_UNTIL = 2019686400 };

/* "P-256", "P-384", "P-521", "secp256k1", "ED25519", "RSA:2048" ... */
EVP_PKEY *pki_key(const char *kind);
X509 *pki_make(const struct pki_spec *spec);
/* The same with signed certificate timestamps (the bytes of the list, with its length) put in before it is signed. */
X509 *pki_make_with_scts(const struct pki_spec *spec, struct redan_slice list);
/* The TBS that a log sees. */
struct redan_slice pki_tbs(struct redan_ctx *ctx, const X509 *x509);
struct redan_slice pki_der(struct redan_ctx *ctx, const X509 *x509);
struct redan_slice pki_pem(struct redan_ctx *ctx, const char *label, struct redan_slice der);
struct redan_certificate *pki_read(struct redan_ctx *ctx, const X509 *x509);
struct redan_slice pki_spki(struct redan_ctx *ctx, EVP_PKEY *key);
struct redan_slice pki_sign(struct redan_ctx *ctx, EVP_PKEY *key, const char *md,
                            struct redan_slice message);

/* How an authority answers; zero is as it should. */
struct pki_stamp {
    X509 *signer;
    EVP_PKEY *key;
    const char *imprint; /* NULL: SHA256 */
    const char *md;      /* of the signature; NULL: SHA256 */
    int64_t at;          /* seconds */
    long micro;          /* and a fraction */
    X509 *embed;         /* NULL: no certificate in the token */
    bool critical;       /* a critical extension that nobody knows */
    bool refuse;         /* the status is "rejection" */
};
/* A whole TimeStampResp. */
struct redan_slice pki_stamp(struct redan_ctx *ctx, const struct pki_stamp *how,
                             struct redan_slice message);

#endif
