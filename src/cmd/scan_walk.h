/* The files that a scan looks at, one after the other in a stable order, each opened on the way down from its root. */
#ifndef REDAN_CMD_SCAN_WALK_H
#define REDAN_CMD_SCAN_WALK_H

#include <sys/stat.h>

#include "base/ctx.h"

struct redan_scan_walk_options {
    bool follow; /* links to regular files are read through */
    const struct redan_slice
        *include; /* patterns below a root; a file must fit one when there are any */
    size_t include_count;
    const struct redan_slice *exclude;
    size_t exclude_count;
};

struct redan_scan_item {
    struct redan_slice path; /* as given, and below that; borrowed until the next */
    int fd;                  /* the caller's to close; -1 when there is nothing to read */
    struct redan_slice why;  /* then: "a symbolic link, which is not followed" */
    struct stat st;          /* of the open file */
};

struct redan_scan_walk_frame;

struct redan_scan_walk {
    struct redan_ctx *ctx;
    struct redan_ctx names; /* of the folders that are open */
    const struct redan_scan_walk_options *options;
    const struct redan_slice *roots;
    size_t root_count;
    size_t root;  /* the next */
    size_t below; /* bytes of `path` before what patterns are held against */
    struct redan_scan_walk_frame *stack;
    size_t depth;
    size_t files;
    uint64_t excluded;
    char path[4096];
    char why[320];
};

/* `roots` are paths, "-" for standard input; options and roots must outlive the walk. A root that is not there is a failure now, before anything is read. */
REDAN_NODISCARD enum redan_status
redan_scan_walk_init(struct redan_ctx *ctx, const struct redan_scan_walk_options *options,
                     const struct redan_slice *roots, size_t count, struct redan_scan_walk *walk);
void redan_scan_walk_done(struct redan_scan_walk *walk);
/* False at the end. What cannot be opened is an item with a reason; the status is for memory. */
REDAN_NODISCARD enum redan_status redan_scan_walk_next(struct redan_scan_walk *walk,
                                                       struct redan_scan_item *item, bool *got);

#endif
