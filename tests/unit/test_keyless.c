/* Keyless signing without a network: configurations, tokens and the answers of services, as tables. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "io/file.h"
#include "sign/keyless_parts.h"

enum { NOW = 1795000000 }; /* 2026-11-18T... */

static void begin(struct redan_ctx *ctx)
{
    redan_ctx_init(ctx, NULL);
    ctx->now = NOW;
}

#define MEDIA "\"mediaType\":\"application/vnd.dev.sigstore.signingconfig.v0.2+json\""
#define PAST "{\"start\":\"2025-01-01T00:00:00Z\"}"
#define NEWER "{\"start\":\"2026-01-01T00:00:00.000Z\"}"
#define OVER "{\"start\":\"2025-01-01T00:00:00Z\",\"end\":\"2026-01-01T00:00:00Z\"}"
#define AHEAD "{\"start\":\"2030-01-01T00:00:00Z\"}"
#define S(url, version, span, by)                                                 \
    "{\"url\":\"" url "\",\"majorApiVersion\":" version ",\"validFor\":" span "," \
    "\"operator\":\"" by "\"}"
#define CONFIG(rest) "{" MEDIA rest "}"
#define THREE                                                                                 \
    "\"tsaUrls\":[" S("https://a", "1", PAST, "a") "," S("https://b", "1", NEWER, "b") "," S( \
        "https://c", "1", OVER, "c") "," S("https://d", "2", PAST, "d") "]"

