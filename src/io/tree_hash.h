/* Inside the room: digests of the files that a walk found, computed on all cores. */
#ifndef REDAN_IO_TREE_HASH_H
#define REDAN_IO_TREE_HASH_H

#include "io/tree.h"

/* Fill in every digest, or the ranges and theirs. Paths are NUL-terminated and below `root`, an open folder; or `root` is
 * AT_FDCWD and the one path is the caller's own. */
REDAN_NODISCARD enum redan_status redan_tree_hash(struct redan_ctx *ctx, int root,
                                                  const struct redan_tree_options *options,
                                                  struct redan_tree *tree);

#endif
