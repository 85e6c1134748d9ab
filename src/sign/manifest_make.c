/* A model's files become a manifest: walked, left out where that was asked, hashed on all cores. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "codec/problem.h"
#include "io/file.h"
#include "sign/manifest_parts.h"

struct making {
    const struct redan_tree_options *tree; /* the caller's; may be NULL */
    const struct redan_slice *ignore;
    size_t ignore_count;
};

static enum redan_status take_over(struct redan_ctx *ctx, const struct redan_slice *from,
                                   size_t count, const char *whose, enum redan_status status,
                                   struct redan_slice *list, size_t *n)
{
    for (size_t i = 0; i < count; i++) {
        const char *fault = redan_manifest_ignore_fault(from[i]);
        if (fault)
            return redan_fail(ctx, status, 0, "%s \"%s\" %s", whose, redan_snippet_of(from[i]).text,
                              fault);
        list[(*n)++] = from[i];
    }
    return REDAN_OK;
}

enum redan_status redan_manifest_ignored(struct redan_ctx *ctx,
                                         const struct redan_manifest_ignore *from,
                                         struct redan_slice **list, size_t *count)
{
    size_t room = from->more_count + from->signed_count + REDAN_MANIFEST_GIT + 1;
    struct redan_slice *made = redan_take_array(ctx, room, sizeof(*made));
    size_t n = 0;
    size_t kept = 0;

    if (!made)
        return REDAN_E_MEMORY;
    REDAN_TRY(
        take_over(ctx, from->more, from->more_count, "the ignored path", REDAN_E_USAGE, made, &n));
    REDAN_TRY(take_over(ctx, from->signed_more, from->signed_count, "the signed ignored path",
                        REDAN_E_SCHEMA, made, &n));
    if (from->signature.len) /* any name will do: it is written out, not a pattern */
        made[n++] = from->signature;
    for (size_t i = 0; !from->keep_git && i < REDAN_MANIFEST_GIT; i++)
        made[n++] = redan_manifest_git[i];
    qsort(made, n, sizeof(*made), redan_manifest_by_text);
    for (size_t i = 0; i < n; i++) {
        if (kept == 0 || !redan_slice_eq(made[kept - 1], made[i]))
            made[kept++] = made[i];
    }
    *list = made;
    *count = kept;
    return REDAN_OK;
}

/* The walk asks for a folder before it asks for what is in it. */
static bool skip(void *arg, struct redan_slice path, bool folder)
{
    const struct making *making = arg;

    if (bsearch(&path, making->ignore, making->ignore_count, sizeof(path), redan_manifest_by_text))
        return true;
    return making->tree && making->tree->skip &&
           making->tree->skip(making->tree->arg, path, folder);
}

static bool known(void *arg, const struct redan_tree_file *file,
                  const struct redan_tree_range *range, struct redan_sum *sum)
{
    const struct making *making = arg;

    return making->tree->known(making->tree->arg, file, range, sum);
}

static void progress(void *arg, uint64_t bytes, uint64_t total)
{
    const struct making *making = arg;

    making->tree->progress(making->tree->arg, bytes, total);
}

static struct redan_slice base_name(struct redan_slice model)
{
    while (model.len > 1 && model.at[model.len - 1] == '/')
        model.len--;
    struct redan_slice name = redan_path_name(model);
    bool says = name.len && !redan_slice_is(name, ".") && !redan_slice_is(name, "..") &&
                redan_utf8_check(name, NULL);
    return says ? name : REDAN_S("model");
}

static enum redan_status take_entries(struct redan_ctx *ctx, const struct redan_tree *tree,
                                      const struct redan_manifest_options *options,
                                      struct redan_manifest *m)
{
    m->entries = redan_take_array(ctx, tree->range_count, sizeof(*m->entries));
    if (!m->entries)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < tree->range_count; i++) {
        const struct redan_tree_range *range = &tree->ranges[i];
        struct redan_slice path = tree->files[range->file].path;
        if (!tree->folder && options->dot_name)
            path = REDAN_S(".");
        m->entries[i] = (struct redan_manifest_entry){.path = path,
                                                      .from = m->shards ? range->from : 0,
                                                      .to = m->shards ? range->to : UINT64_MAX,
                                                      .sum = range->sum};
    }
    m->count = tree->range_count;
    return REDAN_OK;
}

enum redan_status redan_manifest_make(struct redan_ctx *ctx, struct redan_slice model,
                                      const struct redan_manifest_options *options,
                                      struct redan_manifest *manifest)
{
    struct redan_manifest m = {
        .shards = options->shards, .hash = options->hash, .links = options->links};
    struct redan_manifest_ignore ignore = {.more = options->ignore,
                                           .more_count = options->ignore_count,
                                           .signature = options->signature,
                                           .keep_git = options->keep_git};
    const struct redan_tree_options *outer = options->tree;
    struct redan_tree tree = {0};

    if (m.shards)
        m.shard_size = options->shard_size ? options->shard_size : REDAN_MANIFEST_SHARD;
    REDAN_TRY(redan_copy(ctx, base_name(model), &m.name));
    REDAN_TRY(redan_manifest_ignored(ctx, &ignore, &m.ignore, &m.ignore_count));
    struct making making = {.tree = outer, .ignore = m.ignore, .ignore_count = m.ignore_count};
    const struct redan_tree_options walk = {.follow = m.links,
                                            .ranges = true,
                                            .hash = m.hash,
                                            .shard = m.shard_size,
                                            .plain = outer && outer->plain,
                                            .skip = skip,
                                            .known = outer && outer->known ? known : NULL,
                                            .progress = outer && outer->progress ? progress : NULL,
                                            .arg = &making};
    REDAN_TRY(redan_hash_ready(ctx, m.hash));
    REDAN_TRY(redan_tree_walk(ctx, model, &walk, &tree));
    if (tree.count == 0)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "%s holds no files: an empty model is not signed",
                          redan_snippet_of(model).text);
    if (!tree.folder)
        m.ignore_count = 0; /* there is nothing beside it */
    REDAN_TRY(take_entries(ctx, &tree, options, &m));
    redan_manifest_sort(&m);
    REDAN_TRY(redan_manifest_check_names(ctx, &m));
    REDAN_TRY(redan_manifest_root(ctx, &m, &m.root));
    if (options->walked)
        *options->walked = tree;
    *manifest = m;
    return REDAN_OK;
}
