/* LZ4 frames, one after the other, through liblz4. Its own context is of fixed size and comes from the C library. */
#include <lz4frame.h>

#include "format/unpack.h"

struct unlz4 {
    LZ4F_dctx *lz4;
    bool between; /* the next byte starts a frame or ends them */
    bool any;
};

static enum redan_status begin(struct redan_ctx *ctx, struct redan_source *packed,
                               const struct redan_part *part, void **state)
{
    struct unlz4 *it = redan_unpack_take(&ctx->mem, sizeof(*it));

    (void)packed;
    (void)part;
    if (it) {
        *it = (struct unlz4){.between = true};
        if (!LZ4F_isError(LZ4F_createDecompressionContext(&it->lz4, LZ4F_VERSION))) {
            *state = it;
            return REDAN_OK;
        }
        redan_unpack_give(&ctx->mem, it);
    }
    return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for lz4");
}

static void done(struct redan_ctx *ctx, void *state)
{
    struct unlz4 *it = state;

    (void)LZ4F_freeDecompressionContext(it->lz4);
    redan_unpack_give(&ctx->mem, it);
}

/* LZ4 frame format: a frame's magic, or one of the sixteen of skippable frames. */
static bool frame_starts(struct redan_slice in)
{
    const uint8_t *b = (const uint8_t *)in.at;

    return in.len >= 4 && ((b[0] == 0x04 && b[1] == 0x22 && b[2] == 0x4d && b[3] == 0x18) ||
                           ((b[0] & 0xf0) == 0x50 && b[1] == 0x2a && b[2] == 0x4d && b[3] == 0x18));
}

static enum redan_step step(void *state, struct redan_step_io *io)
{
    struct unlz4 *it = state;
    size_t in = io->in.len;
    size_t made = io->room;

    if (it->between && in < 4 && !io->last)
        return REDAN_STEP_MORE;
    if (it->between && !frame_starts(io->in))
        return it->any ? REDAN_STEP_END : REDAN_STEP_DAMAGED;
    it->between = false;
    size_t said = LZ4F_decompress(it->lz4, io->out, &made, io->in.at, &in, NULL);
    if (LZ4F_isError(said)) {
        /* what it wrote before an error is not told: nothing of this step counts */
        return REDAN_STEP_DAMAGED;
    }
    io->in = redan_slice_sub(io->in, in, io->in.len);
    io->out += made;
    io->room -= made;
    it->any = true;
    it->between = said == 0;
    return REDAN_STEP_MORE;
}

const struct redan_decoder redan_decoder_lz4 = {.begin = begin, .step = step, .done = done};
