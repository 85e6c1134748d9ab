/* What a model's signature may say: rows of the must-reject list, what is accepted with a remark, and that what we write reads back. */
#include "test.h"

#include <stdio.h>

#include "base/hex.h"
#include "codec/canonical.h"
#include "codec/json.h"
#include "sign/manifest.h"
#include "sign/manifest_parts.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define R(name, hex) "{\"name\":\"" name "\",\"algorithm\":\"sha256\",\"digest\":\"" hex "\"}"
#define FILES "\"method\":\"files\",\"hash_type\":\"sha256\",\"allow_symlinks\":false"
#define SHARDS \
    "\"method\":\"shards\",\"hash_type\":\"sha256\",\"allow_symlinks\":false,\"shard_size\":2"
#define AB R("a", A64) "," R("b", B64)
#define LONG32 "d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/"

enum { TEXT = 8192 };

/* One statement; a field that is NULL is as it should be. */
struct row {
    const char *what;
    const char *resources;
    const char *serialization;
    const char *type;      /* predicateType */
    const char *statement; /* _type */
    const char *subject;   /* the whole list, "@" for the root */
    const char *more;      /* after the resources, within the predicate */
    const char *says;      /* of the refusal, or of the remark */
    bool refused;
};

static void add_root(struct redan_ctx *ctx, const char *resources, char hex[REDAN_DIGEST_HEX])
{
    struct redan_buf bytes;
    struct redan_digest root;

    redan_buf_init(&bytes, ctx, TEXT);
    for (const char *at = strstr(resources, "\"digest\":\""); at;
         at = strstr(at, "\"digest\":\"")) {
        uint8_t sum[64];
        at += strlen("\"digest\":\"");
        size_t len = strcspn(at, "\"");
        if (redan_hex_parse((struct redan_slice){at, len}, sum, len / 2))
            redan_buf_add(&bytes, sum, len / 2);
    }
    assert_ok(redan_sha256(ctx, redan_buf_view(&bytes), &root));
    redan_digest_hex(&root, hex);
    redan_buf_done(&bytes);
}

static const char *or_else(const char *text, const char *usual)
{
    return text ? text : usual;
}

static struct redan_slice build(struct redan_ctx *ctx, const struct row *row, char text[TEXT])
{
    char root[REDAN_DIGEST_HEX];
    char subject[1024] = "";
    const char *resources = or_else(row->resources, AB);
    const char *form = or_else(row->subject, "[{\"name\":\"m\",\"digest\":{\"sha256\":\"@\"}}]");
    const char *at = strchr(form, '@');

    add_root(ctx, resources, root);
    if (at)
        (void)snprintf(subject, sizeof(subject), "%.*s%s%s", (int)(at - form), form, root, at + 1);
    else
        (void)snprintf(subject, sizeof(subject), "%s", form);
    int n = snprintf(text, TEXT,
                     "{\"_type\":\"%s\",\"subject\":%s,\"predicateType\":\"%s\",\"predicate\":{"
                     "\"resources\":[%s],\"serialization\":{%s}%s}}",
                     or_else(row->statement, "https://in-toto.io/Statement/v1"), subject,
                     or_else(row->type, REDAN_OMS_PREDICATE), resources,
                     or_else(row->serialization, FILES), or_else(row->more, ""));
    assert_in_range(n, 1, TEXT - 1);
    return (struct redan_slice){text, (size_t)n};
}

static bool remarked(const struct redan_manifest *m, const char *says)
{
    for (size_t i = 0; i < m->remark_count; i++) {
        if (strstr(m->remarks[i].at, says))
            return true;
    }
    return false;
}

static void try_text(const char *what, struct redan_slice payload, bool refused, const char *says)
{
    struct redan_ctx ctx;
    struct redan_manifest m = {.count = 77};

    redan_ctx_init(&ctx, NULL);
    size_t json = ctx.limits.json;
    enum redan_status status = redan_manifest_parse(&ctx, payload, &m);
    if ((status != REDAN_OK) != refused)
        print_error("%s: %s\n", what, status ? ctx.failure.text : "accepted");
    assert_int_equal(status != REDAN_OK, refused);
    assert_int_equal(ctx.limits.json, json);
    if (refused) {
        if (!strstr(ctx.failure.text, says))
            print_error("%s says: %s\n", what, ctx.failure.text);
        assert_non_null(strstr(ctx.failure.text, says));
        assert_int_equal(ctx.failure.status, status);
        assert_int_equal(m.count, 77);
    } else if (says) {
        if (!remarked(&m, says))
            print_error("%s: %s\n", what, m.remark_count ? m.remarks[0].at : "no remark");
        assert_true(remarked(&m, says));
    } else {
        assert_int_equal(m.remark_count, 0);
    }
    redan_ctx_done(&ctx);
}

