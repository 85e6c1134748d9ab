/* The Open Inference Protocol (KServe v2): named tensors in and out. The rows are one tensor [rows, columns], or one tensor
 * [rows] or [rows, 1] per column, named as the column. What lies outside the JSON (binary tensors, shared memory) is refused. */
#include <math.h>

#include "codec/json.h"
#include "inference/grid.h"
#include "inference/oip_input.h"
#include "inference/outputs.h"

enum { INPUT_LEAST = 40 }; /* bytes of an input with all its members, or more */

struct body {
    struct redan_json *json;
    struct redan_slice text;
    const struct redan_request_rules *rules;
    struct redan_cells cells;
    struct redan_oip_input *inputs;
    size_t count;
    size_t most; /* inputs that are allowed */
    size_t used; /* cells */
    struct redan_slice id;
    struct redan_slice *wanted;
    size_t wanted_count;
};

/* A number and its comma take two bytes, so the length of the body bounds the numbers. */
static enum redan_status make_room(struct body *body, size_t bytes)
{
    size_t columns = body->rules->columns ? body->rules->columns : REDAN_COLUMNS_MAX;
    size_t room = bytes / 2 + 1;
    size_t allowed = 0;

    if (redan_mul_size(redan_rows_limit(body->rules), columns, &allowed))
        room = redan_min_size(room, allowed);
    body->most = redan_min_size(columns, bytes / INPUT_LEAST + 1);
    body->inputs = redan_take_array(body->json->ctx, body->most, sizeof(*body->inputs));
    return body->inputs ? redan_cells_open(&body->cells, room) : REDAN_E_MEMORY;
}

/* Columns one after the other that are spelled alike, as nearly all clients write them: without taking each apart again. */
static enum redan_status read_same(struct body *body)
{
    struct redan_json_like like;
    bool read = true;

    if (body->count == 0)
        return REDAN_OK;
    const struct redan_oip_input *other = &body->inputs[body->count - 1];
    if (!redan_oip_input_like(other, body->text, &like))
        return REDAN_OK;
    while (body->count < body->most) {
        struct redan_oip_input *input = &body->inputs[body->count];
        input->start = body->used;
        enum redan_status status =
            redan_oip_input_same(body->json, &body->cells, &like, other, input, &read);
        if (status != REDAN_OK)
            return redan_rows_prefix(body->json->ctx, status, "input", body->count);
        if (!read)
            break;
        body->used += input->count;
        body->count++;
    }
    return REDAN_OK;
}

static enum redan_status read_inputs(struct body *body)
{
    struct redan_ctx *ctx = body->json->ctx;
    struct redan_json_token token;

    REDAN_TRY(redan_rows_expect(body->json, REDAN_JSON_ARRAY, "inputs", "an array", &token));
    for (;;) {
        REDAN_TRY(read_same(body));
        size_t left = redan_json_left(body->json);
        REDAN_TRY(redan_json_next(body->json, &token));
        if (token.kind == REDAN_JSON_ARRAY_END)
            break;
        if (token.kind != REDAN_JSON_OBJECT)
            return redan_rows_refuse(ctx, &token, "an input", "an object");
        if (body->count == body->most)
            return redan_fail(ctx, REDAN_E_LIMIT, token.offset, "more than %zu inputs", body->most);
        struct redan_oip_input *input = &body->inputs[body->count];
        input->start = body->used;
        input->from = token.offset;
        enum redan_status status = redan_oip_input_read(body->json, &body->cells, input);
        if (status != REDAN_OK)
            return redan_rows_prefix(ctx, status, "input", body->count);
        input->taken = left - redan_json_left(body->json);
        body->used += input->count;
        body->count++;
    }
    return body->count ? REDAN_OK
                       : redan_fail(ctx, REDAN_E_SCHEMA, token.offset, "inputs is empty");
}

static enum redan_status read_output(struct body *body, size_t offset)
{
    struct redan_ctx *ctx = body->json->ctx;
    struct redan_slice name = {"", 0};
    struct redan_json_token token;

