/* Certificates of a small infrastructure of our own: where they lead, at which time, and where they do not. */
#include "certificate_fixture.h"

/* One leaf under `between`, and what is changed about it. */
struct row {
    const char *what;
    struct pki_spec leaf;
    struct pki_spec between; /* in place of the usual one, when it has a name */
    const char *leaf_kind;   /* another key */
    const char *between_kind;
    int64_t at; /* 0: NOW */
    enum redan_status status;
    const char *says;
    bool no_between, no_anchor, between_is_anchor, leaf_is_anchor, other_anchor, damaged;
};

static const struct row rows[] = {
    {.what = "as it should be", .leaf = {.extensions = {{EMAIL}}}},
    {.what = "the first second", .leaf = {.from = NOW}},
    {.what = "the last second", .leaf = {.until = NOW}},
    {.what = "a second early",
     .leaf = {.from = NOW + 1},
     .status = REDAN_E_SIGNATURE,
     .says = "not yet valid (valid from 2024-01-02T00:00:01Z until 2034"},
    {.what = "a second late",
     .leaf = {.until = NOW - 1},
     .status = REDAN_E_SIGNATURE,
     .says = "has expired (valid from 2024-01-01T00:00:00Z until 2024-01-01T23:59:59Z, judged at "
             "2024-01-02T00:00:00Z)"},
    {.what = "before everything",
     .at = PKI_FROM - 1,
     .status = REDAN_E_SIGNATURE,
     .says = "CN=root is refused: certificate is not yet valid"},
    {.what = "the last second of all", .at = PKI_UNTIL},
    {.what = "after everything",
     .at = PKI_UNTIL + 1,
     .status = REDAN_E_SIGNATURE,
     .says = "CN=root is refused: certificate has expired"},
    {.what = "an issuer whose time is over",
     .between = {.name = "between", .until = NOW - 1, .extensions = {CA}},
     .status = REDAN_E_SIGNATURE,
     .says = "CN=between is refused: certificate has expired"},
    {.what = "an issuer whose last second it is",
     .between = {.name = "between", .until = NOW, .extensions = {CA}}},
    {.what = "a pinned issuer", .between_is_anchor = true, .no_anchor = true},
    {.what = "a pinned issuer whose time is over",
     .between = {.name = "between", .until = NOW - 1, .extensions = {CA}},
     .between_is_anchor = true,
     .no_anchor = true,
     .status = REDAN_E_SIGNATURE,
     .says = "CN=between is refused: certificate has expired"},
    {.what = "a pinned leaf", .leaf_is_anchor = true, .no_anchor = true, .no_between = true},
    {.what = "a pinned leaf whose time is over",
     .leaf = {.name = "leaf", .until = NOW - 1},
     .leaf_is_anchor = true,
     .no_anchor = true,
     .no_between = true,
     .status = REDAN_E_SIGNATURE,
     .says = "CN=leaf is refused: certificate has expired"},
    {.what = "no anchor at all",
     .no_anchor = true,
     .status = REDAN_E_SIGNATURE,
     .says = "unable to get local issuer certificate"},
    {.what = "another root of that name",
     .other_anchor = true,
     .status = REDAN_E_SIGNATURE,
     .says = "CN=between is refused: certificate signature failure"},
    {.what = "a gap",
     .no_between = true,
     .status = REDAN_E_SIGNATURE,
     .says = "the certificate of the signer is refused: unable to get local issuer certificate "
             "(issuer CN=between)"},
    {.what = "a signature that is not the issuer's",
     .damaged = true,
     .status = REDAN_E_SIGNATURE,
     .says = "certificate signature failure"},
    {.what = "an issuer that is none",
     .between = {.name = "between",
                 .extensions = {{"basicConstraints", true, "CA:FALSE", NULL, 0}}},
     .status = REDAN_E_SIGNATURE,
     .says = "CN=between is refused: invalid CA certificate"},
    {.what = "an issuer that does not say it is one",
     .between = {.name = "between"},
     .status = REDAN_E_SIGNATURE,
     .says = "CN=between is refused: invalid CA certificate"},
    {.what = "an issuer whose key is not for that",
     .between = {.name = "between",
                 .extensions = {{"basicConstraints", true, "CA:TRUE", NULL, 0},
                                {"keyUsage", true, "digitalSignature", NULL, 0}}},
     .status = REDAN_E_SIGNATURE,
     .says = "CN=between is refused: invalid CA certificate"},
    {.what = "an issuer under which there may be leaves only",
     .between = {.name = "between",
                 .extensions = {{"basicConstraints", true, "CA:TRUE,pathlen:0", NULL, 0}}}},
    {.what = "names outside the issuer's",
     .leaf = {.extensions = {{EMAIL}}},
     .between = {.name = "between",
                 .extensions = {CA,
                                {"nameConstraints", true, "permitted;email:example.com", NULL, 0}}},
     .status = REDAN_E_SIGNATURE,
     .says = "permitted subtree violation"},
    {.what = "a critical extension that is not known",
     .leaf = {.extensions = {{"1.2.3.4", true, NULL, "\x05\x00", 2}}},
     .status = REDAN_E_SIGNATURE,
     .says = "unhandled critical extension"},
    {.what = "the same, and not critical",
     .leaf = {.extensions = {{"1.2.3.4", false, NULL, "\x05\x00", 2}}}},
    {.what = "one of the issuer's",
     .between = {.name = "between", .extensions = {CA, {"1.2.3.4", true, NULL, "\x05\x00", 2}}},
     .status = REDAN_E_SIGNATURE,
     .says = "CN=between is refused: unhandled critical extension"},
    {.what = "a policy that the issuer requires (RFC 5280 4.2.1.11)",
     .between = {.name = "between",
                 .extensions = {CA,
                                {"policyConstraints", true, "requireExplicitPolicy:0", NULL, 0}}},
     .status = REDAN_E_SIGNATURE,
     .says = "no explicit policy"},
    {.what = "a precertificate (RFC 6962 3.1)",
     .leaf = {.extensions = {{"1.3.6.1.4.1.11129.2.4.3", true, NULL, "\x05\x00", 2}}},
     .status = REDAN_E_SIGNATURE,
     .says = "unhandled critical extension"},
    {.what = "SHA-1",
     .leaf = {.md = "SHA1"},
     .status = REDAN_E_SIGNATURE,
     .says = "CA signature digest algorithm too weak"},
    {.what = "MD5",
     .between_kind = "RSA:2048",
     .leaf = {.md = "MD5"},
     .status = REDAN_E_SIGNATURE,
     .says = "CA signature digest algorithm too weak"},
    {.what = "an issuer of SHA-1",
     .between = {.name = "between", .md = "SHA1", .extensions = {CA}},
     .status = REDAN_E_SIGNATURE,
     .says = "too weak"},
    {.what = "SHA-512", .leaf = {.md = "SHA512"}},
    {.what = "an RSA issuer", .between_kind = "RSA:2048"},
    {.what = "a weak RSA issuer",
     .between_kind = "RSA:1024",
     .status = REDAN_E_SIGNATURE,
     .says = "CA certificate key too weak"},
    {.what = "an Ed25519 issuer", .between_kind = "ED25519"},
    {.what = "a P-521 issuer", .between_kind = "P-521"},
    {.what = "a P-521 leaf", .leaf_kind = "P-521"},
    {.what = "an RSA leaf", .leaf_kind = "RSA:3072"},
    {.what = "a weak RSA leaf",
     .leaf_kind = "RSA:1024",
     .status = REDAN_E_SIGNATURE,
     .says = "EE certificate key too weak"},
    {.what = "a curve that is not used",
     .leaf_kind = "secp256k1",
     .status = REDAN_E_SIGNATURE,
     .says = "EC secp256k1, which is not used"},
    {.what = "the same above",
     .between_kind = "secp256k1",
     .status = REDAN_E_SIGNATURE,
     .says = "CN=between is refused: a key of kind EC secp256k1"},
};

