/* Rows come one after the other, columns side by side; either way all must be there, once, and no others. */
#include "inference/grid.h"

#include <assert.h>

enum { NAME_SHOWN = 64 };

void redan_grid_init(struct redan_grid *grid, struct redan_ctx *ctx,
                     const struct redan_request_rules *rules, size_t bytes, const char *item)
{
    *grid = (struct redan_grid){.cells = {.ctx = ctx, .rules = rules},
                                .item = item,
                                .bytes = bytes,
                                .least = 2,
                                .columns = rules->columns};
    redan_map_init(&grid->names, ctx);
}

static enum redan_status make_room(struct redan_grid *grid)
{
    size_t cells = 0;

    grid->room = redan_min_size(redan_rows_limit(grid->cells.rules),
                                grid->bytes / grid->least / grid->columns + 1);
    if (!redan_mul_size(grid->room, grid->columns, &cells))
        return redan_fail(grid->cells.ctx, REDAN_E_LIMIT, 0, "more values than there can be");
    return redan_cells_open(&grid->cells, cells);
}

enum redan_status redan_grid_next(struct redan_grid *grid, size_t offset, size_t *at)
{
    if (!grid->cells.values)
        REDAN_TRY(make_room(grid));
    if (grid->rows == grid->room)
        return redan_fail(grid->cells.ctx, REDAN_E_LIMIT, offset, "more than %zu %ss", grid->rows,
                          grid->item);
    *at = grid->rows * grid->columns;
    return REDAN_OK;
}

/* The first row of a model whose width is not known. */
static enum redan_status first_row(struct redan_grid *grid, struct redan_json *json, size_t offset)
{
    size_t most = redan_min_size(REDAN_COLUMNS_MAX, grid->bytes / 2 + 1);
    struct redan_cells row = grid->cells;
    size_t at = 0;
    bool more = false;

    REDAN_TRY(redan_cells_open(&row, most));
    REDAN_TRY(redan_cells_array(&row, json, 0, most, &grid->columns, &more));
    if (more)
        return redan_fail(row.ctx, REDAN_E_LIMIT, offset, "more than %zu values", most);
    if (grid->columns == 0)
        return redan_fail(row.ctx, REDAN_E_SCHEMA, offset, "the row is empty");
    REDAN_TRY(redan_grid_next(grid, offset, &at));
    for (size_t i = 0; i < grid->columns; i++) {
        if (row.texts && row.texts[i].at)
            REDAN_TRY(redan_cells_put_text(&grid->cells, i, row.texts[i]));
        else
            grid->cells.values[i] = row.values[i];
    }
    return REDAN_OK;
}

static enum redan_status array_row(struct redan_grid *grid, struct redan_json *json, size_t offset)
{
    size_t count = 0;
    size_t at = 0;
    bool more = false;

    if (grid->columns == 0)
        return first_row(grid, json, offset);
    REDAN_TRY(redan_grid_next(grid, offset, &at));
    REDAN_TRY(redan_cells_array(&grid->cells, json, at, grid->columns, &count, &more));
    if (more)
        return redan_fail(grid->cells.ctx, REDAN_E_SCHEMA, offset,
                          "more than %zu values where the model takes %zu", count, grid->columns);
    if (count != grid->columns)
        return redan_fail(grid->cells.ctx, REDAN_E_SCHEMA, offset,
                          "%zu values where the model takes %zu", count, grid->columns);
    return REDAN_OK;
}

/* Looked up by hash once a name is not where it was guessed: a row may have its names in any order. */
static enum redan_status fill_names(struct redan_grid *grid)
{
    const struct redan_request_rules *rules = grid->cells.rules;

    for (size_t i = 0; i < rules->columns; i++) {
        /* the map only hands the pointer back */
        enum redan_status status =
            redan_map_put(&grid->names, rules->names[i], (void *)(uintptr_t)(i + 1));
        if (status != REDAN_OK && status != REDAN_E_EXISTS)
            return status;
    }
    return REDAN_OK;
}

enum redan_status redan_grid_column(struct redan_grid *grid, struct redan_slice name, size_t guess,
                                    size_t offset, size_t *column)
{
    const struct redan_request_rules *rules = grid->cells.rules;

    if (guess < rules->columns && redan_slice_eq(rules->names[guess], name)) {
        *column = guess;
        return REDAN_OK;
    }
    if (grid->names.len == 0)
        REDAN_TRY(fill_names(grid));
    uintptr_t found = (uintptr_t)redan_map_get(&grid->names, name);
    if (found == 0)
        return redan_fail(grid->cells.ctx, REDAN_E_SCHEMA, offset, "the model has no column '%.*s'",
                          (int)redan_min_size(name.len, NAME_SHOWN), name.at);
    *column = found - 1;
    return REDAN_OK;
}

