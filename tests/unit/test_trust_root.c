/* Trust roots: the one that is built in, what is refused of others, and whose memory is whose. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/file.h"
#include "sign/trust_root.h"

/* The name of the root that is shipped: catalog/sigstore.json is canonical JSON, so that sha256sum says it too. */
static void test_builtin(void **state)
{
    struct redan_ctx ctx;
    struct redan_trust_root REDAN_DEFER(redan_trust_root_done) root = {0};
    struct redan_digest digest;
    struct redan_slice text = redan_trust_root_builtin_text();

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_trust_root_builtin(&ctx, &root));
    assert_ok(redan_sha256(&ctx, text, &digest));
    assert_true(redan_digest_eq(&digest, &root.digest));
    assert_int_equal(root.log_count, 2);
    assert_slice(root.logs[0].url, "https://rekor.sigstore.dev");
    assert_slice(root.logs[0].host, "rekor.sigstore.dev");
    assert_int_equal(root.logs[0].id.len, 32);
    assert_int_equal(redan_spki_kind(root.logs[0].key), REDAN_SPKI_P256);
    struct redan_digest id;
    redan_spki_id(root.logs[0].key, &id); /* RFC 6962 3.2: of a log of the first kind */
    assert_memory_equal(root.logs[0].id.at, id.bytes, 32);
    assert_true(redan_slice_eq(root.logs[0].checkpoint_id, root.logs[0].id));
    assert_int_equal(root.logs[0].from, INT64_C(1610452407000));
    assert_true(root.logs[0].until == INT64_MAX);
    assert_slice(root.logs[1].host, "log2025-1.rekor.sigstore.dev");
    assert_int_equal(redan_spki_kind(root.logs[1].key), REDAN_SPKI_ED25519);
    assert_int_equal(root.ct_log_count, 2);
    assert_slice(root.ct_logs[0].host, "ctfe.sigstore.dev");
    assert_int_equal(root.authority_count, 2);
    assert_slice(root.authorities[0].url, "https://fulcio.sigstore.dev");
    assert_int_equal(root.authorities[0].count, 1);
    assert_int_equal(root.authorities[0].from, INT64_C(1615087229000));
    assert_int_equal(root.authorities[0].until, INT64_C(1672531199999));
    assert_int_equal(root.authorities[1].count, 2);
    assert_true(root.authorities[1].until == INT64_MAX);
    assert_int_equal(root.stamper_count, 1);
    assert_true(root.stampers[0].count >= 2);
    int64_t newest = 0;
    assert_true(redan_time_parse(REDAN_S("2025-09-23T00:00:00Z"), &newest));
    assert_int_equal(root.newest, newest);
    redan_trust_root_done(&root);
    redan_trust_root_done(&root); /* twice is once */
    redan_ctx_done(&ctx);
}

struct row {
    const char *in;
    const char *with;
    enum redan_status status;
    const char *words;
};

