/* Members come in any order, so a tensor is judged when it is whole. */
#include "inference/oip_input.h"

#include <math.h>

/* Datatypes that a row of numbers can have, with the whole numbers each holds; NULL ends the list. */
static const struct datatype {
    const char *name;
    bool whole;
    double low;
    double high;
} datatypes[] = {
    {"FP32", false, -0x1.fffffep127, 0x1.fffffep127},
    {"FP64", false, -0x1.fffffffffffffp1023, 0x1.fffffffffffffp1023},
    {"FP16", false, -65504, 65504},
    {"INT8", true, -128, 127},
    {"INT16", true, -32768, 32767},
    {"INT32", true, -2147483648.0, 2147483647.0},
    {"INT64", true, -0x1p63, 0x1.fffffffffffffp62},
    {"UINT8", true, 0, 255},
    {"UINT16", true, 0, 65535},
    {"UINT32", true, 0, 4294967295.0},
    {"UINT64", true, 0, 0x1.fffffffffffffp63},
    {NULL, false, 0, 0},
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

static enum redan_status take_number(struct redan_json *json, const struct redan_json_token *token,
                                     size_t room, struct redan_oip_input *input)
{
    if (token->kind != REDAN_JSON_NUMBER)
        return redan_rows_refuse(json->ctx, token, "a value in data", "a number");
    if (input->count == room)
        return redan_fail(json->ctx, REDAN_E_LIMIT, token->offset,
                          "data has more values than allowed");
    if (!redan_json_number(token, &input->values[input->count]))
        return redan_fail(json->ctx, REDAN_E_SCHEMA, token->offset,
                          "the number is too large for a double");
    input->count++;
    return REDAN_OK;
}

/* A list inside data: one row. */
static enum redan_status read_nested(struct redan_json *json, size_t room,
                                     struct redan_oip_input *input, size_t offset)
{
    struct redan_json_token token;
    size_t before = input->count;

    for (;;) {
        REDAN_TRY(redan_json_next(json, &token));
        if (token.kind == REDAN_JSON_ARRAY_END)
            break;
        REDAN_TRY(take_number(json, &token, room, input));
    }
    size_t width = input->count - before;
    if (width == 0 || (input->nested[1] && input->nested[1] != width))
        return redan_fail(json->ctx, REDAN_E_SCHEMA, offset, "the rows in data differ in length");
    input->nested[1] = width;
    return REDAN_OK;
}

static enum redan_status read_data(struct redan_json *json, size_t room,
                                   struct redan_oip_input *input)
{
    struct redan_json_token token;

    REDAN_TRY(redan_rows_expect(json, REDAN_JSON_ARRAY, "data", "an array of numbers", &token));
    input->offset = token.offset;
    input->data = true;
    for (;;) {
        REDAN_TRY(redan_json_next(json, &token));
        if (token.kind == REDAN_JSON_ARRAY_END)
            break;
        bool row = token.kind == REDAN_JSON_ARRAY;
        if (input->nested[0] && row != (input->nested[1] > 0))
            return redan_fail(json->ctx, REDAN_E_SCHEMA, token.offset,
                              "data mixes numbers and lists");
        input->nested[0]++;
        REDAN_TRY(row ? read_nested(json, room, input, token.offset)
                      : take_number(json, &token, room, input));
    }
    return REDAN_OK;
}

static enum redan_status skip_object(struct redan_json *json, const char *where)
{
    struct redan_json_token token;

    REDAN_TRY(redan_rows_expect(json, REDAN_JSON_OBJECT, where, "an object", &token));
    return redan_json_skip(json);
}

static enum redan_status check_values(struct redan_ctx *ctx, const struct redan_oip_input *input)
{
    const struct datatype *type = datatypes;

    while (type->name && !redan_slice_is(input->datatype, type->name))
        type++;
    if (!type->name)
        return redan_fail(ctx, REDAN_E_SCHEMA, input->offset,
                          "datatype '%.*s' is not a number: FP32, FP64, FP16, INT8 to INT64 or "
                          "UINT8 to UINT64",
                          (int)redan_min_size(input->datatype.len, 32), input->datatype.at);
    for (size_t i = 0; i < input->count; i++) {
        double v = input->values[i];
        if (v < type->low || v > type->high || (type->whole && v != floor(v)))
            return redan_fail(ctx, REDAN_E_SCHEMA, input->offset, "value %zu of data, %g, is no %s",
                              i, v, type->name);
    }
    return REDAN_OK;
}

static enum redan_status check_whole(struct redan_ctx *ctx, const struct redan_oip_input *input,
                                     size_t offset)
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
    return check_values(ctx, input);
}

enum redan_status redan_oip_input_read(struct redan_json *json, double *values, size_t room,
                                       struct redan_oip_input *input)
{
    struct redan_json_token token;

    *input = (struct redan_oip_input){.values = values};
    for (;;) {
        REDAN_TRY(redan_json_next(json, &token));
        if (token.kind == REDAN_JSON_OBJECT_END)
            return check_whole(json->ctx, input, token.offset);
        if (redan_slice_is(token.text, "name"))
            REDAN_TRY(redan_rows_text(json, "name", &input->name));
        else if (redan_slice_is(token.text, "datatype"))
            REDAN_TRY(redan_rows_text(json, "datatype", &input->datatype));
        else if (redan_slice_is(token.text, "shape"))
            REDAN_TRY(read_shape(json, input));
        else if (redan_slice_is(token.text, "data"))
            REDAN_TRY(read_data(json, room, input));
        else if (redan_slice_is(token.text, "parameters"))
            REDAN_TRY(skip_object(json, "parameters"));
        else
            return redan_fail(json->ctx, REDAN_E_SCHEMA, token.offset,
                              "unknown member '%.*s' of an input",
                              (int)redan_min_size(token.text.len, 64), token.text.at);
    }
}
