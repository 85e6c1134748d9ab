/* Sorting and comparing the places and names of tensors, in n log n. */
#include "format/extent.h"

#include <stdlib.h>

#include "base/map.h"

void redan_extents_init(struct redan_extents *extents, struct redan_ctx *ctx)
{
    size_t max = SIZE_MAX;

    if (!redan_mul_size(ctx->limits.nodes, sizeof(struct redan_extent), &max))
        max = SIZE_MAX;
    *extents = (struct redan_extents){.sorted = true};
    redan_buf_init(&extents->buf, ctx, max);
}

void redan_extents_done(struct redan_extents *extents)
{
    redan_buf_done(&extents->buf);
}

static int by_place(const void *left, const void *right)
{
    const struct redan_extent *a = left, *b = right;

    if (a->begin != b->begin)
        return a->begin < b->begin ? -1 : 1;
    return a->end < b->end ? -1 : a->end > b->end;
}

enum redan_status redan_extents_add(struct redan_ctx *ctx, struct redan_extents *extents,
                                    uint64_t begin, uint64_t end)
{
    struct redan_extent next = {begin, end};

    if (extents->sorted && extents->count) {
        const struct redan_extent *all = (const struct redan_extent *)(void *)extents->buf.data;
        extents->sorted = by_place(&all[extents->count - 1], &next) <= 0;
    }
    redan_buf_add(&extents->buf, &next, sizeof(next));
    REDAN_TRY(redan_buf_ok(ctx, &extents->buf, "the places of tensors"));
    extents->count++;
    return REDAN_OK;
}

const struct redan_extent *redan_extents_sort(struct redan_extents *extents)
{
    struct redan_extent *all = (struct redan_extent *)(void *)extents->buf.data;

    if (!extents->sorted)
        qsort(all, extents->count, sizeof(*all), by_place);
    extents->sorted = true;
    return all;
}

void redan_names_init(struct redan_names *names, struct redan_ctx *ctx)
{
    size_t max = SIZE_MAX;

    if (!redan_mul_size(ctx->limits.nodes, sizeof(uint64_t), &max))
        max = SIZE_MAX;
    *names = (struct redan_names){.seed = ctx->seed};
    redan_buf_init(&names->buf, ctx, max);
}

void redan_names_done(struct redan_names *names)
{
    redan_buf_done(&names->buf);
}

enum redan_status redan_names_add(struct redan_ctx *ctx, struct redan_names *names,
                                  struct redan_slice name)
{
    uint64_t hash = redan_hash(names->seed, name);

    redan_buf_add(&names->buf, &hash, sizeof(hash));
    REDAN_TRY(redan_buf_ok(ctx, &names->buf, "the names of tensors"));
    names->count++;
    return REDAN_OK;
}

static int by_hash(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

    return a < b ? -1 : a > b;
}

bool redan_names_twice(struct redan_names *names)
{
    uint64_t *all = (uint64_t *)(void *)names->buf.data;

    if (names->count > 1)
        qsort(all, names->count, sizeof(*all), by_hash);
    for (size_t i = 1; i < names->count; i++) {
        if (all[i] == all[i - 1])
            return true;
    }
    return false;
}
