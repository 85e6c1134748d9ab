/* The v1 protocol of KServe and TensorFlow Serving: {"instances": [row, ...]} and {"predictions": [...]}. A row is an
 * array of numbers, or an object from column name to number. */
#include "codec/json.h"
#include "inference/outputs.h"
#include "inference/rows.h"

struct table {
    struct redan_json *json;
    const struct redan_request_rules *rules;
    double *values;
    size_t columns; /* 0 until known */
    size_t rows;
    size_t room; /* rows that `values` holds */
    size_t bytes;
};

/* A row of c numbers takes 2c + 1 bytes or more, so the length of the body bounds the rows. */
static enum redan_status make_room(struct table *table)
{
    size_t most = table->bytes / (2 * table->columns + 1) + 1;

    table->room = redan_min_size(redan_rows_limit(table->rules), most);
    table->values =
        redan_take_array(table->json->ctx, table->room, table->columns * sizeof(double));
    return table->values ? REDAN_OK : REDAN_E_MEMORY;
}

/* The first row of a model whose width is not known. */
static enum redan_status first_row(struct table *table, size_t offset)
{
    struct redan_ctx *ctx = table->json->ctx;
    size_t most = redan_min_size(REDAN_COLUMNS_MAX, table->bytes / 2 + 1);
    double *values = redan_take_array(ctx, most, sizeof(*values));

    if (!values)
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_json_doubles(table->json, values, most, &table->columns));
    if (table->columns == 0)
        return redan_fail(ctx, REDAN_E_SCHEMA, offset, "the row is empty");
    REDAN_TRY(make_room(table));
    for (size_t i = 0; i < table->columns; i++)
        table->values[i] = values[i];
    return REDAN_OK;
}

static enum redan_status array_row(struct table *table, size_t offset)
{
    size_t count = 0;

    if (table->columns == 0)
        return first_row(table, offset);
    REDAN_TRY(redan_json_doubles(table->json, table->values + table->rows * table->columns,
                                 table->columns, &count));
    if (count != table->columns)
        return redan_fail(table->json->ctx, REDAN_E_SCHEMA, offset,
                          "%zu values where the model takes %zu", count, table->columns);
    return REDAN_OK;
}

static enum redan_status object_row(struct table *table, size_t offset)
{
    struct redan_ctx *ctx = table->json->ctx;
    double *row = table->values + table->rows * table->columns;
    struct redan_json_token token;
    size_t count = 0;

    if (!table->rules->names || table->rules->columns == 0)
        return redan_fail(ctx, REDAN_E_SCHEMA, offset,
                          "an object, but the model has no column names; an array belongs there");
    for (;;) {
        REDAN_TRY(redan_json_next(table->json, &token));
        if (token.kind == REDAN_JSON_OBJECT_END)
            break;
        size_t column = redan_rows_column(table->rules, token.text, count);
        if (column == table->columns)
            return redan_fail(ctx, REDAN_E_SCHEMA, token.offset, "the model has no column '%.*s'",
                              (int)redan_min_size(token.text.len, 64), token.text.at);
        REDAN_TRY(redan_rows_expect(table->json, REDAN_JSON_NUMBER, "a value", "a number", &token));
        if (!redan_json_number(&token, &row[column]))
            return redan_fail(ctx, REDAN_E_SCHEMA, token.offset,
                              "the number is too large for a double");
        count++; /* the reader refuses a name that comes twice */
    }
    if (count != table->columns)
        return redan_fail(ctx, REDAN_E_SCHEMA, offset, "%zu of the model's %zu columns are given",
                          count, table->columns);
    return REDAN_OK;
}

static enum redan_status read_rows(struct table *table)
{
    struct redan_ctx *ctx = table->json->ctx;
    struct redan_json_token token;

