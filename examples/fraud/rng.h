/* Random numbers that are the same on every machine: integer state, IEEE arithmetic, no library functions that may differ
 * in the last digit. */
#ifndef FRAUD_RNG_H
#define FRAUD_RNG_H

#include <stdint.h>

/* xoshiro256** (Blackman and Vigna). */
struct fraud_rng {
    uint64_t s[4];
};

/* A stream of its own for every (seed, purpose, index), so that what one part draws never shifts another. */
void fraud_rng_init(struct fraud_rng *rng, uint64_t seed, uint64_t purpose, uint64_t index);
uint64_t fraud_rng_u64(struct fraud_rng *rng);
/* 0 .. n-1, without bias; n is not 0. */
uint64_t fraud_rng_below(struct fraud_rng *rng, uint64_t n);
double fraud_rng_uniform(struct fraud_rng *rng, double low, double high); /* [low, high) */
double fraud_rng_normal(struct fraud_rng *rng, double mean, double sd);
unsigned fraud_rng_poisson(struct fraud_rng *rng, double rate); /* rate in 0 .. 16 */

#endif
