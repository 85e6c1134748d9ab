/* Writing files so that a reader sees the old content, the new, or nothing: a temporary name beside it, then one rename. */
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/map.h"
#include "io/os.h"

enum { TEMP_NAME = 40, TRIES = 100 };

/* A temporary file in an open folder; its name is removed unless `kept`. */
struct temp {
    int folder;
    int fd;
    bool kept;
    char name[TEMP_NAME];
};

static void temp_done(struct temp *temp)
{
    if (temp->fd >= 0 && !temp->kept)
        (void)unlinkat(temp->folder, temp->name, 0);
    redan_os_close(&temp->fd);
    redan_os_close(&temp->folder);
}

static enum redan_status make_folders(struct redan_ctx *ctx, struct redan_slice folder)
{
    char text[REDAN_OS_PATH];

    REDAN_TRY(redan_os_path(ctx, folder, text));
    if (mkdir(text, 0777) == 0 || errno == EEXIST)
        return REDAN_OK;
    for (size_t i = 1; i <= folder.len; i++) {
        if (text[i] != '/' && text[i] != '\0')
            continue;
        text[i] = '\0';
        if (mkdir(text, 0777) != 0 && errno != EEXIST)
            return redan_os_fail(ctx, errno, "make the folder", redan_slice_sub(folder, 0, i));
        if (i < folder.len)
            text[i] = '/';
    }
    return REDAN_OK;
}

static enum redan_status temp_open(struct redan_ctx *ctx, struct redan_slice path, mode_t mode,
                                   struct temp *temp)
{
    struct redan_slice folder = redan_path_folder(path);
    char text[REDAN_OS_PATH];

    REDAN_TRY(redan_os_path(ctx, folder, text));
    temp->folder = redan_os_open(AT_FDCWD, text, O_RDONLY | O_DIRECTORY, 0);
    if (temp->folder < 0)
        return redan_os_fail(ctx, errno, "open the folder", folder);
    for (unsigned i = 0; temp->fd < 0 && i < TRIES; i++) {
        uint64_t h = redan_hash(ctx->seed + i, path) ^ (uint64_t)getpid();
        (void)snprintf(temp->name, sizeof(temp->name), ".redan-%016llx.tmp", (unsigned long long)h);
        temp->fd =
            redan_os_open(temp->folder, temp->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
        if (temp->fd < 0 && errno != EEXIST)
            break;
    }
    if (temp->fd < 0)
        return redan_os_fail(ctx, errno, "make a file beside", path);
    return REDAN_OK;
}

static enum redan_status temp_fill(struct redan_ctx *ctx, struct redan_slice path,
                                   struct redan_slice bytes, struct temp *temp)
{
    if (redan_os_write(temp->fd, bytes) != 0 || fsync(temp->fd) != 0)
        return redan_os_fail(ctx, errno, "write", path);
    return REDAN_OK;
}

/* The rename is on the disk only when the folder is. Some file systems cannot sync a folder, and that is no failure. */
static enum redan_status folder_sync(struct redan_ctx *ctx, int folder, struct redan_slice path)
{
    if (fsync(folder) != 0 && errno != EINVAL && errno != ENOTSUP && errno != EROFS)
        return redan_os_fail(ctx, errno, "write the folder of", path);
    return REDAN_OK;
}

static enum redan_status name_of(struct redan_ctx *ctx, struct redan_slice path,
                                 char name[REDAN_OS_PATH])
{
    char shown[REDAN_OS_SHOW];
    struct redan_slice last = redan_path_name(path);

    REDAN_TRY(redan_os_path(ctx, path, name)); /* the whole must be sound as well */
    if (last.len == 0 || redan_slice_is(last, ".") || redan_slice_is(last, ".."))
        return redan_fail(ctx, REDAN_E_USAGE, 0, "%s is not the name of a file",
                          redan_os_show(path, shown));
    return redan_os_path(ctx, last, name);
}

enum redan_status redan_file_create(struct redan_ctx *ctx, struct redan_slice path, unsigned mode,
                                    struct redan_slice bytes)
{
    REDAN_DEFER(temp_done) struct temp temp = {.folder = -1, .fd = -1};
    char name[REDAN_OS_PATH];
    char shown[REDAN_OS_SHOW];

