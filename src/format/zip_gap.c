/* What no directory of a ZIP archive names: members between its members, other directories, other bytes. */
#include <stdlib.h>
#include <string.h>

#include "format/zip.h"

enum {
    STEP = 64 << 10, /* bytes that are searched at once */
};

enum redan_status redan_zip_add_region(struct zip *zip, uint64_t start, uint64_t end, size_t entry)
{
    if (zip->region_count == zip->region_cap) {
        size_t cap = zip->region_cap ? zip->region_cap * 2 : 64;
        struct zip_region *more = redan_mem_resize(
            &zip->ctx->mem, zip->regions, zip->region_cap * sizeof(*more), cap * sizeof(*more));
        if (!more)
            return redan_fail(zip->ctx, REDAN_E_MEMORY, 0, "no memory for %zu members", cap);
        zip->regions = more;
        zip->region_cap = cap;
    }
    zip->regions[zip->region_count++] = (struct zip_region){start, end, entry};
    return REDAN_OK;
}

static int by_start(const void *a, const void *b)
{
    const struct zip_region *x = a;
    const struct zip_region *y = b;
    int order = (x->start > y->start) - (x->start < y->start);

    return order ? order : (x->end > y->end) - (x->end < y->end);
}

/* Up to STEP bytes for searching, against the hunt's budget. Empty when that is used up. */
static enum redan_status hunt(struct zip *zip, uint64_t at, uint64_t to, struct redan_slice *bytes)
{
    uint64_t len = to - at < STEP ? to - at : STEP;

    if (len > zip->hunt_left)
        len = zip->hunt_left;
    REDAN_TRY(redan_source_view(zip->ctx, zip->source, at, (size_t)len, bytes));
    return REDAN_OK;
}

/* The first byte from `at` that is not zero. */
static enum redan_status past_zeros(struct zip *zip, uint64_t at, uint64_t to, uint64_t *past)
{
    struct redan_slice bytes = {0};

    for (; at < to; at += bytes.len) {
        REDAN_TRY(hunt(zip, at, to, &bytes));
        size_t n = 0;
        while (n < bytes.len && bytes.at[n] == '\0')
            n++;
        zip->hunt_left -= n;
        if (n < bytes.len || bytes.len == 0) {
            at += n;
            break;
        }
    }
    *past = at;
    return REDAN_OK;
}

/* The first of the archive's signatures from `at`, or `to`; `all` is false when the budget ended before. */
static enum redan_status find_signature(struct zip *zip, uint64_t at, uint64_t to, bool any,
                                        uint64_t *found, bool *all)
{
    struct redan_slice bytes = {0};

    *all = true;
    *found = to;
    while (to - at >= 4) {
        REDAN_TRY(hunt(zip, at, to, &bytes));
        if (bytes.len < 4)
            break;
        for (size_t i = 0; i + 4 <= bytes.len; i++) {
            const char *p = memchr(bytes.at + i, 'P', bytes.len - i - 3);
            if (!p)
                break;
            i = (size_t)(p - bytes.at);
            bool local = memcmp(p, "PK\3\4", 4) == 0;
            bool other = any && (memcmp(p, "PK\7\10", 4) == 0 || memcmp(p, "PK\1\2", 4) == 0 ||
                                 memcmp(p, "PK\5\6", 4) == 0);
            if (local || other) {
                *found = at + i;
                zip->hunt_left -= i;
                return REDAN_OK;
            }
        }
        zip->hunt_left -= bytes.len - 3;
        at += bytes.len - 3;
    }
    *all = to - at < 4;
    return REDAN_OK;
}

/* Where the data of a member ends that only a local header tells of, and that header does not say. */
static enum redan_status natural_end(struct zip *zip, struct zip_entry *entry, uint64_t to)
{
    struct redan_extent extent = {.whole = false};
    bool all = true;
    uint64_t end = to;

    if (entry->said.method == 8) {
        uint64_t most = zip->hunt_left < ZIP_CHECK * 8 ? zip->hunt_left : ZIP_CHECK * 8;
        REDAN_TRY(redan_unpack_extent(zip->ctx, zip->source, entry->data, to, most, &extent));
        zip->hunt_left -= extent.unpacked < zip->hunt_left ? extent.unpacked : zip->hunt_left;
    }
    if (extent.whole)
        end = entry->data + extent.packed;
    else
        REDAN_TRY(find_signature(zip, entry->data, to, true, &end, &all));
    entry->extent = end - entry->data;
    return REDAN_OK;
}

