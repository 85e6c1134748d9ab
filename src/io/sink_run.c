/* The thread of a sink: gathers lines, writes them in one piece, and opens or connects anew what went away. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "io/sink_parts.h"

enum { NAP_MS = 10, BACK_OFF_LEAST_MS = 50, BACK_OFF_MOST_MS = 2000 };

struct runner {
    struct redan_sink *sink;
    int fd;
    struct stat opened; /* the file that fd is */
    size_t sent;        /* bytes after the tail that the target has: a line that is not whole yet */
    unsigned back_off;  /* milliseconds; 0: all is well */
};

int64_t redan_sink_clock(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int redan_sink_open_file(const char *path, struct stat *st)
{
    struct stat found;
    int fd = redan_os_open(
        AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);

    if (fd < 0)
        return -1;
    if (fstat(fd, &found) != 0 || (!S_ISREG(found.st_mode) && !S_ISCHR(found.st_mode))) {
        redan_os_close(&fd);
        errno = EINVAL;
        return -1;
    }
    if (st)
        *st = found;
    return fd;
}

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -1;
    memcpy(address.sun_path, path, strnlen(path, sizeof(address.sun_path) - 1));
    /* one that does not accept at once (EAGAIN: its queue is full) is tried again later */
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
        redan_os_close(&fd);
    return fd;
}

/* Milliseconds until the end was asked for; -1: not asked; 0: now. */
static int64_t time_left(const struct runner *runner)
{
    int64_t stop_at = atomic_load(&runner->sink->shared->stop_at);

    if (!stop_at)
        return -1;
    int64_t left = stop_at - redan_sink_clock();
    return left < 0 ? 0 : left;
}

/* Wait to be woken, for a descriptor to take more (-1: none), or for the time (-1: none). */
static void wait_for(const struct runner *runner, int fd, int ms)
{
    struct pollfd waits[] = {{.fd = runner->sink->shared->wake, .events = POLLIN},
                             {.fd = fd, .events = POLLOUT}};
    int64_t left = time_left(runner);
    uint64_t count = 0;

    if (left >= 0 && (ms < 0 || left < ms))
        ms = (int)left;
    if (poll(waits, 2, ms) > 0 && waits[0].revents) {
        ssize_t ignored = read(runner->sink->shared->wake, &count, sizeof(count));
        (void)ignored;
    }
}

/* A pause that only the end cuts short. */
static void back_off(struct runner *runner)
{
    unsigned next = runner->back_off * 2;

    runner->back_off = next < BACK_OFF_LEAST_MS  ? BACK_OFF_LEAST_MS
                       : next > BACK_OFF_MOST_MS ? BACK_OFF_MOST_MS
                                                 : next;
    wait_for(runner, -1, (int)runner->back_off);
}

/* Whether the file at the path is still the one that is open. */
static bool in_place(const struct runner *runner)
{
    struct stat now;

    return fstatat(AT_FDCWD, runner->sink->path, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
           now.st_dev == runner->opened.st_dev && now.st_ino == runner->opened.st_ino;
}

/* The target, ready to take bytes. A line of which another file or connection has a part is written whole. */
static bool ready(struct runner *runner)
{
    bool file = !runner->sink->socket;

    /* a line that was begun belongs to the file that has its beginning, as long as that takes it */
    if (file && runner->fd >= 0 && (runner->sent == 0 || runner->back_off) && !in_place(runner))
        redan_os_close(&runner->fd);
    if (runner->fd >= 0)
        return true;
    const struct stat was = runner->opened;
    runner->fd = file ? redan_sink_open_file(runner->sink->path, &runner->opened)
                      : connect_to(runner->sink->path);
    if (!file || was.st_dev != runner->opened.st_dev || was.st_ino != runner->opened.st_ino)
        runner->sent = 0;
    return runner->fd >= 0;
}

/* Where the bytes after the tail, and after what was sent of them, lie in the ring. */
static int pieces(const struct runner *runner, uint64_t head, uint64_t tail, struct iovec *parts)
{
    const struct redan_sink *sink = runner->sink;
    size_t len = (size_t)(head - tail) - runner->sent;
    size_t from = (size_t)((tail + runner->sent) & (sink->room - 1));
    size_t first = redan_min_size(len, sink->room - from);

    parts[0] = (struct iovec){sink->shared->ring + from, first};
    parts[1] = (struct iovec){sink->shared->ring, len - first};
    return len > first ? 2 : 1;
}

/* Give back the room of the lines that are whole; how many they are. */
static void advance(struct runner *runner, const struct iovec *parts, size_t n)
{
    struct redan_sink_shared *shared = runner->sink->shared;
    uint64_t lines = 0;
    size_t whole = 0;
    size_t seen = 0;

    for (int i = 0; i < 2 && seen < n; i++) {
        const char *begin = parts[i].iov_base;
        const char *end = begin + redan_min_size(parts[i].iov_len, n - seen);
        for (const char *at = begin;
             at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL;) {
            at++;
            lines++;
            whole = runner->sent + seen + (size_t)(at - begin);
        }
        seen += (size_t)(end - begin);
    }
    runner->sent += n;
    if (!lines)
        return;
    runner->sent -= whole;
    (void)atomic_fetch_add_explicit(&shared->written, lines, memory_order_relaxed);
    (void)atomic_fetch_add_explicit(&shared->tail, whole, memory_order_release);
}

static ssize_t put(const struct runner *runner, struct iovec *parts, int count)
{
    if (runner->sink->socket) {
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = (size_t)count};
        return sendmsg(runner->fd, &message, MSG_NOSIGNAL);
    }
    return writev(runner->fd, parts, count);
}

