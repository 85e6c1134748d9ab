/* Bundles: what is read, what is refused and where, what is written back, and what memory it takes. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/hex.h"
#include "io/file.h"
#include "sign/bundle.h"

#define V03 "application/vnd.dev.sigstore.bundle.v0.3+json"
#define OLD "application/vnd.dev.sigstore.bundle+json;version=0."
#define SUM "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s="

/* Every field that there is. */
static const char whole[] =
    "{\"mediaType\":\"" V03 "\",\"verificationMaterial\":{\"certificate\":{\"rawBytes\":\"AQID\"},"
    "\"tlogEntries\":[{\"logIndex\":\"27246492\",\"logId\":{\"keyId\":\"wNI9\"},"
    "\"kindVersion\":{\"kind\":\"hashedrekord\",\"version\":\"0.0.1\"},"
    "\"integratedTime\":\"1689177396\",\"inclusionPromise\":{\"signedEntryTimestamp\":\"MEUC\"},"
    "\"inclusionProof\":{\"logIndex\":\"23083061\",\"rootHash\":\"" SUM
    "\",\"treeSize\":\"23083062\",\"hashes\":[\"" SUM "\",\"" SUM
    "\"],\"checkpoint\":{\"envelope\":\"log\\n1\\nAA==\\n\"}},\"canonicalizedBody\":\"e30=\"}],"
    "\"timestampVerificationData\":{\"rfc3161Timestamps\":[{\"signedTimestamp\":\"MAMC\"}]}},"
    "\"messageSignature\":{\"messageDigest\":{\"algorithm\":\"SHA2_256\",\"digest\":\"" SUM
    "\"},\"signature\":\"c2ln\"}}";

static const char envelope[] =
    "{\"mediaType\":\"" V03
    "\",\"verificationMaterial\":{\"publicKey\":{\"hint\":\"e8450dec\"},\"tlogEntries\":[]},"
    "\"dsseEnvelope\":{\"payload\":\"cGF5bG9hZA==\",\"payloadType\":\"application/"
    "vnd.in-toto+json\",\"signatures\":[{\"sig\":\"c2ln\",\"keyid\":\"\"}]}}";

struct row {
    const char *in;   /* of the text above, the first place */
    const char *with; /* instead */
    enum redan_status status;
    const char *words; /* of the failure */
};

static struct redan_slice changed(struct redan_ctx *ctx, const char *text, const struct row *row)
{
    struct redan_slice made = {0};
    const char *at = strstr(text, row->in);

    assert_non_null(at);
    assert_ok(redan_format(ctx, &made, "%.*s%s%s", (int)(at - text), text, row->with,
                           at + strlen(row->in)));
    return made;
}

static void check_rows(const char *text, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct redan_ctx ctx;
        struct redan_bundle bundle = {0};
        redan_ctx_init(&ctx, NULL);
        struct redan_slice made = changed(&ctx, text, &rows[i]);
        enum redan_status status = redan_bundle_parse(&ctx, made, &bundle);
        if (status != rows[i].status || (rows[i].words && !strstr(ctx.failure.text, rows[i].words)))
            fail_msg("%s -> %s: %s: %s", rows[i].in, rows[i].with, redan_status_name(status),
                     ctx.failure.text);
        redan_ctx_done(&ctx);
    }
}

