/* The engine: what lies inside is looked at, what was not read is said, and no bound or failure makes anything clean. */
#include "test.h"

#include <stdio.h>

#include "pack.h"
#include "pickle_asm.h"
#include "scan/policy.h"
#include "zip_build.h"

struct bench {
    struct redan_ctx ctx;
    struct redan_scan_options options;
    struct redan_buf evil, good, out;
};

static void begin(struct bench *b)
{
    redan_ctx_init(&b->ctx, NULL);
    b->options = (struct redan_scan_options){0};
    assert_ok(redan_scan_tables_builtin(&b->ctx, &b->options.tables));
    redan_buf_init(&b->evil, &b->ctx, 1 << 20);
    redan_buf_init(&b->good, &b->ctx, 1 << 20);
    redan_buf_init(&b->out, &b->ctx, 8 << 20);
    pickle_whole(&b->evil, "posix", "system", "id");
    pickle_proto(&b->good, 2);
    pickle_ops(&b->good, "}.");
}

static void end(struct bench *b)
{
    redan_buf_done(&b->evil);
    redan_buf_done(&b->good);
    redan_buf_done(&b->out);
    redan_ctx_done(&b->ctx);
}

static struct redan_scan_artefact scan(struct bench *b, struct redan_slice bytes)
{
    struct redan_scan_artefact artefact = {0};
    struct redan_source source;

    redan_source_memory(&source, bytes);
    assert_ok(redan_scan_source(&b->ctx, &b->options, &source, REDAN_S("m"), &artefact));
    redan_source_done(&source);
    assert_int_equal(b->ctx.failure.status, REDAN_OK);
    return artefact;
}

/* `depth` archives, one in the other, around a pickle. */
static struct redan_slice nest(struct bench *b, struct redan_slice inner, unsigned depth)
{
    for (unsigned i = 0; i < depth; i++) {
        struct zip_build zip = zip_build_new();
        struct redan_slice copy = {0};

        redan_buf_clear(&b->out);
        (void)zip_build_member(&zip, i == 0 ? "a.pkl" : "in.zip", inner);
        zip_build_add(&b->out, &zip);
        assert_ok(redan_copy(&b->ctx, redan_buf_view(&b->out), &copy));
        inner = copy;
    }
    return inner;
}

static void looks_inside_as_deep_as_the_limit(void **state)
{
    struct bench b;

    (void)state;
    begin(&b);
    for (unsigned depth = 0; depth <= b.ctx.limits.containers + 2; depth++) {
        struct redan_scan_artefact a = scan(&b, nest(&b, redan_buf_view(&b.evil), depth));

        if (depth <= b.ctx.limits.containers) {
            assert_int_equal(a.verdict, REDAN_SCAN_MALICIOUS);
            assert_int_equal(a.coverage, REDAN_COVERAGE_COMPLETE);
            assert_int_equal(a.members, depth);
        } else {
            assert_int_equal(a.coverage, REDAN_COVERAGE_INCOMPLETE);
            assert_non_null(strstr(a.reason.at, "nested too deep"));
        }
    }
    end(&b);
}

static void names_the_chain(void **state)
{
    struct bench b;
    struct redan_slice text = {0}, again = {0};

    (void)state;
    begin(&b);
    struct redan_scan_artefact a = scan(&b, nest(&b, redan_buf_view(&b.evil), 2));
    assert_non_null(a.findings.first);
    assert_slice(a.findings.first->subject, "in.zip!a.pkl");
    assert_slice(a.formats, "zip");
    assert_ptr_equal(redan_scan_rule_of(a.findings.first),
                     redan_scan_rule_named(redan_slice_of(a.findings.first->rule->id)));
    assert_ok(redan_scan_fingerprint(&b.ctx, a.findings.first, &text));
    a = scan(&b, nest(&b, redan_buf_view(&b.evil), 2));
    assert_ok(redan_scan_fingerprint(&b.ctx, a.findings.first, &again));
    assert_true(redan_slice_eq(text, again));
    end(&b);
}

