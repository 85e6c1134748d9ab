/* Reads a model's signatures and has them judged, in the order that fails early: form, signer, what was signed. */
#include "sign/verified.h"

#include "io/file.h"

static enum redan_status read_bundle(struct redan_ctx *ctx, struct redan_slice path,
                                     struct redan_policy_vote *vote)
{
    struct redan_slice text = {0};

    REDAN_TRY(redan_file_read(ctx, path, REDAN_BUNDLE_MAX, true, &text));
    vote->file = path;
    enum redan_status status = redan_sha256(ctx, text, &vote->digest);
    if (status == REDAN_OK)
        status = redan_bundle_parse(ctx, text, &vote->bundle);
    if (status == REDAN_OK && !vote->bundle.is_dsse)
        status = redan_fail(ctx, REDAN_E_SCHEMA, 0,
                            "this bundle signs bytes and no model: it has no statement in it");
    if (status != REDAN_OK)
        redan_fail_name(ctx, path);
    return status;
}

/* A key or a root certificate is an answer by itself: a timestamp of authorities that the trust root does not know neither helps nor harms it. */
static enum redan_status judge_signer(struct redan_ctx *ctx,
                                      const struct redan_verified_wanted *wanted,
                                      const struct redan_bundle *bundle,
                                      struct redan_signer_facts *facts)
{
    const struct redan_signed_thing thing = {.oms = true};
    struct redan_signer_wanted alone = *wanted->signer;
    const struct redan_failure before = ctx->failure;

    enum redan_status status = redan_sign_judge(ctx, bundle, wanted->signer, &thing, facts);
    if (status != REDAN_E_SIGNATURE || wanted->strict || alone.method == REDAN_SIGN_SIGSTORE ||
        alone.need_log || alone.need_stamp || bundle->log_count + bundle->stamp_count == 0)
        return status;
    ctx->failure = before;
    alone.root = NULL;
    return redan_sign_judge(ctx, bundle, &alone, &thing, facts);
}

static enum redan_status judge_one(struct redan_ctx *ctx,
                                   const struct redan_verified_wanted *wanted,
                                   struct redan_verified *verified)
{
    struct redan_policy_vote vote = {.signer = NULL};

    if (wanted->signature_count != 1)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "several signatures are counted by a policy");
    REDAN_TRY(read_bundle(ctx, wanted->signatures[0], &vote));
    enum redan_status status = judge_signer(ctx, wanted, &vote.bundle, &verified->facts);
    if (status == REDAN_OK)
        status = redan_manifest_parse(ctx, vote.bundle.dsse.payload, &verified->manifest);
    if (status != REDAN_OK) {
        redan_fail_name(ctx, wanted->signatures[0]);
        return status;
    }
    verified->signer = verified->facts.signer;
    return REDAN_OK;
}

/* The ids of those that count, and the manifest that all of them signed. */
static enum redan_status tell(struct redan_ctx *ctx, const struct redan_policy_vote *votes,
                              size_t count, struct redan_verified *verified)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};
    const struct redan_policy_vote *first = NULL;

    redan_buf_init(&text, ctx, ctx->limits.json);
    for (size_t i = 0; i < count; i++) {
        if (!votes[i].signer)
            continue;
        redan_buf_text(&text, first ? ", " : "");
        redan_buf_slice(&text, votes[i].signer->id);
        first = first ? first : &votes[i];
    }
    REDAN_TRY(redan_buf_ok(ctx, &text, "the signers"));
    if (!first)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0, "the policy counts no signature");
    verified->manifest = first->manifest;
    verified->facts = first->facts;
    return redan_copy(ctx, redan_buf_view(&text), &verified->signer);
}

static enum redan_status judge_all(struct redan_ctx *ctx,
                                   const struct redan_verified_wanted *wanted,
                                   struct redan_verified *verified)
{
    struct redan_policy_vote *votes =
        redan_take_array(ctx, wanted->signature_count, sizeof(*votes));
    size_t agreed = 0;

    if (!votes)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < wanted->signature_count; i++)
        REDAN_TRY(read_bundle(ctx, wanted->signatures[i], &votes[i]));
    REDAN_TRY(redan_policy_judge(ctx, wanted->policy, redan_path_name(wanted->model), votes,
                                 wanted->signature_count, &agreed));
    return tell(ctx, votes, wanted->signature_count, verified);
}

enum redan_status redan_verified_judge(struct redan_ctx *ctx,
                                       const struct redan_verified_wanted *wanted,
                                       struct redan_verified *verified)
{
    struct redan_verified made = {.signer = {0}};

    if (wanted->signature_count == 0)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "no signature was named");
    if (wanted->policy)
        REDAN_TRY(judge_all(ctx, wanted, &made));
    else
        REDAN_TRY(judge_one(ctx, wanted, &made));
    *verified = made;
    return REDAN_OK;
}
