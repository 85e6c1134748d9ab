/* The manifest of a pack, and taking a pack apart by it. */
#include "threat/pack.h"

#include <string.h>

#include "base/clock.h"
#include "codec/json.h"
#include "record/embedded.h"

#define MANIFEST "MANIFEST.json"

/* A name of the form FOLDER/NAME.ENDING, or FOLDER/X/NAME.ENDING for depth 2. */
static bool in_folder(struct redan_slice name, const char *folder, size_t depth, const char *ending)
{
    struct redan_slice head = {0};
    struct redan_slice rest = {0};

    if (!redan_slice_cut(name, '/', &head, &rest) || !redan_slice_is(head, folder) ||
        !redan_slice_ends(rest, redan_slice_of(ending)) || rest.len == strlen(ending))
        return false;
    for (; depth > 1; depth--) {
        if (!redan_slice_cut(rest, '/', &head, &rest))
            return false;
    }
    return !redan_slice_cut(rest, '/', &head, &rest);
}

static bool is_hex(struct redan_slice text)
{
    struct redan_digest digest;

    return redan_digest_parse_hex(text, &digest);
}

/* FOLDER/[HEX/]HEAD-HEX.ENDING, as the writers of those folders name their files. */
static bool is_named(struct redan_slice name, const char *folder, size_t depth, const char *start,
                     const char *ending)
{
    struct redan_slice head = {0};
    struct redan_slice rest = {0};

    if (!in_folder(name, folder, depth, ending))
        return false;
    (void)redan_slice_cut(name, '/', &head, &rest);
    for (; depth > 1; depth--) {
        (void)redan_slice_cut(rest, '/', &head, &rest);
        if (!is_hex(head))
            return false;
    }
    return redan_slice_starts(rest, redan_slice_of(start)) &&
           rest.len > strlen(start) + strlen(ending) &&
           is_hex(redan_slice_sub(rest, strlen(start), rest.len - strlen(ending) - strlen(start)));
}

bool redan_pack_misnamed(struct redan_slice name)
{
    return (in_folder(name, "approvals", 1, ".json") &&
            !is_named(name, "approvals", 1, "", ".json")) ||
           (in_folder(name, "evidence", 2, ".json") && !is_named(name, "evidence", 2, "", ".json"));
}

bool redan_pack_knows(struct redan_slice name, struct redan_slice stride, bool *judged)
{
    static const char *const own[] = {"threatmodel.yaml", "org.yaml", "org.dsse.json", "keys.yaml",
                                      "keys.dsse.json"};

    *judged = true;
    for (size_t i = 0; i < REDAN_COUNT(own); i++) {
        if (redan_slice_is(name, own[i]))
            return true;
    }
    if (is_named(name, "approvals", 1, "", ".json") ||
        is_named(name, "history", 1, "model-", ".yaml") ||
        is_named(name, "history", 1, "org-", ".yaml") || is_named(name, "evidence", 2, "", ".json"))
        return true;
    *judged = false;
    if (redan_slice_is(name, "report.txt") || redan_slice_is(name, "report.json") ||
        in_folder(name, "catalog", 1, ".yaml"))
        return true;
    *judged = true;
    return stride.len > 0 && redan_slice_eq(name, stride) && !redan_slice_is(name, MANIFEST);
}

static bool add_file(struct redan_ctx *ctx, struct redan_node *list,
                     const struct redan_ustar_file *file)
{
    struct redan_node *node = redan_node_add_kind(ctx, list, NULL, REDAN_NODE_MAP);
    struct redan_digest digest;
    struct redan_slice text = {0};

    return node && redan_sha256(ctx, file->bytes, &digest) == REDAN_OK &&
           redan_digest_text(ctx, &digest, &text) == REDAN_OK &&
           redan_node_add_text(ctx, node, "name", file->name) &&
           redan_node_add_number(ctx, node, "size", (double)file->bytes.len) &&
           redan_node_add_text(ctx, node, "digest", text);
}

static enum redan_status add_claim(struct redan_ctx *ctx, struct redan_node *m,
                                   const struct redan_pack_claim *claim)
{
    char time[REDAN_TIME_TEXT];
    struct redan_slice made = {0};
    struct redan_slice root = {0};
    struct redan_slice catalog = {0};

    redan_time_text(claim->made, time);
    REDAN_TRY(redan_copy(ctx, redan_slice_of(time), &made));
    REDAN_TRY(redan_digest_text(ctx, &claim->root, &root));
    REDAN_TRY(redan_digest_text(ctx, &claim->catalog, &catalog));
    if (!redan_node_add_text(ctx, m, "schema", REDAN_S(REDAN_PACK_SCHEMA)) ||
        !redan_node_add_text(ctx, m, "tool", claim->tool) ||
        !redan_node_add_text(ctx, m, "made", made) ||
        !redan_node_add_text(ctx, m, "system", claim->system) ||
        !redan_node_add_text(ctx, m, "root", root) ||
        !redan_node_add_text(ctx, m, "verdict", claim->verdict) ||
        !redan_node_add_text(ctx, m, "catalog", catalog) ||
        (claim->stride.len && !redan_node_add_text(ctx, m, "stride", claim->stride)))
        return REDAN_E_MEMORY;
    return REDAN_OK;
}

static enum redan_status print(struct redan_ctx *ctx, const struct redan_node *tree,
                               struct redan_slice *text)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) out = {0};

    redan_buf_init(&out, ctx, ctx->limits.json);
    redan_json_tree_add(&out, tree);
    REDAN_TRY(redan_buf_ok(ctx, &out, "the manifest"));
    return redan_copy(ctx, redan_buf_view(&out), text);
}