/* Whatever the first member does, the second is read. */
static void one_bad_member_hides_nothing(void **state)
{
    static const char elf[] = "\x7f" /* a new literal: E is a hexadecimal digit */
                              "ELF";
    const char *const bad[] = {"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7f",
                               "PK\x03\x04 and no more",
                               "\x1f\x8b\x08 not gzip",
                               "{\"a\": [1, 2",
                               "\x93NUMPY\x01",
                               elf};

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(bad); i++) {
        struct bench b;
        struct zip_build zip = zip_build_new();

        begin(&b);
        struct zip_member *first = zip_build_member(&zip, "first", redan_slice_of(bad[i]));
        first->central.crc = 1;
        (void)zip_build_member(&zip, "second", redan_buf_view(&b.evil));
        zip_build_add(&b.out, &zip);
        struct redan_scan_artefact a = scan(&b, redan_buf_view(&b.out));
        assert_int_equal(a.verdict, REDAN_SCAN_MALICIOUS);
        end(&b);
    }
}

static void unknown_bytes_are_never_clean_and_complete(void **state)
{
    static const struct {
        struct redan_slice bytes;
        enum redan_coverage coverage;
    } rows[] = {
        {{"", 0}, REDAN_COVERAGE_COMPLETE},
        {{"\x00\x01\x02\xfe\xff\x00\x01", 7}, REDAN_COVERAGE_UNINSPECTED},
        {{"plain words\n", 12}, REDAN_COVERAGE_COMPLETE},
        {{"7z\xbc\xaf\x27\x1c\x00\x04", 8}, REDAN_COVERAGE_UNINSPECTED},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct bench b;

        begin(&b);
        struct redan_scan_artefact a = scan(&b, rows[i].bytes);
        if (rows[i].coverage == REDAN_COVERAGE_COMPLETE)
            assert_int_equal(a.coverage, REDAN_COVERAGE_COMPLETE);
        else
            assert_int_not_equal(a.coverage, REDAN_COVERAGE_COMPLETE);
        assert_true((a.coverage == REDAN_COVERAGE_COMPLETE) == (a.reason.len == 0));
        end(&b);
    }
}

static void the_gravest_are_told(void **state)
{
    struct bench b;

    (void)state;
    begin(&b);
    b.ctx.limits.scan_findings = 3;
    pickle_proto(&b.out, 2);
    for (unsigned i = 0; i < 40; i++) {
        char name[16];

        (void)snprintf(name, sizeof(name), "f%u", i);
        pickle_call(&b.out, "nobody.knows", name, "x");
    }
    pickle_call(&b.out, "posix", "system", "id");
    pickle_stop(&b.out);
    struct redan_scan_artefact a = scan(&b, redan_buf_view(&b.out));
    unsigned fails = 0;
    for (const struct redan_finding *f = a.findings.first; f; f = f->next)
        fails += f->level == REDAN_LEVEL_FAIL;
    assert_int_equal(a.verdict, REDAN_SCAN_MALICIOUS);
    assert_int_equal(a.findings.count, 3);
    assert_true(a.more > 0);
    assert_true(fails > 0);
    end(&b);
}

/* Notes have a room of their own: they never take that of a warning. */
static void notes_hide_no_warning(void **state)
{
    struct bench b;
    unsigned notes = 0, warnings = 0;

    (void)state;
    begin(&b);
    b.ctx.limits.scan_findings = 3;
    pickle_proto(&b.out, 2);
    for (unsigned i = 0; i < 40; i++) {
        redan_buf_clear(&b.evil);
        pickle_proto(&b.evil, 2);
        pickle_int(&b.evil, (int32_t)i);
        pickle_text(&b.evil, "long enough to be one");
        pickle_stop(&b.evil);
        pickle_bytes(&b.out, b.evil.data, b.evil.len);
        pickle_ops(&b.out, "0");
    }
    pickle_call(&b.out, "nobody.knows", "f", "x");
    pickle_stop(&b.out);
    struct redan_scan_artefact a = scan(&b, redan_buf_view(&b.out));
    for (const struct redan_finding *f = a.findings.first; f; f = f->next) {
        notes += f->level == REDAN_LEVEL_NOTE;
        warnings += f->level == REDAN_LEVEL_WARN;
    }
    assert_true(a.more > 0);
    assert_true(notes > 0);
    assert_true(warnings > 0);
    assert_int_equal(a.verdict, REDAN_SCAN_SUSPICIOUS);
    end(&b);
}

