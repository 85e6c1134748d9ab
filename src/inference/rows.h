/* What the presets share: rows of numbers read from a strict JSON reader, and numbers written. */
#ifndef REDAN_INFERENCE_ROWS_H
#define REDAN_INFERENCE_ROWS_H

#include "codec/json_pull.h"
#include "inference/preset.h"

enum {
    REDAN_ROWS_DEFAULT = 65536,
    REDAN_COLUMNS_MAX = 4096,
    REDAN_NAME_MAX = 256, /* of an id or an output that is echoed */
};

/* "an object", "a number" ... */
const char *redan_rows_kind(enum redan_json_kind kind);
/* Refuse a token: "WHERE is KIND; WANTED belongs there". */
enum redan_status redan_rows_refuse(struct redan_ctx *ctx, const struct redan_json_token *token,
                                    const char *where, const char *wanted);
/* The next token, which must be of this kind. */
REDAN_NODISCARD enum redan_status redan_rows_expect(struct redan_json *json,
                                                    enum redan_json_kind kind, const char *where,
                                                    const char *wanted,
                                                    struct redan_json_token *token);
/* A text value of at most REDAN_NAME_MAX bytes; and the same copied into the arena. */
REDAN_NODISCARD enum redan_status redan_rows_text_token(struct redan_json *json, const char *where,
                                                        struct redan_json_token *token);
REDAN_NODISCARD enum redan_status redan_rows_text(struct redan_json *json, const char *where,
                                                  struct redan_slice *text);
/* Put "WHAT NUMBER: " before the recorded failure's text. */
enum redan_status redan_rows_prefix(struct redan_ctx *ctx, enum redan_status status,
                                    const char *what, size_t number);
/* The value of the last key: an object that is read past, as a model server's hints are. */
REDAN_NODISCARD enum redan_status redan_rows_skip_object(struct redan_json *json,
                                                         const char *where);
size_t redan_rows_limit(const struct redan_request_rules *rules);
/* One of a preset's content types, in the preset's own writing: NULL when none fits, the first one for an empty text. */
const char *redan_rows_media(const char *const *media, struct redan_slice content_type);
/* The first of a preset's content types stands in for an empty one; another one is refused. */
REDAN_NODISCARD enum redan_status redan_rows_read_as(struct redan_ctx *ctx,
                                                     const struct redan_preset *preset,
                                                     const struct redan_request_rules *rules,
                                                     const char **media);
/* A cell of a request: a number, a text, or null. */
void redan_rows_write_cell(const struct redan_request *request, size_t at, struct redan_buf *out);
/* The rows of a request: "[[1,null],[2,\"a\"]]". */
void redan_rows_write_cells(const struct redan_request *request, struct redan_buf *out);
/* A value of an answer: "0.25". */
void redan_rows_write_value(const struct redan_answer *answer, size_t row, struct redan_buf *out);
/* The values of an answer: "[0.25,1]". */
void redan_rows_write(const struct redan_answer *answer, struct redan_buf *out);

#endif
