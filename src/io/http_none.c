/* The HTTP client where none is wanted: a library that must not reach the network. */
#include "io/http.h"

enum redan_status redan_http_send(struct redan_ctx *ctx, const struct redan_http_request *request,
                                  struct redan_http_response *response)
{
    (void)request;
    (void)response;
    return redan_fail(ctx, REDAN_E_UNSUPPORTED, 0,
                      "this build has no HTTP client; use the redan program");
}
