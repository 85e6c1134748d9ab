/* Acceptance digests: a threat, the profile, and everything that its answer stands on, however indirectly. */
#include "base/map.h"
#include "threat/digest.h"

/* Far more than a body can have weighed; and it bounds the work for a document in which everything relies on everything. */
enum { STANDS_ON_MAX = 256 };

/* A threat, or a control of the model or the organisation. */
struct thing {
    struct redan_slice id;
    const struct redan_digest *leaf; /* NULL until it is asked for: the organisation's */
    const struct redan_node *node;
    struct redan_threat *threat; /* NULL for a control */
    size_t *refs;                /* of a threat: what its resolution names, each once */
    size_t ref_count;
    size_t seen; /* the walk that met it last */
};

struct graph {
    struct redan_problems *problems;
    struct redan_ctx *ctx;
    struct thing *things;
    size_t count;
    struct redan_map threats;  /* id to thing */
    struct redan_map controls; /* the model's own before the organisation's */
    size_t walk;
    size_t met[STANDS_ON_MAX + 1]; /* what this walk met, in the order of meeting */
    size_t met_count;
};

static enum redan_status put(struct graph *g, struct redan_map *map, struct redan_slice id,
                             const struct redan_node *node, const struct redan_digest *leaf,
                             struct redan_threat *threat)
{
    struct thing *thing = &g->things[g->count];
    enum redan_status status = redan_map_put(map, id, thing);

    if (status == REDAN_E_EXISTS)
        return REDAN_OK; /* the first of a name is the one that is meant */
    REDAN_TRY(status);
    *thing = (struct thing){.id = id, .leaf = leaf, .node = node, .threat = threat};
    g->count++;
    return REDAN_OK;
}

static enum redan_status collect(struct graph *g, const struct redan_org *org,
                                 struct redan_threat_model *model)
{
    struct redan_threat *threats = model->threats.items;
    const struct redan_control *own = model->controls.items;
    const struct redan_control *shared = org ? org->controls.items : NULL;
    size_t shared_count = org ? org->controls.count : 0;

    redan_map_init(&g->threats, g->ctx);
    redan_map_init(&g->controls, g->ctx);
    g->things = redan_take_array(
        g->ctx, model->threats.count + model->controls.count + shared_count, sizeof(*g->things));
    if (!g->things)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < model->threats.count; i++)
        REDAN_TRY(
            put(g, &g->threats, threats[i].id, threats[i].node, &threats[i].leaf, &threats[i]));
    for (size_t i = 0; i < model->controls.count; i++)
        REDAN_TRY(put(g, &g->controls, own[i].id, own[i].node, &model->control_leaves[i], NULL));
    for (size_t i = 0; i < shared_count; i++)
        REDAN_TRY(put(g, &g->controls, shared[i].id, shared[i].node, NULL, NULL));
    return REDAN_OK;
}

static void refer(struct graph *g, struct thing *from, const struct redan_map *map,
                  struct redan_slice id)
{
    struct thing *to = redan_map_get(map, id);

    if (!to || to->seen == g->walk)
        return;
    to->seen = g->walk;
    from->refs[from->ref_count++] = (size_t)(to - g->things);
}

/* What the resolution names: controls of every role, and the threats that it relies on. */
static enum redan_status refer_all(struct graph *g, struct thing *thing)
{
    const struct redan_resolution *r = thing->threat->resolution;
    const struct redan_texts none = {0};
    const struct redan_texts *lists[] = {&r->controls, &r->conditions, &r->absent, &r->relies_on,
                                         r->interim ? &r->interim->controls : &none};
    size_t most = r->relies_on.count;

    for (size_t i = 0; i < REDAN_COUNT(lists); i++)
        most += lists[i]->count;
    thing->refs = redan_take_array(g->ctx, most, sizeof(*thing->refs));
    if (!thing->refs)
        return REDAN_E_MEMORY;
    g->walk++;
    for (size_t i = 0; i < REDAN_COUNT(lists); i++) {
        for (size_t k = 0; k < lists[i]->count; k++)
            refer(g, thing, &g->controls, lists[i]->items[k]);
    }
    for (size_t k = 0; k < r->relies_on.count; k++)
        refer(g, thing, &g->threats, r->relies_on.items[k]);
    return REDAN_OK;
}

