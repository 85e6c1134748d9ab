/* Certificates of a small infrastructure of our own: what they say, and all that is refused. */
#include "certificate_fixture.h"

#define RAW_ISSUER "1.3.6.1.4.1.57264.1.1", false, NULL
#define ISSUER "1.3.6.1.4.1.57264.1.8", false, NULL

static void test_facts(void **state)
{
    struct world *w = *state;
    struct redan_certificate_facts facts;
    struct pki_spec spec = {
        .name = "J\xc3\xbcrgen, Jr",
        .key = w->leaf_key,
        .issuer = w->between,
        .signer = w->between_key,
        .serial = 0x1234,
        .extensions = {{"keyUsage", true, "digitalSignature", NULL, 0},
                       {"extendedKeyUsage", false, "codeSigning", NULL, 0},
                       {"subjectAltName", true,
                        "email:a@example.org,URI:https://example.org/x,DNS:example.org,IP:10.0.0.1,"
                        "otherName:1.3.6.1.4.1.57264.1.7;UTF8:j@ci,"
                        "otherName:1.2.3.4;UTF8:nobody",
                        NULL, 0},
                       {ISSUER, "\x0c\x09https://a", 11},
                       {RAW_ISSUER, "https://a", 9}},
    };
    X509 *x509 = pki_make(&spec);
    struct redan_certificate *leaf = pki_read(&w->ctx, x509);
    struct redan_certificate *root = pki_read(&w->ctx, w->root);
    struct redan_digest digest;
    static const struct {
        enum redan_san_kind kind;
        const char *value;
    } names[] = {
        {REDAN_SAN_EMAIL, "a@example.org"},
        {REDAN_SAN_URI, "https://example.org/x"},
        {REDAN_SAN_DNS, "example.org"},
        {REDAN_SAN_FULCIO, "j@ci"},
    };

    assert_ok(redan_certificate_facts(&w->ctx, leaf, &facts));
    assert_slice(facts.subject, "CN=J\\C3\\BCrgen\\, Jr");
    assert_slice(facts.issuer, "CN=between");
    assert_slice(facts.serial, "1234");
    assert_ok(redan_sha256(&w->ctx, pki_der(&w->ctx, x509), &digest));
    assert_true(redan_digest_eq(&digest, &facts.fingerprint));
    assert_int_equal(facts.from, PKI_FROM);
    assert_int_equal(facts.until, PKI_UNTIL);
    assert_false(facts.ca);
    assert_false(facts.self_signed);
    assert_true(facts.has_key_usage && facts.digital_signature);
    assert_true(facts.has_extended_usage && facts.code_signing);
    assert_int_equal(facts.name_count, REDAN_COUNT(names));
    for (size_t i = 0; i < REDAN_COUNT(names); i++) {
        assert_int_equal(facts.names[i].kind, names[i].kind);
        assert_slice(facts.names[i].value, names[i].value);
    }
    assert_slice(facts.oidc_issuer, "https://a");
    assert_false(facts.oidc_conflict);
    assert_true(redan_slice_eq(redan_certificate_der(leaf), pki_der(&w->ctx, x509)));
    assert_true(redan_slice_eq(redan_spki_der(redan_certificate_key(leaf)),
                               pki_spki(&w->ctx, w->leaf_key)));
    assert_ok(redan_certificate_facts(&w->ctx, root, &facts));
    assert_true(facts.ca && facts.self_signed && facts.has_key_usage);
    assert_false(facts.digital_signature || facts.has_extended_usage || facts.code_signing);
    assert_int_equal(facts.name_count, 0);
    assert_int_equal(facts.oidc_issuer.len, 0);
    redan_certificate_free(leaf);
    redan_certificate_free(root);
    X509_free(x509);
}

