/* Whole stamps of authorities made on the spot: what is believed of a trust root's authorities, and all that is not. */
#include "test.h"

#include <openssl/x509v3.h>
#include <stdio.h>

#include "crypto/timestamp.h"
#include "pki.h"

enum { NOW = PKI_FROM + 86400, DAY = 86400, MILLI = 1000 };

#define CA "basicConstraints", true, "CA:TRUE", NULL, 0
#define STAMPS "extendedKeyUsage", true, "timeStamping", NULL, 0
#define SIGNS "keyUsage", true, "digitalSignature", NULL, 0

struct world {
    struct redan_ctx ctx;
    EVP_PKEY *root_key, *own_key, *fake_key;
    X509 *root, *own, *fake, *fake_root;
};

static int set_up(void **state)
{
    static struct world w;

    redan_ctx_init(&w.ctx, NULL);
    w.root_key = pki_key("P-384");
    w.own_key = pki_key("P-256");
    w.fake_key = pki_key("P-256");
    struct pki_spec root = {.name = "root", .key = w.root_key, .extensions = {{CA}}};
    w.root = pki_make(&root);
    root.key = w.fake_key;
    w.fake_root = pki_make(&root);
    struct pki_spec own = {.name = "stamps",
                           .key = w.own_key,
                           .issuer = w.root,
                           .signer = w.root_key,
                           .extensions = {{STAMPS}, {SIGNS}}};
    w.own = pki_make(&own);
    own.key = w.fake_key;
    own.signer = w.fake_key; /* the same names and number: made to look like it */
    w.fake = pki_make(&own);
    *state = &w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    X509_free(w->root);
    X509_free(w->own);
    X509_free(w->fake);
    X509_free(w->fake_root);
    EVP_PKEY_free(w->root_key);
    EVP_PKEY_free(w->own_key);
    EVP_PKEY_free(w->fake_key);
    redan_ctx_done(&w->ctx);
    return 0;
}

/* What is changed about a stamp over "text" at NOW, and about who is believed. */
struct row {
    const char *what;
    struct pki_spec own;  /* in place of the authority's certificate, when it has a name */
    const char *own_kind; /* its key */
    const char *imprint, *md;
    int64_t at;   /* from NOW, seconds */
    long micro;   /* and a fraction */
    int64_t from; /* of the authority, milliseconds from NOW; 0 with `until` 0: always */
    int64_t until;
    enum redan_status status;
    const char *says;
    bool embed_own, embed_fake, embed_root; /* certificates in the token */
    bool signed_by_fake;                    /* by another key under the same names */
    bool fake_root;                         /* another anchor is believed */
    bool own_alone;                         /* the anchor is the authority's own certificate */
    bool nobody;                            /* there are no authorities */
    bool critical, refuse, other_text;
};

