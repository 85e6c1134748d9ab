/* Inside the room: the operating system's calls without EINTR, its errors as failures, names safe to print. */
#ifndef REDAN_IO_OS_H
#define REDAN_IO_OS_H

#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/ctx.h"

enum { REDAN_OS_PATH = 4096, REDAN_OS_SHOW = 288 };

/* NUL-terminated for the system. REDAN_E_USAGE when empty, too long or holding a NUL byte. */
REDAN_NODISCARD enum redan_status redan_os_path(struct redan_ctx *ctx, struct redan_slice path,
                                                char text[REDAN_OS_PATH]);
/* For messages: control bytes and what is not UTF-8 as \xNN; a long name keeps its end. */
const char *redan_os_show(struct redan_slice path, char text[REDAN_OS_SHOW]);
/* "cannot WHAT PATH: what the system said"; REDAN_E_ABSENT when it is not there, REDAN_E_MEMORY, else REDAN_E_IO. */
enum redan_status redan_os_fail(struct redan_ctx *ctx, int error, const char *what,
                                struct redan_slice path);
/* "PATH is a pipe, not a ...": says what a thing of this mode is. */
const char *redan_os_kind(mode_t mode);

/* openat with O_CLOEXEC, again after a signal; -1 and errno. */
int redan_os_open(int folder, const char *name, int flags, mode_t mode);
/* As many bytes as there are up to `len`; -1 and errno. */
ssize_t redan_os_pread(int fd, void *bytes, size_t len, uint64_t offset);
/* All of them or -1 and errno. */
int redan_os_write(int fd, struct redan_slice bytes);
void redan_os_close(int *fd); /* for REDAN_DEFER; -1 is accepted */

/* Open a file for reading and say what it is: only regular files come back. `name` is relative to `folder`; `path` is for messages. */
REDAN_NODISCARD enum redan_status redan_os_open_file(struct redan_ctx *ctx, int folder,
                                                     const char *name, struct redan_slice path,
                                                     bool follow, int *fd, struct stat *st);
/* What tells whether a file is still the one that was looked at, with the same content. */
struct redan_os_mark {
    uint64_t dev;
    uint64_t ino;
    uint64_t size;
    int64_t seconds; /* of the last change */
    int64_t nanoseconds;
};
struct redan_os_mark redan_os_mark(const struct stat *st);
bool redan_os_same(const struct redan_os_mark *a, const struct redan_os_mark *b);
/* Seconds on a clock that only rises. */
double redan_os_clock(void);

#endif
