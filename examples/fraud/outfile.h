/* A file written as a stream that appears under its name only when it is whole. */
#ifndef FRAUD_OUTFILE_H
#define FRAUD_OUTFILE_H

#include "base/buf.h"
#include "base/ctx.h"

struct fraud_outfile {
    struct redan_ctx *ctx;
    const char *path;
    struct redan_buf temporary; /* name while it is written */
    struct redan_buf pending;
    int fd;
};

/* `path` is borrowed. A file that is already there stays until _close replaces it. */
REDAN_NODISCARD enum redan_status fraud_outfile_open(struct redan_ctx *ctx, const char *path,
                                                     struct fraud_outfile *file);
/* Where to add text; then call _flush, which writes once enough is pending. */
REDAN_NODISCARD enum redan_status fraud_outfile_flush(struct fraud_outfile *file);
/* Write the rest, sync, and give the file its name. */
REDAN_NODISCARD enum redan_status fraud_outfile_close(struct fraud_outfile *file);
/* Without a _close before it, the temporary file is removed. */
void fraud_outfile_done(struct fraud_outfile *file);
/* All of that for text at hand. */
REDAN_NODISCARD enum redan_status fraud_outfile_put(struct redan_ctx *ctx, const char *path,
                                                    struct redan_slice text);

#endif
