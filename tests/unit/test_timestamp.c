/* RFC 3161 stamps of small authorities made by the openssl program: what is believed, and all that is not. */
#include "test.h"

#include <time.h>

#include "crypto/timestamp.h"
#include "tool.h"

static const char config[] = "[req]\n"
                             "distinguished_name = dn\n"
                             "[dn]\n"
                             "[tsa_ext]\n"
                             "basicConstraints = critical,CA:FALSE\n"
                             "keyUsage = critical,digitalSignature\n"
                             "extendedKeyUsage = critical,timeStamping\n"
                             "[ca_ext]\n"
                             "basicConstraints = critical,CA:TRUE\n"
                             "keyUsage = critical,keyCertSign\n"
                             "[plain_ext]\n"
                             "basicConstraints = critical,CA:FALSE\n"
                             "extendedKeyUsage = serverAuth\n"
                             "[tsa]\n"
                             "default_tsa = t\n"
                             "[t]\n"
                             "serial = serial\n"
                             "default_policy = 1.2.3.4.1\n"
                             "digests = sha256, sha512\n"
                             "signer_digest = sha256\n"
                             "ess_cert_id_alg = sha256\n"
                             "[picky]\n"
                             "serial = serial\n"
                             "default_policy = 1.2.3.4.1\n"
                             "digests = sha512\n"
                             "signer_digest = sha256\n";

struct world {
    struct redan_ctx ctx;
    struct tool_dir dir;
    bool present;
};

/* NAME.key and NAME.pem, self-signed. */
static void self_signed(const struct tool_dir *dir, const char *name, const char *extensions)
{
    char key[32];
    char pem[32];

    (void)snprintf(key, sizeof(key), "%s.key", name);
    (void)snprintf(pem, sizeof(pem), "%s.pem", name);
    assert_int_equal(TOOL_RUN(dir, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                              "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", pem,
                              "-subj", "/CN=a test", "-days", "3650", "-config", "conf",
                              "-extensions", extensions),
                     0);
}

/* An authority called "issued" under "ca". */
static void issued(const struct tool_dir *dir, const char *name, const char *ca, const char *days)
{
    char key[32];
    char pem[32];
    char ca_pem[32];
    char ca_key[32];

    (void)snprintf(key, sizeof(key), "%s.key", name);
    (void)snprintf(pem, sizeof(pem), "%s.pem", name);
    (void)snprintf(ca_pem, sizeof(ca_pem), "%s.pem", ca);
    (void)snprintf(ca_key, sizeof(ca_key), "%s.key", ca);
    assert_int_equal(TOOL_RUN(dir, "openssl", "req", "-new", "-newkey", "ec", "-pkeyopt",
                              "ec_paramgen_curve:P-384", "-nodes", "-keyout", key, "-out", "csr",
                              "-subj", "/CN=issued", "-config", "conf"),
                     0);
    assert_int_equal(TOOL_RUN(dir, "openssl", "x509", "-req", "-in", "csr", "-CA", ca_pem, "-CAkey",
                              ca_key, "-CAcreateserial", "-days", days, "-extfile", "conf",
                              "-extensions", "tsa_ext", "-out", pem),
                     0);
}

static int set_up(void **state)
{
    static struct world world;

    tool_dir_make(&world.dir);
    redan_ctx_init(&world.ctx, NULL);
    world.present = TOOL_RUN(&world.dir, "openssl", "version") == 0;
    if (world.present) {
        tool_write(&world.dir, "conf", REDAN_S(config));
        tool_write(&world.dir, "serial", REDAN_S("01\n"));
        self_signed(&world.dir, "alone", "tsa_ext");
        self_signed(&world.dir, "other", "tsa_ext");
        self_signed(&world.dir, "plain", "plain_ext");
        self_signed(&world.dir, "ca", "ca_ext");
        self_signed(&world.dir, "ca2", "ca_ext");
        issued(&world.dir, "issued", "ca", "3650");
    }
    *state = &world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    redan_ctx_done(&world->ctx);
    tool_dir_drop(&world->dir);
    return 0;
}

static struct world *need(void **state)
{
    struct world *world = *state;

    if (!world->present) {
        print_message("openssl is not installed: skipped\n");
        skip();
    }
    return world;
}

/* The answer of the authority `name` to a request. */
static struct redan_slice reply(struct world *world, struct redan_slice request, const char *name,
                                const char *section, const char *digest)
{
    char key[32];
    char pem[32];
    char md[32];

    (void)snprintf(key, sizeof(key), "%s.key", name);
    (void)snprintf(pem, sizeof(pem), "%s.pem", name);
    (void)snprintf(md, sizeof(md), "-%s", digest);
    tool_write(&world->dir, "query", request);
    assert_int_equal(TOOL_RUN(&world->dir, "openssl", "ts", "-reply", "-config", "conf", "-section",
                              section, "-queryfile", "query", "-signer", pem, "-inkey", key, md,
                              "-out", "answer"),
                     0);
    return tool_read(&world->ctx, &world->dir, "answer");
}

