/* splitmix64 and xoshiro256**. */
#include "stats/splitmix.h"

uint64_t redan_splitmix(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15U;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

double redan_splitmix_unit(uint64_t *state)
{
    return (double)(redan_splitmix(state) >> 11) * 0x1p-53;
}

void redan_xoshiro_begin(struct redan_xoshiro *xoshiro, uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        xoshiro->s[i] = redan_splitmix(&seed);
}

static uint64_t rotate(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

static uint64_t next(struct redan_xoshiro *xoshiro)
{
    uint64_t *s = xoshiro->s;
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

uint64_t redan_xoshiro_below(struct redan_xoshiro *xoshiro, uint64_t n)
{
    uint64_t least = (UINT64_MAX - n + 1) % n; /* 2^64 mod n: below it the draw would favour */
    uint64_t x = next(xoshiro);

    while (x < least)
        x = next(xoshiro);
    return x % n;
}
