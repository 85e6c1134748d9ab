/* A child in a process group of its own, its input in memory, its output drained by one poll loop. */
#include "io/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "io/os.h"

enum { OUT, ERR, STREAMS, STEP = 65536, SIGNAL_BASE = 128 };

static const double ASK = 0.05;  /* from one question to the next */
static const double GRACE = 1.0; /* for output that outlives the child's whole group */

struct child {
    struct redan_ctx *ctx;
    pid_t pid; /* 0: none, or reaped already */
    int pidfd; /* wakes the poll at the child's end; -1 where the kernel has none */
    int input;
    int folder;
    int read[STREAMS];
    int write[STREAMS];
    struct redan_buf got[STREAMS];
    bool cut;
    bool terminal; /* in our process group, where others live as well */
};

static void child_init(struct child *child, struct redan_ctx *ctx)
{
    *child = (struct child){.ctx = ctx, .pidfd = -1, .input = -1, .folder = -1};
    for (int i = 0; i < STREAMS; i++) {
        child->read[i] = child->write[i] = -1;
        redan_buf_init(&child->got[i], ctx, ctx->limits.output);
    }
}

/* Before it is reaped its number cannot be another's. */
static void kill_group(const struct child *child)
{
    if (!child->terminal)
        (void)kill(-child->pid, SIGKILL);
    (void)kill(child->pid, SIGKILL);
}

static int reap(struct child *child)
{
    int status = 0;

    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    child->pid = 0;
    if (WIFSIGNALED(status))
        return SIGNAL_BASE + WTERMSIG(status);
    return WEXITSTATUS(status);
}

static void child_done(struct child *child)
{
    if (child->pid > 0) {
        kill_group(child);
        (void)reap(child);
    }
    redan_os_close(&child->pidfd);
    redan_os_close(&child->input);
    redan_os_close(&child->folder);
    for (int i = 0; i < STREAMS; i++) {
        redan_os_close(&child->read[i]);
        redan_os_close(&child->write[i]);
        redan_buf_done(&child->got[i]);
    }
}

/* Out of the way of 0, 1 and 2, which a daemon may have closed. */
static int lift(int fd)
{
    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    int high = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int error = errno;
    (void)close(fd);
    errno = error;
    return high;
}

/* In memory: a pipe would need feeding, and a signal when nobody reads it. */
static int input_open(struct redan_slice input)
{
    if (input.len == 0)
        return lift(redan_os_open(AT_FDCWD, "/dev/null", O_RDONLY, 0));
    int fd = lift(memfd_create("input", MFD_CLOEXEC));
    if (fd >= 0 && (redan_os_write(fd, input) != 0 || lseek(fd, 0, SEEK_SET) != 0))
        redan_os_close(&fd);
    return fd;
}

/* The terminal that the caller was started from, else nothing to read. */
static int terminal_open(void)
{
    int fd = redan_os_open(AT_FDCWD, "/dev/tty", O_RDWR | O_NOCTTY, 0);

    return lift(fd >= 0 ? fd : redan_os_open(AT_FDCWD, "/dev/null", O_RDONLY, 0));
}

static enum redan_status open_all(struct child *child, const struct redan_process *process)
{
    struct redan_ctx *ctx = child->ctx;
    struct redan_slice program = redan_slice_of(process->argv[0]);
    char folder[REDAN_OS_PATH];

    if (process->folder.len > 0) {
        REDAN_TRY(redan_os_path(ctx, process->folder, folder));
        child->folder = lift(redan_os_open(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0));
        if (child->folder < 0)
            return redan_os_fail(ctx, errno, "open the folder", process->folder);
    }
    child->input = process->terminal ? terminal_open() : input_open(process->input);
    if (child->input < 0)
        return redan_os_fail(ctx, errno, "prepare the input of", program);
    for (int i = 0; i < STREAMS; i++) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0)
            return redan_os_fail(ctx, errno, "make a pipe for", program);
        child->read[i] = lift(ends[0]);
        child->write[i] = lift(ends[1]);
        if (child->read[i] < 0 || child->write[i] < 0 ||
            fcntl(child->read[i], F_SETFL, O_NONBLOCK) != 0)
            return redan_os_fail(ctx, errno, "make a pipe for", program);
    }
    return REDAN_OK;
}

static int set_attributes(posix_spawnattr_t *attributes, bool terminal)
{
    sigset_t none;
    sigset_t all;
    int error = 0;

    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    (void)sigdelset(&all, SIGKILL);
    (void)sigdelset(&all, SIGSTOP);
    int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    if (!terminal) /* a group of its own would be in the background, and stopped when it asks */
        flags |= POSIX_SPAWN_SETPGROUP;
    if ((error = posix_spawnattr_setpgroup(attributes, 0)) == 0 &&
        (error = posix_spawnattr_setsigmask(attributes, &none)) == 0 &&
        (error = posix_spawnattr_setsigdefault(attributes, &all)) == 0)
        error = posix_spawnattr_setflags(attributes, (short)flags);
    return error;
}

static int set_descriptors(posix_spawn_file_actions_t *actions, const struct child *child)
{
    int error = 0;

    if (child->folder >= 0)
        error = posix_spawn_file_actions_addfchdir_np(actions, child->folder);
    if (error == 0 &&
        (error = posix_spawn_file_actions_adddup2(actions, child->input, STDIN_FILENO)) == 0 &&
        (error = posix_spawn_file_actions_adddup2(actions, child->write[OUT], STDOUT_FILENO)) ==
            0 &&
        (child->terminal || (error = posix_spawn_file_actions_adddup2(actions, child->write[ERR],
                                                                      STDERR_FILENO)) == 0))
        error = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
    return error;
}

