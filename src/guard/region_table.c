/* The table of callers: sets of eight, each with a lock, a spare slot to work in, and tombstones. */
#include <string.h>

#include "guard/region_parts.h"

/* --- keys: SipHash-2-4 (Aumasson and Bernstein 2012) under a secret of the region ------------------------------------------- */

static uint64_t turn(uint64_t x, unsigned by)
{
    return x << by | x >> (64 - by);
}

static void round_of(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = turn(v[1], 13) ^ v[0];
    v[0] = turn(v[0], 32);
    v[2] += v[3];
    v[3] = turn(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = turn(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = turn(v[1], 17) ^ v[2];
    v[2] = turn(v[2], 32);
}

static void block(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    round_of(v);
    round_of(v);
    v[0] ^= word;
}

uint64_t redan_region_key(const struct redan_region *region, struct redan_slice name)
{
    uint64_t v[4] = {region->seed[0] ^ 0x736f6d6570736575U, region->seed[1] ^ 0x646f72616e646f6dU,
                     region->seed[0] ^ 0x6c7967656e657261U, region->seed[1] ^ 0x7465646279746573U};
    size_t i = 0;
    uint64_t word = 0;

    for (; name.len - i >= 8; i += 8) {
        memcpy(&word, name.at + i, 8);
        block(v, word);
    }
    word = 0;
    if (i < name.len)
        memcpy(&word, name.at + i, name.len - i);
    block(v, word | (uint64_t)name.len << 56);
    v[2] ^= 0xff;
    for (int k = 0; k < 4; k++)
        round_of(v);
    uint64_t key = v[0] ^ v[1] ^ v[2] ^ v[3];
    return key ? key : 1;
}

/* --- tombstones ---------------------------------------------------------------------------------------------------------- */

static double weight(const struct redan_caller_past *past)
{
    static const double accused = 1000;

    return (past->accused ? accused : 0) + (double)past->most;
}

/* The compiler may not move what is written across: a process can end between any two instructions. */
static void now_written(void)
{
    atomic_signal_fence(memory_order_seq_cst);
}

static void bury(struct redan_region_set *set, uint64_t key, const struct redan_caller *caller)
{
    struct redan_region_tombstone *place = NULL;
    struct redan_caller_past past;

    redan_caller_end(caller, &past);
    for (size_t i = 0; i < REDAN_REGION_TOMBSTONES; i++) {
        struct redan_region_tombstone *t = &set->tombstones[i];
        if (t->key == key) {
            place = t;
            break;
        }
        if (!place || (place->key != 0 && (t->key == 0 || weight(&t->past) < weight(&place->past))))
            place = t;
    }
    if (place->key != 0 && place->key != key && weight(&place->past) > weight(&past))
        return;
    place->key = 0;
    now_written();
    place->past = past;
    now_written();
    place->key = key;
}

static const struct redan_caller_past *buried(const struct redan_region_set *set, uint64_t key)
{
    for (size_t i = 0; i < REDAN_REGION_TOMBSTONES; i++) {
        if (set->tombstones[i].key == key)
            return &set->tombstones[i].past;
    }
    return NULL;
}

/* --- entries ------------------------------------------------------------------------------------------------------------- */

static struct redan_region_set *set_of(struct redan_region *region, uint64_t key)
{
    return &region->set[(key >> 8) % region->sets];
}

static uint32_t find(const struct redan_region_set *set, uint64_t key, uint32_t spare)
{
    for (uint32_t i = 0; i < REDAN_REGION_SLOTS; i++) {
        if (i != spare && atomic_load_explicit(&set->keys[i], memory_order_relaxed) == key)
            return i;
    }
    return REDAN_REGION_SLOTS;
}

/* An empty slot, or the one to be given up: the least suspicious by whole nats, of these the one that was silent longest. */
static uint32_t victim(const struct redan_region_set *set, uint32_t spare)
{
    uint32_t found = REDAN_REGION_SLOTS;
    uint64_t least = 0;

    for (uint32_t i = 0; i < REDAN_REGION_SLOTS; i++) {
        if (i == spare)
            continue;
        const struct redan_region_entry *entry = &set->slots[i];
        if (atomic_load_explicit(&set->keys[i], memory_order_relaxed) == 0)
            return i;
        uint64_t suspicion = (uint64_t)redan_caller_suspicion(&entry->caller);
        if (found == REDAN_REGION_SLOTS || suspicion < least ||
            (suspicion == least && entry->last_ms < set->slots[found].last_ms)) {
            found = i;
            least = suspicion;
        }
    }
    return found;
}

/* Into the spare slot: a copy, or a new caller with what is left of it. */
static struct redan_region_entry *open_in(struct redan_region_set *set, uint32_t from,
                                          uint32_t spare, uint64_t key, uint64_t now_ms)
{
    struct redan_region_entry *entry = &set->slots[spare];

    set->from = from;
    if (from < REDAN_REGION_SLOTS) {
        *entry = set->slots[from];
        if (now_ms > entry->last_ms)
            entry->last_ms = now_ms;
        return entry;
    }
    *entry = (struct redan_region_entry){.key = key, .first_ms = now_ms, .last_ms = now_ms};
    redan_caller_begin(&entry->caller, buried(set, key));
    return entry;
}

struct redan_region_entry *redan_region_lock(struct redan_region *region, uint64_t key,
                                             uint64_t now_ms)
{
    struct redan_region_set *set = set_of(region, key);

    if (key == 0 || !redan_region_hold(&set->lock, REDAN_REGION_WAIT_MS))
        return NULL;
    uint32_t spare = atomic_load_explicit(&set->spare, memory_order_relaxed);
    return open_in(set, find(set, key, spare), spare, key, now_ms);
}

struct redan_region_entry *redan_region_find(struct redan_region *region, uint64_t key)
{
    struct redan_region_set *set = set_of(region, key);

    if (key == 0 || !redan_region_hold(&set->lock, REDAN_REGION_WAIT_MS))
        return NULL;
    uint32_t spare = atomic_load_explicit(&set->spare, memory_order_relaxed);
    uint32_t from = find(set, key, spare);
    if (from == REDAN_REGION_SLOTS) {
        (void)pthread_mutex_unlock(&set->lock);
        return NULL;
    }
    return open_in(set, from, spare, key, 0);
}

void redan_region_unlock(struct redan_region *region, struct redan_region_entry *entry,
                         bool changed)
{
    if (!entry)
        return;
    struct redan_region_set *set = set_of(region, entry->key);
    uint32_t spare = atomic_load_explicit(&set->spare, memory_order_relaxed);

    if (changed) {
        uint32_t gone = set->from;
        if (gone == REDAN_REGION_SLOTS) {
            gone = victim(set, spare);
            uint64_t key = atomic_load_explicit(&set->keys[gone], memory_order_relaxed);
            if (key != 0) {
                bury(set, key, &set->slots[gone].caller);
                redan_region_count(region, REDAN_COUNT_CALLERS_EVICTED, 1);
            }
        }
        atomic_store_explicit(&set->keys[spare], entry->key, memory_order_relaxed);
        atomic_store_explicit(&set->spare, gone, memory_order_release); /* holds from here on */
    }
    (void)pthread_mutex_unlock(&set->lock);
}

size_t redan_region_callers(const struct redan_region *region)
{
    size_t count = 0;

    for (size_t s = 0; s < region->sets; s++) {
        const struct redan_region_set *set = &region->set[s];
        uint32_t spare = atomic_load_explicit(&set->spare, memory_order_acquire);
        for (uint32_t i = 0; i < REDAN_REGION_SLOTS; i++)
            count += i != spare && atomic_load_explicit(&set->keys[i], memory_order_relaxed) != 0;
    }
    return count;
}

size_t redan_region_room(const struct redan_region *region)
{
    return region->sets * REDAN_REGION_WAYS;
}
