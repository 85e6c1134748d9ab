/* Several signatures under one policy: who made each, whether it still counts, and whether enough different signers agree on one model. */
#include <stdlib.h>
#include <string.h>

#include "codec/problem.h"
#include "sign/manifest_parts.h"
#include "sign/policy.h"
#include "text/glob.h"

enum { AHEAD = 300, NOBODY = REDAN_POLICY_SIGNERS, WHY = 700 }; /* seconds that clocks may differ */

struct judging {
    struct redan_ctx *ctx;
    const struct redan_verify_policy *policy;
    struct redan_slice model;
    struct redan_policy_vote *votes;
    size_t count;
    /* [vote * signers + signer]: what was established, or NULL */
    struct redan_signer_facts **facts;
    size_t *signer_of; /* of each vote; NOBODY */
    size_t *vote_of;   /* of each signer; SIZE_MAX */
};

static struct redan_signer_facts **facts_of(const struct judging *j, size_t vote, size_t signer)
{
    return &j->facts[vote * j->policy->signer_count + signer];
}

/* A refusal is said and forgotten; what the machine refuses goes up. */
static bool is_refusal(enum redan_status status)
{
    return status != REDAN_OK && status != REDAN_E_MEMORY && status != REDAN_E_IO;
}

static enum redan_status refused(struct judging *j, struct redan_slice *why)
{
    enum redan_status status = redan_copy(j->ctx, redan_slice_of(j->ctx->failure.text), why);

    if (status == REDAN_OK)
        redan_fail_clear(j->ctx);
    return status;
}

static bool is_revoked(const struct judging *j, const struct redan_digest *digest)
{
    for (size_t i = 0; i < j->policy->revoked.count; i++) {
        struct redan_digest revoked;
        if (redan_digest_parse(j->policy->revoked.items[i], &revoked) &&
            redan_digest_eq(&revoked, digest))
            return true;
    }
    return false;
}

static enum redan_status revoke(struct judging *j, const struct redan_digest *digest,
                                const char *what)
{
    char hex[REDAN_DIGEST_HEX];

    if (!is_revoked(j, digest))
        return REDAN_OK;
    redan_digest_hex(digest, hex);
    return redan_fail(j->ctx, REDAN_E_SIGNATURE, 0, "the policy has revoked the %s sha256:%s", what,
                      hex);
}

static enum redan_status check_age(struct judging *j, const struct redan_policy_signer *signer,
                                   const struct redan_signer_facts *facts)
{
    int64_t now = j->ctx->now;
    int64_t at = facts->time ? facts->time : now;

    if (at > now && at - now > AHEAD)
        return redan_fail(j->ctx, REDAN_E_SIGNATURE, 0,
                          "its verified time is in the future; look at this machine's clock");
    if (signer->until && at > signer->until)
        return redan_fail(j->ctx, REDAN_E_SIGNATURE, 0,
                          facts->time ? "it was made after the day until which %.*s may sign"
                                      : "%.*s may no longer sign, and no verified time says that "
                                        "it was made before",
                          REDAN_FMT(signer->id));
    if (j->policy->max_age && !facts->time)
        return redan_fail(j->ctx, REDAN_E_SIGNATURE, 0,
                          "the policy has a max-age, but no verified time says how old it is");
    if (j->policy->max_age && now - at > j->policy->max_age)
        return redan_fail(j->ctx, REDAN_E_SIGNATURE, 0, "it is older than the policy's max-age");
    return REDAN_OK;
}

/* One signature as this signer's. */
static enum redan_status judge_as(struct judging *j, const struct redan_policy_vote *vote,
                                  const struct redan_policy_signer *signer,
                                  struct redan_signer_facts *facts)
{
    const struct redan_signed_thing thing = {.oms = true};

