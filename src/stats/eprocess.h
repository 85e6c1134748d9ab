/* A betting e-process against "the mean given the past is at most m0", for values in [0, 1]: bets of three memories and a fixed one, mixed. Research: monitor.md, 5; Waudby-Smith and Ramdas 2024. */
#ifndef REDAN_STATS_EPROCESS_H
#define REDAN_STATS_EPROCESS_H

enum { REDAN_EPROCESS_BETS = 4 };

struct redan_eprocess {
    float wealth[REDAN_EPROCESS_BETS]; /* logarithms */
    float mean[3], variance[3]; /* exponentially weighted, memories of 8, 64 and 512 values */
};

void redan_eprocess_begin(struct redan_eprocess *process, double m0);
/* One value; 0 < m0 < 1. */
void redan_eprocess_add(struct redan_eprocess *process, double m0, double value);
/* The logarithm of the average of the bets' wealth. */
double redan_eprocess_log(const struct redan_eprocess *process);
/* The logarithm of the average of exp(values). */
double redan_log_mean_exp(const double *values, int count);

#endif
