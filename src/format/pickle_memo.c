/* The memo of a pickle: chunks of entries from 0 upwards, and a table of those whose index lies far beyond. */
#include "format/pickle_machine.h"

#include <string.h>

enum {
    CHUNK = 4096, /* entries */
    FIRST = 64,
    SLACK = CHUNK / 2, /* an index so far beyond twice the entries still goes into a chunk */
};

static bool refused(struct redan_pickle *pk)
{
    pk->status = redan_fail(pk->ctx, REDAN_E_MEMORY, pk->op_offset, "no memory for a memo");
    return false;
}

void redan_pm_memo_clear(struct redan_pm_memo *memo)
{
    memo->len = 0;
    memo->count = 0;
    if (memo->sparse_len)
        memset(memo->sparse, 0xff, memo->sparse_cap * sizeof(*memo->sparse));
    memo->sparse_len = 0;
}

void redan_pm_memo_done(struct redan_mem *mem, struct redan_pm_memo *memo)
{
    for (size_t i = 0; i < memo->chunk_count; i++)
        redan_mem_give(mem, memo->chunks[i], CHUNK * sizeof(**memo->chunks));
    redan_mem_give(mem, memo->chunks, memo->chunk_cap * sizeof(struct redan_pm_packed *));
    redan_mem_give(mem, memo->sparse, memo->sparse_cap * sizeof(*memo->sparse));
}

static struct redan_pm_packed *entry(const struct redan_pm_memo *memo, size_t at)
{
    return &memo->chunks[at / CHUNK][at % CHUNK];
}

static bool pack(struct redan_pm_cell cell, struct redan_pm_packed *packed)
{
    if (cell.a >> 40 || cell.kept >= 32 || cell.store >= 8)
        return false;
    *packed = (struct redan_pm_packed){
        .a_low = (uint32_t)cell.a,
        .a_high = (uint8_t)(cell.a >> 32),
        .b = cell.b,
        .kind = cell.kind,
        .holds = cell.holds,
        .store_kept = (uint8_t)(cell.store | cell.kept << 3),
    };
    return true;
}

static struct redan_pm_cell unpack(const struct redan_pm_packed *packed)
{
    return (struct redan_pm_cell){
        .a = packed->a_low | (uint64_t)packed->a_high << 32,
        .b = packed->b,
        .kind = packed->kind,
        .holds = packed->holds,
        .store = packed->store_kept & 7,
        .kept = packed->store_kept >> 3,
    };
}

static struct redan_pm_sparse *find(const struct redan_pm_memo *memo, uint64_t index)
{
    size_t i = (size_t)((index * 0x9e3779b97f4a7c15U) >> 20) & (memo->sparse_cap - 1);

    while (memo->sparse[i].cell.kind != REDAN_PM_EMPTY && memo->sparse[i].index != index)
        i = (i + 1) & (memo->sparse_cap - 1);
    return &memo->sparse[i];
}

static bool sparse_grow(struct redan_pickle *pk, struct redan_pm_memo *memo)
{
    struct redan_pm_memo bigger = *memo;

    if (memo->sparse_len < memo->sparse_cap / 2)
        return true;
    bigger.sparse_cap = memo->sparse_cap ? memo->sparse_cap * 2 : FIRST;
    bigger.sparse = redan_mem_take(&pk->ctx->mem, bigger.sparse_cap * sizeof(*bigger.sparse));
    if (!bigger.sparse)
        return refused(pk);
    memset(bigger.sparse, 0xff, bigger.sparse_cap * sizeof(*bigger.sparse));
    for (size_t i = 0; i < memo->sparse_cap; i++) {
        if (memo->sparse[i].cell.kind != REDAN_PM_EMPTY)
            *find(&bigger, memo->sparse[i].index) = memo->sparse[i];
    }
    redan_mem_give(&pk->ctx->mem, memo->sparse, memo->sparse_cap * sizeof(*memo->sparse));
    *memo = bigger;
    return true;
}

/* Chunks up to the one that holds `at`. */
static bool chunks(struct redan_pickle *pk, struct redan_pm_memo *memo, size_t at)
{
    while (memo->chunk_count <= at / CHUNK) {
        if (memo->chunk_count == memo->chunk_cap) {
            size_t cap = memo->chunk_cap ? memo->chunk_cap * 2 : 16;
            struct redan_pm_packed **grown = redan_mem_resize(
                &pk->ctx->mem, memo->chunks, memo->chunk_cap * sizeof(struct redan_pm_packed *),
                cap * sizeof(struct redan_pm_packed *));

            if (!grown)
                return refused(pk);
            memo->chunks = grown;
            memo->chunk_cap = cap;
        }
        struct redan_pm_packed *chunk = redan_mem_take(&pk->ctx->mem, CHUNK * sizeof(*chunk));

        if (!chunk)
            return refused(pk);
        memo->chunks[memo->chunk_count++] = chunk;
    }
    return true;
}

bool redan_pm_memo_get(const struct redan_pm_memo *memo, uint64_t index, struct redan_pm_cell *cell)
{
    struct redan_pm_cell found = {.kind = REDAN_PM_EMPTY};

    if (index < memo->len)
        found = unpack(entry(memo, (size_t)index));
    if (found.kind == REDAN_PM_EMPTY && memo->sparse_len)
        found = find(memo, index)->cell;
    if (found.kind == REDAN_PM_EMPTY)
        return false;
    *cell = found;
    return true;
}

bool redan_pm_memo_put(struct redan_pickle *pk, struct redan_pm_memo *memo, uint64_t index,
                       struct redan_pm_cell cell)
{
    struct redan_pm_cell had;

    if (REDAN_LIKELY(index == memo->len && index % CHUNK != 0 && memo->sparse_len == 0 &&
                     index < memo->chunk_count * CHUNK &&
                     memo->count < pk->ctx->limits.pickle_memo)) {
        if (pack(cell, entry(memo, (size_t)index))) { /* what picklers write */
            memo->len++;
            memo->count++;
            return true;
        }
    }
    if (!redan_pm_memo_get(memo, index, &had)) {
        if (memo->count >= pk->ctx->limits.pickle_memo) {
            pk->ended = "budget";
            return false;
        }
        memo->count++;
    }
    bool dense = index < memo->len || index < 2 * memo->count + SLACK;

    if (dense) {
        size_t at = (size_t)index;
        struct redan_pm_packed *to = NULL;

        if (!chunks(pk, memo, at))
            return false;
        for (; memo->len <= at; memo->len++)
            entry(memo, memo->len)->kind = REDAN_PM_EMPTY;
        to = entry(memo, at);
        if (pack(cell, to))
            return true;
        to->kind = REDAN_PM_EMPTY;
    }
    if (!sparse_grow(pk, memo))
        return false;
    struct redan_pm_sparse *slot = find(memo, index);

    if (slot->cell.kind == REDAN_PM_EMPTY)
        memo->sparse_len++;
    slot->index = index;
    slot->cell = cell;
    return true;
}