    if (!body->wanted)
        body->wanted = redan_take_array(ctx, REDAN_OUTPUTS_MAX, sizeof(*body->wanted));
    if (!body->wanted)
        return REDAN_E_MEMORY;
    if (body->wanted_count == REDAN_OUTPUTS_MAX)
        return redan_fail(ctx, REDAN_E_LIMIT, offset, "more than %d outputs", REDAN_OUTPUTS_MAX);
    for (;;) {
        REDAN_TRY(redan_json_next(body->json, &token));
        if (token.kind == REDAN_JSON_OBJECT_END)
            break;
        if (redan_slice_is(token.text, "name"))
            REDAN_TRY(redan_rows_text(body->json, "name", &name));
        else if (redan_slice_is(token.text, "parameters"))
            REDAN_TRY(redan_oip_parameters(body->json, REDAN_OIP_OUTPUT));
        else
            return redan_fail(ctx, REDAN_E_SCHEMA, token.offset,
                              "unknown member '%.*s' of an output",
                              (int)redan_min_size(token.text.len, 64), token.text.at);
    }
    if (!name.len)
        return redan_fail(ctx, REDAN_E_SCHEMA, offset, "an output has no name");
    body->wanted[body->wanted_count++] = name;
    return REDAN_OK;
}

static enum redan_status read_wanted(struct body *body)
{
    struct redan_ctx *ctx = body->json->ctx;
    struct redan_json_token token;

    REDAN_TRY(redan_rows_expect(body->json, REDAN_JSON_ARRAY, "outputs", "an array", &token));
    for (;;) {
        REDAN_TRY(redan_json_next(body->json, &token));
        if (token.kind == REDAN_JSON_ARRAY_END)
            return REDAN_OK;
        if (token.kind != REDAN_JSON_OBJECT)
            return redan_rows_refuse(ctx, &token, "an output", "an object");
        REDAN_TRY(read_output(body, token.offset));
    }
}

static enum redan_status read_member(struct body *body, const struct redan_json_token *key)
{
    if (redan_slice_is(key->text, "inputs"))
        return read_inputs(body);
    if (redan_slice_is(key->text, "outputs"))
        return read_wanted(body);
    if (redan_slice_is(key->text, "id"))
        return redan_rows_text(body->json, "id", &body->id);
    if (redan_slice_is(key->text, "parameters"))
        return redan_oip_parameters(body->json, REDAN_OIP_REQUEST);
    return redan_fail(body->json->ctx, REDAN_E_SCHEMA, key->offset,
                      "unknown member '%.*s'; a request has inputs, id, outputs, parameters",
                      (int)redan_min_size(key->text.len, 64), key->text.at);
}

static enum redan_status one_tensor(struct body *body, struct redan_request *request)
{
    const struct redan_oip_input *input = body->inputs;
    size_t columns = input->rank == 2 ? input->shape[1] : 1;

    if (body->rules->columns && columns != body->rules->columns)
        return redan_fail(body->json->ctx, REDAN_E_SCHEMA, input->offset,
                          "the input has %zu columns where the model takes %zu%s", columns,
                          body->rules->columns,
                          input->rank == 1 ? "; the shape of one row is [1, columns]" : "");
    request->rows = input->shape[0];
    request->columns = columns;
    return REDAN_OK;
}

/* Where each of the model's columns begins. */
static enum redan_status find_columns(struct body *body, size_t rows, size_t *starts)
{
    struct redan_ctx *ctx = body->json->ctx;
    size_t columns = body->rules->columns;
    struct redan_grid names;

    redan_grid_init(&names, ctx, body->rules, 0, "row");
    bool *seen = redan_take_array(ctx, columns, sizeof(*seen));
    if (!seen)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < columns; i++) {
        const struct redan_oip_input *input = &body->inputs[i];
        size_t column = 0;
        enum redan_status status =
            redan_grid_column(&names, input->name, i, input->offset, &column);
        if (status != REDAN_OK)
            return redan_rows_prefix(ctx, status, "input", i);
        if (seen[column])
            return redan_fail(ctx, REDAN_E_SCHEMA, input->offset,
                              "input %zu: a second column '%.*s'", i, REDAN_FMT(input->name));
        if (input->shape[0] != rows || input->count != rows)
            return redan_fail(ctx, REDAN_E_SCHEMA, input->offset,
                              "input %zu: a column of %zu values belongs there", i, rows);
        seen[column] = true;
        starts[column] = input->start;
    }
    return REDAN_OK;
}

static enum redan_status many_tensors(struct body *body, struct redan_request *request)
{
    struct redan_ctx *ctx = body->json->ctx;
    size_t columns = body->rules->columns;
    size_t rows = body->inputs[0].shape[0];

