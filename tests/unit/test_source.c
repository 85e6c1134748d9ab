/* Sources: whatever the bytes come from, a view of a place shows the same, and hostile offsets show nothing. */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/source.h"

enum { BIG = 300000 };

/* An unlinked file of BIG bytes, each telling its place. */
static int big_file(struct redan_ctx *ctx, char **bytes)
{
    char name[] = "/tmp/redan-source-XXXXXX";
    int fd = mkstemp(name);

    assert_true(fd >= 0);
    assert_int_equal(unlink(name), 0);
    *bytes = redan_take(ctx, BIG);
    assert_non_null(*bytes);
    for (size_t i = 0; i < BIG; i++)
        (*bytes)[i] = (char)(uint8_t)((i * 2654435761U) >> 13);
    assert_int_equal(write(fd, *bytes, BIG), BIG);
    return fd;
}

/* Every kind of place in a source shows what `bytes` has there. */
static void same_everywhere(struct redan_ctx *ctx, struct redan_source *source, const char *bytes,
                            size_t size)
{
    static const size_t lens[] = {0, 1, 7, 4096, 70000, REDAN_SOURCE_VIEW};
    const uint64_t places[] = {
        0,    1,     9000,     size / 2,   3, size - 1,       size,  size + 1, 8192,
        8191, 12288, size - 9, UINT64_MAX, 5, UINT64_MAX / 2, 70000, 69999,    (uint64_t)1 << 63};

    for (size_t i = 0; i < REDAN_COUNT(places); i++) {
        for (size_t k = 0; k < REDAN_COUNT(lens); k++) {
            struct redan_slice view = {0};
            assert_ok(redan_source_view(ctx, source, places[i], lens[k], &view));
            size_t left = places[i] < size ? size - (size_t)places[i] : 0;
            assert_int_equal(view.len, redan_min_size(lens[k], left));
            assert_non_null(view.at);
            if (view.len)
                assert_memory_equal(view.at, bytes + places[i], view.len);
        }
    }
}

static void in_a_row(struct redan_ctx *ctx, struct redan_source *source, const char *bytes,
                     size_t size)
{
    struct redan_slice view = {0};

    for (size_t at = 0; at < size; at += view.len) {
        assert_ok(redan_source_view(ctx, source, at, 1000, &view));
        assert_true(view.len > 0);
        assert_memory_equal(view.at, bytes + at, view.len);
    }
}

static void test_views(void **state)
{
    static const size_t wholes[] = {0, 1000, BIG - 1, BIG, BIG * 2};

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(wholes); i++) {
        struct redan_limits limits = redan_limits_default;
        struct redan_ctx ctx;
        struct redan_source file;
        struct redan_source part;
        struct redan_source inner;
        char *bytes = NULL;
        limits.whole = wholes[i];
        redan_ctx_init(&ctx, &limits);
        int fd = big_file(&ctx, &bytes);
        size_t before = ctx.mem.used;
        assert_ok(redan_source_file(&ctx, fd, &file));
        assert_int_equal(file.size, BIG);
        assert_int_equal(file.memory.at != NULL, wholes[i] >= BIG);
        same_everywhere(&ctx, &file, bytes, BIG);
        in_a_row(&ctx, &file, bytes, BIG);
        redan_source_part(&part, &file, 100, 200000);
        same_everywhere(&ctx, &part, bytes + 100, 200000);
        redan_source_part(&inner, &part, 150000, UINT64_MAX - 1); /* cut at its parent's end */
        assert_int_equal(inner.size, 50000);
        same_everywhere(&ctx, &inner, bytes + 150100, 50000);
        in_a_row(&ctx, &inner, bytes + 150100, 50000);
        redan_source_done(&inner);
        redan_source_part(&inner, &part, UINT64_MAX, UINT64_MAX);
        assert_int_equal(inner.size, 0);
        redan_source_done(&inner);
        redan_source_done(&part);
        redan_source_done(&file);
        redan_source_done(&file);
        assert_int_equal(ctx.mem.used, before);
        assert_int_equal(close(fd), 0);
        redan_ctx_done(&ctx);
    }
}

