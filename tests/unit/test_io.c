/* Files, folders, locks and paths, on real temporary folders. */
#include "io_fixture.h"

#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "base/dl.h"
#include "base/utf8.h"
#include "io/file.h"

static void test_utf8(void **state)
{
    static const struct {
        const char *text;
        size_t bad; /* SIZE_MAX: valid */
    } rows[] = {
        {"", SIZE_MAX},
        {"plain", SIZE_MAX},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", SIZE_MAX},
        {"\xf4\x8f\xbf\xbf\xee\x80\x80\xed\x9f\xbf", SIZE_MAX},
        {"a\x80", 1},
        {"\xc0\xaf", 0},
        {"\xc1\xbf", 0},
        {"\xe0\x9f\xbf", 0},
        {"ab\xed\xa0\x80", 2},
        {"\xf0\x8f\xbf\xbf", 0},
        {"\xf4\x90\x80\x80", 0},
        {"\xf5\x80\x80\x80", 0},
        {"\xff", 0},
        {"x\xe2\x82", 1},
        {"\xe2\x82z", 0},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        size_t bad = SIZE_MAX;
        bool ok = redan_utf8_check(redan_slice_of(rows[i].text), &bad);
        assert_int_equal(ok, rows[i].bad == SIZE_MAX);
        assert_true(bad == rows[i].bad);
    }
}

static void test_dl(void **state)
{
    static const char *const none[] = {"libredan-does-not-exist.so.9", NULL};
    static const char *const maths[] = {"libredan-does-not-exist.so.9", "libm.so.6", NULL};
    double (*root)(double) = NULL;
    void (*absent)(void) = NULL;
    const struct redan_dl_symbol good[] = {{"sqrt", &root}, {NULL, NULL}};
    const struct redan_dl_symbol bad[] = {{"redan_absent", &absent}, {NULL, NULL}};
    struct redan_dl dl = {NULL};
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_int_equal(redan_dl_open(&ctx, none, "install it", &dl), REDAN_E_UNSUPPORTED);
    assert_failure(&ctx, REDAN_E_UNSUPPORTED, "install it");
    assert_null(dl.handle);
    assert_ok(redan_dl_open(&ctx, maths, "install it", &dl));
    assert_ok(redan_dl_bind(&ctx, &dl, good));
    assert_true(root(81.0) > 8.99 && root(81.0) < 9.01);
    assert_int_equal(redan_dl_bind(&ctx, &dl, bad), REDAN_E_UNSUPPORTED);
    assert_failure(&ctx, REDAN_E_UNSUPPORTED, "redan_absent");
    redan_dl_done(&dl);
    redan_dl_done(&dl);
    redan_ctx_done(&ctx);
}

static void test_paths(void **state)
{
    static const struct {
        const char *folder;
        const char *name;
        const char *joined;
    } joins[] = {{"a/b", "c", "a/b/c"}, {"a/", "c", "a/c"}, {"a", "/c", "/c"},
                 {".", "c", "c"},       {"", "c", "c"},     {"/", "c", "/c"}};
    static const struct {
        const char *path;
        const char *folder;
        const char *name;
    } parts[] = {{"a", ".", "a"}, {"/a", "/", "a"}, {"a/b/c", "a/b", "c"}, {"a//b", "a", "b"},
                 {"a/", "a", ""}, {"", ".", ""},    {"//a", "/", "a"},     {"./a", ".", "a"}};
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < REDAN_COUNT(joins); i++) {
        struct redan_slice path;
        assert_ok(redan_path_join(&ctx, redan_slice_of(joins[i].folder),
                                  redan_slice_of(joins[i].name), &path));
        assert_slice(path, joins[i].joined);
        assert_int_equal(path.at[path.len], '\0');
    }
    for (size_t i = 0; i < REDAN_COUNT(parts); i++) {
        assert_slice(redan_path_folder(redan_slice_of(parts[i].path)), parts[i].folder);
        assert_slice(redan_path_name(redan_slice_of(parts[i].path)), parts[i].name);
    }
    redan_ctx_done(&ctx);
}

