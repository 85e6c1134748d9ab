/* Intervals of a rate. */
#ifndef REDAN_STATS_INTERVAL_H
#define REDAN_STATS_INTERVAL_H

#include <stddef.h>

struct redan_interval {
    double low, high;
};

/* Wilson's score interval; `z` is 1.959964 for 95 %. Of 0 trials: 0 to 1. */
struct redan_interval redan_interval_wilson(size_t hits, size_t trials, double z);
/* Clopper and Pearson's, exact; `level` as 0.95. */
struct redan_interval redan_interval_exact(size_t hits, size_t trials, double level);

#endif