static const struct row rows[] = {
    {"sound", .says = NULL},
    {"one file by its name", .resources = R("w.bin", A64)},
    {"one file as the reference calls it", .resources = R(".", A64)},
    {"\".\" beside others", .resources = R(".", A64) "," R("b", B64), .says = "one file",
     .refused = true},
    {"no resources", .resources = "", .says = "nothing was signed", .refused = true},
    /* names */
    {"traversal", .resources = R("../x", A64), .says = "leads out", .refused = true},
    {"inner traversal", .resources = R("x/../f1", A64), .says = "leads out", .refused = true},
    {"absolute", .resources = R("/etc/x", A64), .says = "is absolute", .refused = true},
    {"dot step", .resources = R("./f1", A64), .says = "the step \".\"", .refused = true},
    {"inner dot step", .resources = R("d/./f1", A64), .says = "the step \".\"", .refused = true},
    {"slash at the end", .resources = R("f1/", A64), .says = "ends in \"/\"", .refused = true},
    {"two slashes", .resources = R("d//f1", A64), .says = "holds \"//\"", .refused = true},
    {"NUL", .resources = R("f\\u0000", A64), .says = "NUL", .refused = true},
    {"backslash", .resources = R("d\\\\f", A64), .says = "backslash", .refused = true},
    {"no name", .resources = R("", A64), .says = "lacks name", .refused = true},
    {"32 folders", .resources = R(LONG32 "f", A64)},
    {"33 folders", .resources = R(LONG32 "d/f", A64), .says = "32 folders", .refused = true},
    {"the same name, the same digest", .resources = R("a", A64) "," R("a", A64),
     .says = "is there 2 times", .refused = true},
    {"the same name, another digest", .resources = R("a", A64) "," R("a", B64),
     .says = "is there 2 times", .refused = true},
    {"the same name, apart", .resources = R("a", A64) "," R("b", B64) "," R("a", A64),
     .says = "is there 2 times", .refused = true},
    {"one name under NFC", .resources = R("e\\u0301", A64) "," R("\\u00e9", B64), .says = "NFC",
     .refused = true},
    {"one name under NFC, in a folder", .resources = R("o\\u0308/x", A64) "," R("\\u00f6/x", B64),
     .says = "NFC", .refused = true},
    {"names that differ in case", .resources = R("Model.bin", A64) "," R("model.bin", B64),
     .says = "differ in case"},
    {"names that differ in case beyond ASCII", .resources = R("\\u00c9", A64) "," R("\\u00e9", B64),
     .says = "differ in case"},
    {"a run of marks",
     .resources = R("a\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301"
                    "\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301"
                    "\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301\\u0301",
                    A64),
     .says = "combining marks", .refused = true},
    /* order */
    {"reference order", .resources = R("a/z", A64) "," R("a-b", B64),
     .says = "reference client's order"},
    {"specification order", .resources = R("a-b", A64) "," R("a/z", B64)},
    {"no order", .resources = R("b", B64) "," R("a", A64), .says = "in no order"},
    /* digests */
    {"upper case",
     .resources = R("a", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
     .says = "lower-case", .refused = true},
    {"31 bytes",
     .resources = R("a", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
     .says = "has 31 bytes", .refused = true},
    {"64 bytes", .resources = R("a", A64 B64), .says = "has 64 bytes", .refused = true},
    {"no digits", .resources = R("a", "zz"), .says = "lower-case", .refused = true},
    {"no digest", .resources = R("a", ""), .says = "lacks", .refused = true},
    {"another algorithm",
     .resources = "{\"name\":\"a\",\"algorithm\":\"sha512\",\"digest\":\"" A64 "\"}",
     .says = "hash_type is", .refused = true},
    {"two algorithms",
     .resources = R("a", A64) ",{\"name\":\"b\",\"algorithm\":\"md5\",\"digest\":\"" A64 "\"}",
     .says = "one is allowed", .refused = true},
    {"md5", .serialization = "\"method\":\"files\",\"hash_type\":\"md5\",\"allow_symlinks\":false",
     .says = "the hash_type is", .refused = true},
    {"sha512 is no hash of the specification",
     .serialization = "\"method\":\"files\",\"hash_type\":\"sha512\",\"allow_symlinks\":false",
     .says = "the hash_type is", .refused = true},
    {"unknown field in a resource",
     .resources = "{\"name\":\"a\",\"algorithm\":\"sha256\",\"uri\":[1],\"digest\":\"" A64 "\"}"},
    {"a name that is a number",
     .resources = "{\"name\":7,\"algorithm\":\"sha256\",\"digest\":\"" A64 "\"}",
     .says = "is no text", .refused = true},
    {"a resource that is a text", .resources = "\"a\"", .says = "no object", .refused = true},
    /* the root and the subject */
    {"wrong root", .subject = "[{\"name\":\"m\",\"digest\":{\"sha256\":\"" A64 "\"}}]",
     .says = "the resources come to", .refused = true},
    {"short root", .subject = "[{\"name\":\"m\",\"digest\":{\"sha256\":\"aa\"}}]",
     .says = "64 lower-case", .refused = true},
    {"two subjects",
     .subject = "[{\"name\":\"m\",\"digest\":{\"sha256\":\"@\"}},{\"name\":\"n\",\"digest\":{"
                "\"sha256\":\"" A64 "\"}}]",
     .says = "several subjects", .refused = true},
    {"no subject", .subject = "[]", .says = "no subject", .refused = true},
    {"subject without sha256", .subject = "[{\"name\":\"m\",\"digest\":{\"sha512\":\"@\"}}]",
     .says = "no sha256", .refused = true},
    {"sha512 beside sha256",
     .subject = "[{\"name\":\"m\",\"digest\":{\"sha512\":\"00\",\"sha256\":\"@\"}}]"},
    {"subject without name", .subject = "[{\"name\":\"\",\"digest\":{\"sha256\":\"@\"}}]",
     .says = "no name", .refused = true},
    {"subject that is a text", .subject = "[\"@\"]", .says = "no object", .refused = true},
    {"subject that is no list", .subject = "{\"name\":\"@\"}", .says = "no list", .refused = true},
    /* types */
    {"statement v0.1", .statement = "https://in-toto.io/Statement/v0.1", .says = "_type",
     .refused = true},
    {"another predicate", .type = "https://slsa.dev/provenance/v1", .says = "predicateType",
     .refused = true},
    {"predicate v1.1", .type = "https://model_signing/signature/v1.1", .says = "version 1.1"},
    {"predicate v1", .type = "https://model_signing/signature/v1", .says = "predicateType",
     .refused = true},
    {"predicate v2.0", .type = "https://model_signing/signature/v2.0", .says = "predicateType",
     .refused = true},
    {"predicate v1.01", .type = "https://model_signing/signature/v1.01", .says = "predicateType",
     .refused = true},
    {"predicate v1.0x", .type = "https://model_signing/signature/v1.0x", .says = "predicateType",
     .refused = true},
    /* serialization */
    {"no method", .serialization = "\"hash_type\":\"sha256\",\"allow_symlinks\":false",
     .says = "neither files nor shards", .refused = true},
    {"another method",
     .serialization = "\"method\":\"tree\",\"hash_type\":\"sha256\",\"allow_symlinks\":false",
     .says = "neither files nor shards", .refused = true},
    {"no hash_type", .serialization = "\"method\":\"files\",\"allow_symlinks\":false",
     .says = "hash_type", .refused = true},
    {"no allow_symlinks", .serialization = "\"method\":\"files\",\"hash_type\":\"sha256\"",
     .says = "no allow_symlinks", .refused = true},
    {"allow_symlinks as a text",
     .serialization = "\"method\":\"files\",\"hash_type\":\"sha256\",\"allow_symlinks\":\"false\"",
     .says = "neither true nor false", .refused = true},
    {"files with shard_size", .serialization = FILES ",\"shard_size\":2",
     .says = "there is a shard_size", .refused = true},
    {"unknown field in the serialization", .serialization = FILES ",\"later\":{\"x\":1}",
     .says = "later"},
    {"unknown field in the predicate", .more = ",\"later\":[1,2,{}]", .says = "later"},
    {"the serialization twice", .more = ",\"serialization\":{}", .says = "twice", .refused = true},
    /* ignored paths */
    {"ignored paths", .serialization = FILES ",\"ignore_paths\":[\".git\",\"d/e\",\"model.sig\"]"},
    {"ignores everything", .serialization = FILES ",\"ignore_paths\":[\".\"]",
     .says = "nothing would be signed", .refused = true},
    {"ignores everything, and signs nothing", .resources = "",
     .serialization = FILES ",\"ignore_paths\":[\".\"]", .says = "nothing would be signed",
     .refused = true},
    {"ignores an absolute path", .serialization = FILES ",\"ignore_paths\":[\"/etc\"]",
     .says = "is absolute", .refused = true},
    {"ignores above", .serialization = FILES ",\"ignore_paths\":[\"../x\"]", .says = "leads out",
     .refused = true},
    {"ignores by pattern", .serialization = FILES ",\"ignore_paths\":[\"*.bin\"]",
     .says = "a pattern", .refused = true},
    {"ignores nothing", .serialization = FILES ",\"ignore_paths\":[\"\"]", .says = "is empty",
     .refused = true},
    {"ignores a number", .serialization = FILES ",\"ignore_paths\":[1]", .says = "no text",
     .refused = true},
    {"ignore_paths as a text", .serialization = FILES ",\"ignore_paths\":\"x\"", .says = "no list",
     .refused = true},
    /* shards */
    {"shards", .serialization = SHARDS, .resources = R("w:0:2", A64) "," R("w:2:3", B64)},
    {"shards by name", .serialization = SHARDS,
     .resources = R("w:0:2", A64) "," R("w:10:11", B64) "," R("w:2:4", A64) "," R(
         "w:4:6", A64) "," R("w:6:8", A64) "," R("w:8:10", A64)},
    {"shards by number", .serialization = SHARDS,
     .resources = R("w:0:2", A64) "," R("w:2:4", A64) "," R("w:4:6", A64) "," R("w:6:8", A64) "," R(
         "w:8:10", A64) "," R("w:10:11", B64),
     .says = "reference client's order"},
    {"colons in a name", .serialization = SHARDS,
     .resources = R("a:0:2:0:2", A64) "," R("a:0:2:2:3", B64)},
    {"no range", .serialization = SHARDS, .resources = R("w", A64), .says = "is no shard",
     .refused = true},
    {"half a range", .serialization = SHARDS, .resources = R("w:0", A64), .says = "is no shard",
     .refused = true},
    {"leading zeros", .serialization = SHARDS, .resources = R("w:00:2", A64), .says = "is no shard",
     .refused = true},
    {"a sign", .serialization = SHARDS, .resources = R("w:0:+2", A64), .says = "is no shard",
     .refused = true},
    {"backwards", .serialization = SHARDS, .resources = R("w:2:0", A64), .says = "is no shard",
     .refused = true},
    {"beyond 64 bits", .serialization = SHARDS, .resources = R("w:0:18446744073709551616", A64),
     .says = "is no shard", .refused = true},
    {"an empty range", .serialization = SHARDS, .resources = R("w:0:0", A64), .says = "is no shard",
     .refused = true},
    {"a shard without a path", .serialization = SHARDS, .resources = R(":0:2", A64),
     .says = "is empty", .refused = true},
    {"a shard above", .serialization = SHARDS, .resources = R("../w:0:2", A64), .says = "leads out",
     .refused = true},
    {"overlap", .serialization = SHARDS, .resources = R("w:0:2", A64) "," R("w:1:3", B64),
     .says = "overlap", .refused = true},
    {"the same shard twice", .serialization = SHARDS,
     .resources = R("w:0:2", A64) "," R("w:0:2", B64), .says = "overlap", .refused = true},
    {"gap", .serialization = SHARDS, .resources = R("w:0:2", A64) "," R("w:4:6", B64),
     .says = "leave out the bytes 2 to 4", .refused = true},
    {"gap at the beginning", .serialization = SHARDS, .resources = R("w:2:4", A64),
     .says = "leave out the bytes 0 to 2", .refused = true},
    {"a shard that is too long", .serialization = SHARDS, .resources = R("w:0:3", A64),
     .says = "shard_size is 2", .refused = true},
    {"a short shard in the middle", .serialization = SHARDS,
     .resources = R("w:0:1", A64) "," R("w:1:3", B64), .says = "shard_size is 2", .refused = true},
    {"shards without a size",
     .serialization = "\"method\":\"shards\",\"hash_type\":\"sha256\",\"allow_symlinks\":false",
     .resources = R("w:0:2", A64), .says = "no shard_size", .refused = true},
    {"a size with a fraction that is none",
     .serialization = "\"method\":\"shards\",\"hash_type\":\"sha256\",\"allow_symlinks\":false,"
                      "\"shard_size\":2.0",
     .resources = R("w:0:2", A64), .says = "spelled with a fraction"},
    {"a size by exponent",
     .serialization = "\"method\":\"shards\",\"hash_type\":\"sha256\",\"allow_symlinks\":false,"
                      "\"shard_size\":2e0",
     .resources = R("w:0:2", A64), .says = "spelled with a fraction"},
    {"half a byte",
     .serialization = "\"method\":\"shards\",\"hash_type\":\"sha256\",\"allow_symlinks\":false,"
                      "\"shard_size\":2.5",
     .resources = R("w:0:2", A64), .says = "whole number", .refused = true},
    {"size 0",
     .serialization = "\"method\":\"shards\",\"hash_type\":\"sha256\",\"allow_symlinks\":false,"
                      "\"shard_size\":0",
     .resources = R("w:0:2", A64), .says = "whole number", .refused = true},
    {"a negative size",
     .serialization = "\"method\":\"shards\",\"hash_type\":\"sha256\",\"allow_symlinks\":false,"
                      "\"shard_size\":-2",
     .resources = R("w:0:2", A64), .says = "whole number", .refused = true},
    {"a size that is a text",
     .serialization = "\"method\":\"shards\",\"hash_type\":\"sha256\",\"allow_symlinks\":false,"
                      "\"shard_size\":\"2\"",
     .resources = R("w:0:2", A64), .says = "whole number", .refused = true},
    {"a huge exponent",
     .serialization = "\"method\":\"shards\",\"hash_type\":\"sha256\",\"allow_symlinks\":false,"
                      "\"shard_size\":1e99999",
     .resources = R("w:0:2", A64), .says = "whole number", .refused = true},
    {"the reference's algorithm", .serialization = SHARDS,
     .resources = "{\"name\":\"w:0:2\",\"algorithm\":\"sha256-sharded-2\",\"digest\":\"" A64 "\"}",
     .says = "sha256-sharded-2"},
    {"the reference's algorithm, of another size", .serialization = SHARDS,
     .resources = "{\"name\":\"w:0:2\",\"algorithm\":\"sha256-sharded-3\",\"digest\":\"" A64 "\"}",
     .says = "hash_type is", .refused = true},
    {"the reference's algorithm, of files",
     .resources = "{\"name\":\"w\",\"algorithm\":\"sha256-sharded-0\",\"digest\":\"" A64 "\"}",
     .says = "hash_type is", .refused = true},
    /* empty files */
    {"empty files of shards", .serialization = SHARDS, .resources = R("w:0:2", A64),
     .subject = "[{\"name\":\"m\",\"digest\":{\"sha256\":\"@\"},\"annotations\":{\"x\":{},"
                "\"" REDAN_MANIFEST_EMPTY "\":[\"d/e\",\"f\"]}}]"},
    {"empty and not", .serialization = SHARDS, .resources = R("w:0:2", A64),
     .subject = "[{\"name\":\"m\",\"digest\":{\"sha256\":\"@\"},\"annotations\":{"
                "\"" REDAN_MANIFEST_EMPTY "\":[\"w\"]}}]",
     .says = "listed as empty", .refused = true},
    {"empty twice", .serialization = SHARDS, .resources = R("w:0:2", A64),
     .subject = "[{\"name\":\"m\",\"digest\":{\"sha256\":\"@\"},\"annotations\":{"
                "\"" REDAN_MANIFEST_EMPTY "\":[\"e\",\"e\"]}}]",
     .says = "listed as empty", .refused = true},
    {"empty above", .serialization = SHARDS, .resources = R("w:0:2", A64),
     .subject = "[{\"name\":\"m\",\"digest\":{\"sha256\":\"@\"},\"annotations\":{"
                "\"" REDAN_MANIFEST_EMPTY "\":[\"../e\"]}}]",
     .says = "leads out", .refused = true},
    {"empty files of files",
     .subject = "[{\"name\":\"m\",\"digest\":{\"sha256\":\"@\"},\"annotations\":{"
                "\"" REDAN_MANIFEST_EMPTY "\":[\"e\"]}}]",
     .says = "listed apart", .refused = true},
};

static void test_rows(void **state)
{
    char text[TEXT];
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++)
        try_text(rows[i].what, build(&ctx, &rows[i], text), rows[i].refused, rows[i].says);
    redan_ctx_done(&ctx);
}

/* Statements whose very text matters. */
static void test_texts(void **state)
{
#define HEAD "{\"_type\":\"https://in-toto.io/Statement/v1\","
#define OLD "\"predicateType\":\"" REDAN_OMS_PREDICATE_OLD "\",\"predicate\":{\"unused\":\"x\"}}"
#define F(name, hex) "{\"name\":\"" name "\",\"digest\":{\"sha256\":\"" hex "\"}}"
    static const struct {
        const char *what;
        const char *text;
        const char *says;
        bool refused;
    } texts[] = {
        {"nothing", "", "JSON", true},
        {"a list", "[]", "no JSON object", true},
        {"an empty object", "{}", "no _type", true},
        {"what follows the end", HEAD "\"subject\":[" F("a", A64) "]," OLD " x", "found", true},
        {"a byte order mark", "\xef\xbb\xbf" HEAD "\"subject\":[" F("a", A64) "]," OLD,
         "byte order mark", true},
        {"bad UTF-8", HEAD "\"x\":\"\xff\"}", "UTF-8", true},
        {"a key twice", HEAD "\"_type\":\"x\"}", "twice", true},
        {"a key twice, deeper", HEAD "\"subject\":[{\"name\":\"a\",\"name\":\"b\"}]," OLD, "twice",
         true},
        {"no predicateType", HEAD "\"subject\":[" F("a", A64) "]}", "no predicateType", true},
        {"no subject", HEAD OLD, "no subject", true},
        {"no predicate",
         HEAD "\"subject\":[" F("a", A64) "],\"predicateType\":\"" REDAN_OMS_PREDICATE "\"}",
         "no predicate", true},
        {"_type is a number", "{\"_type\":1," OLD, "no text", true},
        {"OMS 0.2", HEAD "\"subject\":[" F("a", A64) " , " F("b", B64) "] , " OLD, "OMS 0.2",
         false},
        {"OMS 0.2 in no order", HEAD "\"subject\":[" F("b", A64) "," F("a", B64) "]," OLD,
         "OMS 0.2", false},
        {"OMS 0.2, twice", HEAD "\"subject\":[" F("a", A64) "," F("a", B64) "]," OLD, "2 times",
         true},
        {"OMS 0.2, above", HEAD "\"subject\":[" F("../a", A64) "]," OLD, "leads out", true},
        {"OMS 0.2, short", HEAD "\"subject\":[" F("a", "aa") "]," OLD, "has 1 bytes", true},
        {"OMS 0.2, nothing", HEAD "\"subject\":[]," OLD, "no subject", true},
        {"the predicate first",
         "{\"predicate\":{\"serialization\":{" FILES
         "},\"resources\":[" R("a", A64) "]},"
                                         "\"predicateType\":\"" REDAN_OMS_PREDICATE
                                         "\",\"subject\":[{\"digest\":{\"sha256\":"
                                         "\"c55deabea4e8bbe2e09ff80b07bfc3c1ec2c39eb88a4a2bd9a2f01b"
                                         "b0fcbb38c\"},\"name\":\"m\"}],"
                                         "\"_type\":\"https://in-toto.io/Statement/v1\"}",
         "resources come to", true},
        {"no serialization",
         HEAD "\"subject\":[" F("a", A64) "],\"predicateType\":\"" REDAN_OMS_PREDICATE
                                          "\",\"predicate\":{\"resources\":[]}}",
         "no serialization", true},
        {"the predicate is a list",
         HEAD "\"subject\":[" F("a", A64) "],\"predicateType\":\"" REDAN_OMS_PREDICATE
                                          "\",\"predicate\":[]}",
         "predicate is no object", true},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(texts); i++)
        try_text(texts[i].what, redan_slice_of(texts[i].text), texts[i].refused, texts[i].says);
}

static void fill(struct redan_manifest_entry *entry, const char *path, uint64_t from, uint64_t to,
                 uint8_t byte)
{
    *entry = (struct redan_manifest_entry){
        .path = redan_slice_of(path), .from = from, .to = to, .sum = {.len = 32}};
    memset(entry->sum.bytes, byte, 32);
}

/* What is written is canonical, the same whatever the order of the files, and reads back as itself without a remark. */
static void round_trip(struct redan_manifest *m, size_t resources)
{
    struct redan_ctx ctx;
    struct redan_slice one = {0};
    struct redan_slice two = {0};
    struct redan_manifest back;
    const struct redan_node *tree = NULL;
    struct redan_buf canonical;

    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_manifest_write(&ctx, m, &one));
    struct redan_manifest_entry first = m->entries[0];
    m->entries[0] = m->entries[m->count - 1];
    m->entries[m->count - 1] = first;
    assert_ok(redan_manifest_write(&ctx, m, &two));
    assert_true(redan_slice_eq(one, two));
    assert_ok(redan_json_parse(&ctx, one, &tree));
    redan_buf_init(&canonical, &ctx, 1 << 20);
    assert_ok(redan_canonical_add(&ctx, &canonical, tree));
    assert_true(redan_slice_eq(redan_buf_view(&canonical), one));
    redan_buf_done(&canonical);
    assert_ok(redan_manifest_parse(&ctx, one, &back));
    assert_int_equal(back.remark_count, 0);
    assert_int_equal(back.count, m->count);
    assert_true(redan_digest_eq(&back.root, &m->root));
    assert_true(redan_slice_eq(back.name, m->name));
    assert_int_equal(back.shards, m->shards);
    assert_int_equal(back.shard_size, m->shard_size);
    assert_int_equal(back.hash, m->hash);
    assert_int_equal(back.links, m->links);
    assert_int_equal(back.ignore_count, m->ignore_count);
    struct redan_manifest_file *files = NULL;
    struct redan_manifest_file *again = NULL;
    size_t count = 0;
    size_t count_again = 0;
    assert_ok(redan_manifest_files(&ctx, m, &files, &count));
    assert_ok(redan_manifest_files(&ctx, &back, &again, &count_again));
    assert_int_equal(count, count_again);
    size_t seen = 0;
    for (size_t i = 0; i < count; i++) {
        assert_true(redan_slice_eq(files[i].path, again[i].path));
        assert_int_equal(files[i].count, again[i].count);
        for (size_t k = 0; k < files[i].count; k++) {
            const struct redan_manifest_entry *a = &m->entries[files[i].entries[k]];
            const struct redan_manifest_entry *b = &back.entries[again[i].entries[k]];
            assert_int_equal(a->from, b->from);
            assert_int_equal(a->to, b->to);
            if (!redan_manifest_is_empty(m, a)) {
                seen++;
                assert_true(redan_sum_eq(&a->sum, &b->sum));
            }
        }
    }
    assert_int_equal(seen, resources);
    redan_ctx_done(&ctx);
}

