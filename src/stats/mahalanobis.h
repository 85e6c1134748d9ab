/* Mahalanobis distance under a covariance shrunk after Ledoit and Wolf (2004). */
#ifndef REDAN_STATS_MAHALANOBIS_H
#define REDAN_STATS_MAHALANOBIS_H

#include <stdbool.h>
#include <stddef.h>

struct redan_mahalanobis {
    size_t width;
    const float *mean; /* width */
    const float *
        factor; /* width x width, row after row: the inverse of the Cholesky factor, lower triangle */
};

/* Squared distance. */
float redan_mahalanobis(const struct redan_mahalanobis *m, const float *row);
/* Fit to `rows` x `width` numbers. `mean` has width, `factor` width x width, `work` 3 x width x width doubles. False when there are fewer than two rows. */
bool redan_mahalanobis_fit(const float *values, size_t rows, size_t width, float *mean,
                           float *factor, double *work);

#endif
