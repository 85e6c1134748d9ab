/* A model's files against what was signed: nothing is read that was not signed, and what lies beside it is found all the same. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/problem.h"
#include "sign/manifest_parts.h"

struct comparing {
    struct redan_ctx *ctx;
    const struct redan_manifest *m;
    const struct redan_manifest_check *check;
    struct redan_manifest_file *files; /* what was signed, sorted by path */
    size_t count;
    bool *seen; /* of each */
    struct redan_slice *ignore;
    size_t ignore_count;
    struct redan_slice *only; /* sorted */
    size_t only_count;
    struct redan_manifest_difference *found;
    size_t found_count;
    size_t room;
    enum redan_status failed; /* in the walk's callback, which cannot say so */
};

static enum redan_status differ(struct comparing *c, enum redan_manifest_fault fault,
                                struct redan_slice path, struct redan_slice wanted,
                                struct redan_slice found)
{
    if (c->found_count == c->room) {
        size_t room = c->room ? c->room * 2 : 16;
        struct redan_manifest_difference *grown = redan_take_array(c->ctx, room, sizeof(*grown));
        if (!grown)
            return REDAN_E_MEMORY;
        if (c->found_count)
            memcpy(grown, c->found, c->found_count * sizeof(*grown));
        c->found = grown;
        c->room = room;
    }
    struct redan_manifest_difference *d = &c->found[c->found_count];
    *d = (struct redan_manifest_difference){.fault = fault, .wanted = wanted, .found = found};
    REDAN_TRY(redan_copy(c->ctx, path, &d->path));
    c->found_count++;
    return REDAN_OK;
}