    if (signer->models.len && !redan_glob_fits(signer->models, j->model))
        return redan_fail(j->ctx, REDAN_E_SIGNATURE, 0, "%.*s may sign %.*s, not this model",
                          REDAN_FMT(signer->id), REDAN_FMT(signer->models));
    REDAN_TRY(redan_sign_judge(j->ctx, &vote->bundle, &signer->wanted, &thing, facts));
    REDAN_TRY(revoke(j, &facts->key, "key"));
    if (facts->method != REDAN_SIGN_KEY)
        REDAN_TRY(revoke(j, &facts->certificate, "certificate"));
    if (j->policy->need_stamp && facts->stamps == 0)
        return redan_fail(j->ctx, REDAN_E_SIGNATURE, 0, "the policy needs a timestamp");
    if (j->policy->need_log && facts->logs == 0)
        return redan_fail(j->ctx, REDAN_E_SIGNATURE, 0, "the policy needs a log entry");
    return check_age(j, signer, facts);
}

/* What does not depend on who made it. */
static enum redan_status check_bundle(struct judging *j, const struct redan_policy_vote *vote)
{
    REDAN_TRY(revoke(j, &vote->digest, "signature file"));
    if (!vote->bundle.is_dsse)
        return redan_fail(j->ctx, REDAN_E_SIGNATURE, 0,
                          "it signs a message, not a model; a DSSE envelope is wanted");
    for (size_t i = 0; i < vote->bundle.certificate_count; i++) {
        struct redan_digest digest;
        REDAN_TRY(redan_sha256(j->ctx, vote->bundle.certificates[i], &digest));
        REDAN_TRY(revoke(j, &digest, "certificate"));
    }
    return REDAN_OK;
}

static enum redan_status check_manifest(struct judging *j, struct redan_policy_vote *vote)
{
    REDAN_TRY(redan_manifest_parse(j->ctx, vote->bundle.dsse.payload, &vote->manifest));
    if (j->policy->hashes && !(j->policy->hashes & 1u << vote->manifest.hash))
        return redan_fail(j->ctx, REDAN_E_SIGNATURE, 0,
                          "its files are hashed by %s, which the policy does not allow",
                          redan_hash_name(vote->manifest.hash));
    return revoke(j, &vote->manifest.root, "model");
}

/* Every signer who may have made it. */
static enum redan_status judge_signers(struct judging *j, size_t index, bool *any)
{
    struct redan_policy_vote *vote = &j->votes[index];
    REDAN_DEFER(redan_buf_done) struct redan_buf why;

    redan_buf_init(&why, j->ctx, REDAN_POLICY_SIGNERS * 1024);
    for (size_t i = 0; i < j->policy->signer_count; i++) {
        const struct redan_policy_signer *signer = &j->policy->signers[i];
        struct redan_signer_facts facts = {0};
        enum redan_status status = judge_as(j, vote, signer, &facts);
        if (is_refusal(status)) {
            redan_buf_printf(&why, "%s%.*s: %s", why.len ? "; " : "", REDAN_FMT(signer->id),
                             j->ctx->failure.text);
            redan_fail_clear(j->ctx);
            continue;
        }
        REDAN_TRY(status);
        struct redan_signer_facts *kept = redan_take(j->ctx, sizeof(*kept));
        if (!kept)
            return REDAN_E_MEMORY;
        *kept = facts;
        *facts_of(j, index, i) = kept;
        *any = true;
    }
    REDAN_TRY(redan_buf_ok(j->ctx, &why, "the reasons for a refusal"));
    struct redan_slice said = redan_slice_sub(redan_buf_view(&why), 0, WHY);
    return *any ? REDAN_OK : redan_copy(j->ctx, said, &vote->refused);
}

static enum redan_status judge_vote(struct judging *j, size_t index)
{
    struct redan_policy_vote *vote = &j->votes[index];
    bool any = false;

    vote->signer = NULL;
    vote->refused = (struct redan_slice){0};
    enum redan_status status = check_bundle(j, vote);
    if (status == REDAN_OK) {
        REDAN_TRY(judge_signers(j, index, &any));
        status = any ? check_manifest(j, vote) : REDAN_OK;
    }
    if (!is_refusal(status))
        return status;
    for (size_t i = 0; i < j->policy->signer_count; i++)
        *facts_of(j, index, i) = NULL;
    return refused(j, &vote->refused);
}