static const struct row rows[] = {
    {.what = "as it should be"},
    {.what = "with its certificate", .embed_own = true},
    {.what = "with a foreign certificate of its names", .embed_fake = true},
    {.what = "with its root", .embed_root = true},
    {.what = "SHA-384", .imprint = "SHA384", .md = "SHA384"},
    {.what = "SHA-512", .imprint = "SHA512", .md = "SHA512"},
    {.what = "a fraction", .micro = 123456},
    {.what = "pinned alone", .own_alone = true},
    {.what = "RSA", .own_kind = "RSA:2048", .own = {.name = "rsa", .extensions = {{STAMPS}}}},
    {.what = "P-521", .own_kind = "P-521", .own = {.name = "p521", .extensions = {{STAMPS}}}},
    {.what = "the first moment", .from = 0, .until = 10},
    {.what = "the last moment", .from = -10, .until = 0},
    {.what = "a moment early",
     .from = 1,
     .until = 10,
     .status = REDAN_E_SIGNATURE,
     .says = "did not count"},
    {.what = "a moment late",
     .from = -10,
     .until = -1,
     .status = REDAN_E_SIGNATURE,
     .says = "did not count"},
    {.what = "a fraction late",
     .micro = 1000,
     .from = -10,
     .until = 0,
     .status = REDAN_E_SIGNATURE,
     .says = "did not count"},
    {.what = "its certificate's last second", .at = PKI_UNTIL - NOW},
    {.what = "a second later",
     .at = PKI_UNTIL - NOW + 1,
     .status = REDAN_E_SIGNATURE,
     .says = "has expired"},
    {.what = "its certificate's first second", .at = PKI_FROM - NOW},
    {.what = "a second earlier",
     .at = PKI_FROM - NOW - 1,
     .status = REDAN_E_SIGNATURE,
     .says = "not yet valid"},
    {.what = "its own time is over",
     .own = {.name = "over", .until = NOW - 1, .extensions = {{STAMPS}}},
     .status = REDAN_E_SIGNATURE,
     .says = "CN=over is refused: certificate has expired"},
    {.what = "other bytes",
     .other_text = true,
     .status = REDAN_E_SIGNATURE,
     .says = "over other bytes"},
    {.what = "SHA-1 of them",
     .imprint = "SHA1",
     .status = REDAN_E_SIGNATURE,
     .says = "is not SHA-256"},
    {.what = "SHA-1 of the stamp",
     .md = "SHA1",
     .status = REDAN_E_SIGNATURE,
     .says = "not exactly one signature over"},
    {.what = "refused", .refuse = true, .status = REDAN_E_SIGNATURE, .says = "not granted"},
    {.what = "a critical extension",
     .critical = true,
     .status = REDAN_E_SIGNATURE,
     .says = "critical extension"},
    {.what = "nobody is believed",
     .nobody = true,
     .status = REDAN_E_SIGNATURE,
     .says = "does not have"},
    {.what = "another root of that name",
     .fake_root = true,
     .status = REDAN_E_SIGNATURE,
     .says = "CN=stamps is refused: certificate signature failure"},
    {.what = "another key under those names",
     .signed_by_fake = true,
     .status = REDAN_E_SIGNATURE,
     .says = "signature does not verify"},
    {.what = "the same, with its certificate",
     .signed_by_fake = true,
     .embed_fake = true,
     .status = REDAN_E_SIGNATURE,
     .says = "signature does not verify"},
    {.what = "a stamp of somebody else",
     .own = {.name = "else", .serial = 8, .extensions = {{STAMPS}}},
     .own_kind = "P-256",
     .nobody = true,
     .status = REDAN_E_SIGNATURE,
     .says = "does not have"},
    {.what = "RSA 1024",
     .own_kind = "RSA:1024",
     .own = {.name = "weak", .extensions = {{STAMPS}}},
     .status = REDAN_E_SIGNATURE,
     .says = "key too weak"},
    {.what = "a certificate of SHA-1",
     .own = {.name = "sha1", .md = "SHA1", .extensions = {{STAMPS}}},
     .status = REDAN_E_SIGNATURE,
     .says = "too weak"},
    {.what = "a critical extension of the certificate",
     .own = {.name = "odd", .extensions = {{STAMPS}, {"1.2.3.4", true, NULL, "\x05\x00", 2}}},
     .status = REDAN_E_SIGNATURE,
     .says = "unhandled critical extension"},
};

struct people {
    struct redan_certificate *chain[2];
};

static void drop_people(struct people *people)
{
    redan_certificate_free(people->chain[0]);
    redan_certificate_free(people->chain[1]);
}

/* The stamp of a row, and who is believed. */
static struct redan_slice make_row(struct world *w, const struct row *row, struct people *people)
{
    EVP_PKEY *key = row->own_kind ? pki_key(row->own_kind) : NULL;
    struct pki_spec spec = row->own;
    X509 *own = NULL;

    spec.key = key ? key : w->own_key;
    spec.issuer = w->root;
    spec.signer = w->root_key;
    if (spec.name)
        own = pki_make(&spec);
    struct pki_stamp how = {.signer = own ? own : w->own,
                            .key = spec.key,
                            .imprint = row->imprint,
                            .md = row->md,
                            .at = NOW + row->at,
                            .micro = row->micro,
                            .critical = row->critical,
                            .refuse = row->refuse};
    if (row->signed_by_fake) {
        how.signer = w->fake;
        how.key = w->fake_key;
    }
    if (row->embed_own || row->embed_fake)
        how.embed = row->embed_own ? how.signer : w->fake;
    if (row->embed_root)
        how.embed = w->root;
    struct redan_slice made = pki_stamp(&w->ctx, &how, REDAN_S("text"));
    people->chain[0] = pki_read(&w->ctx, own ? own : w->own);
    people->chain[1] = pki_read(&w->ctx, row->fake_root ? w->fake_root : w->root);
    X509_free(own);
    EVP_PKEY_free(key);
    return made;
}

static void test_rows(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        const struct row *row = &rows[i];
        struct people people REDAN_DEFER(drop_people) = {{NULL, NULL}};
        struct redan_slice stamp = make_row(w, row, &people);
        bool always = row->from == 0 && row->until == 0;
        struct redan_timestamp_authority authority = {
            .chain = people.chain,
            .count = row->own_alone ? 1 : 2,
            .from = always ? 0 : (int64_t)NOW * MILLI + row->from,
            .until = always ? INT64_MAX : (int64_t)NOW * MILLI + row->until};
        int64_t at = -1;
        enum redan_status got = redan_timestamp_verify_response(
            &w->ctx, stamp, row->other_text ? REDAN_S("Text") : REDAN_S("text"), &authority,
            row->nobody ? 0 : 1, &at);
        if (got != row->status || (row->says && !strstr(w->ctx.failure.text, row->says)))
            print_error("%s: %s\n", row->what, w->ctx.failure.text);
        assert_int_equal(got, row->status);
        assert_int_equal(w->ctx.failure.status, row->status);
        assert_true(!row->says || strstr(w->ctx.failure.text, row->says));
        assert_int_equal(at, got == REDAN_OK ? (NOW + row->at) * MILLI + row->micro / 1000 : -1);
        redan_fail_clear(&w->ctx);
    }
}

