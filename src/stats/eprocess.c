/* A betting e-process for a bounded mean. Waudby-Smith and Ramdas 2024, 4; research: monitor.md, 5.
 *
 * Wealth is multiplied by 1 + lambda (x - m0) with 0 <= lambda <= c/m0 chosen before x is seen: its expectation never rises while the mean given the past is at most m0, whatever lambda is, so that lambda
 * may be computed as coarsely as one likes. What may not be coarse upwards is the wealth itself: it is added to in double precision and stored rounded downwards, which can lose 1e-6 of a nat per bet
 * placed, and never adds. A bet of 0 leaves the wealth as it is, so a quiet caller wears nothing off. */
#include "stats/eprocess.h"

#include <math.h>

static const float rates[3] = {1.0F / 8, 1.0F / 64, 1.0F / 512};
static const float least_variance = 1e-4F;
static const double most_bet = 0.5; /* c: of the wealth, on one value */

enum { FIXED = REDAN_EPROCESS_BETS - 1 };

void redan_eprocess_begin(struct redan_eprocess *process, double m0)
{
    *process = (struct redan_eprocess){0};
    for (int i = 0; i < 3; i++) {
        process->mean[i] = (float)m0;
        process->variance[i] = (float)(m0 * (1 - m0)) + least_variance;
    }
}

/* The sum as a float that is not larger. */
static float add_down(float wealth, double gain)
{
    double sum = (double)wealth + gain;
    float f = (float)sum;

    return (double)f > sum ? nextafterf(f, -INFINITY) : f;
}

void redan_eprocess_add(struct redan_eprocess *process, double m0, double value)
{
    double cap = most_bet / m0;
    double excess = value - m0;

    for (int i = 0; i < 3; i++) {
        double g = (double)process->mean[i] - m0;
        if (g > 0) {
            double lambda = g / ((double)process->variance[i] + g * g);
            if (lambda > cap)
                lambda = cap;
            process->wealth[i] = add_down(process->wealth[i], log1p(lambda * excess));
        }
        float step = (float)value - process->mean[i];
        process->mean[i] += rates[i] * step;
        process->variance[i] += rates[i] * (step * step - process->variance[i]);
        if (process->variance[i] < least_variance)
            process->variance[i] = least_variance;
    }
    /* log(1 - c) is what the fixed bet loses on nearly every value */
    double gain = value == 0 ? -0.69314718055994540 : log1p(cap * excess);
    process->wealth[FIXED] = add_down(process->wealth[FIXED], gain);
}

double redan_eprocess_log(const struct redan_eprocess *process)
{
    double values[REDAN_EPROCESS_BETS];

    for (int i = 0; i < REDAN_EPROCESS_BETS; i++)
        values[i] = (double)process->wealth[i];
    return redan_log_mean_exp(values, REDAN_EPROCESS_BETS);
}

double redan_log_mean_exp(const double *values, int count)
{
    static const double negligible =
        40; /* leaving out what is exp(-40) of the largest only lowers the mean */
    double most = values[0];
    double sum = 0;

    for (int i = 1; i < count; i++)
        most = values[i] > most ? values[i] : most;
    if (isinf(most))
        return most;
    for (int i = 0; i < count; i++) {
        double less = values[i] - most;
        if (less > -negligible)
            sum += less == 0 ? 1 : exp(less);
    }
    return most + log(sum / count);
}