static void test_memory(void **state)
{
    struct redan_ctx ctx;
    struct redan_source source;
    struct redan_source part;
    struct redan_slice view = {0};

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_source_memory(&source, (struct redan_slice){NULL, 0});
    assert_ok(redan_source_view(&ctx, &source, 0, 5, &view));
    assert_int_equal(view.len, 0);
    redan_source_memory(&source, REDAN_S("0123456789"));
    redan_source_part(&part, &source, 2, 3);
    assert_non_null(part.memory.at);
    assert_ok(redan_source_view(&ctx, &part, 0, 100, &view));
    assert_slice(view, "234");
    assert_ptr_equal(view.at, source.memory.at + 2);
    assert_ok(redan_source_whole(&ctx, &part, 3, &view));
    assert_slice(view, "234");
    assert_int_equal(redan_source_whole(&ctx, &part, 2, &view), REDAN_E_LIMIT);
    assert_int_equal(ctx.mem.used, 0);
    redan_ctx_done(&ctx);
}

static void test_whole(void **state)
{
    struct redan_limits limits = redan_limits_default;
    struct redan_ctx ctx;
    struct redan_source file;
    struct redan_slice all = {0};
    char *bytes = NULL;
    uint64_t size = 0;

    (void)state;
    limits.whole = 10;
    redan_ctx_init(&ctx, &limits);
    int fd = big_file(&ctx, &bytes);
    assert_ok(redan_source_file(&ctx, fd, &file));
    assert_int_equal(redan_source_whole(&ctx, &file, BIG - 1, &all), REDAN_E_LIMIT);
    redan_fail_clear(&ctx);
    assert_ok(redan_source_whole(&ctx, &file, BIG, &all));
    assert_int_equal(all.len, BIG);
    assert_memory_equal(all.at, bytes, BIG);
    assert_ok(redan_source_measure(&ctx, &file, &size));
    assert_int_equal(size, BIG);
    redan_source_done(&file);
    assert_int_equal(close(fd), 0);
    redan_ctx_done(&ctx);
}

/* It loses its end while it is open. */
static void test_shrinks(void **state)
{
    struct redan_limits limits = redan_limits_default;
    struct redan_ctx ctx;
    struct redan_source file;
    struct redan_source part;
    struct redan_slice view = {0};
    char *bytes = NULL;

    (void)state;
    limits.whole = 10;
    redan_ctx_init(&ctx, &limits);
    int fd = big_file(&ctx, &bytes);
    assert_ok(redan_source_file(&ctx, fd, &file));
    assert_int_equal(ftruncate(fd, 1000), 0);
    redan_source_part(&part, &file, 900, 4000);
    assert_ok(redan_source_view(&ctx, &part, 0, 4000, &view));
    assert_int_equal(view.len, 100);
    assert_true(part.broken && file.broken);
    assert_int_equal(file.fault, REDAN_E_IO);
    assert_ok(redan_source_view(&ctx, &file, 0, 4000, &view));
    assert_int_equal(view.len, 1000);
    assert_memory_equal(view.at, bytes, 1000);
    redan_source_done(&part);
    redan_source_done(&file);
    assert_int_equal(close(fd), 0);
    int folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(redan_source_file(&ctx, folder, &file), REDAN_E_IO);
    assert_int_equal(close(folder), 0);
    redan_ctx_done(&ctx);
}

/* A source of zeros that knows no end: offsets come up to the largest number. */
static enum redan_status read_zeros(struct redan_ctx *ctx, struct redan_source *source,
                                    uint64_t offset, char *to, size_t len, size_t *got)
{
    (void)ctx;
    (void)source;
    (void)offset;
    memset(to, 0, len);
    *got = len;
    return REDAN_OK;
}

