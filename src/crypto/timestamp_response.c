/* Stamps in whole TimeStampResp (RFC 3161 2.4.2), believed of the authorities of a trust root alone. */
#include <openssl/err.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "crypto/certificate_parts.h"
#include "crypto/der.h"
#include "crypto/timestamp.h"

enum { RESPONSE_MAX = 1 << 20, TIME_DIGITS = 14, TOKEN_VERSION = 3, SIGNER_VERSION = 1 };

/* What the token says, before anything of it is believed. */
struct claim {
    PKCS7 *token;                    /* borrowed from the response */
    const PKCS7_SIGNER_INFO *signer; /* the only one */
    int digest;                      /* of the signature */
    int64_t at;                      /* milliseconds */
};

static void drop_response(TS_RESP **response)
{
    TS_RESP_free(*response);
}

static void drop_verifier(TS_VERIFY_CTX **verifier)
{
    TS_VERIFY_CTX_free(*verifier);
}

static enum redan_status refused(struct redan_ctx *ctx, const char *what)
{
    ERR_clear_error();
    return redan_fail(ctx, REDAN_E_SIGNATURE, 0, "%s", what);
}

/* SHA-1 and MD5 are collided, so a stamp that rests on them proves nothing. RFC 5754 2: no parameters. */
static bool strong(const X509_ALGOR *algorithm, enum redan_hash *hash)
{
    const ASN1_OBJECT *object = NULL;
    int type = 0;

    X509_ALGOR_get0(&object, &type, NULL, algorithm);
    if (type != V_ASN1_UNDEF && type != V_ASN1_NULL)
        return false;
    switch (OBJ_obj2nid(object)) {
    case NID_sha256:
        *hash = REDAN_HASH_SHA256;
        return true;
    case NID_sha384:
        *hash = REDAN_HASH_SHA384;
        return true;
    case NID_sha512:
        *hash = REDAN_HASH_SHA512;
        return true;
    default:
        return false;
    }
}

/* RFC 3161 2.4.2: YYYYMMDDhhmmss[.s...]Z, of which the fraction is cut to milliseconds. */
static bool read_time(const ASN1_GENERALIZEDTIME *time, int64_t *milliseconds)
{
    const char *text = time ? (const char *)ASN1_STRING_get0_data(time) : NULL;
    int len = time ? ASN1_STRING_length(time) : 0;
    int64_t part = 0;
    int64_t seconds = 0;

    if (len <= TIME_DIGITS || text[len - 1] != 'Z' || !redan_certificate_time(time, &seconds))
        return false;
    if (len != TIME_DIGITS + 1) {
        if (text[TIME_DIGITS] != '.' || len == TIME_DIGITS + 2)
            return false;
        int64_t unit = 100;
        for (int i = TIME_DIGITS + 1; i < len - 1; i++) {
            if (text[i] < '0' || text[i] > '9')
                return false;
            part += (text[i] - '0') * unit;
            unit /= 10;
        }
    }
    *milliseconds = seconds * 1000 + part;
    return seconds > 0;
}

/* RFC 3161 2.4.2: one that must be understood, and is not. */
static bool has_critical(TS_TST_INFO *info)
{
    return TS_TST_INFO_get_ext_by_critical(info, 1, -1) >= 0;
}

static enum redan_status check_imprint(struct redan_ctx *ctx, TS_TST_INFO *info,
                                       struct redan_slice message)
{
    TS_MSG_IMPRINT *imprint = TS_TST_INFO_get_msg_imprint(info);
    X509_ALGOR *algorithm = imprint ? TS_MSG_IMPRINT_get_algo(imprint) : NULL;
    ASN1_OCTET_STRING *bytes = imprint ? TS_MSG_IMPRINT_get_msg(imprint) : NULL;
    enum redan_hash hash = REDAN_HASH_SHA256;
    struct redan_sum sum;

    if (!algorithm || !bytes)
        return refused(ctx, "the timestamp does not say what it is for");
    if (!strong(algorithm, &hash))
        return refused(ctx, "the timestamp is over a hash that is not SHA-256, SHA-384 or SHA-512");
    REDAN_TRY(redan_hash_all(ctx, hash, message, &sum));
    if (ASN1_STRING_length(bytes) != sum.len ||
        CRYPTO_memcmp(ASN1_STRING_get0_data(bytes), sum.bytes, sum.len) != 0)
        return refused(ctx, "the timestamp is over other bytes than this signature");
    return REDAN_OK;
}

