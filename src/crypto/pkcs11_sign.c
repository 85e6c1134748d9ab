/* Signs on a token: the digest goes there, two bare numbers come back. */
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>

#include "crypto/hash.h"
#include "crypto/pkcs11_parts.h"

enum { RAW_MAX = 2 * REDAN_KEY_PRIVATE_MAX };

static void drop_pair(ECDSA_SIG **pair)
{
    ECDSA_SIG_free(*pair);
}

/* PKCS #11 v2.40 2.3.1: r and s, padded to the same length; RFC 3279 2.2.3 has them in DER. */
static enum redan_status to_der(struct redan_ctx *ctx, const unsigned char *raw, size_t len,
                                struct redan_slice *signature)
{
    ECDSA_SIG *pair REDAN_DEFER(drop_pair) = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, (int)(len / 2), NULL);
    BIGNUM *s = BN_bin2bn(raw + len / 2, (int)(len / 2), NULL);
    unsigned char *der = NULL;

    if (!pair || !r || !s || ECDSA_SIG_set0(pair, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        ERR_clear_error();
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for a signature");
    }
    int n = i2d_ECDSA_SIG(pair, &der);
    if (n <= 0)
        return redan_fail(ctx, REDAN_E_CRYPTO, 0, "the token's signature cannot be written");
    enum redan_status status =
        redan_copy(ctx, (struct redan_slice){(const char *)der, (size_t)n}, signature);
    OPENSSL_free(der);
    return status;
}

/* One signature operation of the session; `raw` has room for the longest. */
static CK_RV run(struct redan_pkcs11_token *token, struct redan_slice bytes, unsigned char *raw,
                 CK_ULONG *len)
{
    CK_MECHANISM how = {token->kind == REDAN_KEY_ED25519 ? CKM_EDDSA : CKM_ECDSA, NULL, 0};
    CK_RV rv = token->calls->C_SignInit(token->session, &how, token->key);

    if (rv == CKR_OK && token->always)
        rv = token->calls->C_Login(token->session, CKU_CONTEXT_SPECIFIC,
                                   token->pin_len ? (unsigned char *)token->pin : NULL,
                                   token->pin_len);
    if (rv != CKR_OK)
        return rv;
    return token->calls->C_Sign(token->session, (unsigned char *)(uintptr_t)bytes.at, bytes.len,
                                raw, len);
}

enum redan_status redan_pkcs11_sign(struct redan_ctx *ctx, void *object, struct redan_slice message,
                                    struct redan_slice *signature)
{
    static const enum redan_hash hashes[REDAN_KEY_KINDS] = {
        [REDAN_KEY_P256] = REDAN_HASH_SHA256,
        [REDAN_KEY_P384] = REDAN_HASH_SHA384,
        [REDAN_KEY_P521] = REDAN_HASH_SHA512,
    };
    struct redan_pkcs11_token *token = object;
    bool edwards = token->kind == REDAN_KEY_ED25519;
    struct redan_slice bytes = message.len ? message : REDAN_S("");
    struct redan_sum sum = {0};
    unsigned char raw[RAW_MAX];
    CK_ULONG len = sizeof(raw);

    if (!edwards) { /* the curve's own hash: bytes are never cut (FIPS 186-5 6.4) */
        REDAN_TRY(redan_hash_all(ctx, hashes[token->kind], message, &sum));
        bytes = (struct redan_slice){(const char *)sum.bytes, sum.len};
    }
    if (pthread_mutex_lock(&token->using) != 0)
        return redan_fail(ctx, REDAN_E_CRYPTO, 0, "the token is in use");
    CK_RV rv = run(token, bytes, raw, &len);
    (void)pthread_mutex_unlock(&token->using);
    if (rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LOCKED)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0, "the token did not take its PIN again");
    if (rv != CKR_OK)
        return redan_pkcs11_refused(ctx, "sign", rv);
    size_t most = edwards ? 64 : 2 * redan_key_card(token->kind)->private_len;
    if (len == 0 || len > most || len % 2 != 0)
        return redan_fail(ctx, REDAN_E_CRYPTO, 0, "the token's signature has %lu bytes",
                          (unsigned long)len);
    if (edwards)
        return redan_copy(ctx, (struct redan_slice){(const char *)raw, len}, signature);
    return to_der(ctx, raw, len, signature);
}
