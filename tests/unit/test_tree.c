/* Trees: files and folders walked with digests, and everything that a walk refuses. */
#include "io_fixture.h"

#include <pthread.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>

#include "io/file.h"
#include "io/tree.h"

static void assert_hex(const struct redan_digest *digest, const char *hex)
{
    char text[REDAN_DIGEST_HEX];

    redan_digest_hex(digest, text);
    assert_string_equal(text, hex);
}

static void make_tree(struct scratch *s)
{
    scratch_folder(s, "m");
    scratch_folder(s, "m/sub");
    scratch_folder(s, "m/sub/empty");
    scratch_text(s, "m/b", "hello");
    scratch_text(s, "m/sub/x", "");
    scratch_text(s, "m/sub.y", "abc"); /* "sub.y" sorts before "sub/x" */
    scratch_text(s, "m/\xc3\xa9", "e");
}

static void test_tree(void **state)
{
    static const char *const order[] = {"b", "sub.y", "sub/x", "\xc3\xa9"};
    struct scratch *s = *state;
    struct redan_ctx ctx;
    struct redan_tree tree;
    struct redan_digest expected;

    redan_ctx_init(&ctx, NULL);
    make_tree(s);
    assert_ok(redan_tree_walk(&ctx, scratch_slice(s, "m"), NULL, &tree));
    assert_true(tree.folder);
    assert_int_equal(tree.count, REDAN_COUNT(order));
    assert_int_equal(tree.bytes, 9);
    struct redan_buf buf;
    redan_buf_init(&buf, &ctx, 4096);
    redan_buf_add(&buf, "redan/1\0tree", 13);
    for (size_t i = 0; i < tree.count; i++) {
        assert_slice(tree.files[i].path, order[i]);
        redan_buf_add(&buf, order[i], strlen(order[i]) + 1);
        redan_buf_printf(&buf, "%d", (int)tree.files[i].size);
        redan_buf_add(&buf, "", 1);
        redan_buf_add(&buf, tree.files[i].digest.bytes, 32);
    }
    assert_ok(redan_sha256(&ctx, redan_buf_view(&buf), &expected));
    redan_buf_done(&buf);
    assert_true(redan_digest_eq(&expected, &tree.digest));
    /* echo -n hello | sha256sum */
    assert_hex(&tree.files[0].digest,
               "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    assert_hex(&tree.files[2].digest,
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");

    struct redan_tree one;
    assert_ok(redan_tree_walk(&ctx, scratch_slice(s, "m/b"), NULL, &one));
    assert_false(one.folder);
    assert_int_equal(one.count, 1);
    assert_slice(one.files[0].path, "b");
    assert_true(redan_digest_eq(&one.digest, &tree.files[0].digest));
    assert_ok(redan_tree_walk(&ctx, scratch_slice(s, "m/sub/empty"), NULL, &one));
    assert_true(one.folder);
    assert_int_equal(one.count, 0);
    assert_ok(redan_sha256(&ctx, REDAN_S("redan/1\0tree\0"), &expected));
    assert_true(redan_digest_eq(&expected, &one.digest));
    redan_ctx_done(&ctx);
    assert_int_equal(ctx.mem.used, 0);
}

/* One bad thing at a time, as path `name` inside the tree. */
static void test_tree_refuses(void **state)
{
    enum kind { LINK, FOLDER_LINK, FIFO, SOCKET, NAME };
    static const struct {
        enum kind kind;
        const char *name;
        bool follow;
        enum redan_status status;
        const char *says;
    } rows[] = {
        {LINK, "l", false, REDAN_E_SCHEMA,
         "sub/l is a symbolic link, which is not followed unless"},
        {LINK, "l", true, REDAN_OK, ""},
        {FOLDER_LINK, "up", false, REDAN_E_SCHEMA, "sub/up is a symbolic link"},
        {FOLDER_LINK, "up", true, REDAN_E_IO, "sub/up leads back to a folder that holds it"},
        {FIFO, "p", false, REDAN_E_SCHEMA, "sub/p is a pipe"},
        {FIFO, "p", true, REDAN_E_SCHEMA, "sub/p is a pipe"},
        {SOCKET, "s", false, REDAN_E_SCHEMA, "sub/s is a socket"},
        {NAME, "n\xff", false, REDAN_E_IO, "sub/n\\xff is not UTF-8; rename"},
    };
    struct scratch *s = *state;

    make_tree(s);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_tree_options options = {.follow = rows[i].follow};
        struct redan_ctx ctx;
        struct redan_tree tree;
        char path[128];
        redan_ctx_init(&ctx, NULL);
        (void)snprintf(path, sizeof(path), "m/sub/%s", rows[i].name);
        if (rows[i].kind == LINK)
            assert_int_equal(symlink("../b", scratch_at(s, path)), 0);
        else if (rows[i].kind == FOLDER_LINK)
            assert_int_equal(symlink("..", scratch_at(s, path)), 0);
        else if (rows[i].kind == FIFO)
            assert_int_equal(mkfifo(scratch_at(s, path), 0600), 0);
        else if (rows[i].kind == SOCKET)
            make_socket(s, path);
        else
            scratch_text(s, path, "");
        assert_int_equal(redan_tree_walk(&ctx, scratch_slice(s, "m"), &options, &tree),
                         rows[i].status);
        if (rows[i].status != REDAN_OK)
            assert_true(redan_slice_ends(redan_slice_of(ctx.failure.name), REDAN_S("/m")));
        assert_failure(&ctx, rows[i].status, rows[i].says);
        assert_int_equal(unlink(scratch_at(s, path)), 0);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

static void test_tree_roots(void **state)
{
    struct scratch *s = *state;
    struct redan_tree_options follow = {.follow = true};
    struct redan_ctx ctx;
    struct redan_tree tree;
    struct redan_tree through;

    redan_ctx_init(&ctx, NULL);
    make_tree(s);
    assert_int_equal(symlink("m", scratch_at(s, "to")), 0);
    assert_int_equal(symlink("m/b", scratch_at(s, "to-b")), 0);
    assert_int_equal(redan_tree_walk(&ctx, scratch_slice(s, "to"), NULL, &tree), REDAN_E_IO);
    assert_failure(&ctx, REDAN_E_IO, "to is a symbolic link");
    assert_ok(redan_tree_walk(&ctx, scratch_slice(s, "m"), NULL, &tree));
    assert_ok(redan_tree_walk(&ctx, scratch_slice(s, "to"), &follow, &through));
    assert_true(redan_digest_eq(&tree.digest, &through.digest));
    assert_int_equal(redan_tree_walk(&ctx, scratch_slice(s, "to-b"), NULL, &tree), REDAN_E_IO);
    assert_failure(&ctx, REDAN_E_IO, "to-b is a symbolic link");
    assert_ok(redan_tree_walk(&ctx, scratch_slice(s, "to-b"), &follow, &tree));
    assert_int_equal(redan_tree_walk(&ctx, scratch_slice(s, "no"), NULL, &tree), REDAN_E_ABSENT);
    assert_failure(&ctx, REDAN_E_ABSENT, "no: No such file");
    assert_int_equal(redan_tree_walk(&ctx, REDAN_S("/dev/null"), NULL, &tree), REDAN_E_IO);
    assert_failure(&ctx, REDAN_E_IO, "/dev/null is a device");
    redan_ctx_done(&ctx);
}

static void test_tree_limits(void **state)
{
    struct scratch *s = *state;
    struct redan_limits limits = redan_limits_default;
    struct redan_ctx ctx;
    struct redan_tree tree;
    char path[256] = "d";

    scratch_folder(s, path);
    for (int i = 0; i < 5; i++) {
        (void)snprintf(path + strlen(path), sizeof(path) - strlen(path), "/d");
        scratch_folder(s, path);
    }
    for (size_t depth = 4; depth <= 5; depth++) {
        limits.depth = depth;
        redan_ctx_init(&ctx, &limits);
        enum redan_status status = redan_tree_walk(&ctx, scratch_slice(s, "d"), NULL, &tree);
        assert_int_equal(status, depth == 5 ? REDAN_OK : REDAN_E_LIMIT);
        if (status != REDAN_OK)
            assert_failure(&ctx, REDAN_E_LIMIT, "d/d/d/d/d nests deeper than 4");
        redan_ctx_done(&ctx);
    }
    limits.files = 4;
    redan_ctx_init(&ctx, &limits);
    assert_int_equal(redan_tree_walk(&ctx, scratch_slice(s, "d"), NULL, &tree), REDAN_E_LIMIT);
    assert_failure(&ctx, REDAN_E_LIMIT, "4 files and folders");
    redan_ctx_done(&ctx);
}

static void test_tree_out_of_memory(void **state)
{
    struct scratch *s = *state;
    enum redan_status status = REDAN_E_MEMORY;
    struct redan_limits limits = redan_limits_default;

    make_tree(s);
    limits.workers = 2;
    for (uint64_t n = 1; status != REDAN_OK; n++) {
        struct redan_ctx ctx;
        struct redan_tree tree;
        redan_ctx_init(&ctx, &limits);
        ctx.mem.fail_at = n;
        status = redan_tree_walk(&ctx, scratch_slice(s, "m"), NULL, &tree);
        assert_true(status == REDAN_OK || status == REDAN_E_MEMORY);
        assert_true(n < 200);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

struct meddler {
    int fd;
    int how; /* 0 nothing, 1 append, 2 same size and later mtime, 3 truncate */
    uint64_t last;
    uint64_t total;
    size_t calls;
};

static void meddle(void *arg, uint64_t bytes, uint64_t total)
{
    struct meddler *m = arg;
    struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

    assert_true(bytes >= m->last && bytes <= total);
    m->last = bytes;
    m->total = total;
    if (m->calls++ > 0)
        return;
    if (m->how == 1)
        assert_int_equal(pwrite(m->fd, "x", 1, 3 << 20), 1);
    if (m->how == 2) {
        assert_int_equal(pwrite(m->fd, "x", 1, 5), 1);
        assert_int_equal(futimens(m->fd, times), 0);
    }
    if (m->how == 3)
        assert_int_equal(ftruncate(m->fd, 1 << 20), 0);
}

static void test_tree_change(void **state)
{
    struct scratch *s = *state;

    scratch_folder(s, "m");
    for (int how = 0; how <= 3; how++) {
        struct redan_ctx ctx;
        struct redan_tree tree;
        scratch_text(s, "m/file", "");
        struct meddler m = {.fd = open(scratch_at(s, "m/file"), O_RDWR | O_CLOEXEC), .how = how};
        struct redan_tree_options options = {.progress = meddle, .arg = &m};
        assert_int_equal(ftruncate(m.fd, 3 << 20), 0);
        redan_ctx_init(&ctx, NULL);
        enum redan_status status = redan_tree_walk(&ctx, scratch_slice(s, "m"), &options, &tree);
        if (how == 0) {
            assert_int_equal(status, REDAN_OK);
            assert_int_equal(m.calls, 4); /* each MiB, and the end */
            assert_int_equal(m.last, 3 << 20);
            assert_int_equal(m.total, 3 << 20);
        } else {
            assert_int_equal(status, REDAN_E_IO);
            assert_failure(&ctx, REDAN_E_IO, "file changed while it was read");
        }
        (void)close(m.fd);
        redan_ctx_done(&ctx);
    }
}

/* 20,000 small files in 200 folders: same digest with one thread and with four,
 * order by bytes. */
static void test_tree_many(void **state)
{
    struct scratch *s = *state;
    struct redan_digest first;
    char name[64];

    scratch_folder(s, "m");
    for (int d = 0; d < 200; d++) {
        (void)snprintf(name, sizeof(name), "m/%03d", d);
        scratch_folder(s, name);
        for (int f = 0; f < 100; f++) {
            int n = snprintf(name, sizeof(name), "m/%03d/f%d", d, f);
            scratch_file(s, name, name, (size_t)n);
        }
    }
    for (unsigned workers = 1; workers <= 4; workers += 3) {
        struct redan_limits limits = redan_limits_default;
        struct redan_ctx ctx;
        struct redan_tree tree;
        limits.workers = workers;
        redan_ctx_init(&ctx, &limits);
        assert_ok(redan_tree_walk(&ctx, scratch_slice(s, "m"), NULL, &tree));
        assert_int_equal(tree.count, 20000);
        for (size_t i = 1; i < tree.count; i++)
            assert_int_equal(redan_slice_cmp(tree.files[i - 1].path, tree.files[i].path), -1);
        if (workers == 1)
            first = tree.digest;
        else
            assert_true(redan_digest_eq(&first, &tree.digest));
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

static void test_tree_sparse(void **state)
{
    struct scratch *s = *state;
    struct redan_ctx ctx;
    struct redan_tree tree;

    scratch_text(s, "big", "");
    assert_int_equal(truncate(scratch_at(s, "big"), (off_t)64 << 20), 0);
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_tree_walk(&ctx, scratch_slice(s, "big"), NULL, &tree));
    assert_int_equal(tree.bytes, 64 << 20);
    /* head -c 67108864 /dev/zero | sha256sum */
    assert_hex(&tree.digest, "3b6a07d0d404fab4e23b6d34bc6696a6a312dd92821332385e5af7c01c421351");
    assert_true(ctx.mem.peak < 4 << 20); /* streamed, not held */
    redan_ctx_done(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_tree),
        WITH_FOLDER(test_tree_refuses),
        WITH_FOLDER(test_tree_roots),
        WITH_FOLDER(test_tree_limits),
        WITH_FOLDER(test_tree_out_of_memory),
        WITH_FOLDER(test_tree_change),
        cmocka_unit_test_setup_teardown(test_tree_many, setup_fast, teardown),
        WITH_FOLDER(test_tree_sparse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
