/* Importers: what each format becomes, what is refused and where, what hostile reports cost. */
#include "test.h"

#include <stdio.h>

#include "base/clock.h"
#include "codec/canonical.h"
#include "record/import.h"

#define HEX_0 "0000000000000000000000000000000000000000000000000000000000000000"
#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct redan_release_item subject = {.name = {"model", 5}}; /* the digest of zeros */
static const struct redan_keyring no_keys = {.version = 1};

struct row {
    const char *type;
    const char *text;
    const char *observed; /* canonical; NULL: refused */
    uint64_t n;
    const char *why; /* part of the failure's text */
};

static struct redan_query query_of(const char *type)
{
    return (struct redan_query){.control = REDAN_S("c"),
                                .id = REDAN_S("e"),
                                .subject = &subject,
                                .type = redan_evidence_type_named(redan_slice_of(type))};
}

static const char *canonical(struct redan_ctx *ctx, const struct redan_node *node)
{
    struct redan_buf out REDAN_DEFER(redan_buf_done);
    struct redan_slice text = {0};

    redan_buf_init(&out, ctx, 1 << 20);
    assert_ok(redan_canonical_add(ctx, &out, node));
    assert_ok(redan_buf_ok(ctx, &out, "a tree"));
    assert_ok(redan_copy(ctx, redan_buf_view(&out), &text));
    return text.at;
}

static enum redan_status import(struct redan_ctx *ctx, const char *name,
                                const struct redan_keyring *ring, const char *type,
                                struct redan_slice text, struct redan_imported *imported)
{
    struct redan_query query = query_of(type);

    assert_non_null(query.type);
    return redan_importer_named(redan_slice_of(name))->read(ctx, ring, &query, text, imported);
}

static void check_row(const char *name, size_t i, const struct row *row)
{
    struct redan_imported imported = {0};
    struct redan_ctx ctx;

    redan_ctx_init(&ctx, NULL);
    enum redan_status status =
        import(&ctx, name, &no_keys, row->type, redan_slice_of(row->text), &imported);
    if ((status == REDAN_OK) != (row->observed != NULL))
        fail_msg("%s row %zu: %s (%s)", name, i, redan_status_name(status), ctx.failure.text);
    if (row->observed) {
        assert_string_equal(canonical(&ctx, imported.observed), row->observed);
        assert_int_equal(imported.n, row->n);
        assert_false(imported.signed_by_known);
    } else if (!strstr(ctx.failure.text, row->why)) {
        fail_msg("%s row %zu: %s", name, i, ctx.failure.text);
    }
    redan_ctx_done(&ctx);
    assert_int_equal(ctx.mem.used, 0);

    status = REDAN_E_MEMORY; /* again, with every allocation failing once */
    for (uint64_t n = 1; status == REDAN_E_MEMORY; n++) {
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = n;
        status = import(&ctx, name, &no_keys, row->type, redan_slice_of(row->text), &imported);
        assert_int_equal(status == REDAN_E_MEMORY, ctx.failure.status == REDAN_E_MEMORY);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
    assert_int_equal(status == REDAN_OK, row->observed != NULL);
}

#define CHECK_ROWS(name, rows)                     \
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) \
    check_row(name, i, &(rows)[i])

static void test_json(void **state)
{
    static const struct row rows[] = {
        {"metric", "{\"auc\":{\"value\":0.5,\"low\":0.4,\"high\":0.6},\"n\":300}",
         "{\"auc\":{\"high\":0.6,\"low\":0.4,\"value\":0.5},\"n\":300}", 300, NULL},
        {"config", "{}", "{}", 1, NULL},
        {"policy", " {\"violations\":0,\"n\":0}\n", "{\"n\":0,\"violations\":0}", 0, NULL},
        {"log", "{\"n\":9007199254740992}", "{\"n\":9007199254740992}", 9007199254740992U, NULL},
        {"git", "{\"n\":1.2e1,\"record\":{}}", "{\"n\":12,\"record\":{}}", 12, NULL},
        {"tests", "{\"passedTests\":[\"a\"],\"failedTests\":[]}",
         "{\"failedTests\":[],\"passedTests\":[\"a\"]}", 1, NULL},
        {"tests", "{\"record\":{},\"passedTests\":[]}", NULL, 0, "header"},
        {"metric", "{\"n\":1.5}", NULL, 0, "whole number"},
        {"metric", "{\"n\":-1}", NULL, 0, "whole number"},
        {"metric", "{\"n\":1e16}", NULL, 0, "whole number"},
        {"metric", "{\"n\":1e999}", NULL, 0, "whole number"},
        {"metric", "{\"n\":\"7\"}", NULL, 0, "whole number"},
        {"metric", "{\"n\":null}", NULL, 0, "whole number"},
        {"metric", "[{\"n\":1}]", NULL, 0, "is a list, not a map"},
        {"metric", "7", NULL, 0, "is a number, not a map"},
        {"metric", "{\"n\":1}{\"n\":2}", NULL, 0, ""},
        {"metric", "{\"a\":1,\"a\":2}", NULL, 0, ""},
        {"metric", "{\"a\":\"\xff\"}", NULL, 0, ""},
        {"metric", "", NULL, 0, ""},
    };

    (void)state;
    CHECK_ROWS("json", rows);
}

