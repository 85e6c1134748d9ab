/* Public keys of others: named, told apart, and used to verify what OpenSSL signed with them. */
#include "test.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/hex.h"
#include "crypto/key_parts.h"
#include "pki.h"

struct world {
    struct redan_ctx ctx;
};

static int set_up(void **state)
{
    static struct world w;

    redan_ctx_init(&w.ctx, NULL);
    *state = &w;
    return 0;
}

static int tear_down(void **state)
{
    redan_ctx_done(&((struct world *)*state)->ctx);
    return 0;
}

static struct redan_spki *read_key(struct redan_ctx *ctx, EVP_PKEY *key)
{
    struct redan_spki *spki = NULL;

    assert_ok(redan_spki_parse(ctx, pki_spki(ctx, key), &spki));
    return spki;
}

static const struct {
    const char *make, *name;
    enum redan_spki_kind kind;
    enum redan_hash hash;
    const char *md;
} kinds[] = {
    {"P-256", "ECDSA P-256", REDAN_SPKI_P256, REDAN_HASH_SHA256, "SHA256"},
    {"P-384", "ECDSA P-384", REDAN_SPKI_P384, REDAN_HASH_SHA384, "SHA384"},
    {"P-521", "ECDSA P-521", REDAN_SPKI_P521, REDAN_HASH_SHA512, "SHA512"},
    {"ED25519", "Ed25519", REDAN_SPKI_ED25519, REDAN_HASH_SHA256, NULL},
    {"RSA:2048", "RSA 2048", REDAN_SPKI_RSA, REDAN_HASH_SHA256, "SHA256"},
    {"RSA:3072", "RSA 3072", REDAN_SPKI_RSA, REDAN_HASH_SHA256, "SHA256"},
    {"RSA:1024", "RSA 1024", REDAN_SPKI_OTHER, REDAN_HASH_SHA256, "SHA256"},
    {"secp256k1", "EC secp256k1", REDAN_SPKI_OTHER, REDAN_HASH_SHA256, "SHA256"},
    {"P-224", "EC secp224r1", REDAN_SPKI_OTHER, REDAN_HASH_SHA256, "SHA256"},
};

static void test_kinds(void **state)
{
    struct redan_ctx *ctx = &((struct world *)*state)->ctx;

    for (size_t i = 0; i < REDAN_COUNT(kinds); i++) {
        EVP_PKEY *key = pki_key(kinds[i].make);
        EVP_PKEY *another = pki_key(kinds[i].make);
        struct redan_spki *spki REDAN_DEFER(redan_spki_drop) = read_key(ctx, key);
        struct redan_spki *same REDAN_DEFER(redan_spki_drop) = read_key(ctx, key);
        struct redan_spki *other REDAN_DEFER(redan_spki_drop) = read_key(ctx, another);
        struct redan_spki *text REDAN_DEFER(redan_spki_drop) = NULL;
        struct redan_slice pem = {0};
        struct redan_digest a;
        struct redan_digest b;
        char *bytes = NULL;

        assert_int_equal(redan_spki_kind(spki), kinds[i].kind);
        assert_string_equal(redan_spki_name(spki), kinds[i].name);
        assert_int_equal(redan_spki_hash(spki), kinds[i].hash);
        assert_true(redan_spki_eq(spki, same));
        assert_false(redan_spki_eq(spki, other));
        redan_spki_id(spki, &a);
        assert_ok(redan_sha256(ctx, pki_spki(ctx, key), &b));
        assert_true(redan_digest_eq(&a, &b));
        BIO *bio = BIO_new(BIO_s_mem()); /* what `openssl pkey -pubin` prints */
        assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
        long len = BIO_get_mem_data(bio, &bytes);
        assert_ok(redan_copy(ctx, (struct redan_slice){bytes, (size_t)len}, &pem));
        BIO_free(bio);
        assert_ok(redan_sha256(ctx, pem, &a));
        assert_ok(redan_spki_hint(ctx, spki, &b));
        assert_true(redan_digest_eq(&a, &b));
        assert_ok(redan_spki_parse_text(ctx, pem, &text));
        assert_true(redan_spki_eq(spki, text));
        EVP_PKEY_free(key);
        EVP_PKEY_free(another);
    }
}