static enum redan_status orphan(struct zip *zip, uint64_t at, uint64_t to,
                                const struct zip_header *local, uint64_t *next)
{
    struct zip_entry *entry = NULL;
    bool streamed = (local->flags & ZIP_STREAMED) != 0;

    REDAN_TRY(redan_zip_add_entry(zip, &entry));
    *entry = (struct zip_entry){.said = *local,
                                .at = at,
                                .local = at,
                                .data = at + local->len,
                                .local_flags = local->flags,
                                .local_method = local->method,
                                .found = true,
                                .orphan = true};
    REDAN_TRY(redan_zip_keep(zip, local->name, &entry->said.name));
    REDAN_TRY(redan_zip_keep(zip, local->unicode, &entry->said.unicode));
    if (zip->end_count > 0) /* without an end every member is one */
        REDAN_TRY(redan_zip_defect(zip, "orphan", at, entry->said.name, REDAN_S("")));
    uint64_t room = zip->size - entry->data;
    if (streamed && (local->saturated || local->packed == 0))
        REDAN_TRY(natural_end(zip, entry, to > entry->data ? to : zip->size));
    else
        entry->extent = local->packed < room ? local->packed : room;
    entry->end = entry->data + entry->extent;
    if (streamed)
        REDAN_TRY(redan_zip_descriptor_end(zip, entry, entry->end, &entry->end));
    if (entry->end > to)
        REDAN_TRY(redan_zip_defect(zip, "overlap", at, entry->said.name, REDAN_S("")));
    *next = entry->end > at ? entry->end : at + 4;
    return redan_zip_tell_entry(zip, entry);
}

/* What follows the signature of an end record, a 64-bit one, a locator or a digital signature (APPNOTE 4.3). */
static enum redan_status other_record(struct zip *zip, uint64_t at, uint32_t signature,
                                      uint64_t *next)
{
    struct redan_source_reader in;
    uint64_t len = 0;
    uint32_t mark = 0;

    redan_source_reader_init(&in, zip->ctx, zip->source, at + 4, zip->size);
    switch (signature) {
    case ZIP_END:
        redan_source_skip(&in, 16);
        len = ZIP_END_LEN + (uint64_t)redan_source_u16le(&in);
        break;
    case ZIP_END64:
        len = redan_source_u64le(&in);
        len = len > UINT64_MAX - 12 ? UINT64_MAX : len + 12;
        break;
    case ZIP_LOCATOR64:
        len = ZIP_LOCATOR64_LEN;
        break;
    case ZIP_SIGNATURE:
        len = 6 + (uint64_t)redan_source_u16le(&in);
        break;
    case ZIP_DESCRIPTOR:
        REDAN_TRY(redan_zip_signature(zip, at + 24, &mark));
        len = (mark & UINT16_MAX) == (ZIP_LOCAL & UINT16_MAX) ? 24 : 16;
        break;
    default:
        break;
    }
    if (in.status != REDAN_OK)
        return in.status;
    *next = len == 0 || in.failed ? at : len > zip->size - at ? zip->size : at + len;
    return REDAN_OK;
}

/* One record of the archive at `at`; `next` stays `at` when there is none. */
static enum redan_status one_record(struct zip *zip, uint64_t at, uint64_t to, uint64_t *next)
{
    uint32_t signature = 0;
    struct zip_header header;
    enum redan_status status = REDAN_OK;

    *next = at;
    REDAN_TRY(redan_zip_signature(zip, at, &signature));
    if (signature == ZIP_LOCAL) {
        status = redan_zip_read_local(zip, at, &header);
        if (status == REDAN_OK)
            return orphan(zip, at, to, &header, next);
    } else if (signature == ZIP_CENTRAL) {
        status = redan_zip_read_central(zip, at, &header);
        if (status == REDAN_OK) {
            *next = header.len < zip->size - at ? at + header.len : zip->size;
            if (zip->end_count > 0)
                return redan_zip_defect(zip, "directories", at, header.name,
                                        REDAN_S("a directory that the end record does not name"));
        }
    } else {
        REDAN_TRY(other_record(zip, at, signature, next));
        if (signature == ZIP_END && *next > at && zip->end_count > 0)
            return redan_zip_defect(zip, "ends", at, REDAN_S(""), REDAN_S("another end record"));
    }
    return status == REDAN_E_SYNTAX ? REDAN_OK : status;
}

