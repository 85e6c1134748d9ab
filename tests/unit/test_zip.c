/* ZIP: honest archives have no defect, every lie is told, and whatever the lie, the bytes it hides are looked at. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "facts.h"
#include "format/format_table.h"
#include "zip_build.h"

/* What is hidden: a text, and a pickle that would call something (protocol 2). */
static const struct redan_slice payloads[] = {
    {"an innocent text that is long enough to be packed packed packed packed packed", 77},
    {"\x80\x02"
     "cnt\nsystem\nX\x13\0\0\0echo this is a testtX\1\0\0\0\x85R.",
     46},
};

struct row {
    const char *what;
    void (*make)(struct zip_build *zip, struct redan_slice payload);
    const char *defects;
    const char *unread;
    size_t members;
    size_t payloads; /* members that hold the payload, at least */
};

static void plain(struct zip_build *zip, struct redan_slice payload)
{
    zip_build_member(zip, "archive/data.pkl", payload);
    zip_build_member(zip, "archive/version", REDAN_S("3\n"));
}

static void deflated(struct zip_build *zip, struct redan_slice payload)
{
    zip_build_member(zip, "folder/", REDAN_S(""));
    zip_build_member(zip, "folder/a", payload)->deflated = true;
    zip_build_member(zip, "folder/empty", REDAN_S(""));
}

static void torch_like(struct zip_build *zip, struct redan_slice payload)
{
    plain(zip, payload);
    for (size_t i = 0; i < zip->count; i++) {
        zip->members[i].streamed = true;
        zip->members[i].pad = 40;
    }
    zip->zip64 = true;
}

/* The first central header is as long as the 64-bit end record and its locator. */
static void torch_named(struct zip_build *zip, struct redan_slice payload)
{
    zip_build_member(zip, "a_name_with_21_letter/data.pkl", payload);
    zip_build_member(zip, "a_name_with_21_letter/version", REDAN_S("3\n"));
    zip->zip64 = true;
}

static void numpy_like(struct zip_build *zip, struct redan_slice payload)
{
    plain(zip, payload);
    zip->members[0].zip64 = true;
    zip->members[1].zip64 = zip->members[1].streamed = zip->members[1].deflated = true;
}

static void commented(struct zip_build *zip, struct redan_slice payload)
{
    plain(zip, payload);
    zip->comment = REDAN_S("a comment with PK\5\6 in it, which is no end record");
}

