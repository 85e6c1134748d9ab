/* Archives: what is written is what tar makes and reads, and nothing else is read. */
#include "scratch.h"

#include <errno.h>
#include <sys/wait.h>

#include "io/file.h"
#include "io/scratch.h"
#include "tool.h"

static const char long_folder[] =
    "evidence/0123456789012345678901234567890123456789012345678901234567890123";

/* A small archive of three files: text, nothing, and one under a long name. */
static struct redan_slice archive(struct redan_ctx *ctx)
{
    char deep[REDAN_USTAR_NAME];
    struct redan_buf out;
    struct redan_slice copy = {0};

    (void)snprintf(deep, sizeof(deep), "%s/%s.json", long_folder, long_folder + 9);
    const struct redan_ustar_file files[] = {
        {REDAN_S("MANIFEST.json"), REDAN_S("{\"schema\": 1}\n")},
        {redan_slice_of(deep), REDAN_S("x")},
        {REDAN_S("empty.yaml"), {"", 0}},
    };
    redan_buf_init(&out, ctx, 1 << 20);
    for (size_t i = 0; i < REDAN_COUNT(files); i++)
        assert_ok(redan_ustar_add(ctx, &out, &files[i]));
    redan_ustar_end(&out);
    assert_ok(redan_buf_ok(ctx, &out, "an archive"));
    assert_ok(redan_copy(ctx, redan_buf_view(&out), &copy));
    redan_buf_done(&out);
    return copy;
}

static enum redan_status read_all(struct redan_ctx *ctx, struct redan_slice text)
{
    struct redan_ustar_file *files = NULL;
    size_t count = 0;

    redan_fail_clear(ctx);
    return redan_ustar_read(ctx, text, &files, &count);
}

static void test_round(void **state)
{
    struct redan_ctx ctx;
    struct redan_ustar_file *files = NULL;
    size_t count = 0;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    struct redan_slice text = archive(&ctx);
    assert_int_equal(text.len, 512 * (2 + 2 + 1 + 2));
    assert_ok(redan_ustar_read(&ctx, text, &files, &count));
    assert_int_equal(count, 3);
    assert_slice(files[0].name, "MANIFEST.json");
    assert_slice(files[0].bytes, "{\"schema\": 1}\n");
    assert_int_equal(files[1].name.len, strlen(long_folder) * 2 - 9 + 6);
    assert_slice(files[1].bytes, "x");
    assert_int_equal(files[2].bytes.len, 0);
    redan_ctx_done(&ctx);
}

static void test_names(void **state)
{
    char longest[300];
    static const struct {
        const char *name;
        bool may;
    } rows[] = {
        {"a", true},         {"a/b.json", true}, {"a b", true},       {"...", true},
        {"\xc3\xa9", true},  {"", false},        {"/a", false},       {"a/", false},
        {"a//b", false},     {"..", false},      {"a/../b", false},   {"./a", false},
        {"a/.", false},      {".", false},       {"-", false},        {"a\nb", false},
        {"a\x1b[1m", false}, {"\xff", false},    {"\xc2\x85", false},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        if (redan_ustar_name(redan_slice_of(rows[i].name)) != rows[i].may)
            fail_msg("%zu: %s", i, rows[i].name);
    }
    memset(longest, 'a', sizeof(longest));
    assert_true(redan_ustar_name((struct redan_slice){longest, 100}));
    assert_false(redan_ustar_name((struct redan_slice){longest, 101}));
    longest[155] = '/';
    assert_true(redan_ustar_name((struct redan_slice){longest, 256}));
    assert_false(redan_ustar_name((struct redan_slice){longest, 257}));
    longest[155] = 'a';
    longest[156] = '/';
    assert_false(redan_ustar_name((struct redan_slice){longest, 256}));
    assert_false(redan_ustar_name((struct redan_slice){"a\0b", 3}));
}