static void test_verify(void **state)
{
    struct redan_ctx *ctx = &((struct world *)*state)->ctx;
    static const char *const mds[] = {"SHA256", "SHA384", "SHA512"};

    for (size_t i = 0; i < REDAN_COUNT(kinds); i++) {
        EVP_PKEY *key = pki_key(kinds[i].make);
        struct redan_spki *spki REDAN_DEFER(redan_spki_drop) = read_key(ctx, key);
        bool good = kinds[i].kind != REDAN_SPKI_OTHER;
        bool edwards = kinds[i].kind == REDAN_SPKI_ED25519;
        for (size_t k = 0; k < REDAN_COUNT(mds); k++) {
            struct redan_slice text = REDAN_S("text");
            struct redan_slice signature = pki_sign(ctx, key, edwards ? NULL : mds[k], text);
            struct redan_sum sum;
            for (size_t h = 0; h < REDAN_HASH_COUNT; h++) {
                enum redan_status want = good && (edwards || h == k) ? REDAN_OK : REDAN_E_SIGNATURE;
                if (h == REDAN_HASH_BLAKE3) /* may not be installed */
                    continue;
                assert_int_equal(redan_spki_verify(ctx, spki, (enum redan_hash)h, text, signature),
                                 want);
                assert_ok(redan_hash_all(ctx, (enum redan_hash)h, text, &sum));
                assert_int_equal(
                    redan_spki_verify_sum(ctx, spki, (enum redan_hash)h, &sum, signature),
                    edwards ? REDAN_E_UNSUPPORTED : want);
                assert_int_equal(ctx->failure.status, edwards ? REDAN_E_UNSUPPORTED : REDAN_OK);
                redan_fail_clear(ctx);
            }
            assert_int_equal(
                redan_spki_verify(ctx, spki, (enum redan_hash)k, REDAN_S("Text"), signature),
                REDAN_E_SIGNATURE);
            assert_int_equal(redan_spki_verify(ctx, spki, (enum redan_hash)k, text, REDAN_S("")),
                             REDAN_E_SIGNATURE);
            char *bad = redan_take(ctx, signature.len + 1);
            for (size_t at = 0; at < signature.len; at += 1 + at / 32) {
                memcpy(bad, signature.at, signature.len);
                bad[at] ^= 1;
                assert_int_equal(redan_spki_verify(ctx, spki, (enum redan_hash)k, text,
                                                   (struct redan_slice){bad, signature.len}),
                                 REDAN_E_SIGNATURE);
            }
            memcpy(bad, signature.at, signature.len);
            bad[signature.len] = 0;
            assert_int_equal(redan_spki_verify(ctx, spki, (enum redan_hash)k, text,
                                               (struct redan_slice){bad, signature.len + 1}),
                             REDAN_E_SIGNATURE);
            assert_int_equal(redan_spki_verify(ctx, spki, (enum redan_hash)k, text,
                                               redan_slice_sub(signature, 0, signature.len - 1)),
                             REDAN_E_SIGNATURE);
        }
        EVP_PKEY_free(key);
    }
}

/* A PSS signature is none of PKCS #1 v1.5, whatever the key. */
static void test_padding(void **state)
{
    struct redan_ctx *ctx = &((struct world *)*state)->ctx;
    EVP_PKEY *key = pki_key("RSA:2048");
    struct redan_spki *spki REDAN_DEFER(redan_spki_drop) = read_key(ctx, key);
    EVP_MD_CTX *signer = EVP_MD_CTX_new();
    EVP_PKEY_CTX *how = NULL;
    unsigned char bytes[256];
    size_t len = sizeof(bytes);

    assert_int_equal(EVP_DigestSignInit_ex(signer, &how, "SHA256", NULL, NULL, key, NULL), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING), 1);
    assert_int_equal(EVP_DigestSign(signer, bytes, &len, (const unsigned char *)"text", 4), 1);
    assert_int_equal(redan_spki_verify(ctx, spki, REDAN_HASH_SHA256, REDAN_S("text"),
                                       (struct redan_slice){(char *)bytes, len}),
                     REDAN_E_SIGNATURE);
    EVP_MD_CTX_free(signer);
    EVP_PKEY_free(key);
}

#define POINT256                                                       \
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296" \
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"

static struct redan_slice unhex(struct redan_ctx *ctx, const char *hex)
{
    size_t len = strlen(hex) / 2;
    char *bytes = redan_take(ctx, len + 1);

    assert_true(redan_hex_parse(redan_slice_of(hex), bytes, len));
    return (struct redan_slice){bytes, len};
}