/* The certificates of a row, as handed to the chain. */
struct made {
    struct redan_certificate *leaf, *between, *anchor;
};

static void drop_made(struct made *made)
{
    redan_certificate_free(made->leaf);
    redan_certificate_free(made->between);
    redan_certificate_free(made->anchor);
}

static struct redan_certificate *read_damaged(struct redan_ctx *ctx, const X509 *x509)
{
    struct redan_slice der = pki_der(ctx, x509);
    struct redan_certificate *made = NULL;
    char *bytes = (char *)(uintptr_t)der.at;

    bytes[der.len - 1] ^= 1;
    assert_ok(redan_certificate_parse(ctx, der, &made));
    return made;
}

static void make_row(struct world *w, const struct row *row, struct made *made)
{
    struct pki_spec between = row->between;
    struct pki_spec leaf = row->leaf;
    EVP_PKEY *between_key = row->between_kind ? pki_key(row->between_kind) : NULL;
    EVP_PKEY *leaf_key = row->leaf_kind ? pki_key(row->leaf_kind) : NULL;
    X509 *above = NULL;
    X509 *anchor = row->other_anchor ? make_ca("root", w->other_key, NULL, NULL) : NULL;

    between.key = between_key ? between_key : w->between_key;
    between.issuer = w->root;
    between.signer = w->root_key;
    if (between.name)
        above = pki_make(&between);
    else
        above = make_ca("between", between.key, w->root, w->root_key);
    leaf.key = leaf_key ? leaf_key : w->leaf_key;
    leaf.issuer = above;
    leaf.signer = between.key;
    X509 *x509 = pki_make(&leaf);
    made->leaf = row->damaged ? read_damaged(&w->ctx, x509) : pki_read(&w->ctx, x509);
    made->between = pki_read(&w->ctx, above);
    made->anchor = pki_read(&w->ctx, anchor ? anchor : w->root);
    X509_free(x509);
    X509_free(above);
    X509_free(anchor);
    EVP_PKEY_free(between_key);
    EVP_PKEY_free(leaf_key);
}