/* What the pinned certificate must say: OpenSSL would not stamp with these, so the stamp is by one of the same names. */
static void test_usage(void **state)
{
    struct world *w = *state;
    static const struct {
        struct pki_extension extensions[3];
    } table[] = {
        {{{SIGNS}}}, /* no extended key usage */
        {{{"extendedKeyUsage", false, "timeStamping", NULL, 0}}},
        {{{"extendedKeyUsage", true, "timeStamping,codeSigning", NULL, 0}}},
        {{{"extendedKeyUsage", true, "codeSigning", NULL, 0}}},
        {{{STAMPS}, {"keyUsage", true, "keyCertSign", NULL, 0}}},
    };
    struct pki_stamp how = {.signer = w->own, .key = w->own_key, .at = NOW};
    struct redan_slice stamp = pki_stamp(&w->ctx, &how, REDAN_S("text"));

    for (size_t i = 0; i < REDAN_COUNT(table); i++) {
        struct people people REDAN_DEFER(drop_people) = {{NULL, NULL}};
        struct pki_spec spec = {
            .name = "stamps", .key = w->own_key, .issuer = w->root, .signer = w->root_key};
        int64_t at = 0;
        memcpy(spec.extensions, table[i].extensions, sizeof(table[i].extensions));
        X509 *own = pki_make(&spec);
        people.chain[0] = pki_read(&w->ctx, own);
        people.chain[1] = pki_read(&w->ctx, w->root);
        X509_free(own);
        struct redan_timestamp_authority authority = {people.chain, 2, 0, INT64_MAX};
        assert_int_equal(
            redan_timestamp_verify_response(&w->ctx, stamp, REDAN_S("text"), &authority, 1, &at),
            REDAN_E_SIGNATURE);
        assert_non_null(strstr(w->ctx.failure.text, "is not for timestamps"));
        redan_fail_clear(&w->ctx);
    }
}

/* RFC 5035 5.4: the stamp names its certificate by digest, so one of the same key, names and number is not it. */
static void test_reissued(void **state)
{
    struct world *w = *state;
    struct pki_stamp how = {.signer = w->own, .key = w->own_key, .at = NOW};
    struct redan_slice stamp = pki_stamp(&w->ctx, &how, REDAN_S("text"));
    struct pki_spec spec = {.name = "stamps",
                            .key = w->own_key,
                            .issuer = w->root,
                            .signer = w->root_key,
                            .until = PKI_UNTIL - DAY,
                            .extensions = {{STAMPS}, {SIGNS}}};
    X509 *again = pki_make(&spec);
    struct people people REDAN_DEFER(drop_people) = {
        {pki_read(&w->ctx, again), pki_read(&w->ctx, w->root)}};
    struct redan_timestamp_authority authority = {people.chain, 2, 0, INT64_MAX};
    int64_t at = 0;

    X509_free(again);
    assert_int_equal(
        redan_timestamp_verify_response(&w->ctx, stamp, REDAN_S("text"), &authority, 1, &at),
        REDAN_E_SIGNATURE);
    assert_non_null(strstr(w->ctx.failure.text, "signature does not verify"));
    redan_fail_clear(&w->ctx);
    /* and the claim is told without believing it */
    assert_ok(redan_timestamp_claim(&w->ctx, stamp, REDAN_S("text"), &at));
    assert_int_equal(at, (int64_t)NOW * MILLI);
    assert_int_equal(redan_timestamp_claim(&w->ctx, stamp, REDAN_S("Text"), &at),
                     REDAN_E_SIGNATURE);
    redan_fail_clear(&w->ctx);
}

