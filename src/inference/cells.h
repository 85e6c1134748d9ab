/* Cells of rows: a number, or, where the rules allow it, a text or nothing. */
#ifndef REDAN_INFERENCE_CELLS_H
#define REDAN_INFERENCE_CELLS_H

#include "codec/json_pull.h"
#include "inference/preset.h"

struct redan_cells {
    struct redan_ctx *ctx;
    const struct redan_request_rules *rules;
    bool bools;                /* true and false are 1 and 0 */
    double *values;            /* NaN where there is a text or nothing */
    struct redan_slice *texts; /* NULL until there is one */
    size_t room;
};

/* Fresh room for so many cells; what was there before is left. */
REDAN_NODISCARD enum redan_status redan_cells_open(struct redan_cells *cells, size_t room);
/* A cell from a token. `where` says which, for people: "value 3". */
REDAN_NODISCARD enum redan_status redan_cells_token(struct redan_cells *cells, size_t at,
                                                    const struct redan_json_token *token,
                                                    const char *where, size_t number);
/* After ARRAY: up to `max` cells from `at` on, to the array's end. `*more`: there is another value, and the array was not read to its end. */
REDAN_NODISCARD enum redan_status redan_cells_array(struct redan_cells *cells,
                                                    struct redan_json *json, size_t at, size_t max,
                                                    size_t *count, bool *more);
/* A text or nothing, as CSV has them; whether it is allowed is the caller's to have asked. */
REDAN_NODISCARD enum redan_status redan_cells_put_text(struct redan_cells *cells, size_t at,
                                                       struct redan_slice text);
void redan_cells_put_nothing(struct redan_cells *cells, size_t at);
/* From columns that lie one after the other, column c from starts[c] on, to rows. */
REDAN_NODISCARD enum redan_status
redan_cells_gather(struct redan_cells *cells, const size_t *starts, size_t columns, size_t rows);
/* In each row, the cell that is i-th becomes the one of column order[i]. */
REDAN_NODISCARD enum redan_status
redan_cells_reorder(struct redan_cells *cells, const size_t *order, size_t columns, size_t rows);

#endif
