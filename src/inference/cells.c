/* Cells are read as long runs of numbers, which is what nearly all of them are; the rest comes token by token. */
#include "inference/cells.h"

#include <math.h>

#include "inference/rows.h"

static void *room_for(struct redan_ctx *ctx, size_t count, size_t size)
{
    size_t bytes = 0;
    void *room = redan_mul_size(count, size, &bytes) ? redan_arena_room(&ctx->arena, bytes) : NULL;

    if (!room)
        (void)redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for %zu values", count);
    return room;
}

enum redan_status redan_cells_open(struct redan_cells *cells, size_t room)
{
    cells->room = room;
    cells->texts = NULL;
    cells->values = room_for(cells->ctx, room, sizeof(*cells->values));
    return cells->values ? REDAN_OK : REDAN_E_MEMORY;
}

static const char *wanted(const struct redan_cells *cells)
{
    if (cells->rules->texts)
        return cells->rules->missing ? "a number, a text or null" : "a number or a text";
    return cells->rules->missing ? "a number or null" : "a number";
}

enum redan_status redan_cells_put_text(struct redan_cells *cells, size_t at,
                                       struct redan_slice text)
{
    if (!cells->texts) {
        cells->texts = redan_take_array(cells->ctx, cells->room, sizeof(*cells->texts));
        if (!cells->texts)
            return REDAN_E_MEMORY;
    }
    cells->texts[at] = text;
    cells->values[at] = (double)NAN;
    return REDAN_OK;
}

void redan_cells_put_nothing(struct redan_cells *cells, size_t at)
{
    cells->values[at] = (double)NAN;
}

enum redan_status redan_cells_token(struct redan_cells *cells, size_t at,
                                    const struct redan_json_token *token, const char *where,
                                    size_t number)
{
    if (token->kind == REDAN_JSON_NUMBER) {
        if (redan_json_number(token, &cells->values[at]))
            return REDAN_OK;
        return redan_fail(cells->ctx, REDAN_E_SCHEMA, token->offset,
                          "the number is too large for a double");
    }
    if (token->kind == REDAN_JSON_TEXT && cells->rules->texts)
        return redan_cells_put_text(cells, at, token->text);
    if (token->kind == REDAN_JSON_NULL && cells->rules->missing) {
        redan_cells_put_nothing(cells, at);
        return REDAN_OK;
    }
    bool allowed =
        cells->bools && (token->kind == REDAN_JSON_TRUE || token->kind == REDAN_JSON_FALSE);
    if (!allowed)
        return redan_fail(cells->ctx, REDAN_E_SCHEMA, token->offset,
                          "%s %zu is %s; %s belongs there", where, number,
                          redan_rows_kind(token->kind), wanted(cells));
    cells->values[at] = token->kind == REDAN_JSON_TRUE;
    return REDAN_OK;
}

enum redan_status redan_cells_array(struct redan_cells *cells, struct redan_json *json, size_t at,
                                    size_t max, size_t *count, bool *more)
{
    struct redan_json_token token;
    size_t taken = 0;

    *more = false;
    for (*count = 0;; (*count)++) {
        REDAN_TRY(redan_json_numbers(json, cells->values + at + *count, max - *count, &taken));
        *count += taken;
        REDAN_TRY(redan_json_next(json, &token));
        if (token.kind == REDAN_JSON_ARRAY_END)
            return REDAN_OK;
        if (*count == max) {
            *more = true;
            return REDAN_OK;
        }
        REDAN_TRY(redan_cells_token(cells, at + *count, &token, "value", *count));
    }
}

enum redan_status redan_cells_gather(struct redan_cells *cells, const size_t *starts,
                                     size_t columns, size_t rows)
{
    size_t room = 0;
    struct redan_cells made = {.ctx = cells->ctx, .rules = cells->rules};

    if (!redan_mul_size(columns, rows, &room))
        return redan_fail(cells->ctx, REDAN_E_LIMIT, 0, "more values than there can be");
    REDAN_TRY(redan_cells_open(&made, room));
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++)
            made.values[r * columns + c] = cells->values[starts[c] + r];
    if (cells->texts) {
        made.texts = room_for(cells->ctx, room, sizeof(*made.texts));
        if (!made.texts)
            return REDAN_E_MEMORY;
        for (size_t r = 0; r < rows; r++)
            for (size_t c = 0; c < columns; c++)
                made.texts[r * columns + c] = cells->texts[starts[c] + r];
    }
    cells->values = made.values;
    cells->texts = made.texts;
    cells->room = room;
    return REDAN_OK;
}

enum redan_status redan_cells_reorder(struct redan_cells *cells, const size_t *order,
                                      size_t columns, size_t rows)
{
    double *values = room_for(cells->ctx, columns, sizeof(*values));
    struct redan_slice *texts = redan_take_array(cells->ctx, columns, sizeof(*texts));

    if (!values || !texts)
        return REDAN_E_MEMORY;
    for (size_t r = 0; r < rows; r++) {
        double *row = cells->values + r * columns;
        for (size_t c = 0; c < columns; c++)
            values[order[c]] = row[c];
        for (size_t c = 0; c < columns; c++)
            row[c] = values[c];
        if (!cells->texts)
            continue;
        struct redan_slice *words = cells->texts + r * columns;
        for (size_t c = 0; c < columns; c++)
            texts[order[c]] = words[c];
        for (size_t c = 0; c < columns; c++)
            words[c] = texts[c];
    }
    return REDAN_OK;
}
