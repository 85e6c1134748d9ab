/* The sink: whole lines arrive, in order, wherever the target went in between; and adding never waits. */
#include "io_fixture.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "io/sink.h"

static double seconds(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static bool add(struct redan_sink *sink, unsigned number)
{
    char line[32];
    int n = snprintf(line, sizeof(line), "line %u\n", number);

    return redan_sink_add(sink, (struct redan_slice){line, (size_t)n});
}

/* Wait until as many lines were written; the test as a whole has a time limit. */
static void await(const struct redan_sink *sink, uint64_t lines)
{
    uint64_t written = 0;
    uint64_t dropped = 0;

    do {
        (void)usleep(1000);
        redan_sink_counts(sink, &written, &dropped);
    } while (written < lines);
}

/* The file has exactly the lines `first` to `last`. */
static void assert_lines(struct scratch *s, const char *name, unsigned first, unsigned last)
{
    FILE *file = fopen(scratch_at(s, name), "r");
    char line[64];
    char wanted[64];

    assert_non_null(file);
    for (unsigned i = first; i <= last; i++) {
        assert_non_null(fgets(line, sizeof(line), file));
        (void)snprintf(wanted, sizeof(wanted), "line %u\n", i);
        assert_string_equal(line, wanted);
    }
    assert_null(fgets(line, sizeof(line), file));
    (void)fclose(file);
}

static struct redan_sink *new_sink(struct redan_ctx *ctx, const char *target, size_t room)
{
    struct redan_sink *sink = NULL;

    assert_ok(redan_sink_new(ctx, redan_slice_of(target), room, &sink));
    return sink;
}

static void test_file(void **state)
{
    struct scratch *s = *state;
    struct redan_ctx ctx;
    struct stat st;
    uint64_t written = 0;
    uint64_t dropped = 0;

    redan_ctx_init(&ctx, NULL);
    scratch_text(s, "events", "line 0\n");
    struct redan_sink *sink = new_sink(&ctx, scratch_at(s, "events"), 1 << 20);
    for (unsigned i = 1; i <= 5000; i++)
        assert_true(add(sink, i));
    assert_false(redan_sink_add(sink, REDAN_S("")));
    assert_false(redan_sink_add(sink, REDAN_S("no newline")));
    assert_false(redan_sink_add(sink, REDAN_S("two\nlines\n")));
    await(sink, 5000);
    redan_sink_counts(sink, &written, &dropped);
    assert_true(written == 5000 && dropped == 3);
    assert_true(add(sink, 5001));
    redan_sink_free(sink, 1000);
    assert_lines(s, "events", 0, 5001);
    struct redan_sink *other = new_sink(&ctx, scratch_at(s, "fresh"), 1);
    assert_int_equal(stat(scratch_at(s, "fresh"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    redan_sink_free(other, 1000); /* never had a line, never had a thread */
    redan_sink_free(NULL, 0);
    redan_ctx_done(&ctx);
    assert_int_equal(ctx.mem.used, 0);
}

static void test_targets_refused(void **state)
{
    struct scratch *s = *state;
    char path[SCRATCH_PATH];
    char longer[200];
    struct redan_sink *sink = NULL;
    struct redan_ctx ctx;

    redan_ctx_init(&ctx, NULL);
    scratch_text(s, "real", "");
    assert_true((size_t)snprintf(path, sizeof(path), "%s", scratch_at(s, "real")) < sizeof(path));
    assert_int_equal(symlink(path, scratch_at(s, "link")), 0);
    assert_int_equal(mkfifo(scratch_at(s, "pipe"), 0600), 0);
    (void)snprintf(longer, sizeof(longer), "unix:/%0150d", 0);
    const struct {
        const char *target;
        enum redan_status status;
    } rows[] = {{"link", REDAN_E_IO},
                {"pipe", REDAN_E_IO},
                {"none/events", REDAN_E_ABSENT},
                {"", REDAN_E_IO}};
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        assert_int_equal(redan_sink_new(&ctx, scratch_slice(s, rows[i].target), 1, &sink),
                         rows[i].status);
        assert_failure(&ctx, rows[i].status, "cannot append to");
    }
    assert_int_equal(redan_sink_new(&ctx, redan_slice_of(longer), 1, &sink), REDAN_E_USAGE);
    assert_failure(&ctx, REDAN_E_USAGE, "the path of the socket");
    redan_ctx_done(&ctx);
    assert_int_equal(ctx.mem.used, 0);
    for (uint64_t at = 1; at < 4; at++) {
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = at;
        enum redan_status status = redan_sink_new(&ctx, scratch_slice(s, "x"), 1, &sink);
        assert_int_equal(status, at < 3 ? REDAN_E_MEMORY : REDAN_OK);
        if (status == REDAN_OK)
            redan_sink_free(sink, 0);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

static void test_moved_away(void **state)
{
    struct scratch *s = *state;
    char old[SCRATCH_PATH];
    struct redan_ctx ctx;

    redan_ctx_init(&ctx, NULL);
    struct redan_sink *sink = new_sink(&ctx, scratch_at(s, "events"), 1 << 16);
    for (unsigned i = 0; i < 100; i++)
        assert_true(add(sink, i));
    await(sink, 100);
    assert_true((size_t)snprintf(old, sizeof(old), "%s", scratch_at(s, "events.1")) < sizeof(old));
    assert_int_equal(rename(scratch_at(s, "events"), old), 0);
    for (unsigned i = 100; i < 200; i++)
        assert_true(add(sink, i));
    await(sink, 200);
    assert_int_equal(unlink(scratch_at(s, "events")), 0);
    for (unsigned i = 200; i < 300; i++)
        assert_true(add(sink, i));
    redan_sink_free(sink, 1000);
    assert_lines(s, "events.1", 0, 99);
    assert_lines(s, "events", 200, 299);
    redan_ctx_done(&ctx);
}

/* Nothing fits: what the room holds waits, the rest is counted, and nobody is held up. */
static void test_full_disk(void **state)
{
    struct redan_ctx ctx;
    uint64_t written = 0;
    uint64_t dropped = 0;
    unsigned lost = 0;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    struct redan_sink *sink = new_sink(&ctx, "/dev/full", 4096);
    for (unsigned i = 0; i < 2000; i++)
        lost += !add(sink, i);
    redan_sink_counts(sink, &written, &dropped);
    assert_true(written == 0 && lost > 1400 && dropped == lost);
    redan_sink_free(sink, 100);
    redan_ctx_done(&ctx);
}

/* A file that may not grow beyond the middle of a line: when it may again, that very line is completed. */
static void test_short_write(void **state)
{
    struct scratch *s = *state;
    struct rlimit was;
    struct redan_ctx ctx;
    struct stat st = {0};

    redan_ctx_init(&ctx, NULL);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    const struct rlimit small = {.rlim_cur = 1001, .rlim_max = was.rlim_max};
    struct redan_sink *sink = new_sink(&ctx, scratch_at(s, "events"), 1 << 16);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    for (unsigned i = 0; i < 500; i++)
        assert_true(add(sink, i));
    do {
        (void)usleep(1000);
        assert_int_equal(stat(scratch_at(s, "events"), &st), 0);
    } while (st.st_size < 1001);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    await(sink, 500);
    redan_sink_free(sink, 1000);
    assert_lines(s, "events", 0, 499);
    redan_ctx_done(&ctx);
}

static int listen_at(struct scratch *s, const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true((size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s",
                                 scratch_at(s, name)) < sizeof(address.sun_path));
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 4), 0);
    return fd;
}

/* All that comes until the line `last`, which ends it; gives how many lines came, each whole and in order from `first`. */
static void assert_stream(int fd, unsigned first, unsigned last)
{
    FILE *stream = fdopen(fd, "r");
    char line[64];
    char wanted[64];

    assert_non_null(stream);
    for (unsigned i = first; i <= last; i++) {
        assert_non_null(fgets(line, sizeof(line), stream));
        (void)snprintf(wanted, sizeof(wanted), "line %u\n", i);
        assert_string_equal(line, wanted);
    }
    (void)fclose(stream);
}

static void test_socket(void **state)
{
    struct scratch *s = *state;
    char target[SCRATCH_PATH];
    struct redan_ctx ctx;

    redan_ctx_init(&ctx, NULL);
    assert_true((size_t)snprintf(target, sizeof(target), "unix:%s", scratch_at(s, "socket")) <
                sizeof(target));
    struct redan_sink *sink = new_sink(&ctx, target, 1 << 16);
    for (unsigned i = 0; i < 10; i++) /* nobody listens yet: they wait */
        assert_true(add(sink, i));
    (void)usleep(120000);
    int door = listen_at(s, "socket");
    int peer = accept(door, NULL, NULL);
    assert_true(peer >= 0);
    assert_stream(peer, 0, 9);  /* and closes */
    assert_true(add(sink, 10)); /* goes into the broken connection or the new one */
    peer = accept(door, NULL, NULL);
    assert_true(peer >= 0);
    for (unsigned i = 11; i < 20; i++)
        assert_true(add(sink, i));
    FILE *stream = fdopen(peer, "r");
    char line[64];
    assert_non_null(fgets(line, sizeof(line), stream));
    assert_true(strcmp(line, "line 10\n") == 0 || strcmp(line, "line 11\n") == 0);
    for (unsigned i = 19; strncmp(line, "line 19\n", 8) != 0 && i > 0; i--)
        assert_non_null(fgets(line, sizeof(line), stream));
    redan_sink_free(sink, 1000);
    assert_null(fgets(line, sizeof(line), stream));
    (void)fclose(stream);
    (void)close(door);
    redan_ctx_done(&ctx);
}

/* A reader that does not read: adding goes on at once, what does not fit is counted, and the rest comes whole. */
static void test_slow_reader(void **state)
{
    enum { LINES = 400000 };
    struct scratch *s = *state;
    char target[SCRATCH_PATH];
    struct redan_ctx ctx;
    unsigned lost = 0;
    uint64_t written = 0;
    uint64_t dropped = 0;
    unsigned number = 0;
    unsigned count = 0;
    unsigned before = 0;

    redan_ctx_init(&ctx, NULL);
    assert_true((size_t)snprintf(target, sizeof(target), "unix:%s", scratch_at(s, "socket")) <
                sizeof(target));
    int door = listen_at(s, "socket");
    struct redan_sink *sink = new_sink(&ctx, target, 1 << 16);
    for (unsigned i = 1; i <= LINES; i++)
        lost += !add(sink, i);
    assert_true(lost > 0);
    int peer = accept(door, NULL, NULL);
    FILE *stream = fdopen(peer, "r");
    char line[64];
    uint64_t kept = LINES - lost;
    while (count < kept && fgets(line, sizeof(line), stream)) {
        assert_int_equal(sscanf(line, "line %u\n", &number), 1);
        assert_true(number > before && line[strlen(line) - 1] == '\n');
        before = number;
        count++;
    }
    await(sink, kept);
    redan_sink_counts(sink, &written, &dropped);
    assert_true(count == kept && written == kept && dropped == lost);
    redan_sink_free(sink, 1000);
    (void)fclose(stream);
    (void)close(door);
    redan_ctx_done(&ctx);
}

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define THREADS_WATCHED
#endif
#elif defined(__SANITIZE_THREAD__)
#define THREADS_WATCHED
#endif

/* A child has a sink of its own: the parent's waiting lines are not written twice. */
static void test_fork(void **state)
{
    struct scratch *s = *state;
    struct redan_ctx ctx;
    int code = -1;

#ifdef THREADS_WATCHED
    skip(); /* a process that was forked with threads may start none under this sanitizer */
#endif
    redan_ctx_init(&ctx, NULL);
    struct redan_sink *sink = new_sink(&ctx, scratch_at(s, "events"), 1 << 16);
    assert_true(add(sink, 0));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        uint64_t written = 1;
        uint64_t dropped = 1;
        redan_sink_counts(sink, &written, &dropped);
        bool fresh = written == 0 && dropped == 0;
        bool added = redan_sink_add(sink, REDAN_S("child\n"));
        redan_sink_free(sink, 2000);
        _exit(fresh && added ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_true(WIFEXITED(code) && WEXITSTATUS(code) == 0);
    assert_true(add(sink, 1));
    redan_sink_free(sink, 1000);
    FILE *file = fopen(scratch_at(s, "events"), "r");
    char text[256] = "";
    size_t n = fread(text, 1, sizeof(text) - 1, file);
    (void)fclose(file);
    assert_int_equal(n, strlen("line 0\nline 1\nchild\n"));
    assert_non_null(strstr(text, "child\n"));
    assert_non_null(strstr(text, "line 0\n"));
    assert_non_null(strstr(text, "line 1\n"));
    redan_ctx_done(&ctx);
}

/* Signals of the process are not taken by the thread, and a thread with nothing to do takes no time. */
static void test_quiet(void **state)
{
    struct scratch *s = *state;
    struct redan_ctx ctx;
    sigset_t set;
    sigset_t pending;

    redan_ctx_init(&ctx, NULL);
    struct redan_sink *sink = new_sink(&ctx, scratch_at(s, "events"), 1 << 16);
    assert_true(add(sink, 0));
    await(sink, 1);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGUSR1);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
    assert_int_equal(kill(getpid(), SIGUSR1),
                     0); /* it would end the process if the thread took it */
    (void)usleep(50000);
    assert_int_equal(sigpending(&pending), 0);
    assert_int_equal(sigismember(&pending, SIGUSR1), 1);
    int number = 0;
    assert_int_equal(sigwait(&set, &number), 0);
    assert_int_equal(pthread_sigmask(SIG_UNBLOCK, &set, NULL), 0);
    double before = seconds(CLOCK_PROCESS_CPUTIME_ID);
    (void)usleep(300000);
    assert_true(seconds(CLOCK_PROCESS_CPUTIME_ID) - before < 0.1); /* turning idly would take 0.3 */
    redan_sink_free(sink, 1000);
    redan_ctx_done(&ctx);
}

/* A disk that stays full does not hold up the end longer than asked for. */
static void test_end_in_time(void **state)
{
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    struct redan_sink *sink = new_sink(&ctx, "/dev/full", 4096);
    assert_true(add(sink, 0));
    double before = seconds(CLOCK_MONOTONIC);
    redan_sink_free(sink, 200);
    double took = seconds(CLOCK_MONOTONIC) - before;
    assert_true(took > 0.1 && took < 10);
    redan_ctx_done(&ctx);
    assert_int_equal(ctx.mem.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_file),        WITH_FOLDER(test_targets_refused),
        WITH_FOLDER(test_moved_away),  cmocka_unit_test(test_full_disk),
        WITH_FOLDER(test_short_write), WITH_FOLDER(test_socket),
        WITH_FOLDER(test_slow_reader), WITH_FOLDER(test_fork),
        WITH_FOLDER(test_quiet),       cmocka_unit_test(test_end_in_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
