/* PKCS #11 addresses (RFC 7512) taken apart. Private to crypto/. */
#ifndef REDAN_CRYPTO_PKCS11_URI_H
#define REDAN_CRYPTO_PKCS11_URI_H

#include "base/ctx.h"

enum redan_pkcs11_attribute {
    /* of the path (2.3) */
    REDAN_PKCS11_TOKEN,
    REDAN_PKCS11_MANUFACTURER,
    REDAN_PKCS11_SERIAL,
    REDAN_PKCS11_MODEL,
    REDAN_PKCS11_LIBRARY_MANUFACTURER,
    REDAN_PKCS11_LIBRARY_DESCRIPTION,
    REDAN_PKCS11_LIBRARY_VERSION,
    REDAN_PKCS11_SLOT_MANUFACTURER,
    REDAN_PKCS11_SLOT_DESCRIPTION,
    REDAN_PKCS11_SLOT_ID,
    REDAN_PKCS11_OBJECT,
    REDAN_PKCS11_ID,
    REDAN_PKCS11_TYPE,
    /* of the query */
    REDAN_PKCS11_MODULE_NAME,
    REDAN_PKCS11_MODULE_PATH,
    REDAN_PKCS11_PIN_VALUE,
    REDAN_PKCS11_PIN_SOURCE,
    REDAN_PKCS11_ATTRIBUTES,
};

/* Decoded, in the arena; what is absent has no `at`. */
struct redan_pkcs11_uri {
    struct redan_slice value[REDAN_PKCS11_ATTRIBUTES];
    uint64_t slot; /* of slot-id */
};

/* Strict: attributes that are not known, twice the same, characters that must be encoded, and an address of anything but a private key are refused.
 * REDAN_E_SYNTAX; the text of a PIN is never in a message. */
REDAN_NODISCARD enum redan_status redan_pkcs11_uri_parse(struct redan_ctx *ctx,
                                                         struct redan_slice text,
                                                         struct redan_pkcs11_uri *uri);
bool redan_pkcs11_uri_has(const struct redan_pkcs11_uri *uri, enum redan_pkcs11_attribute what);

#endif
