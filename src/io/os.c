/* The operating system's manners in one place. */
#include "io/os.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/utf8.h"

enum redan_status redan_os_path(struct redan_ctx *ctx, struct redan_slice path,
                                char text[REDAN_OS_PATH])
{
    char shown[REDAN_OS_SHOW];

    if (path.len == 0)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "a path is empty");
    if (memchr(path.at, '\0', path.len))
        return redan_fail(ctx, REDAN_E_USAGE, 0, "the path %s has a NUL byte",
                          redan_os_show(path, shown));
    if (path.len >= REDAN_OS_PATH)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "a path of %zu bytes is longer than %d", path.len,
                          REDAN_OS_PATH - 1);
    memcpy(text, path.at, path.len);
    text[path.len] = '\0';
    return REDAN_OK;
}

const char *redan_os_show(struct redan_slice path, char text[REDAN_OS_SHOW])
{
    enum { WIDEST = 4, DOTS = 3 };
    size_t budget = (REDAN_OS_SHOW - 1 - DOTS) / WIDEST;
    size_t used = 0;
    size_t i = 0;

    if (path.len > budget) { /* the end tells files apart; any byte may take four characters */
        bool plain = redan_utf8_check(path, NULL);
        for (size_t k = 0; plain && k < path.len; k++)
            plain = (unsigned char)path.at[k] >= 0x20 && path.at[k] != 0x7f;
        if (plain)
            budget = REDAN_OS_SHOW - 1 - DOTS;
        if (path.len > budget) {
            i = path.len - budget;
            while (plain && ((unsigned char)path.at[i] & 0xc0) == 0x80)
                i++;
            memcpy(text, "...", DOTS);
            used = DOTS;
        }
    }
    while (i < path.len) {
        unsigned char byte = (unsigned char)path.at[i];
        uint32_t code = 0;
        size_t n = redan_utf8_decode(path, i, &code);
        bool control = byte < 0x20 || byte == 0x7f ||
                       (n == 2 && byte == 0xc2 && (unsigned char)path.at[i + 1] < 0xa0);
        if (n == 0 || control) {
            used += (size_t)snprintf(text + used, WIDEST + 1, "\\x%02x", byte);
            i++;
        } else {
            memcpy(text + used, path.at + i, n);
            used += n;
            i += n;
        }
    }
    text[used] = '\0';
    return text;
}

enum redan_status redan_os_fail(struct redan_ctx *ctx, int error, const char *what,
                                struct redan_slice path)
{
    char shown[REDAN_OS_SHOW];
    const char *reason = strerrordesc_np(error);
    enum redan_status status = error == ENOENT || error == ENOTDIR ? REDAN_E_ABSENT
                               : error == ENOMEM                   ? REDAN_E_MEMORY
                                                                   : REDAN_E_IO;

    return redan_fail(ctx, status, 0, "cannot %s %s: %s", what, redan_os_show(path, shown),
                      reason ? reason : "unknown error");
}

const char *redan_os_kind(mode_t mode)
{
    static const struct {
        mode_t type;
        const char *name;
    } kinds[] = {{S_IFREG, "a file"},  {S_IFDIR, "a folder"},  {S_IFLNK, "a symbolic link"},
                 {S_IFIFO, "a pipe"},  {S_IFSOCK, "a socket"}, {S_IFCHR, "a device"},
                 {S_IFBLK, "a device"}};

    for (size_t i = 0; i < REDAN_COUNT(kinds); i++) {
        if ((mode & S_IFMT) == kinds[i].type)
            return kinds[i].name;
    }
    return "of an unknown kind";
}

int redan_os_open(int folder, const char *name, int flags, mode_t mode)
{
    int fd = -1;

    do
        fd = openat(folder, name, flags | O_CLOEXEC | O_NOCTTY, mode);
    while (fd < 0 && errno == EINTR);
    return fd;
}

ssize_t redan_os_pread(int fd, void *bytes, size_t len, uint64_t offset)
{
    size_t got = 0;

    while (got < len) {
        ssize_t n = pread(fd, (char *)bytes + got, len - got, (off_t)(offset + got));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        got += (size_t)n;
    }
    return (ssize_t)got;
}

int redan_os_write(int fd, struct redan_slice bytes)
{
    size_t put = 0;

    while (put < bytes.len) {
        ssize_t n = write(fd, bytes.at + put, bytes.len - put);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        put += (size_t)n;
    }
    return 0;
}

void redan_os_close(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

static enum redan_status refuse_kind(struct redan_ctx *ctx, struct redan_slice path, mode_t mode)
{
    char shown[REDAN_OS_SHOW];

    if (S_ISLNK(mode))
        return redan_fail(
            ctx, REDAN_E_IO, 0,
            "%s is a symbolic link, which is not followed; name the file it points to",
            redan_os_show(path, shown));
    return redan_fail(ctx, REDAN_E_IO, 0, "%s is %s; only regular files are read",
                      redan_os_show(path, shown), redan_os_kind(mode));
}

enum redan_status redan_os_open_file(struct redan_ctx *ctx, int folder, const char *name,
                                     struct redan_slice path, bool follow, int *fd, struct stat *st)
{
    /* O_NONBLOCK: opening a pipe without a writer must not wait; regular files ignore it */
    REDAN_DEFER(redan_os_close)
    int opened = redan_os_open(folder, name, O_RDONLY | O_NONBLOCK | (follow ? 0 : O_NOFOLLOW), 0);
    struct stat seen;

    if (opened < 0) {
        int error = errno;
        bool odd = error == ENXIO || (error == ELOOP && !follow); /* a socket; a link */
        if (odd && fstatat(folder, name, &seen, follow ? 0 : AT_SYMLINK_NOFOLLOW) == 0 &&
            !S_ISREG(seen.st_mode))
            return refuse_kind(ctx, path, seen.st_mode);
        return redan_os_fail(ctx, error, "read", path);
    }
    if (fstat(opened, &seen) != 0)
        return redan_os_fail(ctx, errno, "read", path);
    if (!S_ISREG(seen.st_mode))
        return refuse_kind(ctx, path, seen.st_mode);
    *fd = opened;
    *st = seen;
    opened = -1;
    return REDAN_OK;
}

struct redan_os_mark redan_os_mark(const struct stat *st)
{
    return (struct redan_os_mark){.dev = st->st_dev,
                                  .ino = st->st_ino,
                                  .size = (uint64_t)st->st_size,
                                  .seconds = st->st_mtim.tv_sec,
                                  .nanoseconds = st->st_mtim.tv_nsec};
}

bool redan_os_same(const struct redan_os_mark *a, const struct redan_os_mark *b)
{
    return a->dev == b->dev && a->ino == b->ino && a->size == b->size && a->seconds == b->seconds &&
           a->nanoseconds == b->nanoseconds;
}

double redan_os_clock(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
