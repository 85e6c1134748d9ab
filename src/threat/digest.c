/* Leaves, head, root and acceptances: SHA-256 over tagged canonical JSON. */
#include "threat/digest.h"

#include "base/hex.h"
#include "codec/canonical.h"
#include "threat/canonical_tree.h"

enum redan_status redan_tagged_digest(struct redan_ctx *ctx, const char *section,
                                      struct redan_slice bytes, struct redan_digest *digest)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) text;

    redan_buf_init(&text, ctx, ctx->limits.json);
    redan_buf_slice(&text, REDAN_S("redan/1\0"));
    redan_buf_text(&text, section);
    redan_buf_char(&text, '\0');
    redan_buf_slice(&text, bytes);
    REDAN_TRY(redan_buf_ok(ctx, &text, "what is digested"));
    return redan_sha256(ctx, redan_buf_view(&text), digest);
}

static enum redan_status digest_node(struct redan_ctx *ctx, const char *section,
                                     const struct redan_node *node, struct redan_digest *digest)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) text;

    redan_buf_init(&text, ctx, ctx->limits.json);
    REDAN_TRY(redan_canonical_add(ctx, &text, node));
    REDAN_TRY(redan_buf_ok(ctx, &text, "the canonical form"));
    return redan_tagged_digest(ctx, section, redan_buf_view(&text), digest);
}

static enum redan_status add_hex(struct redan_ctx *ctx, struct redan_node *map,
                                 struct redan_slice key, const struct redan_digest *digest)
{
    struct redan_node *node = redan_node_new(ctx, REDAN_NODE_TEXT);
    char hex[REDAN_DIGEST_HEX];

    if (!node)
        return REDAN_E_MEMORY;
    redan_digest_hex(digest, hex);
    node->key = key;
    REDAN_TRY(redan_copy(ctx, redan_slice_of(hex), &node->text));
    redan_node_add(map, node);
    return REDAN_OK;
}

/* Everything but threats, controls and annotations. */
static enum redan_status digest_head(struct redan_ctx *ctx, const struct redan_node *tree,
                                     struct redan_threat_model *model)
{
    struct redan_node *head = redan_node_new(ctx, REDAN_NODE_MAP);

    if (!head)
        return REDAN_E_MEMORY;
    for (const struct redan_node *n = tree->first; n; n = n->next) {
        if (redan_slice_is(n->key, "threats") || redan_slice_is(n->key, "controls") ||
            redan_slice_is(n->key, "annotations"))
            continue;
        struct redan_node *copy = redan_node_new(ctx, n->kind);
        if (!copy)
            return REDAN_E_MEMORY;
        *copy = *n;
        copy->next = NULL;
        redan_node_add(head, copy);
        if (redan_slice_is(n->key, "profile"))
            REDAN_TRY(digest_node(ctx, "profile", n, &model->profile_digest));
    }
    return digest_node(ctx, "head", head, &model->head);
}

/* The leaf of one threat or control: its own canonical tree. */
static enum redan_status digest_leaf(struct redan_problems *problems, const char *section,
                                     const struct redan_node *node, struct redan_digest *digest)
{
    struct redan_node *tree = NULL;

    REDAN_TRY(redan_canonical_tree(problems, node, &tree));
    return digest_node(problems->ctx, section, tree, digest);
}

static enum redan_status digest_root(struct redan_ctx *ctx, struct redan_threat_model *model)
{
    const struct redan_threat *threats = model->threats.items;
    const struct redan_control *controls = model->controls.items;
    struct redan_node *root = redan_node_new(ctx, REDAN_NODE_MAP);
    struct redan_node *t = root ? redan_node_add_kind(ctx, root, "threats", REDAN_NODE_MAP) : NULL;
    struct redan_node *c = t ? redan_node_add_kind(ctx, root, "controls", REDAN_NODE_MAP) : NULL;

