/* SSHSIG: made and verified here, every byte of it counted, and what must not verify. */
#include "test.h"

#include <stdio.h>

#include "attest/dsse.h"
#include "attest/sshsig.h"
#include "base/hex.h"
#include "crypto/key_parts.h"

#define SPACE REDAN_S(REDAN_SSHSIG_NAMESPACE)
#define TEXT REDAN_S("DSSEv1 1 t 1 p")

static struct redan_slice copy_of(struct redan_ctx *ctx, struct redan_slice text)
{
    struct redan_slice copy = {0};

    assert_ok(redan_copy(ctx, text, &copy));
    return copy;
}

static void test_round_trip(void **state)
{
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (int kind = 0; kind < 3; kind++) {
        for (int round = 0; round < 24; round++) { /* the numbers of ECDSA differ in length */
            struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
            struct redan_key *other REDAN_DEFER(redan_key_drop) = NULL;
            struct redan_buf text REDAN_DEFER(redan_buf_done);
            struct redan_slice blob = {0};
            struct redan_slice back = {0};
            assert_ok(redan_key_new(&ctx, (enum redan_key_kind)kind, &key));
            assert_ok(redan_key_new(&ctx, (enum redan_key_kind)kind, &other));
            assert_ok(redan_sshsig_sign(&ctx, key, SPACE, TEXT, &blob));
            assert_true(redan_sshsig_is(blob));
            assert_ok(redan_sshsig_verify(&ctx, key, SPACE, TEXT, blob));
            assert_int_equal(redan_sshsig_verify(&ctx, other, SPACE, TEXT, blob),
                             REDAN_E_SIGNATURE);
            assert_int_equal(redan_sshsig_verify(&ctx, key, REDAN_S("file"), TEXT, blob),
                             REDAN_E_SIGNATURE);
            assert_int_equal(redan_sshsig_verify(&ctx, key, SPACE, REDAN_S("p"), blob),
                             REDAN_E_SIGNATURE);
            assert_int_equal(redan_key_verify(&ctx, key, TEXT, blob), REDAN_E_SIGNATURE);
            redan_buf_init(&text, &ctx, 10000);
            redan_sshsig_add_armour(&text, blob);
            assert_ok(redan_sshsig_parse_armour(&ctx, redan_buf_view(&text), &back));
            assert_true(redan_slice_eq(back, blob));
        }
    }
    assert_int_equal(ctx.failure.status, REDAN_OK); /* no refusal is a failure */
    redan_ctx_done(&ctx);
}

/* Cut at every byte, and every bit turned: it never verifies. */
static void test_every_byte(void **state)
{
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (int kind = 0; kind < 3; kind++) {
        struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
        struct redan_slice blob = {0};
        assert_ok(redan_key_new(&ctx, (enum redan_key_kind)kind, &key));
        assert_ok(redan_sshsig_sign(&ctx, key, SPACE, TEXT, &blob));
        for (size_t len = 0; len < blob.len; len++)
            assert_int_equal(
                redan_sshsig_verify(&ctx, key, SPACE, TEXT, redan_slice_sub(blob, 0, len)),
                REDAN_E_SIGNATURE);
        struct redan_slice longer = {0};
        assert_ok(redan_format(&ctx, &longer, "%s", "")); /* room for one more byte */
        char *more = redan_take(&ctx, blob.len + 1);
        assert_non_null(more);
        memcpy(more, blob.at, blob.len);
        more[blob.len] = 0;
        longer = (struct redan_slice){more, blob.len + 1};
        assert_int_equal(redan_sshsig_verify(&ctx, key, SPACE, TEXT, longer), REDAN_E_SIGNATURE);
        for (size_t bit = 0; bit < blob.len * 8; bit++) {
            more[bit / 8] ^= (char)(1 << bit % 8);
            assert_int_equal(
                redan_sshsig_verify(&ctx, key, SPACE, TEXT, (struct redan_slice){more, blob.len}),
                REDAN_E_SIGNATURE);
            more[bit / 8] ^= (char)(1 << bit % 8);
        }
        assert_ok(
            redan_sshsig_verify(&ctx, key, SPACE, TEXT, (struct redan_slice){more, blob.len}));
    }
    redan_ctx_done(&ctx);
}

static void put(struct redan_buf *out, struct redan_slice bytes)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        redan_buf_char(out, (char)(unsigned char)(bytes.len >> shift));
    redan_buf_slice(out, bytes);
}

