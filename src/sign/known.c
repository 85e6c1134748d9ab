/* The cache of digests: read only when its seal holds, believed only for files that nobody touched, tried on a sample. */
#include "sign/known.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "base/map.h"
#include "base/reader.h"
#include "codec/problem.h"
#include "crypto/mac.h"
#include "io/file.h"

#define SECOND INT64_C(1000000000)

enum {
    CACHE_MAX = 512 << 20, /* bytes; two million files need half of it */
    MARGIN = 2,            /* seconds: what a file system's clock may be coarse by */
};

static const struct redan_slice magic = {"redan/1\0known\0", 14};

/* One entry, borrowed from the cache's bytes. */
struct entry {
    struct redan_slice path;
    struct redan_tree_mark mark;
    uint64_t size;
    uint64_t from;
    uint64_t to;
    struct redan_slice sum;
};

struct redan_known {
    struct redan_ctx *ctx;
    struct redan_slice file;
    struct redan_slice key_file;
    char key[REDAN_MAC_KEY];
    bool has_key;
    enum redan_hash hash;
    uint64_t shard;
    double sample;
    int64_t began; /* nanoseconds: when this run looked at the clock, before any file */
    int64_t at;    /* the same of the run that made the cache */
    struct redan_slice bytes;
    const size_t *entries; /* offsets, by path and range */
    size_t count;
    atomic_size_t reused;
    atomic_size_t sampled;
};

static uint64_t get_u64(struct redan_reader *r)
{
    uint64_t high = redan_reader_u32be(r);

    return high << 32 | redan_reader_u32be(r);
}

static void put_u32(struct redan_buf *out, uint32_t value)
{
    const char bytes[] = {(char)(value >> 24), (char)(value >> 16), (char)(value >> 8),
                          (char)value};

    redan_buf_add(out, bytes, sizeof(bytes));
}

static void put_u64(struct redan_buf *out, uint64_t value)
{
    put_u32(out, (uint32_t)(value >> 32));
    put_u32(out, (uint32_t)value);
}

static void put_string(struct redan_buf *out, struct redan_slice text)
{
    put_u32(out, (uint32_t)text.len);
    redan_buf_slice(out, text);
}

/* What follows an entry's path. */
static struct entry get_rest(struct redan_reader *r, struct redan_slice path, size_t sum_len)
{
    struct entry e = {.path = path};

    e.mark.dev = get_u64(r);
    e.mark.ino = get_u64(r);
    e.mark.mtime = (int64_t)get_u64(r);
    e.mark.ctime = (int64_t)get_u64(r);
    e.size = get_u64(r);
    e.from = get_u64(r);
    e.to = get_u64(r);
    e.sum = redan_reader_bytes(r, sum_len);
    return e;
}

static struct entry get_entry(struct redan_reader *r, size_t sum_len)
{
    struct redan_slice path = redan_reader_string(r);

    return get_rest(r, path, sum_len);
}

static int compare(const struct entry *e, struct redan_slice path, uint64_t from)
{
    int order = redan_slice_cmp(e->path, path);

    if (order != 0)
        return order;
    return e->from < from ? -1 : e->from > from;
}

/* Under the seal the form is ours; it is held to all the same. */
static enum redan_status parse(struct redan_ctx *ctx, struct redan_known *known, int64_t now)
{
    struct redan_reader r;
    struct entry last = {.path = {0}};