/* What an extension makes of the facts; status of redan_certificate_facts. */
static void test_facts_rows(void **state)
{
    struct world *w = *state;
    static const struct {
        struct pki_extension extensions[3];
        enum redan_status status;
        const char *issuer; /* NULL: not looked at */
        bool conflict, ca, signs, code;
    } table[] = {
        {.signs = true, .issuer = ""}, /* no key usage: any */
        {.extensions = {{"keyUsage", true, "keyAgreement", NULL, 0}}},
        {.extensions = {{"keyUsage", true, "digitalSignature,keyCertSign", NULL, 0}},
         .signs = true},
        {.extensions = {{"basicConstraints", false, "CA:TRUE", NULL, 0}},
         .signs = true,
         .ca = true},
        {.extensions = {{"extendedKeyUsage", false, "codeSigning,serverAuth", NULL, 0}},
         .signs = true,
         .code = true},
        {.extensions = {{"extendedKeyUsage", false, "serverAuth", NULL, 0}}, .signs = true},
        {.extensions = {{"extendedKeyUsage", false, "anyExtendedKeyUsage", NULL, 0}},
         .signs = true}, /* not what was asked for */
        {.extensions = {{RAW_ISSUER, "https://a", 9}}, .signs = true, .issuer = "https://a"},
        {.extensions = {{ISSUER, "\x0c\x01z", 3}}, .signs = true, .issuer = "z"},
        {.extensions = {{ISSUER, "\x0c\x09https://a", 11}, {RAW_ISSUER, "https://b", 9}},
         .signs = true,
         .issuer = "https://a",
         .conflict = true},
        {.extensions = {{ISSUER, "https://a", 9}}, .status = REDAN_E_SYNTAX}, /* not DER */
        {.extensions = {{ISSUER, "\x0c\x02z", 3}}, .status = REDAN_E_SYNTAX},
        {.extensions = {{ISSUER, "\x0c\x01zz", 4}}, .status = REDAN_E_SYNTAX},
        {.extensions = {{ISSUER, "\x0c\x81\x01z", 4}}, .status = REDAN_E_SYNTAX}, /* BER */
        {.extensions = {{ISSUER, "\x16\x01z", 3}}, .status = REDAN_E_SYNTAX},     /* IA5String */
        {.extensions = {{ISSUER, "\x0c\x02z\xff", 4}}, .status = REDAN_E_SYNTAX}, /* no UTF-8 */
        {.extensions = {{ISSUER, "\x0c\x00", 2}}, .status = REDAN_E_SYNTAX},      /* empty */
        {.extensions = {{RAW_ISSUER, "a\0b", 3}}, .status = REDAN_E_SYNTAX},
        {.extensions = {{RAW_ISSUER, "a\nb", 3}}, .status = REDAN_E_SYNTAX},
        /* subjectAltName: an e-mail address with a NUL, one with a byte above 127, an empty one, a URI with a
         * newline, otherName of Fulcio's that is an IA5String, and one with a NUL. */
        {.extensions = {{"subjectAltName", true, NULL,
                         "\x30\x05\x81\x03"
                         "a\0b",
                         7}},
         .status = REDAN_E_SYNTAX},
        {.extensions = {{"subjectAltName", true, NULL,
                         "\x30\x05\x81\x03"
                         "a\xe9"
                         "b",
                         7}},
         .status = REDAN_E_SYNTAX},
        {.extensions = {{"subjectAltName", true, NULL, "\x30\x02\x81\x00", 4}},
         .status = REDAN_E_SYNTAX},
        {.extensions = {{"subjectAltName", true, NULL,
                         "\x30\x05\x86\x03"
                         "a\nb",
                         7}},
         .status = REDAN_E_SYNTAX},
        {.extensions = {{"subjectAltName", true, NULL,
                         "\x30\x13\xa0\x11\x06\x0a\x2b\x06\x01\x04\x01\x83\xbf\x30\x01\x07\xa0\x03"
                         "\x16\x01z",
                         21}},
         .status = REDAN_E_SYNTAX},
        {.extensions = {{"subjectAltName", true, NULL,
                         "\x30\x13\xa0\x11\x06\x0a\x2b\x06\x01\x04\x01\x83\xbf\x30\x01\x07\xa0\x03"
                         "\x0c\x01\0",
                         21}},
         .status = REDAN_E_SYNTAX},
        {.extensions = {{"subjectAltName", true, NULL,
                         "\x30\x13\xa0\x11\x06\x0a\x2b\x06\x01\x04\x01\x83\xbf\x30\x01\x07\xa0\x03"
                         "\x0c\x01z",
                         21}},
         .signs = true},
        {.extensions = {{"subjectAltName", true, NULL,
                         "\x30\x14\xa0\x12\x06\x0a\x2b\x06\x01\x04\x01\x83\xbf\x30\x01\x07\xa0\x04"
                         "\x0c\x02\xc3\xbc",
                         22}},
         .signs = true},
    };

    for (size_t i = 0; i < REDAN_COUNT(table); i++) {
        struct redan_certificate_facts facts;
        struct pki_spec spec = {.key = w->leaf_key, .issuer = w->root, .signer = w->root_key};
        memcpy(spec.extensions, table[i].extensions, sizeof(table[i].extensions));
        X509 *x509 = pki_make(&spec);
        struct redan_certificate *leaf = pki_read(&w->ctx, x509);
        enum redan_status got = redan_certificate_facts(&w->ctx, leaf, &facts);
        if (got != table[i].status)
            print_error("row %zu: %s\n", i, w->ctx.failure.text);
        assert_int_equal(got, table[i].status);
        if (got == REDAN_OK) {
            assert_int_equal(facts.ca, table[i].ca);
            assert_int_equal(facts.digital_signature, table[i].signs);
            assert_int_equal(facts.code_signing, table[i].code);
            assert_int_equal(facts.oidc_conflict, table[i].conflict);
            if (table[i].issuer)
                assert_slice(facts.oidc_issuer, table[i].issuer);
        }
        redan_fail_clear(&w->ctx);
        redan_certificate_free(leaf);
        X509_free(x509);
    }
}

