/* A simulated world of card payments: customers, terminals, transactions and three kinds of fraud. */
#ifndef FRAUD_WORLD_H
#define FRAUD_WORLD_H

#include "base/buf.h"
#include "base/ctx.h"

/* The rules are those of the public Fraud Detection Handbook (chapter 3, "Transaction data simulator"). */
struct fraud_rules {
    uint64_t seed;
    uint64_t days;
    uint64_t customers;
    uint64_t terminals;
};

enum {
    FRAUD_DAYS_MAX = 730, /* seconds fit in 26 bits, which the sort counts on */
    FRAUD_PEOPLE_MAX = 1000000,
    FRAUD_CENTS_MAX = 100000000,
};

struct fraud_tx {
    uint32_t time; /* seconds since day 0, 00:00 */
    uint32_t customer;
    uint32_t terminal;
    uint32_t cents;
    uint16_t day;
    uint8_t fraud;
    uint8_t scenario; /* 0 none, 1 amount, 2 terminal, 3 customer */
};

struct fraud_world {
    size_t customers;
    size_t terminals;
    struct fraud_tx *txs; /* sorted by time; in the context's arena */
    size_t count;
};

REDAN_NODISCARD enum redan_status
fraud_world_make(struct redan_ctx *ctx, const struct fraud_rules *rules, struct fraud_world *world);

#endif
