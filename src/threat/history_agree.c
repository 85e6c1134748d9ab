/* Who stands behind which step: the approvals of a system, grouped, and counted by role. */
#include "threat/history_agree.h"

#include <stdlib.h>
#include <string.h>

#include "threat/system.h"

static const char *const role_words[] = {"ml-lead", "security-lead"};

/* One person's signatures in one role over one step. */
struct person {
    struct redan_slice holder;
    int64_t first;
    int64_t last;
    const struct redan_approval *newest;
};

struct people {
    struct person *items;
    size_t count;
};

struct reading {
    struct redan_ctx *ctx;
    const struct redan_system *system;
    const struct redan_approval **items; /* of the releases of this system, by step */
    size_t count;
    struct people sides[2]; /* room for every holder of the ring */
    struct redan_agreements *made;
};

static int by_step(const void *a, const void *b)
{
    const struct redan_approval *x = *(const struct redan_approval *const *)a;
    const struct redan_approval *y = *(const struct redan_approval *const *)b;
    int order = (x->step.number > y->step.number) - (x->step.number < y->step.number);

    if (order == 0)
        order = memcmp(x->subject.bytes, y->subject.bytes, REDAN_DIGEST_LEN);
    if (order == 0)
        order = memcmp(x->step.previous.bytes, y->step.previous.bytes, REDAN_DIGEST_LEN);
    if (order == 0)
        order = memcmp(x->step.chain.bytes, y->step.chain.bytes, REDAN_DIGEST_LEN);
    return order != 0 ? order : memcmp(x->step.diff.bytes, y->step.diff.bytes, REDAN_DIGEST_LEN);
}

struct redan_slice redan_history_owner(const struct redan_system *system, struct redan_slice role)
{
    const struct redan_owners *owners = system->model.owners;

    return redan_slice_is(role, role_words[0]) ? owners->ml_lead : owners->security_lead;
}

static void add_person(struct people *people, struct redan_slice holder, int64_t at,
                       const struct redan_approval *a)
{
    size_t i = 0;

    while (i < people->count && !redan_slice_eq(people->items[i].holder, holder))
        i++;
    struct person *p = &people->items[i];
    if (i == people->count) {
        *p = (struct person){holder, at, at, a};
        people->count++;
        return;
    }
    if (at < p->first)
        p->first = at;
    if (at > p->last || (at == p->last && redan_slice_cmp(a->file, p->newest->file) > 0)) {
        p->last = at;
        p->newest = a;
    }
}

/* The signatures of one approval that count go to the side of its role. */
static enum redan_status collect(struct reading *r, const struct redan_approval *a,
                                 const struct redan_consent_ask *ask, struct redan_agreement *made)
{
    const struct redan_system *s = r->system;
    bool present = redan_digest_eq(&a->subject, &s->model.root);
    struct redan_consent_ask mine = *ask;
    struct redan_slice why = {0};
    size_t side = 0;
    bool any = false;

    while (side < 2 && !redan_slice_is(a->role, role_words[side]))
        side++;
    if (side == 2)
        return REDAN_OK;
    mine.role = redan_slice_of(role_words[side]);
    for (size_t k = 0; k < a->signer_count; k++) {
        struct redan_slice holder = a->signers[k].key->holder;
        bool counts = false;
        int64_t at = 0;
        if (present && !redan_slice_eq(holder, redan_history_owner(s, mine.role)))
            continue; /* another system's lead is not this one's */
        REDAN_TRY(redan_consent_signer(r->ctx, &mine, a, &a->signers[k], !ask->newest, &counts, &at,
                                       &why));
        if (counts)
            add_person(&r->sides[side], holder, at, a);
        any = any || counts;
    }
    if (any && a->step.keys_version > made->keys_version)
        made->keys_version = a->step.keys_version;
    if (any && a->step.org_version > made->org_version)
        made->org_version = a->step.org_version;
    if (any && a->step.catalog_version > made->catalog_version)
        made->catalog_version = a->step.catalog_version;
    return REDAN_OK;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Two distinct persons: the earliest pair says when it was approved, the latest when it was last looked at. */
static bool pair_up(const struct reading *r, struct redan_history_step *step)
{
    bool any = false;

    for (size_t i = 0; i < r->sides[0].count; i++) {
        for (size_t k = 0; k < r->sides[1].count; k++) {
            const struct person *a = &r->sides[0].items[i];
            const struct person *b = &r->sides[1].items[k];
            if (redan_slice_eq(a->holder, b->holder))
                continue;
            int64_t time = later(a->first, b->first);
            int64_t reviewed = earlier(a->last, b->last);
            if (!any || time < step->time)
                step->time = time;
            if (!any || reviewed > step->reviewed) {
                step->reviewed = reviewed;
                step->approval = a->newest;
                step->leads[0] = a->newest;
                step->leads[1] = b->newest;
            }
            any = true;
        }
    }
    return any;
}

const struct redan_agreement *redan_agreement_find(const struct redan_agreements *agreements,
                                                   uint64_t number, const struct redan_digest *root,
                                                   const struct redan_digest *own)
{
    const struct redan_agreement *best = NULL;
    const struct redan_agreement *items = agreements->items;
    size_t low = 0;
    size_t high = agreements->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct redan_history_step *s = &items[middle].step;
        if (s->number < number || (s->number == number && root &&
                                   memcmp(s->root.bytes, root->bytes, REDAN_DIGEST_LEN) < 0))
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t i = low; i < agreements->count && items[i].step.number == number &&
                         (!root || redan_digest_eq(&items[i].step.root, root));
         i++) {
        if (own && !redan_digest_eq(&items[i].step.own, own))
            continue;
        if (!best || items[i].step.reviewed > best->step.reviewed)
            best = &items[i];
    }
    return best;
}