#define TOOL "\"tool\":{\"driver\":{\"name\":\"t\"}}"
#define RAN "\"invocations\":[{\"executionSuccessful\":true}]"
#define SARIF(run) "{\"version\":\"2.1.0\",\"runs\":[{" run "}]}"
#define SEEN(findings, error, warning, note, suppressed, coverage)                \
    "{\"coverage\":\"" coverage "\",\"error\":" #error ",\"findings\":" #findings \
    ",\"note\":" #note ",\"suppressed\":" #suppressed ",\"tool\":\"t\",\"warning\":" #warning "}"

static void test_sarif(void **state)
{
    static const struct row rows[] = {
        {"scan", "{\"version\":\"2.1.0\",\"runs\":[]}",
         "{\"coverage\":\"unknown\",\"error\":0,\"findings\":0,\"note\":0,\"suppressed\":0,"
         "\"tool\":"
         "[],\"warning\":0}",
         0, NULL},
        {"scan", SARIF(TOOL "," RAN ",\"results\":[]"), SEEN(0, 0, 0, 0, 0, "complete"), 1, NULL},
        {"scan", "\xef\xbb\xbf" SARIF(TOOL "," RAN ",\"results\":[]"),
         SEEN(0, 0, 0, 0, 0, "complete"), 1, NULL},
        {"scan", SARIF(TOOL "," RAN ",\"results\":[],\"artifacts\":[{},{},{}]"),
         SEEN(0, 0, 0, 0, 0, "complete"), 3, NULL},
        {"scan", SARIF(TOOL "," RAN ",\"results\":[],\"artifacts\":[]"),
         SEEN(0, 0, 0, 0, 0, "complete"), 0, NULL},
        /* what is no complete scan */
        {"scan", SARIF(TOOL "," RAN), SEEN(0, 0, 0, 0, 0, "unknown"), 1, NULL},
        {"scan", SARIF(TOOL "," RAN ",\"results\":null"), SEEN(0, 0, 0, 0, 0, "unknown"), 1, NULL},
        {"scan", SARIF(TOOL ",\"results\":[]"), SEEN(0, 0, 0, 0, 0, "unknown"), 1, NULL},
        {"scan", SARIF(TOOL ",\"invocations\":[],\"results\":[]"), SEEN(0, 0, 0, 0, 0, "unknown"),
         1, NULL},
        {"scan", SARIF(TOOL ",\"invocations\":[{}],\"results\":[]"), SEEN(0, 0, 0, 0, 0, "unknown"),
         1, NULL},
        {"scan",
         SARIF(TOOL ",\"invocations\":[{\"executionSuccessful\":true},{\"executionSuccessful\":"
                    "false}],\"results\":[]"),
         SEEN(0, 0, 0, 0, 0, "unknown"), 1, NULL},
        {"scan", SARIF(TOOL ",\"invocations\":[{\"executionSuccessful\":\"true\"}],\"results\":[]"),
         SEEN(0, 0, 0, 0, 0, "unknown"), 1, NULL},
        {"scan",
         SARIF(TOOL ",\"invocations\":[{\"executionSuccessful\":true,"
                    "\"toolExecutionNotifications\":[{\"level\":\"error\"}]}],\"results\":[]"),
         SEEN(0, 0, 0, 0, 0, "unknown"), 1, NULL},
        /* levels */
        {"scan",
         SARIF(TOOL "," RAN ",\"results\":[{},{\"level\":\"error\"},{\"level\":\"note\"},"
                    "{\"level\":\"none\"},{\"kind\":\"open\"},{\"kind\":\"fail\"}]"),
         SEEN(6, 1, 2, 1, 0, "complete"), 1, NULL},
        {"scan",
         SARIF("\"tool\":{\"driver\":{\"name\":\"t\",\"rules\":[{\"id\":\"A\"},{\"id\":\"B\","
               "\"defaultConfiguration\":{\"level\":\"error\"}}]},\"extensions\":[{\"name\":\"x\","
               "\"rules\":[{\"id\":\"X\",\"defaultConfiguration\":{\"level\":\"note\"}}]}]}," RAN
               ",\"results\":[{\"ruleId\":\"B\"},{\"ruleIndex\":1},{\"ruleId\":\"B/1/2\"},"
               "{\"ruleId\":\"A\"},{\"ruleId\":\"unknown\"},{\"ruleIndex\":9},{\"ruleIndex\":-1},"
               "{\"rule\":{\"id\":\"B\"}},"
               "{\"rule\":{\"index\":0,\"toolComponent\":{\"index\":0}}},"
               "{\"rule\":{\"index\":0,\"toolComponent\":{\"index\":7}}}]"),
         SEEN(10, 4, 5, 1, 0, "complete"), 1, NULL},
        {"scan", /* an override raises, and never lowers; a rule twice counts as the worse */
         SARIF("\"tool\":{\"driver\":{\"name\":\"t\",\"rules\":[{\"id\":\"A\"},{\"id\":\"B\","
               "\"defaultConfiguration\":{\"level\":\"error\"}},{\"id\":\"C\"},{\"id\":\"C\","
               "\"defaultConfiguration\":{\"level\":\"error\"}}]}},"
               "\"invocations\":[{\"executionSuccessful\":true,\"ruleConfigurationOverrides\":["
               "{\"descriptor\":{\"id\":\"A\"},\"configuration\":{\"level\":\"error\"}},"
               "{\"descriptor\":{\"index\":1},\"configuration\":{\"level\":\"none\"}},"
               "{\"descriptor\":{\"id\":\"none such\"},\"configuration\":{\"level\":\"note\"}}]}],"
               "\"results\":[{\"ruleId\":\"A\"},{\"ruleId\":\"B\"},{\"ruleId\":\"C\"}]"),
         SEEN(3, 3, 0, 0, 0, "complete"), 1, NULL},
        /* what is no finding */
        {"scan",
         SARIF(TOOL "," RAN ",\"results\":[{\"kind\":\"pass\"},{\"kind\":\"notApplicable\"},"
                    "{\"baselineState\":\"absent\"},{\"baselineState\":\"new\"},"
                    "{\"suppressions\":[]},{\"suppressions\":[{\"kind\":\"inSource\"}]},"
                    "{\"suppressions\":[{\"status\":\"accepted\"},{\"status\":\"rejected\"}]},"
                    "{\"suppressions\":[{\"status\":\"underReview\"}]},{\"suppressions\":[7]}]"),
         SEEN(5, 0, 5, 0, 1, "complete"), 1, NULL},
        {"scan",
         "{\"version\":\"2.1.0\",\"runs\":[{" TOOL "," RAN
         ",\"results\":[{}]},{\"tool\":{\"driver\":"
         "{\"name\":\"u\"}}," RAN ",\"results\":[],\"artifacts\":[{},{}]},{" TOOL "," RAN
         ",\"results\":[]}]}",
         "{\"coverage\":\"complete\",\"error\":0,\"findings\":1,\"note\":0,\"suppressed\":0,"
         "\"tool\":"
         "[\"t\",\"u\"],\"warning\":1}",
         4, NULL},
        /* what is refused */
        {"tests", SARIF(TOOL), NULL, 0, "choose another format"},
        {"scan", "[]", NULL, 0, "is a list, not a map"},
        {"scan", "{}", NULL, 0, "2.1.0"},
        {"scan", "{\"version\":\"2.0.0\",\"runs\":[]}", NULL, 0, "2.1.0"},
        {"scan", "{\"version\":\"2.1.0\"}", NULL, 0, "runs"},
        {"scan", "{\"version\":\"2.1.0\",\"runs\":null}", NULL, 0, "runs"},
        {"scan", "{\"version\":\"2.1.0\",\"runs\":{}}", NULL, 0, "runs is a map, not a list"},
        {"scan", "{\"version\":\"2.1.0\",\"runs\":[7]}", NULL, 0, "a run is a number"},
        {"scan", SARIF("\"results\":[]"), NULL, 0, "tool.driver.name"},
        {"scan", SARIF(TOOL ",\"results\":{}"), NULL, 0, "results is a map"},
        {"scan", SARIF(TOOL ",\"results\":[[]]"), NULL, 0, "a result is a list"},
        {"scan", SARIF(TOOL ",\"results\":[{\"level\":\"grave\"}]"), NULL, 0, "level"},
        {"scan", SARIF(TOOL ",\"results\":[{\"level\":3}]"), NULL, 0, "level is a number"},
        {"scan", SARIF(TOOL ",\"results\":[{\"suppressions\":{}}]"), NULL, 0, "suppressions"},
        {"scan", SARIF(TOOL ",\"artifacts\":3"), NULL, 0, "artifacts is a number"},
        {"scan", SARIF(TOOL ",\"invocations\":3"), NULL, 0, "invocations is a number"},
        {"scan", SARIF(TOOL ",\"externalPropertyFileReferences\":{\"results\":[{}]}"), NULL, 0,
         "elsewhere"},
        {"scan", "{\"version\":\"2.1.0\",\"runs\":[],\"inlineExternalProperties\":[{}]}", NULL, 0,
         "elsewhere"},
        {"scan",
         SARIF("\"tool\":{\"driver\":{\"name\":\"t\",\"rules\":[{\"defaultConfiguration\":{"
               "\"level\":\"x\"}}]}}"),
         NULL, 0, "level"},
        {"scan", "{\"version\":\"2.1.0\",\"runs\":[", NULL, 0, ""},
    };

    (void)state;
    CHECK_ROWS("sarif", rows);
}

