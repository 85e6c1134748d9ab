/* Reads a model's signatures and has them judged, in the order that fails early: form, signer, what was signed. */
#include "sign/verified.h"

#include "io/file.h"

bool redan_verified_refuses(enum redan_status status)
{
    return status == REDAN_E_SIGNATURE || status == REDAN_E_SCHEMA || status == REDAN_E_SYNTAX ||
           status == REDAN_E_LIMIT;
}

enum redan_status redan_verified_why(struct redan_ctx *ctx, struct redan_slice *text)
{
    const struct redan_failure *f = &ctx->failure;
    const char *said = f->text[0] ? f->text : redan_status_name(f->status);

    if (f->name[0] && f->line)
        return redan_format(ctx, text, "%s:%u:%u: %s", f->name, f->line, f->column, said);
    if (f->name[0] && f->offset)
        return redan_format(ctx, text, "%s:byte %llu: %s", f->name, (unsigned long long)f->offset,
                            said);
    return redan_format(ctx, text, "%s%s%s", f->name, f->name[0] ? ": " : "", said);
}

enum redan_status redan_verified_read(struct redan_ctx *ctx, struct redan_policy_vote *vote)
{
    struct redan_slice text = {0};

    REDAN_TRY(redan_file_read(ctx, vote->file, REDAN_BUNDLE_MAX, true, &text));
    REDAN_TRY(redan_sha256(ctx, text, &vote->digest));
    return redan_bundle_parse(ctx, text, &vote->bundle);
}

enum redan_status redan_verified_signer(struct redan_ctx *ctx, const struct redan_bundle *bundle,
                                        const struct redan_signer_wanted *signer,
                                        const struct redan_signed_thing *thing, bool strict,
                                        struct redan_signer_facts *facts, struct redan_slice *stray)
{
    struct redan_signer_wanted alone = *signer;
    const struct redan_failure before = ctx->failure;
    struct redan_slice why = {0};
    enum redan_status status = redan_sign_judge(ctx, bundle, signer, thing, facts);

    *stray = (struct redan_slice){0};
    if (status != REDAN_E_SIGNATURE || strict || signer->method == REDAN_SIGN_SIGSTORE ||
        signer->need_log || signer->need_stamp || bundle->log_count + bundle->stamp_count == 0)
        return status;
    REDAN_TRY(redan_verified_why(ctx, &why));
    ctx->failure = before;
    alone.root = NULL;
    REDAN_TRY(redan_sign_judge(ctx, bundle, &alone, thing, facts));
    *stray = why;
    return REDAN_OK;
}

enum redan_status redan_verified_model(struct redan_ctx *ctx,
                                       const struct redan_signer_wanted *signer, bool strict,
                                       struct redan_policy_vote *vote, struct redan_slice *stray)
{
    const struct redan_signed_thing thing = {.oms = true};

    if (!vote->bundle.is_dsse)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "%.*s signs one file, not the files of a model: redan verify --bundle "
                          "BUNDLE FILE",
                          REDAN_FMT(vote->file));
    REDAN_TRY(
        redan_verified_signer(ctx, &vote->bundle, signer, &thing, strict, &vote->facts, stray));
    return redan_manifest_parse(ctx, vote->bundle.dsse.payload, &vote->manifest);
}

enum redan_status redan_verified_policy(struct redan_ctx *ctx,
                                        const struct redan_verify_policy *policy,
                                        struct redan_slice model_name,
                                        struct redan_policy_vote *votes, size_t count,
                                        size_t *agreed)
{
    size_t sound = 0;

    for (size_t i = 0; i < count; i++) {
        struct redan_policy_vote vote = votes[i];
        enum redan_status status = redan_verified_read(ctx, &vote);
        if (redan_verified_refuses(status)) {
            REDAN_TRY(redan_verified_why(ctx, &vote.refused));
            redan_fail_clear(ctx);
            votes[i] = vote;
            continue;
        }
        REDAN_TRY(status);
        votes[i] = votes[sound];
        votes[sound++] = vote;
    }
    return redan_verify_policy_judge(ctx, policy, model_name, votes, sound, agreed);
}

static enum redan_status judge_one(struct redan_ctx *ctx,
                                   const struct redan_verified_wanted *wanted,
                                   struct redan_verified *verified)
{
    struct redan_policy_vote vote = {.signer = NULL};
    struct redan_slice stray = {0};

    if (wanted->signature_count != 1)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "several signatures are counted by a policy");
    vote.file = wanted->signatures[0];
    enum redan_status status = redan_verified_read(ctx, &vote);
    if (status != REDAN_OK && !redan_verified_refuses(status)) /* it names the file itself */
        return status;
    if (status == REDAN_OK)
        status = redan_verified_model(ctx, wanted->signer, wanted->strict, &vote, &stray);
    redan_fail_name(ctx, vote.file);
    REDAN_TRY(status);
    verified->manifest = vote.manifest;
    verified->facts = vote.facts;
    verified->signer = vote.facts.signer;
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
        votes[i].file = wanted->signatures[i];
    REDAN_TRY(redan_verified_policy(ctx, wanted->policy, redan_path_name(wanted->model), votes,
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
