/* From a token to a bundle: certificate, signature, log entry, timestamps, and the judgement of the whole. */
#include "base/clock.h"
#include "sign/keyless_parts.h"

static const struct redan_slice none;

static enum redan_status check_services(struct redan_ctx *ctx,
                                        const struct redan_keyless_services *services)
{
    const char *missing = services->fulcio.len == 0      ? "Fulcio (--fulcio)"
                          : services->rekor.len == 0     ? "Rekor v2 (--rekor)"
                          : services->stamper_count == 0 ? "timestamp authority (--tsa)"
                                                         : NULL;

    if (!missing)
        return REDAN_OK;
    return redan_fail(ctx, REDAN_E_USAGE, 0,
                      "there is no address of a %s; name it, or give a signing configuration "
                      "(--signing-config) that has one valid today",
                      missing);
}

/* What is to be signed: a statement, in an envelope, or the bytes of any file. */
struct content {
    bool is_dsse;
    struct redan_slice bytes;
};

/* The bare signature, and the digest of what it is over (messageSignature). */
static enum redan_status make_message(struct redan_ctx *ctx, const struct redan_key *key,
                                      struct redan_slice message, struct redan_bundle *bundle,
                                      struct redan_slice *said)
{
    *said = message;
    bundle->has_digest = true;
    bundle->digest_hash = REDAN_HASH_SHA256;
    REDAN_TRY(redan_hash_all(ctx, REDAN_HASH_SHA256, message, &bundle->digest));
    return redan_key_sign(ctx, key, message, &bundle->signature);
}

static enum redan_status make(struct redan_ctx *ctx, const struct redan_key *key,
                              const struct content *content, const struct redan_certificate *leaf,
                              struct redan_bundle *bundle, struct redan_slice *said)
{
    bundle->version = REDAN_BUNDLE_V03;
    bundle->material = REDAN_BUNDLE_CERTIFICATE;
    bundle->is_dsse = content->is_dsse;
    bundle->certificates = redan_take(ctx, sizeof(*bundle->certificates));
    if (!bundle->certificates)
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_copy(ctx, redan_certificate_der(leaf), bundle->certificates));
    bundle->certificate_count = 1;
    return content->is_dsse ? redan_sign_envelope(ctx, key, content->bytes, bundle, said)
                            : make_message(ctx, key, content->bytes, bundle, said);
}

/* A stamp outside the certificate's life proves nothing: two services disagree about the time. */
static enum redan_status check_time(struct redan_ctx *ctx, struct redan_slice url,
                                    const struct redan_certificate_facts *facts,
                                    int64_t milliseconds)
{
    int64_t at = milliseconds / 1000;
    char stamp[REDAN_TIME_TEXT];
    char from[REDAN_TIME_TEXT];
    char until[REDAN_TIME_TEXT];
    char now[REDAN_TIME_TEXT];

    if (milliseconds == 0 || (at >= facts->from && at <= facts->until))
        return REDAN_OK;
    redan_time_text(at, stamp);
    redan_time_text(facts->from, from);
    redan_time_text(facts->until, until);
    redan_time_text(ctx->now, now);
    return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                      "the timestamp authority at %.120s says it is %s, Fulcio's certificate holds "
                      "from %s until %s: a clock is off by at least %lld seconds (this machine "
                      "says %s); the clock that is wrong must be set",
                      redan_keyless_show(url).text, stamp, from, until,
                      (long long)(at < facts->from ? facts->from - at : at - facts->until), now);
}

static enum redan_status add_stamps(struct redan_ctx *ctx,
                                    const struct redan_keyless_services *services,
                                    const struct redan_certificate_facts *facts,
                                    const struct redan_trust_root *root,
                                    struct redan_bundle *bundle)
{
    for (size_t i = 0; i < services->stamper_count; i++) {
        int64_t milliseconds = 0;
        REDAN_TRY(redan_keyless_stamp_by(ctx, services->stampers[i], services->seconds, root,
                                         bundle, &milliseconds));
        REDAN_TRY(check_time(ctx, services->stampers[i], facts, milliseconds));
    }
    return REDAN_OK;
}

/* What a verifier will say, before anybody is given it. */
static enum redan_status judge(struct redan_ctx *ctx, const struct redan_certificate_facts *facts,
                               const struct redan_trust_root *root, const struct content *content,
                               const struct redan_bundle *bundle)
{
    const struct redan_signer_wanted wanted = {.method = REDAN_SIGN_SIGSTORE,
                                               .identity = facts->names[0].value,
                                               .issuer = facts->oidc_issuer,
                                               .root = root,
                                               .no_ct = root->ct_log_count == 0,
                                               .need_log = true,
                                               .need_stamp = true};
    const struct redan_signed_thing thing = {
        .oms = content->is_dsse, .has_bytes = !content->is_dsse, .bytes = content->bytes};
    struct redan_signer_facts seen = {0};
    enum redan_status status = redan_sign_judge(ctx, bundle, &wanted, &thing, &seen);

    return redan_keyless_blame(ctx, status, "the signature that was made does not verify", none,
                               "nothing is kept of it");
}

static enum redan_status sign(struct redan_ctx *ctx, const struct redan_keyless_services *services,
                              const struct content *content, const struct redan_key *key,
                              const struct redan_keyless_certificate *certificate,
                              const struct redan_trust_root *root, struct redan_bundle *bundle)
{
    struct redan_slice said = {0};

    REDAN_TRY(make(ctx, key, content, certificate->chain[0], bundle, &said));
    REDAN_TRY(redan_keyless_log(ctx, services, certificate->chain[0], said, root, bundle));
    REDAN_TRY(add_stamps(ctx, services, &certificate->facts, root, bundle));
    return root ? judge(ctx, &certificate->facts, root, content, bundle) : REDAN_OK;
}

static enum redan_status sign_content(struct redan_ctx *ctx,
                                      const struct redan_keyless_services *services,
                                      struct redan_slice token, const struct content *content,
                                      const struct redan_trust_root *root,
                                      struct redan_bundle *bundle)
{
    struct redan_keyless_certificate REDAN_DEFER(redan_keyless_certificate_done)
        certificate = {.count = 0};
    struct redan_key *REDAN_DEFER(redan_key_drop) key = NULL; /* lives as long as this call */
    struct redan_keyless_claims claims = {0};
    struct redan_bundle made = {0};

    REDAN_TRY(check_services(ctx, services));
    REDAN_TRY(redan_keyless_claims(ctx, token, &claims));
    REDAN_TRY(redan_key_new(ctx, REDAN_KEY_P256, &key));
    REDAN_TRY(redan_keyless_certify(ctx, services, token, &claims, key, root, &certificate));
    REDAN_TRY(sign(ctx, services, content, key, &certificate, root, &made));
    *bundle = made;
    return REDAN_OK;
}

enum redan_status redan_keyless_sign(struct redan_ctx *ctx,
                                     const struct redan_keyless_services *services,
                                     struct redan_slice token, struct redan_slice payload,
                                     const struct redan_trust_root *root,
                                     struct redan_bundle *bundle)
{
    const struct content content = {.is_dsse = true, .bytes = payload};

    return sign_content(ctx, services, token, &content, root, bundle);
}

enum redan_status redan_keyless_sign_message(struct redan_ctx *ctx,
                                             const struct redan_keyless_services *services,
                                             struct redan_slice token, struct redan_slice message,
                                             const struct redan_trust_root *root,
                                             struct redan_bundle *bundle)
{
    const struct content content = {.bytes = message};

    return sign_content(ctx, services, token, &content, root, bundle);
}