    if (!body->rules->names || body->count != columns)
        return redan_fail(ctx, REDAN_E_SCHEMA, body->inputs[0].offset,
                          "%zu inputs; send one of shape [rows, columns], or one for each of the "
                          "model's %zu columns",
                          body->count, columns);
    size_t *starts = redan_take_array(ctx, columns, sizeof(*starts));
    if (!starts)
        return REDAN_E_MEMORY;
    REDAN_TRY(find_columns(body, rows, starts));
    REDAN_TRY(redan_cells_gather(&body->cells, starts, columns, rows));
    request->rows = rows;
    request->columns = columns;
    return REDAN_OK;
}

static enum redan_status decode_request(struct redan_ctx *ctx, struct redan_slice text,
                                        const struct redan_request_rules *rules,
                                        struct redan_request *request)
{
    REDAN_DEFER(redan_json_done) struct redan_json json = {0};
    struct body body = {.json = &json,
                        .text = text,
                        .rules = rules,
                        .cells = {.ctx = ctx, .rules = rules, .bools = true}};
    struct redan_json_token token;
    struct redan_request made = {.rows = 0};

    redan_json_init(&json, ctx, text);
    json.keep = true;
    REDAN_TRY(redan_rows_expect(&json, REDAN_JSON_OBJECT, "the body", "an object", &token));
    REDAN_TRY(make_room(&body, text.len));
    for (;;) {
        REDAN_TRY(redan_json_next(&json, &token));
        if (token.kind == REDAN_JSON_OBJECT_END)
            break;
        REDAN_TRY(read_member(&body, &token));
    }
    REDAN_TRY(redan_json_next(&json, &token)); /* nothing may follow */
    if (body.count == 0)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "the body has no inputs");
    bool one =
        body.count == 1 && (body.inputs[0].rank == 2 || rules->columns != 1 || !rules->names);
    REDAN_TRY(one ? one_tensor(&body, &made) : many_tensors(&body, &made));
    if (made.rows > redan_rows_limit(rules))
        return redan_fail(ctx, REDAN_E_LIMIT, body.inputs[0].offset, "more than %zu rows",
                          redan_rows_limit(rules));
    made.values = body.cells.values;
    made.texts = body.cells.texts;
    made.names = rules->names;
    made.id = body.id;
    made.wanted = body.wanted;
    made.wanted_count = body.wanted_count;
    *request = made;
    return REDAN_OK;
}

/* Which cells of a column, or of all, are texts. */
static void count_texts(const struct redan_request *request, size_t first, size_t step,
                        size_t *texts, size_t *numbers)
{
    *texts = 0;
    *numbers = 0;
    for (size_t i = first; i < request->rows * request->columns; i += step) {
        bool text = request->texts && request->texts[i].at;
        *texts += text;
        *numbers += !text && !isnan(request->values[i]);
    }
}

/* Every step-th cell from `first` on, as one tensor. */
static void encode_tensor(const struct redan_request *request, struct redan_slice name,
                          size_t first, size_t step, struct redan_buf *out)
{
    size_t texts = 0;
    size_t numbers = 0;

    count_texts(request, first, step, &texts, &numbers);
    if (texts && numbers) {
        out->fail = REDAN_E_UNSUPPORTED; /* no datatype has both */
        return;
    }
    redan_buf_text(out, "{\"name\":");
    redan_json_string_add(out, name);
    redan_buf_printf(out, ",\"shape\":[%zu,%zu],\"datatype\":\"%s\",\"data\":[", request->rows,
                     step == 1 ? request->columns : 1, texts ? "BYTES" : "FP64");
    for (size_t i = first; i < request->rows * request->columns; i += step) {
        if (i != first)
            redan_buf_char(out, ',');
        redan_rows_write_cell(request, i, out);
    }
    redan_buf_text(out, "]}");
}

static void encode_request(const struct redan_request *request, struct redan_buf *out)
{
    size_t texts = 0;
    size_t numbers = 0;

    redan_buf_char(out, '{');
    if (request->id.len) {
        redan_buf_text(out, "\"id\":");
        redan_json_string_add(out, request->id);
        redan_buf_char(out, ',');
    }
    redan_buf_text(out, "\"inputs\":[");
    count_texts(request, 0, 1, &texts, &numbers);
    if (texts && numbers && request->names) {
        for (size_t c = 0; c < request->columns; c++) {
            if (c)
                redan_buf_char(out, ',');
            encode_tensor(request, request->names[c], c, request->columns, out);
        }
    } else {
        encode_tensor(request, REDAN_S("input"), 0, 1, out);
    }
    redan_buf_text(out, "]}");
}

