/* The detector of archives: each rule has an archive that trips it, and one close by that does not. */
#include "test.h"

#include "pack.h"
#include "scan/policy.h"
#include "scan/scan.h"
#include "zip_build.h"

enum { NONE = -1, NOTE = REDAN_LEVEL_NOTE, WARN = REDAN_LEVEL_WARN, FAIL = REDAN_LEVEL_FAIL };

static const struct redan_slice text = {"{\"text\": \"of no harm, of no harm, of no harm\"}", 46};

static struct zip_member *one(struct zip_build *zip, const char *name)
{
    zip_build_member(zip, "other.json", REDAN_S("{}"));
    return zip_build_member(zip, name, text);
}

static void honest(struct zip_build *zip)
{
    one(zip, "a/b.json")->streamed = true;
    zip->zip64 = true;
}

static void renamed(struct zip_build *zip)
{
    one(zip, "a.json")->local.name = "b.json";
}

static void flagged(struct zip_build *zip)
{
    struct zip_member *member = one(zip, "a.json");

    member->local.flags = member->central.flags = 1;
}

static void locked(struct zip_build *zip)
{
    struct zip_member *member = one(zip, "a.json");

    member->local.flags = member->central.flags = 1;
    member->local.crc = member->central.crc = 1;
    member->bytes = REDAN_S("\x9c\x31\x07\x88\xe2\x44\x90\xf3\x5a\x1d\xbe\x66\xc9\x02");
}

static void wrong_sum(struct zip_build *zip)
{
    struct zip_member *member = one(zip, "a.json");

    member->local.crc = member->central.crc = 5;
}

static void wrong_size(struct zip_build *zip)
{
    one(zip, "a.json")->local.unpacked = 7;
}

static void orphan(struct zip_build *zip)
{
    one(zip, "a.json")->hidden = true;
}

static void counts(struct zip_build *zip)
{
    (void)one(zip, "a.json");
    zip->count_said = 1;
}

static void duplicate(struct zip_build *zip)
{
    (void)one(zip, "other.json");
}

static void cased(struct zip_build *zip)
{
    (void)one(zip, "OTHER.json");
}

static void cased_others(struct zip_build *zip) /* as classes of a jar */
{
    zip_build_member(zip, "a.class", REDAN_S("1\n"));
    zip_build_member(zip, "A.class", REDAN_S("2\n"));
}

static void overlapping(struct zip_build *zip)
{
    one(zip, "a.json")->central.offset = 0;
}

static void prefixed(struct zip_build *zip)
{
    (void)one(zip, "a.json");
    zip->prefix = REDAN_S("bytes before");
}

static void zeros(struct zip_build *zip)
{
    (void)one(zip, "a.json");
    zip->trailing = (struct redan_slice){"\0\0\0\0\0\0\0\0", 8};
}

static void climbing(struct zip_build *zip)
{
    (void)one(zip, "../a.json");
}

static void absolute(struct zip_build *zip)
{
    (void)one(zip, "/etc/a.json");
}

static void dotted(struct zip_build *zip)
{
    (void)one(zip, "a/../b..json");
}

static void link_to(struct zip_build *zip, struct redan_slice target)
{
    struct zip_member *member = one(zip, "a/link");

    member->bytes = target;
    member->made_by = 0x0314;
    member->attributes = 0xa1ff0000U;
}

static void link_out(struct zip_build *zip)
{
    link_to(zip, REDAN_S("../../x"));
}

static void link_in(struct zip_build *zip)
{
    link_to(zip, REDAN_S("../x"));
}

static void control(struct zip_build *zip)
{
    (void)one(zip, "a\033[2Kb.json");
}

static void backslash(struct zip_build *zip)
{
    (void)one(zip, "a\\b.json");
}

static void endless(struct zip_build *zip)
{
    (void)one(zip, "a.json");
    zip->no_end = true;
}

static const struct {
    const char *rule;
    void (*make)(struct zip_build *zip);
    const char *file;
    int level;
} rows[] = {
    {"ARC101", renamed, "x.zip", WARN},     {"ARC102", flagged, "x.zip", WARN},
    {"ARC102", locked, "x.zip", NONE},      {"ARC103", wrong_sum, "x.zip", WARN},
    {"ARC103", locked, "x.zip", NONE},      {"ARC104", wrong_size, "x.zip", WARN},
    {"ARC105", orphan, "x.zip", WARN},      {"ARC105", endless, "x.zip", NONE},
    {"ARC106", counts, "x.zip", WARN},      {"ARC107", duplicate, "x.zip", WARN},
    {"ARC107", cased, "x.zip", WARN},       {"ARC107", cased_others, "x.zip", NONE},
    {"ARC108", overlapping, "x.zip", WARN}, {"ARC109", prefixed, "x.zip", WARN},
    {"ARC109", zeros, "x.zip", NONE},       {"ARC110", climbing, "x.zip", WARN},
    {"ARC110", climbing, "x.keras", FAIL},  {"ARC110", climbing, "x.MAR", FAIL},
    {"ARC110", absolute, "x.zip", WARN},    {"ARC110", dotted, "x.keras", NONE},
    {"ARC111", link_out, "x.zip", WARN},    {"ARC111", link_out, "x.nemo", FAIL},
    {"ARC111", link_in, "x.nemo", NONE},    {"ARC112", control, "x.zip", WARN},
    {"ARC112", backslash, "x.zip", NONE},   {"ARC114", endless, "x.zip", NOTE},
};