static void test_whole(void **state)
{
    struct redan_ctx ctx;
    struct redan_bundle bundle = {0};

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_bundle_parse(&ctx, REDAN_S(whole), &bundle));
    assert_int_equal(bundle.version, REDAN_BUNDLE_V03);
    assert_int_equal(bundle.material, REDAN_BUNDLE_CERTIFICATE);
    assert_int_equal(bundle.certificate_count, 1);
    assert_slice(bundle.certificates[0], "\1\2\3");
    assert_int_equal(bundle.log_count, 1);
    const struct redan_bundle_log *log = &bundle.logs[0];
    assert_int_equal(log->index, 27246492);
    assert_slice(log->log_id, "\xc0\xd2\x3d");
    assert_slice(log->kind, "hashedrekord");
    assert_slice(log->version, "0.0.1");
    assert_true(log->has_time);
    assert_int_equal(log->time, 1689177396);
    assert_slice(log->promise, "0E\x02");
    assert_true(log->has_proof);
    assert_int_equal(log->proof_index, 23083061);
    assert_int_equal(log->proof_size, 23083062);
    assert_int_equal(log->proof_root.bytes[31], 0xab);
    assert_int_equal(log->proof_count, 2);
    assert_int_equal(log->proof_path[1].bytes[0], 0xab);
    assert_slice(log->checkpoint, "log\n1\nAA==\n");
    assert_slice(log->body, "{}");
    assert_int_equal(bundle.stamp_count, 1);
    assert_slice(bundle.stamps[0], "0\x03\x02");
    assert_false(bundle.is_dsse);
    assert_slice(bundle.signature, "sig");
    assert_true(bundle.has_digest);
    assert_int_equal(bundle.digest_hash, REDAN_HASH_SHA256);
    assert_int_equal(bundle.digest.len, 32);
    assert_int_equal(bundle.digest.bytes[31], 0xab);

    assert_ok(redan_bundle_parse(&ctx, REDAN_S(envelope), &bundle));
    assert_int_equal(bundle.material, REDAN_BUNDLE_KEY);
    assert_slice(bundle.hint, "e8450dec");
    assert_int_equal(bundle.log_count, 0);
    assert_true(bundle.is_dsse);
    assert_slice(bundle.dsse.payload, "payload");
    assert_slice(bundle.dsse.payload_type, REDAN_DSSE_INTOTO);
    assert_int_equal(bundle.dsse.count, 1);
    assert_slice(bundle.signature, "sig");
    assert_ptr_equal(bundle.signature.at, bundle.dsse.signatures[0].bytes.at);
    redan_ctx_done(&ctx);
}

