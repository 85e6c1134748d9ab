/* See pki.h. */
#include "pki.h"

#include "test.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"

EVP_PKEY *pki_key(const char *kind)
{
    EVP_PKEY *key = NULL;

    if (strcmp(kind, "ED25519") == 0)
        key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    else if (strncmp(kind, "RSA:", 4) == 0)
        key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)strtoul(kind + 4, NULL, 10));
    else
        key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind);
    assert_non_null(key);
    return key;
}

static struct redan_slice copy(struct redan_ctx *ctx, unsigned char *bytes, int len)
{
    struct redan_slice out = {0};

    assert_true(len > 0);
    assert_ok(redan_copy(ctx, (struct redan_slice){(const char *)bytes, (size_t)len}, &out));
    OPENSSL_free(bytes);
    return out;
}

static void add_bytes(X509 *x509, const char *oid, bool critical, const void *der, size_t len)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 0);
    ASN1_OCTET_STRING *bytes = ASN1_OCTET_STRING_new();

    assert_int_equal(ASN1_OCTET_STRING_set(bytes, der, (int)len), 1);
    X509_EXTENSION *made = X509_EXTENSION_create_by_OBJ(NULL, object, critical, bytes);
    assert_non_null(made);
    assert_int_equal(X509_add_ext(x509, made, -1), 1);
    X509_EXTENSION_free(made);
    ASN1_OCTET_STRING_free(bytes);
    ASN1_OBJECT_free(object);
}

static void add_extension(X509 *x509, const struct pki_extension *e, const X509 *issuer)
{
    X509V3_CTX how;

    if (!e->value) {
        add_bytes(x509, e->oid, e->critical, e->der, e->len);
        return;
    }
    X509V3_set_ctx(&how, (X509 *)(uintptr_t)issuer, x509, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&how);
    X509_EXTENSION *made = X509V3_EXT_nconf(NULL, &how, e->oid, e->value);
    if (!made)
        print_error("extension %s = %s\n", e->oid, e->value);
    assert_non_null(made);
    X509_EXTENSION_set_critical(made, e->critical);
    assert_int_equal(X509_add_ext(x509, made, -1), 1);
    X509_EXTENSION_free(made);
}

static X509 *fill(const struct pki_spec *spec)
{
    X509 *x509 = X509_new();
    X509_NAME *name = X509_NAME_new();

    assert_int_equal(X509_set_version(x509, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(x509), spec->serial ? spec->serial : 7),
                     1);
    if (spec->name)
        assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                                    (const unsigned char *)spec->name, -1, -1, 0),
                         1);
    assert_int_equal(X509_set_subject_name(x509, name), 1);
    assert_int_equal(
        X509_set_issuer_name(x509, spec->issuer ? X509_get_subject_name(spec->issuer) : name), 1);
    X509_NAME_free(name);
    time_t from = (time_t)(spec->from ? spec->from : PKI_FROM);
    time_t until = (time_t)(spec->until ? spec->until : PKI_UNTIL);
    assert_non_null(ASN1_TIME_set(X509_getm_notBefore(x509), from));
    assert_non_null(ASN1_TIME_set(X509_getm_notAfter(x509), until));
    assert_int_equal(X509_set_pubkey(x509, spec->key), 1);
    for (size_t i = 0; i < PKI_EXTENSIONS && spec->extensions[i].oid; i++)
        add_extension(x509, &spec->extensions[i], spec->issuer ? spec->issuer : x509);
    return x509;
}

static X509 *finish(const struct pki_spec *spec, X509 *x509)
{
    EVP_PKEY *signer = spec->signer ? spec->signer : spec->key;
    bool edwards = EVP_PKEY_is_a(signer, "ED25519");
    const EVP_MD *md = edwards ? NULL : EVP_get_digestbyname(spec->md ? spec->md : "SHA256");

    assert_true(X509_sign(x509, signer, md) > 0);
    return x509;
}

X509 *pki_make(const struct pki_spec *spec)
{
    return finish(spec, fill(spec));
}

