/* Digests of many files: each thread hashes two at once where the processor can, big ones first so that all cores are busy to the end. */
#include "io/tree_hash.h"

#include <stdatomic.h>
#include <string.h>

#include "base/pool.h"
#include "crypto/sha256_pair.h"
#include "io/os.h"
#include "io/tree_cut.h"
#include "io/tree_read.h"

enum { TELL = 1 << 20, LANES = 2 };

/* What the threads share. A unit belongs to the one that drew its batch. */
struct job {
    int root;
    const struct redan_tree_options *options;
    struct redan_tree *tree;
    struct redan_tree_cut cut;
    size_t tasks;
    enum redan_hash hash;
    bool pair;
    bool
        names; /* sizes are not known yet: this is a first pass over all, which leaves big ones to a second */
    size_t chunk;
    struct redan_failure *failures; /* one for each task */
    uint64_t *failed_at;            /* the order of its unit */
    atomic_size_t next;
    atomic_size_t begun; /* tasks that have work */
    atomic_uint_fast64_t failed;
    atomic_uint_fast64_t done;
    atomic_flag telling;
};

/* One of the messages that a thread has in hand. */
struct lane {
    bool busy;
    size_t unit;
    uint64_t order; /* of units, the same in every run: the first failure is the one that is told */
    struct redan_tree_reading reading;
    struct redan_sha256_lane sha;
    char *bytes;
    size_t used;
    size_t fill;
};

struct worker {
    struct redan_ctx *ctx;
    struct job *job;
    struct redan_tree_place place;
    struct redan_hasher *hasher; /* of one lane; or two lanes and none */
    struct lane lanes[LANES];
    bool begun;
    size_t batch; /* the one in hand, at this unit */
    size_t at;
    size_t end;
    uint64_t untold;
    uint64_t failed_at;
    struct redan_failure failure;
};

static void worker_done(struct worker *w)
{
    for (size_t i = 0; i < LANES; i++) {
        redan_os_close(&w->lanes[i].reading.fd);
        redan_mem_give(&w->ctx->mem, w->lanes[i].bytes, w->job->chunk);
    }
    redan_tree_place_done(&w->place);
    redan_hasher_free(w->hasher);
}

/* One thread at a time tells; one that finds another telling goes on reading. */
static void tell(struct worker *w)
{
    struct job *job = w->job;

    (void)atomic_fetch_add_explicit(&job->done, w->untold, memory_order_relaxed);
    w->untold = 0;
    if (!job->options->progress)
        return;
    if (atomic_flag_test_and_set_explicit(&job->telling, memory_order_acquire))
        return;
    job->options->progress(job->options->arg,
                           atomic_load_explicit(&job->done, memory_order_relaxed),
                           job->tree->bytes);
    atomic_flag_clear_explicit(&job->telling, memory_order_release);
}

static void unit_sum(struct job *job, size_t unit, const struct redan_sum *sum)
{
    if (job->options->ranges)
        job->tree->ranges[unit].sum = *sum;
    else
        memcpy(job->tree->files[unit].digest.bytes, sum->bytes, REDAN_DIGEST_LEN);
}

static bool unit_known(struct worker *w, size_t unit, const struct redan_tree_range *range)
{
    const struct redan_tree_options *options = w->job->options;
    struct redan_sum sum = {.len = 0};

    if (!options->known ||
        !options->known(options->arg, &w->job->tree->files[range->file], range, &sum) ||
        sum.len != redan_hash_len(w->job->hash))
        return false;
    unit_sum(w->job, unit, &sum);
    w->untold += range->to - range->from;
    return true;
}