static struct redan_slice stamp(struct world *world, struct redan_slice message, const char *name,
                                const char *digest)
{
    struct redan_slice request = {0};
    struct redan_slice token = {0};

    assert_ok(redan_timestamp_request(&world->ctx, message, &request));
    assert_ok(redan_timestamp_accept(&world->ctx, reply(world, request, name, "t", digest), request,
                                     &token));
    return token;
}

static void test_pinned(void **state)
{
    struct world *world = need(state);
    static const struct {
        const char *signer, *digest, *pinned;
        enum redan_status status;
    } rows[] = {
        {"alone", "sha256", "alone", REDAN_OK},
        {"alone", "sha512", "alone", REDAN_OK},
        {"alone", "sha1", "alone", REDAN_E_SIGNATURE},
        {"alone", "sha256", "other", REDAN_E_SIGNATURE},
        {"alone", "sha256", "ca", REDAN_E_SIGNATURE},
        {"alone", "sha256", "plain", REDAN_E_SIGNATURE},
        {"issued", "sha256", "ca", REDAN_OK},
        {"issued", "sha256", "issued", REDAN_OK},
        {"issued", "sha256", "ca2", REDAN_E_SIGNATURE}, /* the same name, another key */
    };

    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        char pem[32];
        int64_t at = 0;
        int64_t now = (int64_t)time(NULL);
        (void)snprintf(pem, sizeof(pem), "%s.pem", rows[i].pinned);
        struct redan_slice pinned = tool_read(&world->ctx, &world->dir, pem);
        struct redan_slice token = stamp(world, REDAN_S("text"), rows[i].signer, rows[i].digest);
        enum redan_status got =
            redan_timestamp_verify(&world->ctx, token, REDAN_S("text"), pinned, &at);
        if (got != rows[i].status)
            print_error("row %zu\n", i);
        assert_int_equal(got, rows[i].status);
        assert_true(got != REDAN_OK || (at >= now - 5 && at <= now + 60));
        assert_int_equal(redan_timestamp_verify(&world->ctx, token, REDAN_S("Text"), pinned, &at),
                         REDAN_E_SIGNATURE);
        assert_int_equal(world->ctx.failure.status, REDAN_OK);
    }
}

/* Validity is judged at the stamped time: a certificate that had ended by then signs nothing. */
static void test_expired(void **state)
{
    struct world *world = need(state);
    int64_t at = 0;

    issued(&world->dir, "ended", "ca", "0"); /* ends in the second it begins */
    (void)sleep(2);
    struct redan_slice token = stamp(world, REDAN_S("text"), "ended", "sha256");
    assert_int_equal(redan_timestamp_verify(&world->ctx, token, REDAN_S("text"),
                                            tool_read(&world->ctx, &world->dir, "ca.pem"), &at),
                     REDAN_E_SIGNATURE);
}

static void test_damaged(void **state)
{
    struct world *world = need(state);
    struct redan_ctx *ctx = &world->ctx;
    struct redan_slice pinned = tool_read(ctx, &world->dir, "alone.pem");
    struct redan_slice token = stamp(world, REDAN_S("text"), "alone", "sha256");
    char *bad = redan_take(ctx, token.len + 1);
    size_t unnoticed = 0;
    int64_t at = 0;

    for (size_t i = 0; i < token.len; i++) {
        memcpy(bad, token.at, token.len);
        bad[i] ^= 1;
        if (redan_timestamp_verify(ctx, (struct redan_slice){bad, token.len}, REDAN_S("text"),
                                   pinned, &at) == REDAN_OK)
            unnoticed++;
        if (i % 16 == 0)
            assert_int_equal(redan_timestamp_verify(ctx, redan_slice_sub(token, 0, i),
                                                    REDAN_S("text"), pinned, &at),
                             REDAN_E_SIGNATURE);
    }
    /* Outside the signature: versions, and the copy of the certificate, which is not believed. */
    print_message("%zu of %zu bits changed make no difference\n", unnoticed, token.len);
    assert_true(unnoticed < token.len / 2);
    memcpy(bad, token.at, token.len);
    assert_int_equal(redan_timestamp_verify(ctx, (struct redan_slice){bad, token.len + 1},
                                            REDAN_S("text"), pinned, &at),
                     REDAN_E_SIGNATURE);
}

