/* RFC 3161 by OpenSSL's own reader, narrowed to SHA-2 and to pinned authorities. */
#include "crypto/timestamp.h"

#include <openssl/err.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "base/hex.h"

enum { NONCE_LEN = 8, TOKEN_MAX = 1 << 20 };

static void drop_request(TS_REQ **request)
{
    TS_REQ_free(*request);
}

static void drop_response(TS_RESP **response)
{
    TS_RESP_free(*response);
}

static void drop_token(PKCS7 **token)
{
    PKCS7_free(*token);
}

static void drop_info(TS_TST_INFO **info)
{
    TS_TST_INFO_free(*info);
}

static void drop_certificate(X509 **certificate)
{
    X509_free(*certificate);
}

static void drop_verifier(TS_VERIFY_CTX **verifier)
{
    TS_VERIFY_CTX_free(*verifier);
}

static enum redan_status refused(struct redan_ctx *ctx, enum redan_status status, const char *what)
{
    ERR_clear_error();
    return redan_fail(ctx, status, 0, "%s", what);
}

/* OpenSSL's buffer as a slice of the arena. */
static enum redan_status keep(struct redan_ctx *ctx, unsigned char *der, int len,
                              struct redan_slice *out)
{
    if (len <= 0)
        return refused(ctx, REDAN_E_CRYPTO, "the cryptographic library refused a timestamp");
    enum redan_status status =
        redan_copy(ctx, (struct redan_slice){(const char *)der, (size_t)len}, out);
    OPENSSL_free(der);
    return status;
}

static bool set_imprint(TS_REQ *request, const struct redan_digest *digest)
{
    TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
    X509_ALGOR *algorithm = X509_ALGOR_new();
    unsigned char copy[REDAN_DIGEST_LEN];

    for (size_t i = 0; i < sizeof(copy); i++)
        copy[i] = digest->bytes[i];
    bool ok = imprint && algorithm &&
              X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) == 1 &&
              TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1 &&
              TS_MSG_IMPRINT_set_msg(imprint, copy, sizeof(copy)) == 1 &&
              TS_REQ_set_msg_imprint(request, imprint) == 1;
    X509_ALGOR_free(algorithm);
    TS_MSG_IMPRINT_free(imprint);
    return ok;
}

static bool set_nonce(TS_REQ *request, const unsigned char bytes[NONCE_LEN])
{
    BIGNUM *number = BN_bin2bn(bytes, NONCE_LEN, NULL);
    ASN1_INTEGER *nonce = number ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
    bool ok = nonce && TS_REQ_set_nonce(request, nonce) == 1;

    ASN1_INTEGER_free(nonce);
    BN_free(number);
    return ok;
}

enum redan_status redan_timestamp_request(struct redan_ctx *ctx, struct redan_slice message,
                                          struct redan_slice *der)
{
    TS_REQ *request REDAN_DEFER(drop_request) = TS_REQ_new();
    struct redan_digest digest;
    unsigned char nonce[NONCE_LEN];
    unsigned char *bytes = NULL;

    REDAN_TRY(redan_sha256(ctx, message, &digest));
    REDAN_TRY(redan_random(ctx, nonce, sizeof(nonce)));
    nonce[0] |= 0x40; /* never short, so that every request has one length */
    nonce[0] &= 0x7f;
    if (!request || TS_REQ_set_version(request, 1) != 1 || !set_imprint(request, &digest) ||
        !set_nonce(request, nonce) || TS_REQ_set_cert_req(request, 1) != 1)
        return refused(ctx, REDAN_E_CRYPTO, "the cryptographic library refused a timestamp");
    int len = i2d_TS_REQ(request, &bytes);
    return keep(ctx, bytes, len, der);
}

enum redan_status redan_timestamp_accept(struct redan_ctx *ctx, struct redan_slice response,
                                         struct redan_slice request, struct redan_slice *token)
{
    const unsigned char *at = (const unsigned char *)response.at;
    const unsigned char *asked_at = (const unsigned char *)request.at;
    unsigned char *bytes = NULL;