static void test_endless(void **state)
{
    static const struct redan_source_kind kind = {.name = "zeros", .read = read_zeros};
    struct redan_source zeros = {.kind = &kind, .size = REDAN_SOURCE_UNKNOWN};
    struct redan_source part;
    struct redan_ctx ctx;
    struct redan_slice view = {0};
    struct redan_source_reader reader;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    zeros.mem = &ctx.mem;
    redan_source_part(&part, &zeros, UINT64_MAX - 10, REDAN_SOURCE_UNKNOWN);
    assert_ok(redan_source_view(&ctx, &part, 100, 8, &view));
    assert_int_equal(view.len, 0);
    redan_source_reader_init(&reader, &ctx, &zeros, UINT64_MAX - 4, UINT64_MAX);
    assert_int_equal(redan_source_u32le(&reader), 0);
    assert_false(reader.failed);
    redan_source_skip(&reader, 1);
    assert_true(reader.failed);
    redan_mem_give(&ctx.mem, zeros.window, zeros.window_cap);
    redan_source_done(&part);
    redan_ctx_done(&ctx);
}

static void numbers(struct redan_ctx *ctx, struct redan_source *source)
{
    struct redan_source_reader r;

    redan_source_reader_init(&r, ctx, source, 0, UINT64_MAX);
    assert_int_equal(redan_source_u8(&r), 1);
    assert_int_equal(redan_source_u16le(&r), 0x0302);
    assert_int_equal(redan_source_u32be(&r), 0x04050607);
    assert_int_equal(redan_source_u64le(&r), 0x0f0e0d0c0b0a0908);
    assert_int_equal(redan_source_u16be(&r), 0x1011);
    assert_int_equal(redan_source_u32le(&r), 0x15141312);
    assert_int_equal(redan_source_u64be(&r), 0x161718191a1b1c1d);
    assert_slice(redan_source_until(&r, '\n', 100), "line");
    assert_slice(redan_source_until(&r, '\n', 1), "");
    assert_slice(redan_source_bytes(&r, 3), "end");
    assert_int_equal(redan_source_bytes(&r, 0).len, 0);
    assert_ok(redan_source_ok(&r, "it"));
    assert_int_equal(redan_source_u16le(&r), 0); /* one byte is there, two are not */
    assert_int_equal(redan_source_u8(&r), 0);
    assert_true(r.failed);
    assert_int_equal(redan_source_ok(&r, "it"), REDAN_E_SYNTAX);
    assert_string_equal(ctx->failure.text, "it is cut short at byte 38");
    redan_fail_clear(ctx);
}

static const char mixed[] = "\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\xf\x10\x11\x12\x13\x14\x15\x16\x17"
                            "\x18\x19\x1a\x1b\x1c\x1dline\n\nend!";

static void test_reader(void **state)
{
    struct redan_limits limits = redan_limits_default;
    struct redan_ctx ctx;
    struct redan_source source;
    char name[] = "/tmp/redan-source-XXXXXX";
    int fd = mkstemp(name);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(unlink(name), 0);
    assert_int_equal(write(fd, mixed, sizeof(mixed) - 1), sizeof(mixed) - 1);
    limits.whole = 8;
    redan_ctx_init(&ctx, &limits);
    redan_source_memory(&source, (struct redan_slice){mixed, sizeof(mixed) - 1});
    numbers(&ctx, &source);
    assert_ok(redan_source_file(&ctx, fd, &source));
    assert_null(source.memory.at);
    numbers(&ctx, &source);
    redan_source_done(&source);
    assert_int_equal(close(fd), 0);
    redan_ctx_done(&ctx);
}

