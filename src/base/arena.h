/* Memory for things that die together: taken piece by piece, given back in one call. */
#ifndef REDAN_BASE_ARENA_H
#define REDAN_BASE_ARENA_H

#include "base/mem.h"
#include "base/slice.h"

struct redan_arena_block;

struct redan_arena {
    struct redan_mem *mem;
    struct redan_arena_block *last;
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
/* `count` cleared elements of `size` bytes; NULL on overflow or refusal. */
void *redan_arena_array(struct redan_arena *arena, size_t count, size_t size);
struct redan_arena_mark redan_arena_mark(const struct redan_arena *arena);
void redan_arena_reset(struct redan_arena *arena, struct redan_arena_mark mark);
/* Move every block of `from` into `arena`; both count against their own context's memory. */
void redan_arena_adopt(struct redan_arena *arena, struct redan_arena *from);

#endif
