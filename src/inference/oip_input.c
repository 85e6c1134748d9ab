/* Members come in any order, so a tensor is judged when it is whole. */
#include "inference/oip_input.h"

#include <math.h>

/* What values a tensor of each datatype holds; NULL ends the list. Whole numbers end where a double no longer tells them apart: the next one
 * could be another one to the server. */
#define EXACT 0x1.fffffffffffffp52
enum holds { REALS, WHOLES, BOOLS, TEXTS };
static const struct redan_oip_datatype {
    const char *name;
    enum holds holds;
    double low;
    double high;
} datatypes[] = {
    {"FP32", REALS, -0x1.fffffep127, 0x1.fffffep127},
    {"FP64", REALS, -0x1.fffffffffffffp1023, 0x1.fffffffffffffp1023},
    {"FP16", REALS, -65504, 65504},
    {"INT8", WHOLES, -128, 127},
    {"INT16", WHOLES, -32768, 32767},
    {"INT32", WHOLES, -2147483648.0, 2147483647.0},
    {"INT64", WHOLES, -EXACT, EXACT},
    {"UINT8", WHOLES, 0, 255},
    {"UINT16", WHOLES, 0, 65535},
    {"UINT32", WHOLES, 0, 4294967295.0},
    {"UINT64", WHOLES, 0, EXACT},
    {"BOOL", BOOLS, 0, 1},
    {"BYTES", TEXTS, 0, 0},
    {NULL, REALS, 0, 0},
};

static enum redan_status read_shape(struct redan_json *json, struct redan_oip_input *input)
{
    struct redan_json_token token;

    REDAN_TRY(redan_rows_expect(json, REDAN_JSON_ARRAY, "shape", "an array of sizes", &token));
    for (;;) {
        int64_t size = 0;
        REDAN_TRY(redan_json_next(json, &token));
        if (token.kind == REDAN_JSON_ARRAY_END)
            break;
        if (token.kind != REDAN_JSON_NUMBER || !redan_json_i64(token.text, &size) || size < 1 ||
            size > INT32_MAX)
            return redan_fail(json->ctx, REDAN_E_SCHEMA, token.offset,
                              "a size in shape is not a positive whole number");
        if (input->rank == REDAN_OIP_RANK)
            return redan_fail(json->ctx, REDAN_E_SCHEMA, token.offset,
                              "shape has more than two sizes; rows and columns belong there");
        input->shape[input->rank++] = (size_t)size;
    }
    return input->rank ? REDAN_OK
                       : redan_fail(json->ctx, REDAN_E_SCHEMA, token.offset, "shape is empty");
}

static enum redan_status too_many(struct redan_ctx *ctx, size_t offset)
{
    return redan_fail(ctx, REDAN_E_LIMIT, offset, "data has more values than allowed");
}

/* A list inside data: one row. */
static enum redan_status read_nested(struct redan_json *json, struct redan_cells *cells,
                                     struct redan_oip_input *input, size_t offset)
{
    size_t width = 0;
    size_t at = input->start + input->count;
    bool more = false;

    REDAN_TRY(redan_cells_array(cells, json, at, cells->room - at, &width, &more));
    if (more)
        return too_many(json->ctx, offset);
    if (width == 0 || (input->nested[1] && input->nested[1] != width))
        return redan_fail(json->ctx, REDAN_E_SCHEMA, offset, "the rows in data differ in length");
    input->nested[1] = width;
    input->count += width;
    return REDAN_OK;
}

/* The next value in data; false in `*ended` while there may be more. */
static enum redan_status read_value(struct redan_json *json, struct redan_cells *cells,
                                    struct redan_oip_input *input, bool *ended)
{
    struct redan_json_token token;
    size_t at = input->start + input->count;

    REDAN_TRY(redan_json_next(json, &token));
    *ended = token.kind == REDAN_JSON_ARRAY_END;
    input->data_end = token.offset;
    if (*ended)
        return REDAN_OK;
    bool row = token.kind == REDAN_JSON_ARRAY;
    if (input->nested[0] && row != (input->nested[1] > 0))
        return redan_fail(json->ctx, REDAN_E_SCHEMA, token.offset, "data mixes values and lists");
    input->nested[0]++;
    if (row)
        return read_nested(json, cells, input, token.offset);
    if (at == cells->room)
        return too_many(json->ctx, token.offset);
    REDAN_TRY(redan_cells_token(cells, at, &token, "value", input->count));
    input->count++;
    return REDAN_OK;
}

static enum redan_status read_data(struct redan_json *json, struct redan_cells *cells,
                                   struct redan_oip_input *input)
{
    struct redan_json_token token;
    bool ended = false;

    REDAN_TRY(redan_rows_expect(json, REDAN_JSON_ARRAY, "data", "an array of values", &token));
    input->offset = token.offset;
    input->data = true;
    while (!ended) {
        size_t at = input->start + input->count;
        size_t taken = 0;
        if (input->nested[1] == 0) { /* flat, as far as is known: a run of numbers at once */
            REDAN_TRY(redan_json_numbers(json, cells->values + at, cells->room - at, &taken));
            input->count += taken;
            input->nested[0] += taken;
        }
        REDAN_TRY(read_value(json, cells, input, &ended));
    }
    return REDAN_OK;
}

static bool held(const struct redan_oip_datatype *type, const struct redan_cells *cells, size_t at)
{
    double v = cells->values[at];
    bool text = cells->texts && cells->texts[at].at;

    if (isnan(v) && !text) /* a missing cell, which the rules allow */
        return type->holds == REALS || type->holds == TEXTS;
    if (text || type->holds == TEXTS)
        return text && type->holds == TEXTS;
    return v >= type->low && v <= type->high && (type->holds == REALS || v == floor(v));
}

