/* The typed tree that digests are made of. */
#ifndef REDAN_THREAT_CANONICAL_TREE_H
#define REDAN_THREAT_CANONICAL_TREE_H

#include "codec/problem.h"

/* A copy of a tree in which
 * - text is NFC (anything else is a problem), without blanks at its ends and at the ends of its lines;
 * - below the keys `profile` and `expect`, unquoted numbers and truths are NUMBER and BOOL; everywhere else scalars are text;
 * - a list of maps that all have an `id` is sorted by it; a list of scalars is a set, sorted by its canonical JSON, without repeats. */
REDAN_NODISCARD enum redan_status redan_canonical_tree(struct redan_problems *problems,
                                                       const struct redan_node *root,
                                                       struct redan_node **tree);

#endif
