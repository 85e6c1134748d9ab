/* Order between columns that no row ever broke, though columns of such values would break it often if they had nothing to do with each other. */
#include <math.h>
#include <stdlib.h>

#include "guard/learn_parts.h"

enum {
    SAMPLE = 2000,   /* rows by which most pairs fall at once */
    DIFFERENT = 500, /* rows in which the two must differ */
    SHARE = 100,     /* rows of 1/SHARE would break it by chance */
    COLUMNS = 512,   /* more are not compared with each other */
    KEPT = 256,
};

struct order {
    const struct redan_learn_data *data;
    const uint32_t *rows;
    size_t count;
};

static double at(const struct order *o, size_t row, size_t c)
{
    return o->data->values[o->rows[row] * o->data->width + c];
}

/* Whether x <= y in the rows from `from` on, and in how many of them the two differ. */
static bool holds(const struct order *o, size_t x, size_t y, size_t from, size_t to,
                  size_t *different)
{
    for (size_t i = from; i < to; i++) {
        double low = at(o, i, x);
        double high = at(o, i, y);

        if (low > high)
            return false;
        *different += low < high;
    }
    return true;
}

static int ascending(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return (*x > *y) - (*x < *y);
}

/* The values of a column in the sample, sorted; NaN left out. */
static enum redan_status sorted(struct redan_ctx *ctx, const struct order *o, size_t c,
                                double **values, size_t *n)
{
    size_t count = redan_min_size(o->count, SAMPLE);
    double *made = redan_take_array(ctx, count, sizeof(*made));

    if (!made)
        return REDAN_E_MEMORY;
    *n = 0;
    for (size_t i = 0; i < count; i++)
        if (!isnan(at(o, i, c)))
            made[(*n)++] = at(o, i, c);
    qsort(made, *n, sizeof(*made), ascending);
    *values = made;
    return REDAN_OK;
}

/* P(x > y) if the two columns were independent. */
static double chance(const double *x, size_t xs, const double *y, size_t ys)
{
    size_t below = 0;
    double pairs = 0;

    for (size_t i = 0; i < xs; i++) {
        while (below < ys && y[below] < x[i])
            below++;
        pairs += (double)below;
    }
    return xs && ys ? pairs / ((double)xs * (double)ys) : 0;
}

static bool comparable(const struct redan_column *column)
{
    return column->kind == REDAN_COLUMN_REAL || column->kind == REDAN_COLUMN_INTEGER;
}

enum redan_status redan_learn_invariants(struct redan_ctx *ctx, const struct redan_learn_data *data,
                                         const uint32_t *rows, size_t count,
                                         struct redan_learn_schema *schema)
{
    const struct order o = {data, rows, count};
    size_t first = redan_min_size(count, SAMPLE);
    double **values = redan_take_array(ctx, data->width, sizeof(*values));
    size_t *n = redan_take_array(ctx, data->width, sizeof(*n));

    schema->invariants = redan_take_array(ctx, KEPT, sizeof(*schema->invariants));
    if (!values || !n || !schema->invariants)
        return REDAN_E_MEMORY;
    if (data->width > COLUMNS)
        return REDAN_OK;
    for (size_t c = 0; c < data->width; c++)
        if (comparable(&data->columns[c]))
            REDAN_TRY(sorted(ctx, &o, c, &values[c], &n[c]));
    for (size_t x = 0; x < data->width; x++)
        for (size_t y = 0; y < data->width; y++) {
            size_t different = 0;

            if (x == y || !values[x] || !values[y] ||
                chance(values[x], n[x], values[y], n[y]) * SHARE < 1 ||
                !holds(&o, x, y, 0, first, &different) ||
                !holds(&o, x, y, first, count, &different) || different < DIFFERENT)
                continue;
            if (schema->invariant_count == KEPT) {
                schema->cut = true;
                return REDAN_OK;
            }
            schema->invariants[schema->invariant_count++] =
                (struct redan_invariant){(uint16_t)x, (uint16_t)y};
        }
    return REDAN_OK;
}
