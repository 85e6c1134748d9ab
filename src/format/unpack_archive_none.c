/* 7z, rar, cab, cpio, ar and iso where libarchive was not there to build with. */
#include "format/libarchive.h"
#include "format/unpack.h"

static enum redan_status refuse(struct redan_ctx *ctx)
{
    return redan_fail(ctx, REDAN_E_UNSUPPORTED, 0,
                      "this build cannot read such archives: build it with libarchive");
}

static enum redan_status begin(struct redan_ctx *ctx, struct redan_source *packed,
                               const struct redan_part *part, void **state)
{
    (void)packed;
    (void)part;
    (void)state;
    return refuse(ctx);
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

const struct redan_decoder redan_decoder_archive = {.begin = begin, .step = step, .done = done};

enum redan_status redan_archive_each(struct redan_ctx *ctx, struct redan_source *source,
                                     uint64_t most, redan_archive_listener *tell, void *arg,
                                     bool *all)
{
    (void)source;
    (void)most;
    (void)tell;
    (void)arg;
    (void)all;
    return refuse(ctx);
}

void redan_unpack_prepare(struct redan_ctx *ctx)
{
    (void)ctx;
}