/* What an SSHSIG is made of, so that one thing at a time can be wrong. */
struct recipe {
    const char *magic;
    uint32_t version;
    const char *space;
    const char *signed_space; /* NULL: the same */
    const char *reserved;
    const char *hash;
    const char *type; /* of the signature; NULL: the key's */
    bool holds;
};

static struct redan_slice cook(struct redan_ctx *ctx, const struct redan_key *key,
                               const struct recipe *r)
{
    struct redan_buf text REDAN_DEFER(redan_buf_done);
    struct redan_buf half REDAN_DEFER(redan_buf_done);
    struct redan_buf out REDAN_DEFER(redan_buf_done);
    struct redan_digest sha256;
    uint8_t sha512[REDAN_SHA512_LEN];
    struct redan_slice signature = {0};

    redan_buf_init(&text, ctx, 10000);
    redan_buf_init(&half, ctx, 10000);
    redan_buf_init(&out, ctx, 10000);
    assert_ok(redan_sha256(ctx, TEXT, &sha256));
    assert_ok(redan_sha512(ctx, TEXT, sha512));
    redan_buf_text(&text, "SSHSIG");
    put(&text, redan_slice_of(r->signed_space ? r->signed_space : r->space));
    put(&text, redan_slice_of(r->reserved));
    put(&text, redan_slice_of(r->hash));
    put(&text, strcmp(r->hash, "sha256") == 0
                   ? (struct redan_slice){(const char *)sha256.bytes, sizeof(sha256.bytes)}
                   : (struct redan_slice){(const char *)sha512, sizeof(sha512)});
    assert_ok(redan_key_sign_ssh(ctx, key, redan_buf_view(&text), &signature));
    if (r->type) { /* the signature itself is what follows the type */
        struct redan_slice bytes = redan_slice_sub(signature, 4 + strlen("ssh-ed25519"), SIZE_MAX);
        put(&half, redan_slice_of(r->type));
        redan_buf_slice(&half, bytes);
        signature = copy_of(ctx, redan_buf_view(&half));
        redan_buf_clear(&half);
    }
    redan_key_add_public_blob(&half, key);
    redan_buf_text(&out, r->magic);
    for (int shift = 24; shift >= 0; shift -= 8)
        redan_buf_char(&out, (char)(unsigned char)(r->version >> shift));
    put(&out, redan_buf_view(&half));
    put(&out, redan_slice_of(r->space));
    put(&out, redan_slice_of(r->reserved));
    put(&out, redan_slice_of(r->hash));
    put(&out, signature);
    return copy_of(ctx, redan_buf_view(&out));
}

static void test_form(void **state)
{
    struct redan_ctx ctx;
    struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
    static const struct recipe rows[] = {
        {"SSHSIG", 1, "redan", NULL, "", "sha512", NULL, true},
        {"SSHSIG", 1, "redan", NULL, "", "sha256", NULL, true},
        {"SSHSIG", 1, "redan", NULL, "", "sha512", "ssh-ed25519", true},
        {"SSHSIG", 0, "redan", NULL, "", "sha512", NULL, false},
        {"SSHSIG", 2, "redan", NULL, "", "sha512", NULL, false},
        {"SSHSIg", 1, "redan", NULL, "", "sha512", NULL, false},
        {"SSHSIG", 1, "git", NULL, "", "sha512", NULL, false},
        {"SSHSIG", 1, "redan", "git", "", "sha512", NULL, false},
        {"SSHSIG", 1, "git", "redan", "", "sha512", NULL, false},
        {"SSHSIG", 1, "redan", NULL, "x", "sha512", NULL, false},
        {"SSHSIG", 1, "redan", NULL, "", "sha1", NULL, false},
        {"SSHSIG", 1, "redan", NULL, "", "SHA512", NULL, false},
        {"SSHSIG", 1, "redan", NULL, "", "", NULL, false},
        {"SSHSIG", 1, "redan", NULL, "", "sha512", "ssh-ed25519-cert-v01@openssh.com", false},
        {"SSHSIG", 1, "redan", NULL, "", "sha512", "sk-ssh-ed25519@openssh.com", false},
        {"SSHSIG", 1, "redan", NULL, "", "sha512", "", false},
    };

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_key_new(&ctx, REDAN_KEY_ED25519, &key));
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        enum redan_status got =
            redan_sshsig_verify(&ctx, key, SPACE, TEXT, cook(&ctx, key, &rows[i]));
        if (got != (rows[i].holds ? REDAN_OK : REDAN_E_SIGNATURE))
            print_error("row %zu\n", i);
        assert_int_equal(got, rows[i].holds ? REDAN_OK : REDAN_E_SIGNATURE);
    }
    struct redan_slice blob = {0};
    assert_int_equal(redan_sshsig_sign(&ctx, key, REDAN_S(""), TEXT, &blob), REDAN_E_USAGE);
    redan_ctx_done(&ctx);
}

