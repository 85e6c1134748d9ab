/* Opening by descriptor, reading a chunk at a time, asking the disk ahead, and looking again at the end. */
#include "io/tree_read.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>

#include "io/os.h"

/* How far ahead a disk is kept busy, and how often it is asked. */
enum { AHEAD = 8 << 20, STEP = 2 << 20 };

static enum redan_status changed(struct redan_ctx *ctx, struct redan_slice path)
{
    char shown[REDAN_OS_SHOW];

    return redan_fail(ctx, REDAN_E_IO, 0, "%s changed while it was read; try again",
                      redan_os_show(path, shown));
}

static int64_t nanoseconds(const struct timespec *time)
{
    int64_t value = 0;

    if (__builtin_mul_overflow((int64_t)time->tv_sec, INT64_C(1000000000), &value) ||
        __builtin_add_overflow(value, (int64_t)time->tv_nsec, &value))
        return time->tv_sec < 0 ? INT64_MIN : INT64_MAX;
    return value;
}

struct redan_tree_mark redan_tree_mark(const struct stat *st)
{
    return (struct redan_tree_mark){.dev = st->st_dev,
                                    .ino = st->st_ino,
                                    .mtime = nanoseconds(&st->st_mtim),
                                    .ctime = nanoseconds(&st->st_ctim)};
}

/* Whether the open file is the one that the walk saw, with the same content. */
static enum redan_status look(struct redan_ctx *ctx, const struct redan_tree_reading *r)
{
    const struct redan_tree_mark *seen = &r->file->mark;
    struct stat st;

    if (fstat(r->fd, &st) != 0)
        return redan_os_fail(ctx, errno, "read", r->file->path);
    struct redan_tree_mark now = redan_tree_mark(&st);
    if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != r->file->size || now.dev != seen->dev ||
        now.ino != seen->ino || now.mtime != seen->mtime || now.ctime != seen->ctime)
        return changed(ctx, r->file->path);
    return REDAN_OK;
}

bool redan_tree_seen(const struct redan_tree_file *file)
{
    return file->mark.ino != 0 || file->mark.dev != 0 || file->mark.ctime != 0;
}

static enum redan_status see(struct redan_ctx *ctx, int fd, struct redan_tree_file *file)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return redan_os_fail(ctx, errno, "read", file->path);
    if (!S_ISREG(st.st_mode)) /* the folder said that it was a file */
        return changed(ctx, file->path);
    file->size = (uint64_t)st.st_size;
    file->mark = redan_tree_mark(&st);
    return REDAN_OK;
}

void redan_tree_place_done(struct redan_tree_place *place)
{
    redan_os_close(&place->folder);
}

/* Folder by folder, so that no link in the middle of the path is followed. */
static enum redan_status enter(struct redan_ctx *ctx, struct redan_tree_place *place,
                               struct redan_slice folder, struct redan_slice path)
{
    REDAN_DEFER(redan_os_close) int at = -1;
    char text[REDAN_OS_PATH];
    char *name = text;

    if (place->folder >= 0 && redan_slice_eq(place->path, folder))
        return REDAN_OK;
    redan_os_close(&place->folder);
    REDAN_TRY(redan_os_path(ctx, folder, text));
    while (name) {
        char *slash = place->follow ? NULL : strchr(name, '/');
        if (slash)
            *slash = '\0';
        int next = redan_os_open(at < 0 ? place->root : at, name,
                                 O_RDONLY | O_DIRECTORY | (place->follow ? 0 : O_NOFOLLOW), 0);
        if (next < 0 && (errno == ENOTDIR || errno == ENOENT || errno == ELOOP))
            return changed(ctx, path);
        if (next < 0)
            return redan_os_fail(ctx, errno, "read", path);
        redan_os_close(&at);
        at = next;
        name = slash ? slash + 1 : NULL;
    }
    place->folder = at;
    place->path = folder;
    at = -1;
    return REDAN_OK;
}

/* A file that was there and cannot be opened now: why. */
static enum redan_status refuse(struct redan_ctx *ctx, int folder, const char *name,
                                struct redan_slice path, bool follow)
{
    REDAN_DEFER(redan_os_close) int fd = -1;
    struct stat st;