static void test_material(void **state)
{
    static const struct row rows[] = {
        {V03, OLD "1", REDAN_OK, NULL},
        {V03, OLD "2", REDAN_OK, NULL},
        {V03, OLD "3", REDAN_OK, NULL},
        {V03, OLD "4", REDAN_E_SCHEMA, "the bundle, mediaType: "},
        {V03, "application/vnd.dev.sigstore.bundle.v0.2+json", REDAN_E_SCHEMA, "mediaType"},
        {V03, "", REDAN_E_SCHEMA, "mediaType"},
        {"\"mediaType\":\"" V03 "\",", "", REDAN_E_SCHEMA, "mediaType"},
        {"\"" V03 "\"", "3", REDAN_E_SCHEMA, "must be a string, found a number"},
        {"{\"mediaType\"", "{\"x\":1,\"mediaType\"", REDAN_E_SCHEMA, "unknown field \"x\""},
        {"{\"mediaType\"", "{\"media_type\":\"\",\"mediaType\"", REDAN_E_SCHEMA, "\"media_type\""},
        {"{\"mediaType\"", "{\"mediaType\":\"\",\"mediaType\"", REDAN_E_SYNTAX, "twice"},
        {"{\"mediaType\"", " {\"mediaType\"", REDAN_OK, NULL},
        {"{\"mediaType\"", "\xef\xbb\xbf{\"mediaType\"", REDAN_E_SYNTAX, "byte order mark"},
        {"c2ln\"}}", "c2ln\"}} \n", REDAN_OK, NULL},
        {"c2ln\"}}", "c2ln\"}}{}", REDAN_E_SYNTAX, NULL},
        {"{\"certificate\":{\"rawBytes\":\"AQID\"},", "{", REDAN_E_SCHEMA, "has 0"},
        {"{\"certificate\":{\"rawBytes\":\"AQID\"},", "{\"certificate\":null,", REDAN_E_SCHEMA,
         "has 0"},
        {"{\"certificate\"", "{\"publicKey\":null,\"certificate\"", REDAN_OK, NULL},
        {"{\"certificate\"", "{\"publicKey\":{},\"certificate\"", REDAN_E_SCHEMA, "has 2"},
        {"\"AQID\"", "\"\"", REDAN_E_SCHEMA, "certificate.rawBytes: the certificate is missing"},
        {"\"AQID\"", "\"AQI\"", REDAN_E_SYNTAX, "certificate.rawBytes: base64 of 3"},
        {"\"AQID\"", "\"AQI=\"", REDAN_OK, NULL},
        {"\"AQID\"", "\"AQJ=\"", REDAN_E_SYNTAX, "not base64"}, /* bits that are no bytes */
        {"\"AQID\"", "\"A-_D\"", REDAN_E_SYNTAX, "not base64"}, /* the other alphabet */
        {"\"AQID\"", "\"AQI\\n\"", REDAN_E_SYNTAX, "not base64"},
        {"\"AQID\"", "\"AQID\",\"x\":0", REDAN_E_SCHEMA, "unknown field \"x\""},
        {"{\"rawBytes\":\"AQID\"}", "[]", REDAN_E_SCHEMA, "must be a map, found a list"},
        {"\"certificate\":{\"rawBytes\":\"AQID\"}",
         "\"x509CertificateChain\":{\"certificates\":[{\"rawBytes\":\"AQID\"},{\"rawBytes\":"
         "\"BA==\"}]}",
         REDAN_OK, NULL},
        {"\"certificate\":{\"rawBytes\":\"AQID\"}", "\"x509CertificateChain\":{}", REDAN_E_SCHEMA,
         "no certificate"},
        {"\"certificate\":{\"rawBytes\":\"AQID\"}",
         "\"x509CertificateChain\":{\"certificates\":[{\"rawBytes\":\"AQID\"},{}]}", REDAN_E_SCHEMA,
         "x509CertificateChain.certificates[1].rawBytes: "},
        {"\"certificate\":{\"rawBytes\":\"AQID\"}", "\"publicKey\":{\"hint\":null}", REDAN_OK,
         NULL},
        {"\"certificate\":{\"rawBytes\":\"AQID\"}",
         "\"publicKey\":{\"rawBytes\":\"AQID\",\"keyDetails\":\"PKIX_ECDSA_P384_SHA_384\"}",
         REDAN_OK, NULL},
        {"\"certificate\":{\"rawBytes\":\"AQID\"}",
         "\"publicKey\":{\"rawBytes\":\"AQID\",\"keyDetails\":\"PKCS1_RSA_PKCS1V5\"}",
         REDAN_E_SCHEMA, "keyDetails"},
        {"\"certificate\":{\"rawBytes\":\"AQID\"}",
         "\"publicKey\":{\"rawBytes\":\"AQID\",\"hint\":\"a\"}", REDAN_E_SCHEMA, "both"},
        {",\"timestampVerificationData\":{\"rfc3161Timestamps\":[{\"signedTimestamp\":\"MAMC\"}]}",
         ",\"timestampVerificationData\":null", REDAN_OK, NULL},
        {"[{\"signedTimestamp\":\"MAMC\"}]", "null", REDAN_OK, NULL},
        {"{\"signedTimestamp\":\"MAMC\"}", "{}", REDAN_E_SCHEMA, "rfc3161Timestamps[0]"},
        {"{\"signedTimestamp\":\"MAMC\"}", "{\"signedTimestamp\":\"MAMC\"},3", REDAN_E_SCHEMA,
         "rfc3161Timestamps[1]: must be a map, found a number"},
    };

    (void)state;
    check_rows(whole, rows, REDAN_COUNT(rows));
}

