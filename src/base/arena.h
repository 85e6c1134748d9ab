/* Memory for things that die together: taken piece by piece, given back in one call. */
#ifndef REDAN_BASE_ARENA_H
#define REDAN_BASE_ARENA_H

#include "base/mem.h"
#include "base/slice.h"

struct redan_arena_block;

struct redan_arena {
    struct redan_mem *mem;
    struct redan_arena_block *last;
    struct redan_arena_block
        *spare; /* a large one that was given back: the kernel clears a new one anew */
};

/* A place to return to: everything taken after it goes. */
struct redan_arena_mark {
    struct redan_arena_block *block;
    size_t used;
};

void redan_arena_init(struct redan_arena *arena, struct redan_mem *mem);
void redan_arena_done(struct redan_arena *arena);
/* Cleared bytes, aligned for any type; NULL when the memory limit refuses. */
void *redan_arena_take(struct redan_arena *arena, size_t size);
/* The same, but not cleared: for what may never be used, or is written at once. */
void *redan_arena_room(struct redan_arena *arena, size_t size);
/* `count` cleared elements of `size` bytes; NULL on overflow or refusal. */
void *redan_arena_array(struct redan_arena *arena, size_t count, size_t size);
struct redan_arena_mark redan_arena_mark(const struct redan_arena *arena);
void redan_arena_reset(struct redan_arena *arena, struct redan_arena_mark mark);
/* Move every block of `from` into `arena`; both count against their own context's memory. */
void redan_arena_adopt(struct redan_arena *arena, struct redan_arena *from);

#endif
