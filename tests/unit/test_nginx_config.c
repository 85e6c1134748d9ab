/* What goes into an nginx configuration: quoted so that one word stays one word, or refused. */
#include "guard/nginx_config.h"

#include <string.h>

#include "guard/nginx_config_parts.h"
#include "test.h"

static struct redan_nginx_config usual(void)
{
    return (struct redan_nginx_config){
        .policy = REDAN_S("/srv/guard.yaml"),
        .upstream = REDAN_S("http://127.0.0.1:8000"),
        .listen = REDAN_S("8080"),
        .status = REDAN_S("9151"),
        .zone_size = REDAN_S("16m"),
        .workers = REDAN_S("auto"),
        .request_bytes = 65536,
    };
}

static void test_words(void **state)
{
    static const struct {
        const char *text, *word; /* NULL: refused */
    } rows[] = {
        {"", "\"\""},
        {"plain", "\"plain\""},
        {"a b;c{d}#e'f", "\"a b;c{d}#e'f\""},
        {"quote\"end", "\"quote\\\"end\""},
        {"back\\", "\"back\\\\\""},
        {"\\\"; evil on; #", "\"\\\\\\\"; evil on; #\""},
        {"\xc3\xa9", "\"\xc3\xa9\""},
        {"a\nb", NULL},
        {"a\tb", NULL},
        {"a\x7f", NULL},
        {"a\x1f", NULL},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        struct redan_buf out;
        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&out, &ctx, 1024);
        enum redan_status status = redan_nginx_word(&ctx, redan_slice_of(rows[i].text), &out);
        assert_int_equal(status, rows[i].word ? REDAN_OK : REDAN_E_USAGE);
        if (rows[i].word)
            assert_string_equal(out.data, rows[i].word);
        redan_buf_done(&out);
        redan_ctx_done(&ctx);
    }
}

static void test_addresses(void **state)
{
    static const struct {
        const char *given, *address; /* NULL: refused */
        bool local;
    } rows[] = {
        {"8080", "127.0.0.1:8080", true},
        {"127.0.0.1:1", "127.0.0.1:1", true},
        {"127.9.9.9:65535", "127.9.9.9:65535", true},
        {"localhost:80", "localhost:80", true},
        {"[::1]:80", "[::1]:80", true},
        {"unix:/run/guard.sock", "unix:/run/guard.sock", true},
        {"0.0.0.0:80", "0.0.0.0:80", false},
        {"*:80", "*:80", false},
        {"[::]:80", "[::]:80", false},
        {"127.evil.example:80", "127.evil.example:80", false},
        {"example.org:443", "example.org:443", false},
        {"", NULL, false},
        {"0", NULL, false},
        {"65536", NULL, false},
        {"000080", NULL, false},
        {"a:b", NULL, false},
        {":80", NULL, false},
        {"-a:80", NULL, false},
        {"a b:80", NULL, false},
        {"a;:80", NULL, false},
        {"unix:run", NULL, false},
        {"unix:/a:b", NULL, false},
        {"unix:/$a", NULL, false},
        {"[zz]:80", NULL, false},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        struct redan_slice address = {0};
        redan_ctx_init(&ctx, NULL);
        enum redan_status status =
            redan_nginx_address(&ctx, "--listen", redan_slice_of(rows[i].given), &address);
        assert_int_equal(status, rows[i].address ? REDAN_OK : REDAN_E_USAGE);
        if (rows[i].address) {
            assert_true(redan_slice_is(address, rows[i].address));
            assert_int_equal(redan_nginx_address_is_local(address), rows[i].local);
        } else {
            assert_non_null(strstr(ctx.failure.text, "--listen"));
        }
        redan_ctx_done(&ctx);
    }
}