static const struct {
    const char *text;
    enum redan_status status;
    const char *words; /* of the failure */
    const char *fulcio;
    const char *rekor;
    const char *stampers; /* joined */
} configs[] = {
    {CONFIG(""), REDAN_OK, NULL, "", "", ""},
    {CONFIG(",\"new\":{}"), REDAN_OK, NULL, "", "", ""}, /* later fields */
    {CONFIG(",\"caUrls\":[" S("https://f", "1", PAST, "x") "]"), REDAN_OK, NULL, "https://f", "",
     ""},
    {CONFIG(",\"caUrls\":null"), REDAN_OK, NULL, "", "", ""},
    {CONFIG(",\"caUrls\":[" S("https://f", "2", PAST, "x") "]"), REDAN_OK, NULL, "", "", ""},
    {CONFIG(",\"caUrls\":[" S("https://f", "1", OVER, "x") "," S("https://g", "1", PAST, "x") "," S(
         "https://h", "1", NEWER, "x") "," S("https://i", "1", AHEAD, "x") "]"),
     REDAN_OK, NULL, "https://h", "", ""},
    {CONFIG(",\"caUrls\":[" S("https://g", "1", PAST, "x") "," S("https://h", "1", NEWER, "y") "]"),
     REDAN_OK, NULL, "https://h", "", ""},
    /* Rekor v1 is not spoken */
    {CONFIG(",\"rekorTlogUrls\":[" S("https://r1", "1", NEWER, "x") "," S(
         "https://r2", "2", PAST, "x") "],\"rekorTlogConfig\":{\"selector\":\"ANY\"}"),
     REDAN_OK, NULL, "", "https://r2", ""},
    {CONFIG(",\"rekorTlogUrls\":[" S("https://r1", "1", PAST,
                                     "x") "],"
                                          "\"rekorTlogConfig\":{\"selector\":\"ANY\"}"),
     REDAN_OK, NULL, "", "", ""},
    {CONFIG(",\"rekorTlogUrls\":[" S("https://r2", "2", PAST, "x") "," S(
         "https://r3", "2", PAST, "y") "],\"rekorTlogConfig\":{\"selector\":\"ALL\"}"),
     REDAN_E_UNSUPPORTED, "2 logs", NULL, NULL, NULL},
    {CONFIG(",\"rekorTlogUrls\":[" S("https://r2", "2", PAST, "x") "," S(
         "https://r3", "2", NEWER,
         "y") "],\"rekorTlogConfig\":{\"selector\":\"EXACT\",\"count\":1}"),
     REDAN_OK, NULL, "", "https://r3", ""},
    /* authorities: one of each operator, newest first */
    {CONFIG("," THREE), REDAN_OK, NULL, "", "", "https://b https://a"},
    {CONFIG("," THREE ",\"tsaConfig\":{\"selector\":\"ALL\"}"), REDAN_OK, NULL, "", "",
     "https://b https://a"},
    {CONFIG("," THREE ",\"tsaConfig\":{\"selector\":\"ANY\"}"), REDAN_OK, NULL, "", "",
     "https://b"},
    {CONFIG("," THREE ",\"tsaConfig\":{\"selector\":\"EXACT\",\"count\":2}"), REDAN_OK, NULL, "",
     "", "https://b https://a"},
    {CONFIG("," THREE ",\"tsaConfig\":{\"selector\":\"EXACT\",\"count\":3}"), REDAN_E_SCHEMA,
     "wants 3 services and 2 can be used", NULL, NULL, NULL},
    {CONFIG("," THREE ",\"tsaConfig\":{\"selector\":\"EXACT\"}"), REDAN_E_SCHEMA, "count", NULL,
     NULL, NULL},
    {CONFIG("," THREE ",\"tsaConfig\":{\"selector\":\"EXACT\",\"count\":0}"), REDAN_E_SCHEMA,
     "count", NULL, NULL, NULL},
    {CONFIG("," THREE ",\"tsaConfig\":{\"selector\":\"SOME\"}"), REDAN_E_SCHEMA,
     "ANY, ALL or EXACT", NULL, NULL, NULL},
    {CONFIG("," THREE ",\"tsaConfig\":{}"), REDAN_E_SCHEMA, "ANY, ALL or EXACT", NULL, NULL, NULL},
    /* what cannot be understood */
    {CONFIG(",\"caUrls\":{}"), REDAN_E_SCHEMA, "lists of services", NULL, NULL, NULL},
    {CONFIG(",\"caUrls\":[1]"), REDAN_E_SCHEMA, "a map", NULL, NULL, NULL},
    {CONFIG(",\"caUrls\":[" S("ftp://f", "1", PAST, "x") "]"), REDAN_E_SCHEMA, "https://", NULL,
     NULL, NULL},
    {CONFIG(",\"caUrls\":[" S("https://f", "\"1\"", PAST, "x") "]"), REDAN_E_SCHEMA,
     "majorApiVersion", NULL, NULL, NULL},
    {CONFIG(",\"caUrls\":[" S("https://f", "1.5", PAST, "x") "]"), REDAN_E_SCHEMA,
     "majorApiVersion", NULL, NULL, NULL},
    {CONFIG(",\"caUrls\":[" S("https://f", "1", "{}", "x") "]"), REDAN_E_SCHEMA, "start", NULL,
     NULL, NULL},
    {CONFIG(",\"caUrls\":[" S("https://f", "1", "[]", "x") "]"), REDAN_E_SCHEMA, "validFor", NULL,
     NULL, NULL},
    {CONFIG(",\"caUrls\":[" S("https://f", "1", "{\"start\":\"yesterday\"}", "x") "]"),
     REDAN_E_SCHEMA, "RFC 3339", NULL, NULL, NULL},
    {"{\"mediaType\":\"application/vnd.dev.sigstore.signingconfig.v0.1+json\"}", REDAN_E_SCHEMA,
     "version 0.2 is read", NULL, NULL, NULL},
    {"{}", REDAN_E_SCHEMA, "mediaType", NULL, NULL, NULL},
    {"[]", REDAN_E_SCHEMA, "not a map", NULL, NULL, NULL},
    {"{" MEDIA "," MEDIA "}", REDAN_E_SYNTAX, "the signing configuration", NULL, NULL, NULL},
    {CONFIG("") "x", REDAN_E_SYNTAX, "the signing configuration", NULL, NULL, NULL},
    {"", REDAN_E_SYNTAX, "the signing configuration", NULL, NULL, NULL},
};