static void a_pickle_of_too_many_opcodes_is_incomplete(void **state)
{
    struct bench b;

    (void)state;
    begin(&b);
    b.ctx.limits.pickle_ops = 64;
    pickle_proto(&b.out, 2);
    for (unsigned i = 0; i < 200; i++)
        pickle_ops(&b.out, "N0");
    pickle_ops(&b.out, "N.");
    struct redan_scan_artefact a = scan(&b, redan_buf_view(&b.out));
    assert_int_equal(a.coverage, REDAN_COVERAGE_INCOMPLETE);
    assert_true(a.reason.len > 0);
    end(&b);
}

/* What one member used is gone for the next. */
static void opcodes_are_counted_over_all_members(void **state)
{
    (void)state;
    for (unsigned members = 1; members <= 2; members++) {
        struct zip_build zip = zip_build_new();
        struct bench b;

        begin(&b);
        size_t most = b.ctx.limits.pickle_ops = 300;
        redan_buf_clear(&b.good);
        pickle_proto(&b.good, 2);
        for (unsigned i = 0; i < 100; i++)
            pickle_ops(&b.good, "N0");
        pickle_ops(&b.good, "N.");
        for (unsigned i = 0; i < members; i++)
            (void)zip_build_member(&zip, i ? "b.pkl" : "a.pkl", redan_buf_view(&b.good));
        zip_build_add(&b.out, &zip);
        assert_int_equal(scan(&b, redan_buf_view(&b.out)).coverage,
                         members == 1 ? REDAN_COVERAGE_COMPLETE : REDAN_COVERAGE_INCOMPLETE);
        assert_int_equal(b.ctx.limits.pickle_ops, most); /* as the caller has it */
        end(&b);
    }
}

/* A few bytes that unpack to millions of things are not all looked at, and that is said. */
static void facts_are_counted(void **state)
{
    (void)state;
    for (unsigned thousands = 500; thousands <= 1500; thousands += 1000) {
        struct redan_buf REDAN_DEFER(redan_buf_done) text, REDAN_DEFER(redan_buf_done) packed;
        struct bench b;

        begin(&b);
        redan_buf_init(&text, &b.ctx, 8 << 20);
        redan_buf_init(&packed, &b.ctx, 8 << 20);
        redan_buf_char(&text, '[');
        for (unsigned i = 0; i < thousands * 1000; i++)
            redan_buf_text(&text, "{},");
        redan_buf_text(&text, "1]");
        pack_add(&packed, REDAN_PACK_GZIP, redan_buf_view(&text));
        assert_int_equal(scan(&b, redan_buf_view(&packed)).coverage,
                         thousands < 1000 ? REDAN_COVERAGE_COMPLETE : REDAN_COVERAGE_INCOMPLETE);
        end(&b);
    }
}

static void done_failing(struct redan_source *source)
{
    redan_mem_give(source->mem, source->window, source->window_cap);
    source->window = NULL;
    source->window_cap = source->window_len = 0;
}

/* Refuses once what is beyond its first half. */
static enum redan_status read_failing(struct redan_ctx *ctx, struct redan_source *source,
                                      uint64_t offset, char *to, size_t len, size_t *got)
{
    uint64_t *failures = source->state;

    *got = 0;
    if (offset + len > source->size / 2 && (*failures)++ == 0)
        return redan_fail(ctx, REDAN_E_IO, offset, "refused");
    if (offset < source->size) {
        *got = redan_min_size(len, (size_t)(source->size - offset));
        memset(to, 'w', *got);
    }
    return REDAN_OK;
}

/* A sniffer that could not look did not say no. */
static void a_failed_look_is_never_complete(void **state)
{
    static const struct redan_source_kind kind = {
        .name = "failing", .read = read_failing, .done = done_failing};
    struct bench b;
    struct redan_scan_artefact a = {0};
    uint64_t failures = 0;

    (void)state;
    begin(&b);
    struct redan_source source = {
        .size = 80000, .kind = &kind, .mem = &b.ctx.mem, .fd = -1, .state = &failures};
    assert_ok(redan_scan_source(&b.ctx, &b.options, &source, REDAN_S("m"), &a));
    assert_true(failures > 0);
    assert_int_not_equal(a.coverage, REDAN_COVERAGE_COMPLETE);
    assert_true(a.reason.len > 0);
    redan_source_done(&source);
    end(&b);
}

