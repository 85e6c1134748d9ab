/* Which services to use: Sigstore's SigningConfig v0.2 (protobuf-specs, sigstore_trustroot.proto). */
#include <string.h>

#include "base/clock.h"
#include "codec/json.h"
#include "codec/json_pull.h"
#include "sign/keyless_parts.h"

enum { SERVICES = 64 }; /* of one kind in a configuration */

#define MEDIA_TYPE "application/vnd.dev.sigstore.signingconfig.v0.2+json"

struct service {
    struct redan_slice url;
    struct redan_slice owner;
    int64_t version;
    int64_t start;
};

/* Those of one kind that can be used now, one of each operator, newest first. */
struct choice {
    struct service list[SERVICES];
    size_t count;
};

/* What there is of one kind, and what this client speaks. */
struct kind {
    const char *urls;
    const char *config; /* NULL: the newest one is taken */
    int64_t version;    /* majorApiVersion */
};

static enum redan_status wrong(struct redan_ctx *ctx, const struct redan_node *at, const char *what)
{
    return redan_fail(ctx, REDAN_E_SCHEMA, at->offset, "the signing configuration: %s", what);
}

static enum redan_status read_time(struct redan_ctx *ctx, const struct redan_node *span,
                                   const char *key, bool must, int64_t *seconds)
{
    const struct redan_node *node = redan_node_get(span, key);

    if (!node || node->kind == REDAN_NODE_NULL)
        return must ? wrong(ctx, span, "validFor must have a start") : REDAN_OK;
    if (node->kind != REDAN_NODE_TEXT || !redan_time_parse(node->text, seconds))
        return wrong(ctx, node, "a time of validFor must be RFC 3339, as 2026-11-24T00:00:00Z");
    return REDAN_OK;
}

static enum redan_status read_service(struct redan_ctx *ctx, const struct redan_node *node,
                                      struct service *service, bool *now)
{
    const struct redan_node *version = redan_node_get(node, "majorApiVersion");
    const struct redan_node *span = redan_node_get(node, "validFor");
    int64_t end = INT64_MAX;

    if (node->kind != REDAN_NODE_MAP)
        return wrong(ctx, node, "a service must be a map with url, majorApiVersion and validFor");
    service->url = redan_node_text(node, "url");
    service->owner = redan_node_text(node, "operator");
    if (!redan_slice_starts(service->url, REDAN_S("https://")) &&
        !redan_slice_starts(service->url, REDAN_S("http://")))
        return wrong(ctx, node, "the url of a service must begin with https://");
    if (!version || version->kind != REDAN_NODE_NUMBER ||
        !redan_json_i64(version->text, &service->version) || service->version < 1)
        return wrong(ctx, node, "majorApiVersion of a service must be a whole number from 1");
    if (!span || span->kind != REDAN_NODE_MAP)
        return wrong(ctx, node, "a service must have validFor with a start");
    REDAN_TRY(read_time(ctx, span, "start", true, &service->start));
    REDAN_TRY(read_time(ctx, span, "end", false, &end));
    *now = service->start <= ctx->now && ctx->now <= end;
    return REDAN_OK;
}

/* The newest of each operator, in falling order of their starts; among equals the first written. */
static void choose(struct choice *choice, const struct service *service)
{
    size_t at = 0;

    for (size_t i = 0; i < choice->count; i++) {
        if (!redan_slice_eq(choice->list[i].owner, service->owner))
            continue;
        if (choice->list[i].start >= service->start)
            return;
        for (size_t k = i + 1; k < choice->count; k++)
            choice->list[k - 1] = choice->list[k];
        choice->count--;
        break;
    }
    while (at < choice->count && choice->list[at].start >= service->start)
        at++;
    for (size_t k = choice->count; k > at; k--)
        choice->list[k] = choice->list[k - 1];
    choice->list[at] = *service;
    choice->count++;
}

static enum redan_status read_kind(struct redan_ctx *ctx, const struct redan_node *root,
                                   const struct kind *kind, struct choice *choice)
{
    const struct redan_node *list = redan_node_get(root, kind->urls);

    choice->count = 0;
    if (!list || list->kind == REDAN_NODE_NULL)
        return REDAN_OK;
    if (list->kind != REDAN_NODE_LIST)
        return wrong(ctx, list, "caUrls, rekorTlogUrls and tsaUrls must be lists of services");
    if (list->count > SERVICES)
        return redan_fail(ctx, REDAN_E_LIMIT, list->offset,
                          "the signing configuration: %zu services of a kind; %d are the most",
                          list->count, SERVICES);
    for (const struct redan_node *node = list->first; node; node = node->next) {
        struct service service = {0};
        bool now = false;
        REDAN_TRY(read_service(ctx, node, &service, &now));
        if (now && service.version == kind->version)
            choose(choice, &service);
    }
    return REDAN_OK;
}

