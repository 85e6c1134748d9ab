/* Deflate, zlib and gzip (RFC 1950-1952) through zlib. */
#include <string.h>
#include <zlib.h>

#include "format/unpack.h"

enum {
    RAW = -15,
    ZLIB = 15,
    GZIP = 15 + 16,
    MEMBERS = 1 << 16, /* of gzip in a row; beyond these only such as hold something */
    MEMBER_LEAST = 1 << 10,
};

struct inflating {
    z_stream z;
    int bits;
    bool started; /* within a gzip member */
    uint64_t members;
    uint64_t made;
};

static voidpf zlib_take(voidpf mem, uInt items, uInt size)
{
    size_t whole = 0;

    return redan_mul_size(items, size, &whole) ? redan_unpack_take(mem, whole) : NULL;
}

static void zlib_give(voidpf mem, voidpf block)
{
    redan_unpack_give(mem, block);
}

static enum redan_status begin(struct redan_ctx *ctx, int bits, void **state)
{
    struct inflating *it = redan_unpack_take(&ctx->mem, sizeof(*it));

    if (it) {
        *it = (struct inflating){.bits = bits, .started = true};
        it->z.zalloc = zlib_take;
        it->z.zfree = zlib_give;
        it->z.opaque = &ctx->mem;
        if (inflateInit2(&it->z, bits) == Z_OK) {
            *state = it;
            return REDAN_OK;
        }
        redan_unpack_give(&ctx->mem, it);
    }
    return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory to inflate");
}

static enum redan_status begin_deflate(struct redan_ctx *ctx, struct redan_source *packed,
                                       const struct redan_part *part, void **state)
{
    (void)packed;
    (void)part;
    return begin(ctx, RAW, state);
}

static enum redan_status begin_zlib(struct redan_ctx *ctx, struct redan_source *packed,
                                    const struct redan_part *part, void **state)
{
    (void)packed;
    (void)part;
    return begin(ctx, ZLIB, state);
}

static enum redan_status begin_gzip(struct redan_ctx *ctx, struct redan_source *packed,
                                    const struct redan_part *part, void **state)
{
    (void)packed;
    (void)part;
    return begin(ctx, GZIP, state);
}

static void done(struct redan_ctx *ctx, void *state)
{
    struct inflating *it = state;

    (void)inflateEnd(&it->z);
    redan_unpack_give(&ctx->mem, it);
}

/* Between gzip members: another one, or the end (RFC 1952 2.2; zeros between and other bytes after the last are passed over, as gzip does). */
static enum redan_step next_member(struct inflating *it, struct redan_step_io *io)
{
    size_t zeros = 0;

    while (zeros < io->in.len && io->in.at[zeros] == '\0')
        zeros++;
    io->in = redan_slice_sub(io->in, zeros, io->in.len);
    if (io->in.len < 2 && !io->last)
        return REDAN_STEP_MORE;
    if (io->in.len < 2 || memcmp(io->in.at, "\x1f\x8b", 2) != 0)
        return REDAN_STEP_END;
    it->started = true;
    if (++it->members > MEMBERS && it->made / it->members < MEMBER_LEAST)
        return REDAN_STEP_LIMIT;
    return inflateReset(&it->z) == Z_OK ? REDAN_STEP_MORE : REDAN_STEP_DAMAGED;
}

static enum redan_step inflate_some(struct inflating *it, struct redan_step_io *io)
{
    uInt in = io->in.len > UINT32_MAX ? UINT32_MAX : (uInt)io->in.len;
    uInt out = io->room > UINT32_MAX ? UINT32_MAX : (uInt)io->room;
    Bytef nothing = 0;

    /* zlib takes its input as const only with ZLIB_CONST, which its header must see first everywhere */
    memcpy(&it->z.next_in, &io->in.at, sizeof(it->z.next_in));
    it->z.avail_in = in;
    it->z.next_out = io->room ? (Bytef *)io->out : &nothing;
    it->z.avail_out = out;
    int said = inflate(&it->z, Z_NO_FLUSH);
    uInt used = in - it->z.avail_in;
    uInt made = out - it->z.avail_out;
    io->in = redan_slice_sub(io->in, used, io->in.len);
    io->out += made;
    io->room -= made;
    it->made += made;
    if (said == Z_STREAM_END)
        return REDAN_STEP_END;
    if (said == Z_MEM_ERROR)
        return REDAN_STEP_MEMORY;
    if (said != Z_OK && said != Z_BUF_ERROR)
        return REDAN_STEP_DAMAGED;
    return REDAN_STEP_MORE;
}

static enum redan_step step(void *state, struct redan_step_io *io)
{
    struct inflating *it = state;
    enum redan_step said = it->started ? REDAN_STEP_MORE : next_member(it, io);

    if (it->started && said == REDAN_STEP_MORE)
        said = inflate_some(it, io);
    if (said != REDAN_STEP_END || it->bits != GZIP || !it->started)
        return said;
    it->started = false;
    return next_member(it, io);
}

const struct redan_decoder redan_decoder_deflate = {
    .begin = begin_deflate, .step = step, .done = done};
const struct redan_decoder redan_decoder_zlib = {.begin = begin_zlib, .step = step, .done = done};
const struct redan_decoder redan_decoder_gzip = {.begin = begin_gzip, .step = step, .done = done};

uint32_t redan_crc32(uint32_t crc, struct redan_slice bytes)
{
    return (uint32_t)crc32_z(crc, (const Bytef *)bytes.at, bytes.len);
}

/* One window of packed bytes through the inflater; its output only counts. */
static enum redan_step measure(struct inflating *it, struct redan_slice in, uint64_t most,
                               struct redan_extent *extent)
{
    char out[8192];
    struct redan_step_io io = {.in = in};
    enum redan_step said = REDAN_STEP_MORE;
    size_t made = 0;

    do {
        io.out = out;
        io.room = sizeof(out);
        said = inflate_some(it, &io);
        made = sizeof(out) - io.room;
        extent->unpacked += made;
        extent->crc = redan_crc32(extent->crc, (struct redan_slice){out, made});
        if (extent->unpacked > most)
            said = REDAN_STEP_LIMIT;
    } while (said == REDAN_STEP_MORE && (io.in.len > 0 || made == sizeof(out)));
    extent->packed += in.len - io.in.len;
    return said;
}

enum redan_status redan_unpack_extent(struct redan_ctx *ctx, struct redan_source *source,
                                      uint64_t offset, uint64_t end, uint64_t most,
                                      struct redan_extent *extent)
{
    struct redan_slice view = {0};
    void *state = NULL;
    enum redan_step said = REDAN_STEP_MORE;

    *extent = (struct redan_extent){.whole = false};
    enum redan_status status = begin(ctx, RAW, &state);
    if (status != REDAN_OK || !state)
        return status;
    while (said == REDAN_STEP_MORE && offset < end) {
        size_t ask = end - offset < 32768 ? (size_t)(end - offset) : 32768;
        status = redan_source_view(ctx, source, offset, ask, &view);
        if (status != REDAN_OK || view.len == 0)
            break;
        offset += view.len;
        said = measure(state, view, most, extent);
    }
    done(ctx, state);
    extent->whole = said == REDAN_STEP_END;
    return status;
}
