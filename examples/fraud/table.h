/* The simulator's CSV as two windows of days: one to train on, one to test on. */
#ifndef FRAUD_TABLE_H
#define FRAUD_TABLE_H

#include "base/buf.h"
#include "base/ctx.h"
#include "history.h"

/* Days of the split. Labels of the `delay` days between the windows are not known yet when the model is trained. */
struct fraud_split {
    uint64_t start; /* first day of training */
    uint64_t train;
    uint64_t delay;
    uint64_t test;
};

/* Rows of FRAUD_FEATURES values and their labels, in order of time. */
struct fraud_rows {
    struct redan_buf values; /* float */
    struct redan_buf labels; /* float, 0 or 1 */
};

struct fraud_table {
    struct fraud_rows train;
    struct fraud_rows test;
    uint64_t left_out; /* test rows of cards whose fraud was known by then */
};

void fraud_table_init(struct fraud_table *table, struct redan_ctx *ctx);
void fraud_table_done(struct fraud_table *table);
/* Read `path`. Test rows of a card are left out once a fraud on it is known, as the bank would have blocked it
 * (handbook, "get_train_test_set"). REDAN_E_SYNTAX with the line. */
REDAN_NODISCARD enum redan_status fraud_table_read(struct redan_ctx *ctx, const char *path,
                                                   const struct fraud_split *split,
                                                   struct fraud_table *table);
size_t fraud_rows_count(const struct fraud_rows *rows);
const float *fraud_rows_values(const struct fraud_rows *rows);
const float *fraud_rows_labels(const struct fraud_rows *rows);
size_t fraud_rows_positives(const struct fraud_rows *rows);

/* The last day in the file, read from its last line. */
REDAN_NODISCARD enum redan_status fraud_table_last_day(struct redan_ctx *ctx, const char *path,
                                                       uint64_t *day);

#endif