static void scan(struct redan_ctx *ctx, struct redan_slice bytes, const char *file,
                 struct redan_scan_artefact *artefact)
{
    struct redan_scan_options options = {0};
    struct redan_source source;

    assert_ok(
        redan_scan_tables_parse(ctx, REDAN_S(""), true, &options.tables)); /* none is needed */
    redan_source_memory(&source, bytes);
    assert_ok(redan_scan_source(ctx, &options, &source, redan_slice_of(file), artefact));
    redan_source_done(&source);
}

static int level_of(const struct redan_scan_artefact *artefact, const char *rule)
{
    int level = NONE;

    for (const struct redan_finding *f = artefact->findings.first; f; f = f->next) {
        if (strncmp(f->rule->id, rule, strlen(rule)) == 0 && (int)f->level > level)
            level = (int)f->level;
    }
    return level;
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        struct redan_buf out;
        struct redan_scan_artefact artefact = {0};
        struct zip_build zip = zip_build_new();
        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&out, &ctx, SIZE_MAX);
        rows[i].make(&zip);
        zip_build_add(&out, &zip);
        scan(&ctx, redan_buf_view(&out), rows[i].file, &artefact);
        if (level_of(&artefact, rows[i].rule) != rows[i].level)
            fail_msg("row %zu: %s is at level %d, not %d", i, rows[i].rule,
                     level_of(&artefact, rows[i].rule), rows[i].level);
        redan_buf_done(&out);
        redan_ctx_done(&ctx);
    }
}

/* An honest archive: nothing at any level, and all of it read. */
static void test_honest(void **state)
{
    struct redan_ctx ctx;
    struct redan_buf out;
    struct redan_scan_artefact artefact = {0};
    struct zip_build zip = zip_build_new();

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&out, &ctx, SIZE_MAX);
    honest(&zip);
    zip_build_add(&out, &zip);
    scan(&ctx, redan_buf_view(&out), "x.zip", &artefact);
    assert_int_equal(level_of(&artefact, ""), NONE);
    assert_int_equal(artefact.coverage, REDAN_COVERAGE_COMPLETE);
    assert_int_equal(artefact.members, 2);
    redan_buf_done(&out);
    redan_ctx_done(&ctx);
}

/* A bomb is told, and its coverage is not complete; much of nothing in a file of its size is none. */
static void test_bomb(void **state)
{
    enum { MANY = 24 << 20, FEW = 300 << 10 };
    struct redan_limits limits = redan_limits_default;
    struct redan_ctx ctx;
    struct redan_buf out;
    struct redan_scan_artefact artefact = {0};

    (void)state;
    limits.unpacked = 8 << 20;
    redan_ctx_init(&ctx, &limits);
    redan_buf_init(&out, &ctx, SIZE_MAX);
    char *zeros_only = redan_take(&ctx, MANY);
    assert_non_null(zeros_only);
    pack_add(&out, REDAN_PACK_GZIP, (struct redan_slice){zeros_only, MANY});
    scan(&ctx, redan_buf_view(&out), "x.gz", &artefact);
    assert_int_equal(level_of(&artefact, "ARC113"), WARN);
    assert_int_equal(artefact.coverage, REDAN_COVERAGE_INCOMPLETE);
    redan_buf_clear(&out);
    pack_add(&out, REDAN_PACK_GZIP, (struct redan_slice){zeros_only, FEW});
    artefact = (struct redan_scan_artefact){0};
    scan(&ctx, redan_buf_view(&out), "x.gz", &artefact);
    assert_int_equal(level_of(&artefact, "ARC113"), NONE);
    for (int packed = 0; packed < 2; packed++) { /* by what the members are said to unpack to */
        struct zip_build zip = zip_build_new();
        for (int i = 0; i < 3; i++)
            zip_build_member(&zip, i ? i == 1 ? "a" : "b" : "c",
                             (struct redan_slice){zeros_only, MANY / 2})
                ->deflated = packed;
        redan_buf_clear(&out);
        zip_build_add(&out, &zip);
        artefact = (struct redan_scan_artefact){0};
        scan(&ctx, redan_buf_view(&out), "x.zip", &artefact);
        assert_int_equal(level_of(&artefact, "ARC113"), packed ? WARN : NONE);
    }
    redan_buf_done(&out);
    redan_ctx_done(&ctx);
}

/* Archives within archives: each within limits.containers is looked at, what lies deeper is told as not read. */
static void test_nested(void **state)
{
    struct redan_ctx ctx;
    struct redan_buf out;
    struct redan_slice bytes = {"{}", 2};

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&out, &ctx, SIZE_MAX);
    for (size_t depth = 1; depth < 12; depth++) {
        struct redan_scan_artefact artefact = {0};
        struct zip_build zip = zip_build_new();
        zip_build_member(&zip, depth == 1 ? "a.json" : "a.zip", bytes);
        redan_buf_clear(&out);
        zip_build_add(&out, &zip);
        assert_ok(redan_copy(&ctx, redan_buf_view(&out), &bytes));
        scan(&ctx, bytes, "x.zip", &artefact);
        assert_int_equal(level_of(&artefact, ""), NONE);
        assert_int_equal(artefact.coverage, depth <= ctx.limits.containers
                                                ? REDAN_COVERAGE_COMPLETE
                                                : REDAN_COVERAGE_INCOMPLETE);
    }
    redan_buf_done(&out);
    redan_ctx_done(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_honest),
        cmocka_unit_test(test_bomb),
        cmocka_unit_test(test_nested),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
