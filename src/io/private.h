/* A folder that nobody else can change: in memory, seen by this process and its children alone, and read-only once it is filled. */
#ifndef REDAN_IO_PRIVATE_H
#define REDAN_IO_PRIVATE_H

#include "base/ctx.h"

struct redan_private {
    int fd;           /* the folder, to put files below; -1 for none */
    const char *path; /* where it lies, for this process */
};

/* From here on this process lives in a mount namespace of its own; where it may not make one by itself, in a user namespace too, as the user it was. For a process of one thread. The folder lies on one of the system's
 * that is empty and that only root can rename. REDAN_E_UNSUPPORTED, with what would help, where the system allows none of this. */
REDAN_NODISCARD enum redan_status redan_private_open(struct redan_ctx *ctx,
                                                     struct redan_private *place);
/* Nothing in it changes any more, whoever tries. Files that are open for writing are a failure. */
REDAN_NODISCARD enum redan_status redan_private_seal(struct redan_ctx *ctx,
                                                     const struct redan_private *place);
void redan_private_done(
    struct redan_private
        *place); /* closes the descriptor; the folder stays while the process does */

#endif
