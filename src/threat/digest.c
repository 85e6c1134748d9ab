/* Leaves, head and root: SHA-256 over tagged canonical JSON. */
#include "threat/digest.h"

enum redan_status redan_digest_add(struct redan_ctx *ctx, struct redan_node *map,
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

/* Everything but threats and controls, which have leaves, and annotations, which are not signed. */
static enum redan_status digest_head(struct redan_problems *problems,
                                     struct redan_threat_model *model)
{
    struct redan_ctx *ctx = problems->ctx;
    struct redan_node *head = redan_node_new(ctx, REDAN_NODE_MAP);

    if (!head)
        return REDAN_E_MEMORY;
    for (const struct redan_node *n = model->root_node->first; n; n = n->next) {
        struct redan_node *tree = NULL;
        if (redan_slice_is(n->key, "threats") || redan_slice_is(n->key, "controls") ||
            redan_slice_is(n->key, "annotations"))
            continue;
        REDAN_TRY(redan_canonical_tree(problems, n, &tree));
        redan_node_add(head, tree);
        if (redan_slice_is(n->key, "profile"))
            REDAN_TRY(redan_tree_digest(ctx, "profile", tree, &model->profile_digest));
    }
    return redan_tree_digest(ctx, "head", head, &model->head);
}

/* The leaf of one threat or control (its section): the digest of its own canonical tree. */
static enum redan_status digest_leaf(struct redan_problems *problems, const char *section,
                                     const struct redan_node *node, struct redan_digest *digest)
{
    struct redan_arena_mark mark = redan_arena_mark(&problems->ctx->arena);
    struct redan_node *tree = NULL;
    size_t before = problems->count;

    REDAN_TRY(redan_canonical_tree(problems, node, &tree));
    REDAN_TRY(redan_tree_digest(problems->ctx, section, tree, digest));
    if (problems->count == before) /* a problem lives in the arena too */
        redan_arena_reset(&problems->ctx->arena, mark);
    return REDAN_OK;
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
    REDAN_TRY(redan_digest_add(ctx, root, REDAN_S("head"), &model->head));
    for (size_t i = 0; i < model->threats.count; i++)
        REDAN_TRY(redan_digest_add(ctx, t, threats[i].id, &threats[i].leaf));
    for (size_t i = 0; i < model->controls.count; i++)
        REDAN_TRY(redan_digest_add(ctx, c, controls[i].id, &model->control_leaves[i]));
    return redan_tree_digest(ctx, "threat-model", root, &model->root);
}

enum redan_status redan_threat_digest_root(struct redan_problems *problems,
                                           struct redan_threat_model *model)
{
    struct redan_ctx *ctx = problems->ctx;
    struct redan_threat *threats = model->threats.items;
    const struct redan_control *controls = model->controls.items;

    model->control_leaves =
        redan_take_array(ctx, model->controls.count, sizeof(struct redan_digest));
    if (!model->control_leaves)
        return REDAN_E_MEMORY;
    REDAN_TRY(digest_head(problems, model));
    for (size_t i = 0; i < model->threats.count; i++)
        REDAN_TRY(digest_leaf(problems, "threat", threats[i].node, &threats[i].leaf));
    for (size_t i = 0; i < model->controls.count; i++)
        REDAN_TRY(digest_leaf(problems, "control", controls[i].node, &model->control_leaves[i]));
    return problems->count > 0 ? REDAN_OK : digest_root(ctx, model);
}

/* {NAME: the item itself, PROFILE or leaves}: an exclusion with the profile it is about, an exception with what it loosens. */
static enum redan_status digest_item(struct redan_problems *problems, const char *section,
                                     const struct redan_node *node, const char *const keys[],
                                     const struct redan_digest *const digests[],
                                     struct redan_digest *digest)
{
    struct redan_ctx *ctx = problems->ctx;
    struct redan_arena_mark mark = redan_arena_mark(&ctx->arena);
    size_t before = problems->count;
    struct redan_node *root = redan_node_new(ctx, REDAN_NODE_MAP);
    struct redan_node *tree = NULL;

    if (!root)
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_canonical_tree(problems, node, &tree));
    tree->key = redan_slice_of(section);
    redan_node_add(root, tree);
    for (size_t i = 0; keys[i]; i++)
        REDAN_TRY(redan_digest_add(ctx, root, redan_slice_of(keys[i]), digests[i]));
    REDAN_TRY(redan_tree_digest(ctx, section, root, digest));
    if (problems->count == before) /* a problem lives in the arena too */
        redan_arena_reset(&ctx->arena, mark);
    return REDAN_OK;
}

/* Of an exception: the system's own control, and the organisation's of that id. The form was found sound with both. */
static enum redan_status digest_exception(struct redan_problems *problems,
                                          const struct redan_org *org,
                                          const struct redan_threat_model *model,
                                          struct redan_exception *exception)
{
    const struct redan_control *own = redan_threat_model_control(model, NULL, exception->control);
    const struct redan_control *shared = redan_org_control(org, exception->control);
    struct redan_digest leaf = {0};
    const char *const keys[] = {"own", "org", NULL};

    if (!own || !shared)
        return REDAN_OK;
    const struct redan_control *first = model->controls.items;
    const struct redan_digest *const digests[] = {&model->control_leaves[own - first], &leaf};
    struct redan_slice file = problems->file;
    problems->file = REDAN_S("org.yaml"); /* where a complaint about it belongs */
    enum redan_status status = digest_leaf(problems, "control", shared->node, &leaf);
    problems->file = file;
    REDAN_TRY(status);
    return digest_item(problems, "exception", exception->node, keys, digests, &exception->subject);
}

/* What a governance body signs for each exclusion and exception. */
static enum redan_status digest_waivers(struct redan_problems *problems,
                                        const struct redan_org *org,
                                        struct redan_threat_model *model)
{
    struct redan_exclusion *exclusions = model->exclusions.items;
    struct redan_exception *exceptions = model->exceptions.items;
    const char *const keys[] = {"profile", NULL};
    const struct redan_digest *const digests[] = {&model->profile_digest};

    for (size_t i = 0; i < model->exclusions.count; i++)
        REDAN_TRY(digest_item(problems, "exclusion", exclusions[i].node, keys, digests,
                              &exclusions[i].subject));
    for (size_t i = 0; i < model->exceptions.count; i++)
        REDAN_TRY(digest_exception(problems, org, model, &exceptions[i]));
    return REDAN_OK;
}

enum redan_status redan_threat_digest(struct redan_problems *problems, const struct redan_org *org,
                                      struct redan_threat_model *model)
{
    REDAN_TRY(redan_threat_digest_root(problems, model));
    if (problems->count > 0)
        return REDAN_OK;
    REDAN_TRY(redan_threat_digest_acceptances(problems, org, model));
    return digest_waivers(problems, org, model);
}