/* The approvals [from, to) are over one step. `decides`: it is the one that stands now. */
static enum redan_status agree(struct reading *r, size_t from, size_t to, bool decides,
                               struct redan_agreement *made, bool *whole)
{
    const struct redan_approval *a = r->items[from];
    const struct redan_agreement *before =
        a->step.number > 1
            ? redan_agreement_find(r->made, a->step.number - 1, &a->step.previous, &a->step.chain)
            : NULL;
    const struct redan_consent_ask ask = {
        .ring = &r->system->ring, .not_before = before ? before->step.time : 0, .newest = decides};

    *made = (struct redan_agreement){.step = {.number = a->step.number,
                                              .root = a->subject,
                                              .previous = a->step.previous,
                                              .chain = a->step.chain,
                                              .diff = a->step.diff}};
    REDAN_TRY(
        redan_step_chain(r->ctx, a->step.number, &a->subject, &a->step.chain, &made->step.own));
    r->sides[0].count = 0;
    r->sides[1].count = 0;
    for (size_t i = from; i < to; i++)
        REDAN_TRY(collect(r, r->items[i], &ask, made));
    *whole = pair_up(r, &made->step);
    return REDAN_OK;
}

static size_t group_end(const struct reading *r, size_t from)
{
    size_t to = from + 1;

    while (to < r->count && by_step(&r->items[from], &r->items[to]) == 0)
        to++;
    return to;
}

static enum redan_status agree_all(struct reading *r)
{
    for (size_t from = 0, to = 0; from < r->count; from = to) {
        bool whole = false;
        to = group_end(r, from);
        REDAN_TRY(agree(r, from, to, false, &r->made->items[r->made->count], &whole));
        r->made->count += whole;
    }
    return REDAN_OK;
}

/* The last step decides what ships when it is the threat model at hand: then a revoked key's word about its own time is not enough, and
 * the lead must hold the role now. */
static enum redan_status agree_last(struct reading *r)
{
    size_t kept = 0;
    uint64_t last = r->made->count ? r->made->items[r->made->count - 1].step.number : 0;

    for (size_t from = 0, to = 0; from < r->count; from = to) {
        const struct redan_approval *a = r->items[from];
        bool whole = false;
        to = group_end(r, from);
        if (a->step.number != last || !redan_digest_eq(&a->subject, &r->system->model.root))
            continue;
        struct redan_agreement made;
        REDAN_TRY(agree(r, from, to, true, &made, &whole));
        for (size_t i = 0; i < r->made->count; i++) {
            struct redan_agreement *old = &r->made->items[i];
            if (old->step.number == last && redan_digest_eq(&old->step.root, &made.step.root) &&
                redan_digest_eq(&old->step.previous, &made.step.previous) &&
                redan_digest_eq(&old->step.chain, &made.step.chain) &&
                redan_digest_eq(&old->step.diff, &made.step.diff)) {
                *old = made;
                old->out = !whole;
            }
        }
    }
    for (size_t i = 0; i < r->made->count; i++) {
        if (!r->made->items[i].out)
            r->made->items[kept++] = r->made->items[i];
    }
    r->made->count = kept;
    return REDAN_OK;
}

static enum redan_status select_approvals(struct reading *r)
{
    const struct redan_approvals *all = &r->system->approvals;

    r->items = redan_take_array(r->ctx, all->count, sizeof(const struct redan_approval *));
    r->made->items = redan_take_array(r->ctx, all->count, sizeof(*r->made->items));
    for (size_t side = 0; side < 2; side++) {
        r->sides[side].items =
            redan_take_array(r->ctx, r->system->ring.holders.count, sizeof(*r->sides[side].items));
        if (!r->sides[side].items)
            return REDAN_E_MEMORY;
    }
    if (!r->items || !r->made->items)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < all->count; i++) {
        const struct redan_approval *a = &all->items[i];
        if (!a->fault.len && a->kind == REDAN_APPROVAL_RELEASE && a->signer_count > 0 &&
            redan_slice_eq(a->system, r->system->model.id))
            r->items[r->count++] = a;
    }
    if (r->count > 1)
        qsort(r->items, r->count, sizeof(const struct redan_approval *), by_step);
    return REDAN_OK;
}

enum redan_status redan_agreements_read(struct redan_ctx *ctx, const struct redan_system *system,
                                        struct redan_agreements *agreements)
{
    struct reading r = {.ctx = ctx, .system = system, .made = agreements};

    *agreements = (struct redan_agreements){0};
    REDAN_TRY(select_approvals(&r));
    REDAN_TRY(agree_all(&r));
    return agree_last(&r);
}