/* The next batch. A second big file is not taken while a thread has none at all. */
static bool draw(struct worker *w, bool second)
{
    struct job *job = w->job;
    size_t next = atomic_load_explicit(&job->next, memory_order_relaxed);
    size_t idle = job->tasks - atomic_load_explicit(&job->begun, memory_order_relaxed);

    if (next >= job->cut.count ||
        (second && job->cut.batches[next].size > 0 && job->cut.count - next <= idle))
        return false;
    w->batch = atomic_fetch_add_explicit(&job->next, 1, memory_order_relaxed);
    if (w->batch >= job->cut.count)
        return false;
    w->at = job->cut.batches[w->batch].from;
    w->end = job->cut.batches[w->batch].to;
    if (!w->begun) {
        w->begun = true;
        (void)atomic_fetch_add_explicit(&job->begun, 1, memory_order_relaxed);
    }
    return true;
}

/* A failure ends what comes after it and nothing before it. */
static void fail(struct worker *w, uint64_t order, enum redan_status status)
{
    struct job *job = w->job;
    uint_fast64_t lowest = atomic_load(&job->failed);

    if (order < w->failed_at) {
        w->failed_at = order;
        w->failure = w->ctx->failure;
        if (w->failure.status == REDAN_OK)
            w->failure.status = status;
    }
    redan_fail_clear(w->ctx);
    while (order < lowest && !atomic_compare_exchange_weak(&job->failed, &lowest, order))
        ;
}

static void abandon(struct worker *w, struct lane *lane, enum redan_status status)
{
    fail(w, lane->order, status);
    redan_os_close(&lane->reading.fd);
    lane->busy = false;
    redan_hasher_drop(&w->hasher); /* it is in the middle of a message */
}

static enum redan_status begin(struct worker *w, struct lane *lane,
                               const struct redan_tree_range *range)
{
    struct redan_tree_file *file = &w->job->tree->files[range->file];

    if (!lane->bytes) {
        lane->bytes = redan_mem_take(&w->ctx->mem, w->job->chunk);
        if (!lane->bytes)
            return redan_fail(w->ctx, REDAN_E_MEMORY, 0, "no memory for reading files");
    }
    if (!w->job->pair && !w->hasher)
        REDAN_TRY(redan_hasher_new_of(w->ctx, w->job->hash, &w->hasher));
    redan_sha256_lane_begin(&lane->sha);
    lane->used = 0;
    lane->fill = 0;
    REDAN_TRY(redan_tree_open(w->ctx, &w->place, file, range->from, range->to, &lane->reading));
    if (w->job->names && w->job->options->ranges)
        w->job->tree->ranges[lane->unit].to = lane->reading.to;
    lane->busy = !w->job->names || file->size <= REDAN_TREE_BIG;
    if (!lane->busy)
        redan_os_close(&lane->reading.fd);
    return REDAN_OK;
}

/* Give the lane a unit, if there is one. */
static void start(struct worker *w, struct lane *lane, bool second)
{
    while (!lane->busy) {
        if (w->at == w->end && !draw(w, second))
            return;
        lane->unit = w->at++;
        lane->order = (uint64_t)w->batch << 32 | (lane->unit - w->job->cut.batches[w->batch].from);
        if (lane->order >= atomic_load_explicit(&w->job->failed, memory_order_relaxed))
            return;
        struct redan_tree_range range = redan_tree_unit(w->job->tree, lane->unit);
        bool big = range.to - range.from > REDAN_TREE_BIG;
        bool later = big && !w->job->names && w->job->cut.batches[w->batch].size == 0;
        if (later || unit_known(w, lane->unit, &range))
            continue;
        enum redan_status status = begin(w, lane, &range);
        if (status != REDAN_OK)
            fail(w, lane->order, status);
    }
}

static enum redan_status finish(struct worker *w, struct lane *lane)
{
    const struct redan_slice rest = {lane->bytes + lane->used, lane->fill - lane->used};
    struct redan_sum sum = {.len = REDAN_DIGEST_LEN};

