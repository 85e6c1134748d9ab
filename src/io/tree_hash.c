/* Digests of many files: batches of one big or many small ones, biggest first so that all cores are busy to the end. */
#include "io/tree_hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/pool.h"

/* A chunk stays in the second-level cache between read and digest: 64 KiB took a quarter less time than 1 MiB. */
enum { CHUNK = 1 << 16, TELL = 1 << 20, BATCH_BYTES = 4 << 20, BATCH_FILES = 64 };

struct batch {
    size_t from;
    size_t to;
};

/* What the tasks share; found[i] belongs to the one task whose batch holds i. */
struct job {
    int root;
    const struct redan_tree_options *options;
    struct redan_tree_found **order;
    const struct batch *batches;
    uint64_t total;
    atomic_uint_fast64_t done;
    atomic_flag telling;
};

/* A read buffer, not cleared and not left in the arena. */
struct chunk {
    struct redan_mem *mem;
    char *bytes;
    size_t size;
};

static void chunk_done(struct chunk *chunk)
{
    redan_mem_give(chunk->mem, chunk->bytes, chunk->size);
}

static enum redan_status changed(struct redan_ctx *ctx, struct redan_slice path)
{
    char shown[REDAN_OS_SHOW];

    return redan_fail(ctx, REDAN_E_IO, 0, "%s changed while it was read; try again",
                      redan_os_show(path, shown));
}

/* One thread at a time tells; one that finds another telling goes on reading. */
static void tell(struct job *job, uint64_t more)
{
    (void)atomic_fetch_add_explicit(&job->done, more, memory_order_relaxed);
    if (!job->options->progress)
        return;
    if (atomic_flag_test_and_set_explicit(&job->telling, memory_order_acquire))
        return;
    job->options->progress(job->options->arg,
                           atomic_load_explicit(&job->done, memory_order_relaxed), job->total);
    atomic_flag_clear_explicit(&job->telling, memory_order_release);
}

/* Folder by folder, so that no link in the middle of the path is followed. */
static enum redan_status open_below(struct redan_ctx *ctx, const struct job *job,
                                    struct redan_slice path, int *fd, struct stat *st)
{
    REDAN_DEFER(redan_os_close) int folder = -1;
    char text[REDAN_OS_PATH];
    bool follow = job->options->follow;
    char *name = text;
    char *slash = NULL;

    REDAN_TRY(redan_os_path(ctx, path, text));
    while (job->root != AT_FDCWD && !follow && (slash = strchr(name, '/')) != NULL) {
        *slash = '\0';
        int next = redan_os_open(folder < 0 ? job->root : folder, name,
                                 O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
        if (next < 0 && (errno == ENOTDIR || errno == ENOENT || errno == ELOOP))
            return changed(ctx, path);
        if (next < 0)
            return redan_os_fail(ctx, errno, "read", path);
        redan_os_close(&folder);
        folder = next;
        name = slash + 1;
    }
    return redan_os_open_file(ctx, folder < 0 ? job->root : folder, name, path, follow, fd, st);
}

static enum redan_status hash_file(struct redan_ctx *ctx, struct job *job, struct chunk *chunk,
                                   struct redan_hasher *hasher, struct redan_tree_found *found)
{
    REDAN_DEFER(redan_os_close) int fd = -1;
    struct redan_slice path = found->file.path;
    struct stat st;
    uint64_t at = 0;
    uint64_t untold = 0;

    REDAN_TRY(open_below(ctx, job, path, &fd, &st));
    struct redan_os_mark mark = redan_os_mark(&st);
    if (!redan_os_same(&mark, &found->mark))
        return changed(ctx, path);
    if (mark.size > CHUNK)
        (void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    while (at < mark.size) { /* growth beyond shows in the size afterwards */
        size_t want = mark.size - at < CHUNK ? (size_t)(mark.size - at) : CHUNK;
        ssize_t n = redan_os_pread(fd, chunk->bytes, want, at);
        if (n < 0)
            return redan_os_fail(ctx, errno, "read", path);
        if ((size_t)n != want)
            return changed(ctx, path);
        REDAN_TRY(redan_hasher_add(ctx, hasher, (struct redan_slice){chunk->bytes, want}));
        at += want;
        untold += want;
        if (untold >= TELL || at == mark.size) {
            tell(job, untold);
            untold = 0;
        }
    }
    if (fstat(fd, &st) != 0)
        return redan_os_fail(ctx, errno, "read", path);
    mark = redan_os_mark(&st);
    if (!redan_os_same(&mark, &found->mark))
        return changed(ctx, path);
    return redan_hasher_end(ctx, hasher, &found->file.digest);
}

static enum redan_status hash_batch(struct redan_ctx *worker, size_t index, void *arg)
{
    struct job *job = arg;
    struct batch batch = job->batches[index];
    uint64_t largest = job->order[batch.from]->mark.size;
    REDAN_DEFER(chunk_done)
    struct chunk chunk = {.mem = &worker->mem, .size = largest < CHUNK ? (size_t)largest : CHUNK};
    REDAN_DEFER(redan_hasher_drop) struct redan_hasher *hasher = NULL;

    chunk.bytes = redan_mem_take(chunk.mem, chunk.size);
    if (!chunk.bytes)
        return redan_fail(worker, REDAN_E_MEMORY, 0, "no memory for reading files");
    REDAN_TRY(redan_hasher_new(worker, &hasher));
    for (size_t i = batch.from; i < batch.to; i++)
        REDAN_TRY(hash_file(worker, job, &chunk, hasher, job->order[i]));
    return REDAN_OK;
}

static int by_size(const void *a, const void *b)
{
    const struct redan_tree_found *x = *(struct redan_tree_found *const *)a;
    const struct redan_tree_found *y = *(struct redan_tree_found *const *)b;

    if (x->mark.size != y->mark.size)
        return x->mark.size > y->mark.size ? -1 : 1;
    return redan_slice_cmp(x->file.path, y->file.path);
}

static size_t cut_batches(struct redan_tree_found **order, size_t count, struct batch *batches)
{
    size_t n = 0;

    for (size_t i = 0; i < count; n++) {
        uint64_t bytes = 0;
        batches[n].from = i;
        while (i < count && i - batches[n].from < BATCH_FILES && bytes < BATCH_BYTES)
            bytes += order[i++]->mark.size;
        batches[n].to = i;
    }
    return n;
}

enum redan_status redan_tree_hash(struct redan_ctx *ctx, int root,
                                  const struct redan_tree_options *options,
                                  struct redan_tree_found *found, size_t count, uint64_t bytes)
{
    if (count == 0)
        return REDAN_OK;
    struct redan_arena_mark mark = redan_arena_mark(&ctx->arena);
    struct redan_tree_found **order =
        redan_take_array(ctx, count, sizeof(struct redan_tree_found *));
    struct batch *batches = redan_take_array(ctx, count, sizeof(*batches));
    if (!order || !batches)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < count; i++)
        order[i] = &found[i];
    qsort(order, count, sizeof(struct redan_tree_found *), by_size);
    struct job job = {.root = root,
                      .options = options,
                      .order = order,
                      .batches = batches,
                      .total = bytes,
                      .telling = ATOMIC_FLAG_INIT};
    atomic_init(&job.done, 0);
    size_t n = cut_batches(order, count, batches);
    REDAN_TRY(redan_pool_each(ctx, n, hash_batch, &job));
    if (options->progress)
        options->progress(options->arg, bytes, bytes);
    redan_arena_reset(&ctx->arena, mark);
    return REDAN_OK;
}
