/* xoshiro256** seeded by splitmix64, and the three distributions the simulator needs. */
#include "rng.h"

#include <math.h>

static uint64_t mix(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

void fraud_rng_init(struct fraud_rng *rng, uint64_t seed, uint64_t purpose, uint64_t index)
{
    uint64_t state = seed;

    state = mix(&state) ^ purpose;
    state = mix(&state) ^ index;
    for (int i = 0; i < 4; i++)
        rng->s[i] = mix(&state);
}

static uint64_t rotate(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

uint64_t fraud_rng_u64(struct fraud_rng *rng)
{
    uint64_t *s = rng->s;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

uint64_t fraud_rng_below(struct fraud_rng *rng, uint64_t n)
{
    uint64_t refused = (UINT64_MAX - n + 1) % n; /* 2^64 mod n */

    for (;;) {
        uint64_t x = fraud_rng_u64(rng);
        if (x >= refused)
            return x % n;
    }
}

static double unit(struct fraud_rng *rng)
{
    return (double)(fraud_rng_u64(rng) >> 11) * 0x1p-53;
}

double fraud_rng_uniform(struct fraud_rng *rng, double low, double high)
{
    return low + (high - low) * unit(rng);
}

/* ln(x) for x > 0 by the series of atanh: only IEEE operations, so the same bits everywhere. */
static double natural_log(double x)
{
    int exponent = 0;
    double m = frexp(x, &exponent); /* exact */

    if (m < 0.70710678118654752) {
        m *= 2;
        exponent--;
    }
    double s = (m - 1) / (m + 1);
    double square = s * s;
    double sum = 0;
    for (int k = 27; k >= 1; k -= 2)
        sum = sum * square + 1.0 / k;
    return 2 * s * sum + exponent * 0.69314718055994531;
}

/* exp(-x) for 0 <= x <= 16. */
static double exp_minus(double x)
{
    double y = -x / 64;
    double sum = 1;

    for (int k = 16; k >= 1; k--)
        sum = 1 + sum * y / k;
    for (int i = 0; i < 6; i++)
        sum *= sum;
    return sum;
}

double fraud_rng_normal(struct fraud_rng *rng, double mean, double sd)
{
    for (
        ;
        ;) { /* Marsaglia's polar method; its second value is not kept, so the state is the stream alone */
        double u = fraud_rng_uniform(rng, -1, 1);
        double v = fraud_rng_uniform(rng, -1, 1);
        double r = u * u + v * v;
        if (r > 0 && r < 1)
            return mean + sd * u * sqrt(-2 * natural_log(r) / r);
    }
}

unsigned fraud_rng_poisson(struct fraud_rng *rng, double rate)
{
    double u = unit(rng); /* inversion of the distribution function */
    double p = exp_minus(rate);
    double below = p;
    unsigned n = 0;

    while (u >= below && n < 200) {
        n++;
        p *= rate / n;
        below += p;
    }
    return n;
}
