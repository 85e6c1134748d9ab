/* SHA-256 in one call, its text form, and fresh random bytes. */
#include "crypto/digest.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <sys/random.h>

#include "base/hex.h"

static enum redan_status refused(struct redan_ctx *ctx)
{
    ERR_clear_error();
    return redan_fail(ctx, REDAN_E_CRYPTO, 0, "the cryptographic library refused the digest");
}

enum redan_status redan_sha256(struct redan_ctx *ctx, struct redan_slice bytes,
                               struct redan_digest *digest)
{
    unsigned char out[EVP_MAX_MD_SIZE];
    size_t len = 0;

    if (EVP_Q_digest(NULL, "SHA256", NULL, bytes.len ? bytes.at : "", bytes.len, out, &len) != 1 ||
        len != REDAN_DIGEST_LEN)
        return refused(ctx);
    for (size_t i = 0; i < REDAN_DIGEST_LEN; i++)
        digest->bytes[i] = out[i];
    return REDAN_OK;
}

enum redan_status redan_sha512(struct redan_ctx *ctx, struct redan_slice bytes,
                               uint8_t digest[REDAN_SHA512_LEN])
{
    unsigned char out[EVP_MAX_MD_SIZE];
    size_t len = 0;

    if (EVP_Q_digest(NULL, "SHA512", NULL, bytes.len ? bytes.at : "", bytes.len, out, &len) != 1 ||
        len != REDAN_SHA512_LEN)
        return refused(ctx);
    for (size_t i = 0; i < REDAN_SHA512_LEN; i++)
        digest[i] = out[i];
    return REDAN_OK;
}

bool redan_digest_eq(const struct redan_digest *a, const struct redan_digest *b)
{
    return CRYPTO_memcmp(a->bytes, b->bytes, REDAN_DIGEST_LEN) == 0;
}

void redan_digest_hex(const struct redan_digest *digest, char hex[REDAN_DIGEST_HEX])
{
    redan_hex_put(hex, digest->bytes, REDAN_DIGEST_LEN);
}

bool redan_digest_parse_hex(struct redan_slice text, struct redan_digest *digest)
{
    struct redan_digest out;

    if (!redan_hex_parse_lower(text, out.bytes, REDAN_DIGEST_LEN))
        return false;
    *digest = out;
    return true;
}

bool redan_digest_parse(struct redan_slice text, struct redan_digest *digest)
{
    const struct redan_slice prefix = REDAN_S("sha256:");

    return redan_slice_starts(text, prefix) &&
           redan_digest_parse_hex(redan_slice_sub(text, prefix.len, text.len), digest);
}

enum redan_status redan_random(struct redan_ctx *ctx, void *bytes, size_t len)
{
    unsigned char *at = bytes;

    while (len) {
        ssize_t n = getrandom(at, len, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return redan_fail(ctx, REDAN_E_IO, 0, "the system's random generator refused");
        at += n;
        len -= (size_t)n;
    }
    return REDAN_OK;
}

enum redan_status redan_digest_text(struct redan_ctx *ctx, const struct redan_digest *digest,
                                    struct redan_slice *text)
{
    char hex[REDAN_DIGEST_HEX];

    redan_digest_hex(digest, hex);
    return redan_format(ctx, text, "sha256:%s", hex);
}