static void test_entries(void **state)
{
    static const struct row rows[] = {
        {"\"27246492\"", "27246492", REDAN_OK, NULL},
        {"\"27246492\"", "null", REDAN_OK, NULL},
        {"\"27246492\"", "\"-1\"", REDAN_E_SCHEMA, "tlogEntries[0].logIndex: must be a whole"},
        {"\"27246492\"", "-1", REDAN_E_SCHEMA, "found -1"},
        {"\"27246492\"", "1.0", REDAN_E_SCHEMA, "found 1.0"},
        {"\"27246492\"", "\"+1\"", REDAN_E_SCHEMA, "found +1"},
        {"\"27246492\"", "\"01\"", REDAN_E_SCHEMA, "found 01"},
        {"\"27246492\"", "\"1e3\"", REDAN_E_SCHEMA, "found 1e3"},
        {"\"27246492\"", "\"\"", REDAN_E_SCHEMA, "found a text"},
        {"\"27246492\"", "true", REDAN_E_SCHEMA, "found true or false"},
        {"\"27246492\"", "\"9223372036854775807\"", REDAN_OK, NULL},
        {"\"27246492\"", "\"9223372036854775808\"", REDAN_E_SCHEMA, "found 9223372036854775808"},
        {"\"1689177396\"", "\"0\"", REDAN_OK, NULL},
        {"{\"signedEntryTimestamp\":\"MEUC\"}", "null", REDAN_OK, NULL},
        {"{\"signedEntryTimestamp\":\"MEUC\"}", "{\"set\":\"MEUC\"}", REDAN_E_SCHEMA,
         "tlogEntries[0].inclusionPromise: there is an unknown field \"set\""},
        {"\"rootHash\":\"" SUM "\"", "\"rootHash\":\"AQID\"", REDAN_E_SCHEMA,
         "inclusionProof.rootHash: must be the 32 bytes of a SHA-256, found 3"},
        {"\"rootHash\":\"" SUM "\",", "", REDAN_E_SCHEMA, "rootHash"},
        {"[\"" SUM "\",\"" SUM "\"]", "null", REDAN_OK, NULL},
        {"[\"" SUM "\",\"" SUM "\"]", "[\"" SUM "\",\"AQID\"]", REDAN_E_SCHEMA,
         "inclusionProof.hashes[1]: must be the 32 bytes"},
        {"[\"" SUM "\",\"" SUM "\"]", "[7]", REDAN_E_SCHEMA, "hashes[0]: must be a string"},
        {"\"checkpoint\":{\"envelope\":\"log\\n1\\nAA==\\n\"}", "\"checkpoint\":null", REDAN_OK,
         NULL},
        {"\"kind\":", "\"Kind\":", REDAN_E_SCHEMA, "kindVersion: there is an unknown field"},
        {"\"logId\":{\"keyId\":\"wNI9\"}", "\"logId\":null", REDAN_OK, NULL},
        {"\"e30=\"", "\"e31=\"", REDAN_E_SYNTAX, "canonicalizedBody: not base64"},
        {"\"e30=\"", "\"e30=\",\"extra\":null", REDAN_E_SCHEMA, "unknown field \"extra\""},
    };

    (void)state;
    check_rows(whole, rows, REDAN_COUNT(rows));
}

