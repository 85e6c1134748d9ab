/* One central directory of a ZIP archive, walked header by header as far as there are any. */
#include "format/zip.h"

static enum redan_status compare_counts(struct zip *zip, const struct zip_directory *directory,
                                        uint64_t count)
{
    uint64_t size = directory->end - directory->start;
    uint64_t said = directory->count;
    bool same = directory->wide ? said == count : (said & UINT16_MAX) == (count & UINT16_MAX);

    if (!same)
        REDAN_TRY(redan_zip_defect(
            zip, "directory-count", directory->start, REDAN_S(""),
            REDAN_S("the end record counts other members than the directory has")));
    if (directory->size != size && directory->size != UINT32_MAX)
        REDAN_TRY(redan_zip_defect(zip, "directory-size", directory->start, REDAN_S(""),
                                   REDAN_S("the directory is not as long as the end record says")));
    return REDAN_OK;
}

/* A header of another directory that is the same word for word adds nothing. */
static bool known(const struct zip *zip, size_t before, const struct zip_header *header,
                  uint64_t local)
{
    for (size_t i = 0; i < before; i++) {
        const struct zip_entry *e = &zip->entries[i];
        if (e->local == local && e->said.method == header->method &&
            e->said.packed == header->packed && redan_slice_eq(e->said.name, header->name))
            return true;
    }
    return false;
}

enum redan_status redan_zip_walk_directory(struct zip *zip, struct zip_directory *directory)
{
    uint64_t at = directory->start;
    uint64_t count = 0;
    size_t before = redan_min_size(zip->count, 1024); /* so that many directories stay cheap */
    struct zip_header header;

    for (;; count++) {
        enum redan_status status = redan_zip_read_central(zip, at, &header);
        if (status == REDAN_E_SYNTAX)
            break;
        REDAN_TRY(status);
        if (zip->count >= zip->ctx->limits.members) {
            directory->end = at;
            return redan_tell_unread(zip->to, REDAN_UNREAD_BUDGET, at, directory->size,
                                     REDAN_S("more members than are looked at"));
        }
        uint64_t local = header.local + directory->base;
        if (local < directory->base)
            local = REDAN_SOURCE_UNKNOWN; /* a sum that wraps points nowhere */
        struct zip_entry *entry = NULL;
        if (!known(zip, before, &header, local)) {
            REDAN_TRY(redan_zip_add_entry(zip, &entry));
            entry->said = header;
            entry->at = at;
            entry->local = local;
            REDAN_TRY(redan_zip_keep(zip, header.name, &entry->said.name));
            if (header.unicode.len)
                REDAN_TRY(redan_zip_keep(zip, header.unicode, &entry->said.unicode));
            REDAN_TRY(redan_zip_locate(zip, entry));
        }
        if (header.len > zip->size - at) { /* a comment that goes past the end */
            at = zip->size;
            count++;
            break;
        }
        at += header.len;
    }
    directory->end = at;
    return compare_counts(zip, directory, count);
}