static void test_config(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(configs); i++) {
        struct redan_keyless_services s = {0};
        struct redan_buf all;
        struct redan_ctx ctx;
        begin(&ctx);
        redan_buf_init(&all, &ctx, 1000);
        enum redan_status status = redan_keyless_config(&ctx, redan_slice_of(configs[i].text), &s);
        if (status != configs[i].status ||
            (status != REDAN_OK && !strstr(ctx.failure.text, configs[i].words)))
            fail_msg("row %zu: %s: %s", i, redan_status_name(status), ctx.failure.text);
        if (status == REDAN_OK) {
            assert_slice(s.fulcio, configs[i].fulcio);
            assert_slice(s.rekor, configs[i].rekor);
            for (size_t k = 0; k < s.stamper_count; k++) {
                redan_buf_text(&all, k ? " " : "");
                redan_buf_slice(&all, s.stampers[k]);
            }
            assert_slice(redan_buf_view(&all), configs[i].stampers);
        }
        redan_buf_done(&all);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

/* The configurations of Sigstore's own instance, where the samples are. */
static void test_published(void **state)
{
    static const struct {
        const char *name;
        const char *rekor;
    } rows[] = {{"signing_config.v0.2.json", ""},
                {"signing_config_rekor_v2.v0.2.json", "https://log2025-1.rekor.sigstore.dev"}};
    const char *samples = getenv("REDAN_SAMPLES");

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_keyless_services s = {0};
        struct redan_slice text;
        struct redan_ctx ctx;
        char path[512];
        (void)snprintf(path, sizeof(path), "%s/signing/sigstore-conformance/roots/%s",
                       samples ? samples : REDAN_SOURCE "/../shared/samples", rows[i].name);
        begin(&ctx);
        if (redan_file_read(&ctx, redan_slice_of(path), 1 << 20, true, &text) != REDAN_OK) {
            redan_ctx_done(&ctx);
            print_message("skipped: no %s\n", path);
            skip();
        }
        assert_ok(redan_keyless_config(&ctx, text, &s));
        assert_slice(s.fulcio, "https://fulcio.sigstore.dev");
        assert_slice(s.rekor, rows[i].rekor);
        assert_int_equal(s.stamper_count, 1);
        assert_slice(s.stampers[0], "https://timestamp.sigstore.dev/api/v1/timestamp");
        redan_ctx_done(&ctx);
    }
}

/* A token with this payload; its signature is nobody's. */
static struct redan_slice token_of(struct redan_ctx *ctx, const char *payload)
{
    struct redan_buf text;
    struct redan_slice token;

    redan_buf_init(&text, ctx, 100000);
    redan_base64_add(&text, redan_slice_of(payload));
    while (text.len && text.data[text.len - 1] == '=')
        text.len--;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '+')
            text.data[i] = '-';
        if (text.data[i] == '/')
            text.data[i] = '_';
    }
    assert_ok(redan_format(ctx, &token, "eyJhbGciOiJFUzI1NiJ9.%.*s.c2ln",
                           REDAN_FMT(redan_buf_view(&text))));
    redan_buf_done(&text);
    return token;
}

#define WHO "\"iss\":\"https://i\",\"sub\":\"s\",\"exp\":1795000300"

