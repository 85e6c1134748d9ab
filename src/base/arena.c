/* Chunks in a list; under AddressSanitizer each object is its own chunk, or the sanitizer is blind. */
#include "base/arena.h"

#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define EXACT 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EXACT 1
#endif
#endif
#ifndef EXACT
#define EXACT 0
#endif

/* A context that holds much will hold more: from then on chunks of one large page each, which the kernel hands out at once. */
enum { CHUNK = 65536, LARGE_AFTER = 1 << 20, ALIGN = 16 };
#define LARGE (REDAN_MEM_LARGE - sizeof(struct redan_arena_block))

struct redan_arena_block {
    struct redan_arena_block *before;
    size_t size; /* usable bytes after the header */
    size_t used;
    size_t pad; /* keeps the payload aligned */
};

_Static_assert(sizeof(struct redan_arena_block) % ALIGN == 0, "payload must be aligned");

void redan_arena_init(struct redan_arena *arena, struct redan_mem *mem)
{
    *arena = (struct redan_arena){.mem = mem};
}

static void drop(struct redan_arena *arena)
{
    struct redan_arena_block *block = arena->last;

    arena->last = block->before;
    if (block->size == LARGE && !arena->spare && !EXACT) {
        arena->spare = block;
        return;
    }
    redan_mem_give(arena->mem, block, sizeof(*block) + block->size);
}

void redan_arena_done(struct redan_arena *arena)
{
    if (!arena)
        return;
    while (arena->last)
        drop(arena);
    if (arena->spare)
        redan_mem_give(arena->mem, arena->spare, sizeof(*arena->spare) + arena->spare->size);
    arena->spare = NULL;
}

static bool push(struct redan_arena *arena, size_t size)
{
    size_t whole = 0;

    if (!redan_add_size(size, sizeof(struct redan_arena_block), &whole))
        return false;
    struct redan_arena_block *block = size == LARGE ? arena->spare : NULL;
    if (block)
        arena->spare = NULL;
    else
        block = redan_mem_take(arena->mem, whole);
    if (!block)
        return false;
    *block = (struct redan_arena_block){.before = arena->last, .size = size};
    arena->last = block;
    return true;
}

void *redan_arena_room(struct redan_arena *arena, size_t size)
{
    size_t need = 0;

    if (!redan_add_size(size, ALIGN - 1, &need))
        return NULL;
    need &= ~(size_t)(ALIGN - 1);
    struct redan_arena_block *block = arena->last;
    if (EXACT) {
        if (!push(arena, size))
            return NULL;
        need = size;
    } else if (!block || block->size - block->used < need) {
        bool grown = arena->mem->used >= LARGE_AFTER && need <= LARGE && push(arena, LARGE);
        if (!grown && !push(arena, need > CHUNK ? need : CHUNK))
            return NULL;
    }
    block = arena->last;
    char *bytes = (char *)(block + 1) + block->used;
    block->used += need;
    return bytes;
}

void *redan_arena_take(struct redan_arena *arena, size_t size)
{
    void *bytes = redan_arena_room(arena, size);

    if (bytes && size)
        memset(bytes, 0, size);
    return bytes;
}

void *redan_arena_array(struct redan_arena *arena, size_t count, size_t size)
{
    size_t whole = 0;

    return redan_mul_size(count, size, &whole) ? redan_arena_take(arena, whole) : NULL;
}

struct redan_arena_mark redan_arena_mark(const struct redan_arena *arena)
{
    return (struct redan_arena_mark){arena->last, arena->last ? arena->last->used : 0};
}

void redan_arena_reset(struct redan_arena *arena, struct redan_arena_mark mark)
{
    while (arena->last && arena->last != mark.block)
        drop(arena);
    if (arena->last)
        arena->last->used = mark.used;
}

void redan_arena_adopt(struct redan_arena *arena, struct redan_arena *from)
{
    struct redan_arena_block *lowest = NULL;
    size_t whole = 0;

    for (struct redan_arena_block *block = from->last; block; block = block->before) {
        whole += sizeof(*block) + block->size;
        lowest = block;
    }
    if (!lowest)
        return;
    from->mem->used -= whole;
    arena->mem->used += whole;
    if (arena->mem->used > arena->mem->peak)
        arena->mem->peak = arena->mem->used;
    lowest->before = arena->last; /* on top, so that a mark set before gives them back */
    arena->last = from->last;
    from->last = NULL;
}
