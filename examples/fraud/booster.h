/* The only door to libxgboost: train, save, load, score. One thread. */
#ifndef FRAUD_BOOSTER_H
#define FRAUD_BOOSTER_H

#include "base/buf.h"
#include "base/ctx.h"
#include "table.h"

struct fraud_booster {
    void *handle;
};

struct fraud_parameter {
    const char *name;
    const char *value;
};

/* Call first in main: the library's threads spin while they wait, and their number is read from the environment before
 * main begins, so the program starts itself again with it set to one. Returns when that is done. */
void fraud_booster_one_thread(char **argv);

/* `parameters` end with a NULL name. */
REDAN_NODISCARD enum redan_status fraud_booster_train(struct redan_ctx *ctx,
                                                      const struct fraud_rows *rows,
                                                      const struct fraud_parameter *parameters,
                                                      unsigned rounds,
                                                      struct fraud_booster *booster);
/* A model file; REDAN_E_SYNTAX with the library's own words when it is none. */
REDAN_NODISCARD enum redan_status fraud_booster_load(struct redan_ctx *ctx, const char *path,
                                                     struct fraud_booster *booster);
/* The same from bytes, which `name` tells people where they come from. */
REDAN_NODISCARD enum redan_status fraud_booster_load_bytes(struct redan_ctx *ctx,
                                                           struct redan_slice bytes,
                                                           const char *name,
                                                           struct fraud_booster *booster);
void fraud_booster_done(struct fraud_booster *booster);
/* The model as JSON text: the same bytes for the same rows and parameters. */
REDAN_NODISCARD enum redan_status fraud_booster_save(struct redan_ctx *ctx,
                                                     const struct fraud_booster *booster,
                                                     struct redan_buf *text);
/* Column names the model was trained with, in the arena; empty names when it carries none. */
REDAN_NODISCARD enum redan_status fraud_booster_columns(struct redan_ctx *ctx,
                                                        const struct fraud_booster *booster,
                                                        struct redan_slice **names, size_t *count);
/* One score per row. Any booster, through a copy of the rows. */
REDAN_NODISCARD enum redan_status fraud_booster_scores(struct redan_ctx *ctx,
                                                       const struct fraud_booster *booster,
                                                       const float *values, size_t rows,
                                                       size_t columns, float *scores);
/* The same for trees only, without the copy: what a server uses. */
REDAN_NODISCARD enum redan_status fraud_booster_score_now(struct redan_ctx *ctx,
                                                          const struct fraud_booster *booster,
                                                          const float *values, size_t rows,
                                                          size_t columns, float *scores);

#endif