static const struct {
    const char *payload;
    enum redan_status status;
    const char *words;
    const char *names; /* joined with blanks */
} claims[] = {
    {"{" WHO "}", REDAN_OK, NULL, "s"},
    {"{" WHO ",\"email\":\"a@b\"}", REDAN_OK, NULL, "a@b s"},
    {"{" WHO ",\"email\":null,\"aud\":null}", REDAN_OK, NULL, "s"},
    {"{" WHO ",\"aud\":\"sigstore\",\"nbf\":1795000030}", REDAN_OK, NULL, "s"},
    {"{" WHO ",\"aud\":[\"sigstore\",\"x\"]}", REDAN_OK, NULL, "s"},
    {"{" WHO ",\"job_workflow_ref\":\"o/r/w.yml@refs/heads/m\"}", REDAN_OK, NULL,
     "https://github.com/o/r/w.yml@refs/heads/m s"},
    {"{" WHO ",\"ci_config_ref_uri\":\"gitlab.test/a//.gitlab-ci.yml@m\"}", REDAN_OK, NULL,
     "https://gitlab.test/a//.gitlab-ci.yml@m s"},
    {"{" WHO ",\"organization_slug\":\"o\",\"pipeline_slug\":\"p\"}", REDAN_OK, NULL,
     "https://buildkite.com/o/p s"},
    {"{" WHO ",\"kubernetes.io\":{\"namespace\":\"n\",\"serviceaccount\":{\"name\":\"a\"}}}",
     REDAN_OK, NULL, "https://kubernetes.io/namespaces/n/serviceaccounts/a s"},
    {"{" WHO ",\"federated_claims\":{\"connector_id\":\"https://c\"}}", REDAN_OK, NULL, "s"},
    {"{\"iss\":\"https://i\",\"sub\":\"s\",\"exp\":1795000300.5}", REDAN_OK, NULL, "s"},
    {"{\"iss\":\"https://i\",\"sub\":\"s\",\"exp\":1795000000}", REDAN_E_SCHEMA, "expired", NULL},
    {"{\"iss\":\"https://i\",\"sub\":\"s\",\"exp\":1794999000}", REDAN_E_SCHEMA, "1000 seconds ago",
     NULL},
    {"{\"iss\":\"https://i\",\"sub\":\"s\",\"exp\":1795000300,\"nbf\":1795000100}", REDAN_E_SCHEMA,
     "in 100 seconds; this machine's clock is off", NULL},
    {"{\"iss\":\"https://i\",\"sub\":\"s\"}", REDAN_E_SCHEMA, "\"exp\"", NULL},
    {"{\"iss\":\"https://i\",\"sub\":\"s\",\"exp\":\"1795000300\"}", REDAN_E_SCHEMA, "\"exp\"",
     NULL},
    {"{\"iss\":\"https://i\",\"sub\":\"s\",\"exp\":-1}", REDAN_E_SCHEMA, "\"exp\"", NULL},
    {"{\"iss\":\"https://i\",\"sub\":\"s\",\"exp\":1e300}", REDAN_E_SCHEMA, "\"exp\"", NULL},
    {"{\"iss\":\"https://i\",\"exp\":1795000300}", REDAN_E_SCHEMA, "no claim \"sub\"", NULL},
    {"{\"iss\":\"https://i\",\"sub\":\"\",\"exp\":1795000300}", REDAN_E_SCHEMA, "\"sub\" is empty",
     NULL},
    {"{\"iss\":\"https://i\",\"sub\":7,\"exp\":1795000300}", REDAN_E_SCHEMA, "\"sub\" is a number",
     NULL},
    {"{\"sub\":\"s\",\"exp\":1795000300}", REDAN_E_SCHEMA, "no claim \"iss\"", NULL},
    {"{" WHO ",\"email\":\"a\\u0000b\"}", REDAN_E_SCHEMA, "control character", NULL},
    {"{" WHO ",\"email\":\"a\\nb\"}", REDAN_E_SCHEMA, "control character", NULL},
    {"{" WHO ",\"email\":[\"a@b\"]}", REDAN_E_SCHEMA, "\"email\"", NULL},
    {"{" WHO ",\"aud\":7}", REDAN_E_SCHEMA, "\"aud\"", NULL},
    {"{" WHO "," WHO "}", REDAN_E_SYNTAX, "the identity token", NULL},
    {"[]", REDAN_E_SCHEMA, "instead of claims", NULL},
    {"{", REDAN_E_SYNTAX, "the identity token", NULL},
};

static void test_claims(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(claims); i++) {
        struct redan_keyless_claims c = {0};
        struct redan_buf all;
        struct redan_ctx ctx;
        begin(&ctx);
        redan_buf_init(&all, &ctx, 1000);
        enum redan_status status =
            redan_keyless_claims(&ctx, token_of(&ctx, claims[i].payload), &c);
        if (status != claims[i].status ||
            (status != REDAN_OK && !strstr(ctx.failure.text, claims[i].words)))
            fail_msg("row %zu: %s: %s", i, redan_status_name(status), ctx.failure.text);
        if (status == REDAN_OK) {
            assert_slice(c.issuer, "https://i");
            assert_slice(c.subject, "s");
            assert_int_equal(c.expires, 1795000300);
            for (size_t k = 0; k < c.name_count; k++) {
                redan_buf_text(&all, k ? " " : "");
                redan_buf_slice(&all, c.names[k]);
            }
            assert_slice(redan_buf_view(&all), claims[i].names);
            assert_true(c.audience.len == 0 || redan_slice_is(c.audience, "sigstore"));
            assert_true(c.connector.len == 0 || redan_slice_is(c.connector, "https://c"));
        }
        redan_buf_done(&all);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

static void test_tokens(void **state)
{
    static const char *const rows[] = {"",           ".",           "..",        "a",
                                       "a.b",        "a.b.c.d",     "e30..",     "e30.e30.",
                                       "e30=.e30.a", "e30.e3 0.aa", "e30.e+0.aa"};

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_keyless_claims c;
        struct redan_ctx ctx;
        begin(&ctx);
        enum redan_status status = redan_keyless_claims(&ctx, redan_slice_of(rows[i]), &c);
        if (status != REDAN_E_SYNTAX)
            fail_msg("row %zu: %s: %s", i, redan_status_name(status), ctx.failure.text);
        assert_non_null(strstr(ctx.failure.text, "the identity token: "));
        redan_ctx_done(&ctx);
    }
}

