/* Keys and signatures cross over to ssh-keygen and to the openssl program, and back. */
#include "test.h"

#include "base/hex.h"
#include "crypto/key.h"
#include "tool.h"

/* Keys and signatures cross over to OpenSSH and OpenSSL's program, and back. */
static void test_ssh_keygen(void **state)
{
    struct redan_ctx ctx;
    struct tool_dir dir;
    static const struct {
        const char *type, *bits;
        enum redan_status status;
    } rows[] = {
        {"ed25519", "256", REDAN_OK},         {"ecdsa", "256", REDAN_OK},
        {"ecdsa", "384", REDAN_OK},           {"ecdsa", "521", REDAN_OK},
        {"rsa", "2048", REDAN_E_UNSUPPORTED},
    };

    (void)state;
    tool_dir_make(&dir);
    if (TOOL_RUN(&dir, "ssh-keygen", "-t", "ed25519", "-N", "", "-f", "probe") == 127) {
        print_message("ssh-keygen is not installed: skipped\n");
        tool_dir_drop(&dir);
        skip();
    }
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        for (int repeat = 0; repeat < 8; repeat++) { /* the private numbers differ in length */
            struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
            struct redan_key *half REDAN_DEFER(redan_key_drop) = NULL;
            struct redan_slice signature = {0};
            char name[32];
            char public_name[40];
            if (rows[i].status != REDAN_OK && repeat > 0)
                break;
            (void)snprintf(name, sizeof(name), "key-%zu-%d", i, repeat);
            (void)snprintf(public_name, sizeof(public_name), "%s.pub", name);
            assert_int_equal(TOOL_RUN(&dir, "ssh-keygen", "-t", rows[i].type, "-b", rows[i].bits,
                                      "-N", "", "-C", "it is mine", "-f", name),
                             0);
            assert_int_equal(redan_key_parse_private(&ctx, tool_read(&ctx, &dir, name), &key),
                             rows[i].status);
            redan_fail_clear(&ctx);
            assert_int_equal(
                redan_key_parse_public(&ctx, tool_read(&ctx, &dir, public_name), &half),
                rows[i].status);
            redan_fail_clear(&ctx);
            if (rows[i].status != REDAN_OK)
                continue;
            assert_ok(redan_key_sign(&ctx, key, REDAN_S("text"), &signature));
            assert_ok(redan_key_verify(&ctx, half, REDAN_S("text"), signature));
            struct redan_buf buf REDAN_DEFER(redan_buf_done);
            redan_buf_init(&buf, &ctx, 10000);
            redan_key_add_public_ssh(&buf, key, REDAN_S("it is mine"));
            redan_buf_char(&buf, '\n');
            assert_true(redan_slice_eq(redan_buf_view(&buf), tool_read(&ctx, &dir, public_name)));
        }
    }
    struct redan_key *none = NULL;
    assert_int_equal(TOOL_RUN(&dir, "ssh-keygen", "-t", "ed25519", "-N", "secret", "-f", "locked"),
                     0);
    struct redan_slice locked = tool_read(&ctx, &dir, "locked");
    assert_int_equal(redan_key_parse_private(&ctx, locked, &none), REDAN_E_UNSUPPORTED);
    redan_fail_clear(&ctx);
    assert_int_equal(redan_key_lock(&ctx, locked), REDAN_KEY_KEYGEN);
    struct redan_key *half[2] = {NULL, NULL}; /* its public half is in the clear */
    struct redan_digest ids[2];
    assert_ok(redan_key_parse_half(&ctx, locked, &half[0]));
    assert_ok(redan_key_parse_half(&ctx, tool_read(&ctx, &dir, "locked.pub"), &half[1]));
    for (size_t i = 0; i < 2; i++) {
        assert_false(redan_key_can_sign(half[i]));
        redan_key_id(half[i], &ids[i]);
        redan_key_free(half[i]);
    }
    assert_true(redan_digest_eq(&ids[0], &ids[1]));
    redan_ctx_done(&ctx);
    tool_dir_drop(&dir);
}

