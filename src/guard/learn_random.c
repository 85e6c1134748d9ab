/* Random numbers of learning, and its remarks. */
#include <stdarg.h>
#include <stdio.h>

#include "guard/learn_parts.h"

void redan_learn_random_begin(struct redan_learn_random *random, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        uint64_t z = seed += 0x9e3779b97f4a7c15U;

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        random->s[i] = z ^ (z >> 31);
    }
}

static uint64_t rotate(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

static uint64_t next(struct redan_learn_random *random)
{
    uint64_t *s = random->s;
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

uint64_t redan_learn_random_below(struct redan_learn_random *random, uint64_t n)
{
    uint64_t least = (UINT64_MAX - n + 1) % n; /* 2^64 mod n: below it the draw would favour */
    uint64_t x = next(random);

    while (x < least)
        x = next(random);
    return x % n;
}

enum redan_status redan_learn_note(struct redan_ctx *ctx, struct redan_learned *learned,
                                   const char *format, ...)
{
    char text[512];
    va_list args;

    if (!learned->notes)
        learned->notes = redan_take_array(ctx, REDAN_LEARN_NOTES, sizeof(*learned->notes));
    if (!learned->notes)
        return REDAN_E_MEMORY;
    if (learned->note_count == REDAN_LEARN_NOTES)
        return REDAN_OK;
    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (len < 0)
        return REDAN_OK;
    return redan_copy(ctx, redan_slice_of(text), &learned->notes[learned->note_count++]);
}