#define RESULT(result, passed, failed)                                            \
    "{\"configuration\":[],\"failedTests\":[" failed "],\"passedTests\":[" passed \
    "],\"result\":\"" result "\",\"warnedTests\":[]}"

static void test_junit(void **state)
{
    static const struct row rows[] = {
        {"tests", "<testsuites/>", RESULT("PASSED", "", ""), 0, NULL},
        {"tests",
         "<?xml version='1.0'?><testsuite name='s' tests='3' failures='1'><properties/>"
         "<testcase classname='a.B' name='one' time='0.1'/><testcase name='two'>"
         "<failure message='m'>text</failure></testcase><testcase "
         "name='three'><skipped/></testcase>"
         "<system-out>x</system-out></testsuite>",
         RESULT("FAILED", "\"a.B.one\"", "\"two\""), 2, NULL},
        {"tests",
         "<testsuites><testsuite><testsuite><testcase name='x'/></testsuite><testcase name='y'>"
         "<error/></testcase></testsuite><testcase name='z'/></testsuites>",
         RESULT("FAILED", "\"x\",\"z\"", "\"y\""), 3, NULL},
        /* one name, several runs: the worst counts, and a run that was skipped hides none */
        {"tests",
         "<testsuite><testcase name='x'/><testcase name='x'><failure/></testcase><testcase "
         "name='x'/><testcase name='y'><skipped/></testcase><testcase name='y'/></testsuite>",
         RESULT("FAILED", "\"y\"", "\"x\""), 2, NULL},
        /* GoogleTest and CTest say in attributes that a test did not run, or failed */
        {"tests",
         "<testsuite><testcase name='a' status='notrun' result='suppressed'/><testcase name='b' "
         "status='disabled'/><testcase name='c' status='run' result='completed'/><testcase "
         "name='d' status='fail'/><testcase name='e' status='Skipped'/></testsuite>",
         RESULT("FAILED", "\"c\"", "\"d\""), 2, NULL},
        {"tests", "<testsuite><testcase name='a&amp;&#34;b'/></testsuite>",
         RESULT("PASSED", "\"a&\\\"b\"", ""), 1, NULL},
        {"tests", "<testsuite errors='0' failures=' 0 '><testcase name='a'/></testsuite>",
         RESULT("PASSED", "\"a\"", ""), 1, NULL},
        /* what is refused */
        {"scan", "<testsuites/>", NULL, 0, "choose another format"},
        {"tests", "<html/>", NULL, 0, "root element is <html>"},
        {"tests", "<testsuite><testcase/></testsuite>", NULL, 0, "without a name"},
        {"tests", "<testsuite failures='2'><testcase name='a'/></testsuite>", NULL, 0,
         "counts 2 failures and lists none"},
        {"tests", "<testsuites><testsuite errors='1'/></testsuites>", NULL, 0, "counts 1 errors"},
        {"tests", "<testsuite failures='many'/>", NULL, 0, "not a count"},
        {"tests", "<testsuite failures='-1'/>", NULL, 0, "not a count"},
        {"tests", "<testsuite>", NULL, 0, ""},
        {"tests", "", NULL, 0, ""},
        {"tests", "{}", NULL, 0, ""},
        {"tests", "<!DOCTYPE a [<!ENTITY b 'c'>]><testsuite><testcase name='&b;'/></testsuite>",
         NULL, 0, "document type"},
    };

    (void)state;
    CHECK_ROWS("junit", rows);
}

