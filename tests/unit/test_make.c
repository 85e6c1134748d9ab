/* Signing a statement: by every kind of key, with certificates that fit and those that do not. */
#include "test.h"

#include <openssl/pem.h>
#include <stdio.h>

#include "pki.h"
#include "sign/make.h"

enum { NOW = PKI_FROM + 86400 };

#define PAYLOAD "{\"_type\":\"https://in-toto.io/Statement/v1\"}"
#define PAE "DSSEv1 28 application/vnd.in-toto+json 43 " PAYLOAD

/* The key as OpenSSL holds it, for a certificate of it. */
static EVP_PKEY *to_openssl(struct redan_ctx *ctx, const struct redan_key *key)
{
    struct redan_buf pem REDAN_DEFER(redan_buf_done) = {0};

    redan_buf_init(&pem, ctx, 4096);
    redan_key_add_private_pem(&pem, key);
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    EVP_PKEY *made = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    assert_non_null(made);
    return made;
}

static void test_keys(void **state)
{
    static const struct {
        enum redan_key_kind kind;
        bool ed25519;
        enum redan_status status;
    } rows[] = {
        {REDAN_KEY_P256, false, REDAN_OK},
        {REDAN_KEY_P384, false, REDAN_OK},
        {REDAN_KEY_P521, false, REDAN_OK},
        {REDAN_KEY_ED25519, true, REDAN_OK},
        {REDAN_KEY_ED25519, false, REDAN_E_UNSUPPORTED},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
        struct redan_spki *spki REDAN_DEFER(redan_spki_drop) = NULL;
        struct redan_bundle bundle = {0};
        struct redan_digest hint;
        char hex[REDAN_DIGEST_HEX];
        redan_ctx_init(&ctx, NULL);
        assert_ok(redan_key_new(&ctx, rows[i].kind, &key));
        const struct redan_sign_with with = {.key = key, .ed25519 = rows[i].ed25519};
        assert_int_equal(redan_sign_statement(&ctx, &with, REDAN_S(PAYLOAD), &bundle),
                         rows[i].status);
        if (rows[i].status == REDAN_OK) {
            assert_ok(redan_spki_of_key(&ctx, key, &spki));
            assert_ok(redan_spki_hint(&ctx, spki, &hint));
            redan_digest_hex(&hint, hex);
            assert_slice(bundle.hint, hex);
            assert_int_equal(bundle.material, REDAN_BUNDLE_KEY);
            assert_int_equal(bundle.version, REDAN_BUNDLE_V03);
            assert_true(bundle.is_dsse);
            assert_slice(bundle.dsse.payload_type, REDAN_DSSE_INTOTO);
            assert_slice(bundle.dsse.payload, PAYLOAD);
            assert_ok(redan_spki_verify(&ctx, spki, redan_spki_hash(spki), REDAN_S(PAE),
                                        bundle.signature));
            assert_int_equal(redan_spki_verify(&ctx, spki, redan_spki_hash(spki), REDAN_S(PAE " "),
                                               bundle.signature),
                             REDAN_E_SIGNATURE);
        }
        redan_key_drop(&key);
        redan_spki_drop(&spki);
        redan_ctx_done(&ctx);
    }
}

/* Only a public half cannot sign. */
static void test_public_half(void **state)
{
    struct redan_ctx ctx;
    struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
    struct redan_key *half REDAN_DEFER(redan_key_drop) = NULL;
    struct redan_buf pem REDAN_DEFER(redan_buf_done) = {0};
    struct redan_bundle bundle = {0};

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_key_new(&ctx, REDAN_KEY_P256, &key));
    redan_buf_init(&pem, &ctx, 4096);
    redan_key_add_public_pem(&pem, key);
    assert_ok(redan_key_parse_public(&ctx, redan_buf_view(&pem), &half));
    const struct redan_sign_with with = {.key = half};
    assert_int_equal(redan_sign_statement(&ctx, &with, REDAN_S(PAYLOAD), &bundle), REDAN_E_USAGE);
    redan_buf_done(&pem);
    redan_ctx_done(&ctx);
}

struct leaf {
    const char *what;
    struct pki_spec spec;
    bool other; /* of another key */
    enum redan_status status;
    const char *words;
};

