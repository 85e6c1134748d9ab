/* Nothing goes back: neither the files that were signed or pinned, nor the producers' records, nor the chain of approvals itself. */
#include "base/clock.h"
#include "threat/check_table.h"
#include "threat/diff.h"

static const char *const maps[] = {"sp-800-218a:2024/PS.1.2", NULL};
static const char *const review_maps[] = {"sp-800-218a:2024/PW.2.1", NULL};
static const struct redan_rule back = {"TM022", "older than what was approved or pinned",
                                       REDAN_SEVERITY_CRITICAL, maps,
                                       "restore the newest from version control"};
static const struct redan_rule chain = {"TM023", "the chain of approvals is broken",
                                        REDAN_SEVERITY_CRITICAL, maps,
                                        "restore redan/approvals from version control"};
static const struct redan_rule review = {
    "TM031", "the review is older than the organisation allows", REDAN_SEVERITY_MEDIUM, review_maps,
    "review it, and have both leads sign again: redan approve --role ROLE --key KEY"};
static const struct redan_rule *const rules[] = {&back, &chain, &review, NULL};

static enum redan_status raise(struct redan_check *check, const struct redan_rule *rule,
                               enum redan_level level, struct redan_slice detail)
{
    return redan_check_raise(check, rule, level, NULL, detail, redan_slice_of(rule->help));
}

/* A version that may only rise. */
static enum redan_status check_version(struct redan_check *check, const char *what, uint64_t now,
                                       uint64_t was_signed, uint64_t was_pinned)
{
    uint64_t least = was_pinned > was_signed ? was_pinned : was_signed;
    struct redan_slice detail = {0};

    if (now >= least)
        return REDAN_OK;
    REDAN_TRY(redan_format(check->ctx, &detail, "%s has version %llu, and version %llu was %s",
                           what, (unsigned long long)now, (unsigned long long)least,
                           was_pinned > was_signed ? "pinned" : "signed"));
    return raise(check, &back, REDAN_LEVEL_FAIL, detail);
}

static enum redan_status check_versions(struct redan_check *check)
{
    const struct redan_system *s = check->system;
    const struct redan_history *h = &s->history;
    static const struct redan_digest none;
    bool had_org = h->org_version > 0 || s->pin.org_version > 0;

    for (size_t i = 0; h->approved && i < 2; i++)
        had_org = had_org || !redan_digest_eq(&h->steps[0].leads[i]->step.org, &none);
    REDAN_TRY(
        check_version(check, "keys.yaml", s->ring.version, h->keys_version, s->pin.keys_version));
    REDAN_TRY(check_version(check, "the catalogue of this program", s->catalog->version,
                            h->catalog_version, 0));
    if (!s->has_org && had_org)
        return raise(check, &back, REDAN_LEVEL_FAIL,
                     REDAN_S("there is no org.yaml, and one was signed or pinned"));
    return check_version(check, "org.yaml", s->org.version, h->org_version, s->pin.org_version);
}

/* The step whose threat model is at hand although another was approved after it. */
static const struct redan_history_step *older_step(const struct redan_system *s)
{
    const struct redan_history *h = &s->history;

    for (size_t i = 1; !h->approved && i < h->count; i++) {
        if (redan_digest_eq(&h->steps[i].root, &s->model.root))
            return &h->steps[i];
    }
    return NULL;
}

static enum redan_status check_model(struct redan_check *check)
{
    const struct redan_system *s = check->system;
    const struct redan_history *h = &s->history;
    const struct redan_history_step *older = older_step(s);
    struct redan_slice detail = {0};

    if (!older)
        return REDAN_OK;
    REDAN_TRY(
        redan_format(check->ctx, &detail,
                     "this threat model is approval %llu, and approval %llu was made after it",
                     (unsigned long long)older->number, (unsigned long long)h->steps[0].number));
    return redan_check_raise(
        check, &back, REDAN_LEVEL_FAIL, NULL, detail,
        REDAN_S("restore the newest threat model, or have both leads sign this "
                "one again: redan approve --role ROLE --key KEY"));
}

static enum redan_status check_pinned(struct redan_check *check)
{
    const struct redan_system *s = check->system;
    const struct redan_history *h = &s->history;
    const struct redan_pin_last *pinned = redan_pin_last(&s->pin, s->model.id);
    struct redan_slice detail = {0};

