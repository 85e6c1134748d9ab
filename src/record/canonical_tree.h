/* The typed tree that digests are made of, and the digest of a tagged section; docs/digest.md defines both. */
#ifndef REDAN_RECORD_CANONICAL_TREE_H
#define REDAN_RECORD_CANONICAL_TREE_H

#include "codec/problem.h"
#include "crypto/digest.h"

/* A copy of a tree in which
 * - every text and key is NFC; anything else is a problem with its place;
 * - below the keys `profile` and `expect`, unquoted numbers and truths are NUMBER and BOOL; everywhere else scalars are text;
 * - text has no blanks at its ends and at the ends of its lines, but below `expect`, where it is compared as it stands;
 * - every list is a set: sorted by `id` when all its items are maps that have one, then by canonical JSON, without repeats. */
REDAN_NODISCARD enum redan_status redan_canonical_tree(struct redan_problems *problems,
                                                       const struct redan_node *root,
                                                       struct redan_node **tree);

/* SHA-256("redan/1\0" section "\0" bytes). */
REDAN_NODISCARD enum redan_status redan_tagged_digest(struct redan_ctx *ctx, const char *section,
                                                      struct redan_slice bytes,
                                                      struct redan_digest *digest);
/* The tagged digest of a tree's RFC 8785 JSON. The tree is taken as it is. */
REDAN_NODISCARD enum redan_status redan_tree_digest(struct redan_ctx *ctx, const char *section,
                                                    const struct redan_node *tree,
                                                    struct redan_digest *digest);

#endif