static void test_encodings(void **state)
{
    struct redan_ctx *ctx = &((struct world *)*state)->ctx;
    static const struct {
        const char *hex;
        enum redan_status status;
        enum redan_spki_kind kind;
        const char *name;
    } rows[] = {
        {"3059301306072a8648ce3d020106082a8648ce3d03010703420004" POINT256, REDAN_OK,
         REDAN_SPKI_P256, "ECDSA P-256"},
        {"3059301306072a8648ce3d020106082a8648ce3d03010703420004" POINT256 "00", REDAN_E_SYNTAX, 0,
         NULL}, /* a byte after */
        {"308159301306072a8648ce3d020106082a8648ce3d03010703420004" POINT256, REDAN_E_SYNTAX, 0,
         NULL}, /* BER */
        {"3039301306072a8648ce3d020106082a8648ce3d030107032200"
         "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
         REDAN_OK, REDAN_SPKI_OTHER, "EC prime256v1 in an unusual encoding"}, /* compressed */
        {"3059301306072a8648ce3d020106082a8648ce3d03010703420004"
         "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
         "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f4",
         REDAN_OK, REDAN_SPKI_OTHER, "id-ecPublicKey"}, /* off the curve: no key at all */
        {"301930"
         "1306072a8648ce3d020106082a8648ce3d030107"
         "03020000",
         REDAN_OK, REDAN_SPKI_OTHER, NULL}, /* infinity */
        {"302a300506032b6570032100"
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
         REDAN_OK, REDAN_SPKI_ED25519, "Ed25519"},
        {"302a300506032b6570032100"
         "0100000000000000000000000000000000000000000000000000000000000000",
         REDAN_OK, REDAN_SPKI_OTHER, "Ed25519 of small order"},
        {"3000", REDAN_E_SYNTAX, 0, NULL},
        {"", REDAN_E_SYNTAX, 0, NULL},
        {"300a300506032a0304030100", REDAN_OK, REDAN_SPKI_OTHER, "1.2.3.4"}, /* no bits */
        {"300b300506032a03040302"
         "0000",
         REDAN_OK, REDAN_SPKI_OTHER, "1.2.3.4"},
    };

    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_spki *spki REDAN_DEFER(redan_spki_drop) = NULL;
        struct redan_sum sum = {.len = 32};
        enum redan_status got = redan_spki_parse(ctx, unhex(ctx, rows[i].hex), &spki);
        if (got != rows[i].status ||
            (rows[i].name && spki && strcmp(redan_spki_name(spki), rows[i].name) != 0))
            print_error("row %zu: %s %s\n", i, ctx->failure.text,
                        spki ? redan_spki_name(spki) : "");
        assert_int_equal(got, rows[i].status);
        assert_int_equal(ctx->failure.status, rows[i].status);
        redan_fail_clear(ctx);
        if (got != REDAN_OK)
            continue;
        assert_int_equal(redan_spki_kind(spki), rows[i].kind);
        if (rows[i].name)
            assert_string_equal(redan_spki_name(spki), rows[i].name);
        if (rows[i].kind == REDAN_SPKI_OTHER) {
            assert_int_equal(
                redan_spki_verify(ctx, spki, REDAN_HASH_SHA256, REDAN_S("x"), REDAN_S("y")),
                REDAN_E_SIGNATURE);
            assert_int_equal(
                redan_spki_verify_sum(ctx, spki, REDAN_HASH_SHA256, &sum, REDAN_S("y")),
                REDAN_E_SIGNATURE);
        }
    }
}

