/* Packed streams and archives that a library reads: recognised by their bytes, and their one member comes back. */
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include "facts.h"
#include "format/format_table.h"
#include "format/member_name.h"
#include "pack.h"

static const struct redan_slice payload = {
    "\x80\x04the payload, packed packed packed packed packed.", 50};

static const struct {
    const struct redan_format *format;
    enum redan_packing packing;
    const char *file;
} rows[] = {
    {&redan_format_gzip, REDAN_PACK_GZIP, "some/model.pkl.gz"},
    {&redan_format_zlib, REDAN_PACK_ZLIB, "some/model.pkl.z"},
    {&redan_format_bzip2, REDAN_PACK_BZIP2, "model.pkl.bz2"},
    {&redan_format_xz, REDAN_PACK_XZ, "model.pkl.xz"},
    {&redan_format_lzma, REDAN_PACK_LZMA, "model.pkl.lzma"},
    {&redan_format_lz4, REDAN_PACK_LZ4, "model.pkl.lz4"},
    {&redan_format_zstd, REDAN_PACK_ZSTD, "model.pkl.zst"},
    {&redan_format_zfile, REDAN_PACK_ZLIB, "model.pkl.z"},
};

static enum redan_sniff sniff(struct redan_ctx *ctx, const struct redan_format *format,
                              struct redan_slice bytes)
{
    struct redan_source source;

    redan_source_memory(&source, bytes);
    struct redan_probe probe = {ctx, &source, redan_slice_sub(bytes, 0, 4096), REDAN_S("")};
    return format->sniff(&probe);
}

/* Each is recognised as what it is and as nothing else, and unpacks. */
static void test_streams(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        struct redan_buf out;
        struct redan_source source;
        struct facts facts;
        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&out, &ctx, SIZE_MAX);
        if (rows[i].format == &redan_format_zfile)
            redan_buf_text(&out, "ZF0x32               ");
        pack_add(&out, rows[i].packing, payload);
        for (size_t k = 0; k < REDAN_COUNT(rows); k++)
            assert_int_equal(sniff(&ctx, rows[k].format, redan_buf_view(&out)),
                             k == i ? REDAN_SNIFF_YES : REDAN_SNIFF_NO);
        redan_source_memory(&source, redan_buf_view(&out));
        facts_init(&facts, &ctx, &source);
        facts.payload = payload;
        struct redan_listener to = facts_listener(&facts);
        assert_ok(rows[i].format->read(&ctx, &source, redan_slice_of(rows[i].file), &to));
        assert_slice(redan_buf_view(&facts.members), "model.pkl");
        assert_int_equal(facts.payloads, 1);
        facts_done(&facts);
        redan_buf_done(&out);
        redan_ctx_done(&ctx);
    }
}

/* What merely starts like one. */
static void test_near(void **state)
{
    static const struct redan_slice near[] = {
        {"\x78\x9c\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12}, /* a zlib header, no stream */
        {"x^2 + y^2 = z^2 is a text that zlib's header check lets pass", 60},
        {"\x1f\x8b\x08\xe0\0\0\0\0\0\0\0\0", 12}, /* reserved flags */
        {"BZh9 is how a text may start", 28},
        {"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04\x05\x06\x07", 20},
        {"\x5d\0\0\x81\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0", 20}, /* an odd window */
        {"]q\0.", 4},
        {"", 0},
    };
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < REDAN_COUNT(near); i++) {
        for (size_t k = 0; k < REDAN_COUNT(rows); k++)
            assert_int_equal(sniff(&ctx, rows[k].format, near[i]), REDAN_SNIFF_NO);
    }
    assert_int_equal(ctx.failure.status, REDAN_OK);
    redan_ctx_done(&ctx);
}

/* ar, which has no compression and can be written by hand; cpio ("newc") the same. */
static const char ar[] = "!<arch>\n"
                         "model.pkl/      0           0     0     100644  8         `\n"
                         "payload!"
                         "../out/         0           0     0     100644  4         `\n"
                         "two!";
static const char cpio[] =
    "07070100000001000081a4000000000000000000000001000000000000000800000000000000000000000000000000"
    "0000000a00000000model.pkl\0"
    "payload!"
    "07070100000002000081a4000000000000000000000001000000000000000400000000000000000000000000000000"
    "0000000700000000../out\0\0\0\0two!"
    "0707010000000000000000000000000000000000000001000000000000000000000000000000000000000000000000"
    "0000"
    "000b00000000TRAILER!!!\0\0\0\0";

