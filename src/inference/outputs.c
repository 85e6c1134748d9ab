/* Walks the tree of an answer without recursion: rows, and at most one level below them. */
#include "inference/outputs.h"

#include <math.h>

#include "codec/json.h"
#include "codec/json_pull.h"

static bool fraction(const struct redan_node *node)
{
    double value = 0;

    return (node->kind == REDAN_NODE_NUMBER || node->kind == REDAN_NODE_TEXT) &&
           (redan_json_double(node->text, &value) ? value != floor(value)
                                                  : node->kind == REDAN_NODE_NUMBER);
}

/* Depth first with a stack of its own: what comes back from a stranger decides no recursion. */
static enum redan_status find_fraction(struct redan_ctx *ctx, const struct redan_node *top,
                                       bool *found)
{
    size_t room = ctx->limits.depth + 1;
    const struct redan_node **open = redan_take_array(ctx, room, sizeof(*open));
    size_t depth = 0;

    if (!open)
        return REDAN_E_MEMORY;
    *found = fraction(top);
    const struct redan_node *node = top->first;
    while (node && !*found) {
        *found = fraction(node);
        if (node->first && depth < room) {
            open[depth++] = node;
            node = node->first;
            continue;
        }
        while (!node->next && depth > 0)
            node = open[--depth];
        node = node->next;
    }
    return REDAN_OK;
}

enum redan_status redan_outputs_begin(struct redan_outputs *outputs, struct redan_slice body,
                                      const char *const *meta, const struct redan_node **root)
{
    REDAN_TRY(redan_json_parse(outputs->ctx, body, root));
    return redan_outputs_take(outputs, *root, meta);
}

enum redan_status redan_outputs_take(struct redan_outputs *outputs, const struct redan_node *root,
                                     const char *const *meta)
{
    struct redan_ctx *ctx = outputs->ctx;

    if (root->kind != REDAN_NODE_MAP)
        return redan_fail(ctx, REDAN_E_SCHEMA, root->offset, "the answer is %s, not an object",
                          redan_node_kind_name(root->kind));
    outputs->list = redan_take_array(ctx, REDAN_OUTPUTS_MAX, sizeof(*outputs->list));
    outputs->others = redan_take_array(ctx, REDAN_OUTPUTS_MAX, sizeof(*outputs->others));
    if (!outputs->list || !outputs->others)
        return REDAN_E_MEMORY;
    outputs->response.error = redan_node_text(root, "error");
    if (redan_node_get(root, "error"))
        outputs->found = true;
    for (const struct redan_node *n = root->first; n && !outputs->response.scores; n = n->next)
        if (!redan_slice_among(meta, n->key))
            REDAN_TRY(find_fraction(ctx, n, &outputs->response.scores));
    return REDAN_OK;
}

enum redan_status redan_outputs_other(struct redan_outputs *outputs, struct redan_slice name)
{
    if (outputs->response.others_count == REDAN_OUTPUTS_MAX)
        return redan_fail(outputs->ctx, REDAN_E_LIMIT, 0, "the answer has more than %d members",
                          REDAN_OUTPUTS_MAX);
    outputs->others[outputs->response.others_count++] = name;
    return REDAN_OK;
}

enum redan_status redan_outputs_add(struct redan_outputs *outputs,
                                    const struct redan_output *output)
{
    outputs->found = true;
    if (outputs->response.count == REDAN_OUTPUTS_MAX)
        return redan_fail(outputs->ctx, REDAN_E_LIMIT, 0, "the answer has more than %d outputs",
                          REDAN_OUTPUTS_MAX);
    outputs->list[outputs->response.count++] = *output;
    return REDAN_OK;
}

