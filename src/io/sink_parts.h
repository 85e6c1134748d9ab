/* Inside the room: what the adder of a sink and its thread share. */
#ifndef REDAN_IO_SINK_PARTS_H
#define REDAN_IO_SINK_PARTS_H

#include <pthread.h>
#include <stdatomic.h>

#include "io/os.h"
#include "io/sink.h"

enum redan_sink_state {
    REDAN_SINK_BUSY,   /* needs no waking: it will look again */
    REDAN_SINK_ASLEEP, /* every line wakes it */
    REDAN_SINK_NAPPING /* gathers lines: woken when half of the room is used */
};

/* Pages that a forked child finds cleared: lines that wait, the thread and its descriptors are the parent's alone. */
struct redan_sink_shared {
    _Atomic uint64_t head; /* bytes ever added; only the adder writes it */
    char apart[56];        /* the two ends lie on cache lines of their own */
    _Atomic uint64_t
        tail; /* bytes ever written; only the thread writes it, always at the end of a line */
    _Atomic int state;
    _Atomic uint64_t written, dropped; /* lines */
    _Atomic int64_t stop_at;           /* milliseconds of the rising clock; 0: go on */
    bool started;
    int wake, ended; /* event descriptors */
    pthread_t thread;
    _Alignas(64) char ring[];
};

struct redan_sink {
    struct redan_mem *mem;
    struct redan_sink_shared *shared;
    size_t mapped; /* bytes of it */
    size_t room;   /* of the ring: a power of two */
    bool socket;
    char path[REDAN_OS_PATH];
};

/* Milliseconds of a clock that only rises. */
int64_t redan_sink_clock(void);
/* A file to append to: regular, or a character device; -1 and errno. `st` may be NULL. */
int redan_sink_open_file(const char *path, struct stat *st);
/* The thread; `arg` is the sink. */
void *redan_sink_run(void *arg);

#endif
