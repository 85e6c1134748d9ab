/* From agreed steps to the chain of approved threat models: whether each follows the one before. */
#include "threat/history.h"

#include "threat/history_agree.h"
#include "threat/history_text.h"
#include "threat/system.h"

static const struct redan_digest nothing;

struct reading {
    struct redan_ctx *ctx;
    const struct redan_system *system;
    struct redan_agreements all;
};

/* Of the steps with the highest number, the threat model at hand when it is among them. */
static const struct redan_agreement *newest_of(const struct reading *r)
{
    const struct redan_agreement *own = NULL;

    if (r->all.count == 0)
        return NULL;
    uint64_t last = r->all.items[r->all.count - 1].step.number;
    own = redan_agreement_find(&r->all, last, &r->system->model.root, NULL);
    return own ? own : redan_agreement_find(&r->all, last, NULL, NULL);
}

static enum redan_status find_forks(struct reading *r, uint64_t settled, struct redan_history *h)
{
    for (size_t i = 1; i < r->all.count && h->fork.len == 0; i++) {
        const struct redan_history_step *a = &r->all.items[i - 1].step;
        const struct redan_history_step *b = &r->all.items[i].step;
        if (a->number != b->number || redan_digest_eq(&a->root, &b->root) || a->number <= settled)
            continue;
        REDAN_TRY(redan_format(r->ctx, &h->fork,
                               "two approved threat models have the number %llu: %.*s and %.*s",
                               (unsigned long long)a->number, REDAN_FMT(a->approval->file),
                               REDAN_FMT(b->approval->file)));
    }
    return REDAN_OK;
}

/* What is wrong where the chain ends before it should. */
static enum redan_status break_off(struct reading *r, const struct redan_history_step *step,
                                   struct redan_history *h)
{
    uint64_t number = step->number - 1;

    if (number == 0) {
        if (!redan_digest_eq(&step->previous, &nothing) || !redan_digest_eq(&step->chain, &nothing))
            h->fault = REDAN_S("approval 1 names one before it");
        return REDAN_OK;
    }
    if (redan_agreement_find(&r->all, number, NULL, NULL))
        return redan_format(r->ctx, &h->fork,
                            "approval %llu follows another threat model than the one that has "
                            "the number %llu: %.*s",
                            (unsigned long long)step->number, (unsigned long long)number,
                            REDAN_FMT(step->approval->file));
    return redan_format(r->ctx, &h->fault, "approval %llu is missing", (unsigned long long)number);
}

static void add_step(struct redan_history *h, const struct redan_agreement *agreed)
{
    h->steps[h->count++] = agreed->step;
    if (agreed->keys_version > h->keys_version)
        h->keys_version = agreed->keys_version;
    if (agreed->org_version > h->org_version)
        h->org_version = agreed->org_version;
    if (agreed->catalog_version > h->catalog_version)
        h->catalog_version = agreed->catalog_version;
}

static void add_pinned(struct redan_history *h, const struct redan_pin_last *pinned)
{
    h->steps[h->count++] =
        (struct redan_history_step){.number = pinned->number, .root = pinned->root};
}

/* From the newest step down to number 1 or the pinned one. Below that one nothing is asked for, and what is there is still read. */
static enum redan_status follow(struct reading *r, const struct redan_pin_last *pinned,
                                struct redan_history *h)
{
    const struct redan_agreement *at = newest_of(r);
    bool reached = false;

    /* its signatures are gone, or no longer count: it is known all the same, and what came before is the past */
    if (pinned && (!at || at->step.number < pinned->number)) {
        add_pinned(h, pinned);
        reached = true;
        if (at && at->step.number + 1 != pinned->number)
            at = NULL;
    }
    while (at) {
        const struct redan_history_step *step = &at->step;
        add_step(h, at);
        reached = reached || (pinned && step->number == pinned->number &&
                              redan_digest_eq(&step->root, &pinned->root));
        at = step->number > 1
                 ? redan_agreement_find(&r->all, step->number - 1, &step->previous, &step->chain)
                 : NULL;
        if (at && h->count < REDAN_HISTORY_STEPS)
            continue;
        if (at && !reached)
            REDAN_TRY(redan_format(r->ctx, &h->fault,
                                   "it has more than %d approved threat models; pin a later one",
                                   (int)REDAN_HISTORY_STEPS));
        else if (!at && !reached && pinned && step->number - 1 == pinned->number &&
                 redan_digest_eq(&step->previous, &pinned->root)) {
            add_pinned(h, pinned);
            reached = true;
        } else if (!at && !reached)
            REDAN_TRY(break_off(r, step, h));
        break;
    }
    return find_forks(r, reached ? pinned->number : 0, h);
}

enum redan_status redan_history_read(struct redan_ctx *ctx, const struct redan_system *system,
                                     struct redan_history *history)
{
    struct reading r = {.ctx = ctx, .system = system};
    struct redan_history h = {0};

    REDAN_TRY(redan_agreements_read(ctx, system, &r.all));
    h.steps = redan_take_array(ctx, redan_min_size(r.all.count, REDAN_HISTORY_STEPS) + 1,
                               sizeof(*h.steps));
    if (!h.steps)
        return REDAN_E_MEMORY;
    REDAN_TRY(follow(&r, redan_pin_last(&system->pin, system->model.id), &h));
    h.approved = h.count > 0 && h.steps[0].approval &&
                 redan_digest_eq(&h.steps[0].root, &system->model.root);
    REDAN_TRY(redan_history_texts(ctx, system, &h));
    *history = h;
    return REDAN_OK;
}

const struct redan_history_step *redan_history_before(const struct redan_history *history)
{
    size_t i = history->approved ? 1 : 0;

    return i < history->count ? &history->steps[i] : NULL;
}

enum redan_status redan_history_signed(struct redan_ctx *ctx, const struct redan_system *system,
                                       struct redan_slice role, struct redan_consent *consent,
                                       bool *signed_by_owner)
{
    const struct redan_history_step *before = redan_history_before(&system->history);
    struct redan_slice owner = redan_history_owner(system, role);
    const struct redan_consent_ask ask = {.ring = &system->ring,
                                          .approvals = &system->approvals,
                                          .system = system->model.id,
                                          .kind = REDAN_APPROVAL_RELEASE,
                                          .subject = &system->model.root,
                                          .role = role,
                                          .not_before = before ? before->time : 0};

    *signed_by_owner = false;
    REDAN_TRY(redan_consent_count(ctx, &ask, consent));
    for (size_t i = 0; i < consent->count && !*signed_by_owner; i++)
        *signed_by_owner = redan_slice_eq(consent->holders[i], owner);
    return REDAN_OK;
}
