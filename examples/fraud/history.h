/* The fifteen features of a transaction: their names, who controls them, and how they are computed from history. */
#ifndef FRAUD_HISTORY_H
#define FRAUD_HISTORY_H

#include "base/ctx.h"
#include "world.h"

enum { FRAUD_FEATURES = 15 };

struct fraud_feature {
    const char *name;
    unsigned
        decimals; /* values are whole numbers of 10^-decimals, so that no rounding differs between machines */
    const char *control; /* what a person who only makes purchases can do about it */
    const char *meaning;
};

extern const struct fraud_feature fraud_features[FRAUD_FEATURES];

/* What is remembered while the transactions go by in order of time; lives in the context's arena. */
struct fraud_history;

/* `txs` are sorted by time and must outlive the history. */
REDAN_NODISCARD enum redan_status fraud_history_new(struct redan_ctx *ctx,
                                                    const struct fraud_world *world,
                                                    struct fraud_history **history);
/* The features of transaction `i`; call with 0, 1, 2, ... Constant time on average. */
void fraud_history_next(struct fraud_history *history, size_t i, int64_t values[FRAUD_FEATURES]);

#endif
