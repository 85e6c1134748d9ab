/* An HTTP client over libcurl, opened only when it is used. */
#ifndef REDAN_IO_HTTP_H
#define REDAN_IO_HTTP_H

#include "base/ctx.h"

struct redan_http_request {
    struct redan_slice method; /* GET, POST */
    struct redan_slice url;    /* https, or http to a loopback address; anything else is refused */
    struct redan_slice content_type; /* may be empty */
    struct redan_slice body;
    const struct redan_slice *
        headers; /* "Name: value", beyond the content type; at most 16, no line breaks, none that frames a message; no failure repeats one */
    size_t header_count;
    unsigned seconds; /* for the whole exchange */
};

struct redan_http_response {
    unsigned status;
    struct redan_slice content_type;
    struct redan_slice body; /* in the arena, at most limits.output */
};

/* No redirects, no proxies, no cookies. REDAN_E_USAGE for an address that is refused, REDAN_E_UNSUPPORTED where libcurl is not
 * installed, REDAN_E_LIMIT for an answer over limits.output, REDAN_E_IO for the rest: no answer in time, nothing there, no TLS, an answer
 * that broke off, each in words of its own with curl's behind them. */
REDAN_NODISCARD enum redan_status redan_http_send(struct redan_ctx *ctx,
                                                  const struct redan_http_request *request,
                                                  struct redan_http_response *response);

#endif
