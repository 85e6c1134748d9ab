/* Verified bytes: what is given is what was signed, whatever lies where the files did. */
#include "opened_fixture.h"

static void test_given(void **state)
{
    struct model m;
    struct scratch *s = *state;
    int fd = -1;
    size_t got = 0;
    char bytes[64];

    model_make(&m, s);
    scratch_folder(s, "m");
    scratch_folder(s, "m/sub");
    scratch_folder(s, "m/sub/deep");
    sign_file(&m, "m/z.bin", "weights", 7);
    sign_file(&m, "m/sub/deep/a", "deep", 4);
    sign_file(&m, "m/empty", "", 0);
    for (int plain = 0; plain < 2; plain++) {
        struct redan_opened *opened = open_model(&m);
        if (plain)
            redan_opened_plain(opened);
        assert_true(redan_opened_folder(opened));
        assert_int_equal(redan_opened_count(opened), 3);
        assert_slice(redan_opened_path(opened, 0), "empty");
        assert_slice(redan_opened_path(opened, 1), "sub/deep/a");
        assert_ok(redan_opened_file(&m.ctx, opened, REDAN_S("z.bin"), &fd));
        assert_sealed(fd, "weights", 7);
        /* the copy is ours whatever happens to the file */
        scratch_text(s, "m/z.bin", "changed");
        assert_sealed(fd, "weights", 7);
        scratch_text(s, "m/z.bin", "weights");
        (void)close(fd);
        assert_ok(redan_opened_file(&m.ctx, opened, REDAN_S("sub/deep/a"), &fd));
        assert_sealed(fd, "deep", 4);
        (void)close(fd);
        assert_ok(redan_opened_file(&m.ctx, opened, REDAN_S("empty"), &fd));
        assert_sealed(fd, "", 0);
        (void)close(fd);
        assert_ok(redan_opened_read(&m.ctx, opened, REDAN_S("z.bin"), 2, bytes, 64, &got));
        assert_int_equal(got, 5);
        assert_memory_equal(bytes, "ights", 5);
        assert_ok(redan_opened_read(&m.ctx, opened, REDAN_S("empty"), 0, bytes, 64, &got));
        assert_int_equal(got, 0);
        assert_ok(redan_opened_read(&m.ctx, opened, REDAN_S("z.bin"), UINT64_MAX, bytes, 9, &got));
        assert_int_equal(got, 0);
        fd = -1;
        assert_int_equal(redan_opened_file(&m.ctx, opened, REDAN_S("sub"), &fd), REDAN_E_ABSENT);
        assert_failure(&m.ctx, REDAN_E_ABSENT, "no signed file");
        assert_int_equal(fd, -1);
        redan_opened_free(opened);
    }
    assert_int_equal(redan_opened_new(&m.ctx, scratch_slice(s, "none"), &m.manifest, NULL),
                     REDAN_E_ABSENT);
    redan_fail_clear(&m.ctx);
    m.manifest.count = 0;
    assert_int_equal(redan_opened_new(&m.ctx, scratch_slice(s, "m"), &m.manifest, NULL),
                     REDAN_E_SCHEMA);
    redan_ctx_done(&m.ctx);
}

static void test_socket(void **state)
{
    struct scratch *s = *state;
    struct model m;
    int fd = -1;

    model_make(&m, s);
    scratch_folder(s, "m");
    sign_file(&m, "m/f", "x", 1);
    assert_int_equal(unlink(scratch_at(s, "m/f")), 0);
    make_socket(s, "m/f");
    for (int plain = 0; plain < 2; plain++) {
        struct redan_opened *opened = open_model(&m);
        if (plain)
            redan_opened_plain(opened);
        assert_int_equal(redan_opened_file(&m.ctx, opened, REDAN_S("f"), &fd), REDAN_E_SIGNATURE);
        assert_failure(&m.ctx, REDAN_E_SIGNATURE, "f is a socket");
        redan_opened_free(opened);
    }
    redan_ctx_done(&m.ctx);
}

/* The folder itself is swapped after it was taken hold of: what was held is read. */
static void test_folder_swapped(void **state)
{
    struct scratch *s = *state;
    struct model m;
    char old[SCRATCH_PATH + 512];
    int fd = -1;

    model_make(&m, s);
    scratch_folder(s, "m");
    sign_file(&m, "m/f", "right", 5);
    struct redan_opened *opened = open_model(&m);
    (void)snprintf(old, sizeof(old), "%s", scratch_at(s, "m"));
    assert_int_equal(rename(old, scratch_at(s, "n")), 0);
    scratch_folder(s, "m");
    scratch_text(s, "m/f", "wrong");
    assert_ok(redan_opened_file(&m.ctx, opened, REDAN_S("f"), &fd));
    assert_sealed(fd, "right", 5);
    (void)close(fd);
    redan_opened_free(opened);
    redan_ctx_done(&m.ctx);
}