/* One spelling per certificate: its fingerprint is the digest of these bytes. */
static void test_parse_refused(void **state)
{
    struct world *w = *state;
    struct redan_ctx *ctx = &w->ctx;
    struct redan_certificate *none = NULL;
    struct redan_slice der = pki_der(ctx, w->root);
    char bytes[4096];
    struct pki_spec twice = {.name = "twice",
                             .key = w->leaf_key,
                             .extensions = {{"1.2.3.4", false, NULL, "\x05\x00", 2},
                                            {"1.2.3.4", false, NULL, "\x05\x00", 2}}};
    struct pki_spec broken = {.name = "broken",
                              .key = w->leaf_key,
                              .extensions = {{"basicConstraints", true, NULL, "\x05\x00", 2}}};
    X509 *bad[] = {pki_make(&twice), pki_make(&broken)};

    assert_true(der.len + 16 < sizeof(bytes));
    for (size_t len = 0; len < der.len; len++) {
        assert_int_equal(redan_certificate_parse(ctx, redan_slice_sub(der, 0, len), &none),
                         REDAN_E_SYNTAX);
        redan_fail_clear(ctx);
    }
    memcpy(bytes, der.at, der.len);
    bytes[der.len] = 0;
    assert_int_equal(redan_certificate_parse(ctx, (struct redan_slice){bytes, der.len + 1}, &none),
                     REDAN_E_SYNTAX);
    assert_non_null(strstr(ctx->failure.text, "after the end"));
    redan_fail_clear(ctx);
    /* the outer length in three bytes where two do: BER, and the same certificate to OpenSSL */
    assert_int_equal((uint8_t)der.at[1], 0x82);
    bytes[1] = (char)0x83;
    bytes[2] = 0;
    memcpy(bytes + 3, der.at + 2, der.len - 2);
    struct redan_slice ber = {bytes, der.len + 1};
    const unsigned char *at = (const unsigned char *)ber.at;
    X509 *seen = d2i_X509(NULL, &at, (long)ber.len);
    assert_non_null(seen);
    assert_int_equal(X509_cmp(seen, w->root), 0);
    X509_free(seen);
    assert_int_equal(redan_certificate_parse(ctx, ber, &none), REDAN_E_SYNTAX);
    assert_non_null(strstr(ctx->failure.text, "not in DER"));
    redan_fail_clear(ctx);
    for (size_t i = 0; i < REDAN_COUNT(bad); i++) {
        assert_int_equal(redan_certificate_parse(ctx, pki_der(ctx, bad[i]), &none), REDAN_E_SYNTAX);
        assert_non_null(strstr(ctx->failure.text, i == 0 ? "twice" : "cannot be read"));
        redan_fail_clear(ctx);
        X509_free(bad[i]);
    }
    char *large = redan_take(ctx, 70000);
    memset(large, '0', 70000);
    assert_int_equal(redan_certificate_parse(ctx, (struct redan_slice){large, 70000}, &none),
                     REDAN_E_SYNTAX);
    redan_fail_clear(ctx);
    assert_null(none);
}