X509 *pki_make_with_scts(const struct pki_spec *spec, struct redan_slice list)
{
    X509 *x509 = fill(spec);
    ASN1_OCTET_STRING *inner = ASN1_OCTET_STRING_new();
    unsigned char *der = NULL;

    assert_int_equal(ASN1_OCTET_STRING_set(inner, (const unsigned char *)list.at, (int)list.len),
                     1);
    int len = i2d_ASN1_OCTET_STRING(inner, &der);
    assert_true(len > 0);
    add_bytes(x509, "1.3.6.1.4.1.11129.2.4.2", false, der, (size_t)len);
    OPENSSL_free(der);
    ASN1_OCTET_STRING_free(inner);
    return finish(spec, x509);
}

struct redan_slice pki_tbs(struct redan_ctx *ctx, const X509 *x509)
{
    X509 *again = X509_dup((X509 *)(uintptr_t)x509);
    unsigned char *bytes = NULL;
    int len = i2d_re_X509_tbs(again, &bytes);

    X509_free(again);
    return copy(ctx, bytes, len);
}

struct redan_slice pki_der(struct redan_ctx *ctx, const X509 *x509)
{
    unsigned char *bytes = NULL;
    int len = i2d_X509(x509, &bytes);

    return copy(ctx, bytes, len);
}

struct redan_slice pki_pem(struct redan_ctx *ctx, const char *label, struct redan_slice der)
{
    struct redan_buf buf REDAN_DEFER(redan_buf_done) = {0};
    struct redan_slice text = {0};

    redan_buf_init(&buf, ctx, 1 << 20);
    redan_pem_add(&buf, label, der, 64);
    assert_ok(redan_copy(ctx, redan_buf_view(&buf), &text));
    return text;
}

struct redan_certificate *pki_read(struct redan_ctx *ctx, const X509 *x509)
{
    struct redan_certificate *made = NULL;
    enum redan_status got = redan_certificate_parse(ctx, pki_der(ctx, x509), &made);

    if (got != REDAN_OK)
        print_error("%s\n", ctx->failure.text);
    assert_ok(got);
    return made;
}

struct redan_slice pki_spki(struct redan_ctx *ctx, EVP_PKEY *key)
{
    unsigned char *bytes = NULL;
    int len = i2d_PUBKEY(key, &bytes);

    return copy(ctx, bytes, len);
}

struct redan_slice pki_sign(struct redan_ctx *ctx, EVP_PKEY *key, const char *md,
                            struct redan_slice message)
{
    unsigned char bytes[1024];
    size_t len = sizeof(bytes);
    struct redan_slice out = {0};
    EVP_MD_CTX *signer = EVP_MD_CTX_new();

    assert_int_equal(EVP_DigestSignInit_ex(signer, NULL, md, NULL, NULL, key, NULL), 1);
    assert_int_equal(
        EVP_DigestSign(signer, bytes, &len, (const unsigned char *)message.at, message.len), 1);
    EVP_MD_CTX_free(signer);
    assert_ok(redan_copy(ctx, (struct redan_slice){(const char *)bytes, len}, &out));
    return out;
}

static ASN1_INTEGER *serial(struct TS_resp_ctx *maker, void *data)
{
    ASN1_INTEGER *number = ASN1_INTEGER_new();

    (void)maker;
    (void)data;
    if (number)
        (void)ASN1_INTEGER_set(number, 99);
    return number;
}

static int clock_of(struct TS_resp_ctx *maker, void *data, long *seconds, long *micro)
{
    const struct pki_stamp *how = data;

    (void)maker;
    *seconds = (long)how->at;
    *micro = how->micro;
    return 1;
}

static int add_critical(struct TS_resp_ctx *maker, X509_EXTENSION *unused, void *data)
{
    (void)unused;
    (void)data;
    TS_TST_INFO *info = TS_RESP_CTX_get_tst_info(maker);
    ASN1_OCTET_STRING *bytes = ASN1_OCTET_STRING_new();
    ASN1_OBJECT *object = OBJ_txt2obj("1.2.3.4.5", 1);
    X509_EXTENSION *made = X509_EXTENSION_create_by_OBJ(NULL, object, 1, bytes);
    int ok = TS_TST_INFO_add_ext(info, made, -1);

    X509_EXTENSION_free(made);
    ASN1_OBJECT_free(object);
    ASN1_OCTET_STRING_free(bytes);
    return ok;
}

