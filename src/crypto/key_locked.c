/* Private keys under a passphrase: PEM forms that are unlocked here, and OpenSSH's, whose public half is enough. */
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include "base/hex.h"
#include "crypto/key_parts.h"

/* RFC 7914: 16 MiB, five times over; twice the memory is more than OpenSSL would read again. */
enum { SCRYPT_N = 16384, SCRYPT_R = 8, SCRYPT_P = 5, SALT = 16 };

enum redan_key_lock redan_key_lock(struct redan_ctx *ctx, struct redan_slice text)
{
    struct redan_key_parts parts = {.is_private = false};
    struct redan_slice label = {0};
    struct redan_slice bytes REDAN_DEFER(redan_key_cleanse) = {0};
    bool open = true;

    text = redan_slice_trim(text);
    if (redan_slice_starts(text, REDAN_S("-----BEGIN ENCRYPTED PRIVATE KEY-----")))
        return REDAN_KEY_PASSPHRASE;
    if (redan_slice_starts(text, REDAN_S("ssh-")) ||
        redan_slice_starts(text, REDAN_S("ecdsa-sha2-")) ||
        redan_slice_starts(text, REDAN_S("sk-")))
        return REDAN_KEY_PUBLIC;
    if (text.len > REDAN_KEY_TEXT_MAX || ctx->failure.status != REDAN_OK ||
        !redan_slice_starts(text, REDAN_S("-----BEGIN OPENSSH PRIVATE KEY-----")))
        return REDAN_KEY_OPEN;
    enum redan_status status = redan_key_block(ctx, text, &label, &bytes);
    if (status == REDAN_OK)
        status = redan_ssh_outside(ctx, bytes, &parts, &open);
    redan_fail_clear(ctx); /* whoever reads the key says what is wrong with it */
    return status == REDAN_OK && !open ? REDAN_KEY_KEYGEN : REDAN_KEY_OPEN;
}

enum redan_status redan_key_parse_half(struct redan_ctx *ctx, struct redan_slice text,
                                       struct redan_key **key)
{
    struct redan_key_parts parts = {.is_private = false};
    struct redan_slice label = {0};
    struct redan_slice bytes REDAN_DEFER(redan_key_cleanse) = {0};
    bool open = false;

    if (!redan_slice_starts(redan_slice_trim(text), REDAN_S("-----BEGIN OPENSSH PRIVATE KEY-----")))
        return redan_key_parse_public(ctx, text, key);
    if (text.len > REDAN_KEY_TEXT_MAX)
        return redan_fail(ctx, REDAN_E_LIMIT, REDAN_KEY_TEXT_MAX, "no key is this long");
    REDAN_TRY(redan_key_block(ctx, redan_slice_trim(text), &label, &bytes));
    REDAN_TRY(redan_ssh_outside(ctx, bytes, &parts, &open));
    return redan_key_build(ctx, &parts, key);
}

/* NULL when the passphrase is not the one, or the block no key; `whole` tells the two apart. */
static EVP_PKEY *decrypt(struct redan_slice der, struct redan_slice passphrase, bool *whole)
{
    const unsigned char *at = (const unsigned char *)der.at;
    const unsigned char *end = at + der.len;
    X509_SIG *sealed = d2i_X509_SIG(NULL, &at, (long)der.len);
    PKCS8_PRIV_KEY_INFO *info = NULL;
    EVP_PKEY *pkey = NULL;

    *whole = sealed && at == end;
    if (*whole)
        info = PKCS8_decrypt(sealed, passphrase.len ? passphrase.at : "", (int)passphrase.len);
    pkey = info ? EVP_PKCS82PKEY(info) : NULL;
    PKCS8_PRIV_KEY_INFO_free(info); /* cleansed by OpenSSL */
    X509_SIG_free(sealed);
    ERR_clear_error();
    return pkey;
}

enum redan_status redan_key_unlock(struct redan_ctx *ctx, struct redan_slice text,
                                   struct redan_slice passphrase, struct redan_key **key)
{
    struct redan_key_parts parts REDAN_DEFER(redan_key_parts_drop) = {.is_private = true};
    struct redan_slice label = {0};
    struct redan_slice der REDAN_DEFER(redan_key_cleanse) = {0};
    bool whole = false;

    if (text.len > REDAN_KEY_TEXT_MAX || passphrase.len > REDAN_KEY_TEXT_MAX)
        return redan_fail(ctx, REDAN_E_LIMIT, REDAN_KEY_TEXT_MAX, "no key is this long");
    REDAN_TRY(redan_key_block(ctx, redan_slice_trim(text), &label, &der));
    if (!redan_slice_is(label, "ENCRYPTED PRIVATE KEY"))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "this key has no passphrase");
    EVP_PKEY *pkey = decrypt(der, passphrase, &whole);
    if (!whole)
        return redan_fail(ctx, REDAN_E_SYNTAX, 0, "the PEM block does not hold an encrypted key");
    if (!pkey)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0, "the passphrase does not open this key");
    enum redan_status status = redan_key_take_parts(ctx, pkey, &parts);
    EVP_PKEY_free(pkey);
    REDAN_TRY(status);
    return redan_key_build(ctx, &parts, key);
}

/* The sealed key, or NULL. */
static X509_SIG *encrypt(PKCS8_PRIV_KEY_INFO *info, struct redan_slice passphrase,
                         const unsigned char salt[SALT])
{
    X509_ALGOR *scheme =
        PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), salt, SALT, NULL, SCRYPT_N, SCRYPT_R, SCRYPT_P);
    X509_SIG *sealed =
        scheme ? PKCS8_set0_pbe(passphrase.at, (int)passphrase.len, info, scheme) : NULL;

    if (!sealed)
        X509_ALGOR_free(scheme);
    return sealed;
}

void redan_key_add_locked_pem(struct redan_buf *out, const struct redan_key *key,
                              struct redan_slice passphrase)
{
    unsigned char salt[SALT];
    unsigned char *der = NULL;
    PKCS8_PRIV_KEY_INFO *info = key->parts.is_private ? EVP_PKEY2PKCS8(key->pkey) : NULL;
    X509_SIG *sealed = NULL;

    /* an empty one would look like protection */
    if (info && passphrase.len && passphrase.len <= REDAN_KEY_TEXT_MAX &&
        RAND_bytes(salt, sizeof(salt)) == 1)
        sealed = encrypt(info, passphrase, salt);
    int len = sealed ? i2d_X509_SIG(sealed, &der) : -1;
    if (len > 0)
        redan_pem_add(out, "ENCRYPTED PRIVATE KEY",
                      (struct redan_slice){(const char *)der, (size_t)len}, 64);
    else if (out->fail == REDAN_OK)
        out->fail = key->parts.is_private && passphrase.len ? REDAN_E_CRYPTO : REDAN_E_USAGE;
    OPENSSL_free(der);
    X509_SIG_free(sealed);
    PKCS8_PRIV_KEY_INFO_free(info);
    ERR_clear_error();
}