    redan_reader_init(&r, known->bytes);
    bool ours = redan_slice_eq(redan_reader_bytes(&r, magic.len), magic);
    struct redan_slice hash = redan_reader_string(&r);
    uint64_t shard = get_u64(&r);
    int64_t at = (int64_t)get_u64(&r);
    uint64_t count = get_u64(&r);
    REDAN_TRY(redan_reader_ok(ctx, &r, "a cache of digests"));
    if (!ours || count > redan_reader_left(&r))
        return redan_fail(ctx, REDAN_E_SYNTAX, 0, "no cache of digests of this version; remove it");
    if (!redan_slice_is(hash, redan_hash_name(known->hash)) || shard != known->shard || at > now)
        return REDAN_OK;
    size_t *entries = redan_take_array(ctx, (size_t)count + 1, sizeof(*entries));
    if (!entries)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < count && !r.failed; i++) {
        entries[i] = r.pos;
        struct entry e = get_entry(&r, redan_hash_len(known->hash));
        if (!r.failed && i > 0 && compare(&last, e.path, e.from) >= 0)
            return redan_fail(ctx, REDAN_E_SYNTAX, entries[i], "entries of a cache out of order");
        last = e;
    }
    REDAN_TRY(redan_reader_ok(ctx, &r, "a cache of digests"));
    if (redan_reader_left(&r) != 0)
        return redan_fail(ctx, REDAN_E_SYNTAX, r.pos, "something after a cache's last entry");
    known->at = at;
    known->entries = entries;
    known->count = (size_t)count;
    return REDAN_OK;
}

static enum redan_status seal(struct redan_ctx *ctx, const struct redan_known *known,
                              struct redan_slice bytes, struct redan_digest *mac)
{
    return redan_mac(ctx, (struct redan_slice){known->key, sizeof(known->key)}, bytes, mac);
}

static enum redan_status read_key(struct redan_ctx *ctx, struct redan_known *known)
{
    struct redan_slice key = {0};

    REDAN_TRY(redan_file_read_own(ctx, known->key_file, REDAN_MAC_KEY + 1, 0077, &key));
    bool good = key.len == sizeof(known->key);
    if (good)
        memcpy(known->key, key.at, sizeof(known->key));
    redan_mem_cleanse((char *)(uintptr_t)key.at, key.len);
    if (!good)
        return redan_fail(ctx, REDAN_E_SYNTAX, 0, "%s is not a key of %d bytes; remove it",
                          redan_snippet_of(known->key_file).text, REDAN_MAC_KEY);
    known->has_key = true;
    return REDAN_OK;
}

static enum redan_status load(struct redan_ctx *ctx, struct redan_known *known, int64_t now)
{
    struct redan_digest mac;
    struct redan_digest wanted;

    if (redan_file_exists(ctx, known->key_file))
        REDAN_TRY(read_key(ctx, known));
    if (!redan_file_exists(ctx, known->file))
        return REDAN_OK;
    REDAN_TRY(redan_file_read_own(ctx, known->file, CACHE_MAX, 0022, &known->bytes));
    if (!known->has_key)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the key of this cache of digests, %s, is gone, so nothing in it is "
                          "believed; remove the cache",
                          redan_snippet_of(known->key_file).text);
    bool sealed = known->bytes.len >= sizeof(mac.bytes);
    if (sealed) {
        known->bytes.len -= sizeof(mac.bytes);
        memcpy(mac.bytes, known->bytes.at + known->bytes.len, sizeof(mac.bytes));
        REDAN_TRY(seal(ctx, known, known->bytes, &wanted));
        sealed = redan_digest_eq(&mac, &wanted);
    }
    if (!sealed)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the seal of this cache of digests does not hold: it was changed after "
                          "it was written, or its key was; remove the cache");
    return parse(ctx, known, now);
}

/* The clock of files is the system's; a time that is set for the run counts where it is earlier, which believes less. */
static int64_t clock_now(const struct redan_ctx *ctx)
{
    struct timespec t = {0};
    int64_t set = 0;

    (void)clock_gettime(CLOCK_REALTIME, &t);
    int64_t real = (int64_t)t.tv_sec * SECOND + t.tv_nsec;
    if (__builtin_mul_overflow(ctx->now, SECOND, &set))
        return real;
    return set < real ? set : real;
}

enum redan_status redan_known_open(struct redan_ctx *ctx, struct redan_slice file,
                                   enum redan_hash hash, uint64_t shard, double sample,
                                   struct redan_known **known)
{
    REDAN_DEFER(redan_known_drop)
    struct redan_known *made = redan_mem_take(&ctx->mem, sizeof(*made));

