/* A stream in a file without a name, and a file that grows under a temporary one. */
#include "io/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/map.h"
#include "io/file.h"
#include "io/os.h"

enum { CHUNK = 1 << 16, TRIES = 100 };

static const struct redan_slice input_name = {"standard input", 14};

/* A second one on the disk takes what the first in memory holds. */
static enum redan_status move_to_disk(struct redan_ctx *ctx, int *fd, char *chunk, uint64_t size)
{
    const char *folder = getenv("TMPDIR");
    REDAN_DEFER(redan_os_close) int disk = -1;

    if (!folder || !folder[0])
        folder = "/tmp";
    disk = redan_os_open(AT_FDCWD, folder, O_RDWR | O_TMPFILE, 0600);
    if (disk < 0)
        return redan_os_fail(ctx, errno, "make a temporary file in", redan_slice_of(folder));
    for (uint64_t at = 0; at < size;) {
        ssize_t n = redan_os_pread(*fd, chunk, CHUNK, at);
        if (n <= 0 || redan_os_write(disk, (struct redan_slice){chunk, (size_t)n}) != 0)
            return redan_os_fail(ctx, errno, "keep", input_name);
        at += (uint64_t)n;
    }
    redan_os_close(fd);
    *fd = disk;
    disk = -1;
    return REDAN_OK;
}

static enum redan_status copy(struct redan_ctx *ctx, int input, uint64_t memory, uint64_t most,
                              int *fd, uint64_t *size)
{
    char chunk[8192];
    bool on_disk = false;

    *size = 0;
    for (;;) {
        ssize_t n = read(input, chunk, sizeof(chunk));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return redan_os_fail(ctx, errno, "read", input_name);
        if (n == 0)
            return REDAN_OK;
        if ((uint64_t)n > most - *size)
            return redan_fail(ctx, REDAN_E_LIMIT, 0, "standard input is longer than %llu bytes",
                              (unsigned long long)most);
        if (!on_disk && *size + (uint64_t)n > memory) {
            char *large = redan_take(ctx, CHUNK);
            if (!large)
                return REDAN_E_MEMORY;
            REDAN_TRY(move_to_disk(ctx, fd, large, *size));
            on_disk = true;
        }
        if (redan_os_write(*fd, (struct redan_slice){chunk, (size_t)n}) != 0)
            return redan_os_fail(ctx, errno, "keep", input_name);
        *size += (uint64_t)n;
    }
}

enum redan_status redan_spool(struct redan_ctx *ctx, int input, uint64_t memory, uint64_t most,
                              int *fd, uint64_t *size)
{
    REDAN_DEFER(redan_os_close) int kept = -1;
    struct stat st;

    if (fstat(input, &st) == 0 && S_ISREG(st.st_mode) && lseek(input, 0, SEEK_CUR) == 0) {
        kept = fcntl(input, F_DUPFD_CLOEXEC, 3);
        *size = (uint64_t)st.st_size;
    } else {
        kept = memfd_create("redan-input", MFD_CLOEXEC);
        if (kept >= 0)
            REDAN_TRY(copy(ctx, input, memory, most, &kept, size));
    }
    if (kept < 0)
        return redan_os_fail(ctx, errno, "keep", input_name);
    *fd = kept;
    kept = -1;
    return REDAN_OK;
}

enum redan_status redan_growing_open(struct redan_ctx *ctx, struct redan_slice path,
                                     struct redan_growing *file)
{
    struct redan_slice folder = redan_path_folder(path);
    char text[REDAN_OS_PATH];

    *file = (struct redan_growing){.folder = -1, .fd = STDOUT_FILENO, .path = path};
    if (path.len == 0 || redan_slice_is(path, "-"))
        return REDAN_OK;
    file->fd = -1;
    REDAN_TRY(redan_os_path(ctx, path, text));
    REDAN_TRY(redan_os_path(ctx, folder, text));
    file->folder = redan_os_open(AT_FDCWD, text, O_RDONLY | O_DIRECTORY, 0);
    if (file->folder < 0)
        return redan_os_fail(ctx, errno, "open the folder", folder);
    for (unsigned i = 0; file->fd < 0 && i < TRIES; i++) {
        uint64_t h = redan_hash(ctx->seed + i, path) ^ (uint64_t)getpid();
        (void)snprintf(file->temp, sizeof(file->temp), ".redan-%016llx.tmp", (unsigned long long)h);
        file->fd =
            redan_os_open(file->folder, file->temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644);
        if (file->fd < 0 && errno != EEXIST)
            break;
    }
    if (file->fd < 0)
        return redan_os_fail(ctx, errno, "make a file beside", path);
    return REDAN_OK;
}

enum redan_status redan_growing_add(struct redan_ctx *ctx, struct redan_growing *file,
                                    struct redan_slice bytes)
{
    if (redan_os_write(file->fd, bytes) == 0)
        return REDAN_OK;
    return redan_os_fail(ctx, errno, "write",
                         file->folder < 0 ? REDAN_S("standard output") : file->path);
}

enum redan_status redan_growing_keep(struct redan_ctx *ctx, struct redan_growing *file)
{
    char name[REDAN_OS_PATH];
    char shown[REDAN_OS_SHOW];
    struct stat st;

    if (file->folder < 0)
        return REDAN_OK;
    REDAN_TRY(redan_os_path(ctx, redan_path_name(file->path), name));
    if (fstatat(file->folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(st.st_mode))
        return redan_fail(ctx, REDAN_E_IO, 0, "%s is %s; only a regular file is replaced",
                          redan_os_show(file->path, shown), redan_os_kind(st.st_mode));
    if (fsync(file->fd) != 0 || renameat(file->folder, file->temp, file->folder, name) != 0)
        return redan_os_fail(ctx, errno, "write", file->path);
    redan_os_close(&file->fd);
    redan_os_close(&file->folder);
    return REDAN_OK;
}

void redan_growing_done(struct redan_growing *file)
{
    if (file->folder < 0) /* nothing was opened: standard output stays */
        return;
    if (file->fd >= 0)
        (void)unlinkat(file->folder, file->temp, 0);
    redan_os_close(&file->fd);
    redan_os_close(&file->folder);
}
