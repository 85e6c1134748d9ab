/* What the server answers, without the network: a model, and one reply per call. */
#ifndef FRAUD_SERVICE_H
#define FRAUD_SERVICE_H

#include "base/buf.h"
#include "base/ctx.h"
#include "booster.h"

struct fraud_service_settings {
    const char *model;     /* file */
    const char *signature; /* of it; NULL: it is loaded as it lies there */
    const char *key;  /* with a signature: the file with the public key that must have made it */
    const char *name; /* in paths and answers: letters, digits, . _ - */
    const char *version;
    bool labels; /* answer 0 or 1 by the threshold; scores otherwise */
    double threshold;
    unsigned decimals; /* of scores; REDAN_DECIMALS_ALL for no rounding */
    size_t rows;       /* most rows of one request */
};

struct fraud_service {
    const struct fraud_service_settings *settings; /* borrowed */
    struct fraud_booster booster;
    struct redan_slice
        *names; /* in the arena of the context that opened it; NULL when the model has none */
    size_t columns;
    char root[80]; /* "sha256:..." that the signature names; empty without one */
};

struct fraud_call {
    struct redan_slice method;
    struct redan_slice path;     /* without query */
    struct redan_slice type;     /* Content-Type, may be empty */
    struct redan_slice encoding; /* Content-Encoding, may be empty */
    struct redan_slice body;
};

struct fraud_reply {
    unsigned status;
    const char *allow; /* for 405, or NULL */
    struct redan_buf body;
    size_t rows; /* that were scored */
};

REDAN_NODISCARD enum redan_status fraud_service_open(struct redan_ctx *ctx,
                                                     const struct fraud_service_settings *settings,
                                                     struct fraud_service *service);
void fraud_service_done(struct fraud_service *service);
/* `ctx` is for this call alone. Always a reply; `reply->body` is initialised here and the caller's to end. */
void fraud_service_answer(struct redan_ctx *ctx, const struct fraud_service *service,
                          const struct fraud_call *call, struct fraud_reply *reply);
/* A reply {"error": text}. The text may hold anything. */
void fraud_reply_error(struct fraud_reply *reply, unsigned status, struct redan_slice text);

#endif