/* The first signed file that is not before `path`. */
static size_t lower_bound(const struct comparing *c, struct redan_slice path)
{
    size_t low = 0;
    size_t high = c->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (redan_slice_cmp(c->files[middle].path, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct redan_manifest_file *signed_file(const struct comparing *c,
                                                     struct redan_slice path)
{
    size_t at = lower_bound(c, path);

    return at < c->count && redan_slice_eq(c->files[at].path, path) ? &c->files[at] : NULL;
}

/* Whether a signed file lies below this folder. Between "d" and "d/" other names may stand: "d-x". */
static bool holds_signed(const struct comparing *c, struct redan_slice folder)
{
    size_t low = lower_bound(c, folder);
    size_t high = c->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct redan_slice path = c->files[middle].path;
        struct redan_slice head = redan_slice_sub(path, 0, folder.len);
        int order = redan_slice_cmp(head, folder);
        if (order == 0)
            order = path.len == folder.len ? -1 : (unsigned char)path.at[folder.len] - '/';
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* Whether the caller asks about this file. */
static bool is_asked(const struct comparing *c, struct redan_slice path)
{
    return c->only_count == 0 || redan_manifest_below_any(path, c->only, c->only_count);
}

/* Whether something that is asked about may lie in this folder: it is asked for, or leads there. */
static bool leads_to_asked(const struct comparing *c, struct redan_slice folder)
{
    if (is_asked(c, folder))
        return true;
    for (size_t i = 0; i < c->only_count; i++) {
        if (redan_manifest_below(c->only[i], folder))
            return true;
    }
    return false;
}

static bool skip_folder(const struct comparing *c, struct redan_slice path)
{
    if (!leads_to_asked(c, path))
        return true;
    if (holds_signed(c, path))
        return false;
    return c->check->ignore_unsigned || redan_manifest_below_any(path, c->ignore, c->ignore_count);
}

static bool skip(void *arg, struct redan_slice path, bool folder)
{
    struct comparing *c = arg;
    const struct redan_tree_options *outer = c->check->tree;

    if (outer && outer->skip && outer->skip(outer->arg, path, folder))
        return true;
    if (folder)
        return skip_folder(c, path);
    if (!is_asked(c, path))
        return !leads_to_asked(c, path) || !holds_signed(c, path);
    if (signed_file(c, path) || holds_signed(c, path))
        return false; /* a link or a pipe where signed files should be: the walk says so */
    if (c->check->ignore_unsigned || redan_manifest_below_any(path, c->ignore, c->ignore_count))
        return true;
    if (c->failed == REDAN_OK)
        c->failed =
            differ(c, REDAN_MANIFEST_EXTRA, path, (struct redan_slice){0}, (struct redan_slice){0});
    return true;
}

/* A file that is not as long as its shards are together is changed, and need not be read: a sparse one of terabytes would take hours. Its digests
 * are never looked at (compare_file). */
static bool known(void *arg, const struct redan_tree_file *file,
                  const struct redan_tree_range *range, struct redan_sum *sum)
{
    const struct comparing *c = arg;
    const struct redan_manifest_file *wanted = c->m->shards ? signed_file(c, file->path) : NULL;

    if (wanted && c->m->entries[wanted->entries[wanted->count - 1]].to != file->size) {
        *sum = (struct redan_sum){.len = (uint8_t)redan_hash_len(c->m->hash)};
        return true;
    }
    return c->check->tree && c->check->tree->known &&
           c->check->tree->known(c->check->tree->arg, file, range, sum);
}

static void progress(void *arg, uint64_t bytes, uint64_t total)
{
    const struct comparing *c = arg;

    c->check->tree->progress(c->check->tree->arg, bytes, total);
}

static enum redan_status sum_text(struct comparing *c, const struct redan_sum *sum,
                                  const struct redan_manifest_entry *entry,
                                  struct redan_slice *text)
{
    char hex[REDAN_SUM_HEX];

    redan_sum_hex(sum, hex);
    if (!c->m->shards)
        return redan_format(c->ctx, text, "%s:%s", redan_hash_name(c->m->hash), hex);
    return redan_format(c->ctx, text, "%s:%s of the bytes %" PRIu64 " to %" PRIu64,
                        redan_hash_name(c->m->hash), hex, entry->from, entry->to);
}

static enum redan_status size_text(struct comparing *c, uint64_t size, struct redan_slice *text)
{
    return redan_format(c->ctx, text, "%" PRIu64 " bytes", size);
}

static enum redan_status changed_size(struct comparing *c, const struct redan_manifest_file *file,
                                      uint64_t wanted, uint64_t found)
{
    struct redan_slice one = {0};
    struct redan_slice two = {0};

    REDAN_TRY(size_text(c, wanted, &one));
    REDAN_TRY(size_text(c, found, &two));
    return differ(c, REDAN_MANIFEST_CHANGED, file->path, one, two);
}

/* One file that is there: its ranges, in the order of their offsets, against what was signed. */
static enum redan_status compare_file(struct comparing *c, const struct redan_manifest_file *file,
                                      const struct redan_tree_file *there,
                                      const struct redan_tree_range *ranges, size_t count)
{
    const struct redan_manifest_entry *last = &c->m->entries[file->entries[file->count - 1]];

    if (c->m->shards && last->to != there->size)
        return changed_size(c, file, last->to, there->size);
    if (count != file->count) /* not reached: one size, one way to cut it */
        return changed_size(c, file, last->to, there->size);
    for (size_t i = 0; i < count; i++) {
        const struct redan_manifest_entry *entry = &c->m->entries[file->entries[i]];
        if (redan_sum_eq(&entry->sum, &ranges[i].sum))
            continue;
        struct redan_slice wanted = {0};
        struct redan_slice found = {0};
        REDAN_TRY(sum_text(c, &entry->sum, entry, &wanted));
        REDAN_TRY(sum_text(c, &ranges[i].sum, entry, &found));
        return differ(c, REDAN_MANIFEST_CHANGED, file->path, wanted, found);
    }
    return REDAN_OK;
}

/* The signed file that a file of the walk is. A model that is one file may be called "." (the reference) or by its name. */
static const struct redan_manifest_file *match(const struct comparing *c,
                                               const struct redan_tree *tree, size_t index)
{
    if (!tree->folder && c->count == 1 && redan_slice_is(c->files[0].path, "."))
        return &c->files[0];
    return signed_file(c, tree->files[index].path);
}

static enum redan_status compare_all(struct comparing *c, const struct redan_tree *tree)
{
    size_t at = 0;

    for (size_t i = 0; i < tree->count; i++) {
        size_t from = at;
        while (at < tree->range_count && tree->ranges[at].file == i)
            at++;
        const struct redan_manifest_file *file = match(c, tree, i);
        if (file) {
            c->seen[file - c->files] = true;
            REDAN_TRY(compare_file(c, file, &tree->files[i], &tree->ranges[from], at - from));
        } else { /* one file, which was not signed under this name */
            REDAN_TRY(differ(c, REDAN_MANIFEST_EXTRA, tree->files[i].path, (struct redan_slice){0},
                             (struct redan_slice){0}));
        }
    }
    for (size_t i = 0; i < c->count; i++) {
        struct redan_slice wanted = {0};
        if (c->seen[i] || !is_asked(c, c->files[i].path))
            continue;
        const struct redan_manifest_entry *entry = &c->m->entries[c->files[i].entries[0]];
        REDAN_TRY(sum_text(c, &entry->sum, entry, &wanted));
        REDAN_TRY(
            differ(c, REDAN_MANIFEST_MISSING, c->files[i].path, wanted, (struct redan_slice){0}));
    }
    return REDAN_OK;
}

static int by_path(const void *a, const void *b)
{
    const struct redan_manifest_difference *x = a;
    const struct redan_manifest_difference *y = b;
    int order = redan_slice_cmp(x->path, y->path);

    return order ? order : (int)x->fault - (int)y->fault;
}

/* Whoever asks about a file that was not signed must not be told that all is well. */
static enum redan_status unsigned_asked(struct comparing *c)
{
    for (size_t i = 0; i < c->only_count; i++) {
        bool told = signed_file(c, c->only[i]) || holds_signed(c, c->only[i]);
        for (size_t k = 0; k < c->found_count && !told; k++)
            told = redan_manifest_below(c->found[k].path, c->only[i]);
        if (!told)
            REDAN_TRY(differ(c, REDAN_MANIFEST_EXTRA, c->only[i], (struct redan_slice){0},
                             (struct redan_slice){0}));
    }
    return REDAN_OK;
}

static enum redan_status take_only(struct comparing *c)
{
    c->only_count = c->check->only_count;
    c->only = redan_take_array(c->ctx, c->only_count ? c->only_count : 1, sizeof(*c->only));
    if (!c->only)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < c->check->only_count; i++) {
        if (redan_slice_is(c->check->only[i], ".")) { /* the whole model */
            c->only_count = 0;
            return REDAN_OK;
        }
        const char *fault = redan_manifest_path_fault(c->check->only[i]);
        if (fault)
            return redan_fail(c->ctx, REDAN_E_USAGE, 0, "the path \"%s\" %s",
                              redan_snippet_of(c->check->only[i]).text, fault);
        c->only[i] = c->check->only[i];
    }
    if (c->only_count > 1)
        qsort(c->only, c->only_count, sizeof(*c->only), redan_manifest_by_text);
    return REDAN_OK;
}

static enum redan_status prepare(struct comparing *c)
{
    struct redan_manifest_ignore ignore = {.more = c->check->ignore,
                                           .more_count = c->check->ignore_count,
                                           .signed_more = c->m->ignore,
                                           .signed_count = c->m->ignore_count,
                                           .signature = c->check->signature,
                                           .keep_git = c->check->keep_git};

    if (c->m->count == 0)
        return redan_fail(c->ctx, REDAN_E_SCHEMA, 0, "the manifest names no files");
    REDAN_TRY(redan_hash_ready(c->ctx, c->m->hash));
    REDAN_TRY(redan_manifest_ignored(c->ctx, &ignore, &c->ignore, &c->ignore_count));
    REDAN_TRY(redan_manifest_files(c->ctx, c->m, &c->files, &c->count));
    c->seen = redan_take_array(c->ctx, c->count, sizeof(*c->seen));
    return c->seen ? take_only(c) : REDAN_E_MEMORY;
}

enum redan_status
redan_manifest_compare(struct redan_ctx *ctx, const struct redan_manifest *manifest,
                       struct redan_slice model, const struct redan_manifest_check *check,
                       struct redan_manifest_difference **differences, size_t *count)
{
    struct comparing c = {.ctx = ctx, .m = manifest, .check = check};
    struct redan_tree tree = {0};

    REDAN_TRY(prepare(&c));
    const struct redan_tree_options *outer = check->tree;
    const struct redan_tree_options walk = {
        .follow = check->links && manifest->links,
        .ranges = true,
        .hash = manifest->hash,
        .shard = manifest->shards ? manifest->shard_size : 0,
        .plain = outer && outer->plain,
        .skip = skip,
        .known = manifest->shards || (outer && outer->known) ? known : NULL,
        .progress = outer && outer->progress ? progress : NULL,
        .arg = &c};
    REDAN_TRY(redan_tree_walk(ctx, model, &walk, &tree));
    REDAN_TRY(c.failed);
    REDAN_TRY(compare_all(&c, &tree));
    REDAN_TRY(unsigned_asked(&c));
    if (c.found_count > 1)
        qsort(c.found, c.found_count, sizeof(*c.found), by_path);
    if (check->walked)
        *check->walked = tree;
    *differences = c.found;
    *count = c.found_count;
    return REDAN_OK;
}
