/* JSON Web Tokens: keys from their parts, and signatures under one algorithm that is the key's, never the token's. */
#include "crypto/jwt.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <string.h>

#include "base/hex.h"
#include "crypto/key_parts.h"

enum { TOKEN_MAX = 16384, RSA_LEAST = 2048 / 8, RSA_MOST = 8192 / 8, SECRET_LEAST = 32 };

const char *const redan_jwt_words[] = {"ES256", "ES384", "EdDSA", "RS256", "PS256", "HS256", NULL};

struct redan_jwt_key {
    enum redan_jwt_algorithm algorithm;
    struct redan_key *key; /* of a curve */
    EVP_PKEY *rsa;
    EVP_MD_CTX *verifier; /* of RSA, ready; copied by each call, never changed */
    EVP_MAC_CTX *mac;     /* of a secret, likewise */
};

static enum redan_status refused(struct redan_ctx *ctx, const char *what)
{
    ERR_clear_error();
    return redan_fail(ctx, REDAN_E_CRYPTO, 0, "%s", what);
}

/* RFC 7518 6.2.1.2: coordinates have the curve's full length; RFC 8037 2. */
static enum redan_status curve_key(struct redan_ctx *ctx, const struct redan_jwt_parts *parts,
                                   struct redan_jwt_key *made)
{
    struct redan_key_parts bare = {.kind = parts->algorithm == REDAN_JWT_ES256 ? REDAN_KEY_P256
                                           : parts->algorithm == REDAN_JWT_ES384
                                               ? REDAN_KEY_P384
                                               : REDAN_KEY_ED25519};
    size_t len = parts->algorithm == REDAN_JWT_ES384 ? 48 : 32;
    bool point = parts->algorithm != REDAN_JWT_EDDSA;

    if (parts->x.len != len || parts->y.len != (point ? len : 0))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "a key for %s has %s of %zu bytes",
                          redan_jwt_words[parts->algorithm], point ? "x and y" : "x", len);
    uint8_t *at = bare.public_bytes;
    if (point)
        *at++ = 0x04;
    memcpy(at, parts->x.at, len);
    if (point)
        memcpy(at + len, parts->y.at, len);
    return redan_key_build(ctx, &bare, &made->key);
}

static EVP_PKEY *rsa_public(const BIGNUM *n, const BIGNUM *e)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *make = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM *params = NULL;
    EVP_PKEY *pkey = NULL;

    if (build && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
        params = OSSL_PARAM_BLD_to_param(build);
    if (!params || !make || EVP_PKEY_fromdata_init(make) != 1 ||
        EVP_PKEY_fromdata(make, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
        pkey = NULL;
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(make);
    return pkey;
}

static bool rsa_verifier(struct redan_jwt_key *made)
{
    EVP_PKEY_CTX *how = NULL; /* the verifier's own */

    made->verifier = EVP_MD_CTX_new();
    if (!made->verifier ||
        EVP_DigestVerifyInit_ex(made->verifier, &how, "SHA256", NULL, NULL, made->rsa, NULL) != 1)
        return false;
    if (made->algorithm == REDAN_JWT_RS256)
        return EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PADDING) == 1;
    /* RFC 7518 3.5: MGF1 with the same hash, and a salt as long as it */
    return EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(how, EVP_sha256()) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static enum redan_status rsa_key(struct redan_ctx *ctx, const struct redan_jwt_parts *parts,
                                 struct redan_jwt_key *made)
{
    if (parts->n.len < RSA_LEAST || parts->n.len > RSA_MOST + 1 || parts->e.len < 1 ||
        parts->e.len > 8)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "an RSA key has 2048 to 8192 bits");
    BIGNUM *n = BN_bin2bn((const unsigned char *)parts->n.at, (int)parts->n.len, NULL);
    BIGNUM *e = BN_bin2bn((const unsigned char *)parts->e.at, (int)parts->e.len, NULL);
    int bits = n ? BN_num_bits(n) : 0;
    bool fits = n && e && bits >= RSA_LEAST * 8 && bits <= RSA_MOST * 8 && BN_is_odd(n) &&
                BN_is_odd(e) && BN_num_bits(e) > 16; /* FIPS 186-5 5.4 */
    made->rsa = fits ? rsa_public(n, e) : NULL;
    BN_free(n);
    BN_free(e);
    if (!fits)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "an RSA key has 2048 to 8192 bits, and an odd exponent from 65537 on");
    if (!made->rsa || !rsa_verifier(made))
        return refused(ctx, "the cryptographic library refused the RSA key");
    return REDAN_OK;
}