    if (response.len > TOKEN_MAX || request.len > TOKEN_MAX)
        return redan_fail(ctx, REDAN_E_LIMIT, 0, "a timestamp answer of %zu bytes", response.len);
    TS_REQ *asked REDAN_DEFER(drop_request) = d2i_TS_REQ(NULL, &asked_at, (long)request.len);
    if (!asked)
        return refused(ctx, REDAN_E_USAGE, "this is not a timestamp request");
    TS_RESP *got REDAN_DEFER(drop_response) = d2i_TS_RESP(NULL, &at, (long)response.len);
    if (!got || at != (const unsigned char *)response.at + response.len)
        return refused(ctx, REDAN_E_SYNTAX, "the authority did not answer with a timestamp");
    const ASN1_INTEGER *status = TS_STATUS_INFO_get0_status(TS_RESP_get_status_info(got));
    int64_t granted = -1; /* 0 granted, 1 granted with modifications */
    if (!status || ASN1_INTEGER_get_int64(&granted, status) != 1 || granted < 0 || granted > 1 ||
        !TS_RESP_get_token(got))
        return refused(ctx, REDAN_E_SIGNATURE, "the authority refused to give a timestamp");
    /* Version, imprint and nonce; the signature is judged against the pinned certificate later. */
    TS_VERIFY_CTX *verifier REDAN_DEFER(drop_verifier) = TS_REQ_to_TS_VERIFY_CTX(asked, NULL);
    /* By default OpenSSL compares a name of the authority with its certificate too, which takes the signature. */
    if (verifier)
        (void)TS_VERIFY_CTX_set_flags(verifier, TS_VFY_VERSION | TS_VFY_IMPRINT |
                                                    (TS_REQ_get_nonce(asked) ? TS_VFY_NONCE : 0));
    if (!verifier || TS_RESP_verify_response(verifier, got) != 1)
        return refused(ctx, REDAN_E_SIGNATURE,
                       "the authority's timestamp is for something else than was asked");
    int len = i2d_PKCS7(TS_RESP_get_token(got), &bytes);
    return keep(ctx, bytes, len, token);
}

static enum redan_status read_certificate(struct redan_ctx *ctx, struct redan_slice pem,
                                          X509 **certificate)
{
    struct redan_slice label = {0};
    struct redan_slice der = {0};

    if (pem.len > TOKEN_MAX)
        return redan_fail(ctx, REDAN_E_LIMIT, 0, "a certificate of %zu bytes", pem.len);
    REDAN_TRY(redan_pem_parse(ctx, pem, &label, &der));
    const unsigned char *at = (const unsigned char *)der.at;
    const unsigned char *end = at + der.len;
    X509 *made = redan_slice_is(label, "CERTIFICATE") ? d2i_X509(NULL, &at, (long)der.len) : NULL;
    if (!made || at != end) {
        X509_free(made);
        return refused(ctx, REDAN_E_SYNTAX, "the PEM block does not hold one certificate");
    }
    *certificate = made;
    return REDAN_OK;
}

enum redan_status redan_timestamp_certificate(struct redan_ctx *ctx, struct redan_slice certificate,
                                              struct redan_digest *fingerprint)
{
    X509 *made REDAN_DEFER(drop_certificate) = NULL;
    struct redan_slice der = {0};
    unsigned char *bytes = NULL;

    REDAN_TRY(read_certificate(ctx, certificate, &made));
    if (X509_check_purpose(made, X509_PURPOSE_TIMESTAMP_SIGN, 0) != 1 && X509_check_ca(made) != 1)
        return refused(ctx, REDAN_E_SCHEMA,
                       "the certificate is neither a timestamp authority's (critical extended key "
                       "usage timeStamping alone) nor an issuer's");
    int len = i2d_X509(made, &bytes);
    REDAN_TRY(keep(ctx, bytes, len, &der));
    return redan_sha256(ctx, der, fingerprint);
}

/* SHA-1 and MD5 are collided, so a token that rests on them proves nothing. */
static bool strong(const ASN1_OBJECT *algorithm)
{
    int nid = OBJ_obj2nid(algorithm);

    return nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512;
}

static bool strong_signer(PKCS7 *token)
{
    STACK_OF(PKCS7_SIGNER_INFO) *signers = PKCS7_get_signer_info(token);

    if (!signers || sk_PKCS7_SIGNER_INFO_num(signers) != 1)
        return false;
    const PKCS7_SIGNER_INFO *signer = sk_PKCS7_SIGNER_INFO_value(signers, 0);
    return signer && signer->digest_alg && strong(signer->digest_alg->algorithm);
}

