/* A map from text to pointer, seeded against chosen keys, living in an arena. */
#ifndef REDAN_BASE_MAP_H
#define REDAN_BASE_MAP_H

#include "base/ctx.h"

struct redan_map_slot;

struct redan_map {
    struct redan_ctx *ctx;
    struct redan_map_slot *slots;
    size_t cap; /* a power of two, or 0 */
    size_t len;
};

void redan_map_init(struct redan_map *map, struct redan_ctx *ctx);
/* The value, or NULL. */
void *redan_map_get(const struct redan_map *map, struct redan_slice key);
/* Add; REDAN_E_EXISTS (not recorded as a failure) when the key is there. The key is borrowed; the value is not NULL. */
REDAN_NODISCARD enum redan_status redan_map_put(struct redan_map *map, struct redan_slice key,
                                                void *value);
/* A seeded hash of bytes, for callers with their own tables. */
uint64_t redan_hash(uint64_t seed, struct redan_slice key);

#endif
