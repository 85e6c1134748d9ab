/* One request to an address: what it answered, whatever that was. */
#include "probe/probe_table.h"

const char *redan_probe_lint_http(const struct redan_probe *probe)
{
    if (probe->url.len == 0)
        return "it has no url; add url: https://HOST/PATH";
    if (probe->argv.count > 0)
        return "argv belongs to probes of kind command; remove it";
    return NULL;
}

static const char *lint(const struct redan_probe *probe)
{
    if (probe->preset.len > 0)
        return "preset belongs to probes of kind response-shape; remove it";
    return redan_probe_lint_http(probe);
}

enum redan_status redan_probe_send(struct redan_ctx *ctx, const struct redan_probe *probe,
                                   struct redan_http_response *response)
{
    bool post = probe->body.len > 0;
    const struct redan_http_request request = {
        .method = post ? REDAN_S("POST") : REDAN_S("GET"),
        .url = probe->url,
        .content_type = post ? REDAN_S("application/json") : REDAN_S(""),
        .body = probe->body,
        .seconds = redan_probe_seconds(probe),
    };

    return redan_http_send(ctx, &request, response);
}

static enum redan_status run(struct redan_ctx *ctx, const struct redan_probe *probe,
                             struct redan_probed *probed)
{
    struct redan_http_response response;
    struct redan_node *map = NULL;

    REDAN_TRY(redan_probe_send(ctx, probe, &response));
    map = redan_node_new(ctx, REDAN_NODE_MAP);
    if (!map || !redan_node_add_number(ctx, map, "status", response.status) ||
        !redan_node_add_text(ctx, map, "content_type", response.content_type) ||
        !redan_node_add_number(ctx, map, "bytes", (double)response.body.len))
        return REDAN_E_MEMORY;
    *probed = (struct redan_probed){.observed = map, .n = 1};
    return REDAN_OK;
}

const struct redan_probe_kind redan_probe_http = {
    .name = "http",
    .title = "one request: status, content type and size of the answer",
    .lint = lint,
    .run = run,
};
