/* Ranges of shards, and batches that neither keep a thread waiting nor send it from folder to folder. */
#include "io/tree_cut.h"

#include <stdlib.h>

enum { BATCH_BYTES = 4 << 20, BATCH_UNITS = 64 };

enum redan_status redan_tree_lay_ranges(struct redan_ctx *ctx, uint64_t shard,
                                        struct redan_tree *tree)
{
    uint64_t count = 0;

    for (size_t i = 0; i < tree->count; i++) {
        uint64_t size = tree->files[i].size;
        uint64_t n = shard == 0 || size == 0 ? 1 : (size - 1) / shard + 1;
        if (n > ctx->limits.nodes || (count += n) > ctx->limits.nodes)
            return redan_fail(ctx, REDAN_E_LIMIT, 0,
                              "shards of %llu bytes cut these files into more than %zu; choose "
                              "larger ones",
                              (unsigned long long)shard, ctx->limits.nodes);
    }
    if (count == 0)
        return REDAN_OK;
    struct redan_tree_range *ranges = redan_take_array(ctx, (size_t)count, sizeof(*ranges));
    if (!ranges)
        return REDAN_E_MEMORY;
    tree->ranges = ranges;
    tree->range_count = (size_t)count;
    for (size_t i = 0; i < tree->count; i++) {
        uint64_t size = tree->files[i].size;
        uint64_t at = 0;
        do {
            uint64_t to = shard == 0 || size - at < shard ? size : at + shard;
            *ranges++ = (struct redan_tree_range){.file = i, .from = at, .to = to};
            at = to;
        } while (at < size);
    }
    return REDAN_OK;
}

struct redan_tree_range redan_tree_unit(const struct redan_tree *tree, size_t unit)
{
    if (tree->ranges) { /* not the digest, which another thread may be writing */
        const struct redan_tree_range *range = &tree->ranges[unit];
        return (struct redan_tree_range){.file = range->file, .from = range->from, .to = range->to};
    }
    return (struct redan_tree_range){.file = unit, .to = tree->files[unit].size};
}

size_t redan_tree_units(const struct redan_tree *tree)
{
    return tree->ranges ? tree->range_count : tree->count;
}

static uint64_t unit_size(const struct redan_tree *tree, size_t unit)
{
    if (!tree->ranges)
        return tree->files[unit].size;
    return tree->ranges[unit].to - tree->ranges[unit].from;
}

static int by_size(const void *a, const void *b)
{
    const struct redan_tree_batch *x = a;
    const struct redan_tree_batch *y = b;

    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    return x->from < y->from ? -1 : x->from > y->from;
}

/* With no place to write to they are counted. */
static size_t lay_big(const struct redan_tree *tree, bool big, struct redan_tree_batch *batches)
{
    size_t n = 0;

    for (size_t i = 0; big && i < redan_tree_units(tree); i++) {
        uint64_t size = unit_size(tree, i);
        if (size <= REDAN_TREE_BIG)
            continue;
        if (batches)
            batches[n] = (struct redan_tree_batch){i, i + 1, size};
        n++;
    }
    return n;
}

static size_t lay_small(const struct redan_tree *tree, bool small, bool big,
                        struct redan_tree_batch *batches)
{
    size_t units = redan_tree_units(tree);
    size_t n = 0;

    for (size_t i = 0; small && i < units; n++) {
        size_t from = i;
        uint64_t bytes = 0;
        while (i < units && i - from < BATCH_UNITS && bytes < BATCH_BYTES) {
            uint64_t size = unit_size(tree, i++);
            bytes += big && size > REDAN_TREE_BIG ? 0 : size;
        }
        if (batches)
            batches[n] = (struct redan_tree_batch){from, i, 0};
    }
    return n;
}

enum redan_status redan_tree_cut(struct redan_ctx *ctx, const struct redan_tree *tree, bool big,
                                 bool small, struct redan_tree_cut *cut)
{
    size_t bigs = lay_big(tree, big, NULL);
    size_t count = bigs + lay_small(tree, small, big, NULL);
    struct redan_tree_cut made = {.count = count};

    if (count > 0) {
        made.batches = redan_take_array(ctx, count, sizeof(*made.batches));
        if (!made.batches)
            return REDAN_E_MEMORY;
        (void)lay_big(tree, big, made.batches);
        (void)lay_small(tree, small, big, made.batches + bigs);
        if (bigs > 1)
            qsort(made.batches, bigs, sizeof(*made.batches), by_size);
    }
    for (size_t i = 0; i < redan_tree_units(tree); i++) {
        uint64_t size = unit_size(tree, i);
        made.largest = size > made.largest ? size : made.largest;
    }
    *cut = made;
    return REDAN_OK;
}
