/* An nginx of one's own, in the foreground: its private folder, its start, its signals, its end. */
#ifndef REDAN_CMD_NGINX_RUN_H
#define REDAN_CMD_NGINX_RUN_H

#include <signal.h>
#include <sys/types.h>

#include "base/ctx.h"

struct redan_nginx_run {
    struct redan_slice program; /* nginx */
    struct redan_slice prefix;  /* a folder of this run alone; empty: none was made */
    struct redan_slice config;  /* the file in it */
    pid_t pid;                  /* 0: it does not run */
    sigset_t before;
    bool held; /* signals wait to be passed on */
};

/* From `given`, or from where distributions put it. */
REDAN_NODISCARD enum redan_status redan_nginx_find(struct redan_ctx *ctx, struct redan_slice given,
                                                   struct redan_slice *program);
/* Holds signals back, makes the folder (mode 0700; 0711 when workers run as somebody else) and puts the configuration there. Call _done in any case. */
REDAN_NODISCARD enum redan_status redan_nginx_prepare(struct redan_ctx *ctx,
                                                      struct redan_nginx_run *run,
                                                      struct redan_slice config, bool others);
/* nginx -t; `words` is what it said when it refuses. */
REDAN_NODISCARD enum redan_status redan_nginx_test(struct redan_ctx *ctx,
                                                   const struct redan_nginx_run *run, bool *good,
                                                   struct redan_slice *words);
/* Starts it, and waits until the address answers. REDAN_E_IO when it ended instead. */
REDAN_NODISCARD enum redan_status
redan_nginx_start(struct redan_ctx *ctx, struct redan_nginx_run *run, struct redan_slice address);
/* Passes signals on until it ends; its exit code, or 128 and the signal. */
int redan_nginx_wait(struct redan_nginx_run *run);
void redan_nginx_done(struct redan_nginx_run *run);

#endif
