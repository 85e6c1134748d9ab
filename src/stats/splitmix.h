/* Random numbers that are the same on every machine, from a seed that is said. Nothing secret comes from here: that is redan_random. */
#ifndef REDAN_STATS_SPLITMIX_H
#define REDAN_STATS_SPLITMIX_H

#include <stdint.h>

/* splitmix64 (Steele, Lea, Flood 2014); the state is any number, the seed at first. */
uint64_t redan_splitmix(uint64_t *state);
/* From 0 to below 1, in steps of 2^-53. */
double redan_splitmix_unit(uint64_t *state);

/* xoshiro256** (Blackman and Vigna), seeded by splitmix64: for long runs of draws. */
struct redan_xoshiro {
    uint64_t s[4];
};
void redan_xoshiro_begin(struct redan_xoshiro *xoshiro, uint64_t seed);
/* 0 .. n-1 without bias; n is not 0. */
uint64_t redan_xoshiro_below(struct redan_xoshiro *xoshiro, uint64_t n);

#endif
