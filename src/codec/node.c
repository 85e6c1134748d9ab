/* Building and reading the tree of every text format. */
#include "codec/node.h"

#include <math.h>

#include "base/buf.h"
#include "codec/json.h"
#include "codec/json_pull.h"

struct redan_node *redan_node_new(struct redan_ctx *ctx, enum redan_node_kind kind)
{
    struct redan_node *node = redan_take(ctx, sizeof(*node));

    if (node)
        node->kind = kind;
    return node;
}

void redan_node_add(struct redan_node *parent, struct redan_node *child)
{
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
    parent->count++;
}

struct redan_node *redan_node_add_kind(struct redan_ctx *ctx, struct redan_node *parent,
                                       const char *key, enum redan_node_kind kind)
{
    struct redan_node *node = parent ? redan_node_new(ctx, kind) : NULL;

    if (!node)
        return NULL;
    node->key = redan_slice_of(key);
    redan_node_add(parent, node);
    return node;
}

struct redan_node *redan_node_add_text(struct redan_ctx *ctx, struct redan_node *parent,
                                       const char *key, struct redan_slice text)
{
    struct redan_node *node = redan_node_add_kind(ctx, parent, key, REDAN_NODE_TEXT);

    if (node)
        node->text = text;
    return node;
}

struct redan_node *redan_node_add_number(struct redan_ctx *ctx, struct redan_node *parent,
                                         const char *key, double value)
{
    struct redan_buf spelling REDAN_DEFER(redan_buf_done) = {.mem = &ctx->mem, .max = 32};
    struct redan_slice text;

    if (!isfinite(value)) {
        (void)redan_fail(ctx, REDAN_E_SCHEMA, 0, "a number that is not finite has no JSON");
        return NULL;
    }
    redan_json_number_add(&spelling, value);
    if (redan_buf_ok(ctx, &spelling, "a number") != REDAN_OK ||
        redan_copy(ctx, redan_buf_view(&spelling), &text) != REDAN_OK)
        return NULL;
    struct redan_node *node = redan_node_add_kind(ctx, parent, key, REDAN_NODE_NUMBER);
    if (node)
        node->text = text;
    return node;
}

struct redan_node *redan_node_add_bool(struct redan_ctx *ctx, struct redan_node *parent,
                                       const char *key, bool value)
{
    struct redan_node *node = redan_node_add_kind(ctx, parent, key, REDAN_NODE_BOOL);

    if (node)
        node->truth = value;
    return node;
}

const struct redan_node *redan_node_get(const struct redan_node *map, const char *key)
{
    if (!map || map->kind != REDAN_NODE_MAP)
        return NULL;
    struct redan_slice name = redan_slice_of(key);
    for (const struct redan_node *child = map->first; child; child = child->next) {
        if (redan_slice_eq(child->key, name))
            return child;
    }
    return NULL;
}

struct redan_slice redan_node_text(const struct redan_node *map, const char *key)
{
    const struct redan_node *child = redan_node_get(map, key);

    return child && child->kind == REDAN_NODE_TEXT ? child->text : REDAN_S("");
}

const char *redan_node_kind_name(enum redan_node_kind kind)
{
    static const char *const names[] = {
        [REDAN_NODE_NULL] = "nothing",    [REDAN_NODE_BOOL] = "true or false",
        [REDAN_NODE_NUMBER] = "a number", [REDAN_NODE_TEXT] = "a text",
        [REDAN_NODE_LIST] = "a list",     [REDAN_NODE_MAP] = "a map",
    };

    return names[kind];
}

bool redan_node_number(const struct redan_node *node, double *value)
{
    if (node->kind != REDAN_NODE_NUMBER && !(node->kind == REDAN_NODE_TEXT && node->plain))
        return false;
    return redan_json_double(node->text, value);
}

bool redan_node_bool(const struct redan_node *node, bool *value)
{
    if (node->kind == REDAN_NODE_BOOL) {
        *value = node->truth;
        return true;
    }
    if (node->kind != REDAN_NODE_TEXT || !node->plain)
        return false;
    *value = redan_slice_is(node->text, "true");
    return *value || redan_slice_is(node->text, "false");
}
