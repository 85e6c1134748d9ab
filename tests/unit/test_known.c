/* The cache of digests: what it spares, everything that makes it worthless, and digests from elsewhere. */
#include "io_fixture.h"

#include <time.h>

#include "crypto/mac.h"
#include "io/file.h"
#include "sign/known.h"
#include "sign/manifest.h"

enum {
    FILES = 40,
    CACHE_MOST = 6000,
    MAC = 32,
    AT = 14 + 4 + 6 + 8 /* where the time of a cache of SHA-256 is */
};

/* A model whose files are old enough to be believed, its cache, and a copy of that. */
struct model {
    struct scratch s;
    char cache[CACHE_MOST];
    size_t cache_len;
    char key[MAC];
};

static void file_name(char name[32], int i)
{
    (void)snprintf(name, 32, "m/%02d/f", i);
}

/* One run: walk with what is known, and save. `tree_ok` is what the walk and the save gave. */
static enum redan_status run(struct model *m, double sample, uint64_t shard, size_t *reused,
                             size_t *sampled, struct redan_failure *failure)
{
    REDAN_DEFER(redan_known_drop) struct redan_known *known = NULL;
    struct redan_ctx ctx;
    struct redan_tree tree;

    redan_ctx_init(&ctx, NULL);
    struct redan_slice model = {0};
    struct redan_slice cache = {0};
    assert_ok(redan_copy(&ctx, scratch_slice(&m->s, "m"), &model));
    assert_ok(redan_copy(&ctx, scratch_slice(&m->s, "cache"), &cache));
    enum redan_status status =
        redan_known_open(&ctx, cache, REDAN_HASH_SHA256, shard, sample, &known);
    if (status == REDAN_OK) {
        const struct redan_tree_options options = {
            .ranges = true, .shard = shard, .known = redan_known_digest, .arg = known};
        assert_ok(redan_tree_walk(&ctx, model, &options, &tree));
        *reused = redan_known_reused(known);
        *sampled = redan_known_sampled(known);
        status = redan_known_save(&ctx, known, &tree);
    }
    redan_known_drop(&known);
    if (failure)
        *failure = ctx.failure;
    redan_ctx_done(&ctx);
    assert_int_equal(ctx.mem.used, 0);
    return status;
}

static size_t read_whole(struct model *m, const char *name, char *bytes, size_t room)
{
    int fd = open(scratch_at(&m->s, name), O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, bytes, room);

    assert_true(n > 0 && (size_t)n < room);
    (void)close(fd);
    return (size_t)n;
}

static int setup_model(void **state)
{
    struct model *m = calloc(1, sizeof(*m));
    const struct timespec wait = {.tv_sec = 3,
                                  .tv_nsec = 200000000}; /* the margin, and a second's fraction */
    char name[32];
    char key[MAC + 1];
    size_t reused = 0;
    size_t sampled = 0;

    assert_non_null(m);
    scratch_make(&m->s);
    scratch_folder(&m->s, "m");
    for (int i = 0; i < FILES; i++) {
        (void)snprintf(name, sizeof(name), "m/%02d", i);
        scratch_folder(&m->s, name);
        file_name(name, i);
        scratch_text(&m->s, name, name);
    }
    /* at once: they are too young to be believed the next time */
    assert_ok(run(m, 0, 0, &reused, &sampled, NULL));
    assert_ok(run(m, 0, 0, &reused, &sampled, NULL));
    assert_int_equal(reused, 0);
    (void)nanosleep(&wait, NULL);
    assert_ok(run(m, 0, 0, &reused, &sampled, NULL));
    assert_int_equal(reused, 0);
    m->cache_len = read_whole(m, "cache", m->cache, sizeof(m->cache));
    assert_int_equal(read_whole(m, "cache.key", key, sizeof(key)), MAC);
    memcpy(m->key, key, MAC);
    *state = m;
    return 0;
}

static int teardown_model(void **state)
{
    struct model *m = *state;

    scratch_drop(&m->s);
    free(m);
    return 0;
}