static void test_single(void **state)
{
    static const struct {
        const char *signed_as;
        const char *asked;
        enum redan_status opening, reading;
    } names[] = {
        {"m", "m", REDAN_OK, REDAN_OK},           {"m", ".", REDAN_OK, REDAN_OK},
        {".", "m", REDAN_OK, REDAN_OK},           {".", ".", REDAN_OK, REDAN_OK},
        {"m", "other", REDAN_OK, REDAN_E_ABSENT}, {"other", "m", REDAN_E_SIGNATURE, REDAN_OK},
    };
    struct scratch *s = *state;
    int fd = -1;

    for (size_t i = 0; i < REDAN_COUNT(names); i++) {
        struct model m;
        struct redan_opened *opened = NULL;
        model_make(&m, s);
        sign_file(&m, "m", "alone", 5);
        m.entries[0].path = redan_slice_of(names[i].signed_as);
        enum redan_status status =
            redan_opened_new(&m.ctx, scratch_slice(s, "m"), &m.manifest, &opened);
        assert_int_equal(status, names[i].opening);
        if (status == REDAN_OK) {
            assert_false(redan_opened_folder(opened));
            status = redan_opened_file(&m.ctx, opened, redan_slice_of(names[i].asked), &fd);
            assert_int_equal(status, names[i].reading);
            if (status == REDAN_OK) {
                assert_sealed(fd, "alone", 5);
                (void)close(fd);
                scratch_text(s, "m", "alonf"); /* in place */
                redan_fail_clear(&m.ctx);
                assert_int_equal(
                    redan_opened_file(&m.ctx, opened, redan_slice_of(names[i].asked), &fd),
                    REDAN_E_SIGNATURE);
            }
        }
        redan_opened_free(opened);
        redan_ctx_done(&m.ctx);
    }
    /* a folder was signed, and one file is there */
    struct model m;
    model_make(&m, s);
    sign_file(&m, "m", "alone", 5);
    m.entries[1] = m.entries[0];
    m.entries[1].path = REDAN_S("b");
    m.manifest.count = 2;
    assert_int_equal(redan_opened_new(&m.ctx, scratch_slice(s, "m"), &m.manifest, NULL),
                     REDAN_E_SIGNATURE);
    assert_failure(&m.ctx, REDAN_E_SIGNATURE, "a folder of 2 files was signed");
    redan_ctx_done(&m.ctx);
}

static void test_holes(void **state)
{
    struct scratch *s = *state;
    struct model m;
    char *zeros = calloc(1, BIG);
    char got[100];
    size_t n = 0;
    int fd = -1;

    model_make(&m, s);
    scratch_folder(s, "m");
    sign_file(&m, "m/hole", zeros, BIG);
    int file = open(scratch_at(s, "m/hole"), O_RDWR | O_CLOEXEC | O_TRUNC);
    assert_int_equal(ftruncate(file, BIG), 0); /* nothing but a hole: the same bytes */
    struct redan_opened *opened = open_model(&m);
    assert_ok(redan_opened_file(&m.ctx, opened, REDAN_S("hole"), &fd));
    assert_int_equal(lseek(fd, 0, SEEK_END), BIG);
    (void)close(fd);
    assert_int_equal(pwrite(file, "\1", 1, BIG / 2), 1);
    assert_int_equal(redan_opened_file(&m.ctx, opened, REDAN_S("hole"), &fd), REDAN_E_SIGNATURE);
    redan_fail_clear(&m.ctx);
    /* larger than may be copied, before anything is */
    assert_int_equal(ftruncate(file, (off_t)1 << 40), 0);
    m.ctx.limits.sealed = 1 << 20;
    assert_int_equal(redan_opened_file(&m.ctx, opened, REDAN_S("hole"), &fd), REDAN_E_LIMIT);
    assert_failure(&m.ctx, REDAN_E_LIMIT, "1099511627776 bytes, and a verified copy may have");
    /* and than the machine has */
    m.ctx.limits.sealed = SIZE_MAX;
    assert_int_equal(ftruncate(file, (off_t)1 << 42), 0);
    assert_int_equal(redan_opened_read(&m.ctx, opened, REDAN_S("hole"), 0, got, 1, &n),
                     REDAN_E_MEMORY);
    assert_failure(&m.ctx, REDAN_E_MEMORY, "are available; a model signed in shards");
    (void)close(file);
    redan_opened_free(opened);
    redan_ctx_done(&m.ctx);
    free(zeros);
}

