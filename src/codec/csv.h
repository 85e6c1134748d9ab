/* The strict CSV reader (RFC 4180): one row at a time, nothing guessed, every complaint with its line and column. */
#ifndef REDAN_CODEC_CSV_H
#define REDAN_CODEC_CSV_H

#include "base/ctx.h"

enum { REDAN_CSV_FIELDS = 4096, REDAN_CSV_FIELD = 65536 };

struct redan_csv_field {
    struct redan_slice
        text; /* decoded; borrows from the input, or, where quotes were doubled, from the arena */
    bool quoted;
    unsigned column; /* 1-based, in bytes */
};

/* Held by the caller; the fields are the reader's own. */
struct redan_csv_table {
    struct redan_ctx *ctx;
    struct redan_slice text;
    size_t at;
    size_t line_at; /* where the present line begins */
    unsigned line;
    struct redan_csv_field *fields; /* of the present row, in the arena */
    size_t count;
    size_t room;
    size_t width;      /* fields of the first row; 0 before it */
    unsigned row_line; /* where the present row begins */
};

/* UTF-8 (a byte order mark is skipped), comma, double quote, LF or CRLF. `text` must outlive the fields. */
void redan_csv_table_init(struct redan_csv_table *csv, struct redan_ctx *ctx,
                          struct redan_slice text);
/* Begin again at the first row, with the same memory. */
void redan_csv_table_rewind(struct redan_csv_table *csv);
/* The next row, in csv->fields until the next call; `*more` is false at the end. Every row has as many fields as the first; an empty line is refused but at the very end. REDAN_E_SYNTAX or REDAN_E_LIMIT with
 * line and column. */
REDAN_NODISCARD enum redan_status redan_csv_table_next(struct redan_csv_table *csv, bool *more);

#endif
