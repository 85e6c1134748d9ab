/* What may stand in a column: its range, its natural grid, whether it may be missing. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "guard/learn_parts.h"

enum { GRID_ROWS = 100, PARTS = 100 };

static bool on_grid(double value, double grid)
{
    double times = value / grid;

    return fabs(times - nearbyint(times)) <= 1e-6 + fabs(times) * 1.2e-7; /* as profile_row.c */
}

static bool all_on_grid(const struct redan_learn_data *data, size_t c, const uint32_t *rows,
                        size_t count, double grid)
{
    for (size_t i = 0; i < count; i++) {
        double value = data->values[rows[i] * data->width + c];

        if (!isnan(value) && !on_grid(value, grid))
            return false;
    }
    return true;
}

/* The coarsest of 1, 1/2 ... 1/100, 1/1000 ... 1/1000000 that every value is a multiple of; 0: none. */
static double grid_of(const struct redan_learn_data *data, const struct redan_column *column,
                      size_t c, const uint32_t *rows, size_t count)
{
    double largest = fmax(fabs(column->low), fabs(column->high));

    for (unsigned n = 1; n <= 1000000; n = n < PARTS ? n + 1 : n * 10) {
        double parts = n;

        if (largest * parts > 1e6)
            return 0; /* in single precision everything is on such a grid */
        if (all_on_grid(data, c, rows, count, 1 / parts))
            return 1 / parts;
    }
    return 0;
}

static void range_of(const struct redan_learn_data *data, struct redan_column *column, size_t c,
                     const uint32_t *rows, size_t count, double widen)
{
    double low = DBL_MAX;
    double high = -DBL_MAX;
    size_t present = 0;

    column->missing = false;
    for (size_t i = 0; i < count; i++) {
        double value = data->values[rows[i] * data->width + c];

        if (isnan(value)) {
            column->missing = true;
            continue;
        }
        present++;
        low = fmin(low, value);
        high = fmax(high, value);
    }
    column->low = 0;
    column->high = column->kind == REDAN_COLUMN_BOOL ? 1 : 0;
    column->grid = 0;
    if (present == 0 || column->kind == REDAN_COLUMN_BOOL || column->kind == REDAN_COLUMN_CATEGORY)
        return;
    double more = widen * (high > low ? high - low : fabs(high));
    column->low =
        low >= 0 ? fmax(0, low - more) : low - more; /* what was never negative stays so */
    column->high = high <= 0 ? fmin(0, high + more) : high + more;
    if (column->kind == REDAN_COLUMN_INTEGER) {
        column->low = floor(column->low);
        column->high = ceil(column->high);
        column->grid = 1;
    } else if (present >= GRID_ROWS) {
        column->grid = grid_of(data, column, c, rows, count);
    }
}

/* The categories that occur in these rows. */
static enum redan_status narrow(struct redan_ctx *ctx, const struct redan_learn_data *data,
                                struct redan_column *column, size_t c, const uint32_t *rows,
                                size_t count)
{
    const struct redan_column *all = &data->columns[c];
    bool *met = redan_take_array(ctx, all->category_count + 1, sizeof(*met));
    struct redan_slice *texts = redan_take_array(ctx, all->category_count + 1, sizeof(*texts));
    size_t n = 0;

    if (!met || !texts)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < count; i++) {
        double value = data->values[rows[i] * data->width + c];
        if (!isnan(value))
            met[(size_t)value] = true;
    }
    for (size_t k = 0; k < all->category_count; k++)
        if (met[k])
            texts[n++] = all->categories[k];
    column->categories = texts;
    column->category_count = n;
    return REDAN_OK;
}

enum redan_status redan_learn_schema(struct redan_ctx *ctx, const struct redan_learn_data *data,
                                     const uint32_t *rows, size_t count, double widen,
                                     struct redan_learn_schema *schema)
{
    *schema = (struct redan_learn_schema){.width = data->width};
    schema->columns = redan_take_array(ctx, data->width, sizeof(*schema->columns));
    if (!schema->columns)
        return REDAN_E_MEMORY;
    memcpy(schema->columns, data->columns, data->width * sizeof(*schema->columns));
    for (size_t c = 0; c < data->width; c++) {
        range_of(data, &schema->columns[c], c, rows, count, widen);
        if (schema->columns[c].kind == REDAN_COLUMN_CATEGORY)
            REDAN_TRY(narrow(ctx, data, &schema->columns[c], c, rows, count));
    }
    return redan_learn_invariants(ctx, data, rows, count, schema);
}
