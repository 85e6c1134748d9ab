/* Split-conformal p-values (Bates, Candes, Lei, Romano, Sesia 2023) and what they promise. */
#ifndef REDAN_STATS_CONFORMAL_H
#define REDAN_STATS_CONFORMAL_H

#include <stdbool.h>
#include <stddef.h>

/* (1 + number of scores >= score) / (count + 1); `ascending` are the scores of calibration rows. */
double redan_conformal_p(const double *ascending, size_t count, double score);
/* Whether p <= alpha can happen at all: count >= 1/alpha - 1. */
bool redan_conformal_can(size_t count, double alpha);
/* Of `fresh` honest rows, how many are rejected (p <= alpha): the central interval of probability `level` of the beta-binomial law that calibration of this size gives. */
void redan_conformal_interval(size_t count, double alpha, size_t fresh, double level, size_t *low,
                              size_t *high);

#endif