static void test_where_tokens_come_from(void **state)
{
    static const struct {
        const char *given;
        const char *file;
        const char *variable;
        enum redan_status status;
        const char *token;
    } rows[] = {
        {"given", "", "other", REDAN_OK, "given"},
        {"", "", " in the environment\n", REDAN_OK, "in the environment"},
        {"", "/nonexistent/token", "other", REDAN_E_ABSENT, NULL}, /* what was named, or nothing */
        {"", "", "", REDAN_E_ABSENT, NULL},
        {"", "", " \n", REDAN_E_SCHEMA, NULL},
    };

    (void)state;
    (void)unsetenv("ACTIONS_ID_TOKEN_REQUEST_URL");
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        const struct redan_keyless_token_from from = {.token = redan_slice_of(rows[i].given),
                                                      .file = redan_slice_of(rows[i].file)};
        struct redan_slice token;
        struct redan_ctx ctx;
        begin(&ctx);
        assert_int_equal(setenv("SIGSTORE_ID_TOKEN", rows[i].variable, 1), 0);
        assert_int_equal(redan_keyless_token(&ctx, &from, &token), rows[i].status);
        if (rows[i].token)
            assert_slice(token, rows[i].token);
        redan_ctx_done(&ctx);
    }
    (void)unsetenv("SIGSTORE_ID_TOKEN");
}

static void test_named(void **state)
{
    static const struct {
        enum redan_san_kind kind;
        const char *name;
        bool is;
    } rows[] = {
        {REDAN_SAN_EMAIL, "a@b", true},
        {REDAN_SAN_EMAIL, "A@b", false},
        {REDAN_SAN_EMAIL, "a@b.c", false},
        {REDAN_SAN_EMAIL, "https://sub", false},
        {REDAN_SAN_URI, "https://sub", true},
        {REDAN_SAN_URI, "https://sub/", false},
        {REDAN_SAN_FULCIO, "https://sub!d", true},
        {REDAN_SAN_FULCIO, "https://sub!", false},
        {REDAN_SAN_FULCIO, "https://sub", false},
        {REDAN_SAN_FULCIO, "https://subx!d", false},
        {REDAN_SAN_DNS, "https://sub", false},
    };
    const struct redan_keyless_claims c = {.subject = REDAN_S("https://sub"),
                                           .email = REDAN_S("a@b"),
                                           .names = {REDAN_S("a@b"), REDAN_S("https://sub")},
                                           .name_count = 2};
    const struct redan_keyless_claims none = {.subject = REDAN_S("s")};
    const struct redan_san empty = {REDAN_SAN_EMAIL, {"", 0}};

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        const struct redan_san name = {rows[i].kind, redan_slice_of(rows[i].name)};
        if (redan_keyless_named(&c, &name) != rows[i].is)
            fail_msg("row %zu", i);
    }
    assert_false(redan_keyless_named(&none, &empty));
}

/* A certificate that nothing hangs on, as a JSON text has it. */
#define PEM                                                               \
    "-----BEGIN CERTIFICATE-----\\n"                                      \
    "MIIBbzCCARWgAwIBAgIUc9dlLNEmNNpiWZpn9yfe/oei2cowCgYIKoZIzj0EAwIw\\n" \
    "DDEKMAgGA1UEAwwBYTAgFw0yNjExMjQxNTM0MDVaGA8yMTI2MTAzMTE1MzQwNVow\\n" \
    "DDEKMAgGA1UEAwwBYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOs47VJ1mvvq\\n" \
    "PABBz/iFGvK1jxp35Ii801isFNRzo3ZWqgG+W8CH3XydhPg4OlV410LsXukh77rP\\n" \
    "2OLI6CiDsaWjUzBRMB0GA1UdDgQWBBT0wXdBjoRk4PnKod93SccgX4VUXzAfBgNV\\n" \
    "HSMEGDAWgBT0wXdBjoRk4PnKod93SccgX4VUXzAPBgNVHRMBAf8EBTADAQH/MAoG\\n" \
    "CCqGSM49BAMCA0gAMEUCICXO5/yDvtXQQhslyOu4ZVSDCteNpZn7aMKWZ1Z5dG3h\\n" \
    "AiEA7Wx3p2jsUlpqg0xlEictd42G1vfraADLbicypINRw4Y=\\n"                 \
    "-----END CERTIFICATE-----\\n"