enum redan_status redan_pack_manifest(struct redan_ctx *ctx, const struct redan_pack_claim *claim,
                                      const struct redan_ustar_file *files, size_t count,
                                      struct redan_slice *text)
{
    struct redan_node *m = redan_node_new(ctx, REDAN_NODE_MAP);
    struct redan_digest digest;
    struct redan_slice sum = {0};

    if (!m)
        return REDAN_E_MEMORY;
    REDAN_TRY(add_claim(ctx, m, claim));
    struct redan_node *list = redan_node_add_kind(ctx, m, "files", REDAN_NODE_LIST);
    for (size_t i = 0; i < count; i++) {
        if (!list || !add_file(ctx, list, &files[i]))
            return ctx->failure.status != REDAN_OK ? ctx->failure.status : REDAN_E_MEMORY;
    }
    REDAN_TRY(print(
        ctx, m,
        text)); /* its own sum is over the text without it: against damage, not against fraud */
    REDAN_TRY(redan_sha256(ctx, *text, &digest));
    REDAN_TRY(redan_digest_text(ctx, &digest, &sum));
    if (!redan_node_add_text(ctx, m, "sum", sum))
        return REDAN_E_MEMORY;
    return print(ctx, m, text);
}

static enum redan_status wrong(struct redan_ctx *ctx, const char *what)
{
    return redan_fail(ctx, REDAN_E_SCHEMA, 0, "this is no sound pack: %s", what);
}

static enum redan_status read_claim(struct redan_ctx *ctx, struct redan_slice text,
                                    struct redan_pack_claim *claim)
{
    const struct redan_node *m = NULL;

    REDAN_TRY(redan_json_parse(ctx, text, &m));
    claim->tool = redan_node_text(m, "tool");
    claim->system = redan_node_text(m, "system");
    claim->verdict = redan_node_text(m, "verdict");
    claim->stride = redan_node_text(m, "stride");
    if (!redan_slice_is(redan_node_text(m, "schema"), REDAN_PACK_SCHEMA))
        return wrong(ctx, "its manifest is not of the schema " REDAN_PACK_SCHEMA);
    if (!redan_time_parse(redan_node_text(m, "made"), &claim->made) || claim->tool.len == 0 ||
        claim->system.len == 0 || !redan_slice_among(redan_word_words, claim->verdict) ||
        !redan_digest_parse(redan_node_text(m, "root"), &claim->root) ||
        !redan_digest_parse(redan_node_text(m, "catalog"), &claim->catalog))
        return wrong(ctx, "its manifest lacks tool, time, system, root, verdict or catalogue");
    return REDAN_OK;
}

/* Which files there are, each where it belongs, in order, and those that a check reads put aside. */
static enum redan_status sort_files(struct redan_ctx *ctx, struct redan_pack *pack)
{
    pack->judged = redan_take_array(ctx, pack->count, sizeof(*pack->judged));
    if (!pack->judged)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < pack->count; i++) {
        const struct redan_ustar_file *f = &pack->files[i];
        bool judged = false;
        if (!redan_pack_knows(f->name, pack->claim.stride, &judged))
            return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                              "this is no sound pack: it holds \"%.*s\", which does not belong "
                              "there",
                              REDAN_FMT(f->name));
        if (i > 0 && redan_slice_cmp(pack->files[i - 1].name, f->name) >= 0)
            return wrong(ctx, "its files are not in order");
        if (judged)
            pack->judged[pack->judged_count++] = *f;
    }
    return REDAN_OK;
}

enum redan_status redan_pack_read(struct redan_ctx *ctx, struct redan_slice text,
                                  struct redan_pack *pack)
{
    struct redan_slice manifest = {0};

    *pack = (struct redan_pack){0};
    REDAN_TRY(redan_ustar_read(ctx, text, &pack->files, &pack->count));
    if (pack->count == 0 || !redan_slice_is(pack->files[0].name, MANIFEST))
        return wrong(ctx, "its first file is not " MANIFEST);
    REDAN_TRY(read_claim(ctx, pack->files[0].bytes, &pack->claim));
    struct redan_slice found = pack->files[0].bytes;
    pack->files++;
    pack->count--;
    REDAN_TRY(sort_files(ctx, pack));
    /* made anew from what is there: every digest, every size, every name, and the spelling */
    REDAN_TRY(redan_pack_manifest(ctx, &pack->claim, pack->files, pack->count, &manifest));
    if (!redan_slice_eq(manifest, found))
        return wrong(ctx, "its files are not those of its manifest: it was changed or damaged");
    return REDAN_OK;
}

static bool is_embedded(const struct redan_ustar_file *file)
{
    struct redan_slice folder = {0};
    struct redan_slice name = {0};

    (void)redan_slice_cut(file->name, '/', &folder, &name);
    for (const struct redan_embedded *e = redan_catalog_files; e->name; e++) {
        if (redan_slice_is(name, e->name))
            return redan_slice_eq(file->bytes, (struct redan_slice){e->bytes, e->len});
    }
    return false;
}

bool redan_pack_same_catalog(const struct redan_pack *pack)
{
    size_t ours = 0;
    size_t theirs = 0;

    while (redan_catalog_files[ours].name)
        ours++;
    for (size_t i = 0; i < pack->count; i++) {
        if (!redan_slice_starts(pack->files[i].name, REDAN_S("catalog/")))
            continue;
        if (!is_embedded(&pack->files[i]))
            return false;
        theirs++;
    }
    return theirs == ours;
}
