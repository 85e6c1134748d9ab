/* Bytes that go by once, put where they can be read at any place: in memory, or in a file without a name when they are many. */
#ifndef REDAN_IO_SPOOL_H
#define REDAN_IO_SPOOL_H

#include "base/ctx.h"

/* Everything that `input` still yields, as a regular file open for reading, which the caller closes. A regular file at its beginning is handed back as it
 * is. REDAN_E_LIMIT over `most` bytes. Up to `memory` bytes are kept in memory; more go to $TMPDIR or /tmp. */
REDAN_NODISCARD enum redan_status redan_spool(struct redan_ctx *ctx, int input, uint64_t memory,
                                              uint64_t most, int *fd, uint64_t *size);

/* A file that is written piece by piece, and takes its name when it is whole. */
struct redan_growing {
    int folder;
    int fd;
    struct redan_slice path;
    char temp[40];
};
/* _done is for REDAN_DEFER: what was not kept is removed. A name that is "" or "-" is standard output. */
REDAN_NODISCARD enum redan_status redan_growing_open(struct redan_ctx *ctx, struct redan_slice path,
                                                     struct redan_growing *file);
REDAN_NODISCARD enum redan_status
redan_growing_add(struct redan_ctx *ctx, struct redan_growing *file, struct redan_slice bytes);
REDAN_NODISCARD enum redan_status redan_growing_keep(struct redan_ctx *ctx,
                                                     struct redan_growing *file);
void redan_growing_done(struct redan_growing *file);

#endif
