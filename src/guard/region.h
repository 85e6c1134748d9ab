/* Memory that all workers share: counters, the generation of the policy, and a bounded table of callers. Everything is at offsets, never pointers; any process may be killed at any instruction. */
#ifndef REDAN_GUARD_REGION_H
#define REDAN_GUARD_REGION_H

#include "base/ctx.h"
#include "crypto/digest.h"
#include "inference/caller.h"

struct redan_region; /* the first bytes of the memory */

/* Format; `kept` says that it was formatted already, by the same layout and size, and was left as it is. REDAN_E_USAGE when it is too small or not aligned to 64. */
REDAN_NODISCARD enum redan_status redan_region_format(struct redan_ctx *ctx, void *memory,
                                                      size_t size, bool *kept);
/* The region in memory that was formatted; NULL for anything else. */
struct redan_region *redan_region_of(void *memory, size_t size);

/* --- the policy in force: a generation, and the digests of what it is ----------------------------------------------------- */
uint64_t redan_region_generation(const struct redan_region *region); /* one atomic load */
/* Say that this policy (and profile) is in force from now on. Gives the generation it has: the present one when it is what is in force already, the next otherwise; 0 when another process is held in the middle of it for a second. */
uint64_t redan_region_take_up(struct redan_region *region, const struct redan_digest *policy,
                              const struct redan_digest *profile);
/* What is in force; false when nothing was taken up yet. */
bool redan_region_in_force(const struct redan_region *region, struct redan_digest *policy,
                           struct redan_digest *profile);

/* --- counters: one atomic add each ---------------------------------------------------------------------------------------- */
enum redan_counter {
    REDAN_COUNT_REQUESTS,
    REDAN_COUNT_ROWS,
    REDAN_COUNT_ALLOWED,
    REDAN_COUNT_MARKED,
    REDAN_COUNT_DEGRADED,
    REDAN_COUNT_REFUSED,
    REDAN_COUNT_WOULD_REFUSE, /* observe */
    REDAN_COUNT_PASSED_BY,
    REDAN_COUNT_ERRORS, /* a stage could not be applied */
    REDAN_COUNT_ANSWERS,
    REDAN_COUNT_ANSWERS_CHANGED,
    REDAN_COUNT_ANSWERS_REFUSED,
    REDAN_COUNT_EVENTS,
    REDAN_COUNT_EVENTS_DROPPED,
    REDAN_COUNT_POLICIES_TAKEN,
    REDAN_COUNT_POLICIES_LEFT, /* could not be opened */
    REDAN_COUNT_CALLERS_EVICTED,
    REDAN_COUNT_ACCUSED,
    REDAN_COUNT_ADMITTED,
    REDAN_COUNT_QUARANTINED,
    REDAN_COUNT_TOKENS_CACHED,
    REDAN_COUNTERS,
    REDAN_COUNT_RULES =
        64, /* counters of rules, by index; those of answers after those of requests */
};
void redan_region_count(struct redan_region *region, enum redan_counter counter, uint64_t by);
void redan_region_count_rule(struct redan_region *region, size_t index, bool answers);
uint64_t redan_region_counter(const struct redan_region *region, enum redan_counter counter);
uint64_t redan_region_rule_counter(const struct redan_region *region, size_t index, bool answers);
/* Microseconds that judging took, in buckets of powers of two from 1; for the histogram of the metrics. */
enum { REDAN_REGION_BUCKETS = 20 };
void redan_region_time(struct redan_region *region, uint64_t ns);
uint64_t redan_region_bucket(const struct redan_region *region, size_t bucket, uint64_t *sum_ns);

/* --- callers -------------------------------------------------------------------------------------------------------------- */
/* A key of a name: keyed, so that nobody can choose names that collide; never 0. */
uint64_t redan_region_key(const struct redan_region *region, struct redan_slice name);

enum { REDAN_REGION_BUDGETS = 8 };

struct redan_region_entry {
    uint64_t key;
    uint64_t first_ms, last_ms;
    uint64_t budget[REDAN_REGION_BUDGETS]; /* theoretical arrival times (GCRA), in us since 1970 */
    struct redan_caller caller;
};

/* The entry of a caller, locked for this process; made when there is none, and then somebody else of its set may go: the least suspicious, oldest first, whose largest evidence stays behind as a tombstone.
 * A lock whose holder died is taken over. NULL when every way is held by others for too long (20 ms). Between lock and unlock nothing may block. */
struct redan_region_entry *redan_region_lock(struct redan_region *region, uint64_t key,
                                             uint64_t now_ms);
/* The same, but none is made. */
struct redan_region_entry *redan_region_find(struct redan_region *region, uint64_t key);
/* `changed`: what was done to the entry holds from now on; otherwise it is as it was before the lock. A process killed in between leaves it as it was before. */
void redan_region_unlock(struct redan_region *region, struct redan_region_entry *entry,
                         bool changed);
size_t redan_region_callers(const struct redan_region *region);
size_t redan_region_room(const struct redan_region *region); /* callers it can hold */

#endif
