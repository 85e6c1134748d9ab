/* The bounds of classes of callers in a profile. */
#include <float.h>

#include "inference/profile_parts.h"

static enum redan_status read_class(struct redan_ctx *ctx, const struct redan_node *node,
                                    struct redan_caller_bounds *bounds)
{
    const uint64_t large = (uint64_t)1 << 53;
    const struct redan_node *list = NULL;
    size_t n = 0;

    if (node->kind != REDAN_NODE_MAP)
        return redan_profile_wrong(ctx, node, "classes", "must hold maps");
    bounds->id = redan_node_text(node, "id");
    if (bounds->id.len > 64)
        return redan_profile_wrong(ctx, node, "id", "is longer than 64 bytes");
    REDAN_TRY(redan_profile_member(ctx, node, "m0", REDAN_NODE_LIST, REDAN_BOUNDS, false, &list));
    if (list->count != REDAN_BOUNDS)
        return redan_fail(ctx, REDAN_E_SCHEMA, list->offset,
                          "profile: \"m0\" has %zu numbers; %d belong there", list->count,
                          REDAN_BOUNDS);
    for (const struct redan_node *item = list->first; item; item = item->next, n++)
        if (!redan_node_number(item, &bounds->m0[n]) || !(bounds->m0[n] > 0 && bounds->m0[n] < 1))
            return redan_profile_wrong(ctx, item, "m0", "must hold numbers between 0 and 1");
    REDAN_TRY(redan_profile_number(ctx, node, "flag-rate", 0, 1, &bounds->flag_rate));
    REDAN_TRY(redan_profile_number(ctx, node, "novel-rate", 0, 1, &bounds->novel_rate));
    REDAN_TRY(redan_profile_number(ctx, node, "least-alpha", DBL_MIN, 1, &bounds->least_alpha));
    REDAN_TRY(redan_profile_count(ctx, node, "lives", large, &bounds->lives));
    REDAN_TRY(redan_profile_count(ctx, node, "queries", large, &bounds->queries));
    return redan_profile_number(ctx, node, "most", -DBL_MAX, DBL_MAX, &bounds->most);
}

enum redan_status redan_profile_read_bounds(struct redan_ctx *ctx,
                                            const struct redan_node *predicate,
                                            struct redan_profile *profile)
{
    const struct redan_node *list = NULL;

    REDAN_TRY(redan_profile_member(ctx, predicate, "classes", REDAN_NODE_LIST,
                                   REDAN_PROFILE_CLASSES, true, &list));
    if (!list || list->count == 0)
        return REDAN_OK;
    profile->bounds = redan_take_array(ctx, list->count, sizeof(*profile->bounds));
    if (!profile->bounds)
        return REDAN_E_MEMORY;
    for (const struct redan_node *item = list->first; item; item = item->next) {
        struct redan_caller_bounds *bounds = &profile->bounds[profile->bounds_count];

        REDAN_TRY(read_class(ctx, item, bounds));
        if (redan_profile_bounds(profile, bounds->id))
            return redan_fail(ctx, REDAN_E_SCHEMA, item->offset,
                              "profile: the class \"%.*s\" is there twice", REDAN_FMT(bounds->id));
        profile->bounds_count++;
    }
    return REDAN_OK;
}

enum redan_status redan_profile_write_bounds(struct redan_ctx *ctx, struct redan_node *predicate,
                                             const struct redan_profile *profile)
{
    struct redan_node *list = redan_node_add_kind(ctx, predicate, "classes", REDAN_NODE_LIST);

    if (!list)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < profile->bounds_count; i++) {
        const struct redan_caller_bounds *bounds = &profile->bounds[i];
        struct redan_node *map = redan_node_add_kind(ctx, list, NULL, REDAN_NODE_MAP);
        struct redan_node *m0 = map ? redan_node_add_kind(ctx, map, "m0", REDAN_NODE_LIST) : NULL;

        if (!m0 || !redan_node_add_text(ctx, map, "id", bounds->id) ||
            !redan_node_add_number(ctx, map, "flag-rate", bounds->flag_rate) ||
            !redan_node_add_number(ctx, map, "novel-rate", bounds->novel_rate) ||
            !redan_node_add_number(ctx, map, "least-alpha", bounds->least_alpha) ||
            !redan_node_add_number(ctx, map, "lives", (double)bounds->lives) ||
            !redan_node_add_number(ctx, map, "queries", (double)bounds->queries) ||
            !redan_node_add_number(ctx, map, "most", bounds->most))
            return REDAN_E_MEMORY;
        for (size_t b = 0; b < REDAN_BOUNDS; b++)
            if (!redan_node_add_number(ctx, m0, NULL, bounds->m0[b]))
                return REDAN_E_MEMORY;
    }
    return REDAN_OK;
}

const struct redan_caller_bounds *redan_profile_bounds(const struct redan_profile *profile,
                                                       struct redan_slice id)
{
    for (size_t i = 0; i < profile->bounds_count; i++)
        if (redan_slice_eq(profile->bounds[i].id, id))
            return &profile->bounds[i];
    return NULL;
}