/* Rows by name need the model's names. */
static enum redan_status need_names(struct redan_grid *grid, size_t offset, const char *what,
                                    const char *instead)
{
    const struct redan_request_rules *rules = grid->cells.rules;

    if (!rules->names || rules->columns == 0)
        return redan_fail(grid->cells.ctx, REDAN_E_SCHEMA, offset,
                          "%s, but the model has no column names; %s", what, instead);
    if (!grid->order) {
        grid->order = redan_take_array(grid->cells.ctx, grid->columns, sizeof(*grid->order));
        if (!grid->order)
            return REDAN_E_MEMORY;
        for (size_t i = 0; i < grid->columns; i++)
            grid->order[i] = i;
    }
    return REDAN_OK;
}

static enum redan_status single_cell(struct redan_grid *grid, struct redan_json *json, size_t at,
                                     size_t offset)
{
    size_t count = 0;
    bool more = false;

    REDAN_TRY(redan_cells_array(&grid->cells, json, at, 1, &count, &more));
    return count == 1 && !more
               ? REDAN_OK
               : redan_fail(grid->cells.ctx, REDAN_E_SCHEMA, offset,
                            "a list of %s values where the model takes one", more ? "many" : "no");
}

static enum redan_status object_row(struct redan_grid *grid, struct redan_json *json, size_t offset)
{
    struct redan_ctx *ctx = grid->cells.ctx;
    struct redan_json_token token;
    size_t count = 0;
    size_t at = 0;

    REDAN_TRY(need_names(grid, offset, "an object", "a list belongs there"));
    REDAN_TRY(redan_grid_next(grid, offset, &at));
    for (;; count++) {
        size_t column = 0;
        REDAN_TRY(redan_json_next(json, &token));
        if (token.kind == REDAN_JSON_OBJECT_END)
            break;
        REDAN_TRY(redan_grid_column(grid, token.text,
                                    count < grid->columns ? grid->order[count] : 0, token.offset,
                                    &column));
        assert(count < grid->columns); /* the reader refuses a name that comes twice */
        grid->order[count] = column;
        REDAN_TRY(redan_json_next(json, &token));
        REDAN_TRY(token.kind == REDAN_JSON_ARRAY && grid->single
                      ? single_cell(grid, json, at + column, token.offset)
                      : redan_cells_token(&grid->cells, at + column, &token, "value", count));
    }
    if (count != grid->columns)
        return redan_fail(ctx, REDAN_E_SCHEMA, offset, "%zu of the model's %zu columns are given",
                          count, grid->columns);
    return REDAN_OK;
}

static enum redan_status scalar_row(struct redan_grid *grid, const struct redan_json_token *token)
{
    size_t at = 0;

    if (grid->columns != 1)
        return redan_rows_refuse(grid->cells.ctx, token, "the row", "a list of values");
    REDAN_TRY(redan_grid_next(grid, token->offset, &at));
    return redan_cells_token(&grid->cells, at, token, "value", 0);
}

enum redan_status redan_grid_row(struct redan_grid *grid, struct redan_json *json,
                                 const struct redan_json_token *token)
{
    enum redan_status status = REDAN_OK;

    if (grid->rows == redan_rows_limit(grid->cells.rules))
        return redan_fail(grid->cells.ctx, REDAN_E_LIMIT, token->offset, "more than %zu %ss",
                          grid->rows, grid->item);
    if (grid->form == REDAN_ROW_OBJECT && token->kind != REDAN_JSON_OBJECT)
        status = redan_rows_refuse(grid->cells.ctx, token, "the row", "an object by name");
    else if (grid->form == REDAN_ROW_LIST && token->kind == REDAN_JSON_OBJECT)
        status = redan_rows_refuse(grid->cells.ctx, token, "the row", "a list of values");
    else if (token->kind == REDAN_JSON_ARRAY)
        status = array_row(grid, json, token->offset);
    else if (token->kind == REDAN_JSON_OBJECT)
        status = object_row(grid, json, token->offset);
    else
        status = scalar_row(grid, token);
    if (status != REDAN_OK)
        return redan_rows_prefix(grid->cells.ctx, status, grid->item, grid->rows);
    grid->rows++;
    return REDAN_OK;
}

enum redan_status redan_grid_rows(struct redan_grid *grid, struct redan_json *json)
{
    struct redan_json_token token;

    for (;;) {
        REDAN_TRY(redan_json_next(json, &token));
        if (token.kind == REDAN_JSON_ARRAY_END)
            return redan_grid_some(grid, token.offset);
        REDAN_TRY(redan_grid_row(grid, json, &token));
    }
}

/* The values of one column, from `at` on. */
static enum redan_status read_column(struct redan_grid *grid, struct redan_json *json, size_t at,
                                     size_t *count)
{
    struct redan_json_token token;
    size_t taken = 0;

    for (*count = 0;;) {
        REDAN_TRY(redan_json_numbers(json, grid->cells.values + at + *count, grid->room - *count,
                                     &taken));
        *count += taken;
        REDAN_TRY(redan_json_next(json, &token));
        if (token.kind == REDAN_JSON_ARRAY_END)
            return REDAN_OK;
        if (*count == grid->room)
            return redan_fail(grid->cells.ctx, REDAN_E_LIMIT, token.offset,
                              "more than %zu values in a column", grid->room);
        REDAN_TRY(token.kind == REDAN_JSON_ARRAY && grid->single
                      ? single_cell(grid, json, at + *count, token.offset)
                      : redan_cells_token(&grid->cells, at + *count, &token, "value", *count));
        (*count)++;
    }
}