static void test_reader_bounds(void **state)
{
    struct redan_limits limits = redan_limits_default;
    struct redan_ctx ctx;
    struct redan_source file;
    struct redan_source_reader r;
    struct redan_slice view = {0};
    char *bytes = NULL;

    (void)state;
    limits.whole = 10;
    redan_ctx_init(&ctx, &limits);
    int fd = big_file(&ctx, &bytes);
    for (size_t i = 0; i < BIG; i++)
        bytes[i] = i == 20000 ? '\n' : 'x';
    assert_int_equal(pwrite(fd, bytes, BIG, 0), BIG);
    assert_ok(redan_source_file(&ctx, fd, &file));
    redan_source_reader_init(&r, &ctx, &file, 5, UINT64_MAX);
    assert_int_equal(redan_source_until(&r, '\n', 20000).len, 19995);
    assert_int_equal(r.pos, 20001);
    redan_source_reader_init(&r, &ctx, &file, 5, UINT64_MAX);
    assert_int_equal(redan_source_until(&r, '\n', 19995).len, 0); /* the stop is one too far */
    assert_true(r.failed);
    redan_source_reader_init(&r, &ctx, &file, 5,
                             20000); /* not past its end, though it is at hand */
    assert_int_equal(redan_source_until(&r, '\n', 100000).len, 0);
    assert_true(r.failed);
    redan_source_reader_init(&r, &ctx, &file, 19990, 20001);
    assert_int_equal(redan_source_bytes(&r, 12).len, 0);
    assert_true(r.failed);
    redan_source_reader_init(&r, &ctx, &file, 19990, 20001);
    assert_int_equal(redan_source_bytes(&r, 11).len, 11);
    assert_false(r.failed);
    redan_source_reader_init(&r, &ctx, &file, 0, UINT64_MAX);
    redan_source_skip(&r, BIG);
    assert_false(r.failed);
    redan_source_skip(&r, UINT64_MAX);
    assert_true(r.failed);
    redan_source_reader_init(&r, &ctx, &file, 7, 3);
    assert_int_equal(redan_source_u8(&r), 0);
    assert_true(r.failed);
    redan_source_reader_init(&r, &ctx, &file, 0, UINT64_MAX);
    assert_int_equal(redan_source_bytes(&r, REDAN_SOURCE_VIEW + 1).len, 0);
    assert_true(r.failed);
    /* another view between two reads moves the window; the cursor looks again */
    redan_source_reader_init(&r, &ctx, &file, 19998, UINT64_MAX);
    assert_int_equal(redan_source_u8(&r), 'x');
    assert_ok(redan_source_view(&ctx, &file, 200000, 100000, &view));
    assert_int_equal(redan_source_u16be(&r), ('x' << 8) | '\n');
    redan_source_done(&file);
    assert_int_equal(close(fd), 0);
    redan_ctx_done(&ctx);
}

static void test_memory_refused(void **state)
{
    (void)state;
    for (uint64_t n = 1; n < 8; n++) {
        struct redan_limits limits = redan_limits_default;
        struct redan_ctx ctx;
        struct redan_source file;
        struct redan_slice view = {0};
        char *bytes = NULL;
        limits.whole = n % 2 ? 10 : BIG;
        redan_ctx_init(&ctx, &limits);
        int fd = big_file(&ctx, &bytes);
        ctx.mem.fail_at = ctx.mem.calls + n;
        enum redan_status status = redan_source_file(&ctx, fd, &file);
        if (status == REDAN_OK) {
            for (size_t i = 0; status == REDAN_OK && i < 4; i++)
                status = redan_source_view(&ctx, &file, i * 10000, (i + 1) * 10000, &view);
            if (status == REDAN_OK)
                status = redan_source_whole(&ctx, &file, BIG, &view);
            redan_source_done(&file);
        }
        assert_true(status == REDAN_OK || status == REDAN_E_MEMORY);
        assert_int_equal(close(fd), 0);
        redan_ctx_done(&ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_views),         cmocka_unit_test(test_memory),
        cmocka_unit_test(test_whole),         cmocka_unit_test(test_shrinks),
        cmocka_unit_test(test_endless),       cmocka_unit_test(test_reader),
        cmocka_unit_test(test_reader_bounds), cmocka_unit_test(test_memory_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