    if (!pinned)
        return REDAN_OK;
    for (size_t i = 0; i < h->count; i++) {
        if (h->steps[i].number != pinned->number ||
            redan_digest_eq(&h->steps[i].root, &pinned->root))
            continue;
        REDAN_TRY(redan_format(check->ctx, &detail,
                               "approval %llu is of another threat model than the pinned one",
                               (unsigned long long)pinned->number));
        return raise(check, &back, REDAN_LEVEL_FAIL, detail);
    }
    /* where it is the threat model at hand, what is missing are signatures, and TM003 says whose */
    if (h->steps[0].approval || redan_digest_eq(&h->steps[0].root, &s->model.root))
        return REDAN_OK;
    REDAN_TRY(redan_format(check->ctx, &detail,
                           "approval %llu was pinned, and it is not there, or its signatures no "
                           "longer count",
                           (unsigned long long)pinned->number));
    return redan_check_raise(check, &back, REDAN_LEVEL_FAIL, NULL, detail,
                             REDAN_S("restore redan/ from version control; where a lead's key has "
                                     "ended, have the leads sign that threat model again first"));
}

/* Whether an approval makes one of the chain's steps; a lead whose key has ended may have left. */
static bool is_of_chain(const struct redan_check *check, const struct redan_approval *a)
{
    const struct redan_system *s = check->system;
    const struct redan_history *h = &s->history;
    uint64_t newest = h->count ? h->steps[0].number : 0;
    uint64_t at = newest - a->step.number;

    if (a->fault.len || a->kind != REDAN_APPROVAL_RELEASE || a->step.number > newest ||
        at >= h->count || !redan_slice_eq(a->system, s->model.id) ||
        !redan_digest_eq(&a->subject, &h->steps[at].root))
        return false;
    for (size_t i = 0; i < a->signer_count; i++) {
        const struct redan_keyring_key *key = a->signers[i].key;
        if (redan_keyring_holds(&s->ring, key->holder, a->role) ||
            redan_keyring_state(key, check->ctx->now) != REDAN_KEY_VALID)
            return true;
    }
    return false;
}

static struct redan_slice bytes_of(const struct redan_digest *digest)
{
    return (struct redan_slice){(const char *)digest->bytes, sizeof(digest->bytes)};
}

/* The records by their digests; one whose own producer's signature does not verify any more is not there. */
static enum redan_status map_records(struct redan_check *check, struct redan_map *records)
{
    const struct redan_store *store = &check->system->store;

    redan_map_init(records, check->ctx);
    for (size_t i = 0; i < store->count; i++) {
        struct redan_record *r = &store->records[i];
        if (r->fault.len || !redan_record_is_own(r))
            continue;
        enum redan_status status = redan_map_put(records, bytes_of(&r->digest), r);
        if (status != REDAN_E_EXISTS)
            REDAN_TRY(status);
    }
    return REDAN_OK;
}

static bool is_there(const struct redan_map *records, const struct redan_approval_head *head)
{
    const struct redan_record *r = redan_map_get(records, bytes_of(&head->digest));

    return r && r->seq == head->seq && redan_slice_eq(r->producer, head->producer) &&
           redan_slice_eq(r->system, head->system);
}

/* Every record that a lead saw as a producer's newest, at whichever step, is still there: what was forgotten once is not forgiven by the
 * next approval. */
static enum redan_status check_heads(struct redan_check *check)
{
    const struct redan_approvals *all = &check->system->approvals;
    const struct redan_approval_head *first = NULL;
    struct redan_map records;
    struct redan_slice detail = {0};

    REDAN_TRY(map_records(check, &records));
    for (size_t i = 0; i < all->count && !first; i++) {
        const struct redan_approval *a = &all->items[i];
        if (!is_of_chain(check, a))
            continue;
        const struct redan_approval_head *heads = a->step.heads;
        for (size_t k = 0; heads && k < a->step.head_count && !first; k++) {
            if (!is_there(&records, &heads[k]))
                first = &heads[k];
        }
    }
    if (!first)
        return REDAN_OK;
    REDAN_TRY(redan_format(check->ctx, &detail,
                           "record %llu of %.*s about %.*s was there when it was approved, and is "
                           "gone or no longer signed",
                           (unsigned long long)first->seq, REDAN_FMT(first->producer),
                           REDAN_FMT(first->system)));
    return redan_check_raise(check, &back, REDAN_LEVEL_FAIL, NULL, detail,
                             REDAN_S("restore redan/evidence from version control"));
}

