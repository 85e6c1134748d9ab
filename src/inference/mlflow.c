/* MLflow's scoring server: POST /invocations with one of four JSON forms (dataframe_split, dataframe_records, instances, inputs) or CSV with a
 * header line; {"predictions": [...]}. The path is SageMaker's as well: a policy names one of the two presets, never both, because a body that
 * two readers take differently is an attack. */
#include "codec/json.h"
#include "inference/csv.h"
#include "inference/outputs.h"

struct body {
    struct redan_json *json;
    struct redan_grid *grid;
    const char *form; /* the member that the rows came in; NULL: not yet */
    struct redan_slice *names;
    size_t names_count;
    size_t names_at; /* offset; 0: not there */
    size_t index_count;
    size_t index_at;
    bool data;
};

/* Names of columns in the order of the rows' values. */
static enum redan_status read_columns(struct body *body)
{
    struct redan_ctx *ctx = body->json->ctx;
    size_t most = body->grid->columns ? body->grid->columns : REDAN_COLUMNS_MAX;
    struct redan_json_token token;

    REDAN_TRY(
        redan_rows_expect(body->json, REDAN_JSON_ARRAY, "columns", "a list of names", &token));
    body->names_at = token.offset;
    body->names = redan_take_array(ctx, most, sizeof(*body->names));
    if (!body->names)
        return REDAN_E_MEMORY;
    for (;;) {
        REDAN_TRY(redan_json_next(body->json, &token));
        if (token.kind == REDAN_JSON_ARRAY_END)
            return REDAN_OK;
        if (token.kind != REDAN_JSON_TEXT)
            return redan_rows_refuse(ctx, &token, "a name in columns", "a string");
        if (body->names_count == most)
            return redan_fail(ctx, REDAN_E_SCHEMA, token.offset, "more than %zu names in columns",
                              most);
        body->names[body->names_count++] = token.text;
    }
}

/* Labels of the rows, which no model sees; there must be as many as rows. */
static enum redan_status read_index(struct body *body)
{
    struct redan_json_token token;

    REDAN_TRY(redan_rows_expect(body->json, REDAN_JSON_ARRAY, "index", "a list of labels", &token));
    body->index_at = token.offset;
    for (;; body->index_count++) {
        REDAN_TRY(redan_json_next(body->json, &token));
        if (token.kind == REDAN_JSON_ARRAY_END)
            return REDAN_OK;
        if (token.kind != REDAN_JSON_TEXT && token.kind != REDAN_JSON_NUMBER)
            return redan_rows_refuse(body->json->ctx, &token, "a label in index",
                                     "a number or a string");
    }
}

static enum redan_status split_member(struct body *body, const struct redan_json_token *key)
{
    if (redan_slice_is(key->text, "columns"))
        return read_columns(body);
    if (redan_slice_is(key->text, "index"))
        return read_index(body);
    if (!redan_slice_is(key->text, "data"))
        return redan_fail(body->json->ctx, REDAN_E_SCHEMA, key->offset,
                          "unknown member '%.*s' of dataframe_split; it has columns, index, data",
                          (int)redan_min_size(key->text.len, 64), key->text.at);
    body->data = true;
    return redan_grid_member(body->grid, body->json, "data", false);
}

static enum redan_status read_split(struct body *body)
{
    struct redan_ctx *ctx = body->json->ctx;
    struct redan_json_token token;

    REDAN_TRY(
        redan_rows_expect(body->json, REDAN_JSON_OBJECT, "dataframe_split", "an object", &token));
    size_t offset = token.offset;
    body->grid->form = REDAN_ROW_LIST;
    for (;;) {
        REDAN_TRY(redan_json_next(body->json, &token));
        if (token.kind == REDAN_JSON_OBJECT_END)
            break;
        REDAN_TRY(split_member(body, &token));
    }
    if (!body->data)
        return redan_fail(ctx, REDAN_E_SCHEMA, offset, "dataframe_split has no data");
    if (body->index_at && body->index_count != body->grid->rows)
        return redan_fail(ctx, REDAN_E_SCHEMA, body->index_at,
                          "index has %zu labels where data has %zu rows", body->index_count,
                          body->grid->rows);
    return body->names_at
               ? redan_grid_named(body->grid, body->names, body->names_count, body->names_at)
               : REDAN_OK;
}

static enum redan_status read_form(struct body *body, const char *form)
{
    if (redan_slice_is(redan_slice_of(form), "dataframe_split"))
        return read_split(body);
    bool frame = redan_slice_starts(redan_slice_of(form), REDAN_S("data"));
    body->grid->form = frame ? REDAN_ROW_OBJECT : REDAN_ROW_ANY;
    body->grid->single =
        !frame; /* instances and inputs are tensors; a cell of a frame is a scalar */
    return redan_grid_member(body->grid, body->json, form,
                             redan_slice_is(redan_slice_of(form), "inputs"));
}

static enum redan_status read_member(struct body *body, const struct redan_json_token *key)
{
    static const char *const forms[] = {"dataframe_split", "dataframe_records", "instances",
                                        "inputs", NULL};
    struct redan_ctx *ctx = body->json->ctx;

