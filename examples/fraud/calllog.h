/* One JSON line per request, for people and for what reads them later. */
#ifndef FRAUD_CALLLOG_H
#define FRAUD_CALLLOG_H

#include "base/ctx.h"

struct fraud_calllog {
    int fd; /* -1: no log was asked for */
    uint64_t lost;
};

struct fraud_calllog_line {
    struct redan_slice
        caller; /* as the gateway named it in X-Client; not to be believed without one */
    struct redan_slice method;
    struct redan_slice path;
    unsigned status;
    size_t rows;
    uint64_t bytes_in;
    uint64_t bytes_out;
    uint64_t micros;
};

/* Appends to `path`; NULL gives a log that keeps nothing. */
REDAN_NODISCARD enum redan_status fraud_calllog_open(struct redan_ctx *ctx, const char *path,
                                                     struct fraud_calllog *log);
/* A line that cannot be written is counted, and the first one told on standard error. */
void fraud_calllog_add(struct fraud_calllog *log, struct redan_ctx *ctx,
                       const struct fraud_calllog_line *line);
void fraud_calllog_done(struct fraud_calllog *log);

#endif