static void test_chain(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct made made REDAN_DEFER(drop_made) = {NULL, NULL, NULL};
        const struct row *row = &rows[i];
        const struct redan_certificate *issuer = NULL;
        make_row(w, row, &made);
        struct redan_certificate *anchor = row->leaf_is_anchor      ? made.leaf
                                           : row->between_is_anchor ? made.between
                                                                    : made.anchor;
        bool pinned = !row->no_anchor || anchor != made.anchor;
        enum redan_status got =
            redan_certificate_chain(&w->ctx, made.leaf, &made.between, row->no_between ? 0 : 1,
                                    &anchor, pinned, row->at ? row->at : NOW, &issuer);
        if (got != row->status || (row->says && !strstr(w->ctx.failure.text, row->says)))
            print_error("%s: %s\n", row->what, w->ctx.failure.text);
        assert_int_equal(got, row->status);
        assert_int_equal(w->ctx.failure.status, row->status);
        assert_true(!row->says || strstr(w->ctx.failure.text, row->says));
        if (got == REDAN_OK)
            assert_ptr_equal(issuer, row->leaf_is_anchor ? made.leaf : made.between);
        redan_fail_clear(&w->ctx);
    }
}

/* Certificates that somebody put beside the chain: neither its path nor its verdict is theirs. */
static void test_foreign(void **state)
{
    struct world *w = *state;
    struct made made REDAN_DEFER(drop_made) = {NULL, NULL, NULL};
    const struct redan_certificate *issuer = NULL;
    X509 *fake = make_ca("root", w->other_key, NULL, NULL);
    struct pki_spec own = {
        .name = "leaf", .key = w->leaf_key, .issuer = fake, .signer = w->other_key};
    X509 *foreign = pki_make(&own);
    struct redan_certificate *leaf = pki_read(&w->ctx, foreign);
    struct redan_certificate *beside[2] = {pki_read(&w->ctx, fake), NULL};

    make_row(w, &rows[0], &made);
    beside[1] = made.between;
    assert_ok(
        redan_certificate_chain(&w->ctx, made.leaf, beside, 2, &made.anchor, 1, NOW, &issuer));
    assert_ptr_equal(issuer, made.between);
    assert_int_equal(
        redan_certificate_chain(&w->ctx, leaf, beside, 2, &made.anchor, 1, NOW, &issuer),
        REDAN_E_SIGNATURE);
    redan_fail_clear(&w->ctx);
    struct redan_certificate *many[REDAN_CERTIFICATES_MAX + 1];
    for (size_t i = 0; i < REDAN_COUNT(many); i++)
        many[i] = made.between;
    assert_ok(redan_certificate_chain(&w->ctx, made.leaf, many, REDAN_CERTIFICATES_MAX,
                                      &made.anchor, 1, NOW, &issuer));
    assert_int_equal(redan_certificate_chain(&w->ctx, made.leaf, many, REDAN_COUNT(many),
                                             &made.anchor, 1, NOW, &issuer),
                     REDAN_E_LIMIT);
    redan_fail_clear(&w->ctx);
    redan_certificate_free(leaf);
    redan_certificate_free(beside[0]);
    X509_free(foreign);
    X509_free(fake);
}