/* A TimeStampReq over a hash of the caller's choice, with an extension when one is to be answered. */
static TS_REQ *ask(const struct pki_stamp *how, const EVP_MD *md, struct redan_slice message)
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned int len = 0;
    TS_REQ *request = TS_REQ_new();
    TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
    X509_ALGOR *algorithm = X509_ALGOR_new();

    assert_int_equal(EVP_Digest(message.at, message.len, sum, &len, md, NULL), 1);
    assert_int_equal(
        X509_ALGOR_set0(algorithm, OBJ_nid2obj(EVP_MD_get_type(md)), V_ASN1_NULL, NULL), 1);
    assert_int_equal(TS_REQ_set_version(request, 1), 1);
    assert_int_equal(TS_MSG_IMPRINT_set_algo(imprint, algorithm), 1);
    assert_int_equal(TS_MSG_IMPRINT_set_msg(imprint, sum, (int)len), 1);
    assert_int_equal(TS_REQ_set_msg_imprint(request, imprint), 1);
    assert_int_equal(TS_REQ_set_cert_req(request, how->embed != NULL), 1);
    if (how->critical) {
        ASN1_OCTET_STRING *bytes = ASN1_OCTET_STRING_new();
        X509_EXTENSION *made = X509_EXTENSION_create_by_NID(NULL, NID_info_access, 0, bytes);
        assert_int_equal(TS_REQ_add_ext(request, made, -1), 1);
        X509_EXTENSION_free(made);
        ASN1_OCTET_STRING_free(bytes);
    }
    X509_ALGOR_free(algorithm);
    TS_MSG_IMPRINT_free(imprint);
    return request;
}

/* A certificate that is not the signer's may be put in beside it, or in its place. */
static void embed(TS_RESP *response, X509 *x509)
{
    PKCS7 *token = TS_RESP_get_token(response);

    sk_X509_pop_free(token->d.sign->cert, X509_free);
    token->d.sign->cert = sk_X509_new_null();
    assert_int_equal(X509_up_ref(x509), 1);
    assert_true(sk_X509_push(token->d.sign->cert, x509) > 0);
}

struct redan_slice pki_stamp(struct redan_ctx *ctx, const struct pki_stamp *how,
                             struct redan_slice message)
{
    TS_RESP_CTX *maker = TS_RESP_CTX_new();
    ASN1_OBJECT *policy = OBJ_txt2obj("1.2.3.4.1", 1);
    const EVP_MD *imprint = EVP_get_digestbyname(how->imprint ? how->imprint : "SHA256");
    TS_REQ *request = ask(how, imprint, message);
    BIO *bio = BIO_new(BIO_s_mem());
    unsigned char *der = NULL;

    assert_true(i2d_TS_REQ_bio(bio, request) == 1);
    assert_int_equal(TS_RESP_CTX_set_signer_cert(maker, how->signer), 1);
    assert_int_equal(TS_RESP_CTX_set_signer_key(maker, how->key), 1);
    assert_int_equal(TS_RESP_CTX_set_def_policy(maker, policy), 1);
    assert_int_equal(
        TS_RESP_CTX_set_signer_digest(maker, EVP_get_digestbyname(how->md ? how->md : "SHA256")),
        1);
    assert_int_equal(TS_RESP_CTX_set_ess_cert_id_digest(maker, EVP_sha256()), 1);
    if (!how->refuse)
        assert_int_equal(TS_RESP_CTX_add_md(maker, imprint), 1);
    assert_int_equal(TS_RESP_CTX_set_clock_precision_digits(maker, how->micro ? 3 : 0), 1);
    TS_RESP_CTX_set_serial_cb(maker, serial, NULL);
    TS_RESP_CTX_set_time_cb(maker, clock_of, (void *)(uintptr_t)how);
    TS_RESP_CTX_set_extension_cb(maker, add_critical, NULL);
    TS_RESP *response = TS_RESP_create_response(maker, bio);
    assert_non_null(response);
    assert_int_equal(TS_RESP_get_token(response) == NULL, how->refuse);
    if (how->embed)
        embed(response, how->embed);
    int len = i2d_TS_RESP(response, &der);
    TS_RESP_free(response);
    TS_REQ_free(request);
    BIO_free(bio);
    ASN1_OBJECT_free(policy);
    TS_RESP_CTX_free(maker);
    return copy(ctx, der, len);
}
