/* A conformal test martingale: exact ranks over fixed bins, and the simple jumper's bets on them. */
#include "stats/exchange.h"

#include <math.h>
#include <string.h>

static const double jumps[REDAN_EXCHANGE_JUMPS] = {1e-4, 1e-3, 1e-2, 1};
static const double bets[REDAN_EXCHANGE_BETS] = {-1, 0, 1};

void redan_exchange_begin(struct redan_exchange *exchange)
{
    memset(exchange, 0, sizeof(*exchange));
    for (int j = 0; j < REDAN_EXCHANGE_JUMPS; j++)
        for (int b = 0; b < REDAN_EXCHANGE_BETS; b++)
            exchange->wealth[j][b] = 1.0 / REDAN_EXCHANGE_BETS;
}

double redan_exchange_add(struct redan_exchange *exchange, double p)
{
    double top = -HUGE_VAL;
    double sum = 0;

    for (int j = 0; j < REDAN_EXCHANGE_JUMPS; j++) {
        double *wealth = exchange->wealth[j];
        double capital = 0;

        for (int b = 0; b < REDAN_EXCHANGE_BETS; b++) {
            wealth[b] = (1 - jumps[j]) * wealth[b] + jumps[j] / REDAN_EXCHANGE_BETS;
            wealth[b] *= 1 + bets[b] * (p - 0.5);
            capital += wealth[b];
        }
        for (int b = 0; b < REDAN_EXCHANGE_BETS; b++)
            wealth[b] /= capital;
        exchange->log[j] += log(capital);
        top = fmax(top, exchange->log[j]);
    }
    for (int j = 0; j < REDAN_EXCHANGE_JUMPS; j++)
        sum += exp(exchange->log[j] - top) / REDAN_EXCHANGE_JUMPS;
    double mixed = top + log(sum);
    exchange->count++;
    exchange->most = fmax(exchange->most, mixed);
    return mixed;
}

static uint32_t bin_of(double score)
{
    double at = score * 64;

    if (!(at > 0))
        return 0;
    return at < REDAN_EXCHANGE_BINS - 1 ? (uint32_t)at : REDAN_EXCHANGE_BINS - 1;
}

/* How many lie in bins before this one. */
static uint64_t below(const struct redan_ranks *ranks, uint32_t bin)
{
    uint64_t sum = 0;

    for (uint32_t i = bin; i > 0; i &= i - 1)
        sum += ranks->tree[i];
    return sum;
}

void redan_ranks_begin(struct redan_ranks *ranks)
{
    memset(ranks, 0, sizeof(*ranks));
}

void redan_ranks_add(struct redan_ranks *ranks, double score)
{
    for (uint32_t i = bin_of(score) + 1; i <= REDAN_EXCHANGE_BINS; i += i & (~i + 1))
        ranks->tree[i]++;
    ranks->count++;
}

double redan_ranks_p(struct redan_ranks *ranks, double score, double u)
{
    uint32_t bin = bin_of(score);

    redan_ranks_add(ranks, score);
    uint64_t before = below(ranks, bin);
    uint64_t here = below(ranks, bin + 1) - before;
    uint64_t above = ranks->count - before - here;
    return ((double)above + u * (double)here) / (double)ranks->count;
}
