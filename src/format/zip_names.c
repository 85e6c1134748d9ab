/* Names that stand for several members of one archive: which of them is read depends on who reads. */
#include <stdlib.h>

#include "format/zip.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int by_lower(struct redan_slice a, struct redan_slice b)
{
    size_t n = redan_min_size(a.len, b.len);

    for (size_t i = 0; i < n; i++) {
        int order = (uint8_t)lower(a.at[i]) - (uint8_t)lower(b.at[i]);
        if (order != 0)
            return order;
    }
    return (a.len > b.len) - (a.len < b.len);
}

static int by_name(const void *a, const void *b)
{
    const struct zip_entry *const *x = a;
    const struct zip_entry *const *y = b;
    int order = by_lower((*x)->said.name, (*y)->said.name);

    if (order == 0)
        order = redan_slice_cmp((*x)->said.name, (*y)->said.name);
    return order ? order : ((*x)->local > (*y)->local) - ((*x)->local < (*y)->local);
}

static bool same_content(const struct zip_header *a, const struct zip_header *b)
{
    return a->crc == b->crc && a->unpacked == b->unpacked && a->packed == b->packed &&
           a->method == b->method;
}

static enum redan_status compare(struct zip *zip, const struct zip_entry *a,
                                 const struct zip_entry *b)
{
    if (a->said.name_len != b->said.name_len || same_content(&a->said, &b->said))
        return REDAN_OK;
    if (redan_slice_eq(a->said.name, b->said.name))
        return redan_zip_defect(zip, "name-duplicate", b->local, b->said.name, a->said.name);
    if (by_lower(a->said.name, b->said.name) == 0)
        return redan_zip_defect(zip, "name-case", b->local, b->said.name, a->said.name);
    return REDAN_OK;
}

enum redan_status redan_zip_compare_names(struct zip *zip)
{
    size_t bytes = zip->count * sizeof(struct zip_entry *);
    enum redan_status status = REDAN_OK;

    if (zip->count < 2)
        return REDAN_OK;
    const struct zip_entry **sorted = redan_mem_take(&zip->ctx->mem, bytes);
    if (!sorted)
        return redan_fail(zip->ctx, REDAN_E_MEMORY, 0, "no memory for %zu names", zip->count);
    for (size_t i = 0; i < zip->count; i++)
        sorted[i] = &zip->entries[i];
    qsort(sorted, zip->count, sizeof(*sorted), by_name);
    for (size_t i = 1; i < zip->count && status == REDAN_OK; i++)
        status = compare(zip, sorted[i - 1], sorted[i]);
    redan_mem_give(&zip->ctx->mem, sorted, bytes);
    return status;
}