static void test_places(void **state)
{
    struct redan_imported imported;
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_int_equal(import(&ctx, "junit", &no_keys, "tests",
                            REDAN_S("<testsuite>\n  <testcase/>\n</testsuite>"), &imported),
                     REDAN_E_SCHEMA);
    assert_int_equal(ctx.failure.line, 2);
    assert_int_equal(ctx.failure.column, 3);
    redan_fail_clear(&ctx);
    assert_int_equal(
        import(&ctx, "json", &no_keys, "metric", REDAN_S("{\"a\":1,\"n\":\"x\"}"), &imported),
        REDAN_E_SCHEMA);
    assert_int_equal(ctx.failure.offset, 11);
    redan_ctx_done(&ctx);
}

/* Long reports: names, rules and results by the ten thousand, in time that grows no faster than they do. */
static void test_large(void **state)
{
    enum { MANY = 20000 };
    struct redan_imported imported = {0};
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (int format = 0; format < 2; format++) {
        struct redan_buf out REDAN_DEFER(redan_buf_done);
        redan_buf_init(&out, &ctx, 16 << 20);
        redan_buf_text(&out, format ? "<testsuite>"
                                    : "{\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{"
                                      "\"name\":\"t\",\"rules\":[{}");
        for (int i = 0; i < MANY; i++)
            redan_buf_printf(&out, format ? "<testcase name='%d'/>" : ",{\"id\":\"%d\"}", i);
        redan_buf_text(&out, format ? "</testsuite>" : "]}},\"results\":[{}");
        for (int i = 0; i < MANY && !format; i++)
            redan_buf_printf(&out, ",{\"ruleId\":\"%d/x\"}", MANY - i);
        redan_buf_text(&out, format ? "" : "]}]}");
        assert_ok(redan_buf_ok(&ctx, &out, "a report"));
        assert_ok(import(&ctx, format ? "junit" : "sarif", &no_keys, format ? "tests" : "scan",
                         redan_buf_view(&out), &imported));
        assert_int_equal(imported.n, format ? MANY : 1);
    }
    redan_ctx_done(&ctx);
}