static void test_accept(void **state)
{
    struct world *world = need(state);
    struct redan_ctx *ctx = &world->ctx;
    struct redan_slice request = {0};
    struct redan_slice again = {0};
    struct redan_slice other = {0};
    struct redan_slice token = {0};

    assert_ok(redan_timestamp_request(ctx, REDAN_S("text"), &request));
    assert_ok(redan_timestamp_request(ctx, REDAN_S("text"), &again));
    assert_ok(redan_timestamp_request(ctx, REDAN_S("other"), &other));
    assert_false(redan_slice_eq(request, again)); /* the nonce */
    struct redan_slice answer = reply(world, request, "alone", "t", "sha256");
    const struct {
        struct redan_slice answer, request;
        enum redan_status status;
    } rows[] = {
        {answer, request, REDAN_OK},
        {answer, again, REDAN_E_SIGNATURE},
        {answer, other, REDAN_E_SIGNATURE},
        {reply(world, request, "alone", "picky", "sha256"), request, REDAN_E_SIGNATURE},
        {redan_slice_sub(answer, 0, answer.len - 1), request, REDAN_E_SYNTAX},
        {REDAN_S("<html>"), request, REDAN_E_SYNTAX},
        {REDAN_S(""), request, REDAN_E_SYNTAX},
        {answer, REDAN_S(""), REDAN_E_USAGE},
    };
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        enum redan_status got =
            redan_timestamp_accept(ctx, rows[i].answer, rows[i].request, &token);
        if (got != rows[i].status)
            print_error("row %zu: %s\n", i, ctx->failure.text);
        assert_int_equal(got, rows[i].status);
        redan_fail_clear(ctx);
    }
}

/* Tokens that others asked for: without the certificate they verify too, with another imprint they do not. */
static void test_foreign_requests(void **state)
{
    struct world *world = need(state);
    struct redan_ctx *ctx = &world->ctx;
    int64_t at = 0;
    static const struct {
        const char *digest;
        enum redan_status status;
    } rows[] = {{"-sha256", REDAN_OK}, {"-sha512", REDAN_E_SIGNATURE}};

    tool_write(&world->dir, "text", REDAN_S("text"));
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_slice token = {0};
        assert_int_equal(TOOL_RUN(&world->dir, "openssl", "ts", "-query", "-data", "text",
                                  rows[i].digest, "-out", "foreign"),
                         0);
        struct redan_slice request = tool_read(ctx, &world->dir, "foreign");
        assert_ok(redan_timestamp_accept(ctx, reply(world, request, "alone", "t", "sha256"),
                                         request, &token));
        assert_int_equal(redan_timestamp_verify(ctx, token, REDAN_S("text"),
                                                tool_read(ctx, &world->dir, "alone.pem"), &at),
                         rows[i].status);
    }
}

static void test_certificate(void **state)
{
    struct world *world = need(state);
    struct redan_ctx *ctx = &world->ctx;
    struct redan_digest a;
    struct redan_digest b;
    int64_t at = 0;

    assert_ok(redan_timestamp_certificate(ctx, tool_read(ctx, &world->dir, "alone.pem"), &a));
    assert_ok(redan_timestamp_certificate(ctx, tool_read(ctx, &world->dir, "ca.pem"), &b));
    assert_false(redan_digest_eq(&a, &b));
    assert_int_equal(redan_timestamp_certificate(ctx, tool_read(ctx, &world->dir, "plain.pem"), &a),
                     REDAN_E_SCHEMA);
    redan_fail_clear(ctx);
    assert_int_equal(redan_timestamp_certificate(ctx, tool_read(ctx, &world->dir, "alone.key"), &a),
                     REDAN_E_SYNTAX);
    redan_fail_clear(ctx);
    assert_int_equal(
        redan_timestamp_verify(ctx, REDAN_S("x"), REDAN_S("text"), REDAN_S("no PEM"), &at),
        REDAN_E_SYNTAX);
    redan_fail_clear(ctx);
}

static void test_memory_refused(void **state)
{
    struct world *world = need(state);
    struct redan_slice pinned = tool_read(&world->ctx, &world->dir, "alone.pem");
    struct redan_slice token = stamp(world, REDAN_S("text"), "alone", "sha256");
    enum redan_status got = REDAN_E_MEMORY;

    for (uint64_t n = 1; got != REDAN_OK; n++) {
        struct redan_ctx ctx;
        struct redan_slice request = {0};
        int64_t at = 0;
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = n;
        got = redan_timestamp_verify(&ctx, token, REDAN_S("text"), pinned, &at);
        if (got == REDAN_OK)
            got = redan_timestamp_request(&ctx, REDAN_S("text"), &request);
        assert_true(got == REDAN_OK || got == REDAN_E_MEMORY);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
        assert_true(n < 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pinned),           cmocka_unit_test(test_expired),
        cmocka_unit_test(test_damaged),          cmocka_unit_test(test_accept),
        cmocka_unit_test(test_foreign_requests), cmocka_unit_test(test_certificate),
        cmocka_unit_test(test_memory_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