    if (w->job->pair) {
        struct redan_digest digest;
        redan_sha256_lane_end(&lane->sha, rest, &digest);
        memcpy(sum.bytes, digest.bytes, REDAN_DIGEST_LEN);
    } else {
        REDAN_TRY(redan_hasher_end_sum(w->ctx, w->hasher, &sum));
    }
    REDAN_TRY(redan_tree_close(w->ctx, &lane->reading));
    unit_sum(w->job, lane->unit, &sum);
    lane->busy = false;
    return REDAN_OK;
}

static bool dry(const struct worker *w, const struct lane *lane)
{
    return lane->fill - lane->used < (w->job->pair ? REDAN_SHA256_BLOCK : 1);
}

static enum redan_status refill(struct worker *w, struct lane *lane)
{
    size_t len = 0;

    if (lane->reading.at == lane->reading.to)
        return finish(w, lane);
    REDAN_TRY(redan_tree_next(w->ctx, &lane->reading, lane->bytes, w->job->chunk, &len));
    lane->used = 0;
    lane->fill = len;
    w->untold += len;
    if (w->untold >= TELL)
        tell(w);
    return REDAN_OK;
}

/* Until the lane has something to hash, or there is nothing left for it. */
static void feed(struct worker *w, struct lane *lane, bool second)
{
    for (;;) {
        if (lane->busy && !dry(w, lane))
            return;
        if (!lane->busy)
            start(w, lane, second);
        if (!lane->busy)
            return;
        enum redan_status status =
            lane->order > atomic_load_explicit(&w->job->failed, memory_order_relaxed)
                ? REDAN_E_IO /* not told: one before it is */
                : refill(w, lane);
        if (status != REDAN_OK)
            abandon(w, lane, status);
    }
}

static size_t blocks(const struct lane *lane)
{
    return (lane->fill - lane->used) / REDAN_SHA256_BLOCK;
}

static enum redan_status hash_some(struct worker *w)
{
    struct lane *a = &w->lanes[0];
    struct lane *b = &w->lanes[1];

    if (!w->job->pair) {
        struct redan_slice bytes = {a->bytes + a->used, a->fill - a->used};
        a->used = a->fill;
        return redan_hasher_add(w->ctx, w->hasher, bytes);
    }
    if (a->busy && b->busy) {
        size_t n = redan_min_size(blocks(a), blocks(b));
        redan_sha256_pair_add(&a->sha, a->bytes + a->used, &b->sha, b->bytes + b->used, n);
        a->used += n * REDAN_SHA256_BLOCK;
        b->used += n * REDAN_SHA256_BLOCK;
        return REDAN_OK;
    }
    struct lane *lane = a->busy ? a : b;
    size_t n = blocks(lane);
    redan_sha256_lane_add(&lane->sha, lane->bytes + lane->used, n);
    lane->used += n * REDAN_SHA256_BLOCK;
    return REDAN_OK;
}

static enum redan_status work(struct redan_ctx *ctx, size_t index, void *arg)
{
    struct job *job = arg;
    REDAN_DEFER(worker_done)
    struct worker w = {.ctx = ctx,
                       .job = job,
                       .place = {.root = job->root, .follow = job->options->follow, .folder = -1},
                       .failed_at = UINT64_MAX};

    w.lanes[0].reading.fd = -1;
    w.lanes[1].reading.fd = -1;
    for (;;) {
        feed(&w, &w.lanes[0], false);
        if (job->pair)
            feed(&w, &w.lanes[1], w.lanes[0].busy);
        if (!w.lanes[0].busy && !w.lanes[1].busy)
            break;
        enum redan_status status = hash_some(&w);
        if (status != REDAN_OK)
            abandon(&w, &w.lanes[0], status); /* the one lane there is then */
    }
    if (w.untold > 0)
        tell(&w);
    job->failed_at[index] = w.failed_at;
    if (w.failed_at == UINT64_MAX)
        return REDAN_OK;
    job->failures[index] = w.failure;
    ctx->failure = w.failure;
    return w.failure.status;
}

