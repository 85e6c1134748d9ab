/* The names in a manifest: what a path may be, each file once, shards that cover it, and no two names that a file system may take for one. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "codec/problem.h"
#include "sign/manifest_parts.h"
#include "text/nfc.h"

enum { REMARKS = 16, REMARK_TEXT = 400 };

const struct redan_slice redan_manifest_git[REDAN_MANIFEST_GIT] = {
    {".git", 4}, {".gitattributes", 14}, {".github", 7}, {".gitignore", 10}};

enum redan_status redan_manifest_remark(struct redan_ctx *ctx, struct redan_manifest *manifest,
                                        const char *format, ...)
{
    char text[REMARK_TEXT];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (!manifest->remarks) {
        manifest->remarks = redan_take_array(ctx, REMARKS, sizeof(*manifest->remarks));
        if (!manifest->remarks)
            return REDAN_E_MEMORY;
    }
    if (manifest->remark_count == REMARKS)
        return REDAN_OK;
    struct redan_slice *place = &manifest->remarks[manifest->remark_count];
    REDAN_TRY(redan_copy(ctx, redan_slice_of(text), place));
    manifest->remark_count++;
    return REDAN_OK;
}

const char *redan_manifest_path_fault(struct redan_slice path)
{
    struct redan_slice rest = path;
    struct redan_slice part;
    size_t depth = 0;
    bool more = true;

    if (path.len == 0)
        return "is empty";
    if (path.len > REDAN_MANIFEST_NAME)
        return "is longer than 4096 bytes";
    if (path.at[0] == '/')
        return "is absolute";
    if (memchr(path.at, '\0', path.len))
        return "holds a NUL";
    if (memchr(path.at, '\\', path.len))
        return "holds a backslash, which other systems take for a \"/\"";
    while (more) {
        more = redan_slice_cut(rest, '/', &part, &rest);
        if (part.len == 0)
            return more ? "holds \"//\"" : "ends in \"/\"";
        if (redan_slice_is(part, ".."))
            return "leads out of its folder by \"..\"";
        if (redan_slice_is(part, "."))
            return "holds the step \".\"";
        if (depth++ > REDAN_MANIFEST_DEPTH)
            return "nests deeper than 32 folders";
    }
    return NULL;
}

const char *redan_manifest_ignore_fault(struct redan_slice path)
{
    if (redan_slice_is(path, "."))
        return "is the model itself: nothing would be signed";
    for (size_t i = 0; i < path.len; i++) {
        if (redan_char_among("*?[", path.at[i]))
            return "holds a pattern; ignored paths are written out";
    }
    return redan_manifest_path_fault(path);
}

bool redan_manifest_below(struct redan_slice path, struct redan_slice top)
{
    return redan_slice_starts(path, top) && (path.len == top.len || path.at[top.len] == '/');
}

int redan_manifest_by_text(const void *a, const void *b)
{
    return redan_slice_cmp(*(const struct redan_slice *)a, *(const struct redan_slice *)b);
}

bool redan_manifest_below_any(struct redan_slice path, const struct redan_slice *tops, size_t count)
{
    for (size_t len = 1; count > 0 && len <= path.len; len++) {
        struct redan_slice top = {path.at, len};
        if ((len == path.len || path.at[len] == '/') &&
            bsearch(&top, tops, count, sizeof(*tops), redan_manifest_by_text))
            return true;
    }
    return false;
}

static int by_path_and_offset(const void *a, const void *b, void *arg)
{
    const struct redan_manifest_entry *entries = arg;
    uint32_t i = *(const uint32_t *)a;
    uint32_t k = *(const uint32_t *)b;
    int order = redan_slice_cmp(entries[i].path, entries[k].path);

    if (order == 0 && entries[i].from != entries[k].from)
        order = entries[i].from < entries[k].from ? -1 : 1;
    if (order == 0)
        order = (i > k) - (i < k);
    return order;
}

static bool is_sorted(const struct redan_manifest_entry *entries, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        int order = redan_slice_cmp(entries[i - 1].path, entries[i].path);
        if (order > 0 || (order == 0 && entries[i - 1].from > entries[i].from))
            return false;
    }
    return true;
}

enum redan_status redan_manifest_files(struct redan_ctx *ctx, const struct redan_manifest *manifest,
                                       struct redan_manifest_file **files, size_t *count)
{
    const struct redan_manifest_entry *entries = manifest->entries;
    uint32_t *order = redan_take_array(ctx, manifest->count, sizeof(*order));
    size_t n = 0;

    if (!order)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < manifest->count; i++)
        order[i] = (uint32_t)i;
    if (!is_sorted(entries, manifest->count))
        qsort_r(order, manifest->count, sizeof(*order), by_path_and_offset, manifest->entries);
    for (size_t i = 0; i < manifest->count; i++)
        n += i == 0 || !redan_slice_eq(entries[order[i - 1]].path, entries[order[i]].path);
    struct redan_manifest_file *made = redan_take_array(ctx, n, sizeof(*made));
    if (!made)
        return REDAN_E_MEMORY;
    n = 0;
    for (size_t i = 0; i < manifest->count; i++) {
        struct redan_slice path = entries[order[i]].path;
        if (n == 0 || !redan_slice_eq(made[n - 1].path, path))
            made[n++] = (struct redan_manifest_file){.path = path, .entries = &order[i]};
        made[n - 1].count++;
    }
    *files = made;
    *count = n;
    return REDAN_OK;
}

static enum redan_status check_shards(struct redan_ctx *ctx, const struct redan_manifest *manifest,
                                      const struct redan_manifest_file *file)
{
    struct redan_snippet shown = redan_snippet_of(file->path);
    uint64_t at = 0;

    for (size_t i = 0; i < file->count; i++) {
        const struct redan_manifest_entry *entry = &manifest->entries[file->entries[i]];
        if (entry->to == 0 && file->count > 1)
            return redan_fail(ctx, REDAN_E_SCHEMA, 0, "%s is listed as empty, and once more",
                              shown.text);
        if (i > 0 && entry->from < at)
            return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                              "two shards of %s overlap: one begins at byte %" PRIu64
                              ", the one before it ends at %" PRIu64,
                              shown.text, entry->from, at);
        if (entry->from != at)
            return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                              "the shards of %s leave out the bytes %" PRIu64 " to %" PRIu64,
                              shown.text, at, entry->from);
        uint64_t len = entry->to - entry->from;
        bool last = i + 1 == file->count;
        if (len > manifest->shard_size || (!last && len < manifest->shard_size))
            return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                              "a shard of %s has %" PRIu64 " bytes; shard_size is %" PRIu64,
                              shown.text, len, manifest->shard_size);
        at = entry->to;
    }
    return REDAN_OK;
}

/* A name as file systems may see it: two files with one `normal` collide on some, with one `folded` on those that fold case. */
struct seen {
    uint64_t normal;
    uint64_t folded;
    uint32_t file;
};