/* Out of memory anywhere: a status, a verdict, or a coverage that says so; never a clean bill. */
static void no_memory_is_never_clean(void **state)
{
    bool whole = false;

    (void)state;
    for (uint64_t n = 1; !whole; n++) {
        struct bench b;
        struct redan_scan_artefact a = {0};
        struct redan_source source;

        begin(&b);
        struct redan_slice bytes = nest(&b, redan_buf_view(&b.evil), 2);
        redan_source_memory(&source, bytes);
        b.ctx.mem.fail_at = b.ctx.mem.calls + n;
        enum redan_status status = redan_scan_source(&b.ctx, &b.options, &source, REDAN_S("m"), &a);
        whole = b.ctx.mem.calls < b.ctx.mem.fail_at;
        b.ctx.mem.fail_at = 0;
        if (status == REDAN_OK)
            assert_true(a.verdict == REDAN_SCAN_MALICIOUS || a.coverage != REDAN_COVERAGE_COMPLETE);
        redan_source_done(&source);
        end(&b);
    }
}

static void members_are_counted(void **state)
{
    struct bench b;

    (void)state;
    begin(&b);
    b.ctx.limits.members = 2;
    struct zip_build zip = zip_build_new();
    for (unsigned i = 0; i < 4; i++)
        (void)zip_build_member(&zip,
                               i == 3   ? "d"
                               : i == 2 ? "c"
                               : i == 1 ? "b"
                                        : "a",
                               redan_buf_view(&b.good));
    zip_build_add(&b.out, &zip);
    struct redan_scan_artefact a = scan(&b, redan_buf_view(&b.out));
    assert_int_equal(a.coverage, REDAN_COVERAGE_INCOMPLETE);
    assert_true(a.members <= 2);
    end(&b);
}

static void a_name_decides_nothing(void **state)
{
    static const char *const names[] = {"x.safetensors", "x.json", "x.txt", "x.png", "x", "x.onnx"};

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(names); i++) {
        struct bench b;
        struct redan_scan_artefact a = {0};
        struct redan_source source;
        bool promised = false;

        begin(&b);
        redan_source_memory(&source, redan_buf_view(&b.evil));
        assert_ok(redan_scan_source(&b.ctx, &b.options, &source, redan_slice_of(names[i]), &a));
        assert_int_equal(a.verdict, REDAN_SCAN_MALICIOUS);
        for (const struct redan_finding *f = a.findings.first; f; f = f->next)
            promised |= strcmp(f->rule->id, "FMT202") == 0;
        assert_int_equal(promised, strcmp(names[i], "x") != 0);
        redan_source_done(&source);
        end(&b);
    }
}

static void two_formats_at_once_are_said(void **state)
{
    struct bench b;

    (void)state;
    begin(&b);
    struct zip_build zip = zip_build_new();
    zip.prefix = redan_buf_view(&b.good);
    (void)zip_build_member(&zip, "a.txt", REDAN_S("words\n"));
    zip_build_add(&b.out, &zip);
    struct redan_scan_artefact a = scan(&b, redan_buf_view(&b.out));
    bool said = false;
    for (const struct redan_finding *f = a.findings.first; f; f = f->next)
        said |= strcmp(f->rule->id, "FMT201") == 0;
    assert_true(said);
    assert_true(a.verdict >= REDAN_SCAN_SUSPICIOUS);
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looks_inside_as_deep_as_the_limit),
        cmocka_unit_test(names_the_chain),
        cmocka_unit_test(one_bad_member_hides_nothing),
        cmocka_unit_test(unknown_bytes_are_never_clean_and_complete),
        cmocka_unit_test(the_gravest_are_told),
        cmocka_unit_test(notes_hide_no_warning),
        cmocka_unit_test(a_pickle_of_too_many_opcodes_is_incomplete),
        cmocka_unit_test(opcodes_are_counted_over_all_members),
        cmocka_unit_test(facts_are_counted),
        cmocka_unit_test(a_failed_look_is_never_complete),
        cmocka_unit_test(no_memory_is_never_clean),
        cmocka_unit_test(members_are_counted),
        cmocka_unit_test(a_name_decides_nothing),
        cmocka_unit_test(two_formats_at_once_are_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