static void test_content(void **state)
{
    static const struct row message[] = {
        {"SHA2_256", "SHA2_384", REDAN_E_SCHEMA, "messageDigest.digest: has 32 bytes"},
        {"SHA2_256", "SHA3_256", REDAN_E_SCHEMA, "messageDigest.algorithm: \"SHA3_256\""},
        {"\"SHA2_256\"", "1", REDAN_E_SCHEMA, "must be a string"},
        {"\"algorithm\":\"SHA2_256\",", "", REDAN_E_SCHEMA, "algorithm"},
        {"{\"algorithm\":\"SHA2_256\",\"digest\":\"" SUM "\"}", "null", REDAN_OK, NULL},
        {"\"c2ln\"", "\"\"", REDAN_E_SCHEMA, "messageSignature.signature: is missing"},
        {"\"c2ln\"", "\"c2l_\"", REDAN_E_SYNTAX, "messageSignature.signature: not base64"},
        {"\"c2ln\"", "\"c2ln\",\"keyid\":\"\"", REDAN_E_SCHEMA, "unknown field \"keyid\""},
        {"\"messageSignature\"", "\"dsseEnvelope\":{},\"messageSignature\"", REDAN_E_SCHEMA,
         "found both"},
        {"\"messageSignature\"", "\"dsseEnvelope\":null,\"messageSignature\"", REDAN_OK, NULL},
    };
    static const struct row dsse[] = {
        {"\"keyid\":\"\"", "\"keyid\":null", REDAN_OK, NULL},
        {",\"keyid\":\"\"", "", REDAN_OK, NULL},
        {"\"keyid\":\"\"", "\"cert\":\"\"", REDAN_E_SCHEMA, "signatures[0]: there is an unknown"},
        {"{\"sig\":\"c2ln\",\"keyid\":\"\"}", "", REDAN_E_SCHEMA, "exactly one, found 0"},
        {"{\"sig\":\"c2ln\"", "{\"sig\":\"c2ln\"},{\"sig\":\"c2ln\"", REDAN_E_SCHEMA,
         "exactly one, found 2"},
        {"\"sig\":\"c2ln\"", "\"sig\":\"-_-_\"", REDAN_OK, NULL}, /* DSSE 1.0.2: either alphabet */
        {"\"sig\":\"c2ln\"", "\"sig\":\"-_+/\"", REDAN_E_SYNTAX, "signatures[0].sig: not base64"},
        {"\"sig\":\"c2ln\"", "\"sig\":\"\"", REDAN_E_SCHEMA, "signatures[0].sig: is missing"},
        {"cGF5bG9hZA==", "cGF5bG9hZA", REDAN_E_SYNTAX, "dsseEnvelope.payload: base64 of 10"},
        {"cGF5bG9hZA==", "cGF5bG9hZB==", REDAN_E_SYNTAX, "dsseEnvelope.payload: not base64"},
        {"cGF5bG9hZA==", "", REDAN_OK, NULL},
        {"\"payload\":\"cGF5bG9hZA==\",", "", REDAN_E_SCHEMA, "payload: is missing"},
        {"\"application/vnd.in-toto+json\"", "\"\"", REDAN_E_SCHEMA, "payloadType: is missing"},
        {"\"payload\":", "\"x\":0,\"payload\":", REDAN_E_SCHEMA, "unknown field \"x\""},
        {",\"tlogEntries\":[]", "", REDAN_OK, NULL},
        {"\"tlogEntries\":[]", "\"tlogEntries\":{}", REDAN_E_SCHEMA, "must be a list"},
        {",\"dsseEnvelope\":{\"payload\"", ",\"x\":{\"payload\"", REDAN_E_SCHEMA, "\"x\""},
    };

    (void)state;
    check_rows(whole, message, REDAN_COUNT(message));
    check_rows(envelope, dsse, REDAN_COUNT(dsse));
}

/* Lists are bounded before anything is taken for them. */
static void test_limits(void **state)
{
    static const struct {
        const char *before;
        const char *item;
        size_t most;
        const char *after;
    } rows[] = {
        {"{\"mediaType\":\"" V03
         "\",\"verificationMaterial\":{\"x509CertificateChain\":{\"certificates\":[",
         "{\"rawBytes\":\"AA==\"}", REDAN_BUNDLE_CHAIN, "]}},"},
        {"{\"mediaType\":\"" V03 "\",\"verificationMaterial\":{\"publicKey\":{},\"tlogEntries\":[",
         "{}", REDAN_BUNDLE_LOGS, "]},"},
        {"{\"mediaType\":\"" V03 "\",\"verificationMaterial\":{\"publicKey\":{},"
         "\"timestampVerificationData\":{\"rfc3161Timestamps\":[",
         "{\"signedTimestamp\":\"AA==\"}", REDAN_BUNDLE_STAMPS, "]}},"},
        {"{\"mediaType\":\"" V03 "\",\"verificationMaterial\":{\"publicKey\":{},\"tlogEntries\":[{"
         "\"inclusionProof\":{\"rootHash\":\"" SUM "\",\"hashes\":[",
         "\"" SUM "\"", 64, "]}}]},"},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        for (size_t more = 0; more < 2; more++) {
            struct redan_ctx ctx;
            struct redan_bundle bundle = {0};
            struct redan_buf text REDAN_DEFER(redan_buf_done) = {0};
            redan_ctx_init(&ctx, NULL);
            redan_buf_init(&text, &ctx, 1 << 20);
            redan_buf_text(&text, rows[i].before);
            for (size_t k = 0; k < rows[i].most + more; k++) {
                redan_buf_text(&text, k ? "," : "");
                redan_buf_text(&text, rows[i].item);
            }
            redan_buf_text(&text, rows[i].after);
            redan_buf_text(&text, "\"messageSignature\":{\"signature\":\"AA==\"}}");
            assert_int_equal(redan_bundle_parse(&ctx, redan_buf_view(&text), &bundle),
                             more ? REDAN_E_LIMIT : REDAN_OK);
            redan_buf_done(&text);
            redan_ctx_done(&ctx);
        }
    }
}