static void attributes_done(posix_spawnattr_t *attributes)
{
    (void)posix_spawnattr_destroy(attributes);
}

static void actions_done(posix_spawn_file_actions_t *actions)
{
    (void)posix_spawn_file_actions_destroy(actions);
}

static enum redan_status spawn(struct child *child, const struct redan_process *process)
{
    struct redan_slice program = redan_slice_of(process->argv[0]);
    REDAN_DEFER(attributes_done) posix_spawnattr_t attributes;
    REDAN_DEFER(actions_done) posix_spawn_file_actions_t actions;
    char shown[REDAN_OS_SHOW];

    (void)posix_spawnattr_init(&attributes); /* neither can fail in glibc */
    (void)posix_spawn_file_actions_init(&actions);
    int error = set_attributes(&attributes, process->terminal);
    if (error == 0)
        error = set_descriptors(&actions, child);
    if (error == 0) { /* the array is const to us, and exec does not write to it */
        char *const *argv = NULL;
        memcpy(&argv, &process->argv, sizeof(argv));
        error = posix_spawnp(&child->pid, process->argv[0], &actions, &attributes, argv, environ);
    }
    if (error == ENOENT)
        return redan_fail(child->ctx, REDAN_E_ABSENT, 0,
                          "the program %s is not found; install it or correct PATH",
                          redan_os_show(program, shown));
    if (error != 0)
        return redan_os_fail(child->ctx, error, "run", program);
    child->pidfd = pidfd_open(child->pid, 0);
    redan_os_close(&child->input);
    for (int i = 0; i < STREAMS; i++)
        redan_os_close(&child->write[i]);
    return REDAN_OK;
}

/* What is there now; the descriptor is closed at the end of the stream. */
static enum redan_status drain(struct child *child, int stream)
{
    struct redan_buf *buf = &child->got[stream];
    char bytes[8192];

    for (;;) {
        ssize_t n = read(child->read[stream], bytes, sizeof(bytes));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return REDAN_OK;
        if (n < 0)
            return redan_fail(child->ctx, REDAN_E_IO, 0, "cannot read a program's output: %s",
                              strerrordesc_np(errno));
        if (n == 0) {
            redan_os_close(&child->read[stream]);
            return REDAN_OK;
        }
        size_t fits = redan_min_size((size_t)n, buf->max - buf->len);
        if (fits < (size_t)n)
            child->cut = true; /* read on, so that the child is not stopped by a full pipe */
        redan_buf_add(buf, bytes, fits);
        REDAN_TRY(redan_buf_ok(child->ctx, buf, "a program's output"));
    }
}

static bool ended(const struct child *child)
{
    siginfo_t info = {.si_pid = 0};

    return waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid != 0;
}

static int milliseconds(const struct child *child, double left)
{
    enum { TICK = 20, LONGEST = 60000 };
    double ms = left * 1000.0 + 1.0;

    if (child->pidfd < 0 && ms > TICK)
        return TICK;
    return ms > LONGEST ? LONGEST : ms < 0.0 ? 0 : (int)ms;
}

/* Wait until the child has ended and its output too, or the time is over; then nothing of its group runs any more. */
static enum redan_status watch(struct child *child, const struct redan_process *process,
                               struct redan_process_result *result)
{
    double until = redan_os_clock() + (double)process->seconds;
    double next = redan_os_clock() + ASK;
    bool gone = false;

    for (;;) {
        if (!gone && ended(child)) { /* what it left in the background must not hold us */
            gone = true;
            kill_group(child);
            double soon = redan_os_clock() + GRACE;
            until = soon < until ? soon : until;
        }
        if (gone && child->read[OUT] < 0 && child->read[ERR] < 0)
            break;
        double left = until - redan_os_clock();
        if (left <= 0.0) {
            result->timed_out = !gone;
            break;
        }
        if (!gone && process->enough && redan_os_clock() >= next) {
            result->stopped = process->enough(process->arg) && !ended(child);
            if (result->stopped)
                break;
            next = redan_os_clock() + ASK;
        }
        if (!gone && process->enough)
            left = left < ASK ? left : ASK;
        struct pollfd fds[] = {{.fd = child->read[OUT], .events = POLLIN},
                               {.fd = child->read[ERR], .events = POLLIN},
                               {.fd = gone ? -1 : child->pidfd, .events = POLLIN}};
        if (poll(fds, REDAN_COUNT(fds), milliseconds(child, left)) < 0 && errno != EINTR)
            return redan_fail(child->ctx, REDAN_E_IO, 0, "cannot wait for a program: %s",
                              strerrordesc_np(errno));
        for (int i = 0; i < STREAMS; i++) {
            if (child->read[i] >= 0)
                REDAN_TRY(drain(child, i));
        }
    }
    kill_group(child);
    result->exit_code = reap(child);
    return REDAN_OK;
}

enum redan_status redan_process_run(struct redan_ctx *ctx, const struct redan_process *process,
                                    struct redan_process_result *result)
{
    REDAN_DEFER(child_done) struct child child = {0};
    struct redan_process_result made = {.exit_code = 0};

    child_init(&child, ctx);
    child.terminal = process->terminal;
    if (!process->argv || !process->argv[0] || process->seconds == 0 ||
        (process->terminal && process->input.len > 0))
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "a program needs a name and a time limit, and one input");
    REDAN_TRY(open_all(&child, process));
    REDAN_TRY(spawn(&child, process));
    REDAN_TRY(watch(&child, process, &made));
    REDAN_TRY(redan_copy(ctx, redan_buf_view(&child.got[OUT]), &made.out));
    REDAN_TRY(redan_copy(ctx, redan_buf_view(&child.got[ERR]), &made.err));
    made.cut = child.cut;
    *result = made;
    return REDAN_OK;
}