/* One byte changed: refused, unless it is the content that reads otherwise. */
static void test_every_byte(void **state)
{
    struct redan_ctx ctx;
    size_t read = 0;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    struct redan_slice text = archive(&ctx);
    char *copy = redan_take(&ctx, text.len);
    assert_non_null(copy);
    for (size_t i = 0; i < text.len; i++) {
        bool content = (i >= 512 && i < 512 + 14) || i == 3 * 512;
        memcpy(copy, text.at, text.len);
        copy[i] ^= 1;
        struct redan_arena_mark mark = redan_arena_mark(&ctx.arena);
        enum redan_status status = read_all(&ctx, (struct redan_slice){copy, text.len});
        redan_arena_reset(&ctx.arena, mark);
        if (status != (content ? REDAN_OK : REDAN_E_SYNTAX))
            fail_msg("byte %zu: %s", i, ctx.failure.text);
        read += status == REDAN_OK;
    }
    assert_int_equal(read, 15);
    for (size_t len = 0; len < text.len; len++)
        assert_int_equal(read_all(&ctx, (struct redan_slice){text.at, len}), REDAN_E_SYNTAX);
    redan_ctx_done(&ctx);
}

/* The header of an archive's first file, its sum set right again after a change. */
static void mend_sum(char *header)
{
    unsigned sum = 0;

    memset(header + 148, ' ', 8);
    for (size_t i = 0; i < 512; i++)
        sum += (unsigned char)header[i];
    (void)snprintf(header + 148, 8, "%06o", sum);
    header[155] = ' ';
}

static void test_headers(void **state)
{
    static const struct {
        size_t at;
        const char *bytes;
        size_t len;
        const char *says;
    } rows[] = {
        {156, "1", 1, "a hard link"},
        {156, "2", 1, "a symbolic link"},
        {156, "5", 1, "a folder"},
        {156, "x", 1, "a pax header"},
        {156, "g", 1, "a pax header"},
        {156, "L", 1, "a GNU header"},
        {156, "S", 1, "a GNU sparse file"},
        {156, "\0", 1, "an entry of the format before ustar"},
        {156, "Z", 1, "an entry of an unknown type"},
        {257, "ustar  ", 8, "a header with other attributes"}, /* GNU's own format */
        {257, "xstar", 5, "this is no ustar archive"},
        {100, "0000755", 7, "a header with other attributes"}, /* mode */
        {108, "0001750", 7, "a header with other attributes"}, /* owner */
        {136, "14700000000", 11, "a header with other attributes"},
        {265, "root", 4, "a header with other attributes"},
        {124, "77777777777", 11, "a file that goes on after the end"},
        {124, "\x80\0\0\0\0\0\0\0\0\0\0\x0e", 12, "a size that is not written as one"},
        {124, "         16", 11, "a size that is not written as one"},
        {0, "../x\0", 5, "a name that leaves the archive"},
        {0, "/etc/x\0", 7, "a name that leaves the archive"},
        {0, "empty.yaml\0\0\0", 13, "a name that is there twice"},
        {0, "evidence\0\0\0\0\0", 13, "a name that is a folder as well"},
        {345, "empty.yaml", 10, "a header with other attributes"},
        {500, "x", 1, "a header with other attributes"},
    };
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    struct redan_slice text = archive(&ctx);
    char *copy = redan_take(&ctx, text.len);
    assert_non_null(copy);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        memcpy(copy, text.at, text.len);
        memcpy(copy + rows[i].at, rows[i].bytes, rows[i].len);
        mend_sum(copy);
        enum redan_status status = read_all(&ctx, (struct redan_slice){copy, text.len});
        if (status != REDAN_E_SYNTAX || !strstr(ctx.failure.text, rows[i].says))
            fail_msg("row %zu: %d %s", i, (int)status, ctx.failure.text);
    }
    redan_ctx_done(&ctx);
}

static void test_tails(void **state)
{
    struct redan_ctx ctx;
    struct redan_buf out;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    struct redan_slice text = archive(&ctx);
    redan_buf_init(&out, &ctx, 1 << 20);
    for (size_t blocks = 0; blocks < 60; blocks++) {
        redan_buf_clear(&out);
        redan_buf_slice(&out, text);
        redan_buf_repeat(&out, '\0', blocks * 512);
        bool may = blocks == 0 || out.len == 10240;
        assert_int_equal(read_all(&ctx, redan_buf_view(&out)), may ? REDAN_OK : REDAN_E_SYNTAX);
    }
    redan_buf_clear(&out);
    redan_buf_slice(&out, text);
    redan_buf_slice(&out, text); /* two archives one after the other */
    assert_int_equal(read_all(&ctx, redan_buf_view(&out)), REDAN_E_SYNTAX);
    redan_buf_done(&out);
    redan_ctx_done(&ctx);
}

