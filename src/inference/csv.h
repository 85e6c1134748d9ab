/* Strict CSV (RFC 4180): rows of numbers, texts and empty cells. */
#ifndef REDAN_INFERENCE_CSV_H
#define REDAN_INFERENCE_CSV_H

#include "inference/grid.h"

struct redan_csv {
    struct redan_ctx *ctx;
    struct redan_slice text;
    size_t at;
    bool comments; /* "#" begins a comment for some readers: it is refused */
};

struct redan_csv_cell {
    struct redan_slice
        text; /* without its quotes; borrowed, or in the arena where quotes were doubled */
    size_t offset;
    bool last; /* of its line */
};

/* The whole must be UTF-8 without a byte order mark, and not empty. */
REDAN_NODISCARD enum redan_status redan_csv_init(struct redan_csv *csv, struct redan_ctx *ctx,
                                                 struct redan_slice text);
bool redan_csv_over(const struct redan_csv *csv);
REDAN_NODISCARD enum redan_status redan_csv_next(struct redan_csv *csv,
                                                 struct redan_csv_cell *cell);
/* One line of cells as names, at most `max`. */
REDAN_NODISCARD enum redan_status redan_csv_names(struct redan_csv *csv, struct redan_slice *names,
                                                  size_t max, size_t *count);
/* The lines that are left, as rows; the first one says how many columns there are where that is not known. */
REDAN_NODISCARD enum redan_status redan_csv_rows(struct redan_csv *csv, struct redan_grid *grid);
/* A text that common readers of CSV take for a number, or for a missing one, though it is not a number as JSON spells them. */
bool redan_csv_doubtful(struct redan_slice text);

#endif