/* Bytes of no record, up to the next member: told, and looked at as what they may be. */
static enum redan_status strange(struct zip *zip, uint64_t at, uint64_t to, const char *what,
                                 uint64_t *next)
{
    bool all = true;
    struct redan_part part = {.offset = at, .packing = REDAN_PACK_NONE};

    REDAN_TRY(find_signature(zip, at + 1, to, false, next, &all));
    part.size = part.unpacked = *next - at;
    if (zip->told[ZIP_DEFECTS - 1]++ >= ZIP_SAME)
        return REDAN_OK;
    REDAN_TRY(redan_tell(
        zip->to, &(struct redan_fact){
                     .kind = REDAN_FACT_DEFECT, .what = what, .offset = at, .number = part.size}));
    if (!all && strcmp(what, "prefix") != 0)
        REDAN_TRY(redan_tell_unread(zip->to, REDAN_UNREAD_BUDGET, at, part.size,
                                    REDAN_S("bytes that belong to no member")));
    return redan_tell(zip->to, &(struct redan_fact){.kind = REDAN_FACT_MEMBER,
                                                    .what = what,
                                                    .offset = at,
                                                    .name = redan_slice_of(what),
                                                    .part = part});
}

static enum redan_status gap(struct zip *zip, uint64_t at, uint64_t to, const char *what)
{
    while (at < to && zip->hunt_left > 0 && zip->count < zip->ctx->limits.members) {
        uint64_t next = at;
        REDAN_TRY(past_zeros(zip, at, to, &at));
        if (at >= to)
            return REDAN_OK;
        REDAN_TRY(one_record(zip, at, to, &next));
        if (next == at)
            REDAN_TRY(strange(zip, at, to, what, &next));
        at = next;
    }
    if (at >= to)
        return REDAN_OK;
    return redan_tell_unread(zip->to, REDAN_UNREAD_BUDGET, at, to - at,
                             REDAN_S("bytes that belong to no member"));
}

static enum redan_status add_ends(struct zip *zip)
{
    for (size_t i = 0; i < zip->directory_count; i++)
        REDAN_TRY(redan_zip_add_region(zip, zip->directories[i].start, zip->directories[i].end,
                                       SIZE_MAX));
    for (size_t i = 0; i < zip->end_count; i++) {
        const struct zip_end *end = &zip->ends[i];
        uint64_t len = end->len < zip->size - end->at ? end->len : zip->size - end->at;
        REDAN_TRY(redan_zip_add_region(zip, end->at, end->at + len, SIZE_MAX));
        if (end->locator)
            REDAN_TRY(redan_zip_add_region(zip, end->locator, end->at, SIZE_MAX));
        if (end->at64) {
            uint64_t next = 0;
            REDAN_TRY(other_record(zip, end->at64, ZIP_END64, &next));
            REDAN_TRY(
                redan_zip_add_region(zip, end->at64, next > end->at ? end->at : next, SIZE_MAX));
        }
    }
    return REDAN_OK;
}

enum redan_status redan_zip_sweep(struct zip *zip)
{
    uint64_t pos = 0;
    const char *what = "prefix";

    REDAN_TRY(add_ends(zip));
    if (zip->region_count > 0)
        qsort(zip->regions, zip->region_count, sizeof(*zip->regions), by_start);
    size_t count = zip->region_count;
    for (size_t i = 0; i < count; i++) {
        struct zip_region region = zip->regions[i];
        if (region.start > pos)
            REDAN_TRY(gap(zip, pos, region.start, what));
        else if (region.start < pos && region.entry != SIZE_MAX)
            REDAN_TRY(redan_zip_defect(zip, "overlap", region.start,
                                       zip->entries[region.entry].said.name, REDAN_S("")));
        what = "gap";
        pos = region.end > pos ? region.end : pos;
    }
    return pos < zip->size ? gap(zip, pos, zip->size, count ? "trailing" : what) : REDAN_OK;
}