static void test_write(void **state)
{
    struct redan_manifest_entry entries[8];
    struct redan_slice ignore[] = {REDAN_S("x y"), REDAN_S(".git"), REDAN_S("d/\xc3\xa9\"")};
    struct redan_manifest m = {.name = REDAN_S("model \"one\"\n"), .entries = entries};

    (void)state;
    fill(&entries[0], "b", 0, UINT64_MAX, 1);
    fill(&entries[1], "a/z", 0, UINT64_MAX, 2);
    fill(&entries[2], "a-b", 0, UINT64_MAX, 3);
    fill(&entries[3], "\xc3\xa9\"\t", 0, UINT64_MAX, 4);
    m.count = 4;
    round_trip(&m, 4);
    m.ignore = ignore;
    m.ignore_count = REDAN_COUNT(ignore);
    m.links = true;
    round_trip(&m, 4);
    m.shards = true;
    m.shard_size = UINT64_C(9007199254740993); /* no double has this value */
    fill(&entries[0], "w", 0, UINT64_C(9007199254740993), 1);
    fill(&entries[1], "w", UINT64_C(9007199254740993), UINT64_C(9007199254740995), 2);
    m.count = 2;
    struct redan_ctx ctx;
    struct redan_manifest back;
    struct redan_slice payload = {0};
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_manifest_write(&ctx, &m, &payload));
    assert_ok(redan_manifest_parse(&ctx, payload, &back));
    assert_int_equal(back.shard_size, UINT64_C(9007199254740993));
    assert_int_equal(back.entries[1].to, UINT64_C(9007199254740995));
    redan_ctx_done(&ctx);
    m.shard_size = 5;
    fill(&entries[0], "w", 10, 12, 1);
    fill(&entries[1], "w", 0, 5, 2);
    fill(&entries[2], "w", 5, 10, 3);
    fill(&entries[3], "w:1", 0, 5, 4);
    fill(&entries[4], "e", 0, 0, 0);
    fill(&entries[5], "d/e", 0, 0, 0);
    m.count = 6;
    round_trip(&m, 4);
}

