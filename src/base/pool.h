/* The one place where threads meet: a loop over n tasks on all cores, results in input order. */
#ifndef REDAN_BASE_POOL_H
#define REDAN_BASE_POOL_H

#include "base/ctx.h"

/* One task. `worker` is a context of this thread alone; what the task leaves in its arena moves to
 * the caller's context when the loop ends. Results go to a place of the caller's that only `index` owns. */
typedef enum redan_status redan_pool_task(struct redan_ctx *worker, size_t index, void *arg);

/* Run tasks 0..count-1 on `limits.workers` threads (one of them the caller's). Every task runs, unless one
 * fails: then no new ones begin, and the failure of the lowest index is the one recorded. */
REDAN_NODISCARD enum redan_status redan_pool_each(struct redan_ctx *ctx, size_t count,
                                                  redan_pool_task *task, void *arg);

/* How many threads that would be. */
unsigned redan_pool_threads(const struct redan_ctx *ctx, size_t count);

#endif
