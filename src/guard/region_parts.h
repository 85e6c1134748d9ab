/* How the shared memory is laid out: a head, counters by processor, and sets of callers. Known to region*.c alone. */
#ifndef REDAN_GUARD_REGION_PARTS_H
#define REDAN_GUARD_REGION_PARTS_H

#include <pthread.h>
#include <stdatomic.h>

#include "guard/region.h"

enum {
    REDAN_REGION_ALIGN = 64,
    REDAN_REGION_WAYS = 8,
    REDAN_REGION_SLOTS = REDAN_REGION_WAYS + 1,
    REDAN_REGION_TOMBSTONES = 64,
    REDAN_REGION_SHARDS = 8,
    REDAN_REGION_DIGEST_WORDS = REDAN_DIGEST_LEN / 8,
    REDAN_REGION_WAIT_MS = 20,
};

/* What is in force. There are two: a new generation is written beside the old one, and is in force when the number rises. */
struct redan_region_force {
    _Atomic uint64_t policy[REDAN_REGION_DIGEST_WORDS];
    _Atomic uint64_t profile[REDAN_REGION_DIGEST_WORDS];
};

/* Counters of one processor, or of those that share it. */
struct redan_region_shard {
    _Alignas(REDAN_REGION_ALIGN) _Atomic uint64_t counters[REDAN_COUNTERS];
    _Atomic uint64_t rules[2][REDAN_COUNT_RULES];
    _Atomic uint64_t buckets[REDAN_REGION_BUCKETS];
    _Atomic uint64_t sum_ns;
};

/* What stays of a caller that was evicted. The key is written last, and is 0 while the rest changes. */
struct redan_region_tombstone {
    uint64_t key;
    struct redan_caller_past past;
};

/* Callers whose keys fall together. One slot more than there are callers: whoever holds the lock works on a copy in the spare slot, and makes it hold by naming another slot the spare one, in a single
 * store. So a process killed at any instruction leaves every caller as it was before or as it was meant to be. */
struct redan_region_set {
    pthread_mutex_t
        lock; /* robust: the kernel says when its holder died, whatever became of its pid */
    _Atomic uint32_t spare;
    uint32_t
        from; /* slot that the copy was taken from; REDAN_REGION_SLOTS: a new caller. Of the lock's holder */
    _Atomic uint64_t keys[REDAN_REGION_SLOTS]; /* 0: empty; of the spare slot it says nothing */
    struct redan_region_tombstone tombstones[REDAN_REGION_TOMBSTONES];
    _Alignas(REDAN_REGION_ALIGN) struct redan_region_entry slots[REDAN_REGION_SLOTS];
};

struct redan_region {
    _Alignas(REDAN_REGION_ALIGN) _Atomic uint64_t stamp; /* of the layout; written last */
    uint64_t size;
    uint64_t seed[2];
    uint64_t sets;
    _Atomic uint64_t generation; /* 0: nothing was taken up */
    pthread_mutex_t lock;        /* of taking up */
    struct redan_region_force force[2];
    struct redan_region_shard shards[REDAN_REGION_SHARDS];
    struct redan_region_set set[]; /* `sets` of them */
};

/* Lock, waiting at most so long; a lock whose holder died is taken. */
bool redan_region_hold(pthread_mutex_t *lock, int64_t wait_ms);

#endif
