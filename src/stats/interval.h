/* Intervals of a rate. */
#ifndef REDAN_STATS_INTERVAL_H
#define REDAN_STATS_INTERVAL_H

#include <stddef.h>

struct redan_interval {
    double low, high;
};

#define REDAN_Z95 1.959963984540054 /* the two-sided 95 % point of the normal law */

/* Wilson's score interval; `z` as REDAN_Z95. Of 0 trials: 0 to 1. */
struct redan_interval redan_interval_wilson(size_t hits, size_t trials, double z);
/* Clopper and Pearson's, exact; `level` as 0.95. */
struct redan_interval redan_interval_exact(size_t hits, size_t trials, double level);

#endif
