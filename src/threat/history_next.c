/* What the next approval says: the step after the newest one, and the state of keys, organisation, catalogue and producers' chains. */
#include <stdlib.h>

#include "threat/diff.h"
#include "threat/system.h"

enum { SKEW = 300 }; /* seconds that two clocks may differ */

static int by_head(const void *a, const void *b)
{
    const struct redan_approval_head *x = a;
    const struct redan_approval_head *y = b;
    int order = redan_approval_head_cmp(x, y);

    return order != 0 ? order : (x->seq > y->seq) - (x->seq < y->seq);
}

enum redan_status redan_history_heads(struct redan_ctx *ctx, const struct redan_system *s,
                                      struct redan_approval_step *step)
{
    const struct redan_store *store = &s->store;
    struct redan_approval_head *all = redan_take_array(ctx, store->count, sizeof(*all));
    size_t count = 0;
    size_t kept = 0;

    if (!all)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < store->count; i++) {
        const struct redan_record *r = &store->records[i];
        bool ours = redan_slice_eq(r->system, s->model.id) ||
                    (s->has_org && redan_slice_eq(r->system, s->org.id));
        if (!r->fault.len && ours && redan_record_is_own(r))
            all[count++] = (struct redan_approval_head){r->producer, r->system, r->seq, r->digest};
    }
    if (count > 1)
        qsort(all, count, sizeof(*all), by_head);
    for (size_t i = 0; i < count; i++) {
        if (i + 1 == count || redan_approval_head_cmp(&all[i], &all[i + 1]) != 0)
            all[kept++] = all[i];
    }
    if (kept > REDAN_APPROVAL_HEADS)
        return redan_fail(ctx, REDAN_E_LIMIT, 0,
                          "%zu producers have recorded something; an approval names %d at most",
                          kept, (int)REDAN_APPROVAL_HEADS);
    step->heads = all;
    step->head_count = kept;
    return REDAN_OK;
}

/* Whether a lead's key may say where a step stands; one that is void may not, one that has merely ended is second best. */
static bool may_say(const struct redan_ctx *ctx, const struct redan_system *s,
                    const struct redan_approval *a, bool ended)
{
    for (size_t k = 0; k < a->signer_count; k++) {
        const struct redan_keyring_key *key = a->signers[k].key;
        bool valid = redan_keyring_state(key, ctx->now) == REDAN_KEY_VALID;
        bool is_void = key->revoked && key->revoked->reason == 1;
        if (redan_keyring_holds(&s->ring, key->holder, a->role) && !is_void && (valid || ended))
            return true;
    }
    return false;
}

/* The pinned step is this threat model's, and a lead's key has ended since: a signature that is left says where the step stands, and it is
 * signed anew. NULL when there is none. */
static const struct redan_approval *standing(const struct redan_ctx *ctx,
                                             const struct redan_system *s)
{
    const struct redan_history *h = &s->history;
    const struct redan_approvals *all = &s->approvals;
    const struct redan_approval *second = NULL;

    if (h->count == 0 || h->approved || h->steps[0].approval ||
        !redan_digest_eq(&h->steps[0].root, &s->model.root))
        return NULL;
    for (size_t i = 0; i < all->count; i++) {
        const struct redan_approval *a = &all->items[i];
        if (a->fault.len || a->kind != REDAN_APPROVAL_RELEASE ||
            a->step.number != h->steps[0].number || !redan_slice_eq(a->system, s->model.id) ||
            !redan_digest_eq(&a->subject, &s->model.root))
            continue;
        if (may_say(ctx, s, a, false))
            return a;
        if (!second && may_say(ctx, s, a, true))
            second = a;
    }
    return second;
}

/* The chain that would be added to is whole, and ends where the pin says at least. */
static enum redan_status may_add(struct redan_ctx *ctx, const struct redan_system *s)
{
    const struct redan_history *h = &s->history;

    if (h->fork.len)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "%.*s; remove the approvals of the one that is not to stand",
                          REDAN_FMT(h->fork));
    if (h->fault.len)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "the chain of approvals is broken: %.*s; restore redan/approvals from "
                          "version control",
                          REDAN_FMT(h->fault));
    if (h->count > 0 && !h->approved && !h->steps[0].approval && !standing(ctx, s))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "approval %llu was pinned, and it is not there, or its signatures no "
                          "longer count: restore redan/ from version control; where a lead's key "
                          "has ended, have the leads sign that threat model again first; where the "
                          "keys of both were compromised, pin the root alone and begin anew",
                          (unsigned long long)h->steps[0].number);
    return REDAN_OK;
}

/* Its number, the one before it, and what was changed since. */
static enum redan_status place(struct redan_ctx *ctx, const struct redan_system *s,
                               struct redan_approval_step *step)
{
    const struct redan_history *h = &s->history;
    const struct redan_history_step *before = redan_history_before(h);
    const struct redan_threat_model *model = before ? before->model : NULL;
    const struct redan_approval *again = standing(ctx, s);
    struct redan_diff diff;

    if (again) {
        step->number = again->step.number;
        step->previous = again->step.previous;
        step->chain = again->step.chain;
        model = NULL; /* that of `before` is this one's own */
    } else if (h->approved) {
        step->number = h->steps[0].number;
        step->previous = h->steps[0].previous;
        step->chain = h->steps[0].chain;
    } else {
        step->number = before ? before->number + 1 : 1;
        if (before) {
            step->previous = before->root;
            step->chain = before->own;
        }
    }
    if (step->number > 1 && !model) {
        struct redan_slice path = {0};
        REDAN_TRY(redan_history_model(ctx, s->folder, &step->previous, &model, &path));
        if (!model)
            return redan_fail(ctx, REDAN_E_ABSENT, 0,
                              "the threat model approved before is not there, so that what "
                              "changed cannot be told; restore redan/%.*s from version control",
                              REDAN_FMT(path));
    }
    if (before && ctx->now + SKEW < before->time)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "this machine's clock stands before the approval that this one "
                          "follows; set it");
    REDAN_TRY(redan_history_diff(ctx, s, model, &diff));
    step->diff = diff.digest;
    return REDAN_OK;
}

enum redan_status redan_history_next(struct redan_ctx *ctx, const struct redan_system *system,
                                     struct redan_approval_step *step)
{
    struct redan_approval_step made = {.keys_version = system->ring.version,
                                       .catalog_version = system->catalog->version,
                                       .catalog = system->catalog->digest};

    REDAN_TRY(may_add(ctx, system));
    REDAN_TRY(place(ctx, system, &made));
    if (system->has_org) {
        made.org_version = system->org.version;
        made.org = system->org.file;
    }
    REDAN_TRY(redan_history_heads(ctx, system, &made));
    *step = made;
    return REDAN_OK;
}
