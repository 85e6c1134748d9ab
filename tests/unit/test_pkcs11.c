/* Addresses of keys on tokens: what is read, what is refused, and that no PIN is told. Tokens themselves: tests/interop/pkcs11.py. */
#include "test.h"

#include "crypto/pkcs11.h"
#include "crypto/pkcs11_uri.h"

static void test_read(void **state)
{
    struct redan_ctx ctx;
    struct redan_pkcs11_uri uri = {0};

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_pkcs11_uri_parse(
        &ctx,
        REDAN_S(
            "pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc."
            ";model=1.0;serial=;slot-id=18446744073709551615;id=%01%00%fF;object=a&b=c;"
            "type=private?module-path=/usr/lib/m.so&pin-value=12%2634?|"),
        &uri));
    assert_slice(uri.value[REDAN_PKCS11_TOKEN], "The Software PKCS#11 Softtoken");
    assert_slice(uri.value[REDAN_PKCS11_MANUFACTURER], "Snake Oil, Inc.");
    assert_slice(uri.value[REDAN_PKCS11_MODEL], "1.0");
    assert_true(redan_pkcs11_uri_has(&uri, REDAN_PKCS11_SERIAL));
    assert_int_equal(uri.value[REDAN_PKCS11_SERIAL].len, 0);
    assert_true(uri.slot == UINT64_MAX);
    assert_int_equal(uri.value[REDAN_PKCS11_ID].len, 3);
    assert_memory_equal(uri.value[REDAN_PKCS11_ID].at, "\x01\x00\xff", 3);
    assert_slice(uri.value[REDAN_PKCS11_OBJECT], "a&b=c");
    assert_slice(uri.value[REDAN_PKCS11_MODULE_PATH], "/usr/lib/m.so");
    assert_slice(uri.value[REDAN_PKCS11_PIN_VALUE], "12&34?|");
    assert_false(redan_pkcs11_uri_has(&uri, REDAN_PKCS11_PIN_SOURCE));
    assert_ok(redan_pkcs11_uri_parse(&ctx, REDAN_S("pkcs11:"), &uri));
    for (int i = 0; i < REDAN_PKCS11_ATTRIBUTES; i++)
        assert_false(redan_pkcs11_uri_has(&uri, (enum redan_pkcs11_attribute)i));
    assert_true(redan_pkcs11_is(REDAN_S("pkcs11:a")));
    assert_false(redan_pkcs11_is(REDAN_S("pkcs11.pem")));
    assert_false(redan_pkcs11_is(REDAN_S("")));
    redan_ctx_done(&ctx);
}

static void test_refused(void **state)
{
    static const struct {
        const char *text;
        const char *words;
    } rows[] = {
        {"pkcs1:token=a", "begins with"},
        {"pkcs11:token", "no \"=\""},
        {"pkcs11:token=a;", "no \"=\""},
        {"pkcs11:;token=a", "no \"=\""},
        {"pkcs11:token=a;token=a", "\"token\" is twice"},
        {"pkcs11:Token=a", "unknown attribute before"},
        {"pkcs11:pin-value=hunter2", "unknown attribute before"}, /* belongs after the "?" */
        {"pkcs11:?token=a", "unknown attribute after"},
        {"pkcs11:?pin-valeu=hunter2", "unknown attribute after"},
        {"pkcs11:?pin-value=hunter2&", "no \"=\""},
        {"pkcs11:?pin-value=hunter2&pin-value=hunter2", "\"pin-value\" is twice"},
        {"pkcs11:?pin-value=hunter2&pin-source=/a", "either"},
        {"pkcs11:?pin-value=hunter2 x", "character at 25 of"},
        {"pkcs11:?pin-value=hunter2%00", "a NUL"},
        {"pkcs11:token=a b", "character at 14"},
        {"pkcs11:token=a/b", "character at 14"}, /* of the query alone */
        {"pkcs11:token=\xc3\xa9", "character at 13"},
        {"pkcs11:token=%", "hexadecimal"},
        {"pkcs11:token=%4", "hexadecimal"},
        {"pkcs11:token=%4g", "hexadecimal"},
        {"pkcs11:token=%00", "a NUL"},
        {"pkcs11:slot-id=-1", "is a number"},
        {"pkcs11:slot-id=", "is a number"},
        {"pkcs11:slot-id=18446744073709551616", "is a number"},
        {"pkcs11:type=public", "not of a private key"},
        {"pkcs11:type=cert", "not of a private key"},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        struct redan_pkcs11_uri uri = {0};
        struct redan_key *key = NULL;
        redan_ctx_init(&ctx, NULL);
        enum redan_status status = redan_pkcs11_uri_parse(&ctx, redan_slice_of(rows[i].text), &uri);
        if (status != REDAN_E_SYNTAX || !strstr(ctx.failure.text, rows[i].words) ||
            strstr(ctx.failure.text, "hunter2"))
            fail_msg("%s: %s: %s", rows[i].text, redan_status_name(status), ctx.failure.text);
        redan_fail_clear(&ctx);
        assert_int_equal(
            redan_pkcs11_open(&ctx, redan_slice_of(rows[i].text), REDAN_S(""), REDAN_S(""), &key),
            REDAN_E_SYNTAX);
        assert_null(key);
        redan_ctx_done(&ctx);
    }
}

/* The name of a failure's input is shown: an address is cut where a PIN may begin. */
static void test_name(void **state)
{
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    (void)redan_fail(&ctx, REDAN_E_IO, 0, "something");
    redan_fail_name(&ctx, REDAN_S("pkcs11:token=a?pin-value=hunter2"));
    assert_string_equal(ctx.failure.name, "pkcs11:token=a");
    redan_ctx_done(&ctx);
}

static void test_memory(void **state)
{
    enum redan_status got = REDAN_E_MEMORY;

    (void)state;
    for (uint64_t n = 1; got != REDAN_OK; n++) {
        struct redan_ctx ctx;
        struct redan_pkcs11_uri uri = {0};
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = n;
        got = redan_pkcs11_uri_parse(&ctx, REDAN_S("pkcs11:token=a;id=%01?pin-value=1"), &uri);
        assert_true(got == REDAN_OK ||
                    (got == REDAN_E_MEMORY && ctx.failure.status == REDAN_E_MEMORY));
        redan_ctx_done(&ctx);
        assert_true(n < 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_name),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests_name("pkcs11", tests, NULL, NULL);
}