static void test_upstreams(void **state)
{
    static const struct {
        const char *url, *server, *host, *name; /* NULL: refused */
        bool tls;
    } rows[] = {
        {"http://a", "a:80", "a", "a", false},
        {"http://a:8000/", "a:8000", "a:8000", "a", false},
        {"https://a.example", "a.example:443", "a.example", "a.example", true},
        {"http://[::1]:8000", "[::1]:8000", "[::1]:8000", "[::1]", false},
        {"http://[::1]", "[::1]:80", "[::1]", "[::1]", false},
        {"unix:/run/model.sock", "unix:/run/model.sock", "localhost", "localhost", false},
        {"", NULL, NULL, NULL, false},
        {"http://", NULL, NULL, NULL, false},
        {"http:///", NULL, NULL, NULL, false},
        {"http://a/b", NULL, NULL, NULL, false},
        {"http://a:0", NULL, NULL, NULL, false},
        {"http://u@a", NULL, NULL, NULL, false},
        {"http://a?b", NULL, NULL, NULL, false},
        {"http://$a", NULL, NULL, NULL, false},
        {"http://[::1", NULL, NULL, NULL, false},
        {"http://a:80:80", NULL, NULL, NULL, false},
        {"ftp://a", NULL, NULL, NULL, false},
        {"a:80", NULL, NULL, NULL, false},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        struct redan_nginx_upstream up = {0};
        redan_ctx_init(&ctx, NULL);
        enum redan_status status =
            redan_nginx_upstream_parse(&ctx, redan_slice_of(rows[i].url), &up);
        assert_int_equal(status, rows[i].server ? REDAN_OK : REDAN_E_USAGE);
        if (rows[i].server) {
            assert_true(redan_slice_is(up.server, rows[i].server));
            assert_true(redan_slice_is(up.host, rows[i].host));
            assert_true(redan_slice_is(up.name, rows[i].name));
            assert_int_equal(up.tls, rows[i].tls);
        }
        redan_ctx_done(&ctx);
    }
}

/* Every allocation may fail, and then nothing is written that would pass for a configuration. */
static void test_memory(void **state)
{
    const struct redan_nginx_config config = usual();

    (void)state;
    for (uint64_t n = 1;; n++) {
        struct redan_ctx ctx;
        struct redan_buf out;
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = n;
        redan_buf_init(&out, &ctx, 1 << 20);
        enum redan_status status = redan_nginx_config_write(&ctx, &config, &out);
        redan_buf_done(&out);
        redan_ctx_done(&ctx);
        if (status == REDAN_OK) {
            assert_true(n > 1);
            return;
        }
        assert_int_equal(status, REDAN_E_MEMORY);
        assert_true(n < 1000);
    }
}

static void test_identities(void **state)
{
    static const struct {
        enum redan_identity_kind kind;
        const char *line;
    } rows[] = {
        {REDAN_IDENTITY_PLAIN, "redan_identity \"$http_x_caller\";"},
        {REDAN_IDENTITY_JWT, "redan_identity \"$http_authorization\";"},
        {REDAN_IDENTITY_API_KEY, "redan_identity \"$http_x_api_key\";"},
        {REDAN_IDENTITY_SUBJECT, "redan_identity \"$ssl_client_s_dn\";"},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_nginx_config config = usual();
        struct redan_ctx ctx;
        struct redan_buf out;
        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&out, &ctx, 1 << 20);
        config.kind = rows[i].kind;
        if (rows[i].kind == REDAN_IDENTITY_SUBJECT) {
            assert_int_equal(redan_nginx_config_write(&ctx, &config, &out), REDAN_E_USAGE);
            redan_fail_clear(&ctx);
            redan_buf_clear(&out);
            config.tls_cert = config.tls_key = config.client_ca = REDAN_S("/pem");
        }
        assert_int_equal(redan_nginx_config_write(&ctx, &config, &out), REDAN_OK);
        assert_non_null(strstr(out.data, rows[i].line));
        redan_buf_done(&out);
        redan_ctx_done(&ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),      cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_upstreams),  cmocka_unit_test(test_memory),
        cmocka_unit_test(test_identities),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