static void test_openssl_program(void **state)
{
    struct redan_ctx ctx;
    struct tool_dir dir;
    static const struct {
        const char *argv[9];
        enum redan_status status;
    } rows[] = {
        {{"openssl", "genpkey", "-algorithm", "ed25519", "-out", "k"}, REDAN_OK},
        {{"openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "group:P-256", "-out", "k"},
         REDAN_OK},
        {{"openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "group:P-384", "-out", "k"},
         REDAN_OK},
        {{"openssl", "ecparam", "-name", "prime256v1", "-genkey", "-out", "k"}, REDAN_OK},
        {{"openssl", "ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", "k"}, REDAN_OK},
        {{"openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "group:P-521", "-out", "k"},
         REDAN_OK},
        {{"openssl", "ecparam", "-name", "secp521r1", "-genkey", "-out", "k"}, REDAN_OK},
        {{"openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "group:P-224", "-out", "k"},
         REDAN_E_UNSUPPORTED},
        {{"openssl", "genpkey", "-algorithm", "ed448", "-out", "k"}, REDAN_E_UNSUPPORTED},
        {{"openssl", "genpkey", "-algorithm", "RSA", "-out", "k"}, REDAN_E_UNSUPPORTED},
        {{"openssl", "genrsa", "-traditional", "-out", "k", "2048"}, REDAN_E_UNSUPPORTED},
    };

    (void)state;
    tool_dir_make(&dir);
    if (TOOL_RUN(&dir, "openssl", "version") == 127) {
        print_message("openssl is not installed: skipped\n");
        tool_dir_drop(&dir);
        skip();
    }
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_key *key REDAN_DEFER(redan_key_drop) = NULL;
        struct redan_key *half REDAN_DEFER(redan_key_drop) = NULL;
        struct redan_slice signature = {0};
        assert_int_equal(tool_run(&dir, rows[i].argv), 0);
        assert_int_equal(TOOL_RUN(&dir, "openssl", "pkey", "-in", "k", "-pubout", "-out", "p"), 0);
        enum redan_status got = redan_key_parse_private(&ctx, tool_read(&ctx, &dir, "k"), &key);
        if (got != rows[i].status)
            print_error("row %zu: %s\n", i, ctx.failure.text);
        assert_int_equal(got, rows[i].status);
        redan_fail_clear(&ctx);
        assert_int_equal(redan_key_parse_public(&ctx, tool_read(&ctx, &dir, "p"), &half),
                         rows[i].status);
        redan_fail_clear(&ctx);
        if (rows[i].status != REDAN_OK)
            continue;
        assert_ok(redan_key_sign(&ctx, key, REDAN_S("text"), &signature));
        tool_write(&dir, "sig", signature);
        tool_write(&dir, "text", REDAN_S("text"));
        bool edwards = redan_key_kind(key) == REDAN_KEY_ED25519;
        const char *md = redan_key_kind(key) == REDAN_KEY_P384   ? "sha384"
                         : redan_key_kind(key) == REDAN_KEY_P521 ? "sha512"
                                                                 : "sha256";
        assert_int_equal(TOOL_RUN(&dir, "openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "p",
                                  "-rawin", "-in", "text", "-sigfile", "sig",
                                  edwards ? NULL : "-digest", md),
                         0);
        struct redan_buf buf REDAN_DEFER(redan_buf_done);
        redan_buf_init(&buf, &ctx, 10000);
        redan_key_add_public_pem(&buf, key);
        assert_true(redan_slice_eq(redan_buf_view(&buf), tool_read(&ctx, &dir, "p")));
        redan_buf_clear(&buf);
        redan_key_add_private_pem(&buf, key);
        tool_write(&dir, "ours", redan_buf_view(&buf));
        assert_int_equal(TOOL_RUN(&dir, "openssl", "pkey", "-in", "ours", "-check", "-noout"), 0);
    }
    redan_ctx_done(&ctx);
    tool_dir_drop(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ssh_keygen),
        cmocka_unit_test(test_openssl_program),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