/* Exponent 1: every number is its own signature. */
static void test_rsa(void **state)
{
    struct redan_ctx *ctx = &((struct world *)*state)->ctx;
    EVP_PKEY *key = pki_key("RSA:2048");
    struct redan_spki *spki REDAN_DEFER(redan_spki_drop) = read_key(ctx, key);
    unsigned char *der = NULL;
    int len = i2d_PublicKey(key, &der);
    struct redan_slice bare = {(char *)der, (size_t)len};
    struct redan_spki *again REDAN_DEFER(redan_spki_drop) = NULL;
    struct redan_spki *weak REDAN_DEFER(redan_spki_drop) = NULL;
    struct redan_spki *none = NULL;
    char bytes[600];

    assert_true(len > 0 && len + 1 < (int)sizeof(bytes));
    assert_ok(redan_spki_parse_rsa(ctx, bare, &again));
    assert_true(redan_spki_eq(spki, again));
    assert_int_equal(redan_spki_kind(again), REDAN_SPKI_RSA);
    memcpy(bytes, der, (size_t)len);
    bytes[len] = 0;
    assert_int_equal(redan_spki_parse_rsa(ctx, (struct redan_slice){bytes, (size_t)len + 1}, &none),
                     REDAN_E_SYNTAX);
    redan_fail_clear(ctx);
    assert_int_equal(redan_spki_parse_rsa(ctx, redan_spki_der(spki), &none), REDAN_E_SYNTAX);
    redan_fail_clear(ctx);
    assert_int_equal(redan_spki_parse(ctx, bare, &none), REDAN_E_SYNTAX);
    redan_fail_clear(ctx);
    static const char tail[] = "\x02\x03\x01\x00\x01"; /* 65537 */
    assert_memory_equal(der + len - 5, tail, 5);
    for (char e = 0; e < 2; e++) { /* 65536 and 1 are none */
        memcpy(bytes, der, (size_t)len);
        memcpy(bytes + len - 5, e ? "\x02\x01\x01" : "\x02\x03\x01\x00\x00", e ? 3 : 5);
        if (e)
            bytes[3] = (char)(bytes[3] - 2);
        assert_ok(redan_spki_parse_rsa(ctx, (struct redan_slice){bytes, (size_t)len - (e ? 2 : 0)},
                                       &weak));
        assert_int_equal(redan_spki_kind(weak), REDAN_SPKI_OTHER);
        redan_spki_drop(&weak);
    }
    OPENSSL_free(der);
    EVP_PKEY_free(key);
}

