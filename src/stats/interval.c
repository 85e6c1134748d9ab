/* Intervals of a rate: Wilson's, and Clopper and Pearson's by the incomplete beta function. */
#include "stats/interval.h"

#include <math.h>

struct redan_interval redan_interval_wilson(size_t hits, size_t trials, double z)
{
    struct redan_interval all = {0, 1};

    if (trials == 0)
        return all;
    double n = (double)trials;
    double p = (double)hits / n;
    double w = 1 + z * z / n;
    double middle = (p + z * z / (2 * n)) / w;
    double half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / w;
    struct redan_interval found = {hits == 0 ? 0 : fmax(0, middle - half),
                                   hits >= trials ? 1 : fmin(1, middle + half)};
    return found;
}

static double log_gamma(double x)
{
    int sign = 0; /* lgamma() would write a global */

    return lgamma_r(x, &sign);
}

/* DLMF 8.17.22, evaluated after Lentz. */
static double fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1;
    double d = 1 - (a + b) * x / (a + 1);

    d = 1 / (fabs(d) < tiny ? tiny : d);
    double h = d;
    for (int m = 1; m < 20000; m++) { /* about the root of the larger parameter are needed */
        double k = m;
        double even = k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k));
        double odd = -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1));

        d = 1 + even * d;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = 1 + even / c;
        c = fabs(c) < tiny ? tiny : c;
        h *= c * d;
        d = 1 + odd * d;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = 1 + odd / c;
        c = fabs(c) < tiny ? tiny : c;
        h *= c * d;
        if (fabs(c * d - 1) < 1e-15)
            break;
    }
    return h;
}

/* The regularised incomplete beta function I_x(a, b). */
static double beta(double a, double b, double x)
{
    if (x <= 0)
        return 0;
    if (x >= 1)
        return 1;
    double front = exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log1p(-x));
    return x < (a + 1) / (a + b + 2) ? front * fraction(a, b, x) / a
                                     : 1 - front * fraction(b, a, 1 - x) / b;
}

/* x with I_x(a, b) = p, by halving. */
static double beta_quantile(double a, double b, double p)
{
    double low = 0;
    double high = 1;

    for (int i = 0; i < 100 && high - low > 1e-15 * high; i++) {
        double middle = (low + high) / 2;
        if (beta(a, b, middle) < p)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

struct redan_interval redan_interval_exact(size_t hits, size_t trials, double level)
{
    struct redan_interval found = {0, 1};
    double outside = (1 - level) / 2;
    double x = (double)hits;
    double n = (double)trials;

    if (trials == 0)
        return found;
    if (hits > 0)
        found.low = beta_quantile(x, n - x + 1, outside);
    if (hits < trials)
        found.high = beta_quantile(x + 1, n - x, 1 - outside);
    return found;
}