static void test_read(void **state)
{
    struct scratch *s = *state;
    struct redan_ctx ctx;
    struct redan_slice bytes;

    redan_ctx_init(&ctx, NULL);
    scratch_file(s, "file", "a\0b", 3);
    scratch_text(s, "empty", "");
    assert_ok(redan_file_read(&ctx, scratch_slice(s, "file"), 3, false, &bytes));
    assert_int_equal(bytes.len, 3);
    assert_memory_equal(bytes.at, "a\0b", 4);
    assert_ok(redan_file_read(&ctx, scratch_slice(s, "empty"), 0, false, &bytes));
    assert_slice(bytes, "");
    assert_int_equal(bytes.at[0], '\0');
    assert_ok(redan_file_read(&ctx, REDAN_S("/proc/self/status"), 65536, false, &bytes));
    assert_true(bytes.len > 100); /* the kernel says 0 for its size */
    assert_int_equal(redan_file_read(&ctx, REDAN_S("/proc/self/status"), 10, false, &bytes),
                     REDAN_E_LIMIT);
    assert_failure(&ctx, REDAN_E_LIMIT, "/proc/self/status is longer than the 10 bytes");
    redan_ctx_done(&ctx);
}

/* What is refused, with what status, and what the message must say. */
static void test_read_refuses(void **state)
{
    static const struct {
        const char *name;
        size_t max;
        bool follow;
        enum redan_status status;
        const char *says;
    } rows[] = {
        {"file", 4, false, REDAN_E_LIMIT, "file is longer than the 4 bytes"},
        {"absent", 9, false, REDAN_E_ABSENT, "absent: No such file"},
        {"file/below", 9, false, REDAN_E_ABSENT, "Not a directory"},
        {"link", 9, false, REDAN_E_IO, "link is a symbolic link, which is not followed; name the"},
        {"link", 9, true, REDAN_OK, ""},
        {"nowhere", 9, false, REDAN_E_IO, "nowhere is a symbolic link"},
        {"nowhere", 9, true, REDAN_E_ABSENT, "nowhere"},
        {"loop", 9, true, REDAN_E_IO, "Too many levels"},
        {"folder", 9, false, REDAN_E_IO, "folder is a folder; only regular files"},
        {"to-folder", 9, true, REDAN_E_IO, "to-folder is a folder"},
        {"pipe", 9, false, REDAN_E_IO, "pipe is a pipe"},
        {"pipe", 9, true, REDAN_E_IO, "pipe is a pipe"},
        {"socket", 9, false, REDAN_E_IO, "socket is a socket"},
        {"", 9, false, REDAN_E_IO, "is a folder"},
        {"evil\x1b[2J\xff", 9, false, REDAN_E_ABSENT, "evil\\x1b[2J\\xff"},
    };
    struct scratch *s = *state;
    struct redan_ctx ctx;
    struct redan_slice bytes;

    redan_ctx_init(&ctx, NULL);
    scratch_text(s, "file", "12345");
    scratch_folder(s, "folder");
    assert_int_equal(symlink("file", scratch_at(s, "link")), 0);
    assert_int_equal(symlink("loop", scratch_at(s, "loop")), 0);
    assert_int_equal(symlink("no/where", scratch_at(s, "nowhere")), 0);
    assert_int_equal(symlink("folder", scratch_at(s, "to-folder")), 0);
    assert_int_equal(mkfifo(scratch_at(s, "pipe"), 0600), 0);
    make_socket(s, "socket");
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        assert_int_equal(redan_file_read(&ctx, scratch_slice(s, rows[i].name), rows[i].max,
                                         rows[i].follow, &bytes),
                         rows[i].status);
        assert_failure(&ctx, rows[i].status, rows[i].says);
    }
    assert_int_equal(redan_file_read(&ctx, REDAN_S("/dev/zero"), 9, false, &bytes), REDAN_E_IO);
    assert_failure(&ctx, REDAN_E_IO, "/dev/zero is a device");
    assert_int_equal(redan_file_read(&ctx, REDAN_S(""), 9, false, &bytes), REDAN_E_USAGE);
    assert_failure(&ctx, REDAN_E_USAGE, "empty");
    assert_int_equal(redan_file_read(&ctx, REDAN_S("a\0b"), 9, false, &bytes), REDAN_E_USAGE);
    assert_failure(&ctx, REDAN_E_USAGE, "a\\x00b has a NUL byte");
    static char longest[5000];
    memset(longest, 'a', sizeof(longest));
    assert_int_equal(
        redan_file_read(&ctx, (struct redan_slice){longest, sizeof(longest)}, 9, false, &bytes),
        REDAN_E_USAGE);
    assert_failure(&ctx, REDAN_E_USAGE, "5000");
    assert_int_equal(redan_file_read(&ctx, (struct redan_slice){longest, 1000}, 9, false, &bytes),
                     REDAN_E_IO);
    assert_failure(&ctx, REDAN_E_IO, "cannot read ...aaa");
    redan_ctx_done(&ctx);
}

