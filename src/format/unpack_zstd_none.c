/* Zstandard where the library was not there to build with. */
#include "format/unpack.h"

static enum redan_status begin(struct redan_ctx *ctx, struct redan_source *packed,
                               const struct redan_part *part, void **state)
{
    (void)packed;
    (void)state;
    return redan_fail(ctx, REDAN_E_UNSUPPORTED, part->offset,
                      "this build cannot read zstd: build it with libzstd");
}

static enum redan_step step(void *state, struct redan_step_io *io)
{
    (void)state;
    (void)io;
    return REDAN_STEP_DAMAGED;
}

static void done(struct redan_ctx *ctx, void *state)
{
    (void)ctx;
    (void)state;
}

const struct redan_decoder redan_decoder_zstd = {.begin = begin, .step = step, .done = done};
