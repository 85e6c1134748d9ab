/* Certificate requests (PKCS #10, RFC 2986) that prove a key and claim no name. */
#include <openssl/err.h>
#include <openssl/x509.h>

#include "base/hex.h"
#include "crypto/certificate.h"
#include "crypto/key_parts.h"

enum { PEM_MAX = 16384 };

static void drop_request(X509_REQ **request)
{
    X509_REQ_free(*request);
}

static enum redan_status refused(struct redan_ctx *ctx)
{
    ERR_clear_error();
    return redan_fail(ctx, REDAN_E_CRYPTO, 0,
                      "the cryptographic library refused a certificate request");
}

static enum redan_status keep(struct redan_ctx *ctx, unsigned char *der, int len,
                              struct redan_slice *out)
{
    if (len <= 0)
        return refused(ctx);
    enum redan_status status =
        redan_copy(ctx, (struct redan_slice){(const char *)der, (size_t)len}, out);
    OPENSSL_free(der);
    return status;
}

/* By the key itself, so that one on a token can ask too. */
static enum redan_status add_signature(struct redan_ctx *ctx, const struct redan_key *key,
                                       X509_REQ *request)
{
    static const int algorithms[REDAN_KEY_KINDS] = {
        [REDAN_KEY_ED25519] = NID_ED25519,
        [REDAN_KEY_P256] = NID_ecdsa_with_SHA256,
        [REDAN_KEY_P384] = NID_ecdsa_with_SHA384,
        [REDAN_KEY_P521] = NID_ecdsa_with_SHA512,
    };
    struct redan_slice body = {0};
    struct redan_slice signature = {0};
    unsigned char *der = NULL;
    int len = i2d_re_X509_REQ_tbs(request, &der);

    REDAN_TRY(keep(ctx, der, len, &body));
    REDAN_TRY(redan_key_sign(ctx, key, body, &signature));
    X509_ALGOR *algorithm = X509_ALGOR_new();
    ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
    bool ok = algorithm && bits && signature.len <= PEM_MAX &&
              X509_ALGOR_set0(algorithm, OBJ_nid2obj(algorithms[key->parts.kind]), V_ASN1_UNDEF,
                              NULL) == 1 &&
              X509_REQ_set1_signature_algo(request, algorithm) == 1 &&
              ASN1_BIT_STRING_set(bits, (unsigned char *)(uintptr_t)signature.at,
                                  (int)signature.len) == 1;
    if (ok) {
        bits->flags = (bits->flags & ~(ASN1_STRING_FLAG_BITS_LEFT | 0x07)) |
                      ASN1_STRING_FLAG_BITS_LEFT; /* whole bytes */
        X509_REQ_set0_signature(request, bits);
        bits = NULL;
    }
    ASN1_BIT_STRING_free(bits);
    X509_ALGOR_free(algorithm);
    return ok ? REDAN_OK : refused(ctx);
}

enum redan_status redan_certificate_request(struct redan_ctx *ctx, const struct redan_key *key,
                                            struct redan_slice *pem)
{
    X509_REQ *request REDAN_DEFER(drop_request) = X509_REQ_new();
    struct redan_buf text REDAN_DEFER(redan_buf_done) = {0};
    struct redan_slice der = {0};
    unsigned char *bytes = NULL;

    if (key->parts.kind == REDAN_KEY_SK_ED25519 || !redan_key_can_sign(key))
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "a certificate is asked for with a private key that signs bare messages");
    if (!request || X509_REQ_set_version(request, X509_REQ_VERSION_1) != 1 ||
        X509_REQ_set_pubkey(request, key->pkey) != 1)
        return refused(ctx);
    REDAN_TRY(add_signature(ctx, key, request));
    int len = i2d_X509_REQ(request, &bytes);
    REDAN_TRY(keep(ctx, bytes, len, &der));
    redan_buf_init(&text, ctx, PEM_MAX);
    redan_pem_add(&text, "CERTIFICATE REQUEST", der, 64);
    REDAN_TRY(redan_buf_ok(ctx, &text, "a certificate request"));
    return redan_copy(ctx, redan_buf_view(&text), pem);
}