static void test_memory(void **state)
{
    (void)state;
    for (uint64_t n = 1; n < 100; n++) {
        struct redan_ctx ctx;
        redan_ctx_init(&ctx, NULL);
        struct redan_slice text = archive(&ctx);
        ctx.mem.fail_at = ctx.mem.calls + n;
        enum redan_status status = read_all(&ctx, text);
        bool done = ctx.mem.calls < ctx.mem.fail_at;
        assert_int_equal(status, done ? REDAN_OK : REDAN_E_MEMORY);
        redan_ctx_done(&ctx);
        if (done)
            return;
    }
    fail();
}

/* What we write, GNU tar lists and unpacks; what it makes in the same manner is read, and is the same. */
static void test_gnu_tar(void **state)
{
    struct redan_ctx ctx;
    struct tool_dir dir;
    struct redan_ustar_file *files = NULL;
    size_t count = 0;
    char deep[REDAN_USTAR_NAME];

    (void)state;
    redan_ctx_init(&ctx, NULL);
    tool_dir_make(&dir);
    struct redan_slice text = archive(&ctx);
    tool_write(&dir, "ours.tar", text);
    if (TOOL_RUN(&dir, "tar", "--version") != 0)
        skip();
    assert_int_equal(TOOL_RUN(&dir, "tar", "tf", "ours.tar"), 0);
    assert_int_equal(TOOL_RUN(&dir, "tar", "xf", "ours.tar"), 0);
    assert_slice(tool_read(&ctx, &dir, "MANIFEST.json"), "{\"schema\": 1}\n");
    (void)snprintf(deep, sizeof(deep), "%s/%s.json", long_folder, long_folder + 9);
    assert_int_equal(TOOL_RUN(&dir, "tar", "cf", "theirs.tar", "--format=ustar", "--owner=0",
                              "--group=0", "--numeric-owner", "--mtime=@0", "--mode=0644",
                              "MANIFEST.json", deep, "empty.yaml"),
                     0);
    struct redan_slice theirs = tool_read(&ctx, &dir, "theirs.tar");
    assert_int_equal(theirs.len, 10240);
    assert_memory_equal(theirs.at, text.at, text.len);
    assert_ok(redan_ustar_read(&ctx, theirs, &files, &count));
    assert_int_equal(count, 3);
    static const char *const others[] = {"--format=ustar", "--format=gnu", "--format=pax",
                                         "--format=v7"};
    for (size_t i = 0; i < REDAN_COUNT(others); i++) {
        assert_int_equal(TOOL_RUN(&dir, "tar", "cf", "theirs.tar", others[i], "MANIFEST.json"), 0);
        assert_int_equal(read_all(&ctx, tool_read(&ctx, &dir, "theirs.tar")), REDAN_E_SYNTAX);
        assert_true(ctx.failure.text[0] != '\0');
    }
    tool_dir_drop(&dir);
    redan_ctx_done(&ctx);
}