static void test_archives(void **state)
{
    static const struct redan_slice archives[] = {{ar, sizeof(ar) - 1}, {cpio, sizeof(cpio) - 1}};

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(archives); i++) {
        struct redan_ctx ctx;
        struct redan_source source;
        struct facts facts;
        redan_ctx_init(&ctx, NULL);
        redan_unpack_prepare(&ctx);
        assert_int_equal(ctx.failure.status, REDAN_OK);
        assert_int_equal(sniff(&ctx, &redan_format_archive, archives[i]), REDAN_SNIFF_YES);
        redan_source_memory(&source, archives[i]);
        facts_init(&facts, &ctx, &source);
        facts.payload = REDAN_S("payload!");
        struct redan_listener to = facts_listener(&facts);
        assert_ok(redan_format_archive.read(&ctx, &source, REDAN_S("x"), &to));
        if (!redan_slice_is(redan_buf_view(&facts.unread), REDAN_UNREAD_UNSUPPORTED)) {
            assert_slice(redan_buf_view(&facts.members), "model.pkl ../out");
            assert_slice(redan_buf_view(&facts.defects), REDAN_NAME_CLIMBS);
            assert_slice(redan_buf_view(&facts.unread), "");
            assert_int_equal(facts.payloads, 1);
        }
        facts_done(&facts);
        redan_ctx_done(&ctx);
    }
}

static void test_archive_damaged(void **state)
{
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t cut = 8; cut < sizeof(cpio); cut += 5) {
        struct redan_source source;
        struct facts facts;
        redan_source_memory(&source, (struct redan_slice){cpio, cut});
        facts_init(&facts, &ctx, &source);
        struct redan_listener to = facts_listener(&facts);
        assert_ok(redan_format_archive.read(&ctx, &source, REDAN_S("x"), &to));
        facts_done(&facts);
    }
    redan_ctx_done(&ctx);
}

static void test_names(void **state)
{
    static const struct {
        struct redan_slice name;
        const char *defect;
    } names[] = {
        {{"a/b.pkl", 7}, NULL},
        {{"", 0}, NULL},
        {{"a/../b", 6}, NULL},
        {{"a..b/...", 8}, NULL},
        {{"./a", 3}, NULL},
        {{"C", 1}, NULL},
        {{"a:b", 3}, NULL},
        {{"x:relative", 10}, NULL},
        {{"caf\xc3\xa9", 5}, NULL},
        {{"/etc/passwd", 11}, REDAN_NAME_ABSOLUTE},
        {{"C:\\boot", 7}, REDAN_NAME_ABSOLUTE},
        {{"c:/boot", 7}, REDAN_NAME_ABSOLUTE},
        {{"\\\\host\\share", 12}, REDAN_NAME_ABSOLUTE},
        {{"..", 2}, REDAN_NAME_CLIMBS},
        {{"a/../../b", 9}, REDAN_NAME_CLIMBS},
        {{"a\\..\\..\\b", 9}, REDAN_NAME_CLIMBS},
        {{"./../b", 6}, REDAN_NAME_CLIMBS},
        {{"a\\b", 3}, REDAN_NAME_BACKSLASH},
        {{"a\0b", 3}, REDAN_NAME_NUL},
        {{"a\nb", 3}, REDAN_NAME_CONTROL},
        {{"a\x7f", 2}, REDAN_NAME_CONTROL},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(names); i++) {
        const char *got = redan_member_name_defect(names[i].name);
        if (names[i].defect)
            assert_string_equal(got, names[i].defect);
        else
            assert_null(got);
    }
    assert_false(redan_member_link_leaves(REDAN_S("a/b/c"), REDAN_S("../../d")));
    assert_true(redan_member_link_leaves(REDAN_S("a/b/c"), REDAN_S("../../../d")));
    assert_true(redan_member_link_leaves(REDAN_S("c"), REDAN_S("..")));
    assert_true(redan_member_link_leaves(REDAN_S("a/c"), REDAN_S("/tmp")));
    assert_false(redan_member_link_leaves(REDAN_S("c"), REDAN_S("d")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams),  cmocka_unit_test(test_near),
        cmocka_unit_test(test_archives), cmocka_unit_test(test_archive_damaged),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