/* The same hand, whatever the policy calls it: one key, or one name from one issuer. */
static bool same_hand(const struct redan_signer_facts *a, const struct redan_signer_facts *b)
{
    return redan_digest_eq(&a->key, &b->key) ||
           (a->method == b->method && a->method != REDAN_SIGN_KEY && a->signer.len &&
            redan_slice_eq(a->signer, b->signer) && redan_slice_eq(a->issuer, b->issuer));
}

/* Give `vote` a signer, moving others along (an augmenting path by breadth; Kuhn 1955): a signer with a broad pattern must not take the place of one with a narrow
 * one. */
static enum redan_status seat(struct judging *j, size_t vote)
{
    size_t signers = j->policy->signer_count;
    size_t *from = redan_take_array(j->ctx, signers, sizeof(*from)); /* vote + 1 that leads here */
    size_t *queue = redan_take_array(j->ctx, j->count + 1, sizeof(*queue));
    size_t head = 0;
    size_t tail = 0;
    size_t end = NOBODY;

    if (!from || !queue)
        return REDAN_E_MEMORY;
    queue[tail++] = vote;
    while (head < tail && end == NOBODY) {
        size_t at = queue[head++];
        for (size_t s = 0; s < signers && end == NOBODY; s++) {
            if (!*facts_of(j, at, s) || from[s])
                continue;
            from[s] = at + 1;
            if (j->vote_of[s] == SIZE_MAX)
                end = s;
            else
                queue[tail++] = j->vote_of[s];
        }
    }
    while (end != NOBODY) {
        size_t at = from[end] - 1;
        size_t before = j->signer_of[at];
        j->signer_of[at] = end;
        j->vote_of[end] = at;
        end = at == vote ? NOBODY : before;
    }
    return REDAN_OK;
}

static const struct redan_signer_facts *any_facts(const struct judging *j, size_t vote)
{
    for (size_t s = 0; s < j->policy->signer_count; s++) {
        if (*facts_of(j, vote, s))
            return *facts_of(j, vote, s);
    }
    return NULL;
}

static enum redan_status refuse_twice(struct judging *j, size_t index, size_t other)
{
    struct redan_policy_vote *vote = &j->votes[index];

    for (size_t s = 0; s < j->policy->signer_count; s++)
        *facts_of(j, index, s) = NULL;
    return redan_format(j->ctx, &vote->refused, "the signer of %.*s made it too, and counts once",
                        REDAN_FMT(j->votes[other].file));
}

/* Of several signatures by one hand the first counts. */
static enum redan_status drop_repeats(struct judging *j)
{
    for (size_t i = 0; i < j->count; i++) {
        for (size_t k = 0; k < i; k++) {
            const struct redan_signer_facts *mine = any_facts(j, i);
            const struct redan_signer_facts *other = any_facts(j, k);
            if (mine && other && same_hand(mine, other))
                REDAN_TRY(refuse_twice(j, i, k));
        }
    }
    return REDAN_OK;
}

/* In what two manifests are not of the same files, or NULL. A root is over digests alone (6.5.1): names, ranges and links are no part of it. */
static const char *difference(const struct redan_manifest *a, const struct redan_manifest *b)
{
    if (a->hash != b->hash || !redan_digest_eq(&a->root, &b->root) || a->count != b->count)
        return "root digests";
    for (size_t i = 0; i < a->count; i++) {
        const struct redan_manifest_entry *x = &a->entries[i];
        const struct redan_manifest_entry *y = &b->entries[i];
        if (!redan_slice_eq(x->path, y->path) || x->from != y->from || x->to != y->to ||
            !redan_sum_eq(&x->sum, &y->sum))
            return "files' names or shards";
    }
    return a->links == b->links ? NULL : "words on symbolic links";
}