/* The parts that no signature covers and that still say how it is to be read. */
static bool read_signer(struct claim *claim)
{
    const PKCS7_SIGNED *body = claim->token->d.sign;
    STACK_OF(PKCS7_SIGNER_INFO) *signers = PKCS7_get_signer_info(claim->token);
    enum redan_hash hash = REDAN_HASH_SHA256;

    if (!signers || sk_PKCS7_SIGNER_INFO_num(signers) != 1 ||
        ASN1_INTEGER_get(body->version) != TOKEN_VERSION)
        return false;
    claim->signer = sk_PKCS7_SIGNER_INFO_value(signers, 0);
    if (!claim->signer->digest_alg || !claim->signer->digest_enc_alg ||
        !claim->signer->issuer_and_serial ||
        ASN1_INTEGER_get(claim->signer->version) != SIGNER_VERSION)
        return false;
    claim->digest = OBJ_obj2nid(claim->signer->digest_alg->algorithm);
    for (int i = 0; i < sk_X509_ALGOR_num(body->md_algs); i++)
        if (!strong(sk_X509_ALGOR_value(body->md_algs, i), &hash))
            return false;
    return strong(claim->signer->digest_alg, &hash);
}

static enum redan_status read_claim(struct redan_ctx *ctx, TS_RESP *response,
                                    struct redan_slice message, struct claim *claim)
{
    const ASN1_INTEGER *status = TS_STATUS_INFO_get0_status(TS_RESP_get_status_info(response));
    TS_TST_INFO *info = TS_RESP_get_tst_info(response);
    int64_t granted = -1;

    claim->token = TS_RESP_get_token(response);
    if (!status || ASN1_INTEGER_get_int64(&granted, status) != 1 || granted != 0 || !claim->token ||
        !info)
        return refused(ctx, "the timestamp was not granted");
    if (!PKCS7_type_is_signed(claim->token) || !read_signer(claim))
        return refused(ctx, "the timestamp has not exactly one signature over SHA-256, SHA-384 or "
                            "SHA-512 in the form that RFC 3161 asks for");
    if (has_critical(info))
        return refused(ctx, "the timestamp has a critical extension that is not known");
    if (!read_time(TS_TST_INFO_get_time(info), &claim->at))
        return refused(ctx, "the timestamp does not name a time");
    return check_imprint(ctx, info, message);
}

static bool made_by(const struct claim *claim, const struct redan_certificate *certificate)
{
    const PKCS7_ISSUER_AND_SERIAL *name = claim->signer->issuer_and_serial;

    const unsigned char *bytes[2] = {NULL, NULL};
    size_t len[2] = {0, 0};

    return X509_NAME_get0_der(name->issuer, &bytes[0], &len[0]) == 1 &&
           X509_NAME_get0_der(X509_get_issuer_name(certificate->x509), &bytes[1], &len[1]) == 1 &&
           len[0] == len[1] && memcmp(bytes[0], bytes[1], len[0]) == 0 &&
           ASN1_INTEGER_cmp(name->serial, X509_get0_serialNumber(certificate->x509)) == 0;
}

/* RFC 5652 5.3: the algorithm that the token names is the one of its hash and of the key that is used. */
static bool suits(const struct claim *claim, const struct redan_certificate *certificate)
{
    int named = OBJ_obj2nid(claim->signer->digest_enc_alg->algorithm);
    int key = NID_undef;
    int digest = NID_undef;
    bool rsa = redan_spki_kind(certificate->key) == REDAN_SPKI_RSA;

    if (rsa && named == NID_rsaEncryption)
        return true;
    if (OBJ_find_sigid_algs(named, &digest, &key) != 1 || digest != claim->digest)
        return false;
    return key == (rsa ? NID_rsaEncryption : NID_X9_62_id_ecPublicKey);
}

static TS_VERIFY_CTX *make_verifier(const struct redan_timestamp_authority *authority, int64_t at)
{
    TS_VERIFY_CTX *verifier = TS_VERIFY_CTX_new();
    X509_STORE *store = redan_certificate_store(&authority->chain[authority->count - 1], 1, at);
    STACK_OF(X509) *certs = sk_X509_new_null();
    bool good = verifier && store && certs;

    for (size_t i = 0; good && i < authority->count; i++) {
        X509 *x509 = authority->chain[i]->x509;
        good = X509_up_ref(x509) == 1;
        if (good && sk_X509_push(certs, x509) <= 0) {
            X509_free(x509);
            good = false;
        }
    }
    if (good) { /* which owns them from here on */
        (void)TS_VERIFY_CTX_set_flags(verifier, TS_VFY_SIGNATURE | TS_VFY_VERSION);
        (void)TS_VERIFY_CTX_set_store(verifier, store);
        (void)TS_VERIFY_CTX_set_certs(verifier, certs);
        return verifier;
    }
    sk_X509_pop_free(certs, X509_free);
    X509_STORE_free(store);
    TS_VERIFY_CTX_free(verifier);
    return NULL;
}

