/* Children: what they are given, what they give back, and that none outlives its time. */
#include "scratch.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "io/process.h"

struct row {
    const char *script; /* run by sh -c */
    const char *input;
    int code;
    const char *out;
    const char *err;
};

static double clock_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static enum redan_status run(struct redan_ctx *ctx, const char *script, const char *input,
                             unsigned seconds, struct redan_process_result *result)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    const struct redan_process process = {
        .argv = argv, .input = redan_slice_of(input), .seconds = seconds};

    return redan_process_run(ctx, &process, result);
}

static void test_run(void **state)
{
    static const struct row rows[] = {
        {"exit 0", "", 0, "", ""},
        {"exit 7", "", 7, "", ""},
        {"printf out; printf err >&2; exit 1", "", 1, "out", "err"},
        {"cat", "given", 0, "given", ""},
        {"cat /dev/stdin", "given", 0, "given", ""},
        {"cat", "", 0, "", ""},
        {"exit 0", "not read by anyone", 0, "", ""},
        {"kill -TERM $$", "", 128 + SIGTERM, "", ""},
        {"kill -SEGV $$", "", 128 + SIGSEGV, "", ""},
        {"printf %s \"$REDAN_TEST\"", "", 0, "a b'c", ""},
        {"exec 1>&- 2>&-; exit 3", "", 3, "", ""},
        {"trap", "", 0, "", ""},
    };

    (void)state;
    assert_int_equal(setenv("REDAN_TEST", "a b'c", 1), 0);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        struct redan_process_result result;
        redan_ctx_init(&ctx, NULL);
        assert_ok(run(&ctx, rows[i].script, rows[i].input, 20, &result));
        assert_int_equal(result.exit_code, rows[i].code);
        assert_slice(result.out, rows[i].out);
        assert_slice(result.err, rows[i].err);
        assert_false(result.timed_out);
        assert_false(result.cut);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

static void test_no_shell(void **state)
{
    const char *const argv[] = {"printf", "%s", "$(id) `id` ; id", NULL};
    const struct redan_process process = {.argv = argv, .seconds = 20};
    struct redan_process_result result;
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_process_run(&ctx, &process, &result));
    assert_slice(result.out, "$(id) `id` ; id");
    redan_ctx_done(&ctx);
}

static void test_refuses(void **state)
{
    static const char *const none[] = {NULL};
    static const char *const absent[] = {"redan-no-such-program", NULL};
    static const char *const folder[] = {"/tmp", NULL};
    static const char *const good[] = {"true", NULL};
    static const struct {
        const char *const *argv;
        const char *folder;
        unsigned seconds;
        enum redan_status status;
        const char *says;
    } rows[] = {
        {none, "", 1, REDAN_E_USAGE, "needs a name"},
        {good, "", 0, REDAN_E_USAGE, "time limit"},
        {absent, "", 1, REDAN_E_ABSENT, "redan-no-such-program is not found"},
        {folder, "", 1, REDAN_E_IO, "cannot run /tmp: Permission denied"},
        {good, "/no/such/folder", 1, REDAN_E_ABSENT, "open the folder /no/such/folder"},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        const struct redan_process process = {.argv = rows[i].argv,
                                              .folder = redan_slice_of(rows[i].folder),
                                              .seconds = rows[i].seconds};
        struct redan_process_result result;
        struct redan_ctx ctx;
        redan_ctx_init(&ctx, NULL);
        assert_int_equal(redan_process_run(&ctx, &process, &result), rows[i].status);
        if (!strstr(ctx.failure.text, rows[i].says))
            fail_msg("\"%s\" does not say \"%s\"", ctx.failure.text, rows[i].says);
        redan_ctx_done(&ctx);
    }
}

static void test_folder(void **state)
{
    const char *const argv[] = {"pwd", "-P", NULL};
    const struct redan_process process = {.argv = argv, .folder = REDAN_S("/usr"), .seconds = 20};
    struct redan_process_result result;
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_process_run(&ctx, &process, &result));
    assert_slice(result.out, "/usr\n");
    redan_ctx_done(&ctx);
}

/* More than two pipes hold, on both at once, with more input than a pipe holds. */
static void test_big(void **state)
{
    enum { BIG = 3000000 };
    struct redan_process_result result;
    struct redan_ctx ctx;
    char *input = NULL;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    input = redan_take(&ctx, BIG + 1);
    memset(input, 'i', BIG);
    assert_ok(run(&ctx, "tee /dev/stderr", input, 60, &result));
    assert_int_equal(result.out.len, BIG);
    assert_int_equal(result.err.len, BIG);
    assert_memory_equal(result.out.at, input, BIG);
    assert_false(result.cut);
    redan_ctx_done(&ctx);
}

static void test_cut(void **state)
{
    struct redan_limits limits = redan_limits_default;
    struct redan_process_result result;
    struct redan_ctx ctx;

    (void)state;
    limits.output = 1000;
    redan_ctx_init(&ctx, &limits);
    assert_ok(run(&ctx, "yes | head -c 500000; printf 123 >&2; exit 4", "", 60, &result));
    assert_int_equal(result.out.len, 1000);
    assert_slice(result.err, "123");
    assert_int_equal(result.exit_code, 4);
    assert_true(result.cut);
    redan_ctx_done(&ctx);
}

