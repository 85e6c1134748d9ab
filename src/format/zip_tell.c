/* One member of a ZIP archive, told: its bytes, its name, its lock, its checksum. */
#include <stdio.h>
#include <string.h>

#include "format/format_table.h"
#include "format/member_name.h"
#include "format/zip.h"

enum {
    ENOUGH = 64 << 10, /* unpacked bytes without an error that no key would have given */
    LINK = 4096,       /* the longest path */
    HEAD = 4096,
    NOTHING = 64, /* bytes that no bytes may be packed to */
};

/* APPNOTE 4.4.5; PACK_COUNT for what nobody here unpacks. */
static enum redan_packing packing_of(uint16_t method)
{
    static const struct {
        uint16_t method;
        enum redan_packing packing;
    } rows[] = {{0, REDAN_PACK_NONE},      {8, REDAN_PACK_DEFLATE}, {12, REDAN_PACK_BZIP2},
                {14, REDAN_PACK_LZMA_RAW}, {93, REDAN_PACK_ZSTD},   {95, REDAN_PACK_XZ}};

    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        if (rows[i].method == method)
            return rows[i].packing;
    }
    return REDAN_PACK_COUNT;
}

static struct redan_part part_of(const struct zip_entry *entry, enum redan_packing packing)
{
    return (struct redan_part){.offset = entry->data,
                               .size = entry->extent,
                               .packing = packing,
                               .unpacked = packing == REDAN_PACK_NONE ? entry->extent
                                           : entry->orphan && entry->said.unpacked == 0
                                               ? REDAN_SOURCE_UNKNOWN
                                               : entry->said.unpacked};
}

static enum redan_status tell_member(struct zip *zip, const struct zip_entry *entry,
                                     const struct redan_part *part, const char *what)
{
    return redan_tell(zip->to, &(struct redan_fact){.kind = REDAN_FACT_MEMBER,
                                                    .what = what,
                                                    .offset = entry->local,
                                                    .name = entry->said.name,
                                                    .part = *part});
}

/* The checksum and the sizes are proved while that is cheap. */
static enum redan_status check(struct zip *zip, const struct zip_entry *entry,
                               enum redan_packing packing, bool *proved, const char **wrong)
{
    const struct zip_header *said = &entry->said;
    struct redan_extent extent = {.whole = true, .packed = said->packed};

    *proved = false;
    *wrong = NULL;
    if (zip->checks_left == 0 || entry->extent != said->packed || said->packed > ZIP_CHECK ||
        said->unpacked > ZIP_CHECK || zip->check_left < said->packed)
        return REDAN_OK;
    if (packing != REDAN_PACK_NONE && packing != REDAN_PACK_DEFLATE)
        return REDAN_OK;
    zip->checks_left--;
    zip->check_left -= said->packed;
    if (packing == REDAN_PACK_NONE) {
        struct redan_slice bytes = {0};
        REDAN_TRY(
            redan_source_view(zip->ctx, zip->source, entry->data, (size_t)said->packed, &bytes));
        extent.unpacked = bytes.len;
        extent.crc = redan_crc32(0, bytes);
    } else {
        REDAN_TRY(redan_unpack_extent(zip->ctx, zip->source, entry->data,
                                      entry->data + entry->extent, said->unpacked, &extent));
        zip->check_left -= extent.unpacked < zip->check_left ? extent.unpacked : zip->check_left;
    }
    *proved = extent.whole && extent.crc == said->crc && extent.unpacked == said->unpacked;
    bool more = extent.unpacked > said->unpacked;
    if (more || (extent.whole && !*proved)) /* damage is told by who unpacks it */
        *wrong = extent.unpacked != said->unpacked ? "unpacked-differs" : "crc-wrong";
    return REDAN_OK;
}

/* Whether what is said to be locked can be read as it is. */
static enum redan_status opens(struct zip *zip, const struct zip_entry *entry,
                               enum redan_packing packing, bool *open)
{
    struct redan_part part = part_of(entry, packing);
    struct redan_source REDAN_DEFER(redan_source_done) bytes = {.fd = -1};
    struct redan_slice head = {0};

    *open = false;
    if (packing == REDAN_PACK_COUNT || entry->extent == 0)
        return REDAN_OK;
    enum redan_status status = redan_unpack(zip->ctx, zip->source, &part, &bytes);
    if (status == REDAN_OK)
        status = redan_source_view(zip->ctx, &bytes, 0, HEAD, &head);
    if (status == REDAN_E_LIMIT || status == REDAN_E_UNSUPPORTED) {
        redan_fail_clear(zip->ctx);
        return REDAN_OK;
    }
    REDAN_TRY(status);
    if (packing != REDAN_PACK_NONE) {
        *open = head.len > 0 && (!bytes.broken || bytes.size >= ENOUGH);
        return REDAN_OK;
    }
    struct redan_probe probe = {zip->ctx, &bytes, head, entry->said.name};
    for (size_t i = 0; redan_formats[i] && !*open; i++) {
        if (redan_formats[i]->sniff)
            *open = redan_formats[i]->sniff(&probe) == REDAN_SNIFF_YES;
    }
    return REDAN_OK;
}

static enum redan_status locked(struct zip *zip, const struct zip_entry *entry,
                                enum redan_packing packing, bool proved, bool *readable)
{
    *readable = proved;
    if (!proved)
        REDAN_TRY(opens(zip, entry, packing, readable));
    if (*readable)
        return redan_zip_defect(zip, "flag-lies", entry->at, entry->said.name,
                                REDAN_S("said to be encrypted or patched, and is not"));
    return redan_tell_unread(zip->to, REDAN_UNREAD_ENCRYPTED, entry->data, entry->extent,
                             entry->said.name);
}

