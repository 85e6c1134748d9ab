/* The bytes that the pickle machine reads: a window that moves forward, and short texts that a stream would not give again. */
#include "format/pickle_machine.h"

#include <string.h>

enum {
    POOL_ENTRIES = 1 << 14, /* a power of two; three quarters are used */
    POOL_BYTES = 700 << 10, /* three of them are about 2 MiB */
    POOL_TEXT = 200,        /* longer texts are not kept */
    WINDOW = 256 << 10,
};

static bool view(struct redan_pickle *pk, uint64_t offset, size_t len)
{
    struct redan_slice got = {0};
    enum redan_status status = redan_source_view(pk->ctx, pk->source, offset, len, &got);

    if (status == REDAN_E_LIMIT || status == REDAN_E_SYNTAX) {
        redan_fail_clear(pk->ctx); /* it ends here, and the source says why */
        got = (struct redan_slice){"", 0};
    } else if (status != REDAN_OK) {
        pk->status = status;
        return false;
    }
    pk->base = pk->p = (const uint8_t *)got.at;
    pk->end = pk->base + got.len;
    pk->base_at = offset;
    pk->turn = pk->source->turn;
    return true;
}

bool redan_pm_need_more(struct redan_pickle *pk, size_t len)
{
    if (!pk->source->memory.at || pk->turn != pk->source->turn) {
        if (!view(pk, redan_pm_offset(pk), len > WINDOW ? len : WINDOW))
            return false;
        if ((size_t)(pk->end - pk->p) >= len)
            return true;
    }
    pk->ended = "truncated";
    return false;
}

void redan_pm_seek(struct redan_pickle *pk, uint64_t offset)
{
    if (pk->base && offset >= pk->base_at &&
        offset - pk->base_at <= (uint64_t)(pk->end - pk->base) && pk->turn == pk->source->turn) {
        pk->p = pk->base + (size_t)(offset - pk->base_at);
        return;
    }
    if (pk->source->memory.at) {
        size_t all = pk->source->memory.len;

        pk->base = (const uint8_t *)pk->source->memory.at;
        pk->base_at = 0;
        pk->end = pk->base + all;
        pk->p = pk->base + (offset < all ? (size_t)offset : all);
        pk->turn = pk->source->turn;
        return;
    }
    pk->base = pk->p = pk->end = (const uint8_t *)"";
    pk->base_at = offset;
    pk->turn = pk->source->turn;
}

bool redan_pm_remains(struct redan_pickle *pk, uint64_t least)
{
    uint64_t at = redan_pm_offset(pk);

    if ((uint64_t)(pk->end - pk->p) >= least)
        return true;
    if (pk->source->memory.at)
        return at <= pk->source->memory.len && pk->source->memory.len - at >= least;
    if (pk->source->size != REDAN_SOURCE_UNKNOWN)
        return at <= pk->source->size && pk->source->size - at >= least;
    return least < (uint64_t)1 << 46; /* a stream: its end will show */
}

void redan_pm_bytes_done(struct redan_pickle *pk)
{
    for (size_t i = 0; i < REDAN_COUNT(pk->pools); i++) {
        if (pk->pools[i].entries)
            redan_mem_give(&pk->ctx->mem, pk->pools[i].entries,
                           POOL_ENTRIES * sizeof(*pk->pools[i].entries));
        if (pk->pools[i].bytes)
            redan_mem_give(&pk->ctx->mem, pk->pools[i].bytes, POOL_BYTES);
    }
}

struct redan_slice redan_pm_peek(struct redan_pickle *pk, uint64_t offset, size_t len)
{
    struct redan_slice got = {"", 0};

    if (pk->turn == pk->source->turn && offset >= pk->base_at &&
        offset - pk->base_at <= (uint64_t)(pk->end - pk->base)) {
        size_t from = (size_t)(offset - pk->base_at);
        size_t have = (size_t)(pk->end - pk->base) - from;

        if (have >= len)
            return (struct redan_slice){(const char *)pk->base + from, len};
    }
    enum redan_status status = redan_source_view(pk->ctx, pk->source, offset, len, &got);

    if (status == REDAN_E_LIMIT || status == REDAN_E_SYNTAX)
        redan_fail_clear(pk->ctx);
    else if (status != REDAN_OK)
        pk->status = status;
    return status == REDAN_OK ? got : (struct redan_slice){"", 0};
}

bool redan_pm_refresh(struct redan_pickle *pk)
{
    if (REDAN_LIKELY(pk->turn == pk->source->turn))
        return true;
    return view(pk, redan_pm_offset(pk), WINDOW);
}

static struct redan_pm_pool_entry *find(const struct redan_pm_pool *pool, uint64_t offset)
{
    size_t i = (size_t)((offset * 0x9e3779b97f4a7c15U) >> 50) & (POOL_ENTRIES - 1);

    while (pool->entries[i].len && pool->entries[i].offset != offset)
        i = (i + 1) & (POOL_ENTRIES - 1);
    return &pool->entries[i];
}

static bool pool_ready(struct redan_pickle *pk, struct redan_pm_pool *pool)
{
    if (!pool->entries) {
        pool->entries = redan_mem_take(&pk->ctx->mem, POOL_ENTRIES * sizeof(*pool->entries));
        if (pool->entries)
            memset(pool->entries, 0, POOL_ENTRIES * sizeof(*pool->entries));
    }
    if (!pool->bytes)
        pool->bytes = redan_mem_take(&pk->ctx->mem, POOL_BYTES);
    if (pool->entries && pool->bytes)
        return true;
    pk->status = redan_fail(pk->ctx, REDAN_E_MEMORY, pk->op_offset, "no memory for texts");
    return false;
}

void redan_pm_remember(struct redan_pickle *pk, size_t pool, uint64_t offset, const uint8_t *bytes,
                       size_t len)
{
    struct redan_pm_pool *into = &pk->pools[pool];

    if (pk->source->memory.at || len > POOL_TEXT || !pool_ready(pk, into))
        return;
    if (len > POOL_BYTES - into->len || into->used >= POOL_ENTRIES / 4 * 3) {
        if (pool == 0)
            return;
        struct redan_pm_pool swap = pk->pools[2]; /* the young become old, the old go */

        pk->pools[2] = pk->pools[1];
        pk->pools[1] = swap;
        if (!pool_ready(pk, into))
            return;
        memset(into->entries, 0, POOL_ENTRIES * sizeof(*into->entries));
        into->used = into->len = 0;
    }
    struct redan_pm_pool_entry *entry = find(into, offset);

    if (entry->len)
        return;
    *entry = (struct redan_pm_pool_entry){offset, (uint32_t)into->len, (uint32_t)len + 1};
    if (len)
        memcpy(into->bytes + into->len, bytes, len);
    into->len += len;
    into->used++;
}

struct redan_slice redan_pm_recall(struct redan_pickle *pk, uint64_t offset, size_t len)
{
    for (size_t i = 0; i < REDAN_COUNT(pk->pools) && len <= POOL_TEXT; i++) {
        const struct redan_pm_pool *pool = &pk->pools[i];

        if (!pool->entries || !pool->bytes)
            continue;
        const struct redan_pm_pool_entry *entry = find(pool, offset);
        if (entry->len > len)
            return (struct redan_slice){pool->bytes + entry->place, len};
    }
    return redan_pm_peek(pk, offset, redan_min_size(len, REDAN_SOURCE_VIEW));
}