    if (!made)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for a cache of digests");
    *made = (struct redan_known){.ctx = ctx, .hash = hash, .shard = shard, .sample = sample};
    atomic_init(&made->reused, 0);
    atomic_init(&made->sampled, 0);
    if (!(sample >= 0 && sample <= 100))
        return redan_fail(ctx, REDAN_E_USAGE, 0, "a sample is 0 to 100 per cent");
    made->began = clock_now(ctx);
    REDAN_TRY(redan_copy(ctx, file, &made->file));
    REDAN_TRY(redan_format(ctx, &made->key_file, "%.*s.key", REDAN_FMT(file)));
    enum redan_status status = load(ctx, made, made->began);
    if (status != REDAN_OK) {
        redan_fail_name(ctx, file);
        return status;
    }
    *known = made;
    made = NULL;
    return REDAN_OK;
}

/* An entry beside a range, in the cache's order. A search passes many entries by: of those the path alone is read. */
static int entry_order(const struct redan_known *known, size_t i, struct redan_slice path,
                       uint64_t from, struct entry *found)
{
    struct redan_reader r;

    redan_reader_init(&r, known->bytes);
    r.pos = known->entries[i];
    struct redan_slice name = redan_reader_string(&r);
    int order = redan_slice_cmp(name, path);
    if (order != 0)
        return order;
    *found = get_rest(&r, name, redan_hash_len(known->hash));
    return compare(found, path, from);
}

/* What the cache says of this range, if the file is as it was then. `at` is where it may be, and then where the next one may be. */
static bool find(const struct redan_known *known, const struct redan_tree_file *file, uint64_t from,
                 uint64_t to, size_t *at, struct entry *found)
{
    int64_t newest = known->at - MARGIN * SECOND;
    size_t low = 0;
    size_t high = known->count;
    size_t middle = *at < high ? *at : high / 2;

    while (low < high) {
        int order = entry_order(known, middle, file->path, from, found);
        *at = middle + 1;
        if (order == 0)
            return found->to == to && found->size == file->size &&
                   found->mark.dev == file->mark.dev && found->mark.ino == file->mark.ino &&
                   found->mark.mtime == file->mark.mtime && found->mark.ctime == file->mark.ctime &&
                   file->mark.mtime <= newest && file->mark.ctime <= newest;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
        middle = low + (high - low) / 2;
    }
    return false;
}

/* The same answer for the same range all through a run, and another one in the next. */
static bool chosen(const struct redan_known *known, struct redan_slice path, uint64_t from)
{
    uint64_t lot = redan_hash(known->ctx->seed ^ (from + 1) * UINT64_C(0x9e3779b97f4a7c15), path);

    return (double)(lot >> 11) < known->sample / 100 * 9007199254740992.0; /* 2^53 */
}

bool redan_known_digest(void *arg, const struct redan_tree_file *file,
                        const struct redan_tree_range *range, struct redan_sum *sum)
{
    struct redan_known *known = arg;
    struct entry e;
    size_t at = known->count / 2;

    if (!find(known, file, range->from, range->to, &at, &e))
        return false;
    if (chosen(known, file->path, range->from)) {
        (void)atomic_fetch_add_explicit(&known->sampled, 1, memory_order_relaxed);
        return false;
    }
    (void)atomic_fetch_add_explicit(&known->reused, 1, memory_order_relaxed);
    sum->len = (uint8_t)e.sum.len;
    memcpy(sum->bytes, e.sum.at, e.sum.len);
    return true;
}

/* A walk without ranges has one for each file. */
static size_t range_count(const struct redan_tree *tree)
{
    return tree->ranges ? tree->range_count : tree->count;
}

static struct redan_tree_range range_at(const struct redan_tree *tree, size_t i)
{
    if (tree->ranges)
        return tree->ranges[i];
    struct redan_tree_range range = {.file = i, .to = tree->files[i].size};
    range.sum.len = REDAN_DIGEST_LEN;
    memcpy(range.sum.bytes, tree->files[i].digest.bytes, REDAN_DIGEST_LEN);
    return range;
}