/* The cache as it was, but for what the test did to these bytes, under its true key. */
static void put_sealed(struct model *m, const char *bytes, size_t len)
{
    struct redan_ctx ctx;
    struct redan_digest mac;
    char whole[CACHE_MOST];

    redan_ctx_init(&ctx, NULL);
    memcpy(whole, bytes, len - MAC);
    assert_ok(redan_mac(&ctx, (struct redan_slice){m->key, MAC},
                        (struct redan_slice){whole, len - MAC}, &mac));
    memcpy(whole + len - MAC, mac.bytes, MAC);
    scratch_file(&m->s, "cache", whole, len);
    redan_ctx_done(&ctx);
}

static void restore(struct model *m)
{
    (void)unlink(scratch_at(&m->s, "cache"));
    (void)unlink(scratch_at(&m->s, "cache.key"));
    scratch_file(&m->s, "cache.key", m->key, MAC);
    assert_int_equal(chmod(scratch_at(&m->s, "cache.key"), 0600), 0);
    scratch_file(&m->s, "cache", m->cache, m->cache_len);
    assert_int_equal(chmod(scratch_at(&m->s, "cache"), 0600), 0);
}

static void set_time(char *cache, int64_t at)
{
    for (int i = 0; i < 8; i++)
        cache[AT + i] = (char)((uint64_t)at >> (56 - 8 * i));
}

static int64_t get_time(const char *cache)
{
    uint64_t at = 0;

    for (int i = 0; i < 8; i++)
        at = at << 8 | (unsigned char)cache[AT + i];
    return (int64_t)at;
}