static void test_write_refuses(void **state)
{
    static const struct {
        const char *path;
        bool shards;
        uint64_t to;
        const char *ignore;
        const char *says;
    } bad[] = {
        {"../a", false, UINT64_MAX, "x", "leads out"},
        {"a\\b", false, UINT64_MAX, "x", "backslash"},
        {"a", false, UINT64_MAX, ".", "nothing would be signed"},
        {"a", false, UINT64_MAX, "a*", "a pattern"},
        {"a", true, 0, "x", "every file is empty"},
        {"a", true, 9, "x", "shard_size is 4"},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(bad); i++) {
        struct redan_manifest_entry entry;
        struct redan_slice ignore = redan_slice_of(bad[i].ignore);
        struct redan_manifest m = {.entries = &entry,
                                   .count = 1,
                                   .ignore = &ignore,
                                   .ignore_count = 1,
                                   .shards = bad[i].shards,
                                   .shard_size = bad[i].shards ? 4 : 0};
        struct redan_slice payload = REDAN_S("untouched");
        struct redan_ctx ctx;
        redan_ctx_init(&ctx, NULL);
        fill(&entry, bad[i].path, 0, bad[i].to, 1);
        assert_int_equal(redan_manifest_write(&ctx, &m, &payload), REDAN_E_SCHEMA);
        assert_non_null(strstr(ctx.failure.text, bad[i].says));
        assert_slice(payload, "untouched");
        redan_fail_clear(&ctx);
        m.count = 0;
        assert_int_equal(redan_manifest_write(&ctx, &m, &payload), REDAN_E_SCHEMA);
        assert_non_null(strstr(ctx.failure.text, "empty model"));
        redan_ctx_done(&ctx);
    }
}

