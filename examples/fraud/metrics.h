/* How good scores are at ranking frauds first, with intervals. */
#ifndef FRAUD_METRICS_H
#define FRAUD_METRICS_H

#include "base/ctx.h"

struct fraud_interval {
    double value;
    double low; /* 95 % */
    double high;
};

struct fraud_metrics {
    size_t n;
    size_t positives;
    struct fraud_interval
        auc; /* DeLong, DeLong and Clarke-Pearson 1988: needs no assumption about the scores */
    struct fraud_interval average_precision; /* percentile bootstrap over rows */
};

/* `labels` are 0 or 1 and both occur. `resamples` of the bootstrap are drawn from `seed`. */
REDAN_NODISCARD enum redan_status fraud_measure(struct redan_ctx *ctx, const float *scores,
                                                const float *labels, size_t n, uint64_t seed,
                                                unsigned resamples, struct fraud_metrics *metrics);

#endif
