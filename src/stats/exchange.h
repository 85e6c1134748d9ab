/* Whether honest rows still come from what was calibrated on: a conformal test martingale (Vovk, Gammerman and Shafer 2022, part III). Under exchangeability the chance that it ever reaches 1/alpha is at
 * most alpha. */
#ifndef REDAN_STATS_EXCHANGE_H
#define REDAN_STATS_EXCHANGE_H

#include <stdint.h>

enum { REDAN_EXCHANGE_BINS = 1024, REDAN_EXCHANGE_JUMPS = 4, REDAN_EXCHANGE_BETS = 3 };

/* Bets against "these p-values are independent and uniform": the simple jumper (the same, 9.2), mixed over four rates of jumping. */
struct redan_exchange {
    double wealth[REDAN_EXCHANGE_JUMPS][REDAN_EXCHANGE_BETS]; /* shares; they sum to 1 per rate */
    double log[REDAN_EXCHANGE_JUMPS];                         /* log of each rate's capital */
    double most;                                              /* largest log of the mixture */
    uint64_t count;
};
void redan_exchange_begin(struct redan_exchange *exchange);
/* One p-value; gives the logarithm of the mixed capital. */
double redan_exchange_add(struct redan_exchange *exchange, double p);

/* Where such p-values come from. Those of split conformal prediction share one calibration set, so that over a long stream they betray that set's own chance, and are no test: here each score is ranked
 * among all that came before, the calibration's first, ties broken by `u`. Scores are counted in bins that were fixed beforehand (1/64 wide, from 0 to 16), which keeps exchangeability and bounds memory. */
struct redan_ranks {
    uint64_t tree[REDAN_EXCHANGE_BINS + 1]; /* Fenwick: counts of bins */
    uint64_t count;
};
void redan_ranks_begin(struct redan_ranks *ranks);
/* A score of the calibration. */
void redan_ranks_add(struct redan_ranks *ranks, double score);
/* A score of the stream, which is counted too: the share of scores above it, and `u` (uniform, 0 to 1) of those beside it. */
double redan_ranks_p(struct redan_ranks *ranks, double score, double u);

#endif