#define CHAIN(list) "{\"signedCertificateEmbeddedSct\":{\"chain\":{\"certificates\":[" list "]}}}"
#define ONE "\"" PEM "\""

static const struct {
    const char *text;
    enum redan_status status;
    const char *words;
    size_t count;
} chains[] = {
    {CHAIN(ONE "," ONE), REDAN_OK, NULL, 2},
    {CHAIN(ONE "," ONE "," ONE), REDAN_OK, NULL, 3},
    {CHAIN(ONE), REDAN_E_SCHEMA, "2 to 32", 0},
    {CHAIN(""), REDAN_E_SCHEMA, "2 to 32", 0},
    {CHAIN(ONE ",\"\""), REDAN_E_SYNTAX, "", 0},
    {CHAIN(ONE ",7"), REDAN_E_SCHEMA, "a number", 0},
    {CHAIN("\"" PEM PEM "\"," ONE), REDAN_E_SCHEMA, "found 2", 0},
    {CHAIN(ONE ",\"-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----\\n\""),
     REDAN_E_SYNTAX, "", 0},
    {"{\"signedCertificateEmbeddedSct\":{\"chain\":{\"certificates\":{}}}}", REDAN_E_SCHEMA,
     "2 to 32", 0},
    {"{\"signedCertificateEmbeddedSct\":{\"chain\":{}}}", REDAN_E_SCHEMA, "2 to 32", 0},
    {"{\"signedCertificateEmbeddedSct\":{}}", REDAN_E_SCHEMA, "chain", 0},
    {"{\"signedCertificateEmbeddedSct\":{\"chain\":[]}}", REDAN_E_SCHEMA, "chain", 0},
    {"{\"signedCertificateDetachedSct\":{\"chain\":{\"certificates\":[]}}}", REDAN_E_UNSUPPORTED,
     "embedded", 0},
    {"{\"certificate\":\"x\"}", REDAN_E_SCHEMA, "certificate", 0},
    {"{}", REDAN_E_SCHEMA, "signedCertificateEmbeddedSct", 0},
    {"[]", REDAN_E_SCHEMA, "", 0},
    {"null", REDAN_E_SCHEMA, "", 0},
    {CHAIN(ONE "," ONE) "{}", REDAN_E_SYNTAX, "", 0},
    {"{\"signedCertificateEmbeddedSct\":{\"chain\":{\"cert", REDAN_E_SYNTAX, "", 0},
    {"", REDAN_E_SYNTAX, "", 0},
};