static void test_read_stdin(void **state)
{
    struct scratch *s = *state;
    struct redan_ctx ctx;
    struct redan_slice bytes;
    int saved = dup(STDIN_FILENO);

    redan_ctx_init(&ctx, NULL);
    for (size_t max = 99999; max <= 100000; max++) {
        static char big[100000];
        memset(big, 'x', sizeof(big));
        scratch_file(s, "in", big, sizeof(big));
        int fd = open(scratch_at(s, "in"), O_RDONLY | O_CLOEXEC);
        assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
        (void)close(fd);
        enum redan_status status = redan_file_read(&ctx, REDAN_S("-"), max, false, &bytes);
        assert_int_equal(status, max < sizeof(big) ? REDAN_E_LIMIT : REDAN_OK);
        if (status == REDAN_OK)
            assert_int_equal(bytes.len, sizeof(big));
        redan_fail_clear(&ctx);
    }
    if (saved >= 0)
        (void)dup2(saved, STDIN_FILENO);
    (void)close(saved);
    redan_ctx_done(&ctx);
}

static void test_read_out_of_memory(void **state)
{
    static const char *const names[] = {"file", "/proc/self/status"};
    struct scratch *s = *state;
    char path[2][SCRATCH_PATH + 512];

    scratch_text(s, "file", "12345");
    (void)snprintf(path[0], sizeof(path[0]), "%s", scratch_at(s, names[0]));
    (void)snprintf(path[1], sizeof(path[1]), "%s", names[1]);
    for (size_t i = 0; i < REDAN_COUNT(names); i++) {
        enum redan_status status = REDAN_E_MEMORY;
        for (uint64_t n = 1; status != REDAN_OK; n++) {
            struct redan_ctx ctx;
            struct redan_slice bytes;
            redan_ctx_init(&ctx, NULL);
            ctx.mem.fail_at = n;
            status = redan_file_read(&ctx, redan_slice_of(path[i]), 65536, false, &bytes);
            assert_true(status == REDAN_OK || status == REDAN_E_MEMORY);
            assert_true(n < 100);
            redan_ctx_done(&ctx);
            assert_int_equal(ctx.mem.used, 0);
        }
    }
}

