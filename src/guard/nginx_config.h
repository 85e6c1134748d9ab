/* A complete nginx configuration for one guarded endpoint. Whatever goes into it is checked, and quoted so that nginx reads back the very bytes. */
#ifndef REDAN_GUARD_NGINX_CONFIG_H
#define REDAN_GUARD_NGINX_CONFIG_H

#include "base/buf.h"
#include "guard/policy.h"

struct redan_nginx_config {
    struct redan_slice module;   /* file for load_module; empty: none is written */
    struct redan_slice policy;   /* file */
    struct redan_slice upstream; /* http://HOST[:PORT], https://HOST[:PORT] or unix:/PATH */
    struct redan_slice
        upstream_ca; /* https: who may have signed its certificate; empty: Debian's list */
    struct redan_slice listen; /* PORT, ADDRESS:PORT or unix:/PATH */
    struct redan_slice
        status; /* where metrics and admit are: the same, of this machine alone; empty: nowhere */
    struct redan_slice identity;  /* an nginx value; empty: what goes with the policy's kind */
    struct redan_slice mode;      /* empty, "observe" or "enforce" */
    struct redan_slice zone_size; /* 16m */
    struct redan_slice workers;   /* a number, or "auto" */
    struct redan_slice user;      /* whom workers run as; empty: not said */
    struct redan_slice tls_cert, tls_key;
    struct redan_slice client_ca;  /* clients show a certificate that it signed */
    bool log;                      /* each request as JSON to standard output */
    enum redan_identity_kind kind; /* the policy's */
    size_t request_bytes;          /* the policy's */
};

/* How a text stands in a configuration as one word, that nginx reads back as it is but for variables. REDAN_E_USAGE for what no word can hold: control characters. */
REDAN_NODISCARD enum redan_status redan_nginx_word(struct redan_ctx *ctx, struct redan_slice text,
                                                   struct redan_buf *out);
/* "PORT" as "127.0.0.1:PORT"; REDAN_E_USAGE with what is wrong. */
REDAN_NODISCARD enum redan_status redan_nginx_address(struct redan_ctx *ctx, const char *what,
                                                      struct redan_slice given,
                                                      struct redan_slice *address);
/* Whether an address of that form is reached from this machine alone. */
bool redan_nginx_address_is_local(struct redan_slice address);

/* REDAN_E_USAGE with what is wrong with a setting. */
REDAN_NODISCARD enum redan_status redan_nginx_config_write(struct redan_ctx *ctx,
                                                           const struct redan_nginx_config *config,
                                                           struct redan_buf *out);

#endif
