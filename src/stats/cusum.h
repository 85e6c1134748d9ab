/* Page's CUSUM for a rate that rises from p0 to p1: quick, with an average run length, not a bound over a lifetime. It marks, it never accuses. Research: redteam.md, 0 and 4b. */
#ifndef REDAN_STATS_CUSUM_H
#define REDAN_STATS_CUSUM_H

#include <stdbool.h>

/* The sum stops at so many times `h`, so that an alarm ends when the rate falls, however long it lasted. */
#define REDAN_CUSUM_CAP 1.5

struct redan_cusum {
    float sum;
    float most;
};

/* One event: 1 or 0; 0 < p0 < p1 < 1. Gives whether the sum has reached `h`. */
bool redan_cusum_add(struct redan_cusum *cusum, double p0, double p1, double h, bool event);
/* Events of 0 after which the longest alarm has ended. */
double redan_cusum_recovery(double p0, double p1, double h);

#endif