/* Each on the root that is shipped, at the first place; keys of the JSON stand in their canonical order. */
static const struct row rows[] = {
    {"trustedroot+json;version=0.1", "trustedroot+json;version=0.2", REDAN_OK, NULL},
    {"trustedroot+json;version=0.1", "trustedroot.v0.2+json", REDAN_OK, NULL},
    {"trustedroot+json;version=0.1", "trustedroot+json;version=1", REDAN_E_SCHEMA, "mediaType"},
    {"\"mediaType\"", "\"media\"", REDAN_E_SCHEMA, "mediaType"},
    {"{\"certificateAuthorities\"", "{\"later\":[1],\"certificateAuthorities\"", REDAN_OK, NULL},
    {"{\"certificateAuthorities\"", "{\"ctlogs\":[],\"certificateAuthorities\"", REDAN_E_SYNTAX,
     "twice"},
    {"\"tlogs\":[{", "\"tlogs\":[{\"operator\":\"a\",\"checkpointKeyId\":{\"keyId\":\"AQID\"},",
     REDAN_OK, NULL},
    {"\"tlogs\":[{", "\"tlogs\":[7,{", REDAN_E_SCHEMA, "tlogs[0]: must be a map, found a number"},
    {"\"tlogs\":[", "\"tlogs\":{},\"later\":[", REDAN_E_SCHEMA, "tlogs: must be a list"},
    {"\"certificateAuthorities\":[", "\"certificateAuthorities\":null,\"later\":[", REDAN_OK, NULL},
    {"\"start\":\"2021-03-07T03:20:29Z\"", "\"starts\":\"2021-03-07T03:20:29Z\"", REDAN_E_SCHEMA,
     "certificateAuthorities[0].validFor: has no \"start\""},
    {"\"start\":\"2021-03-07T03:20:29Z\"", "\"start\":null", REDAN_E_SCHEMA, "has no \"start\""},
    {"\"start\":\"2021-03-07T03:20:29Z\"", "\"start\":\"2021-02-30T03:20:29Z\"", REDAN_E_SCHEMA,
     "validFor.start: \"2021-02-30T03:20:29Z\" is no time"},
    {"\"start\":\"2021-03-07T03:20:29Z\"", "\"start\":\"2023-03-07T03:20:29Z\"", REDAN_E_SCHEMA,
     "ends before it starts"},
    {"\"start\":\"2021-03-07T03:20:29Z\"", "\"start\":1615087229", REDAN_E_SCHEMA, "must be a str"},
    {"\"start\":\"2021-01-12T11:53:27Z\"", "\"end\":\"2099-01-12T11:53:27Z\"", REDAN_E_SCHEMA,
     "tlogs[0].publicKey.validFor: has no \"start\""},
    {"{\"rawBytes\":\"MIIB+D", "{\"rawBytes\":\"MIIB-D", REDAN_E_SYNTAX,
     "certificateAuthorities[0].certChain.certificates[0].rawBytes: not base64"},
    {"{\"rawBytes\":\"MIIB+D", "{\"rawBytes\":\"MIIB+E", REDAN_E_SYNTAX,
     "certificateAuthorities[0].certChain.certificates[0].rawBytes: "},
    {"\"certificates\":[", "\"certificates\":[],\"later\":[", REDAN_E_SCHEMA, "no certificate"},
    {"\"certChain\"", "\"chain\"", REDAN_E_SCHEMA, "certChain: there is no certificate"},
    {"\"hashAlgorithm\":\"SHA2_256\"", "\"hashAlgorithm\":\"SHA2_512\"", REDAN_E_SCHEMA,
     "ctlogs[0].hashAlgorithm: must be SHA2_256"},
    {"\"baseUrl\":\"https://rekor.sigstore.dev\"", "\"baseUrl\":\"\"", REDAN_E_SCHEMA, "baseUrl"},
    {"\"logId\"", "\"id\"", REDAN_E_SCHEMA, "ctlogs[0].logId: is missing"},
    {"\"publicKey\"", "\"key\"", REDAN_E_SCHEMA, "ctlogs[0].publicKey: is missing"},
    {"\"rawBytes\":\"MFkwEw", "\"rawBytes\":\"MFowEw", REDAN_E_SYNTAX, "publicKey.rawBytes: "},
    {"PKIX_ECDSA_P256_SHA_256", "PKIX_ED25519", REDAN_E_SCHEMA,
     "keyDetails: says PKIX_ED25519 of a key that is "},
    {"PKIX_ECDSA_P256_SHA_256", "PKIX_LATER", REDAN_OK, NULL},
};

static struct redan_slice changed(struct redan_ctx *ctx, const struct row *row)
{
    struct redan_slice text = {0};
    struct redan_slice made = {0};

    assert_ok(redan_copy(ctx, redan_trust_root_builtin_text(), &text));
    const char *at = strstr(text.at, row->in);
    if (!at)
        fail_msg("the root has no %s", row->in);
    assert_ok(redan_format(ctx, &made, "%.*s%s%s", (int)(at - text.at), text.at, row->with,
                           at + strlen(row->in)));
    return made;
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        struct redan_trust_root REDAN_DEFER(redan_trust_root_done) root = {0};
        redan_ctx_init(&ctx, NULL);
        enum redan_status status = redan_trust_root_parse(&ctx, changed(&ctx, &rows[i]), &root);
        if (status != rows[i].status || (rows[i].words && !strstr(ctx.failure.text, rows[i].words)))
            fail_msg("%s -> %s: %s: %s", rows[i].in, rows[i].with, redan_status_name(status),
                     ctx.failure.text);
        if (status != REDAN_OK)
            assert_true(root.log_count == 0 && !root.authorities);
        redan_trust_root_done(&root);
        redan_ctx_done(&ctx);
    }
}

