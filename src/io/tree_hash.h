/* Inside the room: the files that a walk found, and their digests computed on all cores. */
#ifndef REDAN_IO_TREE_HASH_H
#define REDAN_IO_TREE_HASH_H

#include "io/os.h"
#include "io/tree.h"

struct redan_tree_found {
    struct redan_tree_file file;
    struct redan_os_mark mark; /* as the walk saw it */
};

/* Fill in every digest. Paths are below `root`, an open folder, each folder of a path opened by descriptor; or `root` is
 * AT_FDCWD and the one path is the caller's own. */
REDAN_NODISCARD enum redan_status redan_tree_hash(struct redan_ctx *ctx, int root,
                                                  const struct redan_tree_options *options,
                                                  struct redan_tree_found *found, size_t count,
                                                  uint64_t bytes);

#endif