static void zip_in_zip(struct zip_build *zip, struct redan_slice payload)
{
    plain(
        zip,
        payload); /* a whole archive, stored as the last member: its end record is no second one */
    zip_build_member(zip, "inner.zip", REDAN_S("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
}

static void padded(struct zip_build *zip, struct redan_slice payload)
{
    plain(zip, payload);
    zip->members[1].before = (struct redan_slice){"\0\0\0\0\0\0\0\0\0\0\0", 11};
    zip->trailing = (struct redan_slice){"\0\0\0\0", 4};
}

static void empty(struct zip_build *zip, struct redan_slice payload)
{
    (void)payload;
    zip->comment = REDAN_S("");
}

static void other_name(struct zip_build *zip, struct redan_slice payload)
{
    plain(zip, payload);
    zip->members[0].local.name = "archive/datap.kl";
}

static void other_method(struct zip_build *zip, struct redan_slice payload)
{
    plain(zip, payload);
    zip->members[0].central.method = 8; /* zipfile inflates, miniz takes the local word */
}

static void flag(struct zip_build *zip, struct redan_slice payload, int64_t bits)
{
    plain(zip, payload);
    zip->members[0].central.flags = zip->members[0].local.flags = bits;
}

static void flag_1(struct zip_build *zip, struct redan_slice payload)
{
    flag(zip, payload, 0x1);
}

static void flag_20(struct zip_build *zip, struct redan_slice payload)
{
    flag(zip, payload, 0x20);
    zip->members[0].deflated = true;
}

static void flag_40(struct zip_build *zip, struct redan_slice payload)
{
    flag(zip, payload, 0x41);
}

static void flag_local(struct zip_build *zip, struct redan_slice payload)
{
    plain(zip, payload);
    zip->members[0].local.flags = 1;
}

static void encrypted(struct zip_build *zip, struct redan_slice payload)
{
    flag(zip, payload, 1);
    zip->members[0].central.crc = zip->members[0].local.crc = 0x12345678;
    zip->members[0].bytes = REDAN_S("\x9c\x31\x07\x88\xe2\x44\x90\xf3\x5a\x1d\xbe\x66\xc9\x02");
}

static void crc(struct zip_build *zip, struct redan_slice payload)
{
    plain(zip, payload);
    zip->members[0].central.crc = zip->members[0].local.crc = 0x12345678;
}

static void crc_packed(struct zip_build *zip, struct redan_slice payload)
{
    crc(zip, payload);
    zip->members[0].deflated = true;
}

static void crc_one(struct zip_build *zip, struct redan_slice payload)
{
    plain(zip, payload);
    zip->members[0].local.crc = 1;
}

static void local_size_zero(struct zip_build *zip, struct redan_slice payload)
{
    plain(zip, payload);
    zip->members[0].local.packed = zip->members[0].local.unpacked = 0;
}

static void local_size_more(struct zip_build *zip, struct redan_slice payload)
{
    plain(zip, payload);
    zip->members[0].central.packed = zip->members[0].central.unpacked = 3;
    zip->members[0].central.crc = 0;
}

static void unpacked_lies(struct zip_build *zip, struct redan_slice payload)
{
    plain(zip, payload);
    zip->members[0].deflated = true;
    zip->members[0].central.unpacked = zip->members[0].local.unpacked = 4;
}

static void stored_lies(struct zip_build *zip, struct redan_slice payload)
{
    plain(zip, payload);
    zip->members[0].central.packed = zip->members[0].local.packed = 4;
}

static void descriptor_lies(struct zip_build *zip, struct redan_slice payload)
{
    plain(zip, payload);
    zip->members[0].streamed = zip->members[0].descriptor_lies = true;
}

static void duplicate(struct zip_build *zip, struct redan_slice payload)
{
    plain(zip, payload);
    zip_build_member(zip, "archive/version", payload);
}

static void twice(struct zip_build *zip, struct redan_slice payload)
{
    plain(zip, payload);
    zip_build_member(zip, "archive/version", REDAN_S("3\n"));
}

static void letter_case(struct zip_build *zip, struct redan_slice payload)
{
    plain(zip, payload);
    zip_build_member(zip, "archive/DATA.pkl", REDAN_S("other"));
}

static void orphan(struct zip_build *zip, struct redan_slice payload)
{
    zip_build_member(zip, "a", REDAN_S("1"));
    zip_build_member(zip, "hidden", payload)->hidden = true;
    zip_build_member(zip, "b", REDAN_S("2"));
}

static void orphan_packed(struct zip_build *zip, struct redan_slice payload)
{
    orphan(zip, payload);
    zip->members[1].streamed = zip->members[1].deflated = true;
}

static void orphan_stored(struct zip_build *zip, struct redan_slice payload)
{
    orphan(zip, payload);
    zip->members[1].streamed = true;
}

static void orphan_last(struct zip_build *zip, struct redan_slice payload)
{
    zip_build_member(zip, "a", REDAN_S("1"));
    zip_build_member(zip, "hidden", payload)->hidden = true;
}

static void orphan_in_garbage(struct zip_build *zip, struct redan_slice payload)
{
    orphan(zip, payload);
    zip->members[1].before = REDAN_S("some other bytes");
}

static void absent(struct zip_build *zip, struct redan_slice payload)
{
    plain(zip, payload);
    zip_build_member(zip, "nowhere", REDAN_S("x"))->absent = true;
}

static void far_away(struct zip_build *zip, struct redan_slice payload)
{
    plain(zip, payload);
    zip->members[1].central.offset = 0xfffffff0;
}

static void overlap(struct zip_build *zip, struct redan_slice payload)
{
    plain(zip, payload);
    zip->members[1].central.offset = 0;
}

static void prefix(struct zip_build *zip, struct redan_slice payload)
{
    plain(zip, REDAN_S("other"));
    zip->prefix = payload;
}

static void trailing(struct zip_build *zip, struct redan_slice payload)
{
    plain(zip, REDAN_S("other"));
    zip->trailing = payload;
}

static void between(struct zip_build *zip, struct redan_slice payload)
{
    plain(zip, REDAN_S("other"));
    zip->members[1].before = payload;
}

static void end_in_comment(struct zip_build *zip, struct redan_slice payload)
{
    plain(zip, payload);
    zip->comment = REDAN_S("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
}

static void no_end(struct zip_build *zip, struct redan_slice payload)
{
    plain(zip, payload);
    zip->members[0].deflated = zip->members[0].streamed = true;
    zip->no_end = true;
}

static void counts_less(struct zip_build *zip, struct redan_slice payload)
{
    zip_build_member(zip, "version", REDAN_S("3\n"));
    zip_build_member(zip, "data.pkl", payload);
    zip->count_said = 1;
}

static void size_less(struct zip_build *zip, struct redan_slice payload)
{
    plain(zip, payload);
    zip->size_said = 50;
}

static void no_directory(struct zip_build *zip, struct redan_slice payload)
{
    plain(zip, payload);
    zip->size_said = 5;
    zip->offset_said = 3;
}

static void zip64_lies(struct zip_build *zip, struct redan_slice payload)
{
    plain(zip, payload);
    zip->zip64 = zip->zip64_lies = true;
}

static void comment_cut(struct zip_build *zip, struct redan_slice payload)
{
    plain(zip, payload);
    zip->trailing = REDAN_S("");
    zip->comment = REDAN_S("");
}

static void folder_data(struct zip_build *zip, struct redan_slice payload)
{
    zip_build_member(zip, "folder/", payload);
}

static void unsupported(struct zip_build *zip, struct redan_slice payload)
{
    plain(zip, payload);
    zip->members[1].central.method = zip->members[1].local.method = 9;
}

static void climbs(struct zip_build *zip, struct redan_slice payload)
{
    zip_build_member(zip, "a/../../evil", payload);
}

static void nul(struct zip_build *zip, struct redan_slice payload)
{
    struct zip_member *member = zip_build_member(zip, "data.pkl", payload);

    member->central.name = member->local.name = "data.pkl\0.txt";
    member->central.name_len = member->local.name_len = 13;
}

static const struct row rows[] = {
    /* honest */
    {"plain", plain, "", "", 2, 1},
    {"deflated", deflated, "", "", 2, 1},
    {"as torch writes", torch_like, "", "", 2, 1},
    {"as torch writes, of a name as long as the end record", torch_named, "", "", 2, 1},
    {"as numpy writes", numpy_like, "", "", 2, 1},
    {"a comment", commented, "", "", 2, 1},
    {"an archive within", zip_in_zip, "", "", 3, 1},
    {"zeros between and behind", padded, "", "", 2, 1},
    {"empty", empty, "", "", 0, 0},
    {"the same twice", twice, "", "", 3, 1},
    /* not */
    {"another name", other_name, "name-differs", "", 2, 1},
    {"another method", other_method, "method-differs", "", 3, 1},
    {"encrypted, it says", flag_1, "flag-lies", "", 2, 1},
    {"patched, it says", flag_20, "flag-lies", "", 2, 1},
    {"strongly encrypted, it says", flag_40, "flag-lies", "", 2, 1},
    {"encrypted, one header says", flag_local, "flags-differ flag-lies", "", 2, 1},
    {"encrypted", encrypted, "", "encrypted", 1, 0},
    {"checksum", crc, "crc-wrong", "", 2, 1},
    {"checksum of packed bytes", crc_packed, "crc-wrong", "", 2, 1},
    {"checksum of one header", crc_one, "crc-differs", "", 2, 1},
    {"no size in the local header", local_size_zero, "sizes-differ", "", 2, 1},
    {"more in the local header", local_size_more, "sizes-differ crc-differs crc-wrong gap", "", 4,
     1},
    {"another unpacked size", unpacked_lies, "unpacked-differs", "", 2, 1},
    {"two sizes of stored bytes", stored_lies, "stored-sizes", "", 3, 1},
    {"a lying descriptor", descriptor_lies, "descriptor-differs", "", 2, 1},
    {"a duplicate", duplicate, "name-duplicate", "", 3, 2},
    {"a duplicate but for case", letter_case, "name-case", "", 3, 1},
    {"an orphan", orphan, "orphan", "", 3, 1},
    {"a packed orphan", orphan_packed, "orphan", "", 3, 1},
    {"a stored orphan without a size", orphan_stored, "orphan", "", 3, 1},
    {"an orphan at the end", orphan_last, "orphan", "", 2, 1},
    {"an orphan in other bytes", orphan_in_garbage, "gap orphan", "", 4, 1},
    {"no local header", absent, "local-missing", "damaged", 2, 1},
    {"an offset out of the file", far_away, "local-missing orphan", "damaged", 2, 1},
    {"two entries in one place", overlap, NULL, "", 0, 1},
    {"bytes before", prefix, "prefix", "", 3, 1},
    {"bytes behind", trailing, "trailing", "", 3, 1},
    {"bytes between", between, "gap", "", 3, 1},
    {"an empty end in the comment", end_in_comment, "ends", "", 2, 1},
    {"no end", no_end, "no-end", "", 2, 1},
    {"a count of less", counts_less, "directory-count", "", 2, 1},
    {"a size of less", size_less, "directory-size", "", 2, 1},
    {"no directory", no_directory, "directory-missing orphan directories", "", 2, 1},
    {"a lying 64-bit end", zip64_lies, "zip64-differs directory-count", "", 2, 1},
    {"nothing wrong with an empty comment", comment_cut, "", "", 2, 1},
    {"a folder with bytes", folder_data, "folder-data", "", 1, 1},
    {"deflate64", unsupported, "", "unsupported", 1, 1},
    {"a name that climbs", climbs, "name-climbs", "", 1, 1},
    {"a name with NUL", nul, "name-nul", "", 1, 1},
};

static enum redan_status read_all(struct redan_ctx *ctx, struct redan_source *source,
                                  struct facts *facts, struct redan_slice payload)
{
    facts_init(facts, ctx, source);
    facts->payload = payload;
    struct redan_listener to = facts_listener(facts);
    return redan_format_zip.read(ctx, source, REDAN_S("x.zip"), &to);
}

static void check_row(const struct row *row, struct redan_source *source, struct redan_ctx *ctx,
                      struct redan_slice payload)
{
    struct facts facts;
    enum redan_status status = read_all(ctx, source, &facts, payload);

    if (status != REDAN_OK)
        fail_msg("%s: %s", row->what, ctx->failure.text);
    if (row->defects && !redan_slice_is(redan_buf_view(&facts.defects), row->defects))
        fail_msg("%s: told %s", row->what, facts.defects.len ? facts.defects.data : "nothing");
    if (!redan_slice_is(redan_buf_view(&facts.unread), row->unread))
        fail_msg("%s: unread %s", row->what, facts.unread.len ? facts.unread.data : "nothing");
    if (row->defects && facts.member_count != row->members)
        fail_msg("%s: members %s", row->what, facts.members.len ? facts.members.data : "none");
    if (facts.payloads < row->payloads)
        fail_msg("%s: the payload is in %zu of %s", row->what, facts.payloads,
                 facts.members.len ? facts.members.data : "none");
    facts_done(&facts);
}

/* The same archive in memory and in a file that is read through a window. */
static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        for (size_t k = 0; k < REDAN_COUNT(payloads); k++) {
            struct redan_limits limits = redan_limits_default;
            struct redan_ctx ctx;
            struct redan_buf out;
            struct redan_source source;
            struct zip_build zip = zip_build_new();
            char name[] = "/tmp/redan-zip-XXXXXX";
            int fd = mkstemp(name);
            assert_true(fd >= 0);
            assert_int_equal(unlink(name), 0);
            limits.whole = 20; /* the window's side */
            redan_ctx_init(&ctx, &limits);
            redan_buf_init(&out, &ctx, SIZE_MAX);
            rows[i].make(&zip, payloads[k]);
            zip_build_add(&out, &zip);
            redan_source_memory(&source, redan_buf_view(&out));
            ctx.limits.whole = redan_limits_default.whole;
            check_row(&rows[i], &source, &ctx, payloads[k]);
            ctx.limits.whole = 20;
            assert_int_equal(write(fd, out.data, out.len), out.len);
            size_t used = ctx.mem.used;
            assert_ok(redan_source_file(&ctx, fd, &source));
            ctx.limits.whole = redan_limits_default.whole;
            check_row(&rows[i], &source, &ctx, payloads[k]);
            redan_source_done(&source);
            assert_int_equal(ctx.mem.used, used);
            redan_buf_done(&out);
            assert_int_equal(close(fd), 0);
            redan_ctx_done(&ctx);
        }
    }
}

/* Two archives one after the other: the second is read, the first told and read too. */
static void test_concatenated(void **state)
{
    struct redan_ctx ctx;
    struct redan_buf out;
    struct redan_source source;
    struct facts facts;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&out, &ctx, SIZE_MAX);
    struct zip_build first = zip_build_new();
    struct zip_build second = zip_build_new();
    plain(&first, payloads[1]);
    plain(&second, REDAN_S("harmless"));
    zip_build_add(&out, &first);
    zip_build_add(&out, &second);
    redan_source_memory(&source, redan_buf_view(&out));
    assert_ok(read_all(&ctx, &source, &facts, payloads[1]));
    assert_slice(redan_buf_view(&facts.defects), "ends name-duplicate");
    assert_int_equal(facts.member_count, 4);
    assert_int_equal(facts.payloads, 1);
    facts_done(&facts);
    redan_buf_done(&out);
    redan_ctx_done(&ctx);
}

