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

/* Refuse a token: "WHERE is KIND; WANTED belongs there". */
enum redan_status redan_rows_refuse(struct redan_ctx *ctx, const struct redan_json_token *token,
                                    const char *where, const char *wanted);
/* The next token, which must be of this kind. */
REDAN_NODISCARD enum redan_status redan_rows_expect(struct redan_json *json,
                                                    enum redan_json_kind kind, const char *where,
                                                    const char *wanted,
                                                    struct redan_json_token *token);
/* A text value of at most REDAN_NAME_MAX bytes, copied into the arena. */
REDAN_NODISCARD enum redan_status redan_rows_text(struct redan_json *json, const char *where,
                                                  struct redan_slice *text);
/* Put "WHAT NUMBER: " before the recorded failure's text. */
enum redan_status redan_rows_prefix(struct redan_ctx *ctx, enum redan_status status,
                                    const char *what, size_t number);
/* The column of this name, looked for at `guess` first; `columns` when there is none. */
size_t redan_rows_column(const struct redan_request_rules *rules, struct redan_slice name,
                         size_t guess);
size_t redan_rows_limit(const struct redan_request_rules *rules);
/* The values of an answer: "[0.25,1]". */
void redan_rows_write(const struct redan_answer *answer, struct redan_buf *out);

#endif
