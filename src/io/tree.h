/* A file or a folder walked with digests: stable order, all cores, no links followed unless asked. */
#ifndef REDAN_IO_TREE_H
#define REDAN_IO_TREE_H

#include "crypto/hash.h"

/* What tells whether a file is still the one that was looked at. */
struct redan_tree_mark {
    uint64_t dev;
    uint64_t ino;
    int64_t mtime; /* nanoseconds since 1970 */
    int64_t ctime;
};

struct redan_tree_file {
    struct redan_slice path; /* below the root, with "/", UTF-8 */
    uint64_t size;
    struct redan_digest digest; /* SHA-256 of the bytes; not set when `ranges` were asked for */
    struct redan_tree_mark mark;
};

/* A part of a file, [from, to), and its digest. */
struct redan_tree_range {
    size_t file; /* index */
    uint64_t from;
    uint64_t to;
    struct redan_sum sum;
};

struct redan_tree {
    struct redan_tree_file *files; /* sorted by path, bytewise */
    size_t count;
    uint64_t bytes;
    bool folder; /* false: one file, and `digest` is its own SHA-256 */
    struct redan_digest
        digest; /* folder: SHA-256 of "redan/1\0tree\0" and, per file, its path, NUL, size in decimal, NUL,
                                   32 digest bytes */
    struct redan_tree_range *
        ranges; /* when asked for: of every file, in the order of files and offsets; at least one of each (an empty file has [0, 0)) */
    size_t range_count;
};

struct redan_tree_options {
    bool follow; /* follow symbolic links; otherwise one is an error that names it */
    bool
        ranges; /* digests of ranges by `hash` and `shard`, instead of one SHA-256 per file and one of the whole */
    enum redan_hash hash;
    bool plain;     /* hash through OpenSSL alone, one stream to a thread (crypto/sha256_pair.h) */
    uint64_t shard; /* bytes of one range, the last one of a file shorter; 0: a range is a file */
    /* True: leave this file or folder (and what is in it) out, links and odd things included. May be NULL. */
    bool (*skip)(void *arg, struct redan_slice path, bool folder);
    /* True: the digest of this range is known and given, the file need not be read. May be NULL; called by several threads at once. */
    bool (*known)(void *arg, const struct redan_tree_file *file,
                  const struct redan_tree_range *range, struct redan_sum *sum);
    void (*progress)(void *arg, uint64_t bytes,
                     uint64_t total); /* may be NULL; called by one thread at a time */
    void *arg;
};

/* A file that changes while it is read (size, mtime or ctime), a link, a socket, a device, a name that is not UTF-8: failures whose
 * text names the path below the root, and whose `name` is the root. `options` may be NULL. */
REDAN_NODISCARD enum redan_status redan_tree_walk(struct redan_ctx *ctx, struct redan_slice path,
                                                  const struct redan_tree_options *options,
                                                  struct redan_tree *tree);

#endif
