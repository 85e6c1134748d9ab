/* Worker processes for bytes that nobody trusts: each gets open files, has no rights beyond them, and answers in bytes that nobody trusts either. */
#ifndef REDAN_CMD_SCAN_CREW_H
#define REDAN_CMD_SCAN_CREW_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "io/sandbox.h"

enum {
    REDAN_CREW_WINDOW = 256,     /* tasks that are under way or whose answers wait for their turn */
    REDAN_CREW_BATCH = 32,       /* small files of one message */
    REDAN_CREW_ANSWER = 1 << 20, /* bytes of one answer; more is taken for an attack */
    REDAN_CREW_WORKERS = 256,
};

/* What a worker does with a file: put the answer into `out`. It runs in the worker, with no rights. An empty answer asks for a worker that was forked
 * after `prepare`. */
typedef void redan_crew_work(void *arg, int fd, struct redan_slice name, struct redan_buf *out);

struct redan_crew_options {
    unsigned workers;
    double seconds; /* one file may take; 0 for no end */
    struct redan_sandbox sandbox;
    redan_crew_work *work;
    void (*prepare)(
        void *arg); /* here, once, for workers to come: load what few files need; may be NULL */
    void *arg;
};

enum redan_crew_end {
    REDAN_CREW_ANSWERED,
    REDAN_CREW_SKIPPED, /* there was no file to read */
    REDAN_CREW_DIED,
    REDAN_CREW_HUNG,
};

struct redan_crew_result {
    void *tag;
    struct redan_slice name; /* name and answer are valid until it is dropped */
    uint64_t size;
    enum redan_crew_end end;
    int signal; /* of a worker that died; 0 when it ended by itself */
    struct redan_slice answer;
    unsigned worker; /* who answered */
};

struct redan_crew_worker;
struct redan_crew_task;

struct redan_crew {
    struct redan_ctx *ctx;
    struct redan_crew_options options;
    struct redan_crew_worker *workers;
    struct redan_crew_task *tasks; /* a ring of REDAN_CREW_WINDOW */
    uint64_t first;                /* the oldest that was not taken */
    uint64_t next;                 /* the one that comes next */
    size_t held;                   /* bytes of answers that wait */
    uint64_t lost;                 /* workers that had to be replaced */
    bool hurry;                    /* no more tasks come: half-full batches go too */
    bool told;                     /* `state` is known */
    bool prepared;
    struct redan_sandbox_state state;
};

/* Forks the workers. _done is for REDAN_DEFER, after every failure too, and ends them. */
REDAN_NODISCARD enum redan_status redan_crew_open(struct redan_ctx *ctx,
                                                  const struct redan_crew_options *options,
                                                  struct redan_crew *crew);
void redan_crew_done(struct redan_crew *crew);
bool redan_crew_full(const struct redan_crew *crew);
bool redan_crew_idle(const struct redan_crew *crew); /* every result was taken */
/* A task; not when the crew is full. The descriptor is the crew's from now on, -1 for nothing to read. */
REDAN_NODISCARD enum redan_status redan_crew_put(struct redan_crew *crew, int fd, uint64_t size,
                                                 struct redan_slice name, void *tag);
/* No more tasks come. */
void redan_crew_hurry(struct redan_crew *crew);
/* The oldest task's result, in the order of putting, which stays until it is dropped. With `wait` it waits for it: after hurry, or when full. */
REDAN_NODISCARD enum redan_status redan_crew_take(struct redan_crew *crew, bool wait,
                                                  struct redan_crew_result *result, bool *got);
void redan_crew_drop(struct redan_crew *crew);
/* A worker whose answer makes no sense is ended, and what it is at work on is done again by another. */
void redan_crew_distrust(struct redan_crew *crew, unsigned worker);

/* The worker's side: never returns. */
_Noreturn void redan_crew_serve(const struct redan_crew_options *options, int tasks, int answers);

#endif