/* ServiceSelector: how many of them are wanted. No configuration means all, as other clients take it. */
static enum redan_status select_some(struct redan_ctx *ctx, const struct redan_node *root,
                                     const struct kind *kind, struct choice *choice)
{
    const struct redan_node *config = redan_node_get(root, kind->config);
    const struct redan_node *number = redan_node_get(config, "count");
    struct redan_slice selector = redan_node_text(config, "selector");
    int64_t count = 0;

    if (!config || config->kind == REDAN_NODE_NULL || redan_slice_is(selector, "ALL"))
        return REDAN_OK;
    if (redan_slice_is(selector, "ANY")) {
        choice->count = redan_min_size(choice->count, 1);
        return REDAN_OK;
    }
    if (!redan_slice_is(selector, "EXACT"))
        return wrong(ctx, config, "the selector must be ANY, ALL or EXACT");
    if (!number || number->kind != REDAN_NODE_NUMBER || !redan_json_i64(number->text, &count) ||
        count < 1 || count > SERVICES)
        return wrong(ctx, config, "EXACT needs a count from 1");
    if (choice->count < (size_t)count)
        return redan_fail(ctx, REDAN_E_SCHEMA, config->offset,
                          "the signing configuration: %s wants %lld services and %zu can be used "
                          "now (majorApiVersion %lld, each of another operator, valid today)",
                          kind->config, (long long)count, choice->count, (long long)kind->version);
    choice->count = (size_t)count;
    return REDAN_OK;
}

static enum redan_status check_media(struct redan_ctx *ctx, const struct redan_node *root)
{
    struct redan_slice type = redan_node_text(root, "mediaType");

    if (root->kind != REDAN_NODE_MAP)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "the signing configuration is %s, not a map",
                          redan_node_kind_name(root->kind));
    if (redan_slice_is(type, MEDIA_TYPE))
        return REDAN_OK;
    return redan_fail(
        ctx, REDAN_E_SCHEMA, root->offset,
        "the signing configuration has the mediaType \"%s\"; version 0.2 is read (%s)",
        redan_keyless_show(type).text, MEDIA_TYPE);
}

static enum redan_status copy_url(struct redan_ctx *ctx, const struct service *service,
                                  struct redan_slice *url)
{
    return redan_copy(ctx, service->url, url);
}

static enum redan_status read_log(struct redan_ctx *ctx, const struct redan_node *root,
                                  struct choice *choice, struct redan_slice *rekor)
{
    static const struct kind log = {"rekorTlogUrls", "rekorTlogConfig", 2};

    REDAN_TRY(read_kind(ctx, root, &log, choice));
    REDAN_TRY(select_some(ctx, root, &log, choice));
    if (choice->count > 1)
        return redan_fail(ctx, REDAN_E_UNSUPPORTED, 0,
                          "the signing configuration wants every signature in %zu logs; one is "
                          "written to: set rekorTlogConfig.selector to ANY",
                          choice->count);
    return choice->count ? redan_copy(ctx, choice->list[0].url, rekor) : REDAN_OK;
}

enum redan_status redan_keyless_config(struct redan_ctx *ctx, struct redan_slice text,
                                       struct redan_keyless_services *services)
{
    /* The certificate authority's API is /api/v2 and its majorApiVersion 1: every client of Sigstore's takes it so. */
    static const struct kind authority = {"caUrls", NULL, 1};
    static const struct kind stamper = {"tsaUrls", "tsaConfig", 1};
    const struct redan_node *root = NULL;
    struct redan_keyless_services made = {0};
    struct choice *choice = redan_take(ctx, sizeof(*choice));

    if (!choice)
        return REDAN_E_MEMORY;
    enum redan_status status = redan_json_parse(ctx, text, &root);
    if (status != REDAN_OK)
        return redan_keyless_blame(ctx, status, "the signing configuration",
                                   (struct redan_slice){0}, NULL);
    REDAN_TRY(check_media(ctx, root));
    REDAN_TRY(read_kind(ctx, root, &authority, choice));
    if (choice->count)
        REDAN_TRY(redan_copy(ctx, choice->list[0].url, &made.fulcio));
    REDAN_TRY(read_log(ctx, root, choice, &made.rekor));
    REDAN_TRY(read_kind(ctx, root, &stamper, choice));
    REDAN_TRY(select_some(ctx, root, &stamper, choice));
    if (choice->count > REDAN_BUNDLE_STAMPS)
        return redan_fail(ctx, REDAN_E_LIMIT, 0,
                          "the signing configuration: %zu timestamp authorities; %d are the most",
                          choice->count, REDAN_BUNDLE_STAMPS);
    made.stampers =
        redan_take_array(ctx, choice->count ? choice->count : 1, sizeof(*made.stampers));
    if (!made.stampers)
        return REDAN_E_MEMORY;
    for (; made.stamper_count < choice->count; made.stamper_count++)
        REDAN_TRY(
            copy_url(ctx, &choice->list[made.stamper_count], &made.stampers[made.stamper_count]));
    *services = made;
    return REDAN_OK;
}
