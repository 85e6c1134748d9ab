/* Counters in shared memory: one per processor of each, so that workers do not wait for each other's cache lines. */
#include <sched.h>

#include "guard/region_parts.h"

enum { NS_PER_US = 1000 };

static struct redan_region_shard *shard_of(struct redan_region *region)
{
    int cpu = sched_getcpu();

    return &region->shards[cpu < 0 ? 0 : cpu % REDAN_REGION_SHARDS];
}

static void add(_Atomic uint64_t *counter, uint64_t by)
{
    (void)atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

static uint64_t get(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void redan_region_count(struct redan_region *region, enum redan_counter counter, uint64_t by)
{
    if (counter < REDAN_COUNTERS)
        add(&shard_of(region)->counters[counter], by);
}

void redan_region_count_rule(struct redan_region *region, size_t index, bool answers)
{
    if (index < REDAN_COUNT_RULES)
        add(&shard_of(region)->rules[answers][index], 1);
}

uint64_t redan_region_counter(const struct redan_region *region, enum redan_counter counter)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < REDAN_REGION_SHARDS && counter < REDAN_COUNTERS; i++)
        sum += get(&region->shards[i].counters[counter]);
    return sum;
}

uint64_t redan_region_rule_counter(const struct redan_region *region, size_t index, bool answers)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < REDAN_REGION_SHARDS && index < REDAN_COUNT_RULES; i++)
        sum += get(&region->shards[i].rules[answers][index]);
    return sum;
}

void redan_region_time(struct redan_region *region, uint64_t ns)
{
    struct redan_region_shard *shard = shard_of(region);
    size_t bucket = 0; /* the first is up to 1 us, each further one up to twice as much */

    for (uint64_t us = (ns + NS_PER_US - 1) / NS_PER_US; us > 1; us = (us + 1) / 2)
        bucket++;
    if (bucket >= REDAN_REGION_BUCKETS)
        bucket = REDAN_REGION_BUCKETS - 1;
    add(&shard->buckets[bucket], 1);
    add(&shard->sum_ns, ns);
}

uint64_t redan_region_bucket(const struct redan_region *region, size_t bucket, uint64_t *sum_ns)
{
    uint64_t count = 0;
    uint64_t sum = 0;

    for (size_t i = 0; i < REDAN_REGION_SHARDS; i++) {
        if (bucket < REDAN_REGION_BUCKETS)
            count += get(&region->shards[i].buckets[bucket]);
        sum += get(&region->shards[i].sum_ns);
    }
    if (sum_ns)
        *sum_ns = sum;
    return count;
}
