/* Walks that leave things out, cut files into ranges, are told digests, and hash one way or the other: all of them agree. */
#include "io_fixture.h"

#include "io/tree.h"

#define KIB 1024
#define MIB (1024 * KIB)

static const size_t sizes[] = {
    0,         1,   63,      64,          65, 4096, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1,
    300 * KIB, MIB, MIB + 1, 3 * MIB + 77};

static char *content(size_t size, size_t seed)
{
    char *bytes = malloc(size + 1);

    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(i * 7 + i / 251 + seed);
    return bytes;
}

/* "m/00" to "m/12", each beside a folder "m/d00" with the same file. */
static void make_sizes(struct scratch *s)
{
    char name[64];

    scratch_folder(s, "m");
    for (size_t i = 0; i < REDAN_COUNT(sizes); i++) {
        char *bytes = content(sizes[i], i);
        (void)snprintf(name, sizeof(name), "m/%02zu", i);
        scratch_file(s, name, bytes, sizes[i]);
        (void)snprintf(name, sizeof(name), "m/d%02zu", i);
        scratch_folder(s, name);
        (void)snprintf(name, sizeof(name), "m/d%02zu/x", i);
        scratch_file(s, name, bytes, sizes[i]);
        free(bytes);
    }
}

static void tell_nobody(void *arg, uint64_t bytes, uint64_t total)
{
    (void)arg;
    assert_true(bytes <= total);
}

