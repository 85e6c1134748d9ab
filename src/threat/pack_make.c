/* Gathers what a verdict stands on from a system's folder. */
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"
#include "io/file.h"
#include "io/tree.h"
#include "record/embedded.h"
#include "threat/pack.h"

struct gather {
    struct redan_ctx *ctx;
    const struct redan_system *system;
    struct redan_slice stride;
    struct redan_ustar_file *files;
    size_t count;
    size_t cap;
    size_t bytes;
};

static enum redan_status add(struct gather *g, struct redan_slice name, struct redan_slice bytes)
{
    static const char secret[] = "PRIVATE KEY";

    if (memmem(bytes.at, bytes.len, secret, sizeof(secret) - 1))
        return redan_fail(g->ctx, REDAN_E_SCHEMA, 0,
                          "%.*s holds a private key; nothing is packed. Take it away, and replace "
                          "that key: redan keys rotate",
                          REDAN_FMT(name));
    if (!redan_ustar_name(name))
        return redan_fail(g->ctx, REDAN_E_SCHEMA, 0, "the name \"%.*s\" does not fit into a pack",
                          REDAN_FMT(redan_slice_sub(name, 0, 200)));
    if (bytes.len > REDAN_PACK_MOST || g->bytes > REDAN_PACK_MOST - bytes.len)
        return redan_fail(g->ctx, REDAN_E_LIMIT, 0, "a pack is at most %d MiB",
                          REDAN_PACK_MOST >> 20);
    if (g->count + 1 >= REDAN_USTAR_FILES) /* the manifest is one of them */
        return redan_fail(g->ctx, REDAN_E_LIMIT, 0, "a pack holds at most %d files",
                          (int)REDAN_USTAR_FILES);
    if (g->count == g->cap) {
        size_t cap = g->cap ? g->cap * 2 : 64;
        struct redan_ustar_file *files = redan_take_array(g->ctx, cap, sizeof(*files));
        if (!files)
            return REDAN_E_MEMORY;
        if (g->count)
            memcpy(files, g->files, g->count * sizeof(*files));
        g->files = files;
        g->cap = cap;
    }
    g->bytes += bytes.len;
    g->files[g->count++] = (struct redan_ustar_file){name, bytes};
    return REDAN_OK;
}

/* A file of the folder, by its name in it; links are not followed. */
static enum redan_status add_path(struct gather *g, struct redan_slice name)
{
    struct redan_slice path = {0};
    struct redan_slice bytes = {0};

    REDAN_TRY(redan_path_join(g->ctx, g->system->folder, name, &path));
    REDAN_TRY(redan_file_read(g->ctx, path, g->ctx->limits.file, false, &bytes));
    return add(g, name, bytes);
}

static enum redan_status add_own(struct gather *g)
{
    static const char *const names[] = {"threatmodel.yaml", "org.yaml", "org.dsse.json",
                                        "keys.yaml", "keys.dsse.json"};

    for (size_t i = 0; i < REDAN_COUNT(names); i++) {
        struct redan_slice path = {0};
        REDAN_TRY(redan_path_join(g->ctx, g->system->folder, redan_slice_of(names[i]), &path));
        if (redan_file_exists(g->ctx, path))
            REDAN_TRY(add_path(g, redan_slice_of(names[i])));
    }
    return REDAN_OK;
}

/* What a check reads below one folder; the walk refuses links and odd files, wherever they are. */
static enum redan_status add_folder(struct gather *g, const char *folder)
{
    struct redan_slice path = {0};
    struct redan_tree tree = {0};

    REDAN_TRY(redan_path_join(g->ctx, g->system->folder, redan_slice_of(folder), &path));
    if (!redan_folder_exists(g->ctx, path))
        return REDAN_OK;
    REDAN_TRY(redan_tree_walk(g->ctx, path, NULL, &tree));
    for (size_t i = 0; i < tree.count; i++) {
        struct redan_slice name = {0};
        bool judged = false;
        REDAN_TRY(redan_path_join(g->ctx, redan_slice_of(folder), tree.files[i].path, &name));
        bool misnamed = redan_pack_misnamed(name);
        if (misnamed || redan_pack_knows(name, (struct redan_slice){"", 0}, &judged))
            REDAN_TRY(add_path(g, name)); /* anything else is nobody's record */
        if (misnamed)                     /* left out it could change the verdict */
            return redan_fail(g->ctx, REDAN_E_SCHEMA, 0,
                              "%.*s is read by a check but has not the name that redan gives; "
                              "restore it under its own name, or take it away",
                              REDAN_FMT(name));
    }
    return REDAN_OK;
}

