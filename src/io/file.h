/* Files: read whole and bounded, written once or replaced in one step; nothing followed that was not asked for. */
#ifndef REDAN_IO_FILE_H
#define REDAN_IO_FILE_H

#include "base/ctx.h"

/* The bytes of a regular file, in the arena, NUL-terminated. "-" is standard input. Symbolic links in the last component are
 * refused unless `follow`. REDAN_E_ABSENT, REDAN_E_LIMIT (over `max`), REDAN_E_IO with what the system said. */
REDAN_NODISCARD enum redan_status redan_file_read(struct redan_ctx *ctx, struct redan_slice path,
                                                  size_t max, bool follow,
                                                  struct redan_slice *bytes);
/* The same of a file that is this user's own, and whose mode has none of the bits in `refused` (022: others cannot write it; 077: nor
 * read it); links are refused. REDAN_E_IO says what is wrong with it. */
REDAN_NODISCARD enum redan_status redan_file_read_own(struct redan_ctx *ctx,
                                                      struct redan_slice path, size_t max,
                                                      unsigned refused, struct redan_slice *bytes);
/* A new file, whole or not at all; REDAN_E_EXISTS when the name is taken. Folders above it are made. */
REDAN_NODISCARD enum redan_status redan_file_create(struct redan_ctx *ctx, struct redan_slice path,
                                                    unsigned mode, struct redan_slice bytes);
/* A file's new content in one rename; keeps the old file's mode where there was one. */
REDAN_NODISCARD enum redan_status redan_file_replace(struct redan_ctx *ctx, struct redan_slice path,
                                                     unsigned mode, struct redan_slice bytes);
/* Put bytes at the end of a regular file, made where there is none; a symbolic link in the last component is refused. */
REDAN_NODISCARD enum redan_status redan_file_append(struct redan_ctx *ctx, struct redan_slice path,
                                                    struct redan_slice bytes);
bool redan_file_exists(struct redan_ctx *ctx, struct redan_slice path);
/* Bytes of a regular file; 0 when it is none, or a link. */
uint64_t redan_file_size(struct redan_ctx *ctx, struct redan_slice path);
bool redan_folder_exists(struct redan_ctx *ctx, struct redan_slice path);
/* Names in a folder, sorted by bytes, without "." and ".."; in the arena. */
REDAN_NODISCARD enum redan_status redan_folder_list(struct redan_ctx *ctx, struct redan_slice path,
                                                    struct redan_slice **names, size_t *count);
/* "a/b" joined with "c"; "c" itself when it is absolute. In the arena. */
REDAN_NODISCARD enum redan_status redan_path_join(struct redan_ctx *ctx, struct redan_slice folder,
                                                  struct redan_slice name,
                                                  struct redan_slice *path);
struct redan_slice redan_path_folder(struct redan_slice path); /* "." when it has none */
struct redan_slice redan_path_name(struct redan_slice path);   /* after the last slash */
/* Whether a path from a document stays below the folder it is read from: relative, without "..", and not "-". */
bool redan_path_inside(struct redan_slice path);

/* An exclusive lock on a folder, held until _done; waits at most ten seconds. */
struct redan_lock {
    int fd;
};
REDAN_NODISCARD enum redan_status redan_lock_take(struct redan_ctx *ctx, struct redan_slice folder,
                                                  struct redan_lock *lock);
void redan_lock_done(struct redan_lock *lock);

#endif
