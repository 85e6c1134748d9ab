/* The one file that calls malloc. */
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static bool refuse(struct redan_mem *mem, size_t more)
{
    mem->calls++;
    if (mem->fail_at != 0 && mem->calls >= mem->fail_at)
        return true;
    return more > mem->max || mem->used > mem->max - more;
}

static void count(struct redan_mem *mem, size_t more)
{
    mem->used += more;
    if (mem->used > mem->peak)
        mem->peak = mem->used;
}

static void *large_page(void)
{
    void *block = aligned_alloc(REDAN_MEM_LARGE, REDAN_MEM_LARGE);

    if (block)
        (void)madvise(block, REDAN_MEM_LARGE, MADV_HUGEPAGE); /* refused is slower, not wrong */
    return block;
}

void *redan_mem_take(struct redan_mem *mem, size_t size)
{
    if (refuse(mem, size))
        return NULL;
    void *block = size == REDAN_MEM_LARGE ? large_page() : malloc(size ? size : 1);
    if (block)
        count(mem, size);
    return block;
}

void *redan_mem_resize(struct redan_mem *mem, void *block, size_t old, size_t size)
{
    if (refuse(mem, size > old ? size - old : 0))
        return NULL;
    void *moved = realloc(block, size ? size : 1);
    if (!moved)
        return NULL;
    mem->used -= old;
    count(mem, size);
    return moved;
}

void *redan_mem_take_pages(struct redan_mem *mem, size_t size)
{
    if (refuse(mem, size))
        return NULL;
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        return NULL;
    if (madvise(pages, size, MADV_WIPEONFORK) != 0) {
        (void)munmap(pages, size);
        return NULL;
    }
    count(mem, size);
    return pages;
}

void redan_mem_give_pages(struct redan_mem *mem, void *pages, size_t size)
{
    if (!pages)
        return;
    mem->used -= size;
    (void)munmap(pages, size);
}

void redan_mem_give(struct redan_mem *mem, void *block, size_t size)
{
    if (!block)
        return;
    mem->used -= size;
    free(block);
}

void redan_mem_cleanse(void *bytes, size_t size)
{
    if (size)
        explicit_bzero(bytes, size);
}