static void test_create(void **state)
{
    struct scratch *s = *state;
    struct redan_ctx ctx;
    struct redan_slice bytes;
    struct stat st;

    redan_ctx_init(&ctx, NULL);
    (void)umask(022);
    assert_ok(redan_file_create(&ctx, scratch_slice(s, "a/b/c/new"), 0600, REDAN_S("one")));
    assert_int_equal(stat(scratch_at(s, "a/b/c/new"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_ok(redan_file_create(&ctx, scratch_slice(s, "a/b/c/other"), 0666, REDAN_S("")));
    assert_int_equal(stat(scratch_at(s, "a/b/c/other"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0644);
    assert_int_equal(redan_file_create(&ctx, scratch_slice(s, "a/b/c/new"), 0600, REDAN_S("two")),
                     REDAN_E_EXISTS);
    assert_failure(&ctx, REDAN_E_EXISTS, "new exists already");
    assert_ok(redan_file_read(&ctx, scratch_slice(s, "a/b/c/new"), 9, false, &bytes));
    assert_slice(bytes, "one");
    assert_int_equal(scratch_count(s, "a/b/c"), 2);

    assert_int_equal(symlink("away", scratch_at(s, "link")), 0);
    assert_int_equal(redan_file_create(&ctx, scratch_slice(s, "link"), 0600, REDAN_S("x")),
                     REDAN_E_EXISTS);
    redan_fail_clear(&ctx);
    assert_int_equal(
        redan_file_create(&ctx, scratch_slice(s, "a/b/c/new/below"), 0600, REDAN_S("x")),
        REDAN_E_ABSENT);
    assert_failure(&ctx, REDAN_E_ABSENT, "Not a directory");
    static const char *const names[] = {"a/", "a/.", "a/.."};
    for (size_t i = 0; i < REDAN_COUNT(names); i++) {
        assert_int_equal(redan_file_create(&ctx, scratch_slice(s, names[i]), 0600, REDAN_S("x")),
                         REDAN_E_USAGE);
        assert_failure(&ctx, REDAN_E_USAGE, "is not the name of a file");
    }
    assert_int_equal(scratch_count(s, ""), 2);
    redan_ctx_done(&ctx);
}

static void test_replace(void **state)
{
    struct scratch *s = *state;
    struct redan_ctx ctx;
    struct redan_slice bytes;
    struct stat st;

    redan_ctx_init(&ctx, NULL);
    (void)umask(022);
    assert_ok(redan_file_replace(&ctx, scratch_slice(s, "d/file"), 0640, REDAN_S("one")));
    assert_int_equal(chmod(scratch_at(s, "d/file"), 0606), 0);
    assert_ok(redan_file_replace(&ctx, scratch_slice(s, "d/file"), 0640, REDAN_S("two, longer")));
    assert_int_equal(stat(scratch_at(s, "d/file"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0606);
    assert_ok(redan_file_read(&ctx, scratch_slice(s, "d/file"), 99, false, &bytes));
    assert_slice(bytes, "two, longer");
    assert_int_equal(symlink("file", scratch_at(s, "d/link")), 0);
    assert_int_equal(redan_file_replace(&ctx, scratch_slice(s, "d/link"), 0640, REDAN_S("x")),
                     REDAN_E_IO);
    assert_failure(&ctx, REDAN_E_IO, "link is a symbolic link");
    assert_int_equal(redan_file_replace(&ctx, scratch_slice(s, "d"), 0640, REDAN_S("x")),
                     REDAN_E_IO);
    assert_failure(&ctx, REDAN_E_IO, "d is a folder; only a regular file is replaced");
    assert_int_equal(scratch_count(s, "d"), 2); /* no temporary file stays */
    assert_int_equal(scratch_count(s, ""), 1);
    redan_ctx_done(&ctx);
}

/* A reader sees the old content or the new one, never a part. */
static void *replace_often(void *arg)
{
    struct redan_ctx ctx;
    static char content[2][200000];

    redan_ctx_init(&ctx, NULL);
    memset(content[0], 'a', sizeof(content[0]));
    memset(content[1], 'b', sizeof(content[1]));
    for (int i = 0; i < 40; i++)
        assert_ok(redan_file_replace(&ctx, redan_slice_of(arg), 0644,
                                     (struct redan_slice){content[i % 2], sizeof(content[0])}));
    redan_ctx_done(&ctx);
    return NULL;
}

static void test_replace_is_whole(void **state)
{
    struct scratch *s = *state;
    pthread_t writer;
    size_t seen = 0;

    scratch_text(s, "file", "start");
    assert_int_equal(pthread_create(&writer, NULL, replace_often, s->path), 0);
    while (seen < 100) { /* in the end the writer's last content stays */
        struct redan_ctx ctx;
        struct redan_slice bytes;
        redan_ctx_init(&ctx, NULL);
        if (redan_file_read(&ctx, redan_slice_of(s->path), 300000, false, &bytes) == REDAN_OK &&
            bytes.len != 5) {
            seen++;
            assert_int_equal(bytes.len, 200000);
            assert_int_equal(bytes.at[0], bytes.at[bytes.len - 1]);
        }
        redan_ctx_done(&ctx);
    }
    assert_int_equal(pthread_join(writer, NULL), 0);
}

static void test_exists(void **state)
{
    static const struct {
        const char *name;
        bool file;
        bool folder;
    } rows[] = {{"file", true, false},    {"folder", false, true},    {"link", true, false},
                {"nowhere", true, false}, {"to-folder", false, true}, {"absent", false, false},
                {"pipe", true, false}};
    struct scratch *s = *state;
    struct redan_ctx ctx;

    redan_ctx_init(&ctx, NULL);
    scratch_text(s, "file", "1");
    scratch_folder(s, "folder");
    assert_int_equal(mkfifo(scratch_at(s, "pipe"), 0600), 0);
    assert_int_equal(symlink("file", scratch_at(s, "link")), 0);
    assert_int_equal(symlink("no/where", scratch_at(s, "nowhere")), 0);
    assert_int_equal(symlink("folder", scratch_at(s, "to-folder")), 0);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        assert_int_equal(redan_file_exists(&ctx, scratch_slice(s, rows[i].name)), rows[i].file);
        assert_int_equal(redan_folder_exists(&ctx, scratch_slice(s, rows[i].name)), rows[i].folder);
    }
    assert_false(redan_file_exists(&ctx, REDAN_S("")));
    assert_false(redan_folder_exists(&ctx, REDAN_S("/\0")));
    redan_ctx_done(&ctx);
}

static void test_list(void **state)
{
    struct scratch *s = *state;
    struct redan_ctx ctx;
    struct redan_slice *names = NULL;
    size_t count = 0;
    char name[32];

    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_folder_list(&ctx, scratch_slice(s, ""), &names, &count));
    assert_int_equal(count, 0);
    for (int i = 99; i >= 0; i--) {
        (void)snprintf(name, sizeof(name), "n%02d", i);
        scratch_text(s, name, "");
    }
    assert_ok(redan_folder_list(&ctx, scratch_slice(s, ""), &names, &count));
    assert_int_equal(count, 100);
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(name, sizeof(name), "n%02zu", i);
        assert_slice(names[i], name);
    }
    ctx.limits.files = 99;
    assert_int_equal(redan_folder_list(&ctx, scratch_slice(s, ""), &names, &count), REDAN_E_LIMIT);
    redan_fail_clear(&ctx);
    assert_int_equal(redan_folder_list(&ctx, scratch_slice(s, "no"), &names, &count),
                     REDAN_E_ABSENT);
    redan_ctx_done(&ctx);
}

static void test_lock(void **state)
{
    struct scratch *s = *state;
    struct redan_ctx ctx;
    struct redan_lock lock = {-1};
    int ready[2];
    char byte = 0;

    redan_ctx_init(&ctx, NULL);
    assert_int_equal(redan_lock_take(&ctx, scratch_slice(s, "no"), &lock), REDAN_E_ABSENT);
    redan_fail_clear(&ctx);
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) { /* holds it for 200 ms, then dies without letting go */
        struct timespec pause = {.tv_nsec = 200000000};
        if (redan_lock_take(&ctx, scratch_slice(s, ""), &lock) != REDAN_OK)
            _exit(1);
        if (write(ready[1], "x", 1) != 1)
            _exit(1);
        (void)nanosleep(&pause, NULL);
        _exit(0);
    }
    struct timespec from;
    struct timespec to;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    assert_ok(redan_lock_take(&ctx, scratch_slice(s, ""), &lock));
    (void)clock_gettime(CLOCK_MONOTONIC, &to);
    assert_true((to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000 > 100);
    redan_lock_done(&lock);
    redan_lock_done(&lock);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    (void)close(ready[0]);
    (void)close(ready[1]);
    redan_ctx_done(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_dl),
        cmocka_unit_test(test_paths),
        WITH_FOLDER(test_read),
        WITH_FOLDER(test_read_refuses),
        WITH_FOLDER(test_read_stdin),
        WITH_FOLDER(test_read_out_of_memory),
        WITH_FOLDER(test_create),
        WITH_FOLDER(test_replace),
        WITH_FOLDER(test_replace_is_whole),
        WITH_FOLDER(test_exists),
        WITH_FOLDER(test_list),
        WITH_FOLDER(test_lock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