static void test_links(void **state)
{
    struct redan_ctx ctx;
    struct redan_buf out;
    struct redan_source source;
    struct facts facts;
    struct zip_build zip = zip_build_new();

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&out, &ctx, SIZE_MAX);
    struct zip_member *inside = zip_build_member(&zip, "a/in", REDAN_S("../b"));
    struct zip_member *outside = zip_build_member(&zip, "a/out", REDAN_S("../../etc/passwd"));
    struct zip_member *root = zip_build_member(&zip, "root", REDAN_S("/etc/passwd"));
    inside->made_by = outside->made_by = root->made_by = 0x031e;
    inside->attributes = outside->attributes = root->attributes = 0xa1ff0000U;
    outside->deflated = true;
    zip_build_add(&out, &zip);
    redan_source_memory(&source, redan_buf_view(&out));
    assert_ok(read_all(&ctx, &source, &facts, REDAN_S("none")));
    assert_slice(redan_buf_view(&facts.links),
                 "zip-symlink:a/in>../b zip-symlink:a/out>../../etc/passwd! "
                 "zip-symlink:root>/etc/passwd!");
    assert_slice(redan_buf_view(&facts.defects), "");
    facts_done(&facts);
    redan_buf_done(&out);
    redan_ctx_done(&ctx);
}