static enum redan_status secret_key(struct redan_ctx *ctx, const struct redan_jwt_parts *parts,
                                    struct redan_jwt_key *made)
{
    char hash[] = "SHA256";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, hash, 0),
                                 OSSL_PARAM_construct_end()};

    if (parts->k.len < SECRET_LEAST) /* RFC 7518 3.2 */
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "a secret for HS256 has at least %d bytes",
                          SECRET_LEAST);
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    made->mac = mac ? EVP_MAC_CTX_new(mac) : NULL;
    EVP_MAC_free(mac);
    if (!made->mac ||
        EVP_MAC_init(made->mac, (const unsigned char *)parts->k.at, parts->k.len, params) != 1)
        return refused(ctx, "the cryptographic library refused the secret");
    return REDAN_OK;
}

enum redan_status redan_jwt_key_new(struct redan_ctx *ctx, const struct redan_jwt_parts *parts,
                                    struct redan_jwt_key **key)
{
    struct redan_jwt_key *made = OPENSSL_zalloc(sizeof(*made));
    enum redan_status status = REDAN_OK;

    if (!made)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for a key");
    made->algorithm = parts->algorithm;
    switch (parts->algorithm) {
    case REDAN_JWT_ES256:
    case REDAN_JWT_ES384:
    case REDAN_JWT_EDDSA:
        status = curve_key(ctx, parts, made);
        break;
    case REDAN_JWT_RS256:
    case REDAN_JWT_PS256:
        status = rsa_key(ctx, parts, made);
        break;
    case REDAN_JWT_HS256:
        status = secret_key(ctx, parts, made);
        break;
    }
    if (status != REDAN_OK) {
        redan_jwt_key_free(made);
        return status;
    }
    *key = made;
    return REDAN_OK;
}

void redan_jwt_key_free(struct redan_jwt_key *key)
{
    if (!key)
        return;
    redan_key_free(key->key);
    EVP_MD_CTX_free(key->verifier);
    EVP_PKEY_free(key->rsa);
    EVP_MAC_CTX_free(key->mac); /* OpenSSL cleanses the secret */
    OPENSSL_free(key);
}

enum redan_status redan_jwt_cut(struct redan_ctx *ctx, struct redan_slice token,
                                struct redan_jwt *jwt)
{
    struct redan_slice header = {0};
    struct redan_slice payload = {0};
    struct redan_slice signature = {0};
    struct redan_slice rest = {0};
    struct redan_jwt made = {.header = {0}};

    if (token.len > TOKEN_MAX)
        return redan_fail(ctx, REDAN_E_LIMIT, TOKEN_MAX, "a token of more than %d bytes",
                          TOKEN_MAX);
    /* RFC 7515 7.1; five parts would be an encrypted one */
    if (!redan_slice_cut(token, '.', &header, &rest) ||
        !redan_slice_cut(rest, '.', &payload, &signature) || !header.len || !payload.len ||
        !signature.len || memchr(signature.at, '.', signature.len))
        return redan_fail(ctx, REDAN_E_SYNTAX, 0, "a signed token has three parts");
    REDAN_TRY(redan_base64url_parse(ctx, header, &made.header));
    REDAN_TRY(redan_base64url_parse(ctx, payload, &made.payload));
    REDAN_TRY(redan_base64url_parse(ctx, signature, &made.signature));
    made.signed_part = (struct redan_slice){token.at, header.len + 1 + payload.len};
    *jwt = made;
    return REDAN_OK;
}

