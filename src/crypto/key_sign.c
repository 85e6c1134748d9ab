/* What a key is for: signing and verifying, its private half here or on a token. */
#include <openssl/err.h>

#include "crypto/key_parts.h"

static enum redan_status refused(struct redan_ctx *ctx, const char *what)
{
    ERR_clear_error();
    return redan_fail(ctx, REDAN_E_CRYPTO, 0, "%s", what);
}

/* A token that answers with something else than a signature is found out here. */
static enum redan_status sign_elsewhere(struct redan_ctx *ctx, const struct redan_key *key,
                                        struct redan_slice message, struct redan_slice *signature)
{
    struct redan_slice made = {0};

    REDAN_TRY(key->token.sign(ctx, key->token.token, message, &made));
    enum redan_status status = redan_key_verify(ctx, key, message, made);
    if (status == REDAN_E_SIGNATURE)
        return redan_fail(ctx, REDAN_E_CRYPTO, 0,
                          "what the token signed does not verify with its public key");
    REDAN_TRY(status);
    *signature = made;
    return REDAN_OK;
}

enum redan_status redan_key_sign(struct redan_ctx *ctx, const struct redan_key *key,
                                 struct redan_slice message, struct redan_slice *signature)
{
    const unsigned char *bytes = (const unsigned char *)(message.len ? message.at : "");
    unsigned char out[256]; /* DER of two 521-bit numbers is 139 bytes at most */
    size_t len = sizeof(out);

    if (key->token.sign)
        return sign_elsewhere(ctx, key, message, signature);
    if (!key->parts.is_private)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "only the public half of the key is here");
    EVP_MD_CTX *signer = EVP_MD_CTX_new();
    bool ok = signer &&
              EVP_DigestSignInit_ex(signer, NULL, redan_key_card(key->parts.kind)->md, NULL, NULL,
                                    key->pkey, NULL) == 1 &&
              EVP_DigestSign(signer, out, &len, bytes, message.len) == 1;
    EVP_MD_CTX_free(signer);
    if (!ok)
        return refused(ctx, "the cryptographic library could not sign");
    return redan_copy(ctx, (struct redan_slice){(const char *)out, len}, signature);
}

enum redan_status redan_key_verify(struct redan_ctx *ctx, const struct redan_key *key,
                                   struct redan_slice message, struct redan_slice signature)
{
    const unsigned char *bytes = (const unsigned char *)(message.len ? message.at : "");
    const unsigned char *sig = (const unsigned char *)(signature.len ? signature.at : "");

    if (key->parts.kind == REDAN_KEY_SK_ED25519) /* its device never signs a bare message */
        return REDAN_E_SIGNATURE;
    EVP_MD_CTX *verifier = EVP_MD_CTX_new();
    if (!verifier || EVP_MD_CTX_copy_ex(verifier, key->verifier) != 1) {
        EVP_MD_CTX_free(verifier);
        return refused(ctx, "the cryptographic library could not verify");
    }
    int holds = EVP_DigestVerify(verifier, sig, signature.len, bytes, message.len);
    EVP_MD_CTX_free(verifier);
    if (holds == 1)
        return REDAN_OK;
    ERR_clear_error();
    return REDAN_E_SIGNATURE;
}
