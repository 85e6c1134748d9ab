/* Rows and columns as they gather from whatever spells them: the common part of the presets. */
#ifndef REDAN_INFERENCE_GRID_H
#define REDAN_INFERENCE_GRID_H

#include "base/map.h"
#include "inference/cells.h"
#include "inference/rows.h"

enum redan_row_form { REDAN_ROW_ANY, REDAN_ROW_LIST, REDAN_ROW_OBJECT };

struct redan_grid {
    struct redan_cells cells;
    const char *item; /* what a row is called in this format: "instance" */
    enum redan_row_form form;
    bool single;  /* a value by name may be a list of one, as tensors of shape [rows, 1] are */
    size_t bytes; /* of the body */
    size_t
        least; /* bytes that a cell takes at least, with what is around it: the body's length bounds the rows */
    size_t columns; /* 0 until known */
    size_t rows;
    size_t room;            /* rows that there is room for */
    size_t *order;          /* the column that came i-th in the last row by name */
    struct redan_map names; /* filled when a name comes out of order */
};

void redan_grid_init(struct redan_grid *grid, struct redan_ctx *ctx,
                     const struct redan_request_rules *rules, size_t bytes, const char *item);
/* A row from its first token: a list, an object by name, or, for a model of one column, a scalar. A failure begins with the row's number. */
REDAN_NODISCARD enum redan_status redan_grid_row(struct redan_grid *grid, struct redan_json *json,
                                                 const struct redan_json_token *token);
/* After ARRAY: rows up to its end. */
REDAN_NODISCARD enum redan_status redan_grid_rows(struct redan_grid *grid, struct redan_json *json);
/* After OBJECT: columns by name, each a list of one value per row. */
REDAN_NODISCARD enum redan_status redan_grid_columns(struct redan_grid *grid,
                                                     struct redan_json *json);
/* The value of the last key, called `form`: a list of rows, or, when `columnar`, columns by name as well. */
REDAN_NODISCARD enum redan_status redan_grid_member(struct redan_grid *grid,
                                                    struct redan_json *json, const char *form,
                                                    bool columnar);
/* Room for one more row, and where its cells begin; for readers of their own. `columns` must be known. */
REDAN_NODISCARD enum redan_status redan_grid_next(struct redan_grid *grid, size_t offset,
                                                  size_t *at);
/* The column of this name, looked for at `guess` first; REDAN_E_SCHEMA when there is none. */
REDAN_NODISCARD enum redan_status redan_grid_column(struct redan_grid *grid,
                                                    struct redan_slice name, size_t guess,
                                                    size_t offset, size_t *column);
/* Names of columns in the order in which rows have them: the rows' own cells are put in the model's order. */
REDAN_NODISCARD enum redan_status redan_grid_named(struct redan_grid *grid,
                                                   const struct redan_slice *names, size_t count,
                                                   size_t offset);
/* REDAN_E_SCHEMA when there is no row. */
REDAN_NODISCARD enum redan_status redan_grid_some(const struct redan_grid *grid, size_t offset);
void redan_grid_end(const struct redan_grid *grid, struct redan_request *request);

#endif
