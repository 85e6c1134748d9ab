/* Run another program: arguments as a list, never a shell; bounded time and output. */
#ifndef REDAN_IO_PROCESS_H
#define REDAN_IO_PROCESS_H

#include "base/ctx.h"

struct redan_process {
    const char *const *argv;   /* NULL-terminated; argv[0] is looked up in PATH */
    struct redan_slice folder; /* working folder; empty for the caller's */
    struct redan_slice input;  /* standard input */
    unsigned seconds;          /* killed with its process group after this long; 0 is refused */
    /* It may ask a person: it stays in the caller's process group, its input is the terminal where there is one, what it
     * says on standard error goes to the caller's, and only itself is killed. */
    bool terminal;
    /* Asked every twentieth of a second while it runs: true ends it with its group, as time that is over does. May be NULL. */
    bool (*enough)(void *arg);
    void *arg;
};

struct redan_process_result {
    int exit_code; /* 128 + signal when it was killed */
    bool timed_out;
    bool stopped;           /* by `enough`, while it ran */
    struct redan_slice out; /* in the arena, cut at limits.output */
    struct redan_slice err;
    bool cut; /* output was longer than the limit */
};

/* REDAN_E_ABSENT when the program is not found; a non-zero exit is a result, not a failure. When the program ends, whatever
 * it left running in its process group is killed. The environment is the caller's; of the descriptors only 0, 1 and 2 pass. */
REDAN_NODISCARD enum redan_status redan_process_run(struct redan_ctx *ctx,
                                                    const struct redan_process *process,
                                                    struct redan_process_result *result);

#endif
