/* A strict reader of the simulator's CSV, line by line in constant memory. */
#include "table.h"

#include <string.h>
#include <unistd.h>

#include "lines.h"

enum {
    BEFORE = 5, /* columns before the features: transaction_id,time,day,customer_id,terminal_id */
    DAY_COLUMN = 2,
    CUSTOMER_COLUMN = 3,
    COLUMNS = BEFORE + FRAUD_FEATURES + 2,
};

#define NEVER UINT32_MAX

/* Digits with an optional fraction: at most 15 digits, so that both halves are exact in a double. */
static bool parse_value(struct redan_slice text, double *value)
{
    uint64_t digits = 0;
    double scale = 1;
    bool point = false;

    if (text.len == 0 || text.len > 16 || text.at[0] == '.' || text.at[text.len - 1] == '.')
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9')
            return false;
        digits = digits * 10 + (uint64_t)(c - '0');
        scale *= point ? 10 : 1;
    }
    *value = (double)digits / scale;
    return true;
}

static enum redan_status parse_row(struct fraud_lines *l, struct redan_slice line, double *row)
{
    for (size_t c = 0; c < COLUMNS; c++) {
        struct redan_slice field;
        struct redan_slice rest;
        bool more = redan_slice_cut(line, ',', &field, &rest);
        if (more != (c + 1 < COLUMNS))
            return fraud_lines_refuse(l, "wrong number of columns");
        if (!parse_value(field, &row[c]))
            return fraud_lines_refuse(l, "a value is not a plain decimal number");
        line = rest;
    }
    if (row[CUSTOMER_COLUMN] >= FRAUD_PEOPLE_MAX || row[DAY_COLUMN] >= FRAUD_DAYS_MAX)
        return fraud_lines_refuse(l, "the day or customer is out of range");
    return REDAN_OK;
}

static enum redan_status check_header(struct fraud_lines *l, struct redan_slice line)
{
    for (size_t c = 0; c < COLUMNS; c++) {
        struct redan_slice field;
        struct redan_slice rest;
        (void)redan_slice_cut(line, ',', &field, &rest);
        if (c >= BEFORE && c < BEFORE + FRAUD_FEATURES &&
            !redan_slice_is(field, fraud_features[c - BEFORE].name))
            return fraud_lines_refuse(
                l, "the header does not name the fifteen features in their order; was "
                   "this file written by fraud-simulate?");
        line = rest;
    }
    return REDAN_OK;
}

static void add_row(struct fraud_rows *rows, const double *row)
{
    float values[FRAUD_FEATURES];
    float label = row[BEFORE + FRAUD_FEATURES] > 0 ? 1 : 0;

    for (size_t f = 0; f < FRAUD_FEATURES; f++)
        values[f] = (float)row[BEFORE + f];
    redan_buf_add(&rows->values, values, sizeof(values));
    redan_buf_add(&rows->labels, &label, sizeof(label));
}

/* Put one row where it belongs. `known` holds per customer the day of the first fraud since the start. */
static void place_row(struct fraud_table *table, const struct fraud_split *split, uint32_t *known,
                      const double *row)
{
    uint64_t day = (uint64_t)row[DAY_COLUMN];
    uint32_t *first = &known[(size_t)row[CUSTOMER_COLUMN]];
    uint64_t train_end = split->start + split->train;
    uint64_t test_start = train_end + split->delay;

    if (day < split->start || day >= test_start + split->test)
        return;
    if (row[BEFORE + FRAUD_FEATURES] > 0 && *first == NEVER)
        *first = (uint32_t)day;
    if (day < train_end) {
        add_row(&table->train, row);
    } else if (day >= test_start) {
        if (*first != NEVER && *first + split->delay < day)
            table->left_out++;
        else
            add_row(&table->test, row);
    }
}