/* One column by name; the first one tells how many rows there are. */
static enum redan_status one_column(struct redan_grid *grid, struct redan_json *json,
                                    const struct redan_json_token *key, size_t number,
                                    size_t *starts)
{
    struct redan_ctx *ctx = grid->cells.ctx;
    struct redan_json_token token;
    size_t column = 0;
    size_t count = 0;

    REDAN_TRY(redan_grid_column(grid, key->text, number, key->offset, &column));
    REDAN_TRY(redan_rows_expect(json, REDAN_JSON_ARRAY, "a column", "a list of values", &token));
    starts[column] = column * grid->room;
    enum redan_status status = read_column(grid, json, starts[column], &count);
    if (status != REDAN_OK)
        return redan_rows_prefix(ctx, status, "column", number);
    if (number > 0 && count != grid->rows)
        return redan_fail(ctx, REDAN_E_SCHEMA, token.offset,
                          "column %zu has %zu values where the first has %zu", number, count,
                          grid->rows);
    grid->rows = count;
    return REDAN_OK;
}

enum redan_status redan_grid_columns(struct redan_grid *grid, struct redan_json *json)
{
    struct redan_ctx *ctx = grid->cells.ctx;
    struct redan_json_token token = {.offset = 0};
    size_t count = 0;

    REDAN_TRY(need_names(grid, 0, "columns by name", "rows as lists belong there"));
    REDAN_TRY(make_room(grid));
    size_t *starts = redan_take_array(ctx, grid->columns, sizeof(*starts));
    if (!starts)
        return REDAN_E_MEMORY;
    for (;; count++) {
        REDAN_TRY(redan_json_next(json, &token));
        if (token.kind == REDAN_JSON_OBJECT_END)
            break;
        REDAN_TRY(one_column(grid, json, &token, count, starts));
    }
    if (count != grid->columns)
        return redan_fail(ctx, REDAN_E_SCHEMA, token.offset,
                          "%zu of the model's %zu columns are given", count, grid->columns);
    REDAN_TRY(redan_grid_some(grid, token.offset));
    return redan_cells_gather(&grid->cells, starts, grid->columns, grid->rows);
}

enum redan_status redan_grid_named(struct redan_grid *grid, const struct redan_slice *names,
                                   size_t count, size_t offset)
{
    struct redan_ctx *ctx = grid->cells.ctx;
    bool changed = false;

    REDAN_TRY(need_names(grid, offset, "columns by name", "rows as lists belong there"));
    if (count != grid->columns)
        return redan_fail(ctx, REDAN_E_SCHEMA, offset,
                          "%zu names where the model takes %zu columns", count, grid->columns);
    bool *seen = redan_take_array(ctx, count, sizeof(*seen));
    if (!seen)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < count; i++) {
        REDAN_TRY(redan_grid_column(grid, names[i], i, offset, &grid->order[i]));
        if (seen[grid->order[i]])
            return redan_fail(ctx, REDAN_E_SCHEMA, offset, "a second column '%.*s'",
                              (int)redan_min_size(names[i].len, NAME_SHOWN), names[i].at);
        seen[grid->order[i]] = true;
        changed = changed || grid->order[i] != i;
    }
    return changed ? redan_cells_reorder(&grid->cells, grid->order, count, grid->rows) : REDAN_OK;
}

enum redan_status redan_grid_member(struct redan_grid *grid, struct redan_json *json,
                                    const char *form, bool columnar)
{
    struct redan_json_token token;

    REDAN_TRY(redan_json_next(json, &token));
    if (token.kind == REDAN_JSON_ARRAY)
        return redan_grid_rows(grid, json);
    if (token.kind == REDAN_JSON_OBJECT && columnar)
        return redan_grid_columns(grid, json);
    return redan_rows_refuse(grid->cells.ctx, &token, form,
                             columnar ? "a list of rows, or an object of columns,"
                                      : "a list of rows");
}

enum redan_status redan_grid_some(const struct redan_grid *grid, size_t offset)
{
    return grid->rows ? REDAN_OK
                      : redan_fail(grid->cells.ctx, REDAN_E_SCHEMA, offset, "there are no %ss",
                                   grid->item);
}

void redan_grid_end(const struct redan_grid *grid, struct redan_request *request)
{
    *request = (struct redan_request){.rows = grid->rows,
                                      .columns = grid->columns,
                                      .values = grid->cells.values,
                                      .texts = grid->cells.texts,
                                      .names = grid->cells.rules->names};
}
