/* Inside the room: a tree's files cut into units of work, and these laid together into batches. */
#ifndef REDAN_IO_TREE_CUT_H
#define REDAN_IO_TREE_CUT_H

#include "io/tree.h"

enum { REDAN_TREE_BIG = 1 << 20 }; /* a unit of more bytes than this is a batch alone */

/* A unit is a file, or a range of one. A batch is one big unit, or the small ones among a few that follow each other, so that
 * they are of one folder. */
struct redan_tree_batch {
    size_t from;
    size_t to;
    uint64_t size; /* of a big one, otherwise 0 */
};

struct redan_tree_cut {
    struct redan_tree_batch *batches;
    size_t count;
    uint64_t largest; /* unit */
};

/* `tree->ranges`: every file's, of `shard` bytes each. */
REDAN_NODISCARD enum redan_status redan_tree_lay_ranges(struct redan_ctx *ctx, uint64_t shard,
                                                        struct redan_tree *tree);
struct redan_tree_range redan_tree_unit(const struct redan_tree *tree, size_t unit);
size_t redan_tree_units(const struct redan_tree *tree);
/* Big ones first and the biggest of all first, so that all cores are busy to the end; then the small ones in their order.
 * Without sizes every unit goes for a small one. In the arena. */
REDAN_NODISCARD enum redan_status redan_tree_cut(struct redan_ctx *ctx,
                                                 const struct redan_tree *tree, bool big,
                                                 bool small, struct redan_tree_cut *cut);

#endif
