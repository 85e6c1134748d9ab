/* The server's settings, and the file that may hold them: serve.json is what a release pins. */
#ifndef FRAUD_SERVE_CONFIG_H
#define FRAUD_SERVE_CONFIG_H

#include "base/ctx.h"

struct fraud_serve_settings {
    const char *config;
    const char *model;
    const char *signature; /* NULL: the model is loaded as it lies there */
    const char *key;
    const char *listen;
    const char *name;
    const char *version;
    const char *answers;
    double threshold;
    uint64_t decimals;
    uint64_t max_rows;
    uint64_t max_body;
    const char *log;
};

/* Overwrite what the file names. A path in it is relative to the file's folder. Unknown members are refused, and so is
 * "online_update": true, which this server does not do. */
REDAN_NODISCARD enum redan_status fraud_serve_config(struct redan_ctx *ctx, const char *path,
                                                     struct fraud_serve_settings *settings);

#endif
