/* A verification as signed evidence: of the very subject that the release pins, whole, and unchanged meanwhile. */
#include <string.h>

#include "base/clock.h"
#include "cmd/cli_record.h"
#include "cmd/verify.h"

struct redan_verify_proof {
    struct redan_cli_system loaded;
    struct redan_draft draft;
    struct redan_tree before;
    bool digest; /* the query asks for a digest; else for a signature */
};

static enum redan_status walk(struct redan_verify *v, struct redan_tree *tree)
{
    const struct redan_tree_options options = {.follow = v->model.links};

    return redan_tree_walk(&v->cli->ctx, v->artefact ? v->target : v->model.path, &options, tree);
}

/* A part of the subject, or a judgement at another time, proves nothing of what is released now. */
static enum redan_status whole_only(struct redan_verify *v)
{
    struct redan_cli *cli = v->cli;

    if (v->partial || v->check.ignore_unsigned || v->model.ignore_count || cli->simulated)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "--for records the verification of the whole subject, now: without "
                          "--only, --ignore-unsigned, --ignore-paths and --at");
    if (v->artefact && v->thing.has_digest)
        return redan_fail(
            &cli->ctx, REDAN_E_USAGE, 0,
            "--for records what a file was seen to be: name the file, not its digest");
    return REDAN_OK;
}

static enum redan_status begin(struct redan_verify *v, struct redan_verify_proof *proof)
{
    struct redan_cli *cli = v->cli;
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_slice name = redan_cli_value(cli, "for");

    REDAN_TRY(whole_only(v));
    REDAN_TRY(redan_cli_load_sound(cli, &proof->loaded));
    REDAN_TRY(redan_cli_query(cli, &proof->loaded.system, name, &proof->draft.query));
    const struct redan_query *q = proof->draft.query;
    proof->digest = redan_slice_is(redan_slice_of(q->type->name), "digest");
    if (!proof->digest && !redan_slice_is(redan_slice_of(q->type->name), "signature"))
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "a verification answers queries of the types signature and digest, %.*s "
                          "asks for %s",
                          REDAN_FMT(name), q->type->name);
    if (!q->subject)
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "%.*s has no subject of the release, so a signature proves nothing",
                          REDAN_FMT(name));
    REDAN_TRY(walk(v, &proof->before));
    return redan_cli_pinned(cli, q, v->target, &proof->before.digest);
}

enum redan_status redan_verify_proof_begin(struct redan_verify *v)
{
    static const char *const names[] = {"record-key", "record-ssh-key", "mode", "ledger", "tsa"};
    struct redan_cli *cli = v->cli;

    if (redan_cli_has(cli, "for")) {
        v->proof = redan_take(&cli->ctx, sizeof(*v->proof));
        return v->proof ? begin(v, v->proof) : REDAN_E_MEMORY;
    }
    for (size_t i = 0; i < REDAN_COUNT(names); i++) {
        if (redan_cli_has(cli, names[i]))
            return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                              "--%s is about a record; --for CONTROL/EVIDENCE says which",
                              names[i]);
    }
    return REDAN_OK;
}

static bool add_digest(struct redan_ctx *ctx, struct redan_node *map, const char *key,
                       const struct redan_digest *digest)
{
    struct redan_slice text = {0};

    return redan_digest_text(ctx, digest, &text) == REDAN_OK &&
           redan_node_add_text(ctx, map, key, text);
}

/* What was established of the one whose word the files were held to. */
static bool add_facts(struct redan_ctx *ctx, struct redan_node *map,
                      const struct redan_policy_vote *vote)
{
    const struct redan_signer_facts *facts = &vote->facts;
    struct redan_slice copy = {0};
    char time[REDAN_TIME_TEXT];

    if (!redan_node_add_text(ctx, map, "method",
                             redan_slice_of(redan_sign_method_words[facts->method])) ||
        !redan_node_add_text(ctx, map, "signer", vote->signer ? vote->signer->id : facts->signer) ||
        !add_digest(ctx, map, "key", &facts->key) ||
        !add_digest(ctx, map, "bundle", &vote->digest) ||
        !redan_node_add_number(ctx, map, "timestamps", (double)facts->stamps) ||
        !redan_node_add_number(ctx, map, "logs", (double)facts->logs))
        return false;
    if ((facts->identity.len && !redan_node_add_text(ctx, map, "identity", facts->identity)) ||
        (facts->issuer.len && !redan_node_add_text(ctx, map, "issuer", facts->issuer)))
        return false;
    if (facts->logs && (!redan_node_add_text(ctx, map, "log", facts->log) ||
                        !redan_node_add_number(ctx, map, "log_index", (double)facts->log_index)))
        return false;
    if (!facts->time)
        return true;
    redan_time_text(facts->time, time);
    return redan_copy(ctx, redan_slice_of(time), &copy) == REDAN_OK &&
           redan_node_add_text(ctx, map, "time", copy);
}

static enum redan_status observe(struct redan_verify *v, struct redan_verify_proof *proof)
{
    struct redan_ctx *ctx = &v->cli->ctx;
    const struct redan_policy_vote *first = redan_verify_first(v);
    struct redan_node *map = redan_node_new(ctx, REDAN_NODE_MAP);