    REDAN_TRY(
        redan_rows_expect(table->json, REDAN_JSON_ARRAY, "instances", "an array of rows", &token));
    if (table->columns)
        REDAN_TRY(make_room(table));
    for (;;) {
        REDAN_TRY(redan_json_next(table->json, &token));
        if (token.kind == REDAN_JSON_ARRAY_END)
            break;
        if (table->rows == redan_rows_limit(table->rules))
            return redan_fail(ctx, REDAN_E_LIMIT, token.offset, "more than %zu instances",
                              table->rows);
        enum redan_status status =
            token.kind == REDAN_JSON_ARRAY ? array_row(table, token.offset)
            : token.kind == REDAN_JSON_OBJECT
                ? object_row(table, token.offset)
                : redan_rows_refuse(ctx, &token, "the row", "an array of numbers");
        if (status != REDAN_OK)
            return redan_rows_prefix(ctx, status, "instance", table->rows);
        table->rows++;
    }
    if (table->rows == 0)
        return redan_fail(ctx, REDAN_E_SCHEMA, token.offset, "instances is empty");
    return REDAN_OK;
}

static enum redan_status read_member(struct table *table, const struct redan_json_token *key)
{
    struct redan_slice unused;

    if (redan_slice_is(key->text, "instances"))
        return read_rows(table);
    if (redan_slice_is(key->text, "signature_name")) /* TensorFlow Serving clients send it */
        return redan_rows_text(table->json, "signature_name", &unused);
    return redan_fail(table->json->ctx, REDAN_E_SCHEMA, key->offset,
                      "unknown member '%.*s'; a request is {\"instances\": [[number, ...], ...]}",
                      (int)redan_min_size(key->text.len, 64), key->text.at);
}

static enum redan_status decode_request(struct redan_ctx *ctx, struct redan_slice body,
                                        const struct redan_request_rules *rules,
                                        struct redan_request *request)
{
    REDAN_DEFER(redan_json_done) struct redan_json json = {0};
    struct table table = {.json = &json, .rules = rules, .columns = rules->columns};
    struct redan_json_token token;

    table.bytes = body.len;
    redan_json_init(&json, ctx, body);
    REDAN_TRY(redan_rows_expect(&json, REDAN_JSON_OBJECT, "the body", "an object", &token));
    for (;;) {
        REDAN_TRY(redan_json_next(&json, &token));
        if (token.kind == REDAN_JSON_OBJECT_END)
            break;
        REDAN_TRY(read_member(&table, &token));
    }
    REDAN_TRY(redan_json_next(&json, &token)); /* nothing may follow */
    if (!table.values)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "the body has no instances");
    *request = (struct redan_request){
        .rows = table.rows, .columns = table.columns, .values = table.values};
    return REDAN_OK;
}

static void encode_request(const struct redan_request *request, struct redan_buf *out)
{
    redan_buf_text(out, "{\"instances\":[");
    for (size_t r = 0; r < request->rows; r++) {
        redan_buf_text(out, r ? ",[" : "[");
        for (size_t c = 0; c < request->columns; c++) {
            if (c)
                redan_buf_char(out, ',');
            redan_json_number_add(out, request->values[r * request->columns + c]);
        }
        redan_buf_char(out, ']');
    }
    redan_buf_text(out, "]}");
}

static void encode_response(const struct redan_answer *answer, struct redan_buf *out)
{
    redan_buf_text(out, "{\"predictions\":");
    redan_rows_write(answer, out);
    redan_buf_char(out, '}');
}

static enum redan_status decode_response(struct redan_ctx *ctx, struct redan_slice body,
                                         struct redan_response *response)
{
    static const char *const meta[] = {"error", NULL};
    struct redan_outputs outputs = {.ctx = ctx};
    const struct redan_node *root = NULL;

    REDAN_TRY(redan_outputs_begin(&outputs, body, meta, &root));
    for (const struct redan_node *n = root->first; n; n = n->next) {
        if (redan_slice_is(n->key, "predictions"))
            REDAN_TRY(redan_outputs_predictions(&outputs, n));
        else if (!redan_slice_is(n->key, "error"))
            REDAN_TRY(redan_outputs_other(&outputs, n->key));
    }
    return redan_outputs_end(&outputs, "predictions", response);
}

extern const struct redan_preset redan_preset_kserve_v1;
const struct redan_preset redan_preset_kserve_v1 = {
    .name = "kserve-v1",
    .before_model = "/v1/models/",
    .after_model = ":predict",
    .decode_request = decode_request,
    .encode_request = encode_request,
    .encode_response = encode_response,
    .decode_response = decode_response,
};