enum redan_status fraud_table_read(struct redan_ctx *ctx, const char *path,
                                   const struct fraud_split *split, struct fraud_table *table)
{
    REDAN_DEFER(fraud_lines_done) struct fraud_lines *lines = NULL;
    struct redan_slice line;
    bool more = false;
    double day = 0;

    REDAN_TRY(fraud_lines_open(ctx, path, &lines));
    uint32_t *known = redan_take_array(ctx, FRAUD_PEOPLE_MAX, sizeof(*known));
    if (!known)
        return REDAN_E_MEMORY;
    memset(known, 0xff, FRAUD_PEOPLE_MAX * sizeof(*known));
    REDAN_TRY(fraud_lines_next(lines, &line, &more));
    if (!more)
        return fraud_lines_refuse(lines, "the file is empty");
    REDAN_TRY(check_header(lines, line));
    for (;;) {
        double row[COLUMNS] = {0};
        REDAN_TRY(fraud_lines_next(lines, &line, &more));
        if (!more)
            break;
        REDAN_TRY(parse_row(lines, line, row));
        if (row[DAY_COLUMN] < day)
            return fraud_lines_refuse(lines, "the rows are not in order of time");
        day = row[DAY_COLUMN];
        place_row(table, split, known, row);
    }
    REDAN_TRY(redan_buf_ok(ctx, &table->train.values, "the training rows"));
    REDAN_TRY(redan_buf_ok(ctx, &table->train.labels, "the training rows"));
    REDAN_TRY(redan_buf_ok(ctx, &table->test.values, "the test rows"));
    return redan_buf_ok(ctx, &table->test.labels, "the test rows");
}

enum redan_status fraud_table_last_day(struct redan_ctx *ctx, const char *path, uint64_t *day)
{
    REDAN_DEFER(fraud_lines_done) struct fraud_lines *lines = NULL;
    struct redan_slice line = {"", 0};
    char last[FRAUD_LINE_MAX];
    size_t len = 0;
    bool more = true;
    double row[COLUMNS] = {0};

    REDAN_TRY(fraud_lines_open(ctx, path, &lines));
    off_t size = lseek(lines->fd, 0, SEEK_END);
    if (size < 0 ||
        lseek(lines->fd, size > FRAUD_LINES_CHUNK / 2 ? size - FRAUD_LINES_CHUNK / 2 : 0,
              SEEK_SET) < 0)
        return fraud_lines_unreadable(ctx, path);
    while (more) {
        len = redan_min_size(line.len, sizeof(last));
        memcpy(last, line.at, len);
        REDAN_TRY(fraud_lines_next(lines, &line, &more));
    }
    lines->line = 0; /* unknown: the count began in the middle */
    REDAN_TRY(parse_row(lines, (struct redan_slice){last, len}, row));
    *day = (uint64_t)row[DAY_COLUMN];
    return REDAN_OK;
}

static void rows_init(struct fraud_rows *rows, struct redan_ctx *ctx)
{
    redan_buf_init(&rows->values, ctx, ctx->limits.memory);
    redan_buf_init(&rows->labels, ctx, ctx->limits.memory);
}

void fraud_table_init(struct fraud_table *table, struct redan_ctx *ctx)
{
    *table = (struct fraud_table){.left_out = 0};
    rows_init(&table->train, ctx);
    rows_init(&table->test, ctx);
}

void fraud_table_done(struct fraud_table *table)
{
    redan_buf_done(&table->train.values);
    redan_buf_done(&table->train.labels);
    redan_buf_done(&table->test.values);
    redan_buf_done(&table->test.labels);
}

size_t fraud_rows_count(const struct fraud_rows *rows)
{
    return rows->labels.len / sizeof(float);
}

const float *fraud_rows_values(const struct fraud_rows *rows)
{
    return (const float *)(const void *)rows->values.data;
}

const float *fraud_rows_labels(const struct fraud_rows *rows)
{
    return (const float *)(const void *)rows->labels.data;
}

size_t fraud_rows_positives(const struct fraud_rows *rows)
{
    const float *labels = fraud_rows_labels(rows);
    size_t positives = 0;

    for (size_t i = 0; i < fraud_rows_count(rows); i++)
        positives += labels[i] > 0;
    return positives;
}