static void test_text(void **state)
{
    struct redan_ctx *ctx = &((struct world *)*state)->ctx;
    static const struct {
        const char *text;
        enum redan_status status;
    } rows[] = {
        {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea me",
         REDAN_OK},
        {"-----BEGIN PUBLIC KEY-----\n"
         "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
         "-----END PUBLIC KEY-----\n",
         REDAN_OK},
        {"-----BEGIN PUBLIC KEY-----\n"
         "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
         "-----END PUBLIC KEY-----\nx",
         REDAN_E_SYNTAX},
        {"read key EC\nPrivate-Key: (256 bit)\r\n-----BEGIN PUBLIC KEY-----\n"
         "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
         "-----END PUBLIC KEY-----\n",
         REDAN_OK},
        {"words\n-----BEGIN PUBLIC KEY-----\n"
         "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
         "-----END PUBLIC KEY-----\nwords",
         REDAN_E_SYNTAX},
        {"words -----BEGIN PUBLIC KEY-----\n"
         "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
         "-----END PUBLIC KEY-----\n",
         REDAN_E_SYNTAX},
        {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea me\n"
         "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
         REDAN_E_SYNTAX},
        {"-----BEGIN EC PARAMETERS-----\nAAAA\n-----END EC PARAMETERS-----\n"
         "-----BEGIN PUBLIC KEY-----\n"
         "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
         "-----END PUBLIC KEY-----\n",
         REDAN_E_SYNTAX},
        {"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAQQ==", REDAN_E_UNSUPPORTED},
        {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", REDAN_E_SCHEMA},
        {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", REDAN_E_SCHEMA},
        {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", REDAN_E_SYNTAX},
        {"", REDAN_E_SYNTAX},
    };

    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_spki *spki REDAN_DEFER(redan_spki_drop) = NULL;
        enum redan_status got = redan_spki_parse_text(ctx, redan_slice_of(rows[i].text), &spki);
        if (got != rows[i].status)
            print_error("row %zu: %s\n", i, ctx->failure.text);
        assert_int_equal(got, rows[i].status);
        redan_fail_clear(ctx);
    }
}

/* The other half of our own keys; and a private half that is elsewhere. */
struct token {
    EVP_PKEY *key;
    const char *md;
    bool lies;
    int done;
};

static enum redan_status sign_there(struct redan_ctx *ctx, void *token, struct redan_slice message,
                                    struct redan_slice *signature)
{
    struct token *t = token;

    *signature = pki_sign(ctx, t->key, t->md, t->lies ? REDAN_S("other") : message);
    return REDAN_OK;
}

static void done_there(void *token)
{
    ((struct token *)token)->done++;
}

static void test_token(void **state)
{
    struct redan_ctx *ctx = &((struct world *)*state)->ctx;
    static const struct {
        enum redan_key_kind kind;
        const char *make, *md;
    } rows[] = {{REDAN_KEY_ED25519, "ED25519", NULL},
                {REDAN_KEY_P256, "P-256", "SHA256"},
                {REDAN_KEY_P384, "P-384", "SHA384"},
                {REDAN_KEY_P521, "P-521", "SHA512"}};

    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct token token = {.key = pki_key(rows[i].make), .md = rows[i].md};
        struct redan_key_token hook = {sign_there, done_there, &token};
        struct redan_spki *spki REDAN_DEFER(redan_spki_drop) = read_key(ctx, token.key);
        struct redan_spki *half REDAN_DEFER(redan_spki_drop) = NULL;
        struct redan_key_parts parts = {.kind = rows[i].kind};
        const struct redan_key_card *card = redan_key_card(rows[i].kind);
        struct redan_slice der = redan_spki_der(spki);
        struct redan_key *key = NULL;
        struct redan_slice signature = {0};
        struct redan_slice pem = {0};
        struct redan_buf out REDAN_DEFER(redan_buf_done) = {0};

        memcpy(parts.public_bytes, der.at + card->spki_len, card->public_len);
        assert_ok(redan_key_build_token(ctx, &parts, &hook, &key));
        assert_true(redan_key_can_sign(key));
        assert_ok(redan_spki_of_key(ctx, key, &half));
        assert_true(redan_spki_eq(spki, half));
        assert_ok(redan_key_sign(ctx, key, REDAN_S("text"), &signature));
        assert_ok(redan_spki_verify(ctx, spki, redan_spki_hash(spki), REDAN_S("text"), signature));
        assert_ok(redan_key_sign_ssh(ctx, key, REDAN_S("text"), &signature));
        assert_ok(redan_key_verify_ssh(ctx, key, REDAN_S("text"), signature));
        assert_ok(redan_certificate_request(ctx, key, &pem));
        redan_buf_init(&out, ctx, 10000);
        redan_key_add_private_pem(&out, key); /* it is not here */
        assert_int_equal(out.fail, REDAN_E_USAGE);
        token.lies = true;
        assert_int_equal(redan_key_sign(ctx, key, REDAN_S("text"), &signature), REDAN_E_CRYPTO);
        redan_fail_clear(ctx);
        assert_int_equal(token.done, 0);
        redan_key_free(key);
        assert_int_equal(token.done, 1);
        parts.public_bytes[card->public_len - 1] ^= 1; /* a point of no curve, or another's */
        if (rows[i].kind != REDAN_KEY_ED25519) {
            assert_int_equal(redan_key_build_token(ctx, &parts, &hook, &key), REDAN_E_CRYPTO);
            redan_fail_clear(ctx);
        }
        assert_int_equal(token.done, 1);
        EVP_PKEY_free(token.key);
    }
}

static void test_memory_refused(void **state)
{
    struct redan_ctx *outer = &((struct world *)*state)->ctx;
    EVP_PKEY *key = pki_key("RSA:2048");
    unsigned char *der = NULL;
    int len = i2d_PublicKey(key, &der);
    struct redan_slice pem = pki_pem(outer, "PUBLIC KEY", pki_spki(outer, key));
    enum redan_status got = REDAN_E_MEMORY;

    for (uint64_t n = 1; got != REDAN_OK; n++) {
        struct redan_ctx ctx;
        struct redan_spki *spki = NULL;
        struct redan_spki *rsa = NULL;
        struct redan_digest hint;
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = n;
        got = redan_spki_parse_text(&ctx, pem, &spki);
        if (got == REDAN_OK)
            got = redan_spki_hint(&ctx, spki, &hint);
        if (got == REDAN_OK)
            got = redan_spki_parse_rsa(&ctx, (struct redan_slice){(char *)der, (size_t)len}, &rsa);
        assert_true(got == REDAN_OK || got == REDAN_E_MEMORY);
        redan_spki_free(spki);
        redan_spki_free(rsa);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
        assert_true(n < 100);
    }
    OPENSSL_free(der);
    EVP_PKEY_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),   cmocka_unit_test(test_verify),
        cmocka_unit_test(test_padding), cmocka_unit_test(test_encodings),
        cmocka_unit_test(test_rsa),     cmocka_unit_test(test_text),
        cmocka_unit_test(test_token),   cmocka_unit_test(test_memory_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