static struct redan_slice written(struct redan_ctx *ctx, const struct redan_bundle *bundle)
{
    struct redan_buf out REDAN_DEFER(redan_buf_done) = {0};
    struct redan_slice text = {0};

    redan_buf_init(&out, ctx, REDAN_BUNDLE_MAX);
    redan_bundle_add(&out, bundle);
    assert_ok(redan_buf_ok(ctx, &out, "a bundle"));
    assert_ok(redan_copy(ctx, redan_buf_view(&out), &text));
    return text;
}

/* What is read is written so that it reads the same: the second text is the first. */
static void check_round(struct redan_ctx *ctx, struct redan_slice text)
{
    struct redan_bundle one = {0};
    struct redan_bundle two = {0};

    assert_ok(redan_bundle_parse(ctx, text, &one));
    struct redan_slice first = written(ctx, &one);
    assert_ok(redan_bundle_parse(ctx, first, &two));
    struct redan_slice second = written(ctx, &two);
    assert_int_equal(first.len, second.len);
    assert_memory_equal(first.at, second.at, first.len);
    assert_int_equal(two.version, REDAN_BUNDLE_V03);
    assert_int_equal(one.material, two.material);
    assert_true(redan_slice_eq(one.hint, two.hint));
    assert_true(redan_slice_eq(one.key_pem, two.key_pem));
    assert_true(redan_slice_eq(one.signature, two.signature));
    assert_true(redan_slice_eq(one.dsse.payload, two.dsse.payload));
    assert_true(one.is_dsse == two.is_dsse && one.has_digest == two.has_digest);
    assert_true(redan_sum_eq(&one.digest, &two.digest));
    assert_int_equal(one.certificate_count, two.certificate_count);
    for (size_t i = 0; i < one.certificate_count; i++)
        assert_true(redan_slice_eq(one.certificates[i], two.certificates[i]));
    assert_int_equal(one.stamp_count, two.stamp_count);
    for (size_t i = 0; i < one.stamp_count; i++)
        assert_true(redan_slice_eq(one.stamps[i], two.stamps[i]));
    assert_int_equal(one.log_count, two.log_count);
    for (size_t i = 0; i < one.log_count; i++) {
        const struct redan_bundle_log *a = &one.logs[i];
        const struct redan_bundle_log *b = &two.logs[i];
        assert_true(a->index == b->index && a->time == b->time && a->has_time == b->has_time);
        assert_true(a->has_proof == b->has_proof && a->proof_index == b->proof_index);
        assert_true(a->proof_size == b->proof_size && a->proof_count == b->proof_count);
        assert_true(redan_digest_eq(&a->proof_root, &b->proof_root));
        for (size_t k = 0; k < a->proof_count; k++)
            assert_true(redan_digest_eq(&a->proof_path[k], &b->proof_path[k]));
        assert_true(redan_slice_eq(a->log_id, b->log_id) && redan_slice_eq(a->kind, b->kind));
        assert_true(redan_slice_eq(a->version, b->version) && redan_slice_eq(a->body, b->body));
        assert_true(redan_slice_eq(a->promise, b->promise));
        assert_true(redan_slice_eq(a->checkpoint, b->checkpoint));
    }
}

