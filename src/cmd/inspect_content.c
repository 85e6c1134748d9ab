/* What a bundle signs: a model's manifest, another statement, or one message. */
#include "cmd/inspect.h"
#include "cmd/sign_files.h"
#include "codec/json.h"

enum { FIRST = 5, PAYLOAD_MAX = 4 << 20 };

static bool add_first(struct redan_ctx *ctx, const struct redan_manifest *m, struct redan_node *map)
{
    struct redan_node *list = redan_node_add_kind(ctx, map, "first", REDAN_NODE_LIST);
    char hex[REDAN_SUM_HEX];

    for (size_t i = 0; list && i < m->count && i < FIRST; i++) {
        const struct redan_manifest_entry *e = &m->entries[i];
        struct redan_node *one = redan_node_add_kind(ctx, list, NULL, REDAN_NODE_MAP);
        struct redan_slice copy = {0};
        redan_sum_hex(&e->sum, hex);
        if (!one || redan_copy(ctx, redan_slice_of(hex), &copy) != REDAN_OK ||
            !redan_node_add_text(ctx, one, "path", e->path) ||
            !redan_node_add_text(ctx, one, "digest", copy) ||
            (m->shards && (!redan_node_add_number(ctx, one, "from", (double)e->from) ||
                           !redan_node_add_number(ctx, one, "to", (double)e->to))))
            return false;
    }
    return list;
}

static bool add_texts(struct redan_ctx *ctx, struct redan_node *map, const char *key,
                      const struct redan_slice *texts, size_t count)
{
    struct redan_node *list = redan_node_add_kind(ctx, map, key, REDAN_NODE_LIST);

    for (size_t i = 0; list && i < count; i++) {
        if (!redan_node_add_text(ctx, list, NULL, texts[i]))
            return false;
    }
    return list;
}

static enum redan_status add_manifest(struct redan_ctx *ctx, const struct redan_manifest *m,
                                      struct redan_node *root)
{
    struct redan_node *map = redan_node_add_kind(ctx, root, "manifest", REDAN_NODE_MAP);
    struct redan_slice digest = {0};

    REDAN_TRY(redan_digest_text(ctx, &m->root, &digest));
    if (!map || !redan_node_add_text(ctx, map, "name", m->name) ||
        !redan_node_add_text(ctx, map, "root", digest) ||
        !redan_node_add_text(ctx, map, "hash", redan_slice_of(redan_hash_name(m->hash))) ||
        !redan_node_add_text(ctx, map, "method",
                             m->shards ? REDAN_S("shards") : REDAN_S("files")) ||
        (m->shards && !redan_node_add_number(ctx, map, "shard_size", (double)m->shard_size)) ||
        !redan_node_add_number(ctx, map, "files", (double)redan_sign_files_count(m)) ||
        !redan_node_add_number(ctx, map, "resources", (double)m->count) ||
        !redan_node_add_bool(ctx, map, "allow_symlinks", m->links) ||
        !add_texts(ctx, map, "ignore_paths", m->ignore, m->ignore_count) ||
        !add_first(ctx, m, map) || !add_texts(ctx, map, "remarks", m->remarks, m->remark_count))
        return REDAN_E_MEMORY;
    return REDAN_OK;
}

/* Names and digests of any in-toto statement; what is no statement is told by its length alone. */
static enum redan_status add_statement(struct redan_ctx *ctx, struct redan_slice payload,
                                       struct redan_slice why, struct redan_node *root)
{
    struct redan_node *map = redan_node_add_kind(ctx, root, "statement", REDAN_NODE_MAP);
    struct redan_node *list = NULL;
    const struct redan_node *tree = NULL;

    if (!map || !redan_node_add_number(ctx, map, "bytes", (double)payload.len) ||
        !redan_node_add_text(ctx, map, "no_manifest", why))
        return REDAN_E_MEMORY;
    if (payload.len > PAYLOAD_MAX)
        return REDAN_OK;
    enum redan_status status = redan_json_parse(ctx, payload, &tree);
    if (status == REDAN_E_SYNTAX || status == REDAN_E_LIMIT) {
        redan_fail_clear(ctx);
        return REDAN_OK;
    }
    REDAN_TRY(status);
    struct redan_slice type = redan_node_text(tree, "predicateType");
    const struct redan_node *subjects = redan_node_get(tree, "subject");
    if ((type.len && !redan_node_add_text(ctx, map, "predicate_type", type)) ||
        !(list = redan_node_add_kind(ctx, map, "subjects", REDAN_NODE_LIST)))
        return REDAN_E_MEMORY;
    const struct redan_node *subject =
        subjects && subjects->kind == REDAN_NODE_LIST ? subjects->first : NULL;
    for (size_t i = 0; subject && i < FIRST; subject = subject->next, i++) {
        struct redan_node *one = redan_node_add_kind(ctx, list, NULL, REDAN_NODE_MAP);
        if (!one || !redan_node_add_text(ctx, one, "name", redan_node_text(subject, "name")) ||
            !redan_node_add_text(ctx, one, "sha256",
                                 redan_node_text(redan_node_get(subject, "digest"), "sha256")))
            return REDAN_E_MEMORY;
    }
    return REDAN_OK;
}

static enum redan_status add_message(struct redan_ctx *ctx, const struct redan_bundle *bundle,
                                     struct redan_node *root)
{
    struct redan_node *map = redan_node_add_kind(ctx, root, "message", REDAN_NODE_MAP);
    struct redan_slice text = {0};
    char hex[REDAN_SUM_HEX];

    if (!map)
        return REDAN_E_MEMORY;
    if (!bundle->has_digest)
        return REDAN_OK;
    redan_sum_hex(&bundle->digest, hex);
    REDAN_TRY(redan_format(ctx, &text, "%s:%s", redan_hash_name(bundle->digest_hash), hex));
    return redan_node_add_text(ctx, map, "digest", text) ? REDAN_OK : REDAN_E_MEMORY;
}

enum redan_status redan_inspect_content(struct redan_ctx *ctx, const struct redan_bundle *bundle,
                                        struct redan_node *root)
{
    struct redan_manifest manifest = {0};
    struct redan_slice why = {0};

    if (!bundle->is_dsse)
        return add_message(ctx, bundle, root);
    if (!redan_node_add_text(ctx, root, "payload_type", bundle->dsse.payload_type))
        return REDAN_E_MEMORY;
    enum redan_status status = redan_manifest_parse(ctx, bundle->dsse.payload, &manifest);
    if (status == REDAN_OK)
        return add_manifest(ctx, &manifest, root);
    if (status != REDAN_E_SYNTAX && status != REDAN_E_SCHEMA && status != REDAN_E_LIMIT &&
        status != REDAN_E_SIGNATURE && status != REDAN_E_UNSUPPORTED)
        return status;
    REDAN_TRY(redan_copy(ctx, redan_slice_of(ctx->failure.text), &why));
    redan_fail_clear(ctx);
    return add_statement(ctx, bundle->dsse.payload, why, root);
}