enum redan_status redan_known_check(struct redan_ctx *ctx, const struct redan_known *known,
                                    const struct redan_tree *tree)
{
    struct entry e;
    size_t at = 0; /* both are in one order */

    for (size_t i = 0; known->count > 0 && i < range_count(tree); i++) {
        struct redan_tree_range range = range_at(tree, i);
        const struct redan_tree_file *file = &tree->files[range.file];
        if (!find(known, file, range.from, range.to, &at, &e) ||
            redan_slice_eq(e.sum,
                           (struct redan_slice){(const char *)range.sum.bytes, range.sum.len}))
            continue;
        redan_fail_name(ctx, known->file);
        return redan_fail(ctx, REDAN_E_SIGNATURE, range.from,
                          "%s has other bytes than this cache of digests says, though nothing "
                          "shows that it was touched: nothing in the cache is believed; remove it, "
                          "and find out who changed the file",
                          redan_snippet_of(file->path).text);
    }
    return REDAN_OK;
}

static enum redan_status make_key(struct redan_ctx *ctx, struct redan_known *known)
{
    char key[REDAN_MAC_KEY];

    REDAN_TRY(redan_random(ctx, key, sizeof(key)));
    enum redan_status status =
        redan_file_create(ctx, known->key_file, 0600, (struct redan_slice){key, sizeof(key)});
    if (status == REDAN_OK)
        memcpy(known->key, key, sizeof(key));
    redan_mem_cleanse(key, sizeof(key));
    known->has_key = status == REDAN_OK;
    return status;
}

static void put_entry(struct redan_buf *out, const struct redan_tree_file *file,
                      const struct redan_tree_range *range)
{
    put_string(out, file->path);
    put_u64(out, file->mark.dev);
    put_u64(out, file->mark.ino);
    put_u64(out, (uint64_t)file->mark.mtime);
    put_u64(out, (uint64_t)file->mark.ctime);
    put_u64(out, file->size);
    put_u64(out, range->from);
    put_u64(out, range->to);
    redan_buf_add(out, range->sum.bytes, range->sum.len);
}

enum redan_status redan_known_save(struct redan_ctx *ctx, struct redan_known *known,
                                   const struct redan_tree *tree)
{
    REDAN_DEFER(redan_buf_done) struct redan_buf out = {0};
    struct redan_digest mac;

    REDAN_TRY(redan_known_check(ctx, known, tree));
    if (!known->has_key)
        REDAN_TRY(make_key(ctx, known));
    redan_buf_init(&out, ctx, CACHE_MAX);
    redan_buf_slice(&out, magic);
    put_string(&out, redan_slice_of(redan_hash_name(known->hash)));
    put_u64(&out, known->shard);
    put_u64(&out, (uint64_t)known->began);
    put_u64(&out, range_count(tree));
    for (size_t i = 0; i < range_count(tree); i++) {
        struct redan_tree_range range = range_at(tree, i);
        put_entry(&out, &tree->files[range.file], &range);
    }
    REDAN_TRY(redan_buf_ok(ctx, &out, "a cache of digests"));
    REDAN_TRY(seal(ctx, known, redan_buf_view(&out), &mac));
    redan_buf_add(&out, mac.bytes, sizeof(mac.bytes));
    REDAN_TRY(redan_buf_ok(ctx, &out, "a cache of digests"));
    return redan_file_replace(ctx, known->file, 0600, redan_buf_view(&out));
}

size_t redan_known_reused(const struct redan_known *known)
{
    return atomic_load_explicit(&known->reused, memory_order_relaxed);
}

size_t redan_known_sampled(const struct redan_known *known)
{
    return atomic_load_explicit(&known->sampled, memory_order_relaxed);
}

void redan_known_free(struct redan_known *known)
{
    if (!known)
        return;
    redan_mem_cleanse(known->key, sizeof(known->key));
    redan_mem_give(&known->ctx->mem, known, sizeof(*known));
}

void redan_known_drop(struct redan_known **known)
{
    redan_known_free(*known);
    *known = NULL;
}
