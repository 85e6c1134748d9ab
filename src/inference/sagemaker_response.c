/* What SageMaker's algorithms answer: {"predictions": [...]}, a bare JSON list, JSON lines, or CSV, told apart by how they begin. */
#include <string.h>

#include "codec/json.h"
#include "inference/csv.h"
#include "inference/outputs.h"
#include "inference/sagemaker.h"

/* A list of what each line holds. */
static enum redan_status read_lines(struct redan_ctx *ctx, struct redan_slice body,
                                    struct redan_node *list)
{
    size_t at = 0;

    while (at < body.len) {
        const char *end = memchr(body.at + at, '\n', body.len - at);
        size_t len = end ? (size_t)(end - body.at) - at : body.len - at;
        const struct redan_node *line = NULL;
        enum redan_status status = redan_json_parse(ctx, redan_slice_sub(body, at, len), &line);
        if (status != REDAN_OK) {
            ctx->failure.offset += at;
            return status;
        }
        struct redan_node *copy = redan_node_new(ctx, line->kind);
        if (!copy)
            return REDAN_E_MEMORY;
        *copy = *line;
        redan_node_add(list, copy);
        at += len + 1;
    }
    return REDAN_OK;
}

/* A list of the cells of each line: one cell is a value, more are a list. */
static enum redan_status read_csv(struct redan_ctx *ctx, struct redan_slice body,
                                  struct redan_node *list)
{
    struct redan_csv csv;

    REDAN_TRY(redan_csv_init(&csv, ctx, body));
    while (!redan_csv_over(&csv)) {
        struct redan_csv_cell cell = {.last = false};
        struct redan_node *row = redan_node_new(ctx, REDAN_NODE_LIST);
        while (row && !cell.last) {
            double value = 0;
            REDAN_TRY(redan_csv_next(&csv, &cell));
            bool number = redan_json_double(cell.text, &value);
            struct redan_node *node =
                redan_node_new(ctx, number ? REDAN_NODE_NUMBER : REDAN_NODE_TEXT);
            if (!node)
                return REDAN_E_MEMORY;
            node->text = cell.text;
            redan_node_add(row, node);
        }
        if (!row)
            return REDAN_E_MEMORY;
        redan_node_add(list, row->count == 1 ? row->first : row);
    }
    return REDAN_OK;
}

/* The list as if it had been the member of an answer. */
static enum redan_status answer_of(struct redan_ctx *ctx, struct redan_node *list,
                                   struct redan_response *response)
{
    static const char *const meta[] = {NULL};
    struct redan_outputs outputs = {.ctx = ctx};
    struct redan_node *root = redan_node_new(ctx, REDAN_NODE_MAP);

    if (!root)
        return REDAN_E_MEMORY;
    list->key = REDAN_S("predictions");
    redan_node_add(root, list);
    REDAN_TRY(redan_outputs_take(&outputs, root, meta));
    REDAN_TRY(redan_outputs_predictions(&outputs, list));
    return redan_outputs_end(&outputs, "predictions", response);
}

static enum redan_status object_answer(struct redan_ctx *ctx, const struct redan_node *root,
                                       struct redan_response *response)
{
    static const char *const meta[] = {"error", NULL};
    struct redan_outputs outputs = {.ctx = ctx};

    REDAN_TRY(redan_outputs_take(&outputs, root, meta));
    for (const struct redan_node *n = root->first; n; n = n->next) {
        if (redan_slice_is(n->key, "predictions"))
            REDAN_TRY(redan_outputs_predictions(&outputs, n));
        else if (!redan_slice_is(n->key, "error"))
            REDAN_TRY(redan_outputs_other(&outputs, n->key));
    }
    return redan_outputs_end(&outputs, "predictions", response);
}

enum redan_status redan_sagemaker_response(struct redan_ctx *ctx, struct redan_slice body,
                                           struct redan_response *response)
{
    struct redan_slice begin = redan_slice_trim(body);
    struct redan_node *list = redan_node_new(ctx, REDAN_NODE_LIST);
    const struct redan_node *root = NULL;

    if (!list)
        return REDAN_E_MEMORY;
    if (begin.len == 0 || (begin.at[0] != '{' && begin.at[0] != '[')) {
        REDAN_TRY(read_csv(ctx, body, list));
        return answer_of(ctx, list, response);
    }
    enum redan_status status = redan_json_parse(ctx, body, &root);
    if (status == REDAN_OK && root->kind == REDAN_NODE_LIST) {
        *list = *root;
        return answer_of(ctx, list, response);
    }
    if (status == REDAN_OK &&
        (redan_node_get(root, "predictions") || redan_node_get(root, "error")))
        return object_answer(ctx, root, response);
    if (status == REDAN_E_MEMORY)
        return status;
    redan_fail_clear(ctx); /* no single document, or one line alone */
    REDAN_TRY(read_lines(ctx, body, list));
    return answer_of(ctx, list, response);
}
