/* The bits of one row against what is remembered of its caller. */
#ifndef REDAN_INFERENCE_CALLER_BITS_H
#define REDAN_INFERENCE_CALLER_BITS_H

#include "inference/caller.h"

/* A row as it is remembered. */
struct redan_caller_row {
    float ring[REDAN_CALLER_WIDTH];
    uint32_t hash;
    bool retry;   /* exactly so in the ring */
    uint8_t near; /* the slot of the nearest that is not the oldest, when it lies near; or none */
};

/* Fills `row`; gives the bits that need no answer. */
unsigned redan_caller_bits(const struct redan_caller *caller, const struct redan_profile *profile,
                           const double *values, const struct redan_slice *texts,
                           const float *encoded, struct redan_caller_row *row);

#endif