/* Digits after the point that the spelling of a JSON number tells: 0.250 has 2, 1e-3 has 3, 12 has 0. */
static unsigned decimals_of(struct redan_slice text)
{
    int64_t exponent = 0;
    int64_t after = 0;
    int64_t zeros = 0;
    bool point = false;
    bool zero = true;
    size_t i = 0;

    for (; i < text.len && text.at[i] != 'e' && text.at[i] != 'E'; i++) {
        if (text.at[i] == '.') {
            point = true;
        } else if (text.at[i] != '-') {
            zeros = text.at[i] == '0' ? zeros + 1 : 0;
            zero = zero && zeros > 0;
            after += point;
        }
    }
    bool minus = i + 1 < text.len && text.at[i + 1] == '-';
    for (i++; i < text.len; i++)
        if (text.at[i] >= '0' && text.at[i] <= '9' && exponent < 100000)
            exponent = exponent * 10 + (text.at[i] - '0');
    int64_t decimals = after - zeros + (minus ? exponent : -exponent);
    return decimals > 0 && !zero ? (unsigned)decimals : 0;
}

static enum redan_output_kind kind_of(const struct redan_node *node)
{
    switch (node->kind) {
    case REDAN_NODE_NUMBER:
        return REDAN_OUTPUT_NUMBERS;
    case REDAN_NODE_TEXT:
        return REDAN_OUTPUT_TEXTS;
    case REDAN_NODE_BOOL:
        return REDAN_OUTPUT_BOOLS;
    case REDAN_NODE_NULL:
    case REDAN_NODE_LIST:
    case REDAN_NODE_MAP:
        break;
    }
    return REDAN_OUTPUT_MIXED;
}

/* Values as they come in, before it is known whether they are all of one kind. */
struct values {
    struct redan_output *output;
    double *numbers;
    struct redan_slice *texts;
};

static enum redan_status values_begin(struct redan_ctx *ctx, struct redan_output *output,
                                      size_t max, struct values *values)
{
    values->output = output;
    values->numbers = redan_take_array(ctx, max, sizeof(*values->numbers));
    values->texts = redan_take_array(ctx, max, sizeof(*values->texts));
    output->kind = REDAN_OUTPUT_EMPTY;
    output->count = 0;
    return values->numbers && values->texts ? REDAN_OK : REDAN_E_MEMORY;
}

static void values_add(struct values *values, const struct redan_node *node)
{
    struct redan_output *output = values->output;
    enum redan_output_kind kind = kind_of(node);

    output->kind =
        output->kind == REDAN_OUTPUT_EMPTY || output->kind == kind ? kind : REDAN_OUTPUT_MIXED;
    values->texts[output->count] = node->text;
    if (redan_node_number(node, &values->numbers[output->count])) {
        unsigned decimals = decimals_of(node->text);
        output->decimals = decimals > output->decimals ? decimals : output->decimals;
    } else if (kind == REDAN_OUTPUT_NUMBERS) {
        output->kind = REDAN_OUTPUT_MIXED; /* too large for a double */
    }
    output->count++;
}

static void values_end(struct values *values, size_t rows)
{
    struct redan_output *output = values->output;

    output->width = rows && output->count % rows == 0 ? output->count / rows : 0;
    output->numbers = output->kind == REDAN_OUTPUT_NUMBERS ? values->numbers : NULL;
    output->texts = output->kind == REDAN_OUTPUT_TEXTS ? values->texts : NULL;
}

static size_t leaves_of(const struct redan_node *list)
{
    size_t count = 0;

    for (const struct redan_node *n = list->first; n; n = n->next)
        count += n->kind == REDAN_NODE_LIST ? n->count : 1;
    return count;
}

enum redan_status redan_outputs_tensor(struct redan_outputs *outputs, const struct redan_node *list,
                                       size_t rows, struct redan_output *output)
{
    struct values values;

    REDAN_TRY(values_begin(outputs->ctx, output, leaves_of(list) + 1, &values));
    for (const struct redan_node *n = list->first; n; n = n->next) {
        if (n->kind != REDAN_NODE_LIST) {
            values_add(&values, n);
            continue;
        }
        for (const struct redan_node *leaf = n->first; leaf; leaf = leaf->next)
            values_add(&values, leaf);
    }
    values_end(&values, rows);
    return REDAN_OK;
}