static void test_deep(void **state)
{
    struct redan_imported imported = {0};
    struct redan_ctx ctx;

    (void)state;
    for (size_t depth = 31; depth <= 33; depth++) {
        struct redan_buf out;
        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&out, &ctx, 1 << 20);
        for (size_t i = 0; i < depth; i++)
            redan_buf_text(&out, "<testsuite>");
        for (size_t i = 0; i < depth; i++)
            redan_buf_text(&out, "</testsuite>");
        assert_int_equal(import(&ctx, "junit", &no_keys, "tests", redan_buf_view(&out), &imported),
                         depth <= ctx.limits.depth ? REDAN_OK : REDAN_E_LIMIT);
        redan_buf_done(&out);
        redan_ctx_done(&ctx);
    }
}

#define STATEMENT(hex, type, predicate)                                                        \
    "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"name\":\"m\",\"digest\":{" \
    "\"sha256\":\"" hex "\"}}],\"predicateType\":\"" type "\",\"predicate\":" predicate "}"
#define SLSA "https://slsa.dev/provenance/v1"
#define BUILT                                                                                  \
    "{\"buildDefinition\":{\"resolvedDependencies\":[{},{},{}]},\"runDetails\":{\"builder\":{" \
    "\"id\":\"https://ci.example/1\"}}}"

