/* Open addressing with linear probing; grows at three quarters. */
#include "base/map.h"

#include <string.h>

struct redan_map_slot {
    struct redan_slice key;
    uint64_t hash;
    void *value;
};

static uint64_t mix(uint64_t h)
{
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93U;
    h ^= h >> 32;
    return h;
}

uint64_t redan_hash(uint64_t seed, struct redan_slice key)
{
    uint64_t h = mix(seed ^ (key.len * 0x9e3779b97f4a7c15U));
    size_t i = 0;

    for (; i + 8 <= key.len; i += 8) {
        uint64_t w = 0;
        memcpy(&w, key.at + i, 8);
        h = mix(h ^ w) * 0x9e3779b97f4a7c15U + seed;
    }
    uint64_t tail = 0;
    if (i < key.len)
        memcpy(&tail, key.at + i, key.len - i);
    return mix(mix(h ^ tail) + seed);
}

void redan_map_init(struct redan_map *map, struct redan_ctx *ctx)
{
    *map = (struct redan_map){.ctx = ctx};
}

static struct redan_map_slot *find(const struct redan_map *map, struct redan_slice key,
                                   uint64_t hash)
{
    size_t i = (size_t)hash & (map->cap - 1);

    for (;; i = (i + 1) & (map->cap - 1)) {
        struct redan_map_slot *slot = &map->slots[i];
        if (!slot->value || (slot->hash == hash && redan_slice_eq(slot->key, key)))
            return slot;
    }
}

void *redan_map_get(const struct redan_map *map, struct redan_slice key)
{
    if (map->len == 0)
        return NULL;
    return find(map, key, redan_hash(map->ctx->seed, key))->value;
}

static enum redan_status grow(struct redan_map *map)
{
    struct redan_map bigger = {.ctx = map->ctx, .cap = map->cap ? map->cap * 2 : 16};

    bigger.slots = redan_take_array(map->ctx, bigger.cap, sizeof(*bigger.slots));
    if (!bigger.slots)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < map->cap; i++) {
        if (map->slots[i].value)
            *find(&bigger, map->slots[i].key, map->slots[i].hash) = map->slots[i];
    }
    bigger.len = map->len;
    *map = bigger;
    return REDAN_OK;
}

enum redan_status redan_map_put(struct redan_map *map, struct redan_slice key, void *value)
{
    if (map->len >= map->cap / 4 * 3)
        REDAN_TRY(grow(map));
    uint64_t hash = redan_hash(map->ctx->seed, key);
    struct redan_map_slot *slot = find(map, key, hash);
    if (slot->value)
        return REDAN_E_EXISTS;
    *slot = (struct redan_map_slot){key, hash, value};
    map->len++;
    return REDAN_OK;
}
