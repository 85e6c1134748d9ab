/* Decoders: what was packed comes back at every place, damage keeps what came before it, and every bound holds. */
#include "test.h"

#include "format/unpack.h"
#include "pack.h"

static const enum redan_packing packings[] = {
    REDAN_PACK_DEFLATE, REDAN_PACK_ZLIB,   REDAN_PACK_GZIP,     REDAN_PACK_BZIP2,
    REDAN_PACK_XZ,      REDAN_PACK_LZMA,   REDAN_PACK_LZMA_RAW, REDAN_PACK_LZ4,
    REDAN_PACK_ZSTD,    REDAN_PACK_BASE64, REDAN_PACK_HEX,      REDAN_PACK_LATIN1,
};

enum { LARGE = 5 << 20 };

/* Text that packs, but not away. */
static char *fill(struct redan_ctx *ctx, size_t len)
{
    char *bytes = redan_take(ctx, len);
    uint32_t x = 1;

    assert_non_null(bytes);
    for (size_t i = 0; i < len; i++) {
        x = x * 1664525U + 1013904223U;
        bytes[i] = (char)(x >> 28 ? (int)('a' + (x >> 28)) : (int)(uint8_t)(i >> 12));
    }
    return bytes;
}

static struct redan_part whole_of(struct redan_slice packed, enum redan_packing packing)
{
    return (struct redan_part){
        .size = packed.len, .packing = packing, .unpacked = REDAN_SOURCE_UNKNOWN};
}

static void assert_view(struct redan_ctx *ctx, struct redan_source *source, const char *bytes,
                        size_t size, size_t at, size_t len)
{
    struct redan_slice view = {0};

    assert_ok(redan_source_view(ctx, source, at, len, &view));
    assert_int_equal(view.len, at < size ? redan_min_size(len, size - at) : 0);
    if (view.len)
        assert_memory_equal(view.at, bytes + at, view.len);
}

static void test_small(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(packings); i++) {
        for (size_t len = 0; len < 70000; len = len * 7 + 1) {
            struct redan_ctx ctx;
            struct redan_buf packed;
            struct redan_source parent;
            struct redan_source source;
            redan_ctx_init(&ctx, NULL);
            redan_buf_init(&packed, &ctx, SIZE_MAX);
            struct redan_slice bytes = {fill(&ctx, len), len};
            pack_add(&packed, packings[i], bytes);
            size_t before = ctx.mem.used;
            redan_source_memory(&parent, redan_buf_view(&packed));
            struct redan_part part = whole_of(redan_buf_view(&packed), packings[i]);
            assert_ok(redan_unpack(&ctx, &parent, &part, &source));
            assert_non_null(source.memory.at);
            assert_false(source.broken);
            assert_int_equal(source.size, len);
            assert_int_equal(source.memory.len, len);
            if (len)
                assert_memory_equal(source.memory.at, bytes.at, len);
            redan_source_done(&source);
            assert_int_equal(ctx.mem.used, before);
            redan_buf_done(&packed);
            redan_ctx_done(&ctx);
        }
    }
}

/* A stream: more than may be in memory; views forwards, backwards, across the head's end, and a part of it. */
static void test_stream(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(packings); i++) {
        struct redan_limits limits = redan_limits_default;
        struct redan_ctx ctx;
        struct redan_buf packed;
        struct redan_source parent;
        struct redan_source source;
        struct redan_source part_of;
        uint64_t size = 0;
        limits.whole = 100000;
        redan_ctx_init(&ctx, &limits);
        redan_buf_init(&packed, &ctx, SIZE_MAX);
        const char *bytes = fill(&ctx, LARGE);
        pack_add(&packed, packings[i], (struct redan_slice){bytes, LARGE});
        redan_source_memory(&parent, redan_buf_view(&packed));
        struct redan_source_budget budget = {.left = 3 * LARGE};
        parent.budget = &budget;
        struct redan_part part = whole_of(redan_buf_view(&packed), packings[i]);
        assert_ok(redan_unpack(&ctx, &parent, &part, &source));
        assert_null(source.memory.at);
        assert_int_equal(source.size, REDAN_SOURCE_UNKNOWN);
        assert_view(&ctx, &source, bytes, LARGE, 0, 10);
        assert_view(&ctx, &source, bytes, LARGE, 99990, 100);
        assert_view(&ctx, &source, bytes, LARGE, 1 << 20, REDAN_SOURCE_VIEW);
        assert_view(&ctx, &source, bytes, LARGE, (1 << 20) + 70000, REDAN_SOURCE_VIEW);
        redan_source_part(&part_of, &source, 1 << 20, 2000000);
        assert_view(&ctx, &part_of, bytes + (1 << 20), 2000000, 1999000, 5000);
        assert_view(&ctx, &part_of, bytes + (1 << 20), 2000000, 1900000, 1000);
        redan_source_done(&part_of);
        assert_view(&ctx, &source, bytes, LARGE, LARGE - 10, 100);
        assert_int_equal(source.size, LARGE);
        assert_int_equal(budget.left, 2 * LARGE);
        assert_view(&ctx, &source, bytes, LARGE, 90000, 20000); /* begun anew */
        assert_true(budget.left < 2 * LARGE);
        assert_view(&ctx, &source, bytes, LARGE, LARGE, 1);
        assert_ok(redan_source_measure(&ctx, &source, &size));
        assert_int_equal(size, LARGE);
        assert_false(source.broken);
        redan_source_done(&source);
        redan_buf_done(&packed);
        redan_ctx_done(&ctx);
    }
}

