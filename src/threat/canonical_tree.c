/* Copies a tree into its canonical form with an explicit stack. */
#include "threat/canonical_tree.h"

#include <stdlib.h>
#include <string.h>

#include "codec/canonical.h"
#include "text/nfc.h"

struct frame {
    const struct redan_node *next;
    struct redan_node *to;
    bool typed;
};

static enum redan_status check_nfc(struct redan_problems *problems, const struct redan_node *at,
                                   struct redan_slice text)
{
    bool normal = true;
    size_t offset = 0;

    REDAN_TRY(redan_nfc_check(problems->ctx, text, &normal, &offset));
    if (!normal)
        redan_problem_add(problems, at,
                          "write it in normal form C, for one file: uconv -x any-nfc < IN > OUT",
                          "the text is not in Unicode normal form C at byte %zu of it", offset);
    return REDAN_OK;
}

/* Trimmed at both ends, and every line at its end. */
static enum redan_status clean(struct redan_ctx *ctx, struct redan_slice text,
                               struct redan_slice *out)
{
    struct redan_slice t = redan_slice_trim(text);

    *out = t;
    if (t.len == 0 || !memchr(t.at, '\n', t.len))
        return REDAN_OK;
    char *bytes = redan_take(ctx, t.len + 1);
    size_t n = 0;
    if (!bytes)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < t.len; i++) {
        if (t.at[i] == '\n') {
            while (n && (bytes[n - 1] == ' ' || bytes[n - 1] == '\t' || bytes[n - 1] == '\r'))
                n--;
        }
        bytes[n++] = t.at[i];
    }
    *out = (struct redan_slice){bytes, n};
    return REDAN_OK;
}

static enum redan_status copy_node(struct redan_problems *problems, const struct redan_node *node,
                                   bool typed, struct redan_node **out)
{
    struct redan_node *copy = redan_node_new(problems->ctx, node->kind);
    double number = 0;
    bool truth = false;

    if (!copy)
        return REDAN_E_MEMORY;
    copy->key = node->key;
    copy->truth = node->truth;
    copy->text = node->text;
    if (node->key.len)
        REDAN_TRY(check_nfc(problems, node, node->key));
    if (node->kind == REDAN_NODE_TEXT) {
        REDAN_TRY(check_nfc(problems, node, node->text));
        if (typed && redan_node_bool(node, &truth)) {
            copy->kind = REDAN_NODE_BOOL;
            copy->truth = truth;
        } else if (typed && redan_node_number(node, &number)) {
            copy->kind = REDAN_NODE_NUMBER;
        } else {
            REDAN_TRY(clean(problems->ctx, node->text, &copy->text));
        }
    }
    *out = copy;
    return REDAN_OK;
}

struct item {
    struct redan_node *node;
    struct redan_slice order;
};

static int by_order(const void *a, const void *b)
{
    const struct item *x = a;
    const struct item *y = b;

    return redan_slice_cmp(x->order, y->order);
}

/* What an item is sorted by; false when the list keeps its order. */
static enum redan_status order_of(struct redan_ctx *ctx, const struct redan_node *node,
                                  bool *sorted, struct redan_slice *order)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) text;

    if (node->kind == REDAN_NODE_MAP) {
        *order = redan_node_text(node, "id");
        *sorted = order->len > 0;
        return REDAN_OK;
    }
    if (node->kind == REDAN_NODE_LIST) {
        *sorted = false;
        return REDAN_OK;
    }
    redan_buf_init(&text, ctx, ctx->limits.yaml);
    REDAN_TRY(redan_canonical_add(ctx, &text, node));
    return redan_copy(ctx, redan_buf_view(&text), order);
}

static enum redan_status sort_list(struct redan_ctx *ctx, struct redan_node *list)
{
    struct item *items = redan_take_array(ctx, list->count, sizeof(*items));
    bool maps = list->first && list->first->kind == REDAN_NODE_MAP;
    size_t n = 0;

    if (!items)
        return REDAN_E_MEMORY;
    for (struct redan_node *node = list->first; node; node = node->next) {
        bool sorted = true;
        REDAN_TRY(order_of(ctx, node, &sorted, &items[n].order));
        if (!sorted || maps != (node->kind == REDAN_NODE_MAP))
            return REDAN_OK;
        items[n++].node = node;
    }
    qsort(items, n, sizeof(*items), by_order);
    list->first = list->last = NULL;
    list->count = 0;
    for (size_t i = 0; i < n; i++) {
        if (!maps && i && redan_slice_eq(items[i].order, items[i - 1].order))
            continue;
        items[i].node->next = NULL;
        redan_node_add(list, items[i].node);
    }
    return REDAN_OK;
}

static bool opens_types(struct redan_slice key)
{
    return redan_slice_is(key, "profile") || redan_slice_is(key, "expect");
}

enum redan_status redan_canonical_tree(struct redan_problems *problems,
                                       const struct redan_node *root, struct redan_node **tree)
{
    struct redan_ctx *ctx = problems->ctx;
    struct frame *frames = redan_take_array(ctx, ctx->limits.depth + 2, sizeof(*frames));
    size_t depth = 0;

    if (!frames)
        return REDAN_E_MEMORY;
    REDAN_TRY(copy_node(problems, root, opens_types(root->key), tree));
    frames[0] = (struct frame){root->first, *tree, opens_types(root->key)};
    for (;;) {
        struct frame *f = &frames[depth];
        struct redan_node *copy = NULL;
        if (!f->next) {
            if (f->to->kind == REDAN_NODE_LIST && f->to->count > 0)
                REDAN_TRY(sort_list(ctx, f->to));
            if (depth == 0)
                return REDAN_OK;
            depth--;
            continue;
        }
        const struct redan_node *node = f->next;
        bool typed = f->typed || opens_types(node->key);
        f->next = node->next;
        REDAN_TRY(copy_node(problems, node, typed, &copy));
        redan_node_add(f->to, copy);
        if (node->kind == REDAN_NODE_LIST || node->kind == REDAN_NODE_MAP) {
            if (depth > ctx->limits.depth)
                return redan_fail(ctx, REDAN_E_LIMIT, 0, "nested deeper than %zu",
                                  ctx->limits.depth);
            frames[++depth] = (struct frame){node->first, copy, typed};
        }
    }
}
