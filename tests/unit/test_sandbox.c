/* What a confined process cannot do any more: each try in a child of its own, which must be refused or die of it. */
#include "scratch.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "io/pass.h"
#include "io/sandbox.h"
#include "io/spool.h"

enum { HOLDS = 40, REFUSED = 41, DONE = 42, LOOSE = 43 };

static int try_open(void)
{
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0;
}
static int try_write(void)
{
    int fd = open("/tmp/redan-sandbox-test", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    return fd >= 0 && write(fd, "x", 1) == 1;
}
static int try_socket(void)
{
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0;
}
static int try_exec(void)
{
    char *const argv[] = {NULL};
    return execve("/bin/true", argv, argv) == 0;
}
static int try_fork(void)
{
    return fork() >= 0;
}
static int try_kill(void)
{
    return kill(getppid(), 0) == 0;
}
static int try_code(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
           MAP_FAILED;
}
static int try_folder(void)
{
    return chdir("/") == 0 && mkdir("/tmp/redan-sandbox-folder", 0700) == 0;
}
static int try_memory(void)
{
    return mmap(NULL, (size_t)1 << 32, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                0) != MAP_FAILED;
}

/* The child tells how it went by its exit code. */
static int in_child(int (*attempt)(void), struct redan_sandbox_state *state)
{
    int ends[2];
    int status = 0;

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const struct redan_sandbox wanted = {.memory = (uint64_t)256 << 20, .files = 16};
        redan_sandbox_enter(&wanted, state);
        if (write(ends[1], state, sizeof(*state)) != (ssize_t)sizeof(*state))
            _exit(LOOSE);
        _exit(attempt() ? DONE : REFUSED);
    }
    (void)close(ends[1]);
    assert_int_equal(read(ends[0], state, sizeof(*state)), sizeof(*state));
    (void)close(ends[0]);
    while (waitpid(pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void test_refused(void **state)
{
    static const struct {
        const char *what;
        int (*attempt)(void);
        bool landlock; /* holds without seccomp too */
    } rows[] = {
        {"open", try_open, true},   {"write", try_write, true},  {"socket", try_socket, false},
        {"execve", try_exec, true}, {"fork", try_fork, false},   {"kill", try_kill, false},
        {"code", try_code, false},  {"mkdir", try_folder, true}, {"memory", try_memory, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct redan_sandbox_state held = {-1, -1, -1};
        int end = in_child(rows[i].attempt, &held);
        bool must = held.seccomp == 0 || (rows[i].landlock && held.landlock == 0);
        if (must && end != REFUSED && end >= 0)
            print_error("%s: %d\n", rows[i].what, end);
        assert_true(!must || end == REFUSED || end == -SIGSYS);
        assert_int_equal(held.limits, 0);
    }
}

static int try_work(void)
{
    char *bytes = malloc(1 << 20);
    char text[64];

    if (!bytes)
        return 0;
    memset(bytes, 1, 1 << 20);
    free(bytes);
    (void)snprintf(text, sizeof(text), "%.3f", 1.5);
    return strcmp(text, "1.500") == 0;
}

/* What computing needs still works. */
static void test_works(void **state)
{
    struct redan_sandbox_state held = {-1, -1, -1};

    (void)state;
    assert_int_equal(in_child(try_work, &held), DONE);
}

static void test_pass(void **state)
{
    int ends[2] = {-1, -1};
    int files[2] = {-1, -1};
    int got[4] = {-1, -1, -1, -1};
    char bytes[16];
    size_t len = 0;
    size_t count = 0;

    (void)state;
    assert_true(redan_pass_pair(ends));
    assert_int_equal(pipe2(files, O_CLOEXEC), 0);
    assert_true(redan_pass_send(ends[0], REDAN_S("two"), files, 2));
    assert_true(redan_pass_receive(ends[1], bytes, sizeof(bytes), &len, got, 4, &count));
    assert_int_equal(len, 3);
    assert_memory_equal(bytes, "two", 3);
    assert_int_equal(count, 2);
    assert_int_equal(write(got[1], "x", 1), 1);
    assert_int_equal(read(files[0], bytes, sizeof(bytes)), 1);
    assert_true((fcntl(got[0], F_GETFD) & FD_CLOEXEC) != 0);
    (void)close(got[0]);
    (void)close(got[1]);

    /* more descriptors than there is room for: none stays open */
    assert_true(redan_pass_send(ends[0], REDAN_S("two"), files, 2));
    assert_false(redan_pass_receive(ends[1], bytes, sizeof(bytes), &len, got, 1, &count));
    assert_int_equal(errno, EMSGSIZE);
    assert_true(redan_pass_send(ends[0], REDAN_S("longer than the room"), NULL, 0));
    assert_false(redan_pass_receive(ends[1], bytes, 4, &len, got, 1, &count));
    assert_false(redan_pass_send(ends[0], REDAN_S(""), NULL, 0));

    (void)close(ends[0]);
    assert_true(redan_pass_receive(ends[1], bytes, sizeof(bytes), &len, got, 4, &count));
    assert_int_equal(len, 0);
    assert_false(redan_pass_send(ends[1], REDAN_S("x"), NULL, 0));
    assert_int_equal(errno, EPIPE);
    (void)close(ends[1]);
    (void)close(files[0]);
    (void)close(files[1]);
}

/* From a pipe, into memory and on to the disk when it is more. */
static void test_spool(void **state)
{
    static const uint64_t memories[] = {1 << 20, 1000};
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t m = 0; m < 2; m++) {
        int ends[2];
        int fd = -1;
        uint64_t size = 0;
        static char bytes[16384];
        memset(bytes, 'a', sizeof(bytes));
        bytes[16383] = 'z';
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        assert_int_equal(write(ends[1], bytes, sizeof(bytes)), sizeof(bytes));
        (void)close(ends[1]);
        assert_ok(redan_spool(&ctx, ends[0], memories[m], 1 << 20, &fd, &size));
        assert_int_equal(size, sizeof(bytes));
        memset(bytes, 0, sizeof(bytes));
        assert_int_equal(pread(fd, bytes, sizeof(bytes), 0), sizeof(bytes));
        assert_int_equal(bytes[16383], 'z');
        assert_int_equal(bytes[12000], 'a');
        (void)close(ends[0]);
        (void)close(fd);
    }
    int ends[2];
    int fd = -1;
    uint64_t size = 0;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(write(ends[1], "0123456789", 10), 10);
    (void)close(ends[1]);
    assert_int_equal(redan_spool(&ctx, ends[0], 100, 9, &fd, &size), REDAN_E_LIMIT);
    assert_int_equal(fd, -1);
    (void)close(ends[0]);
    redan_ctx_done(&ctx);
}

static void test_growing(void **state)
{
    struct scratch s;
    struct redan_ctx ctx;
    struct redan_growing file;
    char bytes[8] = "";

    (void)state;
    scratch_make(&s);
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_growing_open(&ctx, scratch_slice(&s, "out"), &file));
    assert_ok(redan_growing_add(&ctx, &file, REDAN_S("one")));
    redan_growing_done(&file); /* not kept: nothing is there */
    assert_int_equal(scratch_count(&s, "."), 0);
    assert_ok(redan_growing_open(&ctx, scratch_slice(&s, "out"), &file));
    assert_ok(redan_growing_add(&ctx, &file, REDAN_S("one")));
    assert_ok(redan_growing_add(&ctx, &file, REDAN_S("two")));
    assert_ok(redan_growing_keep(&ctx, &file));
    redan_growing_done(&file);
    assert_int_equal(scratch_count(&s, "."), 1);
    int fd = open(scratch_at(&s, "out"), O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, bytes, sizeof(bytes)), 6);
    assert_memory_equal(bytes, "onetwo", 6);
    (void)close(fd);
    /* a folder is not replaced */
    scratch_folder(&s, "folder");
    assert_ok(redan_growing_open(&ctx, scratch_slice(&s, "folder"), &file));
    assert_int_equal(redan_growing_keep(&ctx, &file), REDAN_E_IO);
    redan_growing_done(&file);
    assert_int_equal(scratch_count(&s, "."), 2);
    redan_ctx_done(&ctx);
    scratch_drop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused), cmocka_unit_test(test_works),   cmocka_unit_test(test_pass),
        cmocka_unit_test(test_spool),   cmocka_unit_test(test_growing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