/* Several authorities: whichever holds is believed, and the last one that might have made it says why not. */
static void test_several(void **state)
{
    struct world *w = *state;
    struct pki_stamp how = {.signer = w->own, .key = w->own_key, .at = NOW};
    struct redan_slice stamp = pki_stamp(&w->ctx, &how, REDAN_S("text"));
    struct people good REDAN_DEFER(drop_people) = {
        {pki_read(&w->ctx, w->own), pki_read(&w->ctx, w->root)}};
    struct people bad REDAN_DEFER(drop_people) = {
        {pki_read(&w->ctx, w->fake), pki_read(&w->ctx, w->fake_root)}};
    struct redan_timestamp_authority all[] = {
        {bad.chain, 2, 0, INT64_MAX},
        {good.chain, 2, 0, (int64_t)NOW * MILLI - 1},
        {good.chain, 0, 0, INT64_MAX},
        {good.chain, 2, (int64_t)NOW * MILLI, INT64_MAX},
    };
    int64_t at = 0;

    assert_ok(redan_timestamp_verify_response(&w->ctx, stamp, REDAN_S("text"), all,
                                              REDAN_COUNT(all), &at));
    assert_int_equal(at, (int64_t)NOW * MILLI);
    assert_int_equal(w->ctx.failure.status, REDAN_OK);
    assert_int_equal(redan_timestamp_verify_response(&w->ctx, stamp, REDAN_S("text"), all, 3, &at),
                     REDAN_E_SIGNATURE);
    assert_non_null(strstr(w->ctx.failure.text, "did not count"));
    redan_fail_clear(&w->ctx);
}

/* Cut short, made longer, and with a bit changed anywhere, signed or not. */
static void test_damaged(void **state)
{
    struct world *w = *state;
    struct pki_stamp how = {.signer = w->own, .key = w->own_key, .at = NOW};
    struct redan_slice stamp = pki_stamp(&w->ctx, &how, REDAN_S("text"));
    struct people people REDAN_DEFER(drop_people) = {
        {pki_read(&w->ctx, w->own), pki_read(&w->ctx, w->root)}};
    struct redan_timestamp_authority authority = {people.chain, 2, 0, INT64_MAX};
    char *bytes = redan_take(&w->ctx, stamp.len + 1);
    size_t unnoticed = 0;
    int64_t at = 0;

    for (size_t i = 0; i < stamp.len * 8; i++) {
        memcpy(bytes, stamp.at, stamp.len);
        bytes[i / 8] ^= (char)(1 << i % 8);
        enum redan_status got = redan_timestamp_verify_response(
            &w->ctx, (struct redan_slice){bytes, stamp.len}, REDAN_S("text"), &authority, 1, &at);
        assert_true(got == REDAN_OK || got == REDAN_E_SIGNATURE);
        assert_int_equal(got, w->ctx.failure.status);
        assert_true(got != REDAN_OK || at == (int64_t)NOW * MILLI);
        if (got == REDAN_OK)
            print_message("bit %zu of byte %zu (0x%02x) makes no difference\n", i % 8, i / 8,
                          (unsigned)(uint8_t)stamp.at[i / 8]);
        unnoticed += got == REDAN_OK;
        redan_fail_clear(&w->ctx);
    }
    assert_int_equal(unnoticed, 0);
    for (size_t len = 0; len < stamp.len; len++) {
        assert_int_equal(redan_timestamp_verify_response(&w->ctx, redan_slice_sub(stamp, 0, len),
                                                         REDAN_S("text"), &authority, 1, &at),
                         REDAN_E_SIGNATURE);
        redan_fail_clear(&w->ctx);
    }
    memcpy(bytes, stamp.at, stamp.len);
    bytes[stamp.len] = 0;
    assert_int_equal(redan_timestamp_verify_response(&w->ctx,
                                                     (struct redan_slice){bytes, stamp.len + 1},
                                                     REDAN_S("text"), &authority, 1, &at),
                     REDAN_E_SIGNATURE);
    redan_fail_clear(&w->ctx);
}

static void test_memory_refused(void **state)
{
    struct world *w = *state;
    struct pki_stamp how = {.signer = w->own, .key = w->own_key, .at = NOW};
    struct redan_slice stamp = pki_stamp(&w->ctx, &how, REDAN_S("text"));
    struct people people REDAN_DEFER(drop_people) = {
        {pki_read(&w->ctx, w->own), pki_read(&w->ctx, w->fake_root)}};
    struct redan_timestamp_authority authority = {people.chain, 2, 0, INT64_MAX};
    enum redan_status got = REDAN_E_MEMORY;

    for (uint64_t n = 1; got == REDAN_E_MEMORY; n++) { /* a refusal, whose text takes memory */
        struct redan_ctx ctx;
        int64_t at = 0;
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = n;
        got = redan_timestamp_verify_response(&ctx, stamp, REDAN_S("text"), &authority, 1, &at);
        assert_true(got == REDAN_E_SIGNATURE || got == REDAN_E_MEMORY);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
        assert_true(n < 100);
    }
    assert_int_equal(got, REDAN_E_SIGNATURE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),     cmocka_unit_test(test_usage),
        cmocka_unit_test(test_reissued), cmocka_unit_test(test_several),
        cmocka_unit_test(test_damaged),  cmocka_unit_test(test_memory_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