static enum redan_sniff sniff(struct redan_ctx *ctx, struct redan_slice bytes, const char *name)
{
    struct redan_source source;

    redan_source_memory(&source, bytes);
    struct redan_probe probe = {ctx, &source, redan_slice_sub(bytes, 0, 4096),
                                redan_slice_of(name)};
    return redan_format_zip.sniff(&probe);
}

static void test_sniff(void **state)
{
    struct redan_ctx ctx;
    struct redan_buf out;
    struct zip_build zip = zip_build_new();

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&out, &ctx, SIZE_MAX);
    plain(&zip, payloads[0]);
    zip_build_add(&out, &zip);
    assert_int_equal(sniff(&ctx, redan_buf_view(&out), "a"), REDAN_SNIFF_YES);
    redan_buf_clear(&out);
    zip.prefix = REDAN_S("\x80\x02N.");
    zip_build_add(&out, &zip);
    assert_int_equal(sniff(&ctx, redan_buf_view(&out), "a"), REDAN_SNIFF_YES);
    redan_buf_text(&out, "bytes behind, as in a tar archive");
    assert_int_equal(sniff(&ctx, redan_buf_view(&out), "a"), REDAN_SNIFF_MAYBE);
    assert_int_equal(sniff(&ctx, redan_buf_view(&out), "a.keras"), REDAN_SNIFF_YES);
    assert_int_equal(sniff(&ctx, REDAN_S("no archive, whatever its name says"), "a.zip"),
                     REDAN_SNIFF_NO);
    assert_int_equal(sniff(&ctx, REDAN_S("PK"), "a"), REDAN_SNIFF_NO);
    assert_int_equal(sniff(&ctx, REDAN_S(""), "a"), REDAN_SNIFF_NO);
    assert_int_equal(
        sniff(&ctx, REDAN_S("a text that says PK\5\6 and more than twenty bytes"), "a"),
        REDAN_SNIFF_NO);
    redan_buf_done(&out);
    redan_ctx_done(&ctx);
}

