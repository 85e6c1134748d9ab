/* Adding lines to a sink: a ring that one thread fills and another empties, and that nobody waits for. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/un.h>
#include <unistd.h>

#include "io/sink_parts.h"

enum { ROOM_LEAST = 4096, ROOM_MOST = 1 << 30, STACK = 256 << 10, SLACK_MS = 50 };

static enum redan_status read_target(struct redan_ctx *ctx, struct redan_slice target,
                                     struct redan_sink *sink)
{
    const struct redan_slice unix_prefix = REDAN_S("unix:");
    struct redan_slice path = target;

    sink->socket = redan_slice_starts(target, unix_prefix);
    if (sink->socket)
        path = redan_slice_sub(target, unix_prefix.len, SIZE_MAX);
    REDAN_TRY(redan_os_path(ctx, path, sink->path));
    if (sink->socket) {
        if (path.len >= sizeof(((struct sockaddr_un *)0)->sun_path))
            return redan_fail(ctx, REDAN_E_USAGE, 0,
                              "the path of the socket has %zu bytes; the system takes %zu",
                              path.len, sizeof(((struct sockaddr_un *)0)->sun_path) - 1);
        return REDAN_OK;
    }
    int fd = redan_sink_open_file(sink->path, NULL); /* now is the time to say that it cannot be */
    if (fd < 0)
        return redan_os_fail(ctx, errno, "append to", path);
    redan_os_close(&fd);
    return REDAN_OK;
}

static enum redan_status map_shared(struct redan_ctx *ctx, size_t room, struct redan_sink *sink)
{
    sink->room = ROOM_LEAST;
    while (sink->room < room && sink->room < ROOM_MOST)
        sink->room *= 2;
    sink->mapped = sizeof(struct redan_sink_shared) + sink->room;
    void *pages = redan_mem_take_pages(&ctx->mem, sink->mapped);
    if (!pages)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for %zu bytes of waiting lines", room);
    sink->shared = pages;
    return REDAN_OK;
}

enum redan_status redan_sink_new(struct redan_ctx *ctx, struct redan_slice target, size_t room,
                                 struct redan_sink **sink)
{
    struct redan_sink *made = redan_mem_take(&ctx->mem, sizeof(*made));

    if (!made)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for a sink");
    memset(made, 0, sizeof(*made));
    made->mem = &ctx->mem;
    enum redan_status status = read_target(ctx, target, made);
    if (status == REDAN_OK)
        status = map_shared(ctx, room, made);
    if (status != REDAN_OK) {
        redan_mem_give(&ctx->mem, made, sizeof(*made));
        return status;
    }
    *sink = made;
    return REDAN_OK;
}

/* No signal of the process is ever handled in this thread. */
static bool start(struct redan_sink *sink)
{
    struct redan_sink_shared *shared = sink->shared;
    pthread_attr_t attributes;
    sigset_t all;
    sigset_t before;
    bool made = false;

    shared->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    shared->ended = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (shared->wake >= 0 && shared->ended >= 0 && pthread_attr_init(&attributes) == 0) {
        (void)pthread_attr_setstacksize(&attributes, STACK);
        (void)sigfillset(&all);
        if (pthread_sigmask(SIG_SETMASK, &all, &before) == 0) {
            made = pthread_create(&shared->thread, &attributes, redan_sink_run, sink) == 0;
            (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
        }
        (void)pthread_attr_destroy(&attributes);
    }
    if (!made) {
        redan_os_close(&shared->wake);
        redan_os_close(&shared->ended);
    }
    shared->started = made;
    return made;
}

static void wake(struct redan_sink_shared *shared)
{
    const uint64_t one = 1;

    /* it can only fail when it is awake to a large number already */
    ssize_t ignored = write(shared->wake, &one, sizeof(one));
    (void)ignored;
}

static void copy_in(struct redan_sink *sink, uint64_t at, struct redan_slice line)
{
    size_t from = (size_t)(at & (sink->room - 1));
    size_t first = redan_min_size(line.len, sink->room - from);

    memcpy(sink->shared->ring + from, line.at, first);
    memcpy(sink->shared->ring, line.at + first, line.len - first);
}

bool redan_sink_add(struct redan_sink *sink, struct redan_slice line)
{
    struct redan_sink_shared *shared = sink->shared;
    uint64_t head = atomic_load_explicit(&shared->head, memory_order_relaxed);
    uint64_t used = head - atomic_load_explicit(&shared->tail, memory_order_acquire);

    if (line.len == 0 || line.len > sink->room - used ||
        memchr(line.at, '\n', line.len) != line.at + line.len - 1 ||
        (!shared->started && !start(sink))) {
        (void)atomic_fetch_add_explicit(&shared->dropped, 1, memory_order_relaxed);
        return false;
    }
    copy_in(sink, head, line);
    /* in one order with the thread's "asleep, unless there is more" */
    atomic_store(&shared->head, head + line.len);
    int state = atomic_load(&shared->state);
    if (state == REDAN_SINK_ASLEEP ||
        (state == REDAN_SINK_NAPPING && used + line.len > sink->room / 2)) {
        if (atomic_exchange(&shared->state, REDAN_SINK_BUSY) != REDAN_SINK_BUSY)
            wake(shared);
    }
    return true;
}

void redan_sink_counts(const struct redan_sink *sink, uint64_t *written, uint64_t *dropped)
{
    *written = atomic_load_explicit(&sink->shared->written, memory_order_relaxed);
    *dropped = atomic_load_explicit(&sink->shared->dropped, memory_order_relaxed);
}

/* Whether the thread has gone; a disk that hangs may keep it. */
static bool end_thread(struct redan_sink_shared *shared, unsigned ms)
{
    struct pollfd ended = {.fd = shared->ended, .events = POLLIN};
    int64_t limit = redan_sink_clock() + ms;

    atomic_store(&shared->stop_at, limit);
    wake(shared);
    for (;;) {
        int64_t left = limit + SLACK_MS - redan_sink_clock();
        int n = poll(&ended, 1, left < 0 ? 0 : (int)left);
        if (n > 0)
            break;
        if (n == 0 && left <= 0)
            return false;
    }
    return pthread_join(shared->thread, NULL) == 0;
}

void redan_sink_free(struct redan_sink *sink, unsigned ms)
{
    if (!sink)
        return;
    if (sink->shared->started) {
        if (!end_thread(sink->shared, ms > 60000 ? 60000 : ms)) {
            (void)pthread_detach(sink->shared->thread);
            return; /* it still uses all of this */
        }
        redan_os_close(&sink->shared->wake);
        redan_os_close(&sink->shared->ended);
    }
    redan_mem_give_pages(sink->mem, sink->shared, sink->mapped);
    redan_mem_give(sink->mem, sink, sizeof(*sink));
}
