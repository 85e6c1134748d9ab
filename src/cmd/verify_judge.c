/* Judges the signatures, then holds the files to what they say. What is wrong with them is a result; what could not be read is a failure. */
#include "cmd/sign_files.h"
#include "cmd/verify.h"
#include "io/file.h"
#include "sign/verified.h"

enum { REMARKS = 64, BYTES_MAX = 512 << 20 };

const struct redan_policy_vote *redan_verify_first(const struct redan_verify *v)
{
    for (size_t i = 0; i < v->vote_count; i++) {
        if (v->votes[i].refused.len == 0 && (v->votes[i].signer || !v->who.by_policy))
            return &v->votes[i];
    }
    return NULL;
}

static enum redan_status remark(struct redan_verify *v, struct redan_slice text)
{
    if (!v->remarks)
        v->remarks = redan_take_array(&v->cli->ctx, REMARKS, sizeof(*v->remarks));
    if (!v->remarks)
        return REDAN_E_MEMORY;
    if (v->remark_count < REMARKS)
        v->remarks[v->remark_count++] = text;
    return REDAN_OK;
}

/* A bad signature refuses; anything else goes up. */
static enum redan_status settle(struct redan_verify *v, enum redan_status status)
{
    struct redan_ctx *ctx = &v->cli->ctx;

    if (!redan_verified_refuses(status))
        return status;
    REDAN_TRY(redan_verified_why(ctx, &v->reason));
    redan_fail_clear(ctx);
    v->refused = true;
    return REDAN_OK;
}

static enum redan_status judge_one(struct redan_verify *v, struct redan_policy_vote *vote)
{
    struct redan_ctx *ctx = &v->cli->ctx;
    const struct redan_signer_wanted *signer = &v->who.signer;
    bool strict = v->artefact || v->who.trust.given;
    struct redan_slice stray = {0};
    struct redan_slice note = {0};

    enum redan_status status = redan_verified_read(ctx, vote);
    if (redan_verified_refuses(status)) /* what cannot be read is named in the words already */
        redan_fail_name(ctx, vote->file);
    REDAN_TRY(status);
    if (v->artefact)
        REDAN_TRY(redan_verified_signer(ctx, &vote->bundle, signer, &v->thing, strict, &vote->facts,
                                        &stray));
    else
        REDAN_TRY(redan_verified_model(ctx, signer, strict, vote, &stray));
    if (stray.len == 0)
        return REDAN_OK;
    REDAN_TRY(redan_format(ctx, &note,
                           "the timestamps and log entries beside the signature do not count; "
                           "--trust-root says whose would: %.*s",
                           REDAN_FMT(stray)));
    return remark(v, note);
}

static enum redan_status judge_policy(struct redan_verify *v)
{
    REDAN_TRY(settle(v, redan_verified_policy(&v->cli->ctx, &v->who.policy, v->model.name, v->votes,
                                              v->vote_count, &v->agreed)));
    if (v->refused) {
        v->agreed = 0;
        for (size_t i = 0; i < v->vote_count; i++)
            v->agreed += v->votes[i].refused.len == 0 && v->votes[i].signer;
    }
    return REDAN_OK;
}

static void progress(void *arg, uint64_t bytes, uint64_t total)
{
    redan_cli_progress(arg, bytes, total);
}

static enum redan_status say_differences(struct redan_verify *v)
{
    size_t counts[3] = {0};

    for (size_t i = 0; i < v->difference_count; i++)
        counts[v->differences[i].fault]++;
    v->refused = true;
    return redan_format(&v->cli->ctx, &v->reason,
                        "the signature is good, and the files are not those that were signed: %zu "
                        "changed, %zu missing, %zu extra",
                        counts[REDAN_MANIFEST_CHANGED], counts[REDAN_MANIFEST_MISSING],
                        counts[REDAN_MANIFEST_EXTRA]);
}