static void test_pem(void **state)
{
    struct world *w = *state;
    struct redan_ctx *ctx = &w->ctx;
    struct redan_slice root = pki_pem(ctx, "CERTIFICATE", pki_der(ctx, w->root));
    struct redan_slice between = pki_pem(ctx, "CERTIFICATE", pki_der(ctx, w->between));
    struct redan_slice key = pki_pem(ctx, "PUBLIC KEY", pki_spki(ctx, w->leaf_key));
    struct redan_buf text REDAN_DEFER(redan_buf_done) = {0};
    static const struct {
        const char
            *form; /* r, b: certificates; k: a key; x: text; u: unended; c: CRLF ends; d: damaged */
        enum redan_status status;
        size_t count;
    } table[] = {
        {"r", REDAN_OK, 1},
        {"rb", REDAN_OK, 2},
        {"xrxbx", REDAN_OK, 2},
        {"c", REDAN_OK, 1},
        {"rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr", REDAN_OK, 32},
        {"rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr", REDAN_E_LIMIT, 0},
        {"", REDAN_E_SYNTAX, 0},
        {"x", REDAN_E_SYNTAX, 0},
        {"k", REDAN_E_SCHEMA, 0},
        {"rk", REDAN_E_SCHEMA, 0},
        {"ru", REDAN_E_SYNTAX, 0},
        {"ur", REDAN_E_SYNTAX, 0},
        {"rd", REDAN_E_SYNTAX, 0},
    };

    redan_buf_init(&text, ctx, 1 << 20);
    for (size_t i = 0; i < REDAN_COUNT(table); i++) {
        struct redan_certificate *list[REDAN_CERTIFICATES_MAX] = {NULL};
        size_t count = 0;
        redan_buf_clear(&text);
        for (const char *c = table[i].form; *c; c++) {
            struct redan_slice one = *c == 'b' ? between : *c == 'k' ? key : root;
            if (*c == 'x')
                one = REDAN_S("subject=CN = root\n\n");
            if (*c == 'u')
                one = redan_slice_sub(root, 0, root.len - 20);
            if (*c == 'd')
                one = REDAN_S("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
            for (size_t k = 0; k < one.len; k++) {
                if (*c == 'c' && one.at[k] == '\n')
                    redan_buf_char(&text, '\r');
                redan_buf_char(&text, one.at[k]);
            }
            if (*c == 'u')
                redan_buf_char(&text, '\n');
        }
        enum redan_status got =
            redan_certificate_parse_pem(ctx, redan_buf_view(&text), list, &count);
        if (got != table[i].status)
            print_error("%s: %s\n", table[i].form, ctx->failure.text);
        assert_int_equal(got, table[i].status);
        assert_int_equal(count, table[i].count);
        for (size_t k = 0; k < REDAN_CERTIFICATES_MAX; k++) {
            assert_int_equal(list[k] != NULL, k < count);
            redan_certificate_free(list[k]);
        }
        redan_fail_clear(ctx);
    }
}

/* PKCS #10 with an empty subject, of every kind of key, as OpenSSL reads it. */
static void test_request(void **state)
{
    struct world *w = *state;
    struct redan_ctx *ctx = &w->ctx;

    for (int kind = REDAN_KEY_ED25519; kind <= REDAN_KEY_P521; kind++) {
        struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
        struct redan_key *half REDAN_DEFER(redan_key_drop) = NULL;
        struct redan_buf buf REDAN_DEFER(redan_buf_done) = {0};
        struct redan_slice pem = {0};
        assert_ok(redan_key_new(ctx, (enum redan_key_kind)kind, &key));
        assert_ok(redan_certificate_request(ctx, key, &pem));
        BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.len);
        X509_REQ *request = PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);
        assert_non_null(request);
        assert_int_equal(X509_NAME_entry_count(X509_REQ_get_subject_name(request)), 0);
        assert_int_equal(X509_REQ_verify(request, X509_REQ_get0_pubkey(request)), 1);
        unsigned char *der = NULL;
        int len = i2d_X509_REQ(request, &der);
        struct redan_slice again =
            pki_pem(ctx, "CERTIFICATE REQUEST", (struct redan_slice){(char *)der, (size_t)len});
        assert_true(redan_slice_eq(again, pem));
        OPENSSL_free(der);
        X509_REQ_free(request);
        BIO_free(bio);
        redan_buf_init(&buf, ctx, 10000);
        redan_key_add_public_pem(&buf, key);
        assert_ok(redan_key_parse_public(ctx, redan_buf_view(&buf), &half));
        assert_int_equal(redan_certificate_request(ctx, half, &pem), REDAN_E_USAGE);
        redan_fail_clear(ctx);
    }
}