/* Ends and beginnings to the millisecond; the name is of what is said, not of how. */
static void test_meaning(void **state)
{
    static const struct {
        const char *written;
        int64_t milliseconds;
    } times[] = {
        {"2021-03-07T03:20:29.5Z", INT64_C(1615087229500)},
        {"2021-03-07T03:20:29.000Z", INT64_C(1615087229000)},
        {"2021-03-07T03:20:29.999999Z", INT64_C(1615087229999)},
        {"2021-03-07T03:20:29.25+00:00", INT64_C(1615087229250)},
        {"2021-03-07T04:20:29+01:00", INT64_C(1615087229000)},
    };
    struct redan_ctx ctx;
    struct redan_trust_root root = {0};
    struct redan_slice text = {0};
    struct redan_digest name;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_trust_root_builtin(&ctx, &root));
    name = root.digest;
    redan_trust_root_done(&root);
    for (size_t i = 0; i < REDAN_COUNT(times); i++) {
        const struct row row = {"2021-03-07T03:20:29Z", times[i].written, REDAN_OK, NULL};
        assert_ok(redan_trust_root_parse(&ctx, changed(&ctx, &row), &root));
        assert_int_equal(root.authorities[0].from, times[i].milliseconds);
        assert_false(redan_digest_eq(&name, &root.digest));
        redan_trust_root_done(&root);
    }
    assert_ok(redan_format(&ctx, &text, "  %.*s\n", REDAN_FMT(redan_trust_root_builtin_text())));
    assert_ok(redan_trust_root_parse(&ctx, text, &root));
    assert_true(redan_digest_eq(&name, &root.digest));
    redan_trust_root_done(&root);
    const struct row other = {
        "\"tlogs\":[{", "\"tlogs\":[{\"checkpointKeyId\":{\"keyId\":\"AQID\"},", REDAN_OK, NULL};
    assert_ok(redan_trust_root_parse(&ctx, changed(&ctx, &other), &root));
    assert_slice(root.logs[0].checkpoint_id, "\1\2\3");
    redan_trust_root_done(&root);
    const struct row host = {"https://rekor.sigstore.dev", "http://[::1]:3000/path/", REDAN_OK,
                             NULL};
    assert_ok(redan_trust_root_parse(&ctx, changed(&ctx, &host), &root));
    assert_slice(root.logs[0].host, "[::1]:3000");
    redan_trust_root_done(&root);
    redan_ctx_done(&ctx);
}

static void test_memory(void **state)
{
    enum redan_status got = REDAN_E_MEMORY;

    (void)state;
    for (uint64_t n = 1; got != REDAN_OK; n++) {
        struct redan_ctx ctx;
        struct redan_trust_root REDAN_DEFER(redan_trust_root_done) root = {0};
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = n;
        got = redan_trust_root_builtin(&ctx, &root);
        assert_true(got == REDAN_OK ||
                    (got == REDAN_E_MEMORY && ctx.failure.status == REDAN_E_MEMORY));
        redan_trust_root_done(&root);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
        assert_true(n < 1000);
    }
}

/* Every root of the conformance suite is read, but the one that says no beginning. */
static void test_samples(void **state)
{
    const char *samples = getenv("REDAN_SAMPLES");
    struct redan_ctx ctx;
    struct redan_slice path = {0};
    struct redan_slice *names = NULL;
    size_t count = 0;
    size_t good = 0;
    size_t refused = 0;

    (void)state;
    if (!samples || !*samples)
        samples = REDAN_SOURCE "/../shared/samples";
    if (access(samples, R_OK) != 0) {
        print_message("no samples in %s; REDAN_SAMPLES names their folder\n", samples);
        skip();
    }
    redan_ctx_init(&ctx, NULL);
    assert_ok(
        redan_format(&ctx, &path, "%s/signing/sigstore-conformance/assets/bundle-verify", samples));
    assert_ok(redan_folder_list(&ctx, path, &names, &count));
    for (size_t i = 0; i < count; i++) {
        struct redan_trust_root root = {0};
        struct redan_slice text = {0};
        assert_ok(redan_format(
            &ctx, &path,
            "%s/signing/sigstore-conformance/assets/bundle-verify/%.*s/trusted_root.json", samples,
            REDAN_FMT(names[i])));
        if (redan_file_read(&ctx, path, 1 << 20, false, &text) != REDAN_OK) {
            redan_fail_clear(&ctx);
            continue;
        }
        enum redan_status status = redan_trust_root_parse(&ctx, text, &root);
        bool wrong = redan_slice_is(names[i], "trust-root-tlog-missing-validity-start_fail");
        if ((status != REDAN_OK) != wrong)
            fail_msg("%s: %s %s", path.at, redan_status_name(status), ctx.failure.text);
        good += status == REDAN_OK;
        refused += status != REDAN_OK;
        redan_fail_clear(&ctx);
        redan_trust_root_done(&root);
    }
    assert_int_equal(good, 37);
    assert_int_equal(refused, 1);
    redan_ctx_done(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_builtin), cmocka_unit_test(test_rows),
        cmocka_unit_test(test_meaning), cmocka_unit_test(test_memory),
        cmocka_unit_test(test_samples),
    };
    return cmocka_run_group_tests_name("trust_root", tests, NULL, NULL);
}
