/* Zstandard frames (RFC 8878), one after the other, through libzstd. */
#define ZSTD_STATIC_LINKING_ONLY /* for the allocator */
#include <zstd.h>
#include <zstd_errors.h>

#include "format/unpack.h"

enum { WINDOW_LOG = 26 };

struct unzstd {
    ZSTD_DCtx *zstd;
    bool between;
    bool any;
};

static void *zstd_take(void *mem, size_t size)
{
    return redan_unpack_take(mem, size);
}

static void zstd_give(void *mem, void *block)
{
    redan_unpack_give(mem, block);
}

static enum redan_status begin(struct redan_ctx *ctx, struct redan_source *packed,
                               const struct redan_part *part, void **state)
{
    struct unzstd *it = redan_unpack_take(&ctx->mem, sizeof(*it));
    ZSTD_customMem memory = {
        .customAlloc = zstd_take, .customFree = zstd_give, .opaque = &ctx->mem};

    (void)packed;
    (void)part;
    if (it) {
        *it = (struct unzstd){.between = true, .zstd = ZSTD_createDCtx_advanced(memory)};
        if (it->zstd &&
            !ZSTD_isError(ZSTD_DCtx_setParameter(it->zstd, ZSTD_d_windowLogMax, WINDOW_LOG))) {
            *state = it;
            return REDAN_OK;
        }
        (void)ZSTD_freeDCtx(it->zstd);
        redan_unpack_give(&ctx->mem, it);
    }
    return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for zstd");
}

static void done(struct redan_ctx *ctx, void *state)
{
    struct unzstd *it = state;

    (void)ZSTD_freeDCtx(it->zstd);
    redan_unpack_give(&ctx->mem, it);
}

/* RFC 8878 3.1.1, 3.1.2: a frame's magic, or one of the sixteen of skippable frames. */
static bool frame_starts(struct redan_slice in)
{
    const uint8_t *b = (const uint8_t *)in.at;

    return in.len >= 4 && ((b[0] == 0x28 && b[1] == 0xb5 && b[2] == 0x2f && b[3] == 0xfd) ||
                           ((b[0] & 0xf0) == 0x50 && b[1] == 0x2a && b[2] == 0x4d && b[3] == 0x18));
}

static enum redan_step failed(size_t said)
{
    ZSTD_ErrorCode code = ZSTD_getErrorCode(said);

    if (code == ZSTD_error_frameParameter_windowTooLarge)
        return REDAN_STEP_LIMIT;
    return code == ZSTD_error_memory_allocation ? REDAN_STEP_MEMORY : REDAN_STEP_DAMAGED;
}

static enum redan_step step(void *state, struct redan_step_io *io)
{
    struct unzstd *it = state;

    if (it->between && io->in.len < 4 && !io->last)
        return REDAN_STEP_MORE;
    if (it->between && !frame_starts(io->in))
        return it->any ? REDAN_STEP_END : REDAN_STEP_DAMAGED;
    it->between = false;
    ZSTD_inBuffer in = {.src = io->in.at, .size = io->in.len};
    ZSTD_outBuffer out = {.dst = io->out, .size = io->room};
    size_t said = ZSTD_decompressStream(it->zstd, &out, &in);
    io->in = redan_slice_sub(io->in, in.pos, io->in.len);
    io->out += out.pos;
    io->room -= out.pos;
    if (ZSTD_isError(said))
        return failed(said);
    it->any = true;
    it->between = said == 0;
    return REDAN_STEP_MORE;
}

const struct redan_decoder redan_decoder_zstd = {.begin = begin, .step = step, .done = done};