/* One attempt to write all that waits. */
static void push(struct runner *runner, uint64_t head, uint64_t tail)
{
    struct iovec parts[2];

    if (!ready(runner)) {
        back_off(runner);
        return;
    }
    int count = pieces(runner, head, tail, parts);
    ssize_t n = put(runner, parts, count);
    if (n > 0) {
        runner->back_off = 0;
        advance(runner, parts, (size_t)n);
    } else if (n < 0 && runner->sink->socket && errno == EAGAIN) {
        wait_for(runner, runner->fd, -1); /* its reader is slow */
    } else if (n == 0 || errno != EINTR) {
        /* a full disk may have room again, and then the line that was begun is completed */
        if (runner->sink->socket || (errno != ENOSPC && errno != EDQUOT && errno != EFBIG))
            redan_os_close(&runner->fd);
        back_off(runner);
    }
}

/* Nothing is there to write: sleep until there is, then gather for a moment, so that many lines are one write. */
static void rest(struct runner *runner)
{
    struct redan_sink_shared *shared = runner->sink->shared;

    atomic_store(&shared->state, REDAN_SINK_ASLEEP);
    uint64_t tail = atomic_load_explicit(&shared->tail, memory_order_relaxed);
    if (atomic_load(&shared->head) == tail && !atomic_load(&shared->stop_at))
        wait_for(runner, -1, -1);
    atomic_store(&shared->state, REDAN_SINK_NAPPING);
    if (atomic_load(&shared->head) - tail <= runner->sink->room / 2 &&
        !atomic_load(&shared->stop_at))
        wait_for(runner, -1, NAP_MS);
    atomic_store(&shared->state, REDAN_SINK_BUSY);
}

static void count_left(struct redan_sink *sink)
{
    struct redan_sink_shared *shared = sink->shared;
    uint64_t head = atomic_load(&shared->head);
    uint64_t lines = 0;

    for (uint64_t at = atomic_load(&shared->tail); at < head; at++)
        lines += shared->ring[at & (sink->room - 1)] == '\n';
    (void)atomic_fetch_add(&shared->dropped, lines);
}

void *redan_sink_run(void *arg)
{
    struct redan_sink *sink = arg;
    struct redan_sink_shared *shared = sink->shared;
    struct runner runner = {.sink = sink, .fd = -1};
    const uint64_t one = 1;

    for (;;) {
        uint64_t head = atomic_load_explicit(&shared->head, memory_order_acquire);
        uint64_t tail = atomic_load_explicit(&shared->tail, memory_order_relaxed);
        int64_t left = time_left(&runner);
        if (left == 0 || (left > 0 && head == tail))
            break;
        if (head == tail)
            rest(&runner);
        else
            push(&runner, head, tail);
    }
    count_left(sink);
    redan_os_close(&runner.fd);
    ssize_t ignored = write(shared->ended, &one, sizeof(one));
    (void)ignored;
    return NULL;
}