static void test_rewinds_end(void **state)
{
    struct redan_limits limits = redan_limits_default;
    struct redan_ctx ctx;
    struct redan_buf packed;
    struct redan_source parent;
    struct redan_source source;
    struct redan_slice view = {0};

    (void)state;
    limits.whole = 10;
    limits.rewinds = 2;
    redan_ctx_init(&ctx, &limits);
    redan_buf_init(&packed, &ctx, SIZE_MAX);
    const char *bytes = fill(&ctx, LARGE);
    pack_add(&packed, REDAN_PACK_DEFLATE, (struct redan_slice){bytes, LARGE});
    redan_source_memory(&parent, redan_buf_view(&packed));
    struct redan_part part = whole_of(redan_buf_view(&packed), REDAN_PACK_DEFLATE);
    assert_ok(redan_unpack(&ctx, &parent, &part, &source));
    for (int i = 0; i < 2; i++) {
        assert_view(&ctx, &source, bytes, LARGE, LARGE - 10, 10);
        assert_view(&ctx, &source, bytes, LARGE, 20, 10);
    }
    assert_view(&ctx, &source, bytes, LARGE, LARGE - 10, 10);
    assert_int_equal(redan_source_view(&ctx, &source, 20, 10, &view), REDAN_E_LIMIT);
    redan_source_done(&source);
    redan_buf_done(&packed);
    redan_ctx_done(&ctx);
}

/* Cut anywhere, what comes out is a beginning of what went in; flipped anywhere, nothing worse happens than other bytes. */
static void test_damage(void **state)
{
    enum { LEN = 3000 };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(packings); i++) {
        struct redan_ctx ctx;
        struct redan_buf packed;
        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&packed, &ctx, SIZE_MAX);
        struct redan_slice bytes = {fill(&ctx, LEN), LEN};
        pack_add(&packed, packings[i], bytes);
        size_t most = 0;
        for (size_t cut = 0; cut < packed.len; cut++) {
            struct redan_source parent;
            struct redan_source source;
            redan_source_memory(&parent, (struct redan_slice){packed.data, cut});
            struct redan_part part = whole_of(parent.memory, packings[i]);
            assert_ok(redan_unpack(&ctx, &parent, &part, &source));
            assert_true(source.memory.len <= LEN);
            if (source.memory.len)
                assert_memory_equal(source.memory.at, bytes.at, source.memory.len);
            bool text = packings[i] == REDAN_PACK_BASE64 || packings[i] == REDAN_PACK_HEX ||
                        packings[i] == REDAN_PACK_LATIN1 || packings[i] == REDAN_PACK_LZMA_RAW;
            if (!text)
                assert_true(source.broken && source.fault == REDAN_E_SYNTAX);
            most = source.memory.len > most ? source.memory.len : most;
            redan_source_done(&source);
        }
        if (packings[i] != REDAN_PACK_BZIP2 && packings[i] != REDAN_PACK_ZSTD &&
            packings[i] != REDAN_PACK_LZ4) /* those three work in blocks */
            assert_true(most > LEN - 100);
        for (size_t at = 0; at < packed.len; at++) {
            struct redan_source parent;
            struct redan_source source;
            packed.data[at] = (char)(packed.data[at] ^ 0x20);
            redan_source_memory(&parent, redan_buf_view(&packed));
            struct redan_part part = whole_of(parent.memory, packings[i]);
            if (redan_unpack(&ctx, &parent, &part, &source) == REDAN_OK)
                redan_source_done(&source);
            redan_fail_clear(&ctx);
            packed.data[at] = (char)(packed.data[at] ^ 0x20);
        }
        redan_buf_done(&packed);
        redan_ctx_done(&ctx);
    }
}

