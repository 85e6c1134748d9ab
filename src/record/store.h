/* The records of one system on disk: written once, never edited, named by digest, in folders by subject digest. */
#ifndef REDAN_RECORD_STORE_H
#define REDAN_RECORD_STORE_H

#include "base/map.h"
#include "record/evidence.h"

struct redan_store_list {
    const struct redan_record *first;
};

/* All records of one system, with the chains of their producers. */
struct redan_store {
    struct redan_record *records;
    size_t count;
    struct redan_chain *chains;
    size_t chain_count;
    /* Made by reading, for finding the records of one control; a store without it is searched whole. */
    struct redan_map by_control; /* to a struct redan_store_list */
    const struct redan_record *
        *next; /* one per record: the next of the same control, in the order of reading */
};

/* Read every record below `folder` (one level of folders), verifying on all cores. A folder that is not there is an empty store.
 * A file that cannot be read as a record becomes one with a fault. Of one that has a fault, or no signer of the ring, the head alone is
 * kept: statement.predicate and observed are NULL. */
REDAN_NODISCARD enum redan_status redan_store_read(struct redan_ctx *ctx,
                                                   const struct redan_keyring *ring,
                                                   struct redan_slice folder,
                                                   struct redan_store *store);
/* The same, with `beside` run once at the same time, in a context that does not outlive the call; what it takes from that arena does. */
REDAN_NODISCARD enum redan_status
redan_store_read_beside(struct redan_ctx *ctx, const struct redan_keyring *ring,
                        struct redan_slice folder, struct redan_store *store,
                        enum redan_status (*beside)(struct redan_ctx *ctx, void *arg), void *arg);

/* A record about to be made. */
struct redan_draft {
    const struct redan_query *query;
    const struct redan_release *release;
    const struct redan_node *observed;
    uint64_t n;
    enum redan_mode mode;
    struct redan_slice ledger; /* where it was taken; the query's when it is empty */
    int64_t time;
    const struct redan_keyring_key *by; /* the key in keys.yaml that signs */
    struct redan_texts
        covers; /* of an organisation's proof: the systems; by default the one that asks */
    struct redan_slice source_format; /* "sarif", "junit" ...; empty when it is not imported */
    struct redan_digest source;       /* of the imported file */
    bool source_signed;
};

/* The producer's next record as an unsigned envelope. Its number and predecessor come from the store's chain, which must be whole. */
REDAN_NODISCARD enum redan_status redan_draft_write(struct redan_ctx *ctx,
                                                    const struct redan_store *store,
                                                    const struct redan_draft *draft,
                                                    struct redan_dsse *envelope);
/* Put a signed envelope into the store; `path` receives where. */
REDAN_NODISCARD enum redan_status redan_store_add(struct redan_ctx *ctx, struct redan_slice folder,
                                                  const struct redan_dsse *envelope,
                                                  struct redan_slice *path);

#endif