/* One number of an ECDSA signature as a DER integer; the bytes written. */
static size_t put_integer(unsigned char *out, const unsigned char *number, size_t len)
{
    while (len > 1 && *number == 0) {
        number++;
        len--;
    }
    bool sign = *number >= 0x80;
    out[0] = 0x02;
    out[1] = (unsigned char)(len + sign);
    out[2] = 0;
    memcpy(out + 2 + sign, number, len);
    return 2 + sign + len;
}

/* RFC 7518 3.4: r || s, each as long as the curve's order. */
static enum redan_status verify_curve(struct redan_ctx *ctx, const struct redan_jwt_key *key,
                                      const struct redan_jwt *jwt)
{
    unsigned char der[2 + 2 * (3 + 48)];
    size_t len = key->algorithm == REDAN_JWT_ES384 ? 48 : 32;
    const unsigned char *raw = (const unsigned char *)jwt->signature.at;

    if (jwt->signature.len != 2 * len)
        return REDAN_E_SIGNATURE;
    if (key->algorithm == REDAN_JWT_EDDSA)
        return redan_key_verify(ctx, key->key, jwt->signed_part, jwt->signature);
    size_t at = 2;
    at += put_integer(der + at, raw, len);
    at += put_integer(der + at, raw + len, len);
    der[0] = 0x30;
    der[1] = (unsigned char)(at - 2);
    return redan_key_verify(ctx, key->key, jwt->signed_part,
                            (struct redan_slice){(const char *)der, at});
}

static enum redan_status verify_rsa(struct redan_ctx *ctx, const struct redan_jwt_key *key,
                                    const struct redan_jwt *jwt)
{
    EVP_MD_CTX *verifier = EVP_MD_CTX_new();

    if (!verifier || EVP_MD_CTX_copy_ex(verifier, key->verifier) != 1) {
        EVP_MD_CTX_free(verifier);
        return refused(ctx, "the cryptographic library could not verify");
    }
    int holds =
        jwt->signature.len == (size_t)EVP_PKEY_get_size(key->rsa) &&
        EVP_DigestVerify(verifier, (const unsigned char *)jwt->signature.at, jwt->signature.len,
                         (const unsigned char *)jwt->signed_part.at, jwt->signed_part.len) == 1;
    EVP_MD_CTX_free(verifier);
    ERR_clear_error();
    return holds ? REDAN_OK : REDAN_E_SIGNATURE;
}

static enum redan_status verify_secret(struct redan_ctx *ctx, const struct redan_jwt_key *key,
                                       const struct redan_jwt *jwt)
{
    unsigned char made[REDAN_DIGEST_LEN];
    size_t len = 0;
    EVP_MAC_CTX *mac = EVP_MAC_CTX_dup(key->mac);
    bool ok = mac &&
              EVP_MAC_update(mac, (const unsigned char *)jwt->signed_part.at,
                             jwt->signed_part.len) == 1 &&
              EVP_MAC_final(mac, made, &len, sizeof(made)) == 1 && len == sizeof(made);

    EVP_MAC_CTX_free(mac);
    if (!ok)
        return refused(ctx, "the cryptographic library could not verify");
    return jwt->signature.len == len && CRYPTO_memcmp(made, jwt->signature.at, len) == 0
               ? REDAN_OK
               : REDAN_E_SIGNATURE;
}

enum redan_status redan_jwt_verify(struct redan_ctx *ctx, const struct redan_jwt_key *key,
                                   const struct redan_jwt *jwt)
{
    if (key->key)
        return verify_curve(ctx, key, jwt);
    return key->rsa ? verify_rsa(ctx, key, jwt) : verify_secret(ctx, key, jwt);
}