/* With and without sizes beforehand, two streams or one, one thread or four: the same digest of every file and of the whole. */
static void test_all_ways(void **state)
{
    struct scratch *s = *state;
    struct redan_digest first = {{0}};

    make_sizes(s);
    for (unsigned way = 0; way < 8; way++) {
        struct redan_tree_options options = {.plain = way & 1,
                                             .progress = way & 2 ? tell_nobody : NULL};
        struct redan_limits limits = redan_limits_default;
        struct redan_ctx ctx;
        struct redan_tree tree;
        uint64_t bytes = 0;
        limits.workers = way & 4 ? 4 : 1;
        redan_ctx_init(&ctx, &limits);
        assert_ok(redan_tree_walk(&ctx, scratch_slice(s, "m"), &options, &tree));
        assert_int_equal(tree.count, 2 * REDAN_COUNT(sizes));
        assert_null(tree.ranges);
        for (size_t i = 0; i < tree.count; i++) {
            size_t k = i % REDAN_COUNT(sizes);
            struct redan_digest wanted;
            char *text = content(sizes[k], k);
            assert_int_equal(tree.files[i].size, sizes[k]);
            assert_ok(redan_sha256(&ctx, (struct redan_slice){text, sizes[k]}, &wanted));
            assert_true(redan_digest_eq(&wanted, &tree.files[i].digest));
            bytes += sizes[k];
            free(text);
        }
        assert_int_equal(tree.bytes, bytes);
        if (way == 0)
            first = tree.digest;
        assert_true(redan_digest_eq(&first, &tree.digest));
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

static void test_ranges(void **state)
{
    static const struct {
        enum redan_hash hash;
        uint64_t shard;
        bool plain;
    } rows[] = {
        {REDAN_HASH_SHA256, 0, false},       {REDAN_HASH_SHA256, 0, true},
        {REDAN_HASH_SHA256, 65, false},      {REDAN_HASH_SHA256, 64 * KIB, false},
        {REDAN_HASH_SHA256, 100003, true},   {REDAN_HASH_SHA256, MIB + 1, false},
        {REDAN_HASH_SHA384, 1000003, false}, {REDAN_HASH_BLAKE2B, 100003, false},
        {REDAN_HASH_BLAKE2B, 0, false},      {REDAN_HASH_SHA256, UINT64_MAX, false},
    };
    struct scratch *s = *state;

    make_sizes(s);
    for (size_t row = 0; row < REDAN_COUNT(rows); row++) {
        const struct redan_tree_options options = {.ranges = true,
                                                   .hash = rows[row].hash,
                                                   .shard = rows[row].shard,
                                                   .plain = rows[row].plain};
        struct redan_limits limits = redan_limits_default;
        struct redan_ctx ctx;
        struct redan_tree tree;
        limits.workers = row % 2 ? 3 : 1;
        redan_ctx_init(&ctx, &limits);
        assert_ok(redan_tree_walk(&ctx, scratch_slice(s, "m"), &options, &tree));
        size_t at = 0;
        for (size_t i = 0; i < tree.count; i++) {
            size_t k = i % REDAN_COUNT(sizes);
            char *text = content(sizes[k], k);
            uint64_t from = 0;
            assert_int_equal(tree.files[i].size, sizes[k]);
            do {
                const struct redan_tree_range *r = &tree.ranges[at++];
                struct redan_sum wanted;
                assert_true(at <= tree.range_count);
                assert_int_equal(r->file, i);
                assert_int_equal(r->from, from);
                assert_true(r->to == sizes[k] ||
                            (rows[row].shard > 0 && r->to - r->from == rows[row].shard));
                assert_ok(redan_hash_all(
                    &ctx, rows[row].hash,
                    (struct redan_slice){text + r->from, (size_t)(r->to - r->from)}, &wanted));
                assert_true(redan_sum_eq(&wanted, &r->sum));
                from = r->to;
            } while (from < sizes[k]);
            free(text);
        }
        assert_int_equal(at, tree.range_count);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

/* One file of many shards, and none at all. */
static void test_single(void **state)
{
    const struct redan_tree_options options = {.ranges = true, .shard = 1000};
    struct scratch *s = *state;
    struct redan_limits limits = redan_limits_default;
    struct redan_ctx ctx;
    struct redan_tree tree;

    make_sizes(s);
    limits.workers = 2;
    redan_ctx_init(&ctx, &limits);
    assert_ok(redan_tree_walk(&ctx, scratch_slice(s, "m/09"), &options, &tree));
    assert_false(tree.folder);
    assert_slice(tree.files[0].path, "09");
    assert_int_equal(tree.range_count, 308);
    assert_int_equal(tree.ranges[307].to, 300 * KIB);
    scratch_folder(s, "none");
    assert_ok(redan_tree_walk(&ctx, scratch_slice(s, "none"), &options, &tree));
    assert_int_equal(tree.range_count, 0);
    ctx.limits.nodes = 300;
    assert_int_equal(redan_tree_walk(&ctx, scratch_slice(s, "m/09"), &options, &tree),
                     REDAN_E_LIMIT);
    assert_failure(&ctx, REDAN_E_LIMIT, "shards of 1000 bytes cut these files into more than 300");
    redan_ctx_done(&ctx);
}

static bool skip_some(void *arg, struct redan_slice path, bool folder)
{
    size_t *asked = arg;

    (*asked)++;
    assert_false(redan_slice_starts(path, REDAN_S("out/"))); /* not even looked into */
    assert_int_equal(folder, redan_slice_is(path, "out") || redan_slice_is(path, "in"));
    return redan_slice_is(path, "out") || redan_slice_ends(path, REDAN_S(".skip"));
}

static void test_skip(void **state)
{
    struct scratch *s = *state;
    struct redan_ctx ctx;
    struct redan_tree tree;
    size_t asked = 0;

    scratch_folder(s, "m");
    scratch_folder(s, "m/in");
    scratch_folder(s, "m/out");
    scratch_text(s, "m/out/n\xff", "");
    scratch_text(s, "m/in/a", "a");
    scratch_text(s, "m/in/b.skip", "b");
    assert_int_equal(symlink("nowhere", scratch_at(s, "m/link.skip")), 0);
    assert_int_equal(mkfifo(scratch_at(s, "m/pipe.skip"), 0600), 0);
    for (int follow = 0; follow < 2; follow++) {
        const struct redan_tree_options options = {
            .skip = skip_some, .arg = &asked, .follow = follow};
        redan_ctx_init(&ctx, NULL);
        assert_ok(redan_tree_walk(&ctx, scratch_slice(s, "m"), &options, &tree));
        assert_int_equal(tree.count, 1);
        assert_slice(tree.files[0].path, "in/a");
        redan_ctx_done(&ctx);
    }
    assert_int_equal(asked, 2 * 6);
}

/* What happens while the first file is asked about, which is before any is opened. */
struct meddler {
    struct scratch *s;
    void (*meddle)(struct scratch *s);
};

static bool meddle_first(void *arg, const struct redan_tree_file *file,
                         const struct redan_tree_range *range, struct redan_sum *sum)
{
    const struct meddler *m = arg;

    (void)range;
    (void)sum;
    if (redan_slice_is(file->path, "d/f00"))
        m->meddle(m->s);
    return false;
}

static void remove_three(struct scratch *s)
{
    assert_int_equal(unlink(scratch_at(s, "m/d/f50")), 0);
    assert_int_equal(unlink(scratch_at(s, "m/d/f10")), 0);
    assert_int_equal(unlink(scratch_at(s, "m/d/f90")), 0);
}

static void put_pipe(struct scratch *s)
{
    assert_int_equal(unlink(scratch_at(s, "m/d/f10")), 0);
    assert_int_equal(mkfifo(scratch_at(s, "m/d/f10"), 0600), 0);
}

static void put_link(struct scratch *s)
{
    assert_int_equal(unlink(scratch_at(s, "m/d/f10")), 0);
    assert_int_equal(symlink("f11", scratch_at(s, "m/d/f10")), 0);
}

static void swap_folder(struct scratch *s)
{
    char from[SCRATCH_PATH + 512];

    (void)snprintf(from, sizeof(from), "%s", scratch_at(s, "m/d"));
    assert_int_equal(rename(from, scratch_at(s, "m/away")), 0);
    assert_int_equal(symlink("away", from), 0);
}

static void change_back(struct scratch *s) /* content, and the old times put back: ctime tells */
{
    struct stat st;
    int fd = open(scratch_at(s, "m/d/f10"), O_RDWR | O_CLOEXEC);

    assert_int_equal(fstat(fd, &st), 0);
    const struct timespec times[2] = {st.st_atim, st.st_mtim};
    assert_int_equal(pwrite(fd, "X", 1, 0), 1);
    assert_int_equal(futimens(fd, times), 0);
    (void)close(fd);
}

static void grow(struct scratch *s)
{
    assert_int_equal(truncate(scratch_at(s, "m/d/f10"), 100), 0);
}

static void shrink(struct scratch *s)
{
    assert_int_equal(truncate(scratch_at(s, "m/d/f10"), 1), 0);
}

/* The lowest of several failures is told, whichever thread meets one first. */
static void test_meddled(void **state)
{
    static const struct {
        void (*meddle)(struct scratch *s);
        enum redan_status status;
        const char *says;
    } rows[] = {
        {remove_three, REDAN_E_ABSENT, "d/f10: No such file"},
        {put_pipe, REDAN_E_IO, "d/f10 changed while it was read"},
        {put_link, REDAN_E_IO, "d/f10 is a symbolic link"},
        {swap_folder, REDAN_E_IO, "d/f00 changed while it was read"},
        {change_back, REDAN_E_IO, "d/f10 changed while it was read"},
        {grow, REDAN_E_IO, "d/f10 changed while it was read"},
        {shrink, REDAN_E_IO, "d/f10 changed while it was read"},
    };
    struct scratch *outer = *state;

    for (size_t i = 0; i < REDAN_COUNT(rows) * 4; i++) {
        struct scratch s;
        struct meddler m = {.s = &s, .meddle = rows[i / 4].meddle};
        const struct redan_tree_options options = {
            .known = meddle_first, .arg = &m, .plain = i % 4 >= 2};
        struct redan_limits limits = redan_limits_default;
        struct redan_ctx ctx;
        struct redan_tree tree;
        char name[32];
        (void)outer;
        scratch_make(&s);
        scratch_folder(&s, "m");
        scratch_folder(&s, "m/d");
        for (int f = 0; f < 100; f++) {
            (void)snprintf(name, sizeof(name), "m/d/f%02d", f);
            scratch_text(&s, name, name);
        }
        (void)usleep(20000); /* a file system's clock is coarse */
        limits.workers = i % 2 ? 4 : 1;
        redan_ctx_init(&ctx, &limits);
        assert_int_equal(redan_tree_walk(&ctx, scratch_slice(&s, "m"), &options, &tree),
                         rows[i / 4].status);
        assert_failure(&ctx, rows[i / 4].status, rows[i / 4].says);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
        scratch_drop(&s);
    }
}

/* Knows the second shard of "09" and every file whose name ends in "x"; a wrong one, so that it shows. */
static bool know(void *arg, const struct redan_tree_file *file,
                 const struct redan_tree_range *range, struct redan_sum *sum)
{
    (void)arg;
    assert_true(file->mark.ino != 0 && file->mark.ctime != 0);
    if (!(redan_slice_is(file->path, "09") && range->from == 65536) &&
        !redan_slice_ends(file->path, REDAN_S("x")))
        return false;
    *sum = (struct redan_sum){.len = 32};
    memset(sum->bytes, 0xab, 32);
    return true;
}

static void test_known(void **state)
{
    struct scratch *s = *state;

    make_sizes(s);
    for (int ranges = 0; ranges < 2; ranges++) {
        const struct redan_tree_options options = {
            .known = know, .ranges = ranges, .shard = ranges ? 65536 : 0};
        struct redan_ctx ctx;
        struct redan_tree tree;
        size_t told = 0;
        redan_ctx_init(&ctx, NULL);
        assert_ok(redan_tree_walk(&ctx, scratch_slice(s, "m"), &options, &tree));
        for (size_t i = 0; i < (ranges ? tree.range_count : tree.count); i++) {
            size_t f = ranges ? tree.ranges[i].file : i;
            const uint8_t *bytes = ranges ? tree.ranges[i].sum.bytes : tree.files[i].digest.bytes;
            bool known = redan_slice_ends(tree.files[f].path, REDAN_S("x")) ||
                         (ranges && redan_slice_is(tree.files[f].path, "09") &&
                          tree.ranges[i].from == 65536);
            assert_int_equal(known, bytes[0] == 0xab && bytes[31] == 0xab);
            told += known;
        }
        assert_true(told >= REDAN_COUNT(sizes));
        redan_ctx_done(&ctx);
    }
}

static void test_out_of_memory(void **state)
{
    struct scratch *s = *state;

    make_sizes(s);
    for (int way = 0; way < 3; way++) {
        const struct redan_tree_options options = {
            .ranges = way > 0, .shard = way == 2 ? 100000 : 0, .plain = way == 1};
        enum redan_status status = REDAN_E_MEMORY;
        struct redan_limits limits = redan_limits_default;
        limits.workers = 2;
        for (uint64_t n = 1; status != REDAN_OK; n++) {
            struct redan_ctx ctx;
            struct redan_tree tree;
            redan_ctx_init(&ctx, &limits);
            ctx.mem.fail_at = n;
            status = redan_tree_walk(&ctx, scratch_slice(s, "m"), &options, &tree);
            assert_true(status == REDAN_OK || status == REDAN_E_MEMORY);
            assert_true(n < 400);
            redan_ctx_done(&ctx);
            assert_int_equal(ctx.mem.used, 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_all_ways),      WITH_FOLDER(test_ranges),  WITH_FOLDER(test_single),
        WITH_FOLDER(test_skip),          WITH_FOLDER(test_meddled), WITH_FOLDER(test_known),
        WITH_FOLDER(test_out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