/* RFC 4251 5: one spelling per number. A signature with needless zeros, or a sign, is another text, and no signature. */
static void test_numbers(void **state)
{
    struct redan_ctx ctx;
    struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
    struct redan_slice signature = {0};

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_key_new(&ctx, REDAN_KEY_P256, &key));
    assert_ok(redan_key_sign_ssh(&ctx, key, TEXT, &signature));
    assert_ok(redan_key_verify_ssh(&ctx, key, TEXT, signature));
    const char *type = "ecdsa-sha2-nistp256";
    struct redan_slice numbers = redan_slice_sub(signature, 4 + strlen(type) + 4, SIZE_MAX);
    size_t r_len = (unsigned char)numbers.at[3];
    struct redan_slice r = redan_slice_sub(numbers, 4, r_len);
    struct redan_slice s = redan_slice_sub(numbers, 8 + r_len, SIZE_MAX);
    struct redan_slice padded = {0};
    struct redan_slice zero = {"\0", 1};
    char *bytes = redan_take(&ctx, r.len + 1);
    assert_non_null(bytes);
    bytes[0] = 0;
    memcpy(bytes + 1, r.at, r.len);
    padded = (struct redan_slice){bytes, r.len + 1};
    struct redan_slice bare = r.at[0] == 0 ? redan_slice_sub(r, 1, SIZE_MAX) : r;
    const struct {
        struct redan_slice r, s;
        bool holds;
    } rows[] = {
        {r, s, true},     {padded, s, false},  {bare, s, r.at[0] != 0}, {{"", 0}, s, false},
        {zero, s, false}, {r, {"", 0}, false}, {s, r, false},
    };
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_buf inner REDAN_DEFER(redan_buf_done);
        struct redan_buf out REDAN_DEFER(redan_buf_done);
        redan_buf_init(&inner, &ctx, 1000);
        redan_buf_init(&out, &ctx, 1000);
        put(&inner, rows[i].r);
        put(&inner, rows[i].s);
        put(&out, redan_slice_of(type));
        put(&out, redan_buf_view(&inner));
        assert_int_equal(redan_key_verify_ssh(&ctx, key, TEXT, redan_buf_view(&out)),
                         rows[i].holds ? REDAN_OK : REDAN_E_SIGNATURE);
    }
    redan_ctx_done(&ctx);
}