static enum redan_status run(struct redan_ctx *ctx, struct job *job)
{
    bool told = ctx->failure.status != REDAN_OK;
    uint64_t largest = job->names ? REDAN_TREE_CHUNK : job->cut.largest;
    size_t whole = largest < REDAN_TREE_CHUNK ? (size_t)largest : REDAN_TREE_CHUNK - 1;

    if (job->cut.count == 0)
        return REDAN_OK;
    job->chunk = (whole / REDAN_SHA256_BLOCK + 1) * REDAN_SHA256_BLOCK;
    job->tasks = redan_pool_threads(ctx, job->cut.count);
    job->failures = redan_take_array(ctx, job->tasks, sizeof(*job->failures));
    job->failed_at = redan_take_array(ctx, job->tasks, sizeof(*job->failed_at));
    if (!job->failures || !job->failed_at)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < job->tasks; i++)
        job->failed_at[i] = UINT64_MAX;
    atomic_store(&job->next, 0);
    atomic_store(&job->begun, 0);
    enum redan_status status = redan_pool_each(ctx, job->tasks, work, job);
    if (status == REDAN_OK)
        return REDAN_OK;
    size_t first = 0;
    for (size_t i = 1; i < job->tasks; i++) {
        if (job->failed_at[i] < job->failed_at[first])
            first = i;
    }
    if (job->failed_at[first] == UINT64_MAX)
        return status; /* of the pool itself */
    if (!told)
        ctx->failure = job->failures[first];
    return job->failures[first].status;
}

static enum redan_status weigh(struct redan_ctx *ctx, struct redan_tree *tree)
{
    char shown[REDAN_OS_SHOW];

    tree->bytes = 0;
    for (size_t i = 0; i < tree->count; i++) {
        if (__builtin_add_overflow(tree->bytes, tree->files[i].size, &tree->bytes))
            return redan_fail(ctx, REDAN_E_LIMIT, 0, "%s makes the folder too large",
                              redan_os_show(tree->files[i].path, shown));
    }
    return REDAN_OK;
}

/* All units; or those that are small, which shows when they are opened, and then the others. */
static enum redan_status hash_units(struct redan_ctx *ctx, struct job *job)
{
    for (size_t i = 0; i < job->tree->count && !job->names; i++)
        job->names = !redan_tree_seen(&job->tree->files[i]);
    REDAN_TRY(redan_tree_cut(ctx, job->tree, !job->names, true, &job->cut));
    REDAN_TRY(run(ctx, job));
    if (!job->names)
        return REDAN_OK;
    job->names = false;
    REDAN_TRY(weigh(ctx, job->tree));
    REDAN_TRY(redan_tree_cut(ctx, job->tree, true, false, &job->cut));
    return run(ctx, job);
}

enum redan_status redan_tree_hash(struct redan_ctx *ctx, int root,
                                  const struct redan_tree_options *options, struct redan_tree *tree)
{
    struct job job = {.root = root,
                      .options = options,
                      .tree = tree,
                      .hash = options->ranges ? options->hash : REDAN_HASH_SHA256,
                      .telling = ATOMIC_FLAG_INIT};

    REDAN_TRY(redan_hash_ready(ctx, job.hash));
    REDAN_TRY(weigh(ctx, tree));
    if (options->ranges)
        REDAN_TRY(redan_tree_lay_ranges(ctx, options->shard, tree));
    if (tree->count == 0)
        return REDAN_OK;
    struct redan_arena_mark mark = redan_arena_mark(&ctx->arena);
    job.pair = job.hash == REDAN_HASH_SHA256 && !options->plain && redan_sha256_pair_usable();
    atomic_init(&job.next, 0);
    atomic_init(&job.begun, 0);
    atomic_init(&job.failed, UINT64_MAX);
    atomic_init(&job.done, 0);
    REDAN_TRY(hash_units(ctx, &job));
    if (options->progress)
        options->progress(options->arg, tree->bytes, tree->bytes);
    redan_arena_reset(&ctx->arena, mark);
    return REDAN_OK;
}
