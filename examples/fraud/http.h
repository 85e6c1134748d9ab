/* HTTP for the service: libmicrohttpd, one thread, an orderly end. */
#ifndef FRAUD_HTTP_H
#define FRAUD_HTTP_H

#include "service.h"

struct fraud_http_settings {
    const char *listen; /* "127.0.0.1:8080", "[::1]:8080"; port 0 lets the system choose */
    size_t body;        /* most bytes of a request's body */
    const char *log;    /* file that receives a JSON line per request, or NULL */
    void (*reload)(
        void *arg); /* on SIGHUP, between two requests; the service may be another one afterwards */
    void *arg;
};

/* Have SIGTERM, SIGINT and SIGHUP come to a descriptor. Call it before anything may start a thread, which would take them. */
REDAN_NODISCARD enum redan_status fraud_http_signals(struct redan_ctx *ctx, int *signals);

/* Serve until SIGTERM or SIGINT, then finish what was begun. Prints one line "ready http://..." once calls are taken. */
REDAN_NODISCARD enum redan_status fraud_http_run(struct redan_ctx *ctx,
                                                 const struct fraud_service *service,
                                                 const struct fraud_http_settings *settings,
                                                 int signals);

#endif
