/* Sorting links and finding the first thing that is wrong with each chain. */
#include "attest/chain.h"

#include <stdlib.h>
#include <string.h>

static int by_name(struct redan_slice producer, struct redan_slice system,
                   struct redan_slice other_producer, struct redan_slice other_system)
{
    int order = redan_slice_cmp(producer, other_producer);

    return order != 0 ? order : redan_slice_cmp(system, other_system);
}

static int order(const void *a, const void *b)
{
    const struct redan_link *x = a;
    const struct redan_link *y = b;
    int name = by_name(x->producer, x->system, y->producer, y->system);

    if (name != 0)
        return name;
    if (x->seq != y->seq)
        return x->seq < y->seq ? -1 : 1;
    return memcmp(x->digest.bytes, y->digest.bytes, REDAN_DIGEST_LEN);
}

static bool same_chain(const struct redan_link *a, const struct redan_link *b)
{
    return by_name(a->producer, a->system, b->producer, b->system) == 0;
}

/* One link against the one before it, which is NULL for the first: the fault, or an empty text. */
static enum redan_status judge_link(struct redan_ctx *ctx, const struct redan_link *before,
                                    const struct redan_link *link, struct redan_slice *fault)
{
    static const struct redan_digest none;
    uint64_t seq = link->seq;
    uint64_t expect = before ? before->seq + 1 : 1; /* no overflow: there is a larger one */

    if (seq == 0)
        return redan_format(ctx, fault, "a record has the number 0; the first is 1");
    if (before && before->seq == seq)
        return redan_format(ctx, fault, "two different records have the number %llu",
                            (unsigned long long)seq);
    if (seq == expect + 1)
        return redan_format(ctx, fault, "record %llu is missing", (unsigned long long)expect);
    if (seq > expect)
        return redan_format(ctx, fault, "records %llu to %llu are missing",
                            (unsigned long long)expect, (unsigned long long)(seq - 1));
    if (!redan_digest_eq(&link->previous, before ? &before->digest : &none))
        return before ? redan_format(ctx, fault,
                                     "record %llu does not follow record %llu: it "
                                     "names another digest",
                                     (unsigned long long)seq, (unsigned long long)before->seq)
                      : redan_format(ctx, fault, "record 1 names a record before it");
    return REDAN_OK;
}

/* The links of one chain, sorted. */
static enum redan_status judge(struct redan_ctx *ctx, const struct redan_link *links, size_t count,
                               struct redan_chain *chain)
{
    const struct redan_link *before = NULL;

    *chain = (struct redan_chain){
        .producer = links[0].producer, .system = links[0].system, .head = &links[count - 1]};
    for (size_t i = 0; i < count; i++) {
        const struct redan_link *link = &links[i];
        if (before && before->seq == link->seq && redan_digest_eq(&before->digest, &link->digest))
            continue; /* the same record, kept in two places */
        chain->count++;
        if (chain->fault.len == 0)
            REDAN_TRY(judge_link(ctx, before, link, &chain->fault));
        before = link;
    }
    chain->whole = chain->fault.len == 0;
    return REDAN_OK;
}

enum redan_status redan_chain_judge(struct redan_ctx *ctx, struct redan_link *links, size_t count,
                                    struct redan_chain **chains, size_t *chain_count)
{
    size_t names = 0;
    size_t n = 0;

    if (count > 1)
        qsort(links, count, sizeof(*links), order);
    for (size_t i = 0; i < count; i++)
        names += i == 0 || !same_chain(&links[i], &links[i - 1]);
    struct redan_chain *made = redan_take_array(ctx, names, sizeof(*made));
    if (!made)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < count;) {
        size_t end = i + 1;
        while (end < count && same_chain(&links[end], &links[i]))
            end++;
        REDAN_TRY(judge(ctx, links + i, end - i, &made[n++]));
        i = end;
    }
    *chains = made;
    *chain_count = n;
    return REDAN_OK;
}

const struct redan_chain *redan_chain_of(const struct redan_chain *chains, size_t count,
                                         struct redan_slice producer, struct redan_slice system)
{
    size_t low = 0;
    size_t high = count;

    while (low < high) { /* they are in order */
        size_t middle = low + (high - low) / 2;
        int side = by_name(chains[middle].producer, chains[middle].system, producer, system);
        if (side == 0)
            return &chains[middle];
        if (side < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
