/* Pairs the children of two containers: what tells them apart, sorted and merged. */
#include "threat/diff_level.h"

#include <stdlib.h>

#include "codec/canonical.h"

struct child {
    struct redan_slice name;
    const struct redan_node *node;
};

enum redan_status redan_diff_json(struct redan_ctx *ctx, const struct redan_node *node,
                                  struct redan_slice *json)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};

    redan_buf_init(&text, ctx, ctx->limits.json);
    REDAN_TRY(redan_canonical_add(ctx, &text, node));
    REDAN_TRY(redan_buf_ok(ctx, &text, "the canonical form"));
    return redan_copy(ctx, redan_buf_view(&text), json);
}

/* What tells the items of a list apart: the first of these that every item of both has, and no two share. */
static const char *const identities[] = {"id", "archetype", "control"};

static int by_name(const void *a, const void *b)
{
    const struct child *x = a;
    const struct child *y = b;

    return redan_slice_cmp(x->name, y->name);
}

static bool twice(const struct child *children, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (redan_slice_eq(children[i - 1].name, children[i].name))
            return true;
    }
    return false;
}

/* The children of a list under their identity, sorted; false when one has none, or two the same. */
static bool identify(const struct redan_node *list, const char *identity, struct child *children)
{
    size_t n = 0;

    for (const struct redan_node *item = list->first; item; item = item->next) {
        struct redan_slice name = redan_node_text(item, identity);
        if (name.len == 0)
            return false;
        children[n++] = (struct child){name, item};
    }
    qsort(children, n, sizeof(*children), by_name);
    return !twice(children, n);
}

static enum redan_status name_by_json(struct redan_ctx *ctx, const struct redan_node *list,
                                      struct child *children)
{
    size_t n = 0;

    for (const struct redan_node *item = list->first; item; item = item->next) {
        REDAN_TRY(redan_diff_json(ctx, item, &children[n].name));
        children[n++].node = item;
    }
    qsort(children, n, sizeof(*children), by_name);
    return REDAN_OK;
}

static void name_by_key(const struct redan_node *map, struct child *children)
{
    size_t n = 0;

    for (const struct redan_node *item = map->first; item; item = item->next)
        children[n++] = (struct child){item->key, item};
    qsort(children, n, sizeof(*children), by_name);
}

static enum redan_status name_children(struct redan_ctx *ctx, const struct redan_node *before,
                                       const struct redan_node *after, struct child *a,
                                       struct child *b, bool *set)
{
    *set = false;
    if (before->kind == REDAN_NODE_MAP) {
        name_by_key(before, a);
        name_by_key(after, b);
        return REDAN_OK;
    }
    for (size_t i = 0; i < REDAN_COUNT(identities); i++) {
        if (identify(before, identities[i], a) && identify(after, identities[i], b))
            return REDAN_OK;
    }
    *set = true;
    REDAN_TRY(name_by_json(ctx, before, a));
    return name_by_json(ctx, after, b);
}

/* The children of two maps or of two lists, side by side. */
enum redan_status redan_diff_level_make(struct redan_ctx *ctx, const struct redan_node *before,
                                        const struct redan_node *after,
                                        struct redan_diff_level *level)
{
    struct child *a = redan_take_array(ctx, before->count, sizeof(*a));
    struct child *b = redan_take_array(ctx, after->count, sizeof(*b));
    size_t i = 0;
    size_t j = 0;
    bool set = false;

    *level = (struct redan_diff_level){0};
    if (!a || !b)
        return REDAN_E_MEMORY;
    level->pairs = redan_take_array(ctx, before->count + after->count, sizeof(*level->pairs));
    if (!level->pairs)
        return REDAN_E_MEMORY;
    REDAN_TRY(name_children(ctx, before, after, a, b, &set));
    while (i < before->count || j < after->count) {
        struct redan_diff_pair *pair = &level->pairs[level->count++];
        int order = i == before->count  ? 1
                    : j == after->count ? -1
                                        : redan_slice_cmp(a[i].name, b[j].name);
        pair->part.item = set;
        if (!set)
            pair->part.name = order <= 0 ? a[i].name : b[j].name;
        pair->before = order <= 0 ? a[i].node : NULL;
        pair->after = order >= 0 ? b[j].node : NULL;
        i += order <= 0;
        j += order >= 0;
        if (set && order == 0) { /* the very same item */
            *pair = (struct redan_diff_pair){0};
            level->count--;
        }
    }
    return REDAN_OK;
}

/* The name that an item of a list goes by when the whole list comes or goes. */
struct redan_diff_part redan_diff_part_of(const struct redan_node *parent,
                                          const struct redan_node *child)
{
    if (parent->kind == REDAN_NODE_MAP)
        return (struct redan_diff_part){child->key, false};
    for (size_t i = 0; i < REDAN_COUNT(identities); i++) {
        struct redan_slice name = redan_node_text(child, identities[i]);
        if (name.len)
            return (struct redan_diff_part){name, false};
    }
    return (struct redan_diff_part){.item = true};
}
