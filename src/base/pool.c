/* Threads draw task numbers from one counter; each has a context of its own. */
#include "base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { MOST = 64 };

struct job {
    redan_pool_task *task;
    void *arg;
    size_t count;
    atomic_size_t next;
    atomic_bool stop;
};

struct worker {
    struct job *job;
    struct redan_ctx ctx;
    size_t failed_at; /* index of this worker's failure; SIZE_MAX when none */
    pthread_t thread;
};

static void *work(void *arg)
{
    struct worker *w = arg;
    struct job *job = w->job;

    while (!atomic_load_explicit(&job->stop, memory_order_relaxed)) {
        size_t i = atomic_fetch_add_explicit(&job->next, 1, memory_order_relaxed);
        if (i >= job->count)
            break;
        if (job->task(&w->ctx, i, job->arg) != REDAN_OK) {
            w->failed_at = i;
            atomic_store_explicit(&job->stop, true, memory_order_relaxed);
            break;
        }
    }
    return NULL;
}

unsigned redan_pool_threads(const struct redan_ctx *ctx, size_t count)
{
    unsigned n = ctx->limits.workers;

    if (n == 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        n = sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
    }
    if (n > MOST)
        n = MOST;
    return n > count ? (unsigned)count : n;
}

enum redan_status redan_pool_each(struct redan_ctx *ctx, size_t count, redan_pool_task *task,
                                  void *arg)
{
    struct job job = {.task = task, .arg = arg, .count = count};
    unsigned n = redan_pool_threads(ctx, count);
    unsigned running = 0;

    if (count == 0)
        return REDAN_OK;
    struct worker *workers = redan_take_array(ctx, n, sizeof(*workers));
    if (!workers)
        return REDAN_E_MEMORY;
    for (unsigned i = 0; i < n; i++) {
        workers[i].job = &job;
        workers[i].failed_at = SIZE_MAX;
        redan_ctx_init(&workers[i].ctx, &ctx->limits);
        workers[i].ctx.now = ctx->now;
        workers[i].ctx.seed = ctx->seed;
        workers[i].ctx.mem.fail_at = ctx->mem.fail_at;
        workers[i].ctx.limits.workers = 1; /* a task that loops itself does not multiply threads */
    }
    for (unsigned i = 1; i < n; i++) { /* fewer threads than asked for is slower, not wrong */
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            break;
        running = i;
    }
    (void)work(&workers[0]);
    for (unsigned i = 1; i <= running; i++)
        (void)pthread_join(workers[i].thread, NULL);

    const struct worker *first = NULL;
    for (unsigned i = 0; i < n; i++) {
        if (workers[i].failed_at != SIZE_MAX && (!first || workers[i].failed_at < first->failed_at))
            first = &workers[i];
    }
    enum redan_status status = REDAN_OK;
    if (first) {
        status = first->ctx.failure.status != REDAN_OK ? first->ctx.failure.status : REDAN_E_LIMIT;
        if (ctx->failure.status == REDAN_OK)
            ctx->failure = first->ctx.failure;
    }
    for (unsigned i = 0; i < n; i++) {
        redan_arena_adopt(&ctx->arena, &workers[i].ctx.arena);
        redan_ctx_done(&workers[i].ctx);
    }
    return status;
}