    for (const char *const *form = forms; *form; form++) {
        if (!redan_slice_is(key->text, *form))
            continue;
        if (body->form)
            return redan_fail(ctx, REDAN_E_SCHEMA, key->offset,
                              "both %s and %s; a request has one of them", body->form, *form);
        body->form = *form;
        return read_form(body, *form);
    }
    if (redan_slice_is(key->text, "params")) /* for the model's own use; not judged */
        return redan_rows_skip_object(body->json, "params");
    return redan_fail(ctx, REDAN_E_SCHEMA, key->offset,
                      "unknown member '%.*s'; a request has one of dataframe_split, "
                      "dataframe_records, instances, inputs, and may have params",
                      (int)redan_min_size(key->text.len, 64), key->text.at);
}

static enum redan_status decode_json(struct redan_grid *grid, struct redan_ctx *ctx,
                                     struct redan_slice text)
{
    REDAN_DEFER(redan_json_done) struct redan_json json = {0};
    struct body body = {.json = &json, .grid = grid};
    struct redan_json_token token;

    redan_json_init(&json, ctx, text);
    json.keep = true;
    REDAN_TRY(redan_rows_expect(&json, REDAN_JSON_OBJECT, "the body", "an object", &token));
    for (;;) {
        REDAN_TRY(redan_json_next(&json, &token));
        if (token.kind == REDAN_JSON_OBJECT_END)
            break;
        REDAN_TRY(read_member(&body, &token));
    }
    REDAN_TRY(redan_json_next(&json, &token)); /* nothing may follow */
    return body.form ? REDAN_OK
                     : redan_fail(ctx, REDAN_E_SCHEMA, 0,
                                  "the body has none of dataframe_split, dataframe_records, "
                                  "instances, inputs");
}

static enum redan_status decode_csv(struct redan_grid *grid, struct redan_ctx *ctx,
                                    struct redan_slice text)
{
    struct redan_csv csv;
    size_t most = redan_min_size(grid->columns ? grid->columns : REDAN_COLUMNS_MAX, text.len + 1);
    size_t count = 0;

    REDAN_TRY(redan_csv_init(&csv, ctx, text));
    struct redan_slice *names = redan_take_array(ctx, most, sizeof(*names));
    if (!names)
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_csv_names(&csv, names, most, &count));
    if (grid->columns && count != grid->columns)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "%zu names where the model takes %zu columns",
                          count, grid->columns);
    REDAN_TRY(redan_csv_rows(&csv, grid));
    return redan_grid_named(grid, names, count, 0);
}

extern const struct redan_preset redan_preset_mlflow;

static enum redan_status decode_request(struct redan_ctx *ctx, struct redan_slice text,
                                        const struct redan_request_rules *rules,
                                        struct redan_request *request)
{
    struct redan_grid grid;
    const char *type = NULL;

    REDAN_TRY(redan_rows_read_as(ctx, &redan_preset_mlflow, rules, &type));
    redan_grid_init(&grid, ctx, rules, text.len, "row");
    grid.cells.bools = true;
    REDAN_TRY(redan_slice_is(redan_slice_of(type), "text/csv") ? decode_csv(&grid, ctx, text)
                                                               : decode_json(&grid, ctx, text));
    redan_grid_end(&grid, request);
    return REDAN_OK;
}

static void encode_request(const struct redan_request *request, struct redan_buf *out)
{
    if (request->names) {
        redan_buf_text(out, "{\"dataframe_split\":{\"columns\":[");
        for (size_t c = 0; c < request->columns; c++) {
            if (c)
                redan_buf_char(out, ',');
            redan_json_string_add(out, request->names[c]);
        }
        redan_buf_text(out, "],\"data\":");
    } else {
        redan_buf_text(out, "{\"inputs\":");
    }
    redan_rows_write_cells(request, out);
    redan_buf_text(out, request->names ? "}}" : "}");
}

static void encode_response(const struct redan_answer *answer, struct redan_buf *out)
{
    redan_buf_text(out, "{\"predictions\":");
    redan_rows_write(answer, out);
    redan_buf_char(out, '}');
}

/* Errors are {"error_code": ..., "message": ...}. */
static enum redan_status decode_response(struct redan_ctx *ctx, struct redan_slice body,
                                         struct redan_response *response)
{
    static const char *const meta[] = {"error", "error_code", "message", "stack_trace", NULL};
    struct redan_outputs outputs = {.ctx = ctx};
    const struct redan_node *root = NULL;

    REDAN_TRY(redan_outputs_begin(&outputs, body, meta, &root));
    if (redan_node_get(root, "error_code")) {
        outputs.response.error = redan_node_text(root, "message");
        outputs.found = true;
    }
    for (const struct redan_node *n = root->first; n; n = n->next) {
        if (redan_slice_is(n->key, "predictions"))
            REDAN_TRY(redan_outputs_either(&outputs, n));
        else if (!redan_slice_among(meta, n->key))
            REDAN_TRY(redan_outputs_other(&outputs, n->key));
    }
    return redan_outputs_end(&outputs, "predictions", response);
}

static const char *const media[] = {"application/json", "text/csv", NULL};
static const char *const answers[] = {"/predictions", NULL};

const struct redan_preset redan_preset_mlflow = {
    .name = "mlflow",
    .before_model = "/invocations",
    .media = media,
    .answers = answers,
    .decode_request = decode_request,
    .encode_request = encode_request,
    .encode_response = encode_response,
    .decode_response = decode_response,
};