    if (!map || !redan_node_add_bool(ctx, map, "verified", !v->refused) ||
        !redan_node_add_text(ctx, map, "format",
                             v->artefact ? REDAN_S("sigstore") : REDAN_S("oms")) ||
        !add_digest(ctx, map, "digest", &proof->before.digest))
        return REDAN_E_MEMORY;
    if (v->refused && !redan_node_add_text(ctx, map, "reason", v->reason))
        return REDAN_E_MEMORY;
    if (first && !add_facts(ctx, map, first))
        return REDAN_E_MEMORY;
    if (first && !v->artefact && !add_digest(ctx, map, "root", &first->manifest.root))
        return REDAN_E_MEMORY;
    if (v->who.by_policy && (!add_digest(ctx, map, "policy", &v->who.policy.digest) ||
                             !redan_node_add_number(ctx, map, "signers", (double)v->agreed)))
        return REDAN_E_MEMORY;
    if (first && (first->facts.stamps || first->facts.logs) &&
        !add_digest(ctx, map, "trust_root", &v->who.trust.root.digest))
        return REDAN_E_MEMORY;
    if (!redan_node_add_number(ctx, map, "files", (double)proof->before.count))
        return REDAN_E_MEMORY;
    proof->draft.observed = map;
    proof->draft.n = proof->before.count;
    return REDAN_OK;
}

static bool same_mark(const struct redan_tree_mark *a, const struct redan_tree_mark *b)
{
    return a->dev == b->dev && a->ino == b->ino && a->mtime == b->mtime && a->ctime == b->ctime;
}

/* The status change time cannot be set by hand: the same inode with the same one has the bytes that were verified. */
static bool untouched(const struct redan_tree *before, const struct redan_tree *after)
{
    bool same = before->count == after->count && redan_digest_eq(&before->digest, &after->digest);

    for (size_t i = 0; i < before->count && same; i++) {
        same = same_mark(&before->files[i].mark, &after->files[i].mark);
    }
    return same;
}

/* What was held to the signature are the very files that were there before and after: folders and links can be swapped in between, and swapped back. */
static bool same_files(const struct redan_verify *v, const struct redan_tree *before)
{
    const struct redan_policy_vote *vote = redan_verify_first(v);
    bool bytes = vote && !vote->manifest.shards && vote->manifest.hash == REDAN_HASH_SHA256;
    size_t k = 0;

    if (v->artefact)
        return redan_digest_eq(&v->thing.digest, &before->digest);
    for (size_t i = 0; i < v->walked.count; i++) {
        const struct redan_tree_file *file = &v->walked.files[i];
        while (k < before->count && redan_slice_cmp(before->files[k].path, file->path) < 0)
            k++;
        if (k == before->count || !redan_slice_eq(before->files[k].path, file->path) ||
            !same_mark(&before->files[k].mark, &file->mark))
            return false;
        if (bytes && memcmp(v->walked.ranges[i].sum.bytes, before->files[k].digest.bytes,
                            REDAN_DIGEST_LEN) != 0)
            return false;
    }
    return true;
}

static bool is_signature(const struct redan_verify *v, struct redan_slice path)
{
    bool is = redan_slice_eq(path, v->check.signature);

    for (size_t i = 0; i < v->check.ignore_count && !is; i++)
        is = redan_slice_eq(path, v->check.ignore[i]);
    return is;
}

/* Files of the subject that no signature speaks for: what the signer ignored, and git's own. The signatures themselves are none. */
static enum redan_status covers(struct redan_verify *v, const struct redan_verify_proof *proof)
{
    size_t left = 0;
    size_t k = 0;

    if (v->artefact || v->refused)
        return REDAN_OK;
    for (size_t i = 0; i < proof->before.count; i++) {
        struct redan_slice path = proof->before.files[i].path;
        if (k < v->walked.count && redan_slice_eq(path, v->walked.files[k].path))
            k++;
        else
            left += !is_signature(v, path);
    }
    if (left == 0)
        return REDAN_OK;
    return redan_fail(&v->cli->ctx, REDAN_E_USAGE, 0,
                      "%zu of the %zu files of %.*s were not signed (left out by the signer, or of "
                      "git), so the signature does not speak for all that is released",
                      left, proof->before.count, REDAN_FMT(v->target));
}

enum redan_status redan_verify_proof_end(struct redan_verify *v)
{
    struct redan_cli *cli = v->cli;
    struct redan_tree after = {0};
    struct redan_verify_proof *proof = v->proof;

    if (!proof)
        return REDAN_OK;
    REDAN_TRY(walk(v, &after));
    if (!untouched(&proof->before, &after) || !same_files(v, &proof->before))
        return redan_fail(&cli->ctx, REDAN_E_IO, 0,
                          "%.*s changed while it was verified, so nothing is recorded; try again",
                          REDAN_FMT(v->target));
    if (proof->digest && v->refused) {
        redan_cli_say(cli, "nothing is recorded: of the type digest only a verified subject is");
        return REDAN_OK;
    }
    REDAN_TRY(covers(v, proof));
    REDAN_TRY(observe(v, proof));
    REDAN_TRY(redan_cli_draft(cli, &proof->draft));
    cli->json = false; /* the report has been given; the record goes without another object */
    return redan_cli_record_with(cli, &proof->loaded.system, &proof->draft, "record-key",
                                 "record-ssh-key");
}

void redan_verify_proof_done(struct redan_verify_proof *proof)
{
    if (proof)
        redan_cli_system_done(&proof->loaded);
}
