/* The one door to the heap: counts what a context holds, refuses over its limit, and can be told to fail. */
#ifndef REDAN_BASE_MEM_H
#define REDAN_BASE_MEM_H

#include "base/base.h"

struct redan_mem {
    size_t used;      /* bytes held now */
    size_t peak;      /* most bytes held at once */
    size_t max;       /* bytes that may be held */
    uint64_t calls;   /* allocations asked for so far */
    uint64_t fail_at; /* tests: the call with this number, and every later one, fails; 0 = never */
};

/* NULL when the limit or the machine refuses. The bytes are not cleared. */
void *redan_mem_take(struct redan_mem *mem, size_t size);
enum {
    REDAN_MEM_LARGE = 2 << 20
}; /* a block of this very size lies in one large page where the kernel has them */
/* Grow or shrink a block of `old` bytes; NULL leaves the block as it was. */
void *redan_mem_resize(struct redan_mem *mem, void *block, size_t old, size_t size);
/* Give a block back; NULL is accepted. `size` is what it was taken with. */
void redan_mem_give(struct redan_mem *mem, void *block, size_t size);
/* Cleared pages of which a child that is forked finds cleared ones of its own; given back by _give_pages alone. NULL likewise. */
void *redan_mem_take_pages(struct redan_mem *mem, size_t size);
void redan_mem_give_pages(struct redan_mem *mem, void *pages, size_t size);
/* Clear bytes so that the compiler cannot leave them. */
void redan_mem_cleanse(void *bytes, size_t size);

#endif