/* A device, played by an ordinary key: it signs the digests with its flags and counter between (PROTOCOL.u2f). */
static void test_device(void **state)
{
    struct redan_ctx ctx;
    struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
    struct redan_key *device REDAN_DEFER(redan_key_drop) = NULL;
    struct redan_key *other REDAN_DEFER(redan_key_drop) = NULL;
    struct redan_slice line[2] = {{0}, {0}};
    static const struct {
        const char *application; /* that it signs for */
        unsigned flags;
        unsigned tail; /* bytes left out at the end */
        bool holds;
    } rows[] = {
        {"ssh:", 0x01, 0, true},  {"ssh:", 0x05, 0, true},   {"ssh:", 0x00, 0, false},
        {"ssh:", 0x04, 0, false}, {"ssh:x", 0x01, 0, false}, {"ssh:", 0x01, 1, false},
        {"ssh:", 0x01, 5, false},
    };

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_key_new(&ctx, REDAN_KEY_ED25519, &key));
    for (int i = 0; i < 2; i++) {
        struct redan_buf blob REDAN_DEFER(redan_buf_done);
        struct redan_buf text REDAN_DEFER(redan_buf_done);
        redan_buf_init(&blob, &ctx, 1000);
        redan_buf_init(&text, &ctx, 1000);
        put(&blob, REDAN_S("sk-ssh-ed25519@openssh.com"));
        put(&blob, (struct redan_slice){(const char *)key->parts.public_bytes, 32});
        put(&blob, redan_slice_of(i ? "ssh:x" : "ssh:"));
        redan_buf_text(&text, "sk-ssh-ed25519@openssh.com ");
        redan_base64_add(&text, redan_buf_view(&blob));
        line[i] = copy_of(&ctx, redan_buf_view(&text));
    }
    assert_ok(redan_key_parse_public(&ctx, line[0], &device));
    assert_ok(redan_key_parse_public(&ctx, line[1], &other));
    assert_int_equal(redan_key_kind(device), REDAN_KEY_SK_ED25519);
    struct redan_digest ids[3];
    redan_key_id(key, &ids[0]);
    redan_key_id(device, &ids[1]);
    redan_key_id(other, &ids[2]);
    assert_false(
        redan_digest_eq(&ids[0], &ids[1])); /* not the bare key, nor another application's */
    assert_false(redan_digest_eq(&ids[1], &ids[2]));
    struct redan_buf back REDAN_DEFER(redan_buf_done);
    redan_buf_init(&back, &ctx, 1000);
    redan_key_add_public_ssh(&back, device, (struct redan_slice){"", 0});
    assert_true(redan_slice_eq(redan_buf_view(&back), line[0]));
    redan_buf_clear(&back);
    redan_key_add_public_pem(&back, device);
    assert_int_equal(back.fail, REDAN_E_UNSUPPORTED);
    struct redan_slice plain = {0};
    assert_ok(redan_key_sign(&ctx, key, TEXT, &plain));
    assert_int_equal(redan_key_verify(&ctx, device, TEXT, plain), REDAN_E_SIGNATURE);
    assert_int_equal(redan_key_sign(&ctx, device, TEXT, &plain), REDAN_E_USAGE);
    redan_fail_clear(&ctx);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_digest application;
        struct redan_digest digest;
        struct redan_buf what REDAN_DEFER(redan_buf_done);
        struct redan_buf made REDAN_DEFER(redan_buf_done);
        char tail[5] = {(char)rows[i].flags, 0, 0, 0, 7};
        redan_buf_init(&what, &ctx, 1000);
        redan_buf_init(&made, &ctx, 1000);
        assert_ok(redan_sha256(&ctx, redan_slice_of(rows[i].application), &application));
        assert_ok(redan_sha256(&ctx, TEXT, &digest));
        redan_buf_add(&what, application.bytes, sizeof(application.bytes));
        redan_buf_add(&what, tail, sizeof(tail));
        redan_buf_add(&what, digest.bytes, sizeof(digest.bytes));
        assert_ok(redan_key_sign(&ctx, key, redan_buf_view(&what), &plain));
        put(&made, REDAN_S("sk-ssh-ed25519@openssh.com"));
        put(&made, plain);
        redan_buf_add(&made, tail, sizeof(tail) - rows[i].tail);
        assert_int_equal(redan_key_verify_ssh(&ctx, device, TEXT, redan_buf_view(&made)),
                         rows[i].holds ? REDAN_OK : REDAN_E_SIGNATURE);
        assert_int_equal(redan_key_verify_ssh(&ctx, key, TEXT, redan_buf_view(&made)),
                         REDAN_E_SIGNATURE);
        made.data[made.len - 1] ^= 1; /* another counter */
        assert_int_equal(redan_key_verify_ssh(&ctx, device, TEXT, redan_buf_view(&made)),
                         REDAN_E_SIGNATURE);
    }
    struct redan_key *none = NULL;
    assert_int_equal(redan_key_new(&ctx, REDAN_KEY_SK_ED25519, &none), REDAN_E_UNSUPPORTED);
    redan_ctx_done(&ctx);
}

static void test_armour(void **state)
{
    struct redan_ctx ctx;
#define BEGIN "-----BEGIN SSH SIGNATURE-----\n"
#define END "-----END SSH SIGNATURE-----\n"
    static const struct {
        const char *text;
        enum redan_status status;
    } rows[] = {
        {BEGIN "U1NIU0lHAAAA\n" END, REDAN_OK},
        {BEGIN "U1NI\nU0lH\nAAAA\n" END, REDAN_OK},
        {"\n  " BEGIN "U1NIU0lHAAAA\n" END "\n", REDAN_OK},
        {BEGIN "U1NIU0lgAAAA\n" END, REDAN_E_SYNTAX}, /* not SSHSIG */
        {BEGIN "U1NIU0lHAAA\n" END, REDAN_E_SYNTAX},
        {BEGIN END, REDAN_E_SYNTAX},
        {BEGIN "U1NIU0lHAAAA\n", REDAN_E_SYNTAX},
        {"U1NIU0lHAAAA\n" END, REDAN_E_SYNTAX},
        {"x" BEGIN "U1NIU0lHAAAA\n" END, REDAN_E_SYNTAX},
        {BEGIN "U1NIU0lHAAAA\n" END "x", REDAN_E_SYNTAX},
        {BEGIN "U1NIU0lHAAAA\n" END BEGIN "U1NIU0lHAAAA\n" END, REDAN_E_SYNTAX},
        {"-----BEGIN PUBLIC KEY-----\nU1NIU0lHAAAA\n-----END PUBLIC KEY-----\n", REDAN_E_SYNTAX},
        {"", REDAN_E_SYNTAX},
    };

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_slice blob = {0};
        enum redan_status got =
            redan_sshsig_parse_armour(&ctx, redan_slice_of(rows[i].text), &blob);
        if (got != rows[i].status)
            print_error("row %zu: %s\n", i, ctx.failure.text);
        assert_int_equal(got, rows[i].status);
        redan_fail_clear(&ctx);
    }
    redan_ctx_done(&ctx);
}

