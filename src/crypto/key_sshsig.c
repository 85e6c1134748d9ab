/* Signatures in OpenSSH's form: the type, then what RFC 8709 6, RFC 5656 3.1.2 and PROTOCOL.u2f put after it. */
#include <openssl/ec.h>
#include <openssl/err.h>
#include <string.h>

#include "base/reader.h"
#include "crypto/key_parts.h"

enum { ED25519_SIGNATURE = 64, DER_MAX = 160, MADE_MAX = 256, USER_PRESENT = 0x01 };

/* RFC 4251 5: a number with a zero before its first byte when that would read as a sign. */
static size_t put_number(char *out, size_t at, const BIGNUM *number)
{
    unsigned char bytes[REDAN_KEY_PRIVATE_MAX + 1] = {0};
    size_t len = (size_t)BN_num_bytes(number);

    (void)BN_bn2bin(number, bytes + 1); /* at most the order's length: it came out of a signature */
    bool sign = len > 0 && bytes[1] >= 0x80;
    return redan_ssh_put(out, at, sign ? bytes : bytes + 1, len + sign);
}

/* From DER to two numbers; false when it is none of this curve. */
static bool to_numbers(const struct redan_key_card *card, struct redan_slice der, char *out,
                       size_t *len)
{
    const unsigned char *at = (const unsigned char *)der.at;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)der.len);
    bool good = sig && (size_t)BN_num_bytes(ECDSA_SIG_get0_r(sig)) <= card->private_len &&
                (size_t)BN_num_bytes(ECDSA_SIG_get0_s(sig)) <= card->private_len;

    if (good)
        *len = put_number(out, put_number(out, 0, ECDSA_SIG_get0_r(sig)), ECDSA_SIG_get0_s(sig));
    ECDSA_SIG_free(sig);
    ERR_clear_error();
    return good;
}

/* And back. Numbers that are spelled otherwise than RFC 4251 5 says are no signature. */
static bool to_der(const struct redan_key_card *card, struct redan_slice numbers,
                   unsigned char der[DER_MAX], size_t *len)
{
    uint8_t r[REDAN_KEY_PRIVATE_MAX];
    uint8_t s[REDAN_KEY_PRIVATE_MAX];
    struct redan_reader in;
    unsigned char *at = der;
    int made = -1;

    redan_reader_init(&in, numbers);
    bool good = redan_ssh_number(redan_reader_string(&in), r, card->private_len);
    good = redan_ssh_number(redan_reader_string(&in), s, card->private_len) && good;
    if (!good || in.failed || redan_reader_left(&in) != 0)
        return false;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *a = BN_bin2bn(r, (int)card->private_len, NULL);
    BIGNUM *b = BN_bin2bn(s, (int)card->private_len, NULL);
    if (sig && a && b && ECDSA_SIG_set0(sig, a, b) == 1) {
        a = b = NULL; /* its own now */
        made = i2d_ECDSA_SIG(sig, NULL);
    }
    if (made > 0 && made <= DER_MAX)
        made = i2d_ECDSA_SIG(sig, &at);
    BN_free(a);
    BN_free(b);
    ECDSA_SIG_free(sig);
    ERR_clear_error();
    *len = made > 0 ? (size_t)made : 0;
    return made > 0;
}

enum redan_status redan_key_sign_ssh(struct redan_ctx *ctx, const struct redan_key *key,
                                     struct redan_slice message, struct redan_slice *signature)
{
    const struct redan_key_card *card = redan_key_card(key->parts.kind);
    struct redan_slice plain = {0};
    char numbers[MADE_MAX];
    char made[2 * MADE_MAX];
    size_t len = 0;

    REDAN_TRY(redan_key_sign(ctx, key, message, &plain));
    if (card->group) {
        if (!to_numbers(card, plain, numbers, &len))
            return redan_fail(ctx, REDAN_E_CRYPTO, 0, "the cryptographic library could not sign");
        plain = (struct redan_slice){numbers, len};
    }
    len = redan_ssh_put(made, 0, card->ssh, strlen(card->ssh));
    len = redan_ssh_put(made, len, plain.at, plain.len);
    return redan_copy(ctx, (struct redan_slice){made, len}, signature);
}

/* PROTOCOL.u2f: the device signs the digests of its application and of the message, with its flags and counter between. */
static enum redan_status verify_device(struct redan_ctx *ctx, const struct redan_key *key,
                                       struct redan_slice message, struct redan_slice signature,
                                       uint8_t flags, uint32_t counter)
{
    const struct redan_key_parts *parts = &key->parts;
    struct redan_digest application;
    struct redan_digest digest;
    uint8_t text[2 * REDAN_DIGEST_LEN + 5];
    int holds = 0;

    if ((flags & USER_PRESENT) == 0) /* nobody touched it */
        return REDAN_E_SIGNATURE;
    REDAN_TRY(redan_sha256(ctx, (struct redan_slice){parts->application, parts->application_len},
                           &application));
    REDAN_TRY(redan_sha256(ctx, message, &digest));
    memcpy(text, application.bytes, REDAN_DIGEST_LEN);
    text[REDAN_DIGEST_LEN] = flags;
    for (size_t i = 0; i < 4; i++)
        text[REDAN_DIGEST_LEN + 1 + i] = (uint8_t)(counter >> (24 - 8 * i));
    memcpy(text + REDAN_DIGEST_LEN + 5, digest.bytes, REDAN_DIGEST_LEN);
    EVP_MD_CTX *verifier = EVP_MD_CTX_new();
    if (!verifier || EVP_MD_CTX_copy_ex(verifier, key->verifier) != 1) {
        EVP_MD_CTX_free(verifier);
        ERR_clear_error();
        return redan_fail(ctx, REDAN_E_CRYPTO, 0, "the cryptographic library could not verify");
    }
    holds = EVP_DigestVerify(verifier, (const unsigned char *)signature.at, signature.len, text,
                             sizeof(text));
    EVP_MD_CTX_free(verifier);
    ERR_clear_error();
    return holds == 1 ? REDAN_OK : REDAN_E_SIGNATURE;
}

enum redan_status redan_key_verify_ssh(struct redan_ctx *ctx, const struct redan_key *key,
                                       struct redan_slice message, struct redan_slice signature)
{
    const struct redan_key_card *card = redan_key_card(key->parts.kind);
    bool device = key->parts.kind == REDAN_KEY_SK_ED25519;
    struct redan_reader in;
    unsigned char der[DER_MAX];
    size_t len = 0;

    redan_reader_init(&in, signature);
    struct redan_slice type = redan_reader_string(&in);
    struct redan_slice bytes = redan_reader_string(&in);
    uint8_t flags = device ? redan_reader_u8(&in) : 0;
    uint32_t counter = device ? redan_reader_u32be(&in) : 0;
    if (in.failed || redan_reader_left(&in) != 0 || !redan_slice_is(type, card->ssh))
        return REDAN_E_SIGNATURE;
    if (!card->group && bytes.len != ED25519_SIGNATURE)
        return REDAN_E_SIGNATURE;
    if (device)
        return verify_device(ctx, key, message, bytes, flags, counter);
    if (!card->group)
        return redan_key_verify(ctx, key, message, bytes);
    if (!to_der(card, bytes, der, &len))
        return REDAN_E_SIGNATURE;
    return redan_key_verify(ctx, key, message, (struct redan_slice){(const char *)der, len});
}
