/* RFC 3161 timestamps over a signature, from every authority that is named. */
#include "crypto/timestamp.h"
#include "sign/keyless_parts.h"

static const struct redan_slice none;

static enum redan_status believe(struct redan_ctx *ctx, struct redan_slice answer,
                                 struct redan_slice request, struct redan_slice signature,
                                 const struct redan_trust_root *root, int64_t *milliseconds)
{
    struct redan_timestamp_authority *authorities = NULL;
    struct redan_slice token = {0};
    enum redan_status status = redan_timestamp_accept(ctx, answer, request, &token);

    *milliseconds = 0;
    if (status != REDAN_OK || !root)
        return status;
    REDAN_TRY(redan_trust_root_stampers(ctx, root, &authorities));
    status = redan_timestamp_verify_response(ctx, answer, signature, authorities,
                                             root->stamper_count, milliseconds);
    return redan_keyless_blame(ctx, status, "its timestamp is not believed", none,
                               "is this the trust root of that authority?");
}

static enum redan_status add_stamp(struct redan_ctx *ctx, struct redan_bundle *bundle,
                                   struct redan_slice stamp)
{
    struct redan_slice *stamps = NULL;

    if (bundle->stamp_count >= REDAN_BUNDLE_STAMPS)
        return redan_fail(ctx, REDAN_E_LIMIT, 0, "a bundle holds at most %d timestamps",
                          REDAN_BUNDLE_STAMPS);
    stamps = redan_take_array(ctx, bundle->stamp_count + 1, sizeof(*stamps));
    if (!stamps)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < bundle->stamp_count; i++)
        stamps[i] = bundle->stamps[i];
    stamps[bundle->stamp_count] = stamp;
    bundle->stamps = stamps;
    bundle->stamp_count++;
    return REDAN_OK;
}

enum redan_status redan_keyless_stamp_by(struct redan_ctx *ctx, struct redan_slice url,
                                         unsigned seconds, const struct redan_trust_root *root,
                                         struct redan_bundle *bundle, int64_t *milliseconds)
{
    const struct redan_slice accept = REDAN_S("Accept: application/timestamp-reply");
    struct redan_slice request = {0};
    struct redan_slice answer = {0};

    REDAN_TRY(redan_timestamp_request(ctx, bundle->signature, &request));
    const struct redan_keyless_exchange exchange = {.service = "the timestamp authority",
                                                    .method = REDAN_S("POST"),
                                                    .url = url,
                                                    .type = REDAN_S("application/timestamp-query"),
                                                    .body = request,
                                                    .headers = &accept,
                                                    .header_count = 1,
                                                    .seconds = seconds};
    REDAN_TRY(redan_keyless_send(ctx, &exchange, &answer));
    enum redan_status status = believe(ctx, answer, request, bundle->signature, root, milliseconds);
    if (status != REDAN_OK)
        return redan_keyless_blame(ctx, status, exchange.service, url, NULL);
    return add_stamp(ctx, bundle, answer);
}

enum redan_status redan_keyless_stamp(struct redan_ctx *ctx,
                                      const struct redan_keyless_services *services,
                                      const struct redan_trust_root *root,
                                      struct redan_bundle *bundle)
{
    struct redan_bundle stamped = *bundle;
    int64_t milliseconds = 0;

    if (services->stamper_count == 0)
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "there is no timestamp authority to ask; name one with --tsa, or in the "
                          "signing configuration");
    for (size_t i = 0; i < services->stamper_count; i++)
        REDAN_TRY(redan_keyless_stamp_by(ctx, services->stampers[i], services->seconds, root,
                                         &stamped, &milliseconds));
    *bundle = stamped;
    return REDAN_OK;
}
