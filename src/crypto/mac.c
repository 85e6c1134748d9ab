/* HMAC-SHA-256 through OpenSSL. */
#include "crypto/mac.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

enum redan_status redan_mac(struct redan_ctx *ctx, struct redan_slice key, struct redan_slice bytes,
                            struct redan_digest *mac)
{
    unsigned char out[EVP_MAX_MD_SIZE];
    size_t len = 0;

    if (!EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key.len ? key.at : "", key.len,
                   (const unsigned char *)(bytes.len ? bytes.at : ""), bytes.len, out, sizeof(out),
                   &len) ||
        len != REDAN_DIGEST_LEN) {
        ERR_clear_error();
        return redan_fail(ctx, REDAN_E_CRYPTO, 0, "the cryptographic library refused the seal");
    }
    memcpy(mac->bytes, out, REDAN_DIGEST_LEN);
    return REDAN_OK;
}