/* The first one is what the files are held to: it excuses no path that another signer did not leave out. */
static enum redan_status excuse_less(struct judging *j, struct redan_manifest *first,
                                     const struct redan_manifest *other)
{
    struct redan_slice *tops = redan_take_array(j->ctx, other->ignore_count + 1, sizeof(*tops));
    size_t kept = 0;

    if (!tops)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < other->ignore_count; i++)
        tops[i] = other->ignore[i];
    if (other->ignore_count > 1)
        qsort(tops, other->ignore_count, sizeof(*tops), redan_manifest_by_text);
    for (size_t i = 0; i < first->ignore_count; i++) {
        if (redan_manifest_below_any(first->ignore[i], tops, other->ignore_count))
            first->ignore[kept++] = first->ignore[i];
    }
    first->ignore_count = kept;
    return REDAN_OK;
}

static enum redan_status count_votes(struct judging *j, size_t *agreed)
{
    struct redan_policy_vote *first = NULL;
    size_t n = 0;

    for (size_t i = 0; i < j->count; i++) {
        struct redan_policy_vote *vote = &j->votes[i];
        if (j->signer_of[i] == NOBODY) {
            if (any_facts(j, i))
                vote->refused = REDAN_S("the signers that could have made it count already");
            continue;
        }
        vote->signer = &j->policy->signers[j->signer_of[i]];
        vote->facts = **facts_of(j, i, j->signer_of[i]);
        if (first) {
            const char *what = difference(&first->manifest, &vote->manifest);
            if (what)
                return redan_fail(j->ctx, REDAN_E_SIGNATURE, 0,
                                  "%.*s and %.*s sign different models: their %s differ",
                                  REDAN_FMT(first->file), REDAN_FMT(vote->file), what);
            REDAN_TRY(excuse_less(j, &first->manifest, &vote->manifest));
        }
        first = first ? first : vote;
        n++;
    }
    if (n < j->policy->quorum) {
        struct redan_slice why = {0};
        for (size_t i = 0; i < j->count && !why.len; i++)
            why = redan_slice_sub(j->votes[i].refused, 0, REDAN_FAILURE_TEXT / 2);
        return redan_fail(j->ctx, REDAN_E_SIGNATURE, 0,
                          "%zu of %zu signatures count, the policy wants %llu%s%.*s", n, j->count,
                          (unsigned long long)j->policy->quorum, why.len ? "; " : "",
                          REDAN_FMT(why));
    }
    *agreed = n;
    return REDAN_OK;
}

enum redan_status redan_verify_policy_judge(struct redan_ctx *ctx,
                                            const struct redan_verify_policy *policy,
                                            struct redan_slice model_name,
                                            struct redan_policy_vote *votes, size_t count,
                                            size_t *agreed)
{
    struct judging j = {
        .ctx = ctx, .policy = policy, .model = model_name, .votes = votes, .count = count};

    if (policy->quorum == 0 || policy->signer_count == 0)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "a policy without signers or quorum");
    if (count > REDAN_POLICY_VOTES)
        return redan_fail(ctx, REDAN_E_LIMIT, 0, "%zu signature files are more than %d", count,
                          REDAN_POLICY_VOTES);
    j.facts = redan_take_array(ctx, (count ? count : 1) * policy->signer_count,
                               sizeof(struct redan_signer_facts *));
    j.signer_of = redan_take_array(ctx, count ? count : 1, sizeof(*j.signer_of));
    j.vote_of = redan_take_array(ctx, policy->signer_count, sizeof(*j.vote_of));
    if (!j.facts || !j.signer_of || !j.vote_of)
        return REDAN_E_MEMORY;
    for (size_t s = 0; s < policy->signer_count; s++)
        j.vote_of[s] = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        j.signer_of[i] = NOBODY;
        REDAN_TRY(judge_vote(&j, i));
    }
    REDAN_TRY(drop_repeats(&j));
    for (size_t i = 0; i < count; i++) {
        if (any_facts(&j, i))
            REDAN_TRY(seat(&j, i));
    }
    return count_votes(&j, agreed);
}
