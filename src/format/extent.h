/* Where tensors lie in a file: collected, sorted, and checked against each other. */
#ifndef REDAN_FORMAT_EXTENT_H
#define REDAN_FORMAT_EXTENT_H

#include "base/buf.h"
#include "base/ctx.h"

struct redan_extent {
    uint64_t begin;
    uint64_t end; /* not before begin */
};

/* Held by the caller. */
struct redan_extents {
    struct redan_buf buf;
    size_t count;
    bool sorted; /* they came in order */
};

void redan_extents_init(struct redan_extents *extents, struct redan_ctx *ctx);
void redan_extents_done(struct redan_extents *extents);
/* REDAN_E_LIMIT past limits.nodes of them. */
REDAN_NODISCARD enum redan_status redan_extents_add(struct redan_ctx *ctx,
                                                    struct redan_extents *extents, uint64_t begin,
                                                    uint64_t end);
/* In order of begin, then end. The array is good until the next add. */
const struct redan_extent *redan_extents_sort(struct redan_extents *extents);

/* Whether a name was given twice, by seeded hashes of 64 bits. Held by the caller. */
struct redan_names {
    struct redan_buf buf;
    size_t count;
    uint64_t seed;
};

void redan_names_init(struct redan_names *names, struct redan_ctx *ctx);
void redan_names_done(struct redan_names *names);
REDAN_NODISCARD enum redan_status redan_names_add(struct redan_ctx *ctx, struct redan_names *names,
                                                  struct redan_slice name);
bool redan_names_twice(struct redan_names *names);

#endif