static void test_reuse(void **state)
{
    struct model *m = *state;
    struct stat st;
    size_t reused = 0;
    size_t sampled = 0;

    restore(m);
    assert_ok(run(m, 0, 0, &reused, &sampled, NULL));
    assert_int_equal(reused, FILES);
    assert_int_equal(sampled, 0);
    assert_ok(run(m, 100, 0, &reused, &sampled, NULL));
    assert_int_equal(reused, 0);
    assert_int_equal(sampled, FILES);
    size_t some = 0;
    for (int i = 0; i < 20; i++) { /* a half, by another lot in every run */
        assert_ok(run(m, 50, 0, &reused, &sampled, NULL));
        assert_int_equal(reused + sampled, FILES);
        some += sampled;
    }
    assert_in_range(some, 20 * FILES / 4, 20 * FILES * 3 / 4);
    /* another shard size: a cache of something else, which is replaced */
    assert_ok(run(m, 0, 4, &reused, &sampled, NULL));
    assert_int_equal(reused, 0);
    assert_ok(run(m, 0, 4, &reused, &sampled, NULL));
    assert_int_equal(reused, 2 * FILES); /* "m/00/f" is six bytes */
    assert_int_equal(stat(scratch_at(&m->s, "cache"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(scratch_at(&m->s, "cache.key"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_size, MAC);
    assert_int_equal(scratch_count(&m->s, ""), 3);
}

/* Whatever happened to a file, it is read again. */
static void test_touched(void **state)
{
    struct model *m = *state;
    size_t reused = 0;
    size_t sampled = 0;

    for (int how = 0; how < 5; how++) {
        struct timespec times[2];
        struct stat st;
        char name[32];
        file_name(name, how);
        restore(m);
        assert_int_equal(stat(scratch_at(&m->s, name), &st), 0);
        times[0] = st.st_atim;
        times[1] = st.st_mtim;
        if (how == 0) /* touched: the time alone */
            assert_int_equal(utimensat(AT_FDCWD, scratch_at(&m->s, name), NULL, 0), 0);
        if (how == 1) { /* replaced by an equal one, with the old times */
            char from[SCRATCH_PATH + 512];
            scratch_text(&m->s, "other", name);
            (void)snprintf(from, sizeof(from), "%s", scratch_at(&m->s, "other"));
            assert_int_equal(rename(from, scratch_at(&m->s, name)), 0);
            assert_int_equal(utimensat(AT_FDCWD, scratch_at(&m->s, name), times, 0), 0);
        }
        if (how == 2) { /* other bytes, with the old times: ctime alone tells */
            scratch_text(&m->s, name, "x/02/f");
            assert_int_equal(utimensat(AT_FDCWD, scratch_at(&m->s, name), times, 0), 0);
        }
        if (how == 3)
            scratch_text(&m->s, name, "longer than it was");
        if (how == 4) /* set back before the cache, as far as its owner can */
            assert_int_equal(utimensat(AT_FDCWD, scratch_at(&m->s, name),
                                       (const struct timespec[2]){{.tv_sec = 1}, {.tv_sec = 1}}, 0),
                             0);
        assert_ok(run(m, 0, 0, &reused, &sampled, NULL));
        assert_int_equal(reused, FILES - how - 1); /* and those that were touched before */
    }
}

static void test_refused(void **state)
{
    enum how { FLIP, CUT, EMPTY, OTHER_KEY, NO_KEY, SHORT_KEY, GROUP, OTHERS, KEY_READ, LINK };
    static const struct {
        enum how how;
        enum redan_status status;
        const char *says;
    } rows[] = {
        {FLIP, REDAN_E_SIGNATURE, "the seal of this cache of digests does not hold"},
        {CUT, REDAN_E_SIGNATURE, "the seal of this cache of digests does not hold"},
        {EMPTY, REDAN_E_SIGNATURE, "the seal of this cache of digests does not hold"},
        {OTHER_KEY, REDAN_E_SIGNATURE, "the seal of this cache of digests does not hold"},
        {NO_KEY, REDAN_E_SIGNATURE, "cache.key, is gone"},
        {SHORT_KEY, REDAN_E_SYNTAX, "is not a key of 32 bytes"},
        {GROUP, REDAN_E_IO, "cache can be written by others (mode 0620)"},
        {OTHERS, REDAN_E_IO, "cache can be written by others (mode 0602)"},
        {KEY_READ, REDAN_E_IO, "cache.key can be read by others (mode 0640)"},
        {LINK, REDAN_E_IO, "cache is a symbolic link"},
    };
    struct model *m = *state;
    size_t reused = 0;
    size_t sampled = 0;

    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_failure failure;
        char other[CACHE_MOST];
        restore(m);
        memcpy(other, m->cache, m->cache_len);
        other[m->cache_len / 2] ^= 1;
        if (rows[i].how == FLIP)
            scratch_file(&m->s, "cache", other, m->cache_len);
        else if (rows[i].how == CUT)
            scratch_file(&m->s, "cache", m->cache, m->cache_len - 1);
        else if (rows[i].how == EMPTY)
            scratch_file(&m->s, "cache", "", 0);
        else if (rows[i].how == OTHER_KEY)
            scratch_file(&m->s, "cache.key", other + 100, MAC);
        else if (rows[i].how == SHORT_KEY)
            scratch_file(&m->s, "cache.key", m->key, MAC - 1);
        else if (rows[i].how == NO_KEY)
            assert_int_equal(unlink(scratch_at(&m->s, "cache.key")), 0);
        else if (rows[i].how == GROUP)
            assert_int_equal(chmod(scratch_at(&m->s, "cache"), 0620), 0);
        else if (rows[i].how == OTHERS)
            assert_int_equal(chmod(scratch_at(&m->s, "cache"), 0602), 0);
        else if (rows[i].how == KEY_READ)
            assert_int_equal(chmod(scratch_at(&m->s, "cache.key"), 0640), 0);
        else {
            assert_int_equal(unlink(scratch_at(&m->s, "cache")), 0);
            assert_int_equal(symlink("cache.key", scratch_at(&m->s, "cache")), 0);
        }
        assert_int_equal(run(m, 0, 0, &reused, &sampled, &failure), rows[i].status);
        if (!strstr(failure.text, rows[i].says))
            fail_msg("\"%s\" does not say \"%s\"", failure.text, rows[i].says);
        assert_true(redan_slice_ends(redan_slice_of(failure.name), REDAN_S("/cache")));
    }
    restore(m);
    if (geteuid() == 0) { /* another user's, which only root can make */
        struct redan_failure failure;
        assert_int_equal(chown(scratch_at(&m->s, "cache"), 1, 1), 0);
        assert_int_equal(run(m, 0, 0, &reused, &sampled, &failure), REDAN_E_IO);
        assert_non_null(strstr(failure.text, "belongs to another user"));
    }
}

/* A clock that was wrong, then or now. */
static void test_clock(void **state)
{
    struct model *m = *state;
    int64_t at = get_time(m->cache);
    static const struct {
        int64_t seconds; /* the cache's time, moved */
        bool believed;
    } rows[] = {{0, true}, {-2, false}, {-86400, false}, {86400, false}};
    size_t reused = 0;
    size_t sampled = 0;
    char moved[CACHE_MOST];

    restore(m);
    put_sealed(m, m->cache, m->cache_len);
    assert_ok(run(m, 0, 0, &reused, &sampled, NULL));
    size_t all = reused; /* what other tests left alone */
    assert_true(all >= FILES / 2);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        restore(m);
        memcpy(moved, m->cache, m->cache_len);
        set_time(moved, at + rows[i].seconds * 1000000000);
        put_sealed(m, moved, m->cache_len);
        assert_ok(run(m, 0, 0, &reused, &sampled, NULL));
        assert_int_equal(reused, rows[i].believed ? all : 0);
    }
}

static void move(struct model *m, const char *from, const char *to)
{
    char path[5000];

    (void)snprintf(path, sizeof(path), "%s", scratch_at(&m->s, from));
    assert_int_equal(rename(path, scratch_at(&m->s, to)), 0);
}

/* A digest that is false under a true seal: only the sample can tell, and says who. */
static void test_lie(void **state)
{
    struct model *m = *state;
    struct redan_failure failure;
    size_t reused = 0;
    size_t sampled = 0;
    char lie[CACHE_MOST];

    restore(m);
    memcpy(lie, m->cache, m->cache_len);
    lie[m->cache_len - MAC - 1] ^= 1; /* the last byte of the last entry's digest */
    put_sealed(m, lie, m->cache_len);
    assert_int_equal(run(m, 100, 0, &reused, &sampled, &failure), REDAN_E_SIGNATURE);
    assert_non_null(strstr(failure.text, "39/f has other bytes than this cache"));
    /* the cache is as it was: nothing was saved over it */
    char now[CACHE_MOST];
    assert_int_equal(read_whole(m, "cache", now, sizeof(now)), m->cache_len);
    assert_memory_equal(now, lie, m->cache_len - MAC);
    assert_ok(run(m, 0, 0, &reused, &sampled, NULL));
}

/* It is found all the same where files came that the cache does not know, and one that it knows went. */
static void test_lie_among_others(void **state)
{
    struct model *m = *state;
    struct redan_failure failure;
    size_t reused = 0;
    size_t sampled = 0;
    char lie[CACHE_MOST];

    restore(m);
    memcpy(lie, m->cache, m->cache_len);
    lie[m->cache_len - MAC - 1] ^= 1;
    put_sealed(m, lie, m->cache_len);
    move(m, "m/20", "aside");
    scratch_text(&m->s, "m/00/e", "new");
    scratch_text(&m->s, "m/10/g", "new");
    scratch_text(&m->s, "m/39/e", "new");
    assert_int_equal(run(m, 100, 0, &reused, &sampled, &failure), REDAN_E_SIGNATURE);
    assert_non_null(strstr(failure.text, "39/f has other bytes than this cache"));
    assert_int_equal(sampled, FILES - 1);
    move(m, "aside", "m/20");
    (void)unlink(scratch_at(&m->s, "m/00/e"));
    (void)unlink(scratch_at(&m->s, "m/10/g"));
    (void)unlink(scratch_at(&m->s, "m/39/e"));
    assert_ok(run(m, 0, 0, &reused, &sampled, NULL));
    assert_int_equal(reused, FILES);
}

/* Sealed, and still not what we write: refused without reading past anything. */
static void test_malformed(void **state)
{
    struct model *m = *state;
    struct redan_failure failure;
    size_t reused = 0;
    size_t sampled = 0;
    char other[CACHE_MOST];

    for (size_t i = 0; i + MAC < m->cache_len; i += i < 60 ? 1 : 17) { /* cut anywhere */
        restore(m);
        memcpy(other, m->cache, i);
        put_sealed(m, other, i + MAC);
        assert_int_equal(run(m, 0, 0, &reused, &sampled, &failure), REDAN_E_SYNTAX);
    }
    restore(m);
    memcpy(other, m->cache, m->cache_len);
    other[AT + 8] = 0x7f; /* a count that no machine could hold */
    put_sealed(m, other, m->cache_len);
    assert_int_equal(run(m, 0, 0, &reused, &sampled, &failure), REDAN_E_SYNTAX);
    restore(m);
}

static void test_arguments(void **state)
{
    struct redan_known *known = NULL;
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_int_equal(redan_known_open(&ctx, REDAN_S("c"), REDAN_HASH_SHA256, 0, 101, &known),
                     REDAN_E_USAGE);
    redan_ctx_done(&ctx);
    assert_int_equal(ctx.mem.used, 0);
    redan_known_free(NULL);
}

#define A "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define B "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void test_list(void **state)
{
    static const struct {
        const char *text;
        enum redan_status status;
        unsigned line;
        const char *first; /* path, or what the failure says */
        size_t count;
    } rows[] = {
        {A "  b\n" B "  a\n", REDAN_OK, 0, "a", 2},
        {A " *b", REDAN_OK, 0, "b", 1},
        {A "  ./x/y\n", REDAN_OK, 0, "x/y", 1},
        {A "   b\n", REDAN_OK, 0, " b", 1},
        {"\\" A "  a\\nb\n", REDAN_OK, 0, "a\nb", 1},
        {"{\"b\": \"sha256:" A "\", \"a\": \"sha256:" B "\"}", REDAN_OK, 0, "a", 2},
        {"\\" A "  a\\xb\n", REDAN_E_SYNTAX, 1, "a backslash", 0},
        {"\\" A "  a\\", REDAN_E_SYNTAX, 1, "a backslash", 0},
        {A "  a\n" A "  ../b\n", REDAN_E_SCHEMA, 2, "the path \"../b\"", 0},
        {A "  /b\n", REDAN_E_SCHEMA, 1, "the path \"/b\"", 0},
        {A "  a\n\n", REDAN_E_SYNTAX, 2, "not a line of digests", 0},
        {A " a\n", REDAN_E_SYNTAX, 1, "not a line of digests", 0},
        {A "  \n", REDAN_E_SYNTAX, 1, "not a line of digests", 0},
        {"E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855  a\n", REDAN_E_SYNTAX, 1,
         "is not a digest by sha256", 0},
        {A "  a\n" B "  a\n", REDAN_E_SCHEMA, 0, "", 0},
        {"", REDAN_E_SCHEMA, 0, "without digests", 0},
        {"{}", REDAN_E_SCHEMA, 0, "without digests", 0},
        {"{\"a\": \"sha256:" A "\",\n \"b\": \"" A "\"}", REDAN_E_SCHEMA, 2, "not a text", 0},
        {"{\"a\": \"sha256:" A "\",\n \"b\": \"sha256:abc\"}", REDAN_E_SYNTAX, 2,
         "is not a digest by sha256", 0},
        {"{\"a\": 1}", REDAN_E_SCHEMA, 1, "not a text", 0},
        {"{\"a\": \"sha256:" A "\", \"a\": \"sha256:" A "\"}", REDAN_E_SYNTAX, 0, "", 0},
        {"{\"a\": \"sha256:" A "\"} x", REDAN_E_SYNTAX, 0, "", 0},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_manifest manifest = {.name = REDAN_S("model")};
        struct redan_ctx ctx;
        redan_ctx_init(&ctx, NULL);
        enum redan_status status =
            redan_known_list(&ctx, redan_slice_of(rows[i].text), REDAN_HASH_SHA256, &manifest);
        if (status != rows[i].status)
            fail_msg("row %zu: %d %s", i, (int)status, ctx.failure.text);
        assert_int_equal(manifest.count, rows[i].count);
        assert_slice(manifest.name, "model");
        if (status == REDAN_OK) {
            assert_slice(manifest.entries[0].path, rows[i].first);
            assert_int_equal(manifest.entries[0].from, 0);
            assert_true(manifest.entries[0].to == UINT64_MAX);
            assert_int_equal(manifest.entries[0].sum.len, 32);
        } else {
            if (rows[i].line)
                assert_int_equal(ctx.failure.line, rows[i].line);
            assert_failure(&ctx, rows[i].status, rows[i].first);
        }
        redan_ctx_done(&ctx);
    }
}

/* The root of a list is that of the files themselves (model-signing-spec 6.5.1: digests in the order of names). */
static void test_list_root(void **state)
{
    struct redan_manifest manifest = {.name = REDAN_S("model")};
    struct redan_ctx ctx;
    struct redan_digest root;
    struct redan_slice bytes = {0};
    char both[64];

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_known_list(&ctx, REDAN_S(A "  b\n" B "  a\n"), REDAN_HASH_SHA256, &manifest));
    memcpy(both, manifest.entries[0].sum.bytes, 32);
    memcpy(both + 32, manifest.entries[1].sum.bytes, 32);
    bytes = (struct redan_slice){both, sizeof(both)};
    assert_ok(redan_sha256(&ctx, bytes, &root));
    assert_true(redan_digest_eq(&root, &manifest.root));
    redan_ctx_done(&ctx);
}

static void test_out_of_memory(void **state)
{
    struct model *m = *state;
    static const char *const lists[] = {A "  b\n\\" B "  a\\n\n",
                                        "{\"b\": \"sha256:" A "\", \"a\": \"sha256:" B "\"}"};

    for (size_t i = 0; i < REDAN_COUNT(lists); i++) {
        enum redan_status status = REDAN_E_MEMORY;
        for (uint64_t n = 1; status != REDAN_OK; n++) {
            struct redan_manifest manifest = {.name = REDAN_S("model")};
            struct redan_ctx ctx;
            redan_ctx_init(&ctx, NULL);
            ctx.mem.fail_at = n;
            status = redan_known_list(&ctx, redan_slice_of(lists[i]), REDAN_HASH_SHA256, &manifest);
            assert_true(status == REDAN_OK || status == REDAN_E_MEMORY);
            assert_true(n < 200);
            redan_ctx_done(&ctx);
        }
    }
    restore(m);
    enum redan_status status = REDAN_E_MEMORY;
    for (uint64_t n = 1; status != REDAN_OK; n++) {
        struct redan_known *known = NULL;
        struct redan_ctx ctx;
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = n;
        status =
            redan_known_open(&ctx, scratch_slice(&m->s, "cache"), REDAN_HASH_SHA256, 0, 1, &known);
        assert_true(status == REDAN_OK || status == REDAN_E_MEMORY);
        assert_true(n < 200);
        redan_known_drop(&known);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reuse),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_lie),
        cmocka_unit_test(test_lie_among_others),
        cmocka_unit_test(test_touched),
        cmocka_unit_test(test_clock),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_list_root),
        cmocka_unit_test(test_out_of_memory),
    };

    return cmocka_run_group_tests(tests, setup_model, teardown_model);
}