/* Cut at every byte, and every byte changed: no harm, whatever is told. */
static void test_every_byte(void **state)
{
    struct redan_ctx ctx;
    struct redan_buf out;
    struct redan_source source;
    struct facts facts;
    struct zip_build zip = zip_build_new();

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&out, &ctx, SIZE_MAX);
    torch_like(&zip, payloads[0]);
    zip.members[1].deflated = true;
    zip_build_add(&out, &zip);
    for (size_t cut = 0; cut <= out.len; cut++) {
        redan_source_memory(&source, (struct redan_slice){out.data, cut});
        assert_ok(read_all(&ctx, &source, &facts, payloads[0]));
        if (cut > 200)
            assert_int_equal(facts.payloads, 1);
        facts_done(&facts);
    }
    for (size_t at = 0; at < out.len; at++) {
        for (int bit = 0; bit < 8; bit++) {
            char was = out.data[at];
            out.data[at] = (char)(was ^ (1 << bit));
            redan_source_memory(&source, redan_buf_view(&out));
            assert_ok(read_all(&ctx, &source, &facts, payloads[0]));
            facts_done(&facts);
            out.data[at] = was;
        }
    }
    redan_buf_done(&out);
    redan_ctx_done(&ctx);
}

static void test_memory_refused(void **state)
{
    enum redan_status status = REDAN_E_MEMORY;

    (void)state;
    for (uint64_t n = 1; status != REDAN_OK; n++) {
        struct redan_ctx ctx;
        struct redan_buf out;
        struct redan_source source;
        struct facts facts;
        struct zip_build zip = zip_build_new();
        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&out, &ctx, SIZE_MAX);
        orphan_packed(&zip, payloads[0]);
        zip_build_add(&out, &zip);
        redan_source_memory(&source, redan_buf_view(&out));
        size_t used = ctx.mem.used;
        ctx.mem.fail_at = ctx.mem.calls + n;
        status = read_all(&ctx, &source, &facts, payloads[0]);
        assert_true(status == REDAN_OK || status == REDAN_E_MEMORY);
        facts_done(&facts);
        assert_int_equal(ctx.mem.used, used);
        assert_true(n < 1000);
        redan_buf_done(&out);
        redan_ctx_done(&ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),       cmocka_unit_test(test_concatenated),
        cmocka_unit_test(test_links),      cmocka_unit_test(test_sniff),
        cmocka_unit_test(test_every_byte), cmocka_unit_test(test_memory_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