    if (!c)
        return REDAN_E_MEMORY;
    REDAN_TRY(add_hex(ctx, root, REDAN_S("head"), &model->head));
    for (size_t i = 0; i < model->threats.count; i++)
        REDAN_TRY(add_hex(ctx, t, threats[i].id, &threats[i].leaf));
    for (size_t i = 0; i < model->controls.count; i++)
        REDAN_TRY(add_hex(ctx, c, controls[i].id, &model->control_leaves[i]));
    return digest_node(ctx, "threat-model", root, &model->root);
}

struct relies {
    struct redan_problems *problems;
    const struct redan_org *org;
    const struct redan_threat_model *model;
    struct redan_node *map;
};

static enum redan_status rely(struct relies *r, const struct redan_texts *ids)
{
    const struct redan_control *controls = r->model->controls.items;

    for (size_t i = 0; i < ids->count; i++) {
        struct redan_slice id = ids->items[i];
        const struct redan_threat *threat = redan_threat_model_threat(r->model, id);
        const struct redan_control *control = redan_threat_model_control(r->model, r->org, id);
        struct redan_digest leaf = {0};
        bool seen = false;
        for (const struct redan_node *n = r->map->first; n && !seen; n = n->next)
            seen = redan_slice_eq(n->key, id);
        if (seen || (!threat && !control))
            continue;
        if (threat)
            leaf = threat->leaf;
        else if (control >= controls && control < controls + r->model->controls.count)
            leaf = r->model->control_leaves[control - controls];
        else
            REDAN_TRY(digest_leaf(r->problems, "control", control->node, &leaf));
        REDAN_TRY(add_hex(r->problems->ctx, r->map, id, &leaf));
    }
    return REDAN_OK;
}

/* The threat as it stands, the profile, and all that the acceptance, the interim or the residual stands on. */
static enum redan_status digest_acceptance(struct redan_problems *problems,
                                           const struct redan_org *org,
                                           const struct redan_threat_model *model,
                                           struct redan_threat *threat)
{
    struct redan_ctx *ctx = problems->ctx;
    const struct redan_resolution *r = threat->resolution;
    struct redan_node *root = redan_node_new(ctx, REDAN_NODE_MAP);
    struct relies relies = {problems, org, model, NULL};

    if (!root || !r)
        return root ? REDAN_OK : REDAN_E_MEMORY;
    relies.map = redan_node_add_kind(ctx, root, "relies", REDAN_NODE_MAP);
    if (!relies.map)
        return REDAN_E_MEMORY;
    REDAN_TRY(add_hex(ctx, root, REDAN_S("threat"), &threat->leaf));
    REDAN_TRY(add_hex(ctx, root, REDAN_S("profile"), &model->profile_digest));
    REDAN_TRY(rely(&relies, &r->controls));
    REDAN_TRY(rely(&relies, &r->conditions));
    REDAN_TRY(rely(&relies, &r->relies_on));
    if (r->interim)
        REDAN_TRY(rely(&relies, &r->interim->controls));
    return digest_node(ctx, "acceptance", root, &threat->acceptance);
}

enum redan_status redan_threat_digest(struct redan_problems *problems, const struct redan_org *org,
                                      struct redan_threat_model *model)
{
    struct redan_ctx *ctx = problems->ctx;
    struct redan_threat *threats = model->threats.items;
    const struct redan_control *controls = model->controls.items;
    struct redan_node *tree = NULL;

    REDAN_TRY(redan_canonical_tree(problems, model->root_node, &tree));
    if (problems->count > 0)
        return REDAN_OK;
    REDAN_TRY(digest_head(ctx, tree, model));
    model->control_leaves =
        redan_take_array(ctx, model->controls.count, sizeof(struct redan_digest));
    if (!model->control_leaves)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < model->threats.count; i++)
        REDAN_TRY(digest_leaf(problems, "threat", threats[i].node, &threats[i].leaf));
    for (size_t i = 0; i < model->controls.count; i++)
        REDAN_TRY(digest_leaf(problems, "control", controls[i].node, &model->control_leaves[i]));
    for (size_t i = 0; i < model->threats.count; i++)
        REDAN_TRY(digest_acceptance(problems, org, model, &threats[i]));
    return digest_root(ctx, model);
}