/* Everything that can be reached, in `met`; false when it is too much. The threat itself comes first. */
static bool walk(struct graph *g, struct thing *from)
{
    g->walk++;
    from->seen = g->walk;
    g->met[0] = (size_t)(from - g->things);
    g->met_count = 1;
    for (size_t i = 0; i < g->met_count; i++) {
        const struct thing *thing = &g->things[g->met[i]];
        for (size_t k = 0; k < thing->ref_count; k++) {
            struct thing *to = &g->things[thing->refs[k]];
            if (to->seen == g->walk)
                continue;
            if (g->met_count > STANDS_ON_MAX)
                return false;
            to->seen = g->walk;
            g->met[g->met_count++] = thing->refs[k];
        }
    }
    return true;
}

/* The organisation's controls get a leaf when something stands on them. */
static enum redan_status need_leaf(struct graph *g, struct thing *thing)
{
    struct redan_node *tree = NULL;

    if (thing->leaf)
        return REDAN_OK;
    struct redan_digest *leaf = redan_take(g->ctx, sizeof(*leaf));
    if (!leaf)
        return REDAN_E_MEMORY;
    struct redan_slice file = g->problems->file;
    g->problems->file = REDAN_S("org.yaml"); /* where a complaint about it belongs */
    enum redan_status status = redan_canonical_tree(g->problems, thing->node, &tree);
    g->problems->file = file;
    REDAN_TRY(status);
    REDAN_TRY(redan_tree_digest(g->ctx, "control", tree, leaf));
    thing->leaf = leaf;
    return REDAN_OK;
}

static enum redan_status digest_met(struct graph *g, const struct redan_digest *profile,
                                    struct redan_digest *acceptance)
{
    struct redan_node *root = redan_node_new(g->ctx, REDAN_NODE_MAP);
    struct redan_node *threats =
        root ? redan_node_add_kind(g->ctx, root, "threats", REDAN_NODE_MAP) : NULL;
    struct redan_node *controls =
        threats ? redan_node_add_kind(g->ctx, root, "controls", REDAN_NODE_MAP) : NULL;

    if (!controls)
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_digest_add(g->ctx, root, REDAN_S("threat"), g->things[g->met[0]].leaf));
    REDAN_TRY(redan_digest_add(g->ctx, root, REDAN_S("profile"), profile));
    for (size_t i = 1; i < g->met_count; i++) {
        const struct thing *thing = &g->things[g->met[i]];
        REDAN_TRY(
            redan_digest_add(g->ctx, thing->threat ? threats : controls, thing->id, thing->leaf));
    }
    return redan_tree_digest(g->ctx, "acceptance", root, acceptance);
}

static enum redan_status digest_one(struct graph *g, const struct redan_digest *profile,
                                    struct thing *thing)
{
    if (!walk(g, thing)) {
        redan_problem_add(g->problems, thing->node, "name only what the answer stands on",
                          "threat \"%.*s\" stands on more than %d threats and controls",
                          REDAN_FMT(thing->id), (int)STANDS_ON_MAX);
        return REDAN_OK;
    }
    for (size_t i = 0; i < g->met_count; i++)
        REDAN_TRY(need_leaf(g, &g->things[g->met[i]]));
    struct redan_arena_mark mark = redan_arena_mark(&g->ctx->arena);
    enum redan_status status = digest_met(g, profile, &thing->threat->acceptance);
    redan_arena_reset(&g->ctx->arena, mark);
    return status;
}

enum redan_status redan_threat_digest_acceptances(struct redan_problems *problems,
                                                  const struct redan_org *org,
                                                  struct redan_threat_model *model)
{
    struct graph *g = redan_take(problems->ctx, sizeof(*g));

    if (!g)
        return REDAN_E_MEMORY;
    g->problems = problems;
    g->ctx = problems->ctx;
    REDAN_TRY(collect(g, org, model));
    for (size_t i = 0; i < g->count && g->things[i].threat; i++)
        REDAN_TRY(refer_all(g, &g->things[i]));
    for (size_t i = 0; i < g->count && g->things[i].threat; i++)
        REDAN_TRY(digest_one(g, &model->profile_digest, &g->things[i]));
    return REDAN_OK;
}