/* Streams one after the other are read as one; what follows the last is passed over. */
static void test_concatenated(void **state)
{
    static const enum redan_packing several[] = {REDAN_PACK_GZIP, REDAN_PACK_BZIP2, REDAN_PACK_XZ,
                                                 REDAN_PACK_LZ4, REDAN_PACK_ZSTD};

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(several); i++) {
        for (int tail = 0; tail < 3; tail++) {
            struct redan_ctx ctx;
            struct redan_buf packed;
            struct redan_source parent;
            struct redan_source source;
            redan_ctx_init(&ctx, NULL);
            redan_buf_init(&packed, &ctx, SIZE_MAX);
            pack_add(&packed, several[i], REDAN_S("first "));
            if (several[i] == REDAN_PACK_XZ || several[i] == REDAN_PACK_GZIP)
                redan_buf_repeat(&packed, '\0', 4);
            pack_add(&packed, several[i], REDAN_S(""));
            pack_add(&packed, several[i], REDAN_S("second"));
            redan_buf_text(&packed, tail == 1 ? "G" : tail == 2 ? "garbage in the end" : "");
            redan_source_memory(&parent, redan_buf_view(&packed));
            struct redan_part part = whole_of(parent.memory, several[i]);
            assert_ok(redan_unpack(&ctx, &parent, &part, &source));
            assert_slice(source.memory, "first second");
            assert_false(source.broken);
            redan_source_done(&source);
            redan_buf_done(&packed);
            redan_ctx_done(&ctx);
        }
    }
}

/* A bomb: the budget of the artefact is shared by its unpackings, and ends them. */
static void test_budget(void **state)
{
    struct redan_limits limits = redan_limits_default;
    struct redan_ctx ctx;
    struct redan_buf packed;
    struct redan_source parent;
    struct redan_source source;
    struct redan_slice view = {0};
    struct redan_source_budget budget = {.left = 8 << 20};

    (void)state;
    limits.whole = 1 << 20;
    limits.unpacked = 6 << 20;
    redan_ctx_init(&ctx, &limits);
    redan_buf_init(&packed, &ctx, SIZE_MAX);
    char *zeros = redan_take(&ctx, 20 << 20);
    assert_non_null(zeros);
    pack_add(&packed, REDAN_PACK_ZLIB, (struct redan_slice){zeros, 20 << 20});
    redan_source_memory(&parent, redan_buf_view(&packed));
    struct redan_part part = whole_of(parent.memory, REDAN_PACK_ZLIB);
    for (int shared = 0; shared < 2; shared++) {
        parent.budget = shared ? &budget : NULL;
        uint64_t most = shared ? 8 << 20 : 6 << 20;
        uint64_t size = 0;
        assert_ok(redan_unpack(&ctx, &parent, &part, &source));
        assert_ok(redan_source_view(&ctx, &source, most - 10, 100, &view));
        assert_int_equal(view.len, 10);
        assert_int_equal(redan_source_view(&ctx, &source, most, 1, &view), REDAN_E_LIMIT);
        redan_fail_clear(&ctx);
        assert_true(source.broken && source.fault == REDAN_E_LIMIT);
        assert_ok(redan_source_measure(&ctx, &source, &size));
        assert_int_equal(size, most);
        redan_source_done(&source);
    }
    assert_int_equal(budget.left, 0);
    assert_int_equal(redan_unpack(&ctx, &parent, &part, &source), REDAN_E_LIMIT);
    redan_fail_clear(&ctx);
    budget.left = 1000; /* it ends while all is in memory */
    assert_ok(redan_unpack(&ctx, &parent, &part, &source));
    assert_int_equal(source.memory.len, 1000);
    assert_true(source.broken && source.fault == REDAN_E_LIMIT);
    assert_ok(redan_source_view(&ctx, &source, 990, 100, &view));
    assert_int_equal(view.len, 10);
    assert_int_equal(redan_source_view(&ctx, &source, 1000, 100, &view), REDAN_E_LIMIT);
    redan_source_done(&source);
    redan_buf_done(&packed);
    redan_ctx_done(&ctx);
}

