/* A producer's records about one system as a chain: each names its number and the digest of the one before, so that a missing one
 * shows. */
#ifndef REDAN_ATTEST_CHAIN_H
#define REDAN_ATTEST_CHAIN_H

#include "crypto/digest.h"

struct redan_link {
    struct redan_slice producer;
    struct redan_slice
        system;   /* whose records: a system, or an organisation for what it proves once */
    uint64_t seq; /* 1, 2, 3 ... */
    struct redan_digest digest;   /* of this record */
    struct redan_digest previous; /* of record seq-1; all zero for seq 1 */
};

struct redan_chain {
    struct redan_slice producer;
    struct redan_slice system;
    const struct redan_link *head; /* the highest number */
    uint64_t count;
    bool whole;               /* 1..head without a gap, a fork or a wrong `previous` */
    struct redan_slice fault; /* "record 4 is missing", in the arena; empty when whole */
};

/* Sort links by producer, system and number and judge each chain. `links` is reordered, and must outlive the chains. The
 * same record twice is one record; two records with one number are a fork. */
REDAN_NODISCARD enum redan_status redan_chain_judge(struct redan_ctx *ctx, struct redan_link *links,
                                                    size_t count, struct redan_chain **chains,
                                                    size_t *chain_count);
const struct redan_chain *redan_chain_of(const struct redan_chain *chains, size_t count,
                                         struct redan_slice producer, struct redan_slice system);

#endif