static enum redan_status compare(struct redan_verify *v)
{
    const struct redan_policy_vote *vote = redan_verify_first(v);
    struct redan_cli_progress line;
    struct redan_tree_options tree = {.progress = progress, .arg = &line};

    v->check.tree = &tree;
    v->check.walked = &v->walked;
    redan_cli_progress_begin(v->cli, &line);
    enum redan_status status =
        redan_manifest_compare(&v->cli->ctx, &vote->manifest, v->model.path, &v->check,
                               &v->differences, &v->difference_count);
    redan_cli_progress_end(&line);
    redan_fail_name(&v->cli->ctx, v->model.path);
    if (status == REDAN_E_SCHEMA || status == REDAN_E_SIGNATURE)
        return settle(v, status);
    REDAN_TRY(status);
    v->files = v->partial ? v->walked.count : redan_sign_files_count(&vote->manifest);
    return v->difference_count ? say_differences(v) : REDAN_OK;
}

static enum redan_status take_remarks(struct redan_verify *v)
{
    const struct redan_policy_vote *vote = redan_verify_first(v);

    if (!vote)
        return REDAN_OK;
    for (size_t i = 0; i < vote->manifest.remark_count; i++)
        REDAN_TRY(remark(v, vote->manifest.remarks[i]));
    if (vote->facts.old_form)
        REDAN_TRY(remark(v, REDAN_S("the bundle has an older form; sign it again to be sure that "
                                    "all clients read it")));
    if (v->check.ignore_unsigned)
        REDAN_TRY(remark(v, REDAN_S("files that were not signed were left unlooked at "
                                    "(--ignore-unsigned): open signed ones only")));
    if (v->partial)
        REDAN_TRY(remark(v, REDAN_S("only what --only names was verified")));
    if (v->model.links && !vote->manifest.links)
        REDAN_TRY(remark(v, REDAN_S("--allow-symlinks has no effect: the signature was made "
                                    "without links")));
    return REDAN_OK;
}

/* The digest always, the bytes where they may be needed: for Ed25519, and for other hashes. */
static enum redan_status read_thing(struct redan_verify *v)
{
    struct redan_ctx *ctx = &v->cli->ctx;
    struct redan_tree tree = {0};

    if (v->thing.has_digest) {
        v->files = 1;
        return REDAN_OK;
    }
    const struct redan_tree_options follow = {.follow = true};
    REDAN_TRY(redan_tree_walk(ctx, v->target, &follow, &tree));
    if (tree.folder)
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "%.*s is a folder; a model's folder is verified without --bundle: redan "
                          "verify MODEL --signature FILE",
                          REDAN_FMT(v->target));
    v->thing.digest = tree.digest;
    v->thing.has_digest = true;
    v->files = 1;
    if (tree.bytes > BYTES_MAX)
        return REDAN_OK;
    REDAN_TRY(redan_file_read(ctx, v->target, BYTES_MAX, true, &v->thing.bytes));
    struct redan_digest again;
    REDAN_TRY(redan_sha256(ctx, v->thing.bytes, &again));
    if (!redan_digest_eq(&again, &v->thing.digest))
        return redan_fail(ctx, REDAN_E_IO, 0, "%.*s changed while it was read; try again",
                          REDAN_FMT(v->target));
    v->thing.has_bytes = true;
    return REDAN_OK;
}

enum redan_status redan_verify_judge(struct redan_verify *v)
{
    if (v->artefact)
        REDAN_TRY(read_thing(v));
    if (v->who.by_policy) {
        REDAN_TRY(judge_policy(v));
    } else {
        REDAN_TRY(settle(v, judge_one(v, &v->votes[0])));
        v->votes[0].refused = v->reason;
    }
    REDAN_TRY(take_remarks(v));
    if (v->refused || v->artefact)
        return REDAN_OK;
    return compare(v);
}

void redan_verify_done(struct redan_verify *v)
{
    redan_verify_proof_done(v->proof);
    v->proof = NULL;
    redan_sign_wanted_done(&v->who);
}