/* The other readings that a lying header opens: each is looked at too. */
static enum redan_status tell_others(struct zip *zip, const struct zip_entry *entry)
{
    enum redan_packing packing = packing_of(entry->local_method);
    struct redan_part part = part_of(entry, packing);

    if (entry->local_method != entry->said.method && packing != REDAN_PACK_COUNT)
        REDAN_TRY(tell_member(zip, entry, &part, "local"));
    if (entry->local_packed == 0 || entry->local_packed == entry->extent ||
        packing == REDAN_PACK_COUNT || entry->data >= zip->size)
        return REDAN_OK;
    part.size = entry->local_packed < zip->size - entry->data ? entry->local_packed
                                                              : zip->size - entry->data;
    part.unpacked = packing == REDAN_PACK_NONE ? part.size : REDAN_SOURCE_UNKNOWN;
    return tell_member(zip, entry, &part, "local");
}

/* APPNOTE 4.4.15 with a Unix mode in the upper half: the data is where it points. */
static enum redan_status tell_link(struct zip *zip, const struct zip_entry *entry,
                                   const struct redan_part *part)
{
    struct redan_source REDAN_DEFER(redan_source_done) bytes = {.fd = -1};
    struct redan_slice target = {0};
    uint32_t mode = entry->said.attributes >> 16;

    if (entry->orphan || entry->said.made_by >> 8 != 3 || (mode & 0170000) != 0120000)
        return REDAN_OK;
    enum redan_status status = redan_unpack(zip->ctx, zip->source, part, &bytes);
    if (status == REDAN_OK)
        status = redan_source_view(zip->ctx, &bytes, 0, LINK, &target);
    if (status == REDAN_E_LIMIT || status == REDAN_E_UNSUPPORTED) {
        redan_fail_clear(zip->ctx);
        target = (struct redan_slice){"", 0};
    } else {
        REDAN_TRY(status);
    }
    return redan_tell(
        zip->to, &(struct redan_fact){.kind = REDAN_FACT_LINK,
                                      .what = "zip-symlink",
                                      .offset = entry->local,
                                      .number = redan_member_link_leaves(entry->said.name, target),
                                      .name = entry->said.name,
                                      .text = target});
}

static enum redan_status tell_name(struct zip *zip, const struct zip_entry *entry)
{
    const char *what = redan_member_name_defect(entry->said.name);

    if (what)
        REDAN_TRY(redan_zip_defect(zip, what, entry->local, entry->said.name, REDAN_S("")));
    what = redan_member_name_defect(entry->said.unicode);
    if (what)
        REDAN_TRY(redan_zip_defect(zip, what, entry->local, entry->said.unicode, REDAN_S("")));
    if (entry->said.name_len > ZIP_NAME)
        return redan_zip_defect(zip, "name-long", entry->local, entry->said.name, REDAN_S(""));
    return REDAN_OK;
}

static enum redan_status tell_unsupported(struct zip *zip, const struct zip_entry *entry)
{
    char text[ZIP_NAME + 64];
    int n = snprintf(text, sizeof(text), "%.*s: compression method %u", REDAN_FMT(entry->said.name),
                     (unsigned)entry->said.method);
    struct redan_slice detail = {text, n > 0 ? redan_min_size((size_t)n, sizeof(text) - 1) : 0};

    return redan_tell_unread(zip->to, REDAN_UNREAD_UNSUPPORTED, entry->data, entry->extent, detail);
}

enum redan_status redan_zip_tell_entry(struct zip *zip, const struct zip_entry *entry)
{
    const struct zip_header *said = &entry->said;
    enum redan_packing packing = packing_of(said->method);
    const char *wrong = NULL;
    bool proved = false;
    bool readable = true;

    REDAN_TRY(tell_name(zip, entry));
    if (!entry->found) {
        REDAN_TRY(redan_zip_defect(zip, "local-missing", entry->at, said->name, REDAN_S("")));
        return redan_tell_unread(zip->to, REDAN_UNREAD_DAMAGED, entry->at, said->packed,
                                 said->name);
    }
    if (said->packed > entry->extent)
        REDAN_TRY(redan_tell_unread(zip->to, REDAN_UNREAD_DAMAGED, entry->data + entry->extent,
                                    said->packed - entry->extent, said->name));
    if (packing != REDAN_PACK_COUNT && !entry->orphan)
        REDAN_TRY(check(zip, entry, packing, &proved, &wrong));
    if (redan_slice_ends(said->name, REDAN_S("/"))) {
        /* some writers pack the nothing that a folder holds */
        if (said->unpacked == 0 && said->packed <= NOTHING && !wrong)
            return REDAN_OK;
        REDAN_TRY(redan_zip_defect(zip, "folder-data", entry->local, said->name, REDAN_S("")));
    }
    if ((said->flags | entry->local_flags) & ZIP_LOCKED)
        REDAN_TRY(locked(zip, entry, packing, proved, &readable));
    if (!readable)
        return REDAN_OK; /* what a key would give has its own checksum */
    if (wrong)
        REDAN_TRY(redan_zip_defect(zip, wrong, entry->local, said->name, REDAN_S("")));
    if (packing == REDAN_PACK_COUNT) {
        REDAN_TRY(tell_unsupported(zip, entry));
    } else {
        struct redan_part part = part_of(entry, packing);
        REDAN_TRY(tell_member(zip, entry, &part, entry->orphan ? "orphan" : "member"));
        REDAN_TRY(tell_link(zip, entry, &part));
    }
    return entry->orphan ? REDAN_OK : tell_others(zip, entry);
}