/* A ring in which "ci" holds `key` through the year 2026. */
static void make_ring(struct redan_ctx *ctx, const struct redan_key *key,
                      struct redan_keyring *ring)
{
    struct redan_problems problems;
    struct redan_buf line REDAN_DEFER(redan_buf_done);
    struct redan_slice text = {0};

    redan_buf_init(&line, ctx, 10000);
    redan_key_add_public_ssh(&line, key, REDAN_S(""));
    struct redan_slice public = redan_slice_trim(redan_buf_view(&line));
    assert_ok(redan_format(ctx, &text,
                           "schema: redan/keys/1\norg: bank\nversion: 1\n"
                           "root: {threshold: 1, keys: [k]}\nholders: [{id: ci, kind: service}]\n"
                           "keys:\n  - {id: k, holder: ci, from: 2026-01-01, until: 2027-01-01, "
                           "public: \"%.*s\"}\n",
                           REDAN_FMT(public)));
    redan_problems_init(&problems, ctx, REDAN_S("keys.yaml"));
    assert_ok(redan_keyring_parse(&problems, text, ring));
    if (problems.count)
        fail_msg("keys.yaml: %.*s", REDAN_FMT(problems.first->text));
}

static struct redan_slice sign(struct redan_ctx *ctx, const struct redan_key *key, const char *type,
                               const char *payload)
{
    struct redan_dsse envelope = {.payload_type = redan_slice_of(type),
                                  .payload = redan_slice_of(payload)};
    struct redan_buf out REDAN_DEFER(redan_buf_done);
    struct redan_slice text = {0};

    assert_ok(redan_dsse_sign(ctx, &envelope, key));
    redan_buf_init(&out, ctx, 1 << 20);
    redan_dsse_add(&out, &envelope);
    assert_ok(redan_copy(ctx, redan_buf_view(&out), &text));
    return text;
}