static void test_fulcio(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(chains); i++) {
        struct redan_keyless_certificate got = {.count = 0};
        struct redan_ctx ctx;
        begin(&ctx);
        enum redan_status status =
            redan_keyless_fulcio_parse(&ctx, redan_slice_of(chains[i].text), &got);
        if (status != chains[i].status ||
            (status != REDAN_OK && !strstr(ctx.failure.text, chains[i].words)))
            fail_msg("row %zu: %s: %s", i, redan_status_name(status), ctx.failure.text);
        assert_int_equal(got.count, chains[i].count);
        if (status == REDAN_OK)
            assert_slice(got.facts.subject, "CN=a");
        redan_keyless_certificate_done(&got);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

#define SUM "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\""
#define KIND(kind, version) "\"kindVersion\":{\"kind\":\"" kind "\",\"version\":\"" version "\"}"
#define HASHED KIND("hashedrekord", "0.0.2")
#define PROOF                                                                     \
    "\"inclusionProof\":{\"logIndex\":\"3\",\"treeSize\":\"4\",\"rootHash\":" SUM \
    ",\"hashes\":[" SUM "],\"checkpoint\":{\"envelope\":\"text\"}}"
#define ENTRY(index, kind, rest)                                                                   \
    "{\"logIndex\":" index ",\"logId\":{\"keyId\":" SUM "}," kind ",\"integratedTime\":\"0\"" rest \
    ",\"inclusionPromise\":null}"
#define BODY ",\"canonicalizedBody\":\"e30=\""

static const struct {
    const char *text;
    enum redan_status status;
    const char *words;
} entries[] = {
    {ENTRY("\"3\"", HASHED, "," PROOF BODY), REDAN_OK, NULL},
    {ENTRY("\"2\"", HASHED, "," PROOF BODY), REDAN_E_SCHEMA, "at 2 and its proof about 3"},
    {ENTRY("\"-3\"", HASHED, "," PROOF BODY), REDAN_E_SCHEMA, "logIndex"},
    {ENTRY("\"3\"", HASHED, BODY), REDAN_E_SCHEMA, "no proof of inclusion"},
    {ENTRY("\"3\"", HASHED, "," PROOF), REDAN_E_SCHEMA, "no body"},
    {ENTRY("\"3\"", HASHED,
           ",\"inclusionProof\":{\"logIndex\":\"3\",\"treeSize\":\"4\",\"rootHash\":" SUM "}" BODY),
     REDAN_E_SCHEMA, "no checkpoint"},
    {ENTRY(
         "\"3\"", HASHED,
         ",\"inclusionProof\":{\"logIndex\":\"3\",\"treeSize\":\"4\",\"rootHash\":\"AAAA\"}" BODY),
     REDAN_E_SCHEMA, "rootHash"},
    {ENTRY("\"3\"", KIND("dsse", "0.0.1"), "," PROOF BODY), REDAN_E_SCHEMA,
     "\"dsse\" \"0.0.1\"; asked for was hashedrekord 0.0.2"},
    {ENTRY("\"3\"", HASHED, "," PROOF ",\"canonicalizedBody\":\"e30\""), REDAN_E_SYNTAX,
     "canonicalizedBody"},
    {ENTRY("\"3\"", HASHED, ",\"note\":1," PROOF BODY), REDAN_E_SCHEMA, "note"},
    {"{\"message\":\"an error with status 200\"}", REDAN_E_SCHEMA, "message"},
    {"{}", REDAN_E_SCHEMA, "hashedrekord"},
    {"[]", REDAN_E_SCHEMA, ""},
    {"", REDAN_E_SYNTAX, ""},
    {ENTRY("\"3\"", HASHED, "," PROOF BODY) " x", REDAN_E_SYNTAX, ""},
};

static void test_rekor(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(entries); i++) {
        struct redan_bundle_log got = {0};
        struct redan_ctx ctx;
        begin(&ctx);
        enum redan_status status =
            redan_keyless_rekor_parse(&ctx, redan_slice_of(entries[i].text), &got);
        if (status != entries[i].status ||
            (status != REDAN_OK && !strstr(ctx.failure.text, entries[i].words)))
            fail_msg("row %zu: %s: %s", i, redan_status_name(status), ctx.failure.text);
        if (status == REDAN_OK) {
            assert_int_equal(got.index, 3);
            assert_int_equal(got.proof_size, 4);
            assert_int_equal(got.proof_count, 1);
            assert_slice(got.checkpoint, "text");
            assert_slice(got.body, "{}");
            assert_false(got.has_time);
        }
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

/* What is shown of a stranger's text, and where it is put. */
static void test_words(void **state)
{
    struct redan_slice url;
    struct redan_ctx ctx;
    char many[400];

    (void)state;
    assert_string_equal(redan_keyless_show(REDAN_S(" a\x1b[0m\xc3\xa9\nb\r\n")).text, "a.[0m...b");
    memset(many, 'x', sizeof(many));
    assert_int_equal(strlen(redan_keyless_show((struct redan_slice){many, sizeof(many)}).text),
                     200);
    begin(&ctx);
    assert_ok(redan_keyless_url(&ctx, REDAN_S("https://a/b//"), "/c", &url));
    assert_slice(url, "https://a/b/c");
    assert_int_equal(redan_keyless_blame(&ctx, REDAN_OK, "who", url, "do"), REDAN_OK);
    assert_string_equal(ctx.failure.text, "");
    (void)redan_fail(&ctx, REDAN_E_IO, 0, "it broke");
    assert_int_equal(redan_keyless_blame(&ctx, REDAN_E_IO, "who", url, "mend it"), REDAN_E_IO);
    assert_string_equal(ctx.failure.text, "who at https://a/b/c: it broke; mend it");
    redan_fail_clear(&ctx);
    (void)redan_fail(&ctx, REDAN_E_IO, 0, "%.400s", many);
    (void)redan_keyless_blame(&ctx, REDAN_E_IO, "who", url, "mend it");
    assert_non_null(strstr(ctx.failure.text, "x; mend it")); /* the advice is never what is cut */
    redan_ctx_done(&ctx);
}

/* Without a service there is nothing to ask, and that is said before a key is made. */
static void test_services_missing(void **state)
{
    static const struct {
        const char *fulcio;
        const char *rekor;
        const char *words;
    } rows[] = {{"", "https://r", "--fulcio"},
                {"https://f", "", "--rekor"},
                {"https://f", "https://r", "--tsa"}};

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        const struct redan_keyless_services s = {.fulcio = redan_slice_of(rows[i].fulcio),
                                                 .rekor = redan_slice_of(rows[i].rekor)};
        struct redan_bundle bundle = {.signature = REDAN_S("s")};
        struct redan_ctx ctx;
        begin(&ctx);
        assert_int_equal(redan_keyless_sign(&ctx, &s, REDAN_S("t"), REDAN_S("{}"), NULL, &bundle),
                         REDAN_E_USAGE);
        assert_non_null(strstr(ctx.failure.text, rows[i].words));
        redan_fail_clear(&ctx);
        assert_int_equal(redan_keyless_stamp(&ctx, &s, NULL, &bundle), REDAN_E_USAGE);
        assert_non_null(strstr(ctx.failure.text, "--tsa"));
        redan_ctx_done(&ctx);
    }
}

static enum redan_status parse(struct redan_ctx *ctx, int what)
{
    struct redan_keyless_certificate certificate = {.count = 0};
    struct redan_keyless_services services;
    struct redan_keyless_claims c;
    struct redan_bundle_log entry;
    enum redan_status status = REDAN_OK;

    if (what == 0)
        return redan_keyless_config(
            ctx, REDAN_S(CONFIG("," THREE ",\"caUrls\":[" S("https://f", "1", PAST, "x") "]")),
            &services);
    if (what == 1)
        return redan_keyless_claims(
            ctx,
            REDAN_S("eyJhbGciOiJFUzI1NiJ9."
                    "eyJpc3MiOiJpIiwic3ViIjoicyIsImV4cCI6MTc5NTAwMDMwMCwiZW1haWwiOiJhQGIifQ.c2ln"),
            &c);
    if (what == 2)
        return redan_keyless_rekor_parse(ctx, REDAN_S(ENTRY("\"3\"", HASHED, "," PROOF BODY)),
                                         &entry);
    status = redan_keyless_fulcio_parse(ctx, REDAN_S(CHAIN(ONE "," ONE)), &certificate);
    redan_keyless_certificate_done(&certificate);
    return status;
}

static void test_memory_refused(void **state)
{
    (void)state;
    for (int what = 0; what < 4; what++) {
        enum redan_status status = REDAN_E_MEMORY;
        for (uint64_t n = 1; status != REDAN_OK; n++) {
            struct redan_ctx ctx;
            begin(&ctx);
            ctx.mem.fail_at = n;
            status = parse(&ctx, what);
            if (status != REDAN_OK && status != REDAN_E_MEMORY)
                fail_msg("%d at %llu: %s: %s", what, (unsigned long long)n,
                         redan_status_name(status), ctx.failure.text);
            assert_true(n < 500);
            redan_ctx_done(&ctx);
            assert_int_equal(ctx.mem.used, 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config),
        cmocka_unit_test(test_published),
        cmocka_unit_test(test_claims),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_where_tokens_come_from),
        cmocka_unit_test(test_named),
        cmocka_unit_test(test_fulcio),
        cmocka_unit_test(test_rekor),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_services_missing),
        cmocka_unit_test(test_memory_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