/* Both have signed this threat model, and yet not the same step. */
static enum redan_status check_agreement(struct redan_check *check)
{
    const struct redan_system *s = check->system;
    static const char *const roles[] = {"ml-lead", "security-lead"};

    if (s->history.approved || older_step(s))
        return REDAN_OK;
    for (size_t i = 0; i < 2; i++) {
        struct redan_consent consent = {0};
        bool yes = false;
        REDAN_TRY(redan_history_signed(check->ctx, s, redan_slice_of(roles[i]), &consent, &yes));
        if (!yes)
            return REDAN_OK;
    }
    return redan_check_raise(
        check, &chain, REDAN_LEVEL_FAIL, NULL,
        REDAN_S("the two leads have signed this threat model as different steps of the chain"),
        REDAN_S("have both sign again: redan approve --role ROLE --key KEY"));
}

static enum redan_status check_diff(struct redan_check *check)
{
    const struct redan_system *s = check->system;
    const struct redan_history *h = &s->history;
    const struct redan_history_step *before = redan_history_before(h);
    struct redan_diff diff;

    if (!h->approved || (h->steps[0].number > 1 && (!before || !before->model)))
        return REDAN_OK;
    REDAN_TRY(redan_history_diff(check->ctx, s, before ? before->model : NULL, &diff));
    if (redan_digest_eq(&diff.digest, &h->steps[0].diff))
        return REDAN_OK;
    return redan_check_raise(
        check, &chain, REDAN_LEVEL_FAIL, NULL,
        REDAN_S(
            "the difference that was signed is not the one to the threat model approved before"),
        REDAN_S("read what changed, redan review, and have both leads sign again: redan approve "
                "--role ROLE --key KEY"));
}

static enum redan_status check_chain(struct redan_check *check)
{
    const struct redan_history *h = &check->system->history;
    struct redan_slice detail = {0};
    struct redan_slice action = {0};

    if (h->fork.len)
        REDAN_TRY(redan_check_raise(
            check, &chain, REDAN_LEVEL_FAIL, NULL, h->fork,
            REDAN_S("remove the approvals of the one that is not to stand, and have both leads "
                    "sign what does: redan approve --role ROLE --key KEY")));
    if (h->fault.len)
        REDAN_TRY(raise(check, &chain, REDAN_LEVEL_FAIL, h->fault));
    if (h->missing.len) {
        REDAN_TRY(redan_format(check->ctx, &detail,
                               "redan/%.*s is not there, or is not what was approved",
                               REDAN_FMT(h->missing)));
        REDAN_TRY(redan_format(check->ctx, &action, "restore redan/%.*s from version control",
                               REDAN_FMT(h->missing)));
        REDAN_TRY(redan_check_raise(check, &chain, REDAN_LEVEL_UNCLEAR, NULL, detail, action));
    }
    REDAN_TRY(check_agreement(check));
    return check_diff(check);
}

/* each-release and each-change ask for no more than that the leads have signed this very threat model. */
static enum redan_status check_review_age(struct redan_check *check)
{
    const struct redan_history *h = &check->system->history;
    const struct redan_rules *limits = check->system->org.rules;
    int64_t span = limits->review_every;
    struct redan_slice detail = {0};
    char age[REDAN_TIME_TEXT];

    if (span == 0)
        return REDAN_OK;
    if (!h->approved || check->ctx->now - h->steps[0].reviewed <= span)
        return REDAN_OK;
    redan_span_text(check->ctx->now - h->steps[0].reviewed, age);
    REDAN_TRY(redan_format(check->ctx, &detail,
                           "the review is %s old, the organisation allows %.*s", age,
                           REDAN_FMT(limits->review)));
    return raise(check, &review, REDAN_LEVEL_FAIL, detail);
}

static enum redan_status run(struct redan_check *check)
{
    REDAN_TRY(check_versions(check));
    REDAN_TRY(check_model(check));
    REDAN_TRY(check_pinned(check));
    REDAN_TRY(check_heads(check));
    REDAN_TRY(check_chain(check));
    return check_review_age(check);
}

const struct redan_threat_check redan_check_history = {
    .name = "history", .rules = rules, .run = run};
