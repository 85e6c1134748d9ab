/* ZIP archives (APPNOTE 6.3.10) as all their readers see them: every directory, every local header, and what lies between. */
#include "format/zip.h"

#include <string.h>

#include "format/format_table.h"
#include "format/member_name.h"

enum {
    CHECKED = 16 << 20, /* bytes of one archive whose checksum is proved */
    HUNTED = 4 << 20,   /* bytes of one archive in which hidden members are looked for */
};

const char *const redan_zip_defects[] = {
    "name-differs",       /* directory and local header name the member differently: name, text */
    "method-differs",     /* ... its packing */
    "flags-differ",       /* ... whether it is encrypted or patched */
    "sizes-differ",       /* ... its sizes */
    "crc-differs",        /* ... its checksum */
    "descriptor-differs", /* the record behind the data does */
    "stored-sizes",       /* packed and unpacked sizes of what is not packed differ */
    "unpacked-differs",   /* it unpacks to another size than is said */
    "crc-wrong",          /* its bytes have another checksum */
    "flag-lies",          /* said to be encrypted or patched, and readable */
    "local-missing",      /* the directory points to no local header */
    "folder-data",        /* a folder that has bytes */
    "orphan",             /* a local header that no directory points to */
    "overlap",            /* members lie over each other */
    "name-duplicate",     /* two members of one name and different bytes */
    "name-case",          /* ... of names that differ in case only: name, text */
    "name-long",
    "ends",              /* more than one end record */
    "no-end",            /* none */
    "directories",       /* more than one directory */
    "directory-missing", /* an end record that points to none */
    "directory-count",   /* ... counts other members than there are */
    "directory-size",    /* ... says another size */
    "zip64-differs",     /* the 64-bit end record contradicts the other */
    "comment-cut",
    "prefix",   /* bytes before the first member: number */
    "gap",      /* between members */
    "trailing", /* after the end */
    REDAN_NAME_ABSOLUTE,
    REDAN_NAME_CLIMBS,
    REDAN_NAME_BACKSLASH,
    REDAN_NAME_NUL,
    REDAN_NAME_CONTROL,
    NULL,
};

_Static_assert(REDAN_COUNT(redan_zip_defects) < ZIP_DEFECTS,
               "the last counter is for strange bytes");

enum redan_status redan_zip_defect(struct zip *zip, const char *what, uint64_t offset,
                                   struct redan_slice name, struct redan_slice text)
{
    for (size_t i = 0; redan_zip_defects[i]; i++) {
        if (strcmp(redan_zip_defects[i], what) == 0 && zip->told[i]++ >= ZIP_SAME)
            return REDAN_OK;
    }
    return redan_tell(
        zip->to,
        &(struct redan_fact){
            .kind = REDAN_FACT_DEFECT, .what = what, .offset = offset, .name = name, .text = text});
}

enum redan_status redan_zip_signature(struct zip *zip, uint64_t offset, uint32_t *signature)
{
    struct redan_source_reader in;

    redan_source_reader_init(&in, zip->ctx, zip->source, offset, zip->size);
    *signature = redan_source_u32le(&in);
    return in.status;
}

enum redan_status redan_zip_keep(struct zip *zip, struct redan_slice text, struct redan_slice *kept)
{
    if (zip->source->memory.at || text.len == 0) {
        *kept = text; /* it stays where it is */
        return REDAN_OK;
    }
    char *bytes = redan_arena_take(&zip->kept, text.len);
    if (!bytes)
        return redan_fail(zip->ctx, REDAN_E_MEMORY, 0, "no memory for a name");
    memcpy(bytes, text.at, text.len);
    *kept = (struct redan_slice){bytes, text.len};
    return REDAN_OK;
}

enum redan_status redan_zip_add_entry(struct zip *zip, struct zip_entry **entry)
{
    if (zip->count == zip->cap) {
        size_t cap = zip->cap ? zip->cap * 2 : 64;
        struct zip_entry *more = redan_mem_resize(&zip->ctx->mem, zip->entries,
                                                  zip->cap * sizeof(*more), cap * sizeof(*more));
        if (!more)
            return redan_fail(zip->ctx, REDAN_E_MEMORY, 0, "no memory for %zu members", cap);
        zip->entries = more;
        zip->cap = cap;
    }
    *entry = &zip->entries[zip->count++];
    **entry = (struct zip_entry){.at = 0};
    return REDAN_OK;
}

static void done(struct zip *zip)
{
    redan_mem_give(&zip->ctx->mem, zip->entries, zip->cap * sizeof(*zip->entries));
    redan_mem_give(&zip->ctx->mem, zip->regions, zip->region_cap * sizeof(*zip->regions));
    redan_arena_done(&zip->kept);
}

static const char *const extensions[] = {".zip", ".npz", ".keras", ".skops", ".jar",
                                         ".mar", ".whl", ".egg",   NULL};

/* Loaders that go by the name first take the last end record that there is, whatever stands around it. */
static bool promised(struct redan_slice name)
{
    for (size_t i = 0; extensions[i]; i++) {
        if (redan_slice_ends(name, redan_slice_of(extensions[i])))
            return true;
    }
    return false;
}

/* APPNOTE 4.3.7, 4.3.16: the mark of a member or of an empty archive; or an end record behind bytes of any kind. */
static enum redan_sniff sniff(const struct redan_probe *probe)
{
    struct redan_slice head = probe->head;
    bool exact = false;

    if (head.len >= ZIP_LOCAL_LEN && memcmp(head.at, "PK\3\4", 4) == 0)
        return REDAN_SNIFF_YES;
    if (head.len >= ZIP_END_LEN && memcmp(head.at, "PK\5\6", 4) == 0)
        return REDAN_SNIFF_YES;
    if (!redan_zip_ends_here(probe->ctx, probe->source, &exact))
        return REDAN_SNIFF_NO;
    return exact || promised(probe->name) ? REDAN_SNIFF_YES : REDAN_SNIFF_MAYBE;
}

static enum redan_status tell_all(struct zip *zip)
{
    size_t count = zip->count;

    for (size_t i = 0; i < count; i++)
        REDAN_TRY(redan_zip_tell_entry(zip, &zip->entries[i]));
    REDAN_TRY(redan_zip_compare_names(zip));
    REDAN_TRY(redan_zip_sweep(zip));
    if (zip->end_count == 0)
        REDAN_TRY(redan_zip_defect(zip, "no-end", zip->size, REDAN_S(""), REDAN_S("")));
    return REDAN_OK;
}

static enum redan_status read_zip(struct redan_ctx *ctx, struct redan_source *source,
                                  struct redan_slice name, const struct redan_listener *to)
{
    struct zip REDAN_DEFER(done) zip = {.ctx = ctx,
                                        .source = source,
                                        .to = to,
                                        .check_left = CHECKED,
                                        .checks_left = ZIP_CHECKS,
                                        .hunt_left = HUNTED};

    (void)name;
    redan_arena_init(&zip.kept, &ctx->mem);
    REDAN_TRY(redan_source_measure(ctx, source, &zip.size));
    REDAN_TRY(redan_zip_find_ends(&zip));
    return tell_all(&zip);
}

const struct redan_format redan_format_zip = {
    .name = "zip",
    .title = "ZIP archive",
    .extensions = extensions,
    .sniff = sniff,
    .read = read_zip,
    .defects = redan_zip_defects,
};