/* The kernel refuses to let the copy grow: said, and nothing is given. */
static void test_no_room(void **state)
{
    struct scratch *s = *state;
    struct model m;
    struct rlimit old;
    char *bytes = malloc(BIG);
    int fd = -1;

    model_make(&m, s);
    scratch_folder(s, "m");
    fill(bytes, BIG);
    sign_file(&m, "m/f", bytes, BIG);
    struct redan_opened *opened = open_model(&m);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    const struct rlimit small = {65536, old.rlim_max};
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum redan_status status = redan_opened_file(&m.ctx, opened, REDAN_S("f"), &fd);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    (void)signal(SIGXFSZ, before);
    assert_int_equal(status, REDAN_E_LIMIT);
    assert_failure(&m.ctx, REDAN_E_LIMIT, "ulimit -f");
    assert_ok(redan_opened_file(&m.ctx, opened, REDAN_S("f"), &fd));
    (void)close(fd);
    redan_opened_free(opened);
    redan_ctx_done(&m.ctx);
    free(bytes);
}

static void test_shards(void **state)
{
    enum { LEN = 1000, SHARD = 100 };
    struct scratch *s = *state;
    struct model m;
    char bytes[LEN];
    char got[LEN + 50];
    size_t n = 0;
    int fd = -1;

    model_make(&m, s);
    scratch_folder(s, "m");
    fill(bytes, LEN);
    sign_shards(&m, "m/w", bytes, LEN, SHARD);
    sign_shards(&m, "m/none", "", 0, SHARD);
    sign_shards(&m, "m/short", bytes, SHARD + 1, SHARD);
    m.ctx.limits.held = 4 * SHARD;
    struct redan_opened *opened = open_model(&m);
    assert_int_equal(redan_opened_count(opened), 3);
    static const struct {
        uint64_t at;
        size_t len;
        size_t got;
    } reads[] = {{0, 1, 1},          {99, 2, 2},        {0, LEN, LEN},  {LEN - 1, 1, 1},
                 {LEN, 1, 0},        {LEN + 5, 1, 0},   {950, 100, 50}, {100, 100, 100},
                 {0, LEN + 50, LEN}, {UINT64_MAX, 5, 0}};
    for (size_t i = 0; i < REDAN_COUNT(reads); i++) {
        assert_ok(
            redan_opened_read(&m.ctx, opened, REDAN_S("w"), reads[i].at, got, reads[i].len, &n));
        assert_int_equal(n, reads[i].got);
        assert_memory_equal(got, bytes + (n ? reads[i].at : 0), n);
    }
    assert_ok(redan_opened_read(&m.ctx, opened, REDAN_S("none"), 0, got, 10, &n));
    assert_int_equal(n, 0);
    assert_ok(redan_opened_read(&m.ctx, opened, REDAN_S("short"), 99, got, 10, &n));
    assert_int_equal(n, 2);
    assert_ok(redan_opened_file(&m.ctx, opened, REDAN_S("none"), &fd));
    assert_sealed(fd, "", 0);
    (void)close(fd);
    assert_ok(redan_opened_file(&m.ctx, opened, REDAN_S("w"), &fd));
    assert_int_equal(pread(fd, got, LEN, 0), LEN);
    assert_memory_equal(got, bytes, LEN);
    (void)close(fd);

    /* one byte of the third shard changes: the others are still given, of this one only what was kept */
    assert_ok(redan_opened_read(&m.ctx, opened, REDAN_S("w"), 250, got, 1, &n));
    int file = open(scratch_at(s, "m/w"), O_RDWR | O_CLOEXEC);
    char flipped = (char)(bytes[250] ^ 1);
    assert_int_equal(pwrite(file, &flipped, 1, 250), 1);
    assert_ok(redan_opened_read(&m.ctx, opened, REDAN_S("w"), 250, got, 1, &n));
    assert_int_equal(got[0], bytes[250]);
    assert_ok(
        redan_opened_read(&m.ctx, opened, REDAN_S("w"), 500, got, 500, &n)); /* it is forgotten */
    assert_int_equal(redan_opened_read(&m.ctx, opened, REDAN_S("w"), 299, got, 1, &n),
                     REDAN_E_SIGNATURE);
    assert_failure(&m.ctx, REDAN_E_SIGNATURE, "in bytes 200 to 300");
    assert_int_equal(redan_opened_read(&m.ctx, opened, REDAN_S("w"), 199, got, 2, &n),
                     REDAN_E_SIGNATURE);
    redan_fail_clear(&m.ctx);
    assert_ok(redan_opened_read(&m.ctx, opened, REDAN_S("w"), 300, got, 100, &n));
    assert_memory_equal(got, bytes + 300, 100);
    assert_int_equal(redan_opened_file(&m.ctx, opened, REDAN_S("w"), &fd), REDAN_E_SIGNATURE);
    assert_failure(&m.ctx, REDAN_E_SIGNATURE, "in bytes 200 to 300");
    assert_int_equal(pwrite(file, &bytes[250], 1, 250), 1);
    /* a byte after the end that nobody signed */
    assert_int_equal(pwrite(file, "x", 1, LEN), 1);
    assert_int_equal(redan_opened_read(&m.ctx, opened, REDAN_S("w"), 0, got, 1, &n),
                     REDAN_E_SIGNATURE);
    assert_failure(&m.ctx, REDAN_E_SIGNATURE, "has 1001 bytes, and 1000 were signed");
    (void)close(file);
    redan_opened_free(opened);
    redan_ctx_done(&m.ctx);
}