static void test_memory(void **state)
{
    const struct row row = {.serialization = SHARDS ",\"ignore_paths\":[\"x\\u00e9\",\"y\"]",
                            .resources = R("\\u00e9:2:3", B64) "," R("\\u00e9:0:2", A64),
                            .subject = "[{\"name\":\"m\",\"digest\":{\"sha256\":\"@\"},"
                                       "\"annotations\":{\"" REDAN_MANIFEST_EMPTY "\":[\"e\"]}}]"};
    char text[TEXT];
    struct redan_ctx ctx;
    bool through = false;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    struct redan_slice payload = build(&ctx, &row, text);
    redan_ctx_done(&ctx);
    for (uint64_t n = 1; !through; n++) {
        struct redan_manifest m;
        struct redan_slice written = {0};
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = ctx.mem.calls + n;
        enum redan_status status = redan_manifest_parse(&ctx, payload, &m);
        if (status == REDAN_OK)
            status = redan_manifest_write(&ctx, &m, &written);
        through = ctx.mem.calls < ctx.mem.fail_at;
        assert_int_equal(status, through ? REDAN_OK : REDAN_E_MEMORY);
        assert_true(n < 1000);
        redan_ctx_done(&ctx);
    }
}

/* A hostile text cannot ask for more memory than its own size warrants. */
static void test_braces(void **state)
{
    struct redan_ctx ctx;
    struct redan_buf text;
    struct redan_manifest m;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&text, &ctx, 2 << 20);
    redan_buf_text(&text, "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"name\":"
                          "\"m\",\"digest\":{\"sha256\":\"" A64 "\"}}],\"predicateType\":"
                          "\"" REDAN_OMS_PREDICATE "\",\"predicate\":{\"x\":\"");
    redan_buf_repeat(&text, '{', 1 << 20);
    redan_buf_text(&text, "\"}}");
    size_t before = ctx.mem.used;
    assert_int_equal(redan_manifest_parse(&ctx, redan_buf_view(&text), &m), REDAN_E_SCHEMA);
    assert_true(ctx.mem.peak - before < (size_t)6 << 20);
    redan_buf_done(&text);
    redan_ctx_done(&ctx);
}

/* 4096 bytes of name are read, one more is refused. */
static void test_long_name(void **state)
{
    char resources[REDAN_MANIFEST_NAME + 256];
    char name[REDAN_MANIFEST_NAME + 2];

    (void)state;
    for (size_t more = 0; more < 2; more++) {
        const struct row row = {.resources = resources};
        struct redan_ctx ctx;
        memset(name, 'n', sizeof(name));
        name[REDAN_MANIFEST_NAME + more] = '\0';
        (void)snprintf(resources, sizeof(resources), R("%s", A64), name);
        redan_ctx_init(&ctx, NULL);
        char *text = redan_take(&ctx, TEXT);
        assert_non_null(text);
        try_text("a long name", build(&ctx, &row, text), more > 0,
                 more > 0 ? "longer than 4096" : NULL);
        redan_ctx_done(&ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),      cmocka_unit_test(test_texts),
        cmocka_unit_test(test_write),     cmocka_unit_test(test_write_refuses),
        cmocka_unit_test(test_memory),    cmocka_unit_test(test_braces),
        cmocka_unit_test(test_long_name),
    };

    return cmocka_run_group_tests_name("manifest", tests, NULL, NULL);
}
