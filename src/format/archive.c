/* Archives that a library reads for us: 7z, rar, cab, cpio, ar, iso. */
#include <string.h>

#include "format/format_table.h"
#include "format/libarchive.h"
#include "format/member_name.h"

enum {
    MOST = 1500,     /* entries: each is reached by passing over those before it */
    ISO_AT = 0x8001, /* ECMA-119 6.2.1: behind sixteen sectors */
};

static const char *const defects[] = {
    "damaged",
    REDAN_NAME_ABSOLUTE,
    REDAN_NAME_CLIMBS,
    REDAN_NAME_BACKSLASH,
    REDAN_NAME_NUL,
    REDAN_NAME_CONTROL,
    NULL,
};

static enum redan_sniff sniff(const struct redan_probe *probe)
{
    static const struct {
        const char *magic;
        size_t len;
    } rows[] = {
        {"7z\xbc\xaf\x27\x1c", 6},
        {"Rar!\x1a\x07\x00", 7},
        {"Rar!\x1a\x07\x01\x00", 8},
        {"MSCF\0\0\0\0", 8},
        {"070701", 6},
        {"070702", 6},
        {"070707", 6},
        {"!<arch>\n", 8},
    };
    struct redan_slice iso = {0};

    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        if (probe->head.len >= rows[i].len &&
            memcmp(probe->head.at, rows[i].magic, rows[i].len) == 0)
            return REDAN_SNIFF_YES;
    }
    if (probe->source->size == REDAN_SOURCE_UNKNOWN || probe->source->size < ISO_AT + 5)
        return REDAN_SNIFF_NO;
    if (redan_source_view(probe->ctx, probe->source, ISO_AT, 5, &iso) != REDAN_OK)
        return REDAN_SNIFF_NO;
    return redan_slice_is(iso, "CD001") ? REDAN_SNIFF_YES : REDAN_SNIFF_NO;
}

struct reading {
    const struct redan_listener *to;
};

static enum redan_status tell_entry(void *arg, const struct redan_archive_entry *entry)
{
    struct reading *reading = arg;
    const char *wrong = redan_member_name_defect(entry->name);

    /* the index and the long names of an ar archive (ar(5)); no file of any other can be called so */
    if (redan_slice_is(entry->name, "/") || redan_slice_is(entry->name, "//") ||
        redan_slice_is(entry->name, "/SYM64/"))
        return REDAN_OK;
    if (wrong)
        REDAN_TRY(redan_tell(
            reading->to,
            &(struct redan_fact){.kind = REDAN_FACT_DEFECT, .what = wrong, .name = entry->name}));
    if (entry->link.len > 0)
        REDAN_TRY(redan_tell(
            reading->to,
            &(struct redan_fact){.kind = REDAN_FACT_LINK,
                                 .what = entry->hard ? "archive-hardlink" : "archive-symlink",
                                 .number = redan_member_link_leaves(
                                     entry->hard ? REDAN_S("") : entry->name, entry->link),
                                 .name = entry->name,
                                 .text = entry->link}));
    /* a hard link of cpio may bring the bytes that both names then have */
    bool brings = entry->hard && entry->size != REDAN_SOURCE_UNKNOWN && entry->size > 0;
    if (!entry->regular || entry->size == 0 || (entry->link.len > 0 && !brings))
        return REDAN_OK;
    if (entry->encrypted)
        return redan_tell_unread(reading->to, REDAN_UNREAD_ENCRYPTED, 0, entry->size, entry->name);
    return redan_tell(reading->to, &(struct redan_fact){.kind = REDAN_FACT_MEMBER,
                                                        .what = "member",
                                                        .name = entry->name,
                                                        .part = {.packing = REDAN_PACK_ARCHIVE,
                                                                 .index = entry->index,
                                                                 .unpacked = entry->size}});
}

static enum redan_status read_archive(struct redan_ctx *ctx, struct redan_source *source,
                                      struct redan_slice name, const struct redan_listener *to)
{
    struct reading reading = {to};
    bool all = true;

    (void)name;
    enum redan_status status = redan_archive_each(ctx, source, MOST, tell_entry, &reading, &all);
    if (status == REDAN_E_UNSUPPORTED) {
        struct redan_slice why = redan_slice_of(ctx->failure.text);
        REDAN_TRY(redan_tell_unread(to, REDAN_UNREAD_UNSUPPORTED, 0, source->size, why));
        redan_fail_clear(ctx);
        return REDAN_OK;
    }
    if (status == REDAN_E_SYNTAX && ctx->failure.status == REDAN_OK) {
        REDAN_TRY(redan_tell_unread(to, REDAN_UNREAD_DAMAGED, 0, source->size, REDAN_S("")));
        return redan_tell_defect(to, "damaged", 0, REDAN_S(""));
    }
    REDAN_TRY(status);
    if (!all)
        return redan_tell_unread(to, REDAN_UNREAD_BUDGET, 0, source->size,
                                 REDAN_S("more members than are looked at"));
    return REDAN_OK;
}

static const char *const extensions[] = {".7z", ".rar", ".cab", ".cpio", ".iso", NULL};

const struct redan_format redan_format_archive = {
    .name = "archive",
    .title = "7z, rar, cab, cpio, ar or iso archive",
    .extensions = extensions,
    .sniff = sniff,
    .read = read_archive,
    .defects = defects,
};