static size_t open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    size_t n = 0;

    assert_non_null(dir);
    while (readdir(dir))
        n++;
    (void)closedir(dir);
    return n;
}

/* Kept copies stay within the limit, and within what one process may open. */
static void test_kept(void **state)
{
    enum { SHARD = 64 };
    struct scratch *s = *state;
    struct model m;
    static char bytes[FILES * SHARD];
    char got[1];
    size_t n = 0;

    model_make(&m, s);
    scratch_folder(s, "m");
    fill(bytes, sizeof(bytes));
    sign_shards(&m, "m/w", bytes, sizeof(bytes), SHARD);
    m.ctx.limits.held = 1; /* less than one shard: still one is kept, so that reading goes on */
    struct redan_opened *opened = open_model(&m);
    size_t before = open_files();
    for (size_t i = 0; i < FILES; i++) {
        assert_ok(redan_opened_read(&m.ctx, opened, REDAN_S("w"), i * SHARD, got, 1, &n));
        assert_int_equal(got[0], bytes[i * SHARD]);
    }
    assert_int_equal(open_files(), before + 1);
    m.ctx.limits.held = SIZE_MAX;
    for (size_t i = 0; i < FILES; i++)
        assert_ok(redan_opened_read(&m.ctx, opened, REDAN_S("w"), i * SHARD, got, 1, &n));
    assert_int_equal(open_files(), before + FILES);
    redan_opened_free(opened);
    assert_int_equal(open_files(), before - 1);
    redan_ctx_done(&m.ctx);
}

/* What a parser should never let through. */
static void test_gaps(void **state)
{
    static const struct {
        uint64_t from[2], to[2];
    } gaps[] = {{{0, 6}, {5, 12}},
                {{1, 5}, {5, 12}},
                {{0, 4}, {5, 12}},
                {{0, 5}, {5, UINT64_MAX}},
                {{0, 0}, {5, 5}}};
    struct scratch *s = *state;

    scratch_folder(s, "m");
    for (size_t i = 0; i < REDAN_COUNT(gaps); i++) {
        struct model m;
        model_make(&m, s);
        sign_shards(&m, "m/f", "signed bytes", 12, 6);
        for (size_t k = 0; k < 2; k++) {
            m.entries[k].from = gaps[i].from[k];
            m.entries[k].to = gaps[i].to[k];
        }
        assert_int_equal(redan_opened_new(&m.ctx, scratch_slice(s, "m"), &m.manifest, NULL),
                         REDAN_E_SCHEMA);
        assert_failure(&m.ctx, REDAN_E_SCHEMA, "does not cover all of f");
        redan_ctx_done(&m.ctx);
    }
}

static void test_names(void **state)
{
    static const char *const names[] = {"../outside", "/etc/passwd", "sub/../../outside", ".."};
    struct scratch *s = *state;

    scratch_folder(s, "m");
    scratch_folder(s, "m/sub");
    scratch_text(s, "outside", "signed bytes");
    for (size_t i = 0; i < REDAN_COUNT(names); i++) {
        for (unsigned bits = 0; bits < 4; bits++) {
            struct model m;
            int fd = -1;
            model_make(&m, s);
            sign_file(&m, "m/f", "signed bytes", 12);
            m.entries[0].path = redan_slice_of(names[i]);
            m.manifest.links = bits & 1;
            struct redan_opened *opened = open_model(&m);
            if (bits & 2)
                redan_opened_plain(opened);
            assert_int_equal(redan_opened_file(&m.ctx, opened, m.entries[0].path, &fd),
                             REDAN_E_SIGNATURE);
            assert_int_equal(fd, -1);
            redan_opened_free(opened);
            redan_ctx_done(&m.ctx);
        }
    }
}