/* One output per member of the rows' objects; a row that lacks one makes its output MIXED. */
static enum redan_status columns_of(struct redan_outputs *outputs, const struct redan_node *list)
{
    for (const struct redan_node *field = list->first->first; field; field = field->next) {
        struct redan_output output = {.name = field->key};
        struct values values;
        struct redan_node gap = {.kind = REDAN_NODE_NULL};

        REDAN_TRY(values_begin(outputs->ctx, &output, list->count, &values));
        for (const struct redan_node *row = list->first; row; row = row->next) {
            const struct redan_node *value = &gap;
            for (const struct redan_node *n = row->first; n && value == &gap; n = n->next)
                value = redan_slice_eq(n->key, field->key) ? n : &gap;
            values_add(&values, value);
        }
        values_end(&values, list->count);
        REDAN_TRY(redan_outputs_add(outputs, &output));
    }
    return REDAN_OK;
}

/* Members that later rows have and the first has not are told too: a field that shows up now and then is still a field. */
static enum redan_status late_members(struct redan_outputs *outputs, const struct redan_node *list)
{
    for (const struct redan_node *row = list->first->next; row; row = row->next)
        for (const struct redan_node *n = row->first; n; n = n->next) {
            bool known = false;
            for (size_t i = 0; i < outputs->response.count && !known; i++)
                known = redan_slice_eq(outputs->list[i].name, n->key);
            struct redan_output late = {
                .name = n->key, .kind = REDAN_OUTPUT_MIXED, .count = list->count, .width = 1};
            if (!known)
                REDAN_TRY(redan_outputs_add(outputs, &late));
        }
    return REDAN_OK;
}

enum redan_status redan_outputs_predictions(struct redan_outputs *outputs,
                                            const struct redan_node *list)
{
    struct redan_output output = {.name = list->key};

    if (list->kind != REDAN_NODE_LIST)
        return redan_fail(outputs->ctx, REDAN_E_SCHEMA, list->offset, "%.*s is %s, not a list",
                          REDAN_FMT(list->key), redan_node_kind_name(list->kind));
    outputs->found = true;
    outputs->response.rows = list->count;
    size_t objects = 0;
    for (const struct redan_node *row = list->first; row; row = row->next)
        objects += row->kind == REDAN_NODE_MAP;
    if (objects > 0 && objects == list->count) {
        REDAN_TRY(columns_of(outputs, list));
        return late_members(outputs, list);
    }
    REDAN_TRY(redan_outputs_tensor(outputs, list, list->count, &output));
    return redan_outputs_add(outputs, &output);
}

enum redan_status redan_outputs_either(struct redan_outputs *outputs, const struct redan_node *node)
{
    if (node->kind != REDAN_NODE_MAP)
        return redan_outputs_predictions(outputs, node);
    outputs->found = true;
    for (const struct redan_node *n = node->first; n; n = n->next) {
        struct redan_output output = {.name = n->key};
        if (n->kind != REDAN_NODE_LIST)
            return redan_fail(outputs->ctx, REDAN_E_SCHEMA, n->offset, "%.*s is %s, not a list",
                              (int)redan_min_size(n->key.len, 64), n->key.at,
                              redan_node_kind_name(n->kind));
        REDAN_TRY(redan_outputs_tensor(outputs, n, n->count, &output));
        REDAN_TRY(redan_outputs_add(outputs, &output));
        if (n->count > outputs->response.rows)
            outputs->response.rows = n->count;
    }
    return REDAN_OK;
}

enum redan_status redan_outputs_end(struct redan_outputs *outputs, const char *member,
                                    struct redan_response *response)
{
    if (!outputs->found)
        return redan_fail(outputs->ctx, REDAN_E_SCHEMA, 0, "the answer has neither %s nor an error",
                          member);
    *response = outputs->response;
    response->outputs = outputs->list;
    response->others = outputs->others;
    return REDAN_OK;
}
