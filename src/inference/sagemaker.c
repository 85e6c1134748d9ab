/* The container contract of SageMaker: POST /invocations with CSV without a header, JSON ({"instances": [{"features": [...]}]}, {"instances":
 * [[...]]}, or the bare list of rows) or JSON lines; answers of the built-in algorithms. The path is MLflow's as well: see mlflow.c. */
#include "inference/sagemaker.h"

#include <string.h>

#include "codec/json.h"
#include "inference/csv.h"

/* {"features": [...]} of an instance or a line, or the list itself. */
static enum redan_status read_features(struct redan_json *json, struct redan_grid *grid,
                                       struct redan_json_token *token)
{
    struct redan_ctx *ctx = json->ctx;
    struct redan_json_token first = *token;

    if (token->kind == REDAN_JSON_ARRAY)
        return redan_grid_row(grid, json, token);
    if (token->kind != REDAN_JSON_OBJECT)
        return redan_rows_refuse(ctx, token, "the row",
                                 "a list of values, or {\"features\": [...]}");
    REDAN_TRY(redan_json_next(json, token));
    if (token->kind != REDAN_JSON_KEY || !redan_slice_is(token->text, "features"))
        return redan_fail(ctx, REDAN_E_SCHEMA, token->offset,
                          "the row is an object, but not {\"features\": [...]}");
    REDAN_TRY(redan_rows_expect(json, REDAN_JSON_ARRAY, "features", "a list of values", token));
    first.kind = REDAN_JSON_ARRAY;
    first.offset = token->offset;
    REDAN_TRY(redan_grid_row(grid, json, &first));
    REDAN_TRY(redan_json_next(json, token));
    if (token->kind != REDAN_JSON_OBJECT_END)
        return redan_fail(ctx, REDAN_E_SCHEMA, token->offset, "more than features in a row");
    return REDAN_OK;
}

static enum redan_status read_instances(struct redan_json *json, struct redan_grid *grid)
{
    struct redan_json_token token;

    for (;;) {
        REDAN_TRY(redan_json_next(json, &token));
        if (token.kind == REDAN_JSON_ARRAY_END)
            return redan_grid_some(grid, token.offset);
        REDAN_TRY(read_features(json, grid, &token));
    }
}

static enum redan_status decode_json(struct redan_json *json, struct redan_grid *grid)
{
    struct redan_ctx *ctx = json->ctx;
    struct redan_json_token token;

    REDAN_TRY(redan_json_next(json, &token));
    if (token.kind == REDAN_JSON_OBJECT) {
        REDAN_TRY(redan_json_next(json, &token));
        if (token.kind != REDAN_JSON_KEY || !redan_slice_is(token.text, "instances"))
            return redan_fail(ctx, REDAN_E_SCHEMA, token.offset,
                              "the body is an object, but not {\"instances\": [...]}");
        REDAN_TRY(redan_rows_expect(json, REDAN_JSON_ARRAY, "instances", "a list of rows", &token));
        REDAN_TRY(read_instances(json, grid));
        REDAN_TRY(redan_json_next(json, &token));
        if (token.kind != REDAN_JSON_OBJECT_END)
            return redan_fail(ctx, REDAN_E_SCHEMA, token.offset, "more than instances in the body");
    } else if (token.kind == REDAN_JSON_ARRAY) {
        REDAN_TRY(redan_grid_rows(grid, json));
    } else {
        return redan_rows_refuse(ctx, &token, "the body", "an object or a list of rows");
    }
    return redan_json_next(json, &token); /* nothing may follow */
}

static enum redan_status decode_line(struct redan_json *json, struct redan_grid *grid)
{
    struct redan_json_token token;

    REDAN_TRY(redan_json_next(json, &token));
    REDAN_TRY(read_features(json, grid, &token));
    return redan_json_next(json, &token);
}

/* One document per line; a line feed at the very end begins none. */
static enum redan_status decode_lines(struct redan_json *json, struct redan_grid *grid,
                                      struct redan_slice text)
{
    size_t at = 0;

    while (at < text.len) {
        const char *end = memchr(text.at + at, '\n', text.len - at);
        size_t len = end ? (size_t)(end - text.at) - at : text.len - at;
        redan_json_reset(json, redan_slice_sub(text, at, len));
        enum redan_status status = decode_line(json, grid);
        if (status != REDAN_OK) {
            json->ctx->failure.offset += at; /* the reader knows the line alone */
            return status;
        }
        at += len + 1;
    }
    return redan_grid_some(grid, text.len);
}

static enum redan_status decode_csv(struct redan_ctx *ctx, struct redan_grid *grid,
                                    struct redan_slice text)
{
    struct redan_csv csv;

    REDAN_TRY(redan_csv_init(&csv, ctx, text));
    csv.comments = true; /* numpy.genfromtxt, which SageMaker's own decoder calls */
    return redan_csv_rows(&csv, grid);
}

static enum redan_status decode_request(struct redan_ctx *ctx, struct redan_slice text,
                                        const struct redan_request_rules *rules,
                                        struct redan_request *request)
{
    REDAN_DEFER(redan_json_done) struct redan_json json = {0};
    struct redan_grid grid;
    const char *type = NULL;

    REDAN_TRY(redan_rows_read_as(ctx, &redan_preset_sagemaker, rules, &type));
    redan_grid_init(&grid, ctx, rules, text.len, "row");
    grid.form = REDAN_ROW_LIST;
    redan_json_init(&json, ctx, text);
    json.keep = true;
    if (redan_slice_is(redan_slice_of(type), "text/csv"))
        REDAN_TRY(decode_csv(ctx, &grid, text));
    else if (redan_slice_is(redan_slice_of(type), "application/jsonlines"))
        REDAN_TRY(decode_lines(&json, &grid, text));
    else
        REDAN_TRY(decode_json(&json, &grid));
    redan_grid_end(&grid, request);
    return REDAN_OK;
}

static void encode_request(const struct redan_request *request, struct redan_buf *out)
{
    redan_buf_text(out, "{\"instances\":[");
    for (size_t r = 0; r < request->rows; r++) {
        redan_buf_text(out, r ? ",{\"features\":[" : "{\"features\":[");
        for (size_t c = 0; c < request->columns; c++) {
            if (c)
                redan_buf_char(out, ',');
            redan_rows_write_cell(request, r * request->columns + c, out);
        }
        redan_buf_text(out, "]}");
    }
    redan_buf_text(out, "]}");
}

static void encode_response(const struct redan_answer *answer, struct redan_buf *out)
{
    redan_buf_text(out, "{\"predictions\":[");
    for (size_t r = 0; r < answer->rows; r++) {
        redan_buf_text(out, r ? ",{" : "{");
        redan_buf_text(out, answer->labels ? "\"predicted_label\":" : "\"score\":");
        redan_rows_write_value(answer, r, out);
        redan_buf_char(out, '}');
    }
    redan_buf_text(out, "]}");
}

static const char *const media[] = {"application/json", "application/jsonlines", "text/csv", NULL};
static const char *const answers[] = {"/predictions", "/score", "/predicted_label", NULL};

const struct redan_preset redan_preset_sagemaker = {
    .name = "sagemaker",
    .before_model = "/invocations",
    .media = media,
    .answers = answers,
    .decode_request = decode_request,
    .encode_request = encode_request,
    .encode_response = encode_response,
    .decode_response = redan_sagemaker_response,
};
