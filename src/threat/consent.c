/* Counting who stands behind a subject: distinct persons in a role whose signatures count. */
#include "threat/approval.h"

enum { SKEW = 300 }; /* seconds that two clocks may differ */

/* By id or by name: the threat model's owners are written by its author, who may write either. */
static bool is_barred(const struct redan_texts *barred, const struct redan_keyring_holder *holder)
{
    for (size_t i = 0; barred && i < barred->count; i++) {
        struct redan_slice who = redan_slice_trim(barred->items[i]);
        if (redan_keyring_alike(who, holder->id) ||
            redan_keyring_alike(who, redan_slice_trim(holder->name)))
            return true;
    }
    return false;
}

bool redan_consent_same_person(const struct redan_keyring *ring, struct redan_slice a,
                               struct redan_slice b)
{
    const struct redan_keyring_holder *x = redan_keyring_holder(ring, a);
    const struct redan_keyring_holder *y = redan_keyring_holder(ring, b);
    struct redan_slice name = x ? redan_slice_trim(x->name) : a;
    struct redan_slice other = y ? redan_slice_trim(y->name) : b;

    return redan_keyring_alike(a, b) || redan_keyring_alike(name, other) ||
           redan_keyring_alike(a, other) || redan_keyring_alike(name, b);
}

enum redan_status redan_consent_signer(struct redan_ctx *ctx, const struct redan_consent_ask *ask,
                                       const struct redan_approval *approval,
                                       const struct redan_signer *signer, bool past, bool *counts,
                                       int64_t *at, struct redan_slice *why)
{
    const struct redan_keyring_key *key = signer->key;
    const struct redan_keyring_holder *holder = redan_keyring_holder(ask->ring, key->holder);
    enum redan_key_state state = redan_keyring_state_signed(key, approval->time, signer->stamped);
    enum redan_key_state today = redan_keyring_state(key, ctx->now);
    bool ended = past && today != REDAN_KEY_VALID;

    *counts = false;
    if (ask->holder.len && !redan_slice_eq(ask->holder, key->holder))
        return redan_format(ctx, why, "%.*s is not %.*s", REDAN_FMT(key->holder),
                            REDAN_FMT(ask->holder));
    *at = signer->stamped ? signer->stamped : approval->time; /* a stamp is better than a word */
    if (!redan_keyring_holds(ask->ring, key->holder, ask->role) && !ended)
        return redan_format(ctx, why, "%.*s does not hold the role %.*s", REDAN_FMT(key->holder),
                            REDAN_FMT(ask->role));
    if (!holder || holder->kind != 0)
        return redan_format(ctx, why, "%.*s is a service, not a person", REDAN_FMT(key->holder));
    if (is_barred(ask->barred, holder))
        return redan_format(ctx, why, "%.*s owns what is to be accepted", REDAN_FMT(key->holder));
    if (*at > ctx->now + SKEW || approval->time > ctx->now + SKEW)
        return redan_format(ctx, why, "signed in the future");
    if (state != REDAN_KEY_VALID)
        return redan_format(ctx, why, "the key %.*s was %s when it signed", REDAN_FMT(key->id),
                            redan_key_state_name(state));
    if (!past && signer->stamped == 0 && today != REDAN_KEY_VALID)
        return redan_format(ctx, why, "the key %.*s is %s, and no stamp says when it signed",
                            REDAN_FMT(key->id), redan_key_state_name(today));
    if (ask->not_before && *at < ask->not_before - SKEW)
        return redan_format(ctx, why,
                            "the key %.*s signed with a time before the approval that it follows",
                            REDAN_FMT(key->id));
    *counts = true;
    return REDAN_OK;
}

/* The earlier of two ends; 0 for never. */
static int64_t sooner(int64_t a, int64_t b)
{
    if (a == 0 || b == 0)
        return a == 0 ? b : a;
    return a < b ? a : b;
}

/* When this signature ends by itself; 0 for never. Without a stamp it lasts no longer than its key. */
static int64_t end_of(const struct redan_consent_ask *ask, const struct redan_approval *a,
                      const struct redan_signer *signer, int64_t at)
{
    int64_t end = sooner(ask->cap ? at + ask->cap : 0, a->until);

    return signer->stamped ? end : sooner(end, signer->key->until);
}

/* The persons found so far, and the latest end of each; 0 for never. */
struct count {
    const struct redan_keyring *ring;
    struct redan_consent *consent;
    int64_t *ends;
};

static void add(struct count *count, struct redan_slice id, int64_t at, int64_t end)
{
    struct redan_consent *c = count->consent;
    size_t i = 0;

    while (i < c->count && !redan_consent_same_person(count->ring, c->holders[i], id))
        i++;
    if (c->since == 0 || at < c->since)
        c->since = at;
    if (i == c->count) {
        c->holders[c->count++] = id;
        count->ends[i] = end;
    } else if (end == 0 || (count->ends[i] != 0 && end > count->ends[i])) {
        count->ends[i] = end;
    }
}

static enum redan_status count_one(struct redan_ctx *ctx, const struct redan_consent_ask *ask,
                                   const struct redan_approval *a, struct count *count)
{
    for (size_t k = 0; k < a->signer_count; k++) {
        bool counts = false;
        int64_t at = 0;
        REDAN_TRY(redan_consent_signer(ctx, ask, a, &a->signers[k], false, &counts, &at,
                                       &count->consent->why));
        if (!counts)
            continue;
        int64_t end = end_of(ask, a, &a->signers[k], at);
        if (end != 0 && end <= ctx->now)
            count->consent->why = REDAN_S("it has expired");
        else {
            if (count->consent->count == 0)
                count->consent->reason = a->reason;
            add(count, a->signers[k].key->holder, at, end);
        }
    }
    return REDAN_OK;
}

enum redan_status redan_consent_count(struct redan_ctx *ctx, const struct redan_consent_ask *ask,
                                      struct redan_consent *consent)
{
    const struct redan_approvals *all = ask->approvals;
    struct count count = {.ring = ask->ring, .consent = consent};

    *consent = (struct redan_consent){0};
    /* no more persons than the ring has */
    consent->holders = redan_take_array(ctx, ask->ring->holders.count, sizeof(*consent->holders));
    count.ends = redan_take_array(ctx, ask->ring->holders.count, sizeof(*count.ends));
    if (!consent->holders || !count.ends)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < all->count; i++) {
        const struct redan_approval *a = &all->items[i];
        if (a->fault.len || a->kind != (int)ask->kind || !redan_slice_eq(a->system, ask->system) ||
            !redan_digest_eq(&a->subject, ask->subject) || !redan_slice_eq(a->role, ask->role))
            continue;
        REDAN_TRY(count_one(ctx, ask, a, &count));
    }
    for (size_t i = 0; i < consent->count; i++) {
        if (count.ends[i] != 0 && (consent->until == 0 || count.ends[i] < consent->until))
            consent->until = count.ends[i];
    }
    return REDAN_OK;
}
