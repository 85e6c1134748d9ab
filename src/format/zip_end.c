/* The end records of a ZIP archive: all that some reader may take for the end, and the directories they point to. */
#include <string.h>

#include "format/zip.h"

enum {
    TAIL = ZIP_END_LEN + 65535, /* where an end record may start (APPNOTE 4.3.16) */
    BEHIND64 = ZIP_END64_LEN + ZIP_LOCATOR64_LEN,
};

/* What an end record says, with its 64-bit part. */
struct claim {
    uint64_t at; /* of the record itself, before which the directory ends */
    uint64_t size;
    uint64_t offset;
    uint64_t count;
    bool wide;
};

static enum redan_status read_end(struct zip *zip, uint64_t at, struct claim *claim,
                                  uint16_t *comment)
{
    struct redan_source_reader in;

    redan_source_reader_init(&in, zip->ctx, zip->source, at, zip->size);
    (void)redan_source_u64le(&in); /* signature and disks */
    (void)redan_source_u16le(&in); /* entries on this disk */
    *claim = (struct claim){.at = at, .count = redan_source_u16le(&in)};
    claim->size = redan_source_u32le(&in);
    claim->offset = redan_source_u32le(&in);
    *comment = redan_source_u16le(&in);
    if (in.failed)
        return in.status != REDAN_OK ? in.status : REDAN_E_SYNTAX;
    return REDAN_OK;
}

/* The 64-bit record at `at`; REDAN_E_SYNTAX when none is there. */
static enum redan_status read_end64(struct zip *zip, uint64_t at, struct claim *claim)
{
    struct redan_source_reader in;

    redan_source_reader_init(&in, zip->ctx, zip->source, at, zip->size);
    if (redan_source_u32le(&in) != ZIP_END64)
        return in.status != REDAN_OK ? in.status : REDAN_E_SYNTAX;
    redan_source_skip(&in,
                      8 + 2 + 2 + 4 + 4 + 8); /* its size, versions, disks, entries on this disk */
    *claim = (struct claim){.at = at, .wide = true, .count = redan_source_u64le(&in)};
    claim->size = redan_source_u64le(&in);
    claim->offset = redan_source_u64le(&in);
    if (in.failed)
        return in.status != REDAN_OK ? in.status : REDAN_E_SYNTAX;
    return REDAN_OK;
}

/* Note a directory at `start`, when its first header is there and it is not known yet. */
static enum redan_status add_directory(struct zip *zip, const struct claim *claim, uint64_t start,
                                       uint64_t base, bool *there)
{
    uint32_t signature = 0;

    REDAN_TRY(redan_zip_signature(zip, start, &signature));
    *there = signature == ZIP_CENTRAL;
    if (!*there)
        return REDAN_OK;
    for (size_t i = 0; i < zip->directory_count; i++) {
        if (zip->directories[i].start == start)
            return REDAN_OK;
    }
    if (zip->directory_count == ZIP_DIRECTORIES)
        return redan_tell_unread(zip->to, REDAN_UNREAD_BUDGET, start, claim->size,
                                 REDAN_S("more directories than are looked at"));
    zip->directories[zip->directory_count++] = (struct zip_directory){.start = start,
                                                                      .size = claim->size,
                                                                      .count = claim->count,
                                                                      .base = base,
                                                                      .wide = claim->wide};
    return REDAN_OK;
}

/* Whether `start` lies within a directory that is known, and none of the headers from there on points to a member when they are
 * counted from `base`: where the 64-bit records are as long as a first header, that place is a header too. */
static enum redan_status is_tail(struct zip *zip, uint64_t start, uint64_t base, bool *tail)
{
    bool within = false;

    *tail = false;
    for (size_t i = 0; i < zip->directory_count; i++) {
        const struct zip_directory *d = &zip->directories[i];
        within |= start > d->start && start - d->start < d->size;
    }
    for (size_t n = 0; within && n < zip->ctx->limits.members; n++) {
        struct zip_header header;
        uint32_t signature = 0;
        enum redan_status status = redan_zip_read_central(zip, start, &header);
        if (status == REDAN_E_SYNTAX) {
            *tail = n > 0;
            return REDAN_OK;
        }
        REDAN_TRY(status);
        if (header.local <= UINT64_MAX - base)
            REDAN_TRY(redan_zip_signature(zip, header.local + base, &signature));
        within = signature != ZIP_LOCAL && header.len <= zip->size - start;
        start += within ? header.len : 0;
    }
    return REDAN_OK;
}