/* Each ends after a second or so, and its grandchildren with it. */
static void test_timeout(void **state)
{
    static const struct {
        const char *script;
        bool timed_out;
        int code;
    } rows[] = {
        {"sleep 60", true, 128 + SIGKILL},
        {"trap '' TERM INT HUP; while :; do sleep 1; done", true, 128 + SIGKILL},
        {"exec 1>&- 2>&-; sleep 60", true, 128 + SIGKILL},
        {"yes", true, 128 + SIGKILL},
        {"sleep 60 & sleep 60 & wait", true, 128 + SIGKILL},
        {"sleep 60 & exit 5", false, 5},
        {"setsid sleep 4 & exit 6", false, 6},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_process_result result;
        struct redan_limits limits = redan_limits_default;
        struct redan_ctx ctx;
        limits.output = 100;
        redan_ctx_init(&ctx, &limits);
        double from = clock_now();
        assert_ok(run(&ctx, rows[i].script, "", 1, &result));
        assert_true(clock_now() - from < 3.5);
        assert_int_equal(result.timed_out, rows[i].timed_out);
        assert_int_equal(result.exit_code, rows[i].code);
        redan_ctx_done(&ctx);
    }
}

static void test_group_is_killed(void **state)
{
    struct scratch s;
    struct redan_process_result result;
    struct redan_ctx ctx;
    struct timespec pause = {.tv_sec = 2};
    char script[SCRATCH_PATH + 100];

    (void)state;
    scratch_make(&s);
    redan_ctx_init(&ctx, NULL);
    (void)snprintf(script, sizeof(script), "(sleep 2; touch '%s/alive') & wait", s.root);
    assert_ok(run(&ctx, script, "", 1, &result));
    assert_true(result.timed_out);
    (void)nanosleep(&pause, NULL);
    assert_int_not_equal(access(scratch_at(&s, "alive"), F_OK), 0);
    redan_ctx_done(&ctx);
    scratch_drop(&s);
}

/* The child sees 0, 1, 2 and what its shell opens itself; an inherited descriptor would show. */
static void test_descriptors(void **state)
{
    struct redan_process_result result;
    struct redan_ctx ctx;
    int leak = open("/dev/null", O_RDONLY);

    (void)state;
    assert_int_equal(dup2(leak, 77), 77);
    redan_ctx_init(&ctx, NULL);
    assert_ok(run(&ctx, "ls /proc/self/fd | tr '\\n' ' '", "", 20, &result));
    assert_slice(result.out, "0 1 2 3 ");
    (void)close(leak);
    (void)close(77);
    redan_ctx_done(&ctx);
}

static void test_out_of_memory(void **state)
{
    enum redan_status status = REDAN_E_MEMORY;

    (void)state;
    for (uint64_t n = 1; status != REDAN_OK; n++) {
        struct redan_process_result result;
        struct redan_ctx ctx;
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = n;
        status = run(&ctx, "printf 0123456789; printf x >&2", "", 20, &result);
        assert_true(status == REDAN_OK || status == REDAN_E_MEMORY);
        assert_true(n < 50);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

/* Descriptors are given back, whatever happens. */
static void test_no_leak(void **state)
{
    struct scratch proc = {.root = "/proc/self"};
    size_t before = scratch_count(&proc, "fd");

    test_run(state);
    test_refuses(state);
    assert_int_equal(scratch_count(&proc, "fd"), before);
}

/* A child that may ask stays among us, so that a terminal would talk to it; it has nothing else to read, and its time ends too. */
static void test_terminal(void **state)
{
    const char *const argv[] = {"sh", "-c", "cut -d' ' -f5 /proc/self/stat; cat", NULL};
    const char *const slow[] = {"sleep", "30", NULL};
    struct redan_process process = {.argv = argv, .seconds = 20, .terminal = true};
    struct redan_process_result result;
    struct redan_ctx ctx;
    char group[32];
    pid_t pid = fork();

    (void)state;
    if (pid == 0) { /* a session of its own has no terminal, wherever the test is run */
        bool good = setsid() > 0;
        redan_ctx_init(&ctx, NULL);
        (void)snprintf(group, sizeof(group), "%d\n", (int)getpgrp());
        good = good && redan_process_run(&ctx, &process, &result) == REDAN_OK &&
               result.exit_code == 0 && redan_slice_is(result.out, group) && result.err.len == 0;
        process.input = REDAN_S("x");
        good = good && redan_process_run(&ctx, &process, &result) == REDAN_E_USAGE;
        redan_fail_clear(&ctx);
        process = (struct redan_process){.argv = slow, .seconds = 1, .terminal = true};
        good = good && redan_process_run(&ctx, &process, &result) == REDAN_OK && result.timed_out &&
               result.exit_code == 128 + SIGKILL; /* and we are still here */
        redan_ctx_done(&ctx);
        _exit(good ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run),         cmocka_unit_test(test_no_shell),
        cmocka_unit_test(test_refuses),     cmocka_unit_test(test_folder),
        cmocka_unit_test(test_big),         cmocka_unit_test(test_cut),
        cmocka_unit_test(test_timeout),     cmocka_unit_test(test_group_is_killed),
        cmocka_unit_test(test_descriptors), cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_no_leak),     cmocka_unit_test(test_terminal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