static enum redan_status not_held(struct redan_ctx *ctx, const struct redan_cells *cells,
                                  const struct redan_oip_input *input, size_t i,
                                  const struct redan_oip_datatype *type)
{
    double v = cells->values[input->start + i];

    if (isnan(v))
        return redan_fail(ctx, REDAN_E_SCHEMA, input->offset, "value %zu of data is no %s", i,
                          type->name);
    return redan_fail(ctx, REDAN_E_SCHEMA, input->offset, "value %zu of data, %g, is no %s%s", i, v,
                      type->name,
                      type->high == EXACT && v == floor(v) ? " that can be judged exactly" : "");
}

static enum redan_status find_type(struct redan_ctx *ctx, struct redan_oip_input *input)
{
    const struct redan_oip_datatype *type = datatypes;

    while (type->name && !redan_slice_is(input->datatype, type->name))
        type++;
    if (!type->name)
        return redan_fail(ctx, REDAN_E_SCHEMA, input->offset,
                          "datatype '%.*s' is not one of FP16, FP32, FP64, INT8 to INT64, UINT8 to "
                          "UINT64, BOOL, BYTES",
                          (int)redan_min_size(input->datatype.len, 32), input->datatype.at);
    input->type = type;
    return REDAN_OK;
}

static enum redan_status check_values(struct redan_ctx *ctx, const struct redan_cells *cells,
                                      const struct redan_oip_input *input)
{
    for (size_t i = 0; i < input->count; i++)
        if (!held(input->type, cells, input->start + i))
            return not_held(ctx, cells, input, i, input->type);
    return REDAN_OK;
}

static enum redan_status check_whole(struct redan_ctx *ctx, const struct redan_cells *cells,
                                     struct redan_oip_input *input, size_t offset)
{
    const char *lacks = !input->name.len       ? "name"
                        : !input->rank         ? "shape"
                        : !input->datatype.len ? "datatype"
                        : !input->data         ? "data (binary tensors are not supported)"
                                               : NULL;

    if (lacks)
        return redan_fail(ctx, REDAN_E_SCHEMA, offset, "the input has no %s", lacks);
    size_t rows = input->shape[0];
    size_t columns = input->rank == 2 ? input->shape[1] : 1;
    if (input->count % columns != 0 || input->count / columns != rows ||
        (input->nested[1] && (input->rank != 2 || input->nested[1] != columns)))
        return redan_fail(ctx, REDAN_E_SCHEMA, input->offset,
                          "data has %zu values%s where the shape asks for %zu times %zu",
                          input->count, input->nested[1] ? " in lists" : "", rows, columns);
    REDAN_TRY(find_type(ctx, input));
    return check_values(ctx, cells, input);
}

static enum redan_status read_name(struct redan_json *json, struct redan_oip_input *input)
{
    struct redan_json_token token;

    REDAN_TRY(redan_rows_text_token(json, "name", &token));
    if (redan_json_plain(json, &token))
        input->name_at = token.offset + 1;
    return redan_copy(json->ctx, token.text, &input->name);
}

bool redan_oip_input_like(const struct redan_oip_input *input, struct redan_slice text,
                          struct redan_json_like *like)
{
    size_t name_end = input->name_at + input->name.len;

    if (!input->name_at || input->offset < name_end || input->nested[1] || !input->count)
        return false;
    *like = (struct redan_json_like){
        .before = redan_slice_sub(text, input->from, input->name_at - input->from),
        .between = redan_slice_sub(text, name_end, input->offset + 1 - name_end),
        .after = redan_slice_sub(text, input->data_end, input->end + 1 - input->data_end),
        .values = input->taken - input->count,
        .numbers = input->count,
        .most = REDAN_NAME_MAX};
    return true;
}

enum redan_status redan_oip_input_same(struct redan_json *json, struct redan_cells *cells,
                                       const struct redan_json_like *like,
                                       const struct redan_oip_input *other,
                                       struct redan_oip_input *input, bool *read)
{
    struct redan_json_token name;
    size_t start = input->start;

    *read = cells->room - start >= like->numbers &&
            redan_json_same(json, like, &name, cells->values + start);
    if (!*read)
        return REDAN_OK;
    *input = *other;
    input->start = start;
    input->name_at = 0; /* where it stands is the other's */
    input->offset = name.offset + name.text.len + like->between.len;
    REDAN_TRY(redan_copy(json->ctx, name.text, &input->name));
    return check_values(json->ctx, cells, input);
}

enum redan_status redan_oip_input_read(struct redan_json *json, struct redan_cells *cells,
                                       struct redan_oip_input *input)
{
    struct redan_json_token token;

    for (;;) {
        REDAN_TRY(redan_json_next(json, &token));
        input->end = token.offset;
        if (token.kind == REDAN_JSON_OBJECT_END)
            return check_whole(json->ctx, cells, input, token.offset);
        if (redan_slice_is(token.text, "name"))
            REDAN_TRY(read_name(json, input));
        else if (redan_slice_is(token.text, "datatype"))
            REDAN_TRY(redan_rows_text(json, "datatype", &input->datatype));
        else if (redan_slice_is(token.text, "shape"))
            REDAN_TRY(read_shape(json, input));
        else if (redan_slice_is(token.text, "data"))
            REDAN_TRY(read_data(json, cells, input));
        else if (redan_slice_is(token.text, "parameters"))
            REDAN_TRY(redan_oip_parameters(json, REDAN_OIP_INPUT));
        else
            return redan_fail(json->ctx, REDAN_E_SCHEMA, token.offset,
                              "unknown member '%.*s' of an input",
                              (int)redan_min_size(token.text.len, 64), token.text.at);
    }
}
