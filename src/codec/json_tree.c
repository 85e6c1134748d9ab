/* The JSON tree, built from the pull reader without recursion. */
#include "codec/json.h"

#include <assert.h>

#include "codec/json_pull.h"

static struct redan_node *begin(struct redan_ctx *ctx, const struct redan_json_token *token)
{
    static const enum redan_node_kind kinds[] = {
        [REDAN_JSON_OBJECT] = REDAN_NODE_MAP, [REDAN_JSON_ARRAY] = REDAN_NODE_LIST,
        [REDAN_JSON_TEXT] = REDAN_NODE_TEXT,  [REDAN_JSON_NUMBER] = REDAN_NODE_NUMBER,
        [REDAN_JSON_TRUE] = REDAN_NODE_BOOL,  [REDAN_JSON_FALSE] = REDAN_NODE_BOOL,
        [REDAN_JSON_NULL] = REDAN_NODE_NULL,
    };
    struct redan_node *node = redan_node_new(ctx, kinds[token->kind]);

    if (!node)
        return NULL;
    node->offset = token->offset;
    node->truth = token->kind == REDAN_JSON_TRUE;
    if (token->kind == REDAN_JSON_TEXT || token->kind == REDAN_JSON_NUMBER)
        node->text = token->text;
    return node;
}

/* While a container is open its `next` is its parent; it has no sibling yet. */
static enum redan_status build(struct redan_ctx *ctx, struct redan_json *reader,
                               const struct redan_node **root)
{
    struct redan_json_token token;
    struct redan_node *open = NULL;
    struct redan_node *top = NULL;
    struct redan_slice key = {NULL, 0};

    for (;;) {
        REDAN_TRY(redan_json_next(reader, &token));
        if (token.kind == REDAN_JSON_END)
            break;
        if (token.kind == REDAN_JSON_KEY) {
            key = token.text;
            continue;
        }
        if (token.kind == REDAN_JSON_OBJECT_END || token.kind == REDAN_JSON_ARRAY_END) {
            assert(open); /* the reader gives no end without its beginning */
            struct redan_node *parent = open->next;
            open->next = NULL;
            open = parent;
            continue;
        }
        struct redan_node *node = begin(ctx, &token);
        if (!node)
            return REDAN_E_MEMORY;
        if (open && open->kind == REDAN_NODE_MAP)
            node->key = key;
        if (open)
            redan_node_add(open, node);
        else
            top = node;
        if (token.kind == REDAN_JSON_OBJECT || token.kind == REDAN_JSON_ARRAY) {
            node->next = open;
            open = node;
        }
    }
    *root = top;
    return REDAN_OK;
}

enum redan_status redan_json_parse(struct redan_ctx *ctx, struct redan_slice text,
                                   const struct redan_node **root)
{
    struct redan_json reader REDAN_DEFER(redan_json_done) = {0};

    redan_json_init(&reader, ctx, text);
    reader.keep = true;
    return build(ctx, &reader, root);
}

void redan_json_place(struct redan_slice text, size_t offset, unsigned *line, unsigned *column)
{
    size_t begin = 0;
    size_t stop = redan_min_size(offset, text.len);
    unsigned lines = 1;

    for (size_t i = 0; i < stop; i++) {
        if (text.at[i] == '\n') {
            lines++;
            begin = i + 1;
        }
    }
    *line = lines;
    *column = (unsigned)(stop - begin) + 1;
}
