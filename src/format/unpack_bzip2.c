/* bzip2, stream after stream, through libbz2. */
#include <bzlib.h>
#include <string.h>

#include "format/unpack.h"

struct bunzipping {
    bz_stream bz;
    bool started;
};

static void *bz_take(void *mem, int items, int size)
{
    size_t whole = 0;

    if (items < 0 || size < 0 || !redan_mul_size((size_t)items, (size_t)size, &whole))
        return NULL;
    return redan_unpack_take(mem, whole);
}

static void bz_give(void *mem, void *block)
{
    redan_unpack_give(mem, block);
}

static enum redan_status begin(struct redan_ctx *ctx, struct redan_source *packed,
                               const struct redan_part *part, void **state)
{
    struct bunzipping *it = redan_unpack_take(&ctx->mem, sizeof(*it));

    (void)packed;
    (void)part;
    if (it) {
        *it = (struct bunzipping){.started = true};
        it->bz.bzalloc = bz_take;
        it->bz.bzfree = bz_give;
        it->bz.opaque = &ctx->mem;
        if (BZ2_bzDecompressInit(&it->bz, 0, 0) == BZ_OK) {
            *state = it;
            return REDAN_OK;
        }
        redan_unpack_give(&ctx->mem, it);
    }
    return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for bzip2");
}

static void done(struct redan_ctx *ctx, void *state)
{
    struct bunzipping *it = state;

    if (it->started)
        (void)BZ2_bzDecompressEnd(&it->bz);
    redan_unpack_give(&ctx->mem, it);
}

/* Between streams: another one, or the end; other bytes after the last are passed over. */
static enum redan_step next_stream(struct bunzipping *it, struct redan_step_io *io)
{
    if (io->in.len < 4 && !io->last)
        return REDAN_STEP_MORE;
    if (io->in.len < 4 || memcmp(io->in.at, "BZh", 3) != 0)
        return REDAN_STEP_END;
    if (BZ2_bzDecompressInit(&it->bz, 0, 0) != BZ_OK)
        return REDAN_STEP_MEMORY;
    it->started = true;
    return REDAN_STEP_MORE;
}

static enum redan_step bunzip_some(struct bunzipping *it, struct redan_step_io *io)
{
    unsigned in = io->in.len > UINT32_MAX ? UINT32_MAX : (unsigned)io->in.len;
    unsigned room = io->room > UINT32_MAX ? UINT32_MAX : (unsigned)io->room;

    memcpy(&it->bz.next_in, &io->in.at, sizeof(it->bz.next_in)); /* it does not write there */
    it->bz.avail_in = in;
    it->bz.next_out = io->out;
    it->bz.avail_out = room;
    int said = BZ2_bzDecompress(&it->bz);
    io->in = redan_slice_sub(io->in, in - it->bz.avail_in, io->in.len);
    io->out += room - it->bz.avail_out;
    io->room -= room - it->bz.avail_out;
    if (said == BZ_STREAM_END)
        return REDAN_STEP_END;
    if (said == BZ_MEM_ERROR)
        return REDAN_STEP_MEMORY;
    return said == BZ_OK ? REDAN_STEP_MORE : REDAN_STEP_DAMAGED;
}

static enum redan_step step(void *state, struct redan_step_io *io)
{
    struct bunzipping *it = state;
    enum redan_step said = it->started ? REDAN_STEP_MORE : next_stream(it, io);

    if (it->started && said == REDAN_STEP_MORE)
        said = bunzip_some(it, io);
    if (said != REDAN_STEP_END || !it->started)
        return said;
    (void)BZ2_bzDecompressEnd(&it->bz);
    it->started = false;
    return next_stream(it, io);
}

const struct redan_decoder redan_decoder_bzip2 = {.begin = begin, .step = step, .done = done};