/* A claim's directory is where it says, counted from the file's start; or just before the record, and then everything counts from
 * what stands before the archive. Readers differ in which they believe. */
static enum redan_status follow(struct zip *zip, const struct claim *claim, bool *any)
{
    bool before = false;
    bool said = false;
    size_t had = zip->directory_count;

    if (claim->size <= claim->at) {
        uint64_t start = claim->at - claim->size;
        uint64_t base = start > claim->offset ? start - claim->offset : 0;
        bool tail = false;
        if (base > 0)
            REDAN_TRY(is_tail(zip, start, base, &tail));
        if (!tail)
            REDAN_TRY(add_directory(zip, claim, start, base, &before));
    }
    if (claim->size > claim->at || claim->at - claim->size != claim->offset)
        REDAN_TRY(add_directory(zip, claim, claim->offset, 0, &said));
    *any |= before || said;
    if (before && said && zip->directory_count == had + 2)
        return redan_zip_defect(zip, "directories", claim->at, REDAN_S(""),
                                REDAN_S("the end record fits two directories"));
    return REDAN_OK;
}

static bool saturated(const struct claim *claim)
{
    return claim->count == UINT16_MAX || claim->size == UINT32_MAX || claim->offset == UINT32_MAX;
}

/* APPNOTE 4.3.14, 4.3.15. Some readers go by the locator, some take the record that stands just before it. */
static enum redan_status follow64(struct zip *zip, const struct claim *narrow, struct zip_end *end,
                                  bool *any, bool *wide)
{
    struct redan_source_reader in;
    struct claim claims[2];
    size_t found = 0;

    *wide = false;
    if (narrow->at < ZIP_LOCATOR64_LEN)
        return REDAN_OK;
    redan_source_reader_init(&in, zip->ctx, zip->source, narrow->at - ZIP_LOCATOR64_LEN, zip->size);
    if (redan_source_u32le(&in) != ZIP_LOCATOR64)
        return in.status;
    (void)redan_source_u32le(&in);
    uint64_t pointed = redan_source_u64le(&in);
    end->locator = narrow->at - ZIP_LOCATOR64_LEN;
    uint64_t places[] = {narrow->at >= BEHIND64 ? narrow->at - BEHIND64 : UINT64_MAX, pointed};
    for (size_t i = 0; i < 2; i++) {
        if (i == 1 && places[1] == places[0])
            continue;
        enum redan_status status = read_end64(zip, places[i], &claims[found]);
        if (status != REDAN_OK && status != REDAN_E_SYNTAX)
            return status;
        found += status == REDAN_OK;
    }
    *wide = found > 0;
    for (size_t i = 0; i < found; i++) {
        const struct claim *c = &claims[i];
        end->at64 = c->at;
        REDAN_TRY(follow(zip, c, any));
        bool same = (narrow->count == UINT16_MAX || narrow->count == c->count) &&
                    (narrow->size == UINT32_MAX || narrow->size == c->size) &&
                    (narrow->offset == UINT32_MAX || narrow->offset == c->offset);
        if (!same || i > 0)
            REDAN_TRY(redan_zip_defect(
                zip, "zip64-differs", c->at, REDAN_S(""),
                REDAN_S("the 64-bit end record and the other say different things")));
    }
    return found || !saturated(narrow)
               ? REDAN_OK
               : redan_zip_defect(zip, "zip64-differs", end->locator, REDAN_S(""),
                                  REDAN_S("the locator points to no 64-bit end record"));
}

/* Whether `at` lies in what another end record, a later one, accounts for. */
static bool covered(const struct zip *zip, uint64_t at)
{
    for (size_t i = 0; i < zip->count; i++) {
        const struct zip_entry *e = &zip->entries[i];
        if (e->found && at >= e->data && at < e->end)
            return true;
    }
    return false;
}

