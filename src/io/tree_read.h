/* Inside the room: the bytes of one range of a file of a tree, with proof that the file is still as the walk saw it. */
#ifndef REDAN_IO_TREE_READ_H
#define REDAN_IO_TREE_READ_H

#include <sys/stat.h>

#include "io/tree.h"

/* A chunk stays in the second-level cache between read and digest, and so do two: 64 KiB took a quarter less time than 1 MiB. */
enum { REDAN_TREE_CHUNK = 1 << 16 };

/* Where paths begin, and the folder that was opened last: files come folder by folder. */
struct redan_tree_place {
    int root; /* borrowed; or AT_FDCWD, and paths are the caller's own */
    bool follow;
    int folder; /* -1: none */
    struct redan_slice path;
};
void redan_tree_place_done(struct redan_tree_place *place);

/* One reading; `fd` is -1 before and after it. */
struct redan_tree_reading {
    const struct redan_tree_file *file;
    int fd;
    uint64_t at;
    uint64_t to;
    uint64_t asked; /* the kernel was asked to read ahead up to here */
    bool probe;     /* whether what is not in memory is asked about first */
};

/* Of a file that nobody has looked at (its mark is zero), size and mark are filled in and all of it is read. */
REDAN_NODISCARD enum redan_status redan_tree_open(struct redan_ctx *ctx,
                                                  struct redan_tree_place *place,
                                                  struct redan_tree_file *file, uint64_t from,
                                                  uint64_t to, struct redan_tree_reading *reading);
bool redan_tree_seen(const struct redan_tree_file *file);
/* The next bytes, at most `room`, which is a chunk or all; `len` is 0 at the end only. */
REDAN_NODISCARD enum redan_status redan_tree_next(struct redan_ctx *ctx,
                                                  struct redan_tree_reading *reading, char *bytes,
                                                  size_t room, size_t *len);
/* REDAN_OK when the file did not change; closes it. */
REDAN_NODISCARD enum redan_status redan_tree_close(struct redan_ctx *ctx,
                                                   struct redan_tree_reading *reading);

struct redan_tree_mark redan_tree_mark(const struct stat *st);

#endif