static void test_decoder_memory(void **state)
{
    /* LZMA-alone with a dictionary of 1 GiB; zstd with a window of 2^31 */
    static const struct {
        enum redan_packing packing;
        struct redan_slice packed;
    } rows[] = {
        {REDAN_PACK_LZMA,
         {"\x5d\x00\x00\x00\x40\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00", 19}},
        {REDAN_PACK_LZMA_RAW, {"\x09\x14\x05\x00\x5d\x00\x00\x00\x40\x00\x00\x00\x00\x00", 14}},
        {REDAN_PACK_ZSTD, {"\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00", 9}},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        struct redan_source parent;
        struct redan_source source;
        redan_ctx_init(&ctx, NULL);
        redan_source_memory(&parent, rows[i].packed);
        struct redan_part part = whole_of(rows[i].packed, rows[i].packing);
        assert_ok(redan_unpack(&ctx, &parent, &part, &source));
        assert_int_equal(source.size, 0);
        assert_true(source.broken && source.fault == REDAN_E_LIMIT);
        assert_true(ctx.mem.peak < 1 << 20);
        redan_source_done(&source);
        redan_ctx_done(&ctx);
    }
}

static void test_text(void **state)
{
    static const struct {
        enum redan_packing packing;
        const char *text;
        const char *bytes;
        bool broken;
    } rows[] = {
        {REDAN_PACK_BASE64, "aGVsbG8=", "hello", false},
        {REDAN_PACK_BASE64, "aGVsbG8", "hello", false},
        {REDAN_PACK_BASE64, " aGV\r\nsbG8=\n", "hello", false},
        {REDAN_PACK_BASE64, "Pz8_Pj4-", "\?\?\?>>>", false},
        {REDAN_PACK_BASE64, "aGVs*bG8=", "hel", true},
        {REDAN_PACK_BASE64, "aGVsbG8=bG8=", "hello", true},
        {REDAN_PACK_HEX, "68 65\n6C6c6F", "hello", false},
        {REDAN_PACK_HEX, "68656", "he", true},
        {REDAN_PACK_HEX, "0x68", "", true},
        {REDAN_PACK_LATIN1, "h\xc2\x80\xc3\xbf", "h\x80\xff", false},
        {REDAN_PACK_LATIN1, "h\xe2\x82\xac", "h", true},
        {REDAN_PACK_LATIN1, "h\xc3", "h", true},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        struct redan_source source;
        redan_ctx_init(&ctx, NULL);
        struct redan_part part = {.memory = redan_slice_of(rows[i].text),
                                  .packing = rows[i].packing,
                                  .unpacked = REDAN_SOURCE_UNKNOWN};
        assert_ok(redan_unpack(&ctx, NULL, &part, &source));
        assert_slice(source.memory, rows[i].bytes);
        assert_int_equal(source.broken, rows[i].broken);
        redan_source_done(&source);
        redan_ctx_done(&ctx);
    }
}

static void test_stored(void **state)
{
    struct redan_ctx ctx;
    struct redan_source parent;
    struct redan_source source;
    struct redan_part part = {.offset = 2, .size = 3};

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_source_memory(&parent, REDAN_S("0123456"));
    assert_ok(redan_unpack(&ctx, &parent, &part, &source));
    assert_slice(source.memory, "234");
    redan_source_done(&source);
    part.memory = REDAN_S("own");
    assert_ok(redan_unpack(&ctx, &parent, &part, &source));
    assert_slice(source.memory, "own");
    redan_source_done(&source);
    part.packing = REDAN_PACK_COUNT;
    assert_int_equal(redan_unpack(&ctx, &parent, &part, &source), REDAN_E_UNSUPPORTED);
    assert_string_equal(redan_packing_name(REDAN_PACK_GZIP), "gzip");
    assert_string_equal(redan_packing_name(REDAN_PACK_COUNT), "unknown");
    redan_ctx_done(&ctx);
}