static void add_text(struct redan_buf *out, const char *name, struct redan_slice text)
{
    if (!text.len)
        return;
    redan_buf_printf(out, "\"%s\":", name);
    redan_json_string_add(out, text);
    redan_buf_char(out, ',');
}

static void encode_response(const struct redan_answer *answer, struct redan_buf *out)
{
    redan_buf_char(out, '{');
    add_text(out, "model_name", answer->model);
    add_text(out, "model_version", answer->version);
    add_text(out, "id", answer->id);
    redan_buf_text(out, "\"outputs\":[{");
    add_text(out, "name", answer->output);
    redan_buf_printf(out, "\"shape\":[%zu],\"datatype\":\"%s\",\"data\":", answer->rows,
                     answer->labels ? "INT64" : "FP32");
    redan_rows_write(answer, out);
    redan_buf_text(out, "}]}");
}

/* Rows of a tensor: the first size of its shape. */
static size_t rows_of(const struct redan_node *output)
{
    const struct redan_node *shape = redan_node_get(output, "shape");
    double rows = 0;

    if (!shape || !shape->first || !redan_node_number(shape->first, &rows) || rows < 0 ||
        rows > 1e9)
        return 0;
    return (size_t)rows;
}

static enum redan_status read_outputs(struct redan_outputs *outputs, const struct redan_node *list)
{
    if (list->kind != REDAN_NODE_LIST)
        return redan_fail(outputs->ctx, REDAN_E_SCHEMA, list->offset, "outputs is %s, not a list",
                          redan_node_kind_name(list->kind));
    outputs->found = true;
    for (const struct redan_node *n = list->first; n; n = n->next) {
        const struct redan_node *data = redan_node_get(n, "data");
        struct redan_output output = {.name = redan_node_text(n, "name"),
                                      .datatype = redan_node_text(n, "datatype")};
        if (!data || data->kind != REDAN_NODE_LIST || !output.name.len)
            return redan_fail(outputs->ctx, REDAN_E_SCHEMA, n->offset,
                              "an output has no name or no list of data");
        size_t rows = rows_of(n);
        REDAN_TRY(redan_outputs_tensor(outputs, data, rows, &output));
        REDAN_TRY(redan_outputs_add(outputs, &output));
        outputs->response.rows = rows > outputs->response.rows ? rows : outputs->response.rows;
    }
    return REDAN_OK;
}

static enum redan_status decode_response(struct redan_ctx *ctx, struct redan_slice body,
                                         struct redan_response *response)
{
    static const char *const meta[] = {"model_name", "model_version", "id", "error", NULL};
    struct redan_outputs outputs = {.ctx = ctx};
    const struct redan_node *root = NULL;

    REDAN_TRY(redan_outputs_begin(&outputs, body, meta, &root));
    for (const struct redan_node *n = root->first; n; n = n->next) {
        bool known = redan_slice_is(n->key, "outputs") || redan_slice_is(n->key, "parameters");
        for (const char *const *name = meta; *name; name++)
            known = known || redan_slice_is(n->key, *name);
        if (!known)
            REDAN_TRY(redan_outputs_other(&outputs, n->key));
        if (redan_slice_is(n->key, "outputs"))
            REDAN_TRY(read_outputs(&outputs, n));
    }
    outputs.response.model = redan_node_text(root, "model_name");
    outputs.response.version = redan_node_text(root, "model_version");
    outputs.response.id = redan_node_text(root, "id");
    return redan_outputs_end(&outputs, "outputs", response);
}

static const char *const media[] = {"application/json", NULL};
static const char *const answers[] = {"/outputs/*/data", NULL};

extern const struct redan_preset redan_preset_oip_v2;
const struct redan_preset redan_preset_oip_v2 = {
    .name = "oip-v2",
    .before_model = "/v2/models/",
    .after_model = "/infer",
    .version = "/versions/",
    .media = media,
    .answers = answers,
    .decode_request = decode_request,
    .encode_request = encode_request,
    .encode_response = encode_response,
    .decode_response = decode_response,
};