/* A bit anywhere: refused, or read and then not the certificate that was pinned, nor signed by its issuer. */
static void test_every_bit(void **state)
{
    struct world *w = *state;
    struct redan_ctx *ctx = &w->ctx;
    struct made made REDAN_DEFER(drop_made) = {NULL, NULL, NULL};
    const struct redan_certificate *issuer = NULL;
    size_t read = 0;

    make_row(w, &rows[0], &made);
    struct redan_slice der = redan_certificate_der(made.leaf);
    char *bytes = redan_take(ctx, der.len);
    for (size_t i = 0; i < der.len * 8; i++) {
        struct redan_certificate *bad REDAN_DEFER(redan_certificate_drop) = NULL;
        memcpy(bytes, der.at, der.len);
        bytes[i / 8] ^= (char)(1 << i % 8);
        if (redan_certificate_parse(ctx, (struct redan_slice){bytes, der.len}, &bad) == REDAN_OK) {
            read++;
            assert_int_equal(
                redan_certificate_chain(ctx, bad, &made.between, 1, &made.anchor, 1, NOW, &issuer),
                REDAN_E_SIGNATURE);
            redan_fail_clear(ctx);
            assert_int_equal(
                redan_certificate_chain(ctx, bad, NULL, 0, &made.leaf, 1, NOW, &issuer),
                REDAN_E_SIGNATURE);
        }
        redan_fail_clear(ctx);
    }
    assert_true(read > 100);
}

struct shared {
    struct made made;
};

static void *walk_many(void *arg)
{
    struct shared *shared = arg;
    struct redan_ctx ctx;
    uintptr_t good = 0;

    redan_ctx_init(&ctx, NULL);
    for (int i = 0; i < 20; i++) {
        const struct redan_certificate *issuer = NULL;
        struct redan_certificate_facts facts;
        good += redan_certificate_facts(&ctx, shared->made.leaf, &facts) == REDAN_OK &&
                redan_certificate_chain(&ctx, shared->made.leaf, &shared->made.between, 1,
                                        &shared->made.anchor, 1, NOW, &issuer) == REDAN_OK;
    }
    redan_ctx_done(&ctx);
    return (void *)good;
}

static void test_threads(void **state)
{
    struct world *w = *state;
    struct shared shared = {{NULL, NULL, NULL}};
    pthread_t threads[4];

    make_row(w, &rows[0], &shared.made);
    for (size_t i = 0; i < REDAN_COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, walk_many, &shared), 0);
    for (size_t i = 0; i < REDAN_COUNT(threads); i++) {
        void *good = NULL;
        assert_int_equal(pthread_join(threads[i], &good), 0);
        assert_int_equal((uintptr_t)good, 20);
    }
    drop_made(&shared.made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_foreign),
        cmocka_unit_test(test_every_bit),
        cmocka_unit_test(test_threads),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
