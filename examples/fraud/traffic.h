/* Payments of the simulator's file as a merchant's till sends them: who asks, and the features as they are spelled. */
#ifndef FRAUD_TRAFFIC_H
#define FRAUD_TRAFFIC_H

#include "base/ctx.h"

struct fraud_payment {
    uint32_t merchant;
    uint32_t day;
    struct redan_slice features; /* fifteen numbers with commas between */
    bool fraud;
};

struct fraud_traffic_rules {
    const char *data;    /* transactions.csv */
    uint64_t from, days; /* window */
    uint64_t
        group; /* a merchant has so many terminals, one beside the other in the file's numbering */
    uint64_t half; /* 1: merchants of even number alone, 2: of odd number; 0: all */
};

struct fraud_traffic {
    struct fraud_payment *payments; /* in order of time; in the context's arena */
    size_t count;
};

REDAN_NODISCARD enum redan_status fraud_traffic_read(struct redan_ctx *ctx,
                                                     const struct fraud_traffic_rules *rules,
                                                     struct fraud_traffic *traffic);

#endif