static int by_folded(const void *a, const void *b)
{
    const struct seen *x = a;
    const struct seen *y = b;

    if (x->folded != y->folded)
        return x->folded < y->folded ? -1 : 1;
    if (x->normal != y->normal)
        return x->normal < y->normal ? -1 : 1;
    return (x->file > y->file) - (x->file < y->file);
}

static enum redan_status see(struct redan_ctx *ctx, struct redan_slice path, struct seen *seen)
{
    struct redan_arena_mark mark = redan_arena_mark(&ctx->arena);
    struct redan_slice form = {0};

    REDAN_TRY(redan_nfc_make(ctx, path, false, &form));
    seen->normal = redan_hash(ctx->seed, form);
    REDAN_TRY(redan_nfc_make(ctx, path, true, &form));
    seen->folded = redan_hash(ctx->seed, form);
    redan_arena_reset(&ctx->arena, mark);
    return REDAN_OK;
}

static enum redan_status check_collisions(struct redan_ctx *ctx, struct redan_manifest *manifest,
                                          const struct redan_manifest_file *files, size_t count)
{
    struct seen *seen = redan_take_array(ctx, count, sizeof(*seen));
    size_t folded = 0;
    size_t which = 0;

    if (!seen)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < count; i++) {
        seen[i].file = (uint32_t)i;
        REDAN_TRY(see(ctx, files[i].path, &seen[i]));
    }
    qsort(seen, count, sizeof(*seen), by_folded);
    for (size_t i = 1; i < count; i++) {
        if (seen[i].folded != seen[i - 1].folded)
            continue;
        if (seen[i].normal != seen[i - 1].normal) {
            folded++;
            which = i;
            continue;
        }
        struct redan_snippet one = redan_snippet_of(files[seen[i - 1].file].path);
        struct redan_snippet two = redan_snippet_of(files[seen[i].file].path);
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "the names %s and %s are the same text in other bytes (Unicode NFC); "
                          "some file systems take them for one file",
                          one.text, two.text);
    }
    if (folded == 0)
        return REDAN_OK;
    struct redan_snippet one = redan_snippet_of(files[seen[which - 1].file].path);
    struct redan_snippet two = redan_snippet_of(files[seen[which].file].path);
    return redan_manifest_remark(ctx, manifest,
                                 "%s and %s differ in case alone, as do %zu pairs of names in all; "
                                 "where case does not count one hides the other",
                                 one.text, two.text, folded);
}

static enum redan_status check_names(struct redan_ctx *ctx, struct redan_manifest *manifest)
{
    struct redan_manifest_file *files = NULL;
    size_t count = 0;

    REDAN_TRY(redan_manifest_files(ctx, manifest, &files, &count));
    for (size_t i = 0; i < count; i++) {
        struct redan_snippet shown = redan_snippet_of(files[i].path);
        if (!manifest->shards && files[i].count > 1)
            return redan_fail(ctx, REDAN_E_SCHEMA, 0, "%s is there %zu times", shown.text,
                              files[i].count);
        if (manifest->shards)
            REDAN_TRY(check_shards(ctx, manifest, &files[i]));
        if (redan_slice_is(files[i].path, ".") && count > 1)
            return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                              "\".\" is a model that is one file, but there are others beside it");
    }
    return check_collisions(ctx, manifest, files, count);
}

enum redan_status redan_manifest_check_names(struct redan_ctx *ctx, struct redan_manifest *manifest)
{
    /* the remarks outlive what is taken here */
    size_t before = manifest->remark_count;
    struct redan_arena_mark mark = redan_arena_mark(&ctx->arena);

    REDAN_TRY(check_names(ctx, manifest));
    if (manifest->remark_count == before)
        redan_arena_reset(&ctx->arena, mark);
    return REDAN_OK;
}

enum redan_status redan_manifest_root(struct redan_ctx *ctx, const struct redan_manifest *manifest,
                                      struct redan_digest *root)
{
    REDAN_DEFER(redan_hasher_drop) struct redan_hasher *hasher = NULL;

    REDAN_TRY(redan_hasher_new(ctx, &hasher));
    for (size_t i = 0; i < manifest->count; i++) {
        const struct redan_manifest_entry *entry = &manifest->entries[i];
        if (redan_manifest_is_empty(manifest, entry))
            continue;
        struct redan_slice bytes = {(const char *)entry->sum.bytes, entry->sum.len};
        REDAN_TRY(redan_hasher_add(ctx, hasher, bytes));
    }
    return redan_hasher_end(ctx, hasher, root);
}