static const struct leaf leaves[] = {
    {.what = "for signatures",
     .spec = {.extensions = {{"keyUsage", true, "digitalSignature", NULL, 0}}}},
    {.what = "for code",
     .spec = {.extensions = {{"extendedKeyUsage", false, "codeSigning", NULL, 0}}}},
    {.what = "for code, with another usage",
     .spec = {.extensions = {{"keyUsage", true, "keyAgreement", NULL, 0},
                             {"extendedKeyUsage", false, "codeSigning", NULL, 0}}}},
    {.what = "an authority's own, as the vectors have it",
     .spec = {.extensions = {{"basicConstraints", true, "CA:TRUE", NULL, 0},
                             {"keyUsage", true, "digitalSignature,keyCertSign", NULL, 0}}}},
    {.what = "the first second",
     .spec = {.from = NOW, .extensions = {{"keyUsage", true, "digitalSignature", NULL, 0}}}},
    {.what = "the last second",
     .spec = {.until = NOW, .extensions = {{"keyUsage", true, "digitalSignature", NULL, 0}}}},
    {.what = "without usages", .status = REDAN_E_SCHEMA, .words = "is not for signatures"},
    {.what = "for servers",
     .spec = {.extensions = {{"keyUsage", true, "keyEncipherment", NULL, 0},
                             {"extendedKeyUsage", false, "serverAuth", NULL, 0}}},
     .status = REDAN_E_SCHEMA,
     .words = "is not for signatures"},
    {.what = "a second early",
     .spec = {.from = NOW + 1, .extensions = {{"keyUsage", true, "digitalSignature", NULL, 0}}},
     .status = REDAN_E_SCHEMA,
     .words = "begins at 2024-01-02T00:00:01Z"},
    {.what = "a second late",
     .spec = {.until = NOW - 1, .extensions = {{"keyUsage", true, "digitalSignature", NULL, 0}}},
     .status = REDAN_E_SCHEMA,
     .words = "ended at 2024-01-01T23:59:59Z"},
    {.what = "of another key",
     .spec = {.extensions = {{"keyUsage", true, "digitalSignature", NULL, 0}}},
     .other = true,
     .status = REDAN_E_SCHEMA,
     .words = "is of another key"},
};

static void check_leaf(const struct leaf *leaf)
{
    struct redan_ctx ctx;
    struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
    struct redan_bundle bundle = {0};
    EVP_PKEY *root_key = pki_key("P-256");
    struct pki_spec root_spec = {.name = "root",
                                 .key = root_key,
                                 .extensions = {{"basicConstraints", true, "CA:TRUE", NULL, 0}}};
    X509 *root = pki_make(&root_spec);
    struct pki_spec spec = leaf->spec;

    redan_ctx_init(&ctx, NULL);
    ctx.now = NOW;
    assert_ok(redan_key_new(&ctx, REDAN_KEY_P384, &key));
    EVP_PKEY *own = to_openssl(&ctx, key);
    spec.name = "signer";
    spec.key = leaf->other ? root_key : own;
    spec.issuer = root;
    spec.signer = root_key;
    X509 *x509 = pki_make(&spec);
    struct redan_certificate *chain[] = {pki_read(&ctx, x509), pki_read(&ctx, root)};
    const struct redan_sign_with with = {.key = key, .chain = chain, .chain_count = 2};
    enum redan_status status = redan_sign_statement(&ctx, &with, REDAN_S(PAYLOAD), &bundle);
    if (status != leaf->status || (leaf->words && !strstr(ctx.failure.text, leaf->words)))
        fail_msg("%s: %s: %s", leaf->what, redan_status_name(status), ctx.failure.text);
    if (status == REDAN_OK) {
        assert_int_equal(bundle.material, REDAN_BUNDLE_CHAINED);
        assert_int_equal(bundle.certificate_count, 2);
        assert_int_equal(bundle.hint.len, 0);
        for (size_t i = 0; i < 2; i++)
            assert_true(redan_slice_eq(bundle.certificates[i], redan_certificate_der(chain[i])));
        assert_ok(redan_spki_verify(&ctx, redan_certificate_key(chain[0]), REDAN_HASH_SHA384,
                                    REDAN_S(PAE), bundle.signature));
    } else {
        assert_int_equal(bundle.signature.len, 0);
    }
    for (size_t i = 0; i < 2; i++)
        redan_certificate_free(chain[i]);
    X509_free(x509);
    X509_free(root);
    EVP_PKEY_free(own);
    EVP_PKEY_free(root_key);
    redan_key_drop(&key);
    redan_ctx_done(&ctx);
}

static void test_certificates(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(leaves); i++)
        check_leaf(&leaves[i]);
}

static void test_memory(void **state)
{
    struct redan_ctx outer;
    struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
    enum redan_status got = REDAN_E_MEMORY;

    (void)state;
    redan_ctx_init(&outer, NULL);
    assert_ok(redan_key_new(&outer, REDAN_KEY_P256, &key));
    const struct redan_sign_with with = {.key = key};
    for (uint64_t n = 1; got != REDAN_OK; n++) {
        struct redan_ctx ctx;
        struct redan_bundle bundle = {0};
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = n;
        got = redan_sign_statement(&ctx, &with, REDAN_S(PAYLOAD), &bundle);
        assert_true(got == REDAN_OK ||
                    (got == REDAN_E_MEMORY && ctx.failure.status == REDAN_E_MEMORY));
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
        assert_true(n < 1000);
    }
    redan_ctx_done(&outer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_public_half),
        cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests_name("make", tests, NULL, NULL);
}