/* SHA-256 over the message, and the time it names. */
static bool read_info(PKCS7 *token, int64_t *seconds)
{
    struct tm tm = {0};
    TS_TST_INFO *info REDAN_DEFER(drop_info) = PKCS7_to_TS_TST_INFO(token);
    TS_MSG_IMPRINT *imprint = info ? TS_TST_INFO_get_msg_imprint(info) : NULL;
    X509_ALGOR *algorithm = imprint ? TS_MSG_IMPRINT_get_algo(imprint) : NULL;

    if (!algorithm || OBJ_obj2nid(algorithm->algorithm) != NID_sha256 ||
        ASN1_TIME_to_tm(TS_TST_INFO_get_time(info), &tm) != 1)
        return false;
    *seconds = (int64_t)timegm(&tm);
    return *seconds > 0;
}

/* The pinned certificate is the only trusted one, whether it signed itself or not. */
static X509_STORE *pinned_store(X509 *certificate, int64_t at)
{
    X509_STORE *store = X509_STORE_new();
    X509_VERIFY_PARAM *param = X509_VERIFY_PARAM_new();

    if (store && param) {
        X509_VERIFY_PARAM_set_time(param, (time_t)at);
        X509_VERIFY_PARAM_set_auth_level(param, 2); /* 112 bits: no SHA-1, RSA from 2048 */
        if (X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN) == 1 &&
            X509_STORE_set1_param(store, param) == 1 &&
            X509_STORE_add_cert(store, certificate) == 1) {
            X509_VERIFY_PARAM_free(param);
            return store;
        }
    }
    X509_VERIFY_PARAM_free(param);
    X509_STORE_free(store);
    return NULL;
}

static TS_VERIFY_CTX *make_verifier(X509 *certificate, int64_t at,
                                    const struct redan_digest *digest)
{
    TS_VERIFY_CTX *verifier = TS_VERIFY_CTX_new();
    X509_STORE *store = pinned_store(certificate, at);
    unsigned char *imprint = OPENSSL_memdup(digest->bytes, REDAN_DIGEST_LEN);
    STACK_OF(X509) *certs = sk_X509_new_null(); /* a token need not carry its certificate */

    if (verifier && store && imprint && certs && X509_up_ref(certificate) == 1) {
        if (sk_X509_push(certs, certificate) > 0) {
            (void)TS_VERIFY_CTX_set_flags(verifier,
                                          TS_VFY_SIGNATURE | TS_VFY_VERSION | TS_VFY_IMPRINT);
            (void)TS_VERIFY_CTX_set_store(verifier, store);
            (void)TS_VERIFY_CTX_set_imprint(verifier, imprint, REDAN_DIGEST_LEN);
            (void)TS_VERIFY_CTX_set_certs(verifier, certs);
            return verifier;
        }
        X509_free(certificate);
    }
    sk_X509_free(certs);
    OPENSSL_free(imprint);
    X509_STORE_free(store);
    TS_VERIFY_CTX_free(verifier);
    return NULL;
}

enum redan_status redan_timestamp_verify(struct redan_ctx *ctx, struct redan_slice token,
                                         struct redan_slice message, struct redan_slice certificate,
                                         int64_t *seconds)
{
    X509 *pinned REDAN_DEFER(drop_certificate) = NULL;
    struct redan_digest digest;
    int64_t at = 0;

    REDAN_TRY(redan_sha256(ctx, message, &digest));
    REDAN_TRY(read_certificate(ctx, certificate, &pinned));
    if (token.len == 0 || token.len > TOKEN_MAX)
        return REDAN_E_SIGNATURE;
    const unsigned char *bytes = (const unsigned char *)token.at;
    PKCS7 *parsed REDAN_DEFER(drop_token) = d2i_PKCS7(NULL, &bytes, (long)token.len);
    bool ok = parsed && bytes == (const unsigned char *)token.at + token.len &&
              PKCS7_type_is_signed(parsed) && strong_signer(parsed) && read_info(parsed, &at);
    if (ok) {
        TS_VERIFY_CTX *verifier REDAN_DEFER(drop_verifier) = make_verifier(pinned, at, &digest);
        if (!verifier)
            return refused(ctx, REDAN_E_CRYPTO, "the cryptographic library refused a timestamp");
        ok = TS_RESP_verify_token(verifier, parsed) == 1;
    }
    ERR_clear_error();
    if (!ok)
        return REDAN_E_SIGNATURE;
    *seconds = at;
    return REDAN_OK;
}