    REDAN_TRY(name_of(ctx, path, name));
    REDAN_TRY(make_folders(ctx, redan_path_folder(path)));
    REDAN_TRY(temp_open(ctx, path, (mode_t)mode, &temp));
    REDAN_TRY(temp_fill(ctx, path, bytes, &temp));
    int done = renameat2(temp.folder, temp.name, temp.folder, name, RENAME_NOREPLACE);
    if (done == 0)
        temp.kept = true;
    else if (errno == EINVAL || errno == ENOSYS) /* a file system without it has links */
        done = linkat(temp.folder, temp.name, temp.folder, name, 0);
    if (done != 0 && errno == EEXIST)
        return redan_fail(ctx, REDAN_E_EXISTS, 0, "%s exists already; it is not overwritten",
                          redan_os_show(path, shown));
    if (done != 0)
        return redan_os_fail(ctx, errno, "write", path);
    return folder_sync(ctx, temp.folder, path);
}

enum redan_status redan_file_replace(struct redan_ctx *ctx, struct redan_slice path, unsigned mode,
                                     struct redan_slice bytes)
{
    REDAN_DEFER(temp_done) struct temp temp = {.folder = -1, .fd = -1};
    char name[REDAN_OS_PATH];
    char shown[REDAN_OS_SHOW];
    struct stat st;

    REDAN_TRY(name_of(ctx, path, name));
    REDAN_TRY(make_folders(ctx, redan_path_folder(path)));
    REDAN_TRY(temp_open(ctx, path, (mode_t)mode, &temp));
    if (fstatat(temp.folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        if (S_ISLNK(st.st_mode))
            return redan_fail(
                ctx, REDAN_E_IO, 0,
                "%s is a symbolic link, which is not followed; name the file it points to",
                redan_os_show(path, shown));
        if (!S_ISREG(st.st_mode))
            return redan_fail(ctx, REDAN_E_IO, 0, "%s is %s; only a regular file is replaced",
                              redan_os_show(path, shown), redan_os_kind(st.st_mode));
        if (fchmod(temp.fd, st.st_mode & 0777) != 0)
            return redan_os_fail(ctx, errno, "keep the mode of", path);
    } else if (errno != ENOENT) {
        return redan_os_fail(ctx, errno, "write", path);
    }
    REDAN_TRY(temp_fill(ctx, path, bytes, &temp));
    if (renameat(temp.folder, temp.name, temp.folder, name) != 0)
        return redan_os_fail(ctx, errno, "write", path);
    temp.kept = true;
    return folder_sync(ctx, temp.folder, path);
}

enum redan_status redan_file_append(struct redan_ctx *ctx, struct redan_slice path,
                                    struct redan_slice bytes)
{
    REDAN_DEFER(redan_os_close) int fd = -1;
    char name[REDAN_OS_PATH];
    char shown[REDAN_OS_SHOW];
    struct stat st;

    REDAN_TRY(redan_os_path(ctx, path, name));
    fd = redan_os_open(AT_FDCWD, name, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK,
                       0644);
    if (fd < 0 || fstat(fd, &st) != 0)
        return redan_os_fail(ctx, errno, "add to", path);
    if (!S_ISREG(st.st_mode))
        return redan_fail(ctx, REDAN_E_IO, 0, "%s is %s; only a regular file is added to",
                          redan_os_show(path, shown), redan_os_kind(st.st_mode));
    return redan_os_write(fd, bytes) == 0 ? REDAN_OK : redan_os_fail(ctx, errno, "add to", path);
}
