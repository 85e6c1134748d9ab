/* Reading and writing of rows for every preset. */
#include "inference/rows.h"

#include <math.h>

#include "codec/json.h"

const char *redan_rows_kind(enum redan_json_kind kind)
{
    static const char *const words[] = {
        [REDAN_JSON_END] = "the end of the text",
        [REDAN_JSON_OBJECT] = "an object",
        [REDAN_JSON_OBJECT_END] = "the end of the object",
        [REDAN_JSON_ARRAY] = "an array",
        [REDAN_JSON_ARRAY_END] = "the end of the array",
        [REDAN_JSON_KEY] = "a name",
        [REDAN_JSON_TEXT] = "a string",
        [REDAN_JSON_NUMBER] = "a number",
        [REDAN_JSON_TRUE] = "true",
        [REDAN_JSON_FALSE] = "false",
        [REDAN_JSON_NULL] = "null",
    };

    return words[kind];
}

enum redan_status redan_rows_refuse(struct redan_ctx *ctx, const struct redan_json_token *token,
                                    const char *where, const char *wanted)
{
    return redan_fail(ctx, REDAN_E_SCHEMA, token->offset, "%s is %s; %s belongs there", where,
                      redan_rows_kind(token->kind), wanted);
}

enum redan_status redan_rows_expect(struct redan_json *json, enum redan_json_kind kind,
                                    const char *where, const char *wanted,
                                    struct redan_json_token *token)
{
    REDAN_TRY(redan_json_next(json, token));
    return token->kind == kind ? REDAN_OK : redan_rows_refuse(json->ctx, token, where, wanted);
}

enum redan_status redan_rows_text_token(struct redan_json *json, const char *where,
                                        struct redan_json_token *token)
{
    REDAN_TRY(redan_rows_expect(json, REDAN_JSON_TEXT, where, "a string", token));
    if (token->text.len > REDAN_NAME_MAX)
        return redan_fail(json->ctx, REDAN_E_LIMIT, token->offset, "%s is longer than %d bytes",
                          where, REDAN_NAME_MAX);
    return REDAN_OK;
}

enum redan_status redan_rows_text(struct redan_json *json, const char *where,
                                  struct redan_slice *text)
{
    struct redan_json_token token;

    REDAN_TRY(redan_rows_text_token(json, where, &token));
    return redan_copy(json->ctx, token.text, text);
}

enum redan_status redan_rows_prefix(struct redan_ctx *ctx, enum redan_status status,
                                    const char *what, size_t number)
{
    struct redan_failure was = ctx->failure;

    if (status == REDAN_OK || status == REDAN_E_MEMORY)
        return status;
    redan_fail_clear(ctx);
    return redan_fail(ctx, was.status, was.offset, "%s %zu: %s", what, number, was.text);
}

enum redan_status redan_rows_skip_object(struct redan_json *json, const char *where)
{
    struct redan_json_token token;

    REDAN_TRY(redan_rows_expect(json, REDAN_JSON_OBJECT, where, "an object", &token));
    return redan_json_skip(json);
}

enum redan_status redan_rows_read_as(struct redan_ctx *ctx, const struct redan_preset *preset,
                                     const struct redan_request_rules *rules, const char **media)
{
    *media = redan_rows_media(preset->media, rules->media);
    return *media ? REDAN_OK
                  : redan_fail(ctx, REDAN_E_SCHEMA, 0, "%s does not read content type '%.*s'",
                               preset->name, (int)redan_min_size(rules->media.len, 64),
                               rules->media.at);
}

size_t redan_rows_limit(const struct redan_request_rules *rules)
{
    return rules->rows ? rules->rows : REDAN_ROWS_DEFAULT;
}

void redan_rows_write_cell(const struct redan_request *request, size_t at, struct redan_buf *out)
{
    if (request->texts && request->texts[at].at)
        redan_json_string_add(out, request->texts[at]);
    else if (isnan(request->values[at]))
        redan_buf_text(out, "null");
    else
        redan_json_number_add(out, request->values[at]);
}

void redan_rows_write_cells(const struct redan_request *request, struct redan_buf *out)
{
    redan_buf_char(out, '[');
    for (size_t r = 0; r < request->rows; r++) {
        redan_buf_text(out, r ? ",[" : "[");
        for (size_t c = 0; c < request->columns; c++) {
            if (c)
                redan_buf_char(out, ',');
            redan_rows_write_cell(request, r * request->columns + c, out);
        }
        redan_buf_char(out, ']');
    }
    redan_buf_char(out, ']');
}

void redan_rows_write_value(const struct redan_answer *answer, size_t row, struct redan_buf *out)
{
    double value = answer->values[row];

    if (answer->labels) {
        redan_buf_printf(out, "%.0f", value);
    } else if (answer->decimals == REDAN_DECIMALS_ALL) {
        redan_buf_printf(out, "%.9g", value); /* every single-precision value reads back the same */
    } else {
        double scale = pow(10, answer->decimals);
        redan_json_number_add(out, round(value * scale) / scale);
    }
}

void redan_rows_write(const struct redan_answer *answer, struct redan_buf *out)
{
    redan_buf_char(out, '[');
    for (size_t i = 0; i < answer->rows; i++) {
        if (i)
            redan_buf_char(out, ',');
        redan_rows_write_value(answer, i, out);
    }
    redan_buf_char(out, ']');
}