/* A key that came from OpenSSH signs as OpenSSH does; both forms are one key's signature. */
static void test_dsse(void **state)
{
    struct redan_ctx ctx;
    struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
    struct redan_key *other REDAN_DEFER(redan_key_drop) = NULL;
    struct redan_slice pae = {0};
    struct redan_slice blob = {0};

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_key_new(&ctx, REDAN_KEY_P256, &key));
    assert_ok(redan_key_new(&ctx, REDAN_KEY_P256, &other));
    for (int form = 0; form < 2; form++) {
        struct redan_dsse envelope = {.payload_type = REDAN_S("t"), .payload = REDAN_S("p")};
        key->parts.ssh = form == 1;
        assert_int_equal(redan_key_is_ssh(key), form == 1);
        assert_ok(redan_dsse_sign(&ctx, &envelope, key));
        assert_int_equal(redan_sshsig_is(envelope.signatures[0].bytes), form == 1);
        assert_ok(redan_dsse_pae(&ctx, &envelope, &pae));
        assert_ok(redan_dsse_verify(&ctx, key, pae, envelope.signatures[0].bytes));
        assert_int_equal(redan_dsse_verify(&ctx, other, pae, envelope.signatures[0].bytes),
                         REDAN_E_SIGNATURE);
        key->parts.ssh = form == 0; /* the other form of the same key is no second signature */
        assert_int_equal(redan_dsse_sign(&ctx, &envelope, key), REDAN_E_EXISTS);
        redan_fail_clear(&ctx);
        assert_ok(redan_sshsig_sign(&ctx, key, SPACE, pae, &blob));
        assert_int_equal(redan_dsse_attach(&ctx, &envelope, key, blob), REDAN_E_EXISTS);
        redan_fail_clear(&ctx);
        assert_int_equal(redan_dsse_attach(&ctx, &envelope, other, blob), REDAN_E_SIGNATURE);
        redan_fail_clear(&ctx);
        assert_ok(redan_sshsig_sign(&ctx, other, REDAN_S("git"), pae, &blob));
        assert_int_equal(redan_dsse_attach(&ctx, &envelope, other, blob), REDAN_E_SIGNATURE);
        redan_fail_clear(&ctx);
        assert_ok(redan_sshsig_sign(&ctx, other, SPACE, pae, &blob));
        assert_ok(redan_dsse_attach(&ctx, &envelope, other, blob));
        assert_int_equal(envelope.count, 2);
    }
    redan_ctx_done(&ctx);
}

static void test_memory_refused(void **state)
{
    enum redan_status got = REDAN_E_MEMORY;

    (void)state;
    for (uint64_t n = 1; got != REDAN_OK; n++) {
        struct redan_ctx ctx;
        struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
        struct redan_buf text REDAN_DEFER(redan_buf_done) = {0};
        struct redan_slice blob = {0};
        redan_ctx_init(&ctx, NULL);
        assert_ok(redan_key_new(&ctx, REDAN_KEY_P384, &key));
        ctx.mem.fail_at = n;
        got = redan_sshsig_sign(&ctx, key, SPACE, TEXT, &blob);
        if (got == REDAN_OK)
            got = redan_sshsig_verify(&ctx, key, SPACE, TEXT, blob);
        redan_buf_init(&text, &ctx, 10000);
        if (got == REDAN_OK)
            redan_sshsig_add_armour(&text, blob);
        if (got == REDAN_OK)
            got = redan_buf_ok(&ctx, &text, "armour");
        if (got == REDAN_OK)
            got = redan_sshsig_parse_armour(&ctx, redan_buf_view(&text), &blob);
        assert_true(got == REDAN_OK || (got == REDAN_E_MEMORY && ctx.failure.status == got));
        redan_buf_done(&text);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
        assert_true(n < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_form),       cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_device),     cmocka_unit_test(test_armour),
        cmocka_unit_test(test_dsse),       cmocka_unit_test(test_memory_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
