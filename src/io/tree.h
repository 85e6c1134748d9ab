/* A file or a folder walked with digests: stable order, all cores, no links followed unless asked. */
#ifndef REDAN_IO_TREE_H
#define REDAN_IO_TREE_H

#include "crypto/digest.h"

struct redan_tree_file {
    struct redan_slice path; /* below the root, with "/", UTF-8 */
    uint64_t size;
    struct redan_digest digest; /* SHA-256 of the bytes */
};

struct redan_tree {
    struct redan_tree_file *files; /* sorted by path, bytewise */
    size_t count;
    uint64_t bytes;
    bool folder; /* false: one file, and `digest` is its own SHA-256 */
    struct redan_digest
        digest; /* folder: SHA-256 of "redan/1\0tree\0" and, per file, its path, NUL, size in decimal, NUL,
                                   32 digest bytes */
};

struct redan_tree_options {
    bool follow; /* follow symbolic links; otherwise one is an error that names it */
    void (*progress)(void *arg, uint64_t bytes,
                     uint64_t total); /* may be NULL; called by one thread at a time */
    void *arg;
};

/* A file that changes while it is read (size or mtime), a link, a socket, a device, a name that is not UTF-8: failures whose
 * text names the path below the root, and whose `name` is the root. `options` may be NULL. */
REDAN_NODISCARD enum redan_status redan_tree_walk(struct redan_ctx *ctx, struct redan_slice path,
                                                  const struct redan_tree_options *options,
                                                  struct redan_tree *tree);

#endif
