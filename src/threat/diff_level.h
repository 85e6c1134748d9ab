/* Inside the room: the children of two maps or two lists side by side, by key, by identity or as sets. */
#ifndef REDAN_THREAT_DIFF_LEVEL_H
#define REDAN_THREAT_DIFF_LEVEL_H

#include "threat/diff_rules.h"

/* Two children under one name; one of them may be missing. */
struct redan_diff_pair {
    struct redan_diff_part part;
    const struct redan_node *before;
    const struct redan_node *after;
};

struct redan_diff_level {
    struct redan_diff_pair *pairs;
    size_t count;
    size_t next;
};

/* The children of two maps or of two lists, side by side; an item that both sets have is left out. */
REDAN_NODISCARD enum redan_status redan_diff_level_make(struct redan_ctx *ctx,
                                                        const struct redan_node *before,
                                                        const struct redan_node *after,
                                                        struct redan_diff_level *level);
/* The name that a child goes by when its whole parent comes or goes. */
struct redan_diff_part redan_diff_part_of(const struct redan_node *parent,
                                          const struct redan_node *child);
/* Canonical JSON, in the arena. */
REDAN_NODISCARD enum redan_status
redan_diff_json(struct redan_ctx *ctx, const struct redan_node *node, struct redan_slice *json);

#endif
