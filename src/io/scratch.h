/* A private temporary folder, filled once, and gone again whatever happens in between, short of SIGKILL or a crash. */
#ifndef REDAN_IO_SCRATCH_H
#define REDAN_IO_SCRATCH_H

#include <pthread.h>
#include <signal.h>

#include "io/ustar.h"

struct redan_scratch {
    int fd; /* the open folder; -1 for none */
    struct redan_slice path;
    const struct redan_ustar_file *files; /* what was put there, and will be removed */
    size_t count;
    sigset_t before;   /* the signals that were blocked already */
    sigset_t enders;   /* those that end the program, and would leave the folder behind */
    pthread_t watcher; /* waits for one of them */
    bool watched;
};

/* A folder of mode 0700 below `base`, holding these files with mode 0600: each made anew, relative to the open folder. A signal
 * that ends the program ends it still, but only after all of it has been removed; until _done `files` must live and `scratch` stay where it is.
 * On failure nothing is left behind. */
REDAN_NODISCARD enum redan_status redan_scratch_make(struct redan_ctx *ctx, struct redan_slice base,
                                                     const struct redan_ustar_file *files,
                                                     size_t count, struct redan_scratch *scratch);
/* Make it the working folder. */
REDAN_NODISCARD enum redan_status redan_scratch_enter(struct redan_ctx *ctx,
                                                      const struct redan_scratch *scratch);
void redan_scratch_done(struct redan_scratch *scratch);

#endif
