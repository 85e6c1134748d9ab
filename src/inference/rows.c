/* Reading and writing of rows for every preset. */
#include "inference/rows.h"

#include <math.h>

#include "codec/json.h"

static const char *kind_words(enum redan_json_kind kind)
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
                      kind_words(token->kind), wanted);
}

enum redan_status redan_rows_expect(struct redan_json *json, enum redan_json_kind kind,
                                    const char *where, const char *wanted,
                                    struct redan_json_token *token)
{
    REDAN_TRY(redan_json_next(json, token));
    return token->kind == kind ? REDAN_OK : redan_rows_refuse(json->ctx, token, where, wanted);
}

enum redan_status redan_rows_text(struct redan_json *json, const char *where,
                                  struct redan_slice *text)
{
    struct redan_json_token token;

    REDAN_TRY(redan_rows_expect(json, REDAN_JSON_TEXT, where, "a string", &token));
    if (token.text.len > REDAN_NAME_MAX)
        return redan_fail(json->ctx, REDAN_E_LIMIT, token.offset, "%s is longer than %d bytes",
                          where, REDAN_NAME_MAX);
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

size_t redan_rows_column(const struct redan_request_rules *rules, struct redan_slice name,
                         size_t guess)
{
    if (!rules->names)
        return rules->columns;
    if (guess < rules->columns && redan_slice_eq(rules->names[guess], name))
        return guess;
    for (size_t i = 0; i < rules->columns; i++)
        if (redan_slice_eq(rules->names[i], name))
            return i;
    return rules->columns;
}

size_t redan_rows_limit(const struct redan_request_rules *rules)
{
    return rules->rows ? rules->rows : REDAN_ROWS_DEFAULT;
}

static void write_value(const struct redan_answer *answer, double value, struct redan_buf *out)
{
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
        write_value(answer, answer->values[i], out);
    }
    redan_buf_char(out, ']');
}
