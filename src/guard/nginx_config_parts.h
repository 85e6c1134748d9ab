/* Inside the writer of nginx configurations: what was given, taken apart and checked. */
#ifndef REDAN_GUARD_NGINX_CONFIG_PARTS_H
#define REDAN_GUARD_NGINX_CONFIG_PARTS_H

#include "guard/nginx_config.h"

struct redan_nginx_upstream {
    bool tls;
    struct redan_slice server; /* "HOST:PORT" or "unix:/PATH" */
    struct redan_slice host;   /* for the header Host */
    struct redan_slice name;   /* for its certificate */
};

REDAN_NODISCARD enum redan_status redan_nginx_upstream_parse(struct redan_ctx *ctx,
                                                             struct redan_slice url,
                                                             struct redan_nginx_upstream *upstream);
/* Settings that stand in the configuration without quotes, and those that go together. */
REDAN_NODISCARD enum redan_status redan_nginx_config_check(struct redan_ctx *ctx,
                                                           const struct redan_nginx_config *config);

#endif