/* With the n-th allocation failing: REDAN_E_MEMORY or a whole result, and nothing kept. */
static void test_memory_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(packings); i++) {
        enum redan_status status = REDAN_E_MEMORY;
        for (uint64_t n = 1; status != REDAN_OK; n++) {
            struct redan_limits limits = redan_limits_default;
            struct redan_ctx ctx;
            struct redan_buf packed;
            struct redan_source parent;
            struct redan_source source;
            struct redan_slice view = {0};
            limits.whole = 1000;
            redan_ctx_init(&ctx, &limits);
            redan_buf_init(&packed, &ctx, SIZE_MAX);
            pack_add(&packed, packings[i], (struct redan_slice){fill(&ctx, 150000), 150000});
            redan_source_memory(&parent, redan_buf_view(&packed));
            struct redan_part part = whole_of(parent.memory, packings[i]);
            size_t before = ctx.mem.used;
            ctx.mem.fail_at = ctx.mem.calls + n;
            status = redan_unpack(&ctx, &parent, &part, &source);
            if (status == REDAN_OK) {
                status = redan_source_view(&ctx, &source, 140000, 1000, &view);
                redan_source_done(&source);
            }
            assert_true(status == REDAN_OK || status == REDAN_E_MEMORY);
            assert_int_equal(ctx.mem.used, before);
            assert_true(n < 200);
            redan_buf_done(&packed);
            redan_ctx_done(&ctx);
        }
    }
}

static void test_extent(void **state)
{
    struct redan_ctx ctx;
    struct redan_buf packed;
    struct redan_source parent;
    struct redan_extent extent;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&packed, &ctx, SIZE_MAX);
    struct redan_slice bytes = {fill(&ctx, 300000), 300000};
    redan_buf_text(&packed, "before");
    pack_add(&packed, REDAN_PACK_DEFLATE, bytes);
    size_t end = packed.len;
    redan_buf_text(&packed, "after");
    redan_source_memory(&parent, redan_buf_view(&packed));
    assert_ok(redan_unpack_extent(&ctx, &parent, 6, packed.len, UINT64_MAX, &extent));
    assert_true(extent.whole);
    assert_int_equal(extent.packed, end - 6);
    assert_int_equal(extent.unpacked, bytes.len);
    assert_int_equal(extent.crc, pack_crc32(bytes));
    assert_ok(redan_unpack_extent(&ctx, &parent, 6, end - 1, UINT64_MAX, &extent));
    assert_false(extent.whole);
    assert_ok(redan_unpack_extent(&ctx, &parent, 6, packed.len, 1000, &extent));
    assert_false(extent.whole);
    assert_ok(redan_unpack_extent(&ctx, &parent, 0, packed.len, 1000, &extent));
    assert_false(extent.whole);
    redan_buf_done(&packed);
    redan_ctx_done(&ctx);
}

/* Members of gzip in a row are one stream; hundreds of thousands that hold nothing are work without end. */
static void test_empty_members(void **state)
{
    (void)state;
    for (size_t count = 60000; count <= 180000; count += 60000) {
        struct redan_ctx ctx;
        struct redan_buf one, packed;
        struct redan_source parent, source;
        uint64_t size = 0;

        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&one, &ctx, SIZE_MAX);
        redan_buf_init(&packed, &ctx, SIZE_MAX);
        pack_add(&one, REDAN_PACK_GZIP, REDAN_S("a"));
        for (size_t i = 0; i < count; i++)
            redan_buf_slice(&packed, redan_buf_view(&one));
        redan_source_memory(&parent, redan_buf_view(&packed));
        struct redan_part part = whole_of(redan_buf_view(&packed), REDAN_PACK_GZIP);
        assert_ok(redan_unpack(&ctx, &parent, &part, &source));
        assert_ok(redan_source_measure(&ctx, &source, &size));
        assert_int_equal(source.broken, count > 65536);
        assert_int_equal(source.broken ? source.fault : REDAN_OK,
                         count > 65536 ? REDAN_E_LIMIT : REDAN_OK);
        assert_int_equal(size, redan_min_size(count, 65537));
        redan_source_done(&source);
        redan_buf_done(&one);
        redan_buf_done(&packed);
        redan_ctx_done(&ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small),          cmocka_unit_test(test_empty_members),
        cmocka_unit_test(test_stream),         cmocka_unit_test(test_rewinds_end),
        cmocka_unit_test(test_damage),         cmocka_unit_test(test_concatenated),
        cmocka_unit_test(test_budget),         cmocka_unit_test(test_decoder_memory),
        cmocka_unit_test(test_text),           cmocka_unit_test(test_stored),
        cmocka_unit_test(test_memory_refused), cmocka_unit_test(test_extent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
