/* A directory's entry and the local header it points to: where the data lies, and where the two disagree. */
#include <string.h>

#include "format/zip.h"

/* Whether the bytes are a descriptor of this entry: its checksum and sizes, of 4 or 8 bytes each. */
static bool describes(struct redan_slice bytes, size_t at, size_t width,
                      const struct zip_header *said)
{
    uint64_t values[3] = {0};
    const size_t widths[3] = {4, width, width};

    if (bytes.len < at + 4 + 2 * width)
        return false;
    for (size_t i = 0; i < 3; i++) {
        for (size_t k = widths[i]; k > 0; k--)
            values[i] = values[i] << 8 | (uint8_t)bytes.at[at + k - 1];
        at += widths[i];
    }
    return values[0] == said->crc && values[1] == said->packed && values[2] == said->unpacked;
}

enum redan_status redan_zip_descriptor_end(struct zip *zip, const struct zip_entry *entry,
                                           uint64_t at, uint64_t *end)
{
    static const struct {
        size_t mark; /* the signature is optional */
        size_t width;
    } forms[] = {{4, 8}, {4, 4}, {0, 8}, {0, 4}};
    struct redan_slice bytes = {0};
    uint32_t next = 0;

    *end = at;
    REDAN_TRY(redan_source_view(zip->ctx, zip->source, at, 24, &bytes));
    bool marked = bytes.len >= 4 && memcmp(bytes.at, "PK\7\10", 4) == 0;
    for (size_t i = 0; i < REDAN_COUNT(forms); i++) {
        if ((forms[i].mark == 0 || marked) &&
            describes(bytes, forms[i].mark, forms[i].width, &entry->said)) {
            *end = at + forms[i].mark + 4 + 2 * forms[i].width;
            return REDAN_OK;
        }
    }
    if (!marked || bytes.len < 16)
        return REDAN_OK;
    REDAN_TRY(redan_zip_signature(zip, at + 24, &next));
    bool wide = (next & UINT16_MAX) == (ZIP_LOCAL & UINT16_MAX);
    *end = at + (wide && bytes.len == 24 ? 24 : 16);
    return entry->orphan ? REDAN_OK
                         : redan_zip_defect(zip, "descriptor-differs", at, entry->said.name,
                                            REDAN_S("the record behind the data says other sizes"));
}

static bool ascii(struct redan_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((uint8_t)s.at[i] >= 0x80)
            return false;
    }
    return true;
}

/* The Unicode name is for letters that the other cannot show; where both can show theirs, they are the same. */
static bool two_names(const struct zip_header *header)
{
    return header->unicode.len > 0 && ascii(header->unicode) && ascii(header->name) &&
           !redan_slice_eq(header->unicode, header->name);
}

static enum redan_status compare_names(struct zip *zip, const struct zip_entry *entry,
                                       const struct zip_header *local)
{
    const struct zip_header *said = &entry->said;
    bool two = two_names(local); /* asked before anything is told: its name is borrowed */

    if (said->name_len != local->name_len || !redan_slice_eq(said->name, local->name))
        REDAN_TRY(redan_zip_defect(zip, "name-differs", entry->local, said->name, local->name));
    if (two_names(said))
        REDAN_TRY(redan_zip_defect(zip, "name-differs", entry->at, said->name, said->unicode));
    if (two)
        REDAN_TRY(redan_zip_defect(zip, "name-differs", entry->local, said->name, REDAN_S("")));
    return REDAN_OK;
}

static enum redan_status compare(struct zip *zip, const struct zip_entry *entry,
                                 const struct zip_header *local)
{
    const struct zip_header *said = &entry->said;
    bool streamed = (local->flags & ZIP_STREAMED) != 0;
    /* what is written before the size is known is zero, each field for itself */
    bool packed = streamed && (local->saturated || local->packed == 0);
    bool unpacked = streamed && (local->saturated || local->unpacked == 0);
    struct redan_slice name = said->name;
    uint64_t at = entry->local;

    REDAN_TRY(compare_names(zip, entry, local));
    if (local->method != said->method)
        REDAN_TRY(redan_zip_defect(zip, "method-differs", at, name, REDAN_S("")));
    if ((local->flags ^ said->flags) & ZIP_LOCKED)
        REDAN_TRY(redan_zip_defect(zip, "flags-differ", at, name, REDAN_S("")));
    if ((!packed && local->packed != said->packed) ||
        (!unpacked && local->unpacked != said->unpacked))
        REDAN_TRY(redan_zip_defect(zip, "sizes-differ", at, name, REDAN_S("")));
    if ((!streamed || local->crc != 0) && local->crc != said->crc)
        REDAN_TRY(redan_zip_defect(zip, "crc-differs", at, name, REDAN_S("")));
    if (said->method == 0 && said->packed != said->unpacked && !(said->flags & ZIP_LOCKED))
        REDAN_TRY(redan_zip_defect(zip, "stored-sizes", entry->at, name, REDAN_S("")));
    return REDAN_OK;
}

enum redan_status redan_zip_locate(struct zip *zip, struct zip_entry *entry)
{
    struct zip_header local;
    size_t place = (size_t)(entry - zip->entries);
    enum redan_status status = redan_zip_read_local(zip, entry->local, &local);

    if (status == REDAN_E_SYNTAX)
        return REDAN_OK; /* told with the member */
    REDAN_TRY(status);
    entry->found = true;
    entry->local_flags = local.flags;
    entry->local_method = local.method;
    entry->local_packed = local.saturated ? 0 : local.packed;
    entry->data = entry->local + local.len;
    REDAN_TRY(compare(zip, entry, &local));
    uint64_t want = entry->said.packed;
    if (entry->said.method == 0 && entry->said.unpacked > want &&
        entry->said.unpacked <= zip->size - entry->data)
        want = entry->said.unpacked; /* some readers take that many */
    entry->extent = want > zip->size - entry->data ? zip->size - entry->data : want;
    entry->end = entry->data + entry->extent;
    if ((local.flags | entry->said.flags) & ZIP_STREAMED)
        REDAN_TRY(redan_zip_descriptor_end(zip, entry, entry->end, &entry->end));
    return redan_zip_add_region(zip, entry->local, entry->end, place);
}