static void test_round(void **state)
{
    static const struct row rows[] = {
        {"\"certificate\":{\"rawBytes\":\"AQID\"}", "\"publicKey\":{\"rawBytes\":\"AQID\"}", 0, 0},
        {"\"certificate\":{\"rawBytes\":\"AQID\"}", "\"publicKey\":{}", 0, 0},
        {"\"certificate\":{\"rawBytes\":\"AQID\"}",
         "\"x509CertificateChain\":{\"certificates\":[{\"rawBytes\":\"AQID\"},{\"rawBytes\":"
         "\"BA==\"}]}",
         0, 0},
        {"{\"algorithm\":\"SHA2_256\",\"digest\":\"" SUM "\"}", "null", 0, 0},
        {"\"1689177396\"", "\"0\"", 0, 0},
    };
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    check_round(&ctx, REDAN_S(whole));
    check_round(&ctx, REDAN_S(envelope));
    for (size_t i = 0; i < REDAN_COUNT(rows); i++)
        check_round(&ctx, changed(&ctx, whole, &rows[i]));
    redan_ctx_done(&ctx);
}

/* The text that everybody writes, byte for byte: model_signing and the schema of OMS look for these fields. */
static void test_written(void **state)
{
    struct redan_ctx ctx;
    struct redan_bundle bundle = {0};

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_bundle_parse(&ctx, REDAN_S(envelope), &bundle));
    struct redan_slice text = written(&ctx, &bundle);
    assert_int_equal(text.len, sizeof(envelope)); /* and a newline */
    assert_memory_equal(text.at, envelope, sizeof(envelope) - 1);
    assert_int_equal(text.at[text.len - 1], '\n');
    redan_ctx_done(&ctx);
}

/* A large payload is decoded once, and a bundle past the limit is not looked at. */
static void test_large(void **state)
{
    struct redan_limits limits = redan_limits_default;
    struct redan_ctx ctx;
    struct redan_bundle bundle = {0};
    size_t most = 96 << 20; /* more than the default limit of a JSON text */
    const char *at = strstr(envelope, "cGF5bG9hZA==");

    (void)state;
    limits.memory = (size_t)4 << 30;
    redan_ctx_init(&ctx, &limits);
    char *text = redan_take(&ctx, (size_t)REDAN_BUNDLE_MAX + 1);
    assert_non_null(text);
    size_t head = (size_t)(at - envelope);
    size_t tail = strlen(at + 12);
    memcpy(text, envelope, head);
    memset(text + head, 'A', most);
    memcpy(text + head + most, at + 12, tail);
    size_t before = ctx.mem.used;
    assert_ok(redan_bundle_parse(&ctx, (struct redan_slice){text, head + most + tail}, &bundle));
    assert_int_equal(bundle.dsse.payload.len, most / 4 * 3);
    assert_true(ctx.mem.peak - before < most + (most >> 2));
    memset(text, ' ', (size_t)REDAN_BUNDLE_MAX + 1);
    assert_int_equal(
        redan_bundle_parse(&ctx, (struct redan_slice){text, (size_t)REDAN_BUNDLE_MAX + 1}, &bundle),
        REDAN_E_LIMIT);
    redan_ctx_done(&ctx);
}

static void test_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        enum redan_status got = REDAN_E_MEMORY;
        for (uint64_t n = 1; got != REDAN_OK; n++) {
            struct redan_ctx ctx;
            struct redan_bundle bundle = {0};
            struct redan_buf out REDAN_DEFER(redan_buf_done) = {0};
            redan_ctx_init(&ctx, NULL);
            ctx.mem.fail_at = n;
            got = redan_bundle_parse(&ctx, i ? REDAN_S(envelope) : REDAN_S(whole), &bundle);
            if (got == REDAN_OK) {
                redan_buf_init(&out, &ctx, 65536);
                redan_bundle_add(&out, &bundle);
                got = redan_buf_ok(&ctx, &out, "a bundle");
            }
            assert_true(got == REDAN_OK ||
                        (got == REDAN_E_MEMORY && ctx.failure.status == REDAN_E_MEMORY));
            redan_buf_done(&out);
            redan_ctx_done(&ctx);
            assert_int_equal(ctx.mem.used, 0);
            assert_true(n < 1000);
        }
    }
}