/* `sure`: only when it points to a directory or says that there is none to point to. */
static enum redan_status take_end(struct zip *zip, uint64_t at, bool sure)
{
    struct claim claim;
    struct zip_end end = {.at = at};
    uint16_t comment = 0;
    bool any = false;
    bool wide = false;
    size_t had = zip->directory_count;

    enum redan_status status = read_end(zip, at, &claim, &comment);
    if (status == REDAN_E_SYNTAX)
        return REDAN_OK;
    REDAN_TRY(status);
    REDAN_TRY(follow64(zip, &claim, &end, &any, &wide));
    if (!wide || !saturated(&claim))
        REDAN_TRY(follow(zip, &claim, &any));
    bool empty = claim.size == 0 && claim.count == 0;
    if (!any && !empty && sure)
        return REDAN_OK; /* four letters in a comment or in data */
    end.len = ZIP_END_LEN + (uint64_t)comment;
    if (zip->end_count > 0)
        REDAN_TRY(redan_zip_defect(zip, "ends", at, REDAN_S(""), REDAN_S("another end record")));
    zip->ends[zip->end_count++] = end;
    if (end.len > zip->size - at)
        REDAN_TRY(redan_zip_defect(zip, "comment-cut", at, REDAN_S(""),
                                   REDAN_S("the archive's comment is longer than the file")));
    if (!any && !empty)
        REDAN_TRY(redan_zip_defect(zip, "directory-missing", at, REDAN_S(""),
                                   REDAN_S("the end record points to no directory")));
    for (size_t i = had; i < zip->directory_count; i++)
        REDAN_TRY(redan_zip_walk_directory(zip, &zip->directories[i]));
    return REDAN_OK;
}

/* The places of end records in the source's last bytes, the last first. */
static enum redan_status candidates(struct redan_ctx *ctx, struct redan_source *source,
                                    uint64_t size, uint64_t *at, size_t most, size_t *count)
{
    struct redan_slice tail = {0};
    uint64_t from = size > TAIL ? size - TAIL : 0;

    *count = 0;
    if (size < ZIP_END_LEN)
        return REDAN_OK;
    REDAN_TRY(redan_source_view(ctx, source, from, TAIL, &tail));
    if (tail.len < ZIP_END_LEN)
        return REDAN_OK;
    size_t left = tail.len - ZIP_END_LEN + 1;
    while (left && *count < most) {
        const char *p = memrchr(tail.at, 'P', left);
        if (!p)
            break;
        left = (size_t)(p - tail.at);
        if (memcmp(p, "PK\5\6", 4) == 0)
            at[(*count)++] = from + left;
    }
    return REDAN_OK;
}

enum redan_status redan_zip_find_ends(struct zip *zip)
{
    uint64_t at[ZIP_ENDS];
    size_t count = 0;

    REDAN_TRY(candidates(zip->ctx, zip->source, zip->size, at, ZIP_ENDS, &count));
    for (size_t i = 0; i < count; i++) {
        if (!covered(zip, at[i]))
            REDAN_TRY(take_end(zip, at[i], true));
    }
    if (zip->end_count == 0 && count > 0)
        return take_end(zip, at[0], false);
    return REDAN_OK;
}

bool redan_zip_ends_here(struct redan_ctx *ctx, struct redan_source *source, bool *exact)
{
    uint64_t at = 0;
    size_t count = 0;
    struct claim claim;
    struct claim wide;
    uint16_t comment = 0;
    struct zip zip = {.ctx = ctx, .source = source, .size = source->size};

    *exact = false;
    if (source->size == REDAN_SOURCE_UNKNOWN ||
        candidates(ctx, source, source->size, &at, 1, &count) != REDAN_OK || count == 0 ||
        read_end(&zip, at, &claim, &comment) != REDAN_OK)
        return false;
    if (at >= BEHIND64 && read_end64(&zip, at - BEHIND64, &wide) == REDAN_OK)
        claim = wide;
    uint32_t before = 0;
    uint32_t said = 0;
    if (claim.size <= claim.at &&
        redan_zip_signature(&zip, claim.at - claim.size, &before) != REDAN_OK)
        return false;
    if (redan_zip_signature(&zip, claim.offset, &said) != REDAN_OK)
        return false;
    *exact = source->size - at - ZIP_END_LEN == comment;
    return before == ZIP_CENTRAL || said == ZIP_CENTRAL;
}
