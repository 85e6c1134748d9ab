/* Page's CUSUM of a rate, capped so that it forgets. */
#include "stats/cusum.h"

#include <math.h>

bool redan_cusum_add(struct redan_cusum *cusum, double p0, double p1, double h, bool event)
{
    double step = event ? log(p1 / p0) : log1p(-p1) - log1p(-p0);
    double sum = (double)cusum->sum + step;
    double cap = h * REDAN_CUSUM_CAP;

    if (sum > cap)
        sum = cap;
    cusum->sum = sum > 0 ? (float)sum : 0.0F;
    if (cusum->sum > cusum->most)
        cusum->most = cusum->sum;
    return (double)cusum->sum >= h;
}

double redan_cusum_recovery(double p0, double p1, double h)
{
    return ceil(h * (REDAN_CUSUM_CAP - 1) / (log1p(-p0) - log1p(-p1))) + 1;
}
