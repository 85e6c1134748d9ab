/* Reading files whole: bounded, by one descriptor, refusing what changes or is not a regular file. */
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "io/os.h"

static enum redan_status too_long(struct redan_ctx *ctx, struct redan_slice path, size_t max)
{
    char shown[REDAN_OS_SHOW];

    return redan_fail(ctx, REDAN_E_LIMIT, max, "%s is longer than the %zu bytes that are read",
                      redan_os_show(path, shown), max);
}

/* What has no size beforehand: standard input, files of the kernel's. */
static enum redan_status read_stream(struct redan_ctx *ctx, int fd, struct redan_slice path,
                                     size_t max, struct redan_slice *bytes)
{
    enum { STEP = 65536 };
    REDAN_DEFER(redan_buf_done) struct redan_buf buf = {0};

    redan_buf_init(&buf, ctx, max < SIZE_MAX - STEP ? max + STEP : max);
    for (;;) {
        char *room = redan_buf_room(&buf, STEP);
        if (!room)
            return redan_buf_ok(ctx, &buf, "what is read");
        ssize_t n = read(fd, room, STEP);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return redan_os_fail(ctx, errno, "read", path);
        if (n == 0)
            break;
        redan_buf_grew(&buf, (size_t)n);
        if (buf.len > max)
            return too_long(ctx, path, max);
    }
    return redan_copy(ctx, redan_buf_view(&buf), bytes);
}

static enum redan_status read_open(struct redan_ctx *ctx, int fd, struct stat st,
                                   struct redan_slice path, size_t max, struct redan_slice *bytes)
{
    char shown[REDAN_OS_SHOW];

    if (st.st_size == 0)
        return read_stream(ctx, fd, path, max, bytes);
    if ((uint64_t)st.st_size > max)
        return too_long(ctx, path, max);
    size_t size = (size_t)st.st_size;
    char *text = redan_take(ctx, size + 1);
    if (!text)
        return REDAN_E_MEMORY;
    struct redan_os_mark before = redan_os_mark(&st);
    ssize_t got = redan_os_pread(fd, text, size, 0); /* that it grew shows in its size afterwards */
    if (got < 0 || fstat(fd, &st) != 0)
        return redan_os_fail(ctx, errno, "read", path);
    struct redan_os_mark after = redan_os_mark(&st);
    if ((size_t)got != size || !redan_os_same(&before, &after))
        return redan_fail(ctx, REDAN_E_IO, 0, "%s changed while it was read; try again",
                          redan_os_show(path, shown));
    *bytes = (struct redan_slice){text, size};
    return REDAN_OK;
}

enum redan_status redan_file_read(struct redan_ctx *ctx, struct redan_slice path, size_t max,
                                  bool follow, struct redan_slice *bytes)
{
    REDAN_DEFER(redan_os_close) int fd = -1;
    char name[REDAN_OS_PATH];
    struct stat st;

    if (redan_slice_is(path, "-"))
        return read_stream(ctx, STDIN_FILENO, REDAN_S("standard input"), max, bytes);
    REDAN_TRY(redan_os_path(ctx, path, name));
    REDAN_TRY(redan_os_open_file(ctx, AT_FDCWD, name, path, follow, &fd, &st));
    return read_open(ctx, fd, st, path, max, bytes);
}

enum redan_status redan_file_read_own(struct redan_ctx *ctx, struct redan_slice path, size_t max,
                                      unsigned refused, struct redan_slice *bytes)
{
    REDAN_DEFER(redan_os_close) int fd = -1;
    char name[REDAN_OS_PATH];
    char shown[REDAN_OS_SHOW];
    struct stat st;

    REDAN_TRY(redan_os_path(ctx, path, name));
    REDAN_TRY(redan_os_open_file(ctx, AT_FDCWD, name, path, false, &fd, &st));
    if (st.st_uid != geteuid())
        return redan_fail(ctx, REDAN_E_IO, 0,
                          "%s belongs to another user, so nothing in it is believed",
                          redan_os_show(path, shown));
    if (st.st_mode & refused)
        return redan_fail(ctx, REDAN_E_IO, 0,
                          "%s can be %s by others (mode %04o), so nothing in it is believed; "
                          "remove it, or take that right away with chmod",
                          redan_os_show(path, shown),
                          st.st_mode & refused & 0022 ? "written" : "read", st.st_mode & 07777U);
    return read_open(ctx, fd, st, path, max, bytes);
}

static bool look(struct redan_ctx *ctx, struct redan_slice path, int flags, struct stat *st)
{
    char name[REDAN_OS_PATH];

    (void)ctx;
    if (path.len == 0 || path.len >= REDAN_OS_PATH || memchr(path.at, '\0', path.len))
        return false;
    memcpy(name, path.at, path.len);
    name[path.len] = '\0';
    return fstatat(AT_FDCWD, name, st, flags) == 0;
}

bool redan_file_exists(struct redan_ctx *ctx, struct redan_slice path)
{
    struct stat st;

    if (!look(ctx, path, AT_SYMLINK_NOFOLLOW, &st))
        return false;
    if (S_ISLNK(st.st_mode) && !look(ctx, path, 0, &st))
        return true; /* leads nowhere, but the name is taken */
    return !S_ISDIR(st.st_mode);
}

uint64_t redan_file_size(struct redan_ctx *ctx, struct redan_slice path)
{
    struct stat st;

    return look(ctx, path, AT_SYMLINK_NOFOLLOW, &st) && S_ISREG(st.st_mode) && st.st_size > 0
               ? (uint64_t)st.st_size
               : 0;
}

bool redan_folder_exists(struct redan_ctx *ctx, struct redan_slice path)
{
    struct stat st;

    return look(ctx, path, 0, &st) && S_ISDIR(st.st_mode);
}