    REDAN_TRY(redan_os_open_file(ctx, folder, name, path, follow, &fd, &st));
    return changed(ctx, path);
}

enum redan_status redan_tree_open(struct redan_ctx *ctx, struct redan_tree_place *place,
                                  struct redan_tree_file *file, uint64_t from, uint64_t to,
                                  struct redan_tree_reading *reading)
{
    struct redan_tree_reading made = {.file = file, .fd = -1, .at = from, .to = to, .asked = from};
    const char *slash =
        place->root == AT_FDCWD ? NULL : memrchr(file->path.at, '/', file->path.len);
    const char *name = slash ? slash + 1 : file->path.at;
    int folder = place->root;

    if (slash) {
        size_t len = (size_t)(slash - file->path.at);
        REDAN_TRY(enter(ctx, place, redan_slice_sub(file->path, 0, len), file->path));
        folder = place->folder;
    }
    /* O_NONBLOCK: a pipe in the file's place must not make us wait; regular files ignore it */
    made.fd =
        redan_os_open(folder, name, O_RDONLY | O_NONBLOCK | (place->follow ? 0 : O_NOFOLLOW), 0);
    if (made.fd < 0)
        return refuse(ctx, folder, name, file->path, place->follow);
    enum redan_status status = REDAN_OK;
    if (!redan_tree_seen(file)) {
        status = see(ctx, made.fd, file);
        made.to = file->size;
    } else if (to - from > REDAN_TREE_CHUNK) { /* for small ones the look afterwards is as good */
        status = look(ctx, &made);
    }
    if (status != REDAN_OK) {
        redan_os_close(&made.fd);
        return status;
    }
    made.probe = made.to - from > REDAN_TREE_CHUNK;
    if (made.probe)
        (void)posix_fadvise(made.fd, (off_t)from, (off_t)(made.to - from), POSIX_FADV_SEQUENTIAL);
    *reading = made;
    return REDAN_OK;
}

/* What is in memory is taken at once. Where something is not, the disk is given work for the time of many chunks. */
static size_t take_cached(struct redan_tree_reading *r, char *bytes, size_t want)
{
    const struct iovec part = {.iov_base = bytes, .iov_len = want};
    ssize_t n = preadv2(r->fd, &part, 1, (off_t)r->at, RWF_NOWAIT);

    if (n < 0 && errno != EAGAIN && errno != EINTR) { /* not every file system can tell */
        r->probe = false;
        return 0;
    }
    size_t got = n > 0 ? (size_t)n : 0;
    uint64_t end = r->to - r->at > AHEAD ? r->at + AHEAD : r->to;
    if (got < want && (r->asked <= r->at || end - r->asked >= STEP)) {
        uint64_t from = r->asked > r->at ? r->asked : r->at;
        if (end > from)
            (void)posix_fadvise(r->fd, (off_t)from, (off_t)(end - from), POSIX_FADV_WILLNEED);
        r->asked = end;
    }
    return got;
}

enum redan_status redan_tree_next(struct redan_ctx *ctx, struct redan_tree_reading *reading,
                                  char *bytes, size_t room, size_t *len)
{
    uint64_t left = reading->to - reading->at; /* growth beyond shows in the size afterwards */
    size_t want = left < room ? (size_t)left : room;
    size_t got = reading->probe && want > 0 ? take_cached(reading, bytes, want) : 0;

    if (got < want) {
        ssize_t n = redan_os_pread(reading->fd, bytes + got, want - got, reading->at + got);
        if (n < 0) {
            int error = errno;
            REDAN_TRY(look(ctx, reading));
            return redan_os_fail(ctx, error, "read", reading->file->path);
        }
        got += (size_t)n;
    }
    if (got != want)
        return changed(ctx, reading->file->path);
    reading->at += want;
    *len = want;
    return REDAN_OK;
}

enum redan_status redan_tree_close(struct redan_ctx *ctx, struct redan_tree_reading *reading)
{
    enum redan_status status = look(ctx, reading);

    redan_os_close(&reading->fd);
    return status;
}