static void test_intoto(void **state)
{
    static const struct {
        const char *payload;
        int64_t year; /* when it is imported */
        bool known;   /* signed by the key in the ring */
        const char *observed;
        uint64_t n;
        const char *why;
    } rows[] = {
        {STATEMENT(HEX_0, SLSA, BUILT), 2026, true,
         "{\"builder\":\"https://ci.example/1\",\"materials\":3,\"predicate\":\"" SLSA
         "\",\"signers\":[\"ci\"],\"verified\":true}",
         3, NULL},
        {STATEMENT(HEX_0, SLSA, BUILT), 2026, false,
         "{\"builder\":\"https://ci.example/1\",\"materials\":3,\"predicate\":\"" SLSA
         "\",\"signers\":[],\"verified\":false}",
         3, NULL},
        {STATEMENT(HEX_0, SLSA, BUILT), 2028, true, /* the key has expired, and there is no stamp */
         "{\"builder\":\"https://ci.example/1\",\"materials\":3,\"predicate\":\"" SLSA
         "\",\"signers\":[],\"verified\":false}",
         3, NULL},
        {STATEMENT(HEX_0, SLSA, "{}"), 2026, true,
         "{\"builder\":\"ci\",\"materials\":0,\"predicate\":\"" SLSA
         "\",\"signers\":[\"ci\"],\"verified\":true}",
         1, NULL},
        {STATEMENT(HEX_0, "urn:other", BUILT), 2026, true,
         "{\"builder\":\"ci\",\"materials\":0,\"predicate\":\"urn:other\",\"signers\":[\"ci\"],"
         "\"verified\":true}",
         1, NULL},
        {STATEMENT(HEX_0, SLSA, "{\"buildDefinition\":7,\"runDetails\":[]}"), 2026, false,
         "{\"builder\":\"\",\"materials\":0,\"predicate\":\"" SLSA
         "\",\"signers\":[],\"verified\":false}",
         1, NULL},
        {STATEMENT(HEX_A, SLSA, BUILT), 2026, true, NULL, 0,
         "none of its 1 subjects has the digest of release.model"},
        {"{}", 2026, true, NULL, 0, "in-toto"},
        {"x", 2026, true, NULL, 0, ""},
    };
    char time[32];

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_keyring ring = {.version = 0};
        struct redan_key *keys[2] = {NULL, NULL};
        struct redan_imported imported = {0};
        struct redan_ctx ctx;
        redan_ctx_init(&ctx, NULL);
        (void)snprintf(time, sizeof(time), "%lld-06-01", (long long)rows[i].year);
        assert_true(redan_time_parse(redan_slice_of(time), &ctx.now));
        for (int k = 0; k < 2; k++)
            assert_ok(redan_key_new(&ctx, REDAN_KEY_ED25519, &keys[k]));
        make_ring(&ctx, keys[0], &ring);
        struct redan_slice text =
            sign(&ctx, keys[rows[i].known ? 0 : 1], REDAN_DSSE_INTOTO, rows[i].payload);
        enum redan_status status = import(&ctx, "in-toto", &ring, "attestation", text, &imported);
        if ((status == REDAN_OK) != (rows[i].observed != NULL))
            fail_msg("row %zu: %s", i, ctx.failure.text);
        if (rows[i].observed) {
            assert_string_equal(canonical(&ctx, imported.observed), rows[i].observed);
            assert_int_equal(imported.n, rows[i].n);
            assert_int_equal(imported.signed_by_known,
                             strstr(rows[i].observed, "\"verified\":true") != NULL);
        } else if (!strstr(ctx.failure.text, rows[i].why)) {
            fail_msg("row %zu: %s", i, ctx.failure.text);
        }
        redan_fail_clear(&ctx);
        status = REDAN_E_MEMORY;
        for (uint64_t n = 1; status == REDAN_E_MEMORY; n++) {
            struct redan_arena_mark mark = redan_arena_mark(&ctx.arena);
            ctx.mem.fail_at = ctx.mem.calls + n;
            status = import(&ctx, "in-toto", &ring, "attestation", text, &imported);
            ctx.mem.fail_at = 0;
            redan_arena_reset(&ctx.arena, mark);
            redan_fail_clear(&ctx);
        }
        assert_int_equal(status == REDAN_OK, rows[i].observed != NULL);
        redan_key_free(keys[0]);
        redan_key_free(keys[1]);
        redan_keyring_done(&ring);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

static void test_intoto_refused(void **state)
{
    static const struct row rows[] = {
        {"metric", "{}", NULL, 0, "choose another format"},
        {"attestation", "{}", NULL, 0, ""},
        {"attestation",
         "{\"payloadType\":\"text/plain\",\"payload\":\"\",\"signatures\":[{\"sig\":\"AA==\"}]}",
         NULL, 0, "payloadType"},
    };
    struct redan_query query = query_of("attestation");
    struct redan_imported imported;
    struct redan_key *key = NULL;
    struct redan_ctx ctx;

    (void)state;
    CHECK_ROWS("in-toto", rows);
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_key_new(&ctx, REDAN_KEY_ED25519, &key));
    struct redan_slice text = sign(&ctx, key, REDAN_DSSE_INTOTO, STATEMENT(HEX_0, SLSA, BUILT));
    query.subject = NULL;
    assert_int_equal(
        redan_importer_named(REDAN_S("in-toto"))->read(&ctx, &no_keys, &query, text, &imported),
        REDAN_E_SCHEMA);
    assert_non_null(strstr(ctx.failure.text, "has no subject"));
    redan_key_free(key);
    redan_ctx_done(&ctx);
}

static void test_table(void **state)
{
    (void)state;
    assert_null(redan_importer_named(REDAN_S("")));
    assert_null(redan_importer_named(REDAN_S("SARIF")));
    for (size_t i = 0; redan_importers[i]; i++) {
        const struct redan_importer *importer = redan_importers[i];
        assert_ptr_equal(redan_importer_named(redan_slice_of(importer->name)), importer);
        assert_true(i == 0 || strcmp(redan_importers[i - 1]->name, importer->name) < 0);
        assert_true(strlen(importer->title) > 0);
        assert_true(!importer->type ||
                    redan_evidence_type_named(redan_slice_of(importer->type)) != NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json),   cmocka_unit_test(test_sarif),
        cmocka_unit_test(test_junit),  cmocka_unit_test(test_places),
        cmocka_unit_test(test_large),  cmocka_unit_test(test_deep),
        cmocka_unit_test(test_intoto), cmocka_unit_test(test_intoto_refused),
        cmocka_unit_test(test_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
