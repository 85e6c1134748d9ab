/* Many keep-alive connections to one HTTP server, driven by one thread: what plays callers, and what measures a server. */
#ifndef FRAUD_SWARM_H
#define FRAUD_SWARM_H

#include "base/buf.h"
#include "base/ctx.h"

enum fraud_turn {
    FRAUD_SEND,  /* `ask` is filled: it goes out now */
    FRAUD_LATER, /* nothing before ask->due */
    FRAUD_WAIT,  /* nothing until another lane was answered */
    FRAUD_OVER,  /* nothing ever again */
};

/* One request; `bytes` are valid until its answer. */
struct fraud_ask {
    struct redan_slice bytes; /* head and body */
    uint64_t due;             /* nanoseconds of the swarm's clock: when it was to be sent */
    uint64_t tag;             /* the driver's own */
};

struct fraud_told {
    unsigned status;         /* 0: the connection failed, and how is in `broken` */
    const char *broken;      /* "connect", "closed", "reset", "timeout", "malformed"; else NULL */
    struct redan_slice body; /* valid during the call */
    uint64_t sent, now;      /* nanoseconds of the swarm's clock */
};

struct fraud_driver {
    void *arg;
    /* Asked of an idle lane. */
    enum fraud_turn (*next)(void *arg, size_t lane, uint64_t now, struct fraud_ask *ask);
    void (*told)(void *arg, size_t lane, const struct fraud_ask *ask,
                 const struct fraud_told *told);
};

struct fraud_swarm_rules {
    const char *address;  /* "127.0.0.1:8080" */
    size_t lanes;         /* connections */
    unsigned patience_ms; /* for one answer */
    uint64_t until; /* nanoseconds after which no request is begun; 0: until the driver is over */
};

/* The swarm's clock begins with it. Returns when every lane is over and answered. A lane's requests go out one after the other, in order; a
 * connection that broke is opened anew, and what was asked on it is not asked again. */
REDAN_NODISCARD enum redan_status fraud_swarm_run(struct redan_ctx *ctx,
                                                  const struct fraud_swarm_rules *rules,
                                                  const struct fraud_driver *driver);
/* A POST of JSON on a connection that stays. `headers` are whole lines, each with its CRLF. */
void fraud_swarm_post(struct redan_buf *out, const char *host, const char *path,
                      struct redan_slice headers, struct redan_slice body);

#endif
