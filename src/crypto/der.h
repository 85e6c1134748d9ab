/* One encoding per value (X.690 10): OpenSSL reads BER too, so what was read is written anew and compared. Private to crypto/. */
#ifndef REDAN_CRYPTO_DER_H
#define REDAN_CRYPTO_DER_H

#include <openssl/crypto.h>
#include <string.h>

#include "base/slice.h"

/* Whether `again`, the `len` bytes that an i2d function made (negative when it failed), is `der`. Frees `again`. */
static inline bool redan_der_same(struct redan_slice der, unsigned char *again, int len)
{
    bool same = len > 0 && (size_t)len == der.len && memcmp(again, der.at, der.len) == 0;

    OPENSSL_free(again);
    return same;
}

#endif