/* The published vectors: those whose form is wrong, and no other. */
static const char *const wrong[] = {
    "bundle-empty-certificate-chain_fail",
    "bundle-invalid-base64-signature_fail",
    "bundle-malformed-json_fail",
    "bundle-negative-log-index_fail",
    "bundle-unknown-version_fail",
    "rekor2-timestamp-with-incorrect-time_fail", /* base64 in lines */
    "0-signatures.sig",
    "2-signatures-garbage-good.sig",
    "2-signatures-good-garbage.sig",
    "bom-prefix.sig",
    "both-dsseenvelope-and-messagesignature.sig",
    "duplicate-json-key-in-bundle.sig",
    "mediatype-v0-4.sig",
    "payload-base64-unpadded.sig",
    "payload-base64-with-illegal-char.sig",
    "payload-base64-with-newline.sig",
    "trailing-json-garbage-after-bundle.sig",
    "unknown-top-level-field.sig",
    "empty.bundle.json",
    "missing-envelope.bundle.json",
    "missing-verification-material.bundle.json",
    NULL,
};

static size_t check_vectors(struct redan_ctx *ctx, const char *samples, const char *folder,
                            const char *file)
{
    struct redan_slice path = {0};
    struct redan_slice *names = NULL;
    size_t count = 0;
    size_t read = 0;

    assert_ok(redan_format(ctx, &path, "%s/signing/%s", samples, folder));
    assert_ok(redan_folder_list(ctx, path, &names, &count));
    for (size_t i = 0; i < count; i++) {
        struct redan_bundle bundle = {0};
        struct redan_slice text = {0};
        assert_ok(redan_format(ctx, &path, "%s/signing/%s/%.*s%s", samples, folder,
                               REDAN_FMT(names[i]), file));
        if (redan_file_read(ctx, path, REDAN_BUNDLE_MAX, false, &text) != REDAN_OK) {
            redan_fail_clear(ctx);
            continue;
        }
        enum redan_status status = redan_bundle_parse(ctx, text, &bundle);
        if ((status != REDAN_OK) != redan_slice_among(wrong, names[i]))
            fail_msg("%s: %s %s", path.at, redan_status_name(status), ctx->failure.text);
        redan_fail_clear(ctx);
        if (status == REDAN_OK)
            check_round(ctx, text);
        read++;
    }
    return read;
}

static void test_samples(void **state)
{
    const char *samples = getenv("REDAN_SAMPLES");
    struct redan_ctx ctx;

    (void)state;
    if (!samples || !*samples)
        samples = REDAN_SOURCE "/../shared/samples";
    if (access(samples, R_OK) != 0) {
        print_message("no samples in %s; REDAN_SAMPLES names their folder\n", samples);
        skip();
    }
    redan_ctx_init(&ctx, NULL);
    assert_int_equal(check_vectors(&ctx, samples, "sigstore-conformance/assets/bundle-verify",
                                   "/bundle.sigstore.json"),
                     70);
    assert_int_equal(check_vectors(&ctx, samples, "oms/generated/bundles", ""), 62);
    assert_int_equal(check_vectors(&ctx, samples, "oms", "/model.sig"), 13);
    assert_int_equal(check_vectors(&ctx, samples, "oms/oms-spec/test-vectors/v1.0/valid", ""), 3);
    assert_int_equal(check_vectors(&ctx, samples, "oms/oms-spec/test-vectors/v1.0/invalid", ""), 4);
    redan_ctx_done(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),   cmocka_unit_test(test_material),
        cmocka_unit_test(test_entries), cmocka_unit_test(test_content),
        cmocka_unit_test(test_limits),  cmocka_unit_test(test_round),
        cmocka_unit_test(test_written), cmocka_unit_test(test_large),
        cmocka_unit_test(test_memory),  cmocka_unit_test(test_samples),
    };
    return cmocka_run_group_tests_name("bundle", tests, NULL, NULL);
}