static enum redan_status judge(struct redan_ctx *ctx, const struct claim *claim,
                               const struct redan_timestamp_authority *authority)
{
    const struct redan_certificate *issuer = NULL;
    const struct redan_certificate *own = authority->chain[0];
    size_t last = authority->count - 1;
    int64_t at = claim->at / 1000;

    if (claim->at < authority->from || claim->at > authority->until)
        return refused(ctx, "the timestamp was made when its authority did not count");
    REDAN_TRY(redan_certificate_chain(ctx, own, authority->chain + (last ? 1 : 0),
                                      last ? last - 1 : 0, authority->chain + last, 1, at,
                                      &issuer));
    if (X509_check_purpose(own->x509, X509_PURPOSE_TIMESTAMP_SIGN, 0) != 1)
        return refused(ctx, "the timestamp's certificate is not for timestamps: its extended key "
                            "usage must be timeStamping alone, and critical");
    if (!suits(claim, own))
        return refused(ctx, "the timestamp's signature algorithm is not its certificate's");
    TS_VERIFY_CTX *verifier REDAN_DEFER(drop_verifier) = make_verifier(authority, at);
    if (!verifier) {
        ERR_clear_error();
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for a timestamp");
    }
    if (TS_RESP_verify_token(verifier, claim->token) == 1) {
        ERR_clear_error();
        return REDAN_OK;
    }
    const char *why = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    return redan_fail(ctx, REDAN_E_SIGNATURE, 0, "the timestamp's signature does not verify: %s",
                      why ? why : "it is not over these bytes");
}

/* Certificates in a token are hints to find the authority by, and we know it: they must not matter. */
static void forget_certificates(PKCS7 *token)
{
    sk_X509_pop_free(token->d.sign->cert, X509_free);
    token->d.sign->cert = NULL;
}

static enum redan_status try_all(struct redan_ctx *ctx, const struct claim *claim,
                                 const struct redan_timestamp_authority *authorities, size_t count)
{
    bool fresh = ctx->failure.status == REDAN_OK;
    struct redan_failure last = {.status = REDAN_OK};

    for (size_t i = 0; i < count; i++) {
        if (authorities[i].count == 0 || !made_by(claim, authorities[i].chain[0]))
            continue;
        enum redan_status status = judge(ctx, claim, &authorities[i]);
        if (status != REDAN_E_SIGNATURE)
            return status;
        if (fresh) {
            last = ctx->failure;
            redan_fail_clear(ctx);
        }
    }
    if (last.status != REDAN_OK)
        return redan_fail(ctx, last.status, 0, "%s", last.text);
    return refused(ctx, "the timestamp is of an authority that the trust root does not have");
}

/* RFC 3161 2.4.2 asks for DER. */
static TS_RESP *read_response(struct redan_slice bytes)
{
    const unsigned char *at = (const unsigned char *)bytes.at;
    unsigned char *again = NULL;
    TS_RESP *response = d2i_TS_RESP(NULL, &at, (long)bytes.len);
    int len = response ? i2d_TS_RESP(response, &again) : -1;

    if (redan_der_same(bytes, again, len))
        return response;
    TS_RESP_free(response);
    return NULL;
}

static enum redan_status open_response(struct redan_ctx *ctx, struct redan_slice bytes,
                                       TS_RESP **response)
{
    if (bytes.len == 0 || bytes.len > RESPONSE_MAX)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0, "a timestamp of %zu bytes", bytes.len);
    *response = read_response(bytes);
    return *response ? REDAN_OK : refused(ctx, "this is not a timestamp response in DER");
}

enum redan_status redan_timestamp_verify_response(
    struct redan_ctx *ctx, struct redan_slice response, struct redan_slice message,
    const struct redan_timestamp_authority *authorities, size_t count, int64_t *milliseconds)
{
    TS_RESP *parsed REDAN_DEFER(drop_response) = NULL;
    struct claim claim = {.token = NULL};

    REDAN_TRY(open_response(ctx, response, &parsed));
    REDAN_TRY(read_claim(ctx, parsed, message, &claim));
    forget_certificates(claim.token);
    REDAN_TRY(try_all(ctx, &claim, authorities, count));
    *milliseconds = claim.at;
    return REDAN_OK;
}

enum redan_status redan_timestamp_claim(struct redan_ctx *ctx, struct redan_slice response,
                                        struct redan_slice message, int64_t *milliseconds)
{
    TS_RESP *parsed REDAN_DEFER(drop_response) = NULL;
    struct claim claim = {.token = NULL};

    REDAN_TRY(open_response(ctx, response, &parsed));
    REDAN_TRY(read_claim(ctx, parsed, message, &claim));
    *milliseconds = claim.at;
    return REDAN_OK;
}