static void test_hashes(void **state)
{
    static const enum redan_hash hashes[] = {REDAN_HASH_SHA256, REDAN_HASH_SHA384,
                                             REDAN_HASH_SHA512, REDAN_HASH_BLAKE2B};
    struct scratch *s = *state;

    scratch_folder(s, "m");
    for (size_t i = 0; i < REDAN_COUNT(hashes); i++) {
        struct model m;
        int fd = -1;
        model_make(&m, s);
        m.manifest.hash = hashes[i];
        sign_file(&m, "m/f", "signed bytes", 12);
        struct redan_opened *opened = open_model(&m);
        assert_ok(redan_opened_file(&m.ctx, opened, REDAN_S("f"), &fd));
        assert_sealed(fd, "signed bytes", 12);
        (void)close(fd);
        m.entries[0].sum.bytes[m.entries[0].sum.len - 1] ^=
            1; /* the last byte counts as the first */
        assert_int_equal(redan_opened_file(&m.ctx, opened, REDAN_S("f"), &fd), REDAN_E_SIGNATURE);
        redan_opened_free(opened);
        redan_ctx_done(&m.ctx);
    }
}

static void test_copy(void **state)
{
    struct scratch *s = *state;
    struct model m;
    char text[8] = {0};

    model_make(&m, s);
    scratch_folder(s, "m");
    scratch_folder(s, "m/sub");
    scratch_folder(s, "to");
    sign_file(&m, "m/sub/f", "deep", 4);
    sign_file(&m, "m/e", "", 0);
    scratch_text(s, "m/unsigned", "x");
    struct redan_opened *opened = open_model(&m);
    int to = open(scratch_at(s, "to"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < 2; i++)
        assert_ok(redan_opened_copy(&m.ctx, opened, i, to, redan_opened_path(opened, i)));
    assert_int_equal(scratch_count(s, "to"), 2);
    int f = open(scratch_at(s, "to/sub/f"), O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(f, text, sizeof(text)), 4);
    assert_string_equal(text, "deep");
    assert_int_equal(redan_opened_copy(&m.ctx, opened, 0, to, REDAN_S("e")),
                     REDAN_E_IO); /* nothing is overwritten */
    redan_fail_clear(&m.ctx);
    (void)close(f);
    (void)close(to);
    redan_opened_free(opened);
    redan_ctx_done(&m.ctx);
}

/* Every allocation refused in turn: a failure, nothing held, nothing open. */
static void test_no_memory(void **state)
{
    struct scratch *s = *state;
    bool done = false;

    scratch_folder(s, "m");
    for (uint64_t n = 1; n < 100 && !done; n++) {
        struct model m;
        struct redan_opened *opened = NULL;
        int fd = -1;
        model_make(&m, s);
        sign_shards(&m, "m/f", "signed bytes", 12, 6);
        m.ctx.mem.fail_at = m.ctx.mem.calls + n;
        enum redan_status status =
            redan_opened_new(&m.ctx, scratch_slice(s, "m"), &m.manifest, &opened);
        if (status == REDAN_OK)
            status = redan_opened_file(&m.ctx, opened, REDAN_S("f"), &fd);
        assert_true(status == REDAN_OK || status == REDAN_E_MEMORY);
        done = status == REDAN_OK;
        assert_int_equal(done, fd >= 0);
        if (fd >= 0)
            (void)close(fd);
        redan_opened_free(opened);
        redan_ctx_done(&m.ctx);
        assert_int_equal(m.ctx.mem.used, 0);
    }
    assert_true(done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_given),          WITH_FOLDER(test_socket), WITH_FOLDER(test_single),
        WITH_FOLDER(test_folder_swapped), WITH_FOLDER(test_holes),  WITH_FOLDER(test_no_room),
        WITH_FOLDER(test_shards),         WITH_FOLDER(test_kept),   WITH_FOLDER(test_gaps),
        WITH_FOLDER(test_names),          WITH_FOLDER(test_hashes), WITH_FOLDER(test_copy),
        WITH_FOLDER(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