/* The application threat model; one that is not there is a warning of the check's. */
static enum redan_status add_stride(struct gather *g)
{
    const struct redan_stride *stride = g->system->model.stride;
    struct redan_slice path = {0};
    bool judged = false;

    if (!stride || stride->file.len == 0 ||
        (redan_pack_knows(stride->file, (struct redan_slice){"", 0}, &judged) && judged))
        return REDAN_OK;
    if (redan_pack_knows(stride->file, (struct redan_slice){"", 0}, &judged) ||
        !redan_path_inside(stride->file) || !redan_pack_knows(stride->file, stride->file, &judged))
        return redan_fail(g->ctx, REDAN_E_SCHEMA, 0,
                          "extends-stride names %.*s, which cannot be packed; move it into the "
                          "folder",
                          REDAN_FMT(stride->file));
    REDAN_TRY(redan_path_join(g->ctx, g->system->folder, stride->file, &path));
    if (!redan_file_exists(g->ctx, path))
        return REDAN_OK;
    g->stride = stride->file;
    return add_path(g, stride->file);
}

static enum redan_status add_catalog(struct gather *g)
{
    for (const struct redan_embedded *e = redan_catalog_files; e->name; e++) {
        struct redan_slice name = {0};
        REDAN_TRY(redan_path_join(g->ctx, REDAN_S("catalog"), redan_slice_of(e->name), &name));
        REDAN_TRY(add(g, name, (struct redan_slice){e->bytes, e->len}));
    }
    return REDAN_OK;
}

static enum redan_status take(struct gather *g, struct redan_buf *buf, const char *name)
{
    struct redan_slice copy = {0};

    REDAN_TRY(redan_buf_ok(g->ctx, buf, "the report"));
    REDAN_TRY(redan_copy(g->ctx, redan_buf_view(buf), &copy));
    redan_buf_clear(buf);
    return add(g, redan_slice_of(name), copy);
}

static enum redan_status add_reports(struct gather *g, const struct redan_verdict *verdict)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) out = {0};
    struct redan_node *tree = NULL;

    redan_buf_init(&out, g->ctx, g->ctx->limits.json);
    redan_verdict_text(&out, verdict, false);
    REDAN_TRY(take(g, &out, "report.txt"));
    REDAN_TRY(redan_verdict_tree(g->ctx, verdict, &tree));
    redan_json_tree_add(&out, tree);
    return take(g, &out, "report.json");
}

static int by_name(const void *a, const void *b)
{
    const struct redan_ustar_file *x = a;
    const struct redan_ustar_file *y = b;

    return redan_slice_cmp(x->name, y->name);
}

enum redan_status redan_pack_make(struct redan_ctx *ctx, const struct redan_system *system,
                                  const struct redan_verdict *verdict, struct redan_slice tool,
                                  struct redan_buf *out)
{
    struct gather g = {.ctx = ctx, .system = system};
    struct redan_ustar_file manifest = {.name = REDAN_S("MANIFEST.json")};

    REDAN_TRY(add_own(&g));
    REDAN_TRY(add_folder(&g, "approvals"));
    REDAN_TRY(add_folder(&g, "history"));
    REDAN_TRY(add_folder(&g, "evidence"));
    REDAN_TRY(add_stride(&g));
    REDAN_TRY(add_catalog(&g));
    REDAN_TRY(add_reports(&g, verdict));
    qsort(g.files, g.count, sizeof(*g.files), by_name);
    const struct redan_pack_claim claim = {
        .tool = tool,
        .made = ctx->now,
        .system = system->model.id,
        .root = system->model.root,
        .verdict = redan_slice_of(redan_word_words[verdict->word]),
        .catalog = system->catalog->digest,
        .stride = g.stride,
    };
    REDAN_TRY(redan_pack_manifest(ctx, &claim, g.files, g.count, &manifest.bytes));
    REDAN_TRY(redan_ustar_add(ctx, out, &manifest));
    for (size_t i = 0; i < g.count; i++)
        REDAN_TRY(redan_ustar_add(ctx, out, &g.files[i]));
    redan_ustar_end(out);
    return redan_buf_ok(ctx, out, "the pack");
}