static void test_scratch(void **state)
{
    struct redan_ctx ctx;
    struct scratch dir;
    struct redan_scratch s = {.fd = -1};
    struct stat st;
    static const struct redan_ustar_file files[] = {
        {{"a.yaml", 6}, {"1", 1}}, {{"b/c/d.json", 10}, {"2", 1}}, {{"b/e.json", 8}, {"3", 1}}};
    static const struct redan_ustar_file bad[] = {{{"a.yaml", 6}, {"1", 1}},
                                                  {{"../x", 4}, {"2", 1}}};
    static const struct redan_ustar_file twice[] = {{{"a/b", 3}, {"1", 1}}, {{"a/b", 3}, {"2", 1}}};

    (void)state;
    redan_ctx_init(&ctx, NULL);
    scratch_make(&dir);
    scratch_text(&dir, "x", "outside");
    assert_ok(redan_scratch_make(&ctx, redan_slice_of(dir.root), files, 3, &s));
    assert_int_equal(fstat(s.fd, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(fstatat(s.fd, "b/c/d.json", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(scratch_count(&dir, "."), 2);
    redan_scratch_done(&s);
    assert_int_equal(scratch_count(&dir, "."), 1);
    assert_int_not_equal(redan_scratch_make(&ctx, redan_slice_of(dir.root), bad, 2, &s), REDAN_OK);
    redan_fail_clear(&ctx);
    assert_int_not_equal(redan_scratch_make(&ctx, redan_slice_of(dir.root), twice, 2, &s),
                         REDAN_OK);
    redan_fail_clear(&ctx);
    assert_int_equal(redan_scratch_make(&ctx, scratch_slice(&dir, "none"), files, 3, &s),
                     REDAN_E_ABSENT);
    assert_int_equal(scratch_count(&dir, "."), 1); /* x is still there, and nothing else */
    scratch_drop(&dir);
    redan_ctx_done(&ctx);
}

/* A signal in between ends the program only when nothing is left. */
static void test_scratch_signal(void **state)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    static const struct redan_ustar_file files[] = {{{"b/c", 3}, {"2", 1}}};
    struct scratch dir;

    (void)state;
    scratch_make(&dir);
    for (size_t i = 0; i < REDAN_COUNT(signals); i++) {
        int status = 0;
        pid_t pid = fork();
        if (pid == 0) {
            struct redan_ctx ctx;
            struct redan_scratch s = {.fd = -1};
            (void)signal(signals[i], SIG_DFL);
            redan_ctx_init(&ctx, NULL);
            if (redan_scratch_make(&ctx, redan_slice_of(dir.root), files, 1, &s) != REDAN_OK)
                _exit(1);
            (void)raise(signals[i]);
            redan_scratch_done(&s);
            _exit(2);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == signals[i]);
        assert_int_equal(scratch_count(&dir, "."), 0);
    }
    scratch_drop(&dir);
}

/* While the program is busy, a signal from outside does not wait for it. */
static void test_scratch_interrupted(void **state)
{
    static const struct redan_ustar_file files[] = {{{"b/c", 3}, {"2", 1}}};
    struct scratch dir;
    int status = 0;
    int ready[2];
    char byte = 0;

    (void)state;
    scratch_make(&dir);
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct redan_ctx ctx;
        struct redan_scratch s = {.fd = -1};
        (void)signal(SIGINT, SIG_DFL);
        (void)signal(SIGHUP, SIG_IGN);
        redan_ctx_init(&ctx, NULL);
        if (redan_scratch_make(&ctx, redan_slice_of(dir.root), files, 1, &s) != REDAN_OK ||
            write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            (void)sleep(60);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(kill(pid, SIGHUP), 0); /* ignored, and stays so */
    assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
    assert_int_equal(scratch_count(&dir, "."), 1);
    assert_int_equal(kill(pid, SIGINT), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
    assert_int_equal(scratch_count(&dir, "."), 0);
    assert_int_equal(close(ready[0]) + close(ready[1]), 0);
    scratch_drop(&dir);
}

static void test_many(void **state)
{
    (void)state;
    for (int more = 0; more < 2; more++) {
        struct redan_ctx ctx;
        struct redan_buf out;
        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&out, &ctx, SIZE_MAX);
        for (int i = 0; i < (int)REDAN_USTAR_FILES + more; i++) {
            struct redan_ustar_file file = {.bytes = {"", 0}};
            assert_ok(redan_format(&ctx, &file.name, "%d", i));
            assert_ok(redan_ustar_add(&ctx, &out, &file));
        }
        redan_ustar_end(&out);
        assert_int_equal(read_all(&ctx, redan_buf_view(&out)), more ? REDAN_E_LIMIT : REDAN_OK);
        redan_buf_done(&out);
        redan_ctx_done(&ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round),          cmocka_unit_test(test_names),
        cmocka_unit_test(test_every_byte),     cmocka_unit_test(test_headers),
        cmocka_unit_test(test_tails),          cmocka_unit_test(test_memory),
        cmocka_unit_test(test_gnu_tar),        cmocka_unit_test(test_scratch),
        cmocka_unit_test(test_scratch_signal), cmocka_unit_test(test_scratch_interrupted),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
