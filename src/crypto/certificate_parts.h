/* What the certificate readers of this room hand to each other: OpenSSL's view of one. Private to crypto/. */
#ifndef REDAN_CRYPTO_CERTIFICATE_PARTS_H
#define REDAN_CRYPTO_CERTIFICATE_PARTS_H

#include <openssl/x509.h>

#include "crypto/certificate.h"

enum { REDAN_CERTIFICATE_DER_MAX = 65536 };

struct redan_certificate {
    X509 *x509; /* its extensions are read already, so that threads may share it */
    unsigned char *der;
    size_t len;
    struct redan_spki *key;
};

/* A store that believes these certificates and nothing else, whether they signed themselves or not, at a time: no key
 * under 112 bits, no SHA-1, both ends of a validity belonging to it (RFC 5280 4.1.2.5). NULL when OpenSSL refuses. */
X509_STORE *redan_certificate_store(struct redan_certificate *const *anchors, size_t count,
                                    int64_t at);
/* "CN=...,O=..." (RFC 2253), in the arena. */
REDAN_NODISCARD enum redan_status
redan_certificate_name(struct redan_ctx *ctx, const X509_NAME *name, struct redan_slice *text);
bool redan_certificate_time(const ASN1_TIME *time, int64_t *seconds);

#endif