/* Everything that allocates through the context, with the n-th allocation refused. */
static enum redan_status work(struct redan_ctx *ctx, struct redan_slice pem)
{
    struct redan_certificate *list[REDAN_CERTIFICATES_MAX] = {NULL};
    struct redan_certificate_facts facts;
    const struct redan_certificate *issuer = NULL;
    size_t count = 0;

    REDAN_TRY(redan_certificate_parse_pem(ctx, pem, list, &count));
    enum redan_status status = redan_certificate_facts(ctx, list[0], &facts);
    if (status == REDAN_OK)
        status = redan_certificate_chain(ctx, list[0], list, count, &list[1], 1, NOW, &issuer);
    if (status == REDAN_OK && redan_certificate_chain(ctx, list[0], list, 0, &list[1], 1,
                                                      PKI_UNTIL + DAY, &issuer) == REDAN_E_MEMORY)
        status = REDAN_E_MEMORY;
    for (size_t i = 0; i < count; i++)
        redan_certificate_free(list[i]);
    return status;
}

static void test_memory_refused(void **state)
{
    struct world *w = *state;
    struct pki_spec spec = {.key = w->leaf_key,
                            .issuer = w->between,
                            .signer = w->between_key,
                            .extensions = {{EMAIL}, {RAW_ISSUER, "https://a", 9}}};
    X509 *x509 = pki_make(&spec);
    struct redan_buf text REDAN_DEFER(redan_buf_done) = {0};
    enum redan_status got = REDAN_E_MEMORY;

    redan_buf_init(&text, &w->ctx, 1 << 20);
    redan_buf_slice(&text, pki_pem(&w->ctx, "CERTIFICATE", pki_der(&w->ctx, x509)));
    redan_buf_slice(&text, pki_pem(&w->ctx, "CERTIFICATE", pki_der(&w->ctx, w->between)));
    uint64_t n = 1;
    for (; got != REDAN_OK; n++) {
        struct redan_ctx ctx;
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = n;
        got = work(&ctx, redan_buf_view(&text));
        assert_true(got == REDAN_OK || got == REDAN_E_MEMORY);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
        assert_true(n < 100);
    }
    X509_free(x509);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts),         cmocka_unit_test(test_facts_rows),
        cmocka_unit_test(test_parse_refused), cmocka_unit_test(test_pem),
        cmocka_unit_test(test_request),       cmocka_unit_test(test_memory_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
