/* Conformal p-values by binary search, and the law of how many honest rows a threshold of theirs rejects. */
#include "stats/conformal.h"

#include <math.h>

double redan_conformal_p(const double *ascending, size_t count, double score)
{
    size_t low = 0; /* scores before it are smaller */
    size_t high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ascending[middle] < score)
            low = middle + 1;
        else
            high = middle;
    }
    return (double)(1 + count - low) / (double)(count + 1);
}

bool redan_conformal_can(size_t count, double alpha)
{
    return alpha > 0 && alpha * (double)(count + 1) >= 1 - 1e-9;
}

static double log_gamma(double x)
{
    int sign = 0; /* lgamma() would write a global */

    return lgamma_r(x, &sign);
}

/* Given the calibration scores, a fresh row is rejected with a probability that is Beta(k, n + 1 - k), k = floor(alpha (n + 1)): Vovk 2012, prop. 2; Bates et al. 2023, 2. */
void redan_conformal_interval(size_t count, double alpha, size_t fresh, double level, size_t *low,
                              size_t *high)
{
    double n = (double)fresh;
    double a = floor(alpha * (double)(count + 1) + 1e-9);
    double b = (double)(count + 1) - a;
    double outside = (1 - level) / 2;
    double sum = 0;
    bool begun = false;

    *low = 0;
    *high = 0;
    if (a < 1 || fresh == 0)
        return; /* nothing can be rejected */
    if (b < 1) {
        *low = *high = fresh;
        return;
    }
    /* P(0), then P(i + 1) from P(i), as logarithms: the first may be far below the smallest double. */
    double log_p = log_gamma(n + b) + log_gamma(a + b) - log_gamma(n + a + b) - log_gamma(b);
    *high = fresh;
    for (size_t i = 0; i <= fresh; i++) {
        double x = (double)i;
        sum += exp(log_p);
        if (!begun && sum > outside) {
            *low = i;
            begun = true;
        }
        if (sum >= 1 - outside) {
            *high = i;
            return;
        }
        if (i < fresh)
            log_p += log((n - x) * (x + a)) - log((x + 1) * (n - x - 1 + b));
    }
}
