/* Folders: their names in a stable order, and a lock that one process holds at a time. */
#include "io/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "io/os.h"

static const double LOCK_WAIT = 10.0;

static int order(const void *a, const void *b)
{
    const struct redan_slice *x = a;
    const struct redan_slice *y = b;

    return redan_slice_cmp(*x, *y);
}

static void close_folder(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir);
}

static enum redan_status open_folder(struct redan_ctx *ctx, struct redan_slice path, int *fd)
{
    char text[REDAN_OS_PATH];

    REDAN_TRY(redan_os_path(ctx, path, text));
    *fd = redan_os_open(AT_FDCWD, text, O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0);
    if (*fd < 0)
        return redan_os_fail(ctx, errno, "open the folder", path);
    return REDAN_OK;
}

/* Twice the room in the arena; the old half dies with the operation. */
static enum redan_status widen(struct redan_ctx *ctx, struct redan_slice **list, size_t count,
                               size_t *cap)
{
    size_t wider = *cap ? *cap * 2 : 32;
    struct redan_slice *grown = redan_take_array(ctx, wider, sizeof(*grown));

    if (!grown)
        return REDAN_E_MEMORY;
    if (count)
        memcpy(grown, *list, count * sizeof(*grown));
    *list = grown;
    *cap = wider;
    return REDAN_OK;
}

enum redan_status redan_folder_list(struct redan_ctx *ctx, struct redan_slice path,
                                    struct redan_slice **names, size_t *count)
{
    REDAN_DEFER(close_folder) DIR *dir = NULL;
    struct redan_slice *list = NULL;
    char shown[REDAN_OS_SHOW];
    size_t n = 0;
    size_t cap = 0;
    int fd = -1;

    REDAN_TRY(open_folder(ctx, path, &fd));
    dir = fdopendir(fd);
    if (!dir) {
        int error = errno;
        redan_os_close(&fd);
        return redan_os_fail(ctx, error, "read the folder", path);
    }
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (!entry && errno != 0)
            return redan_os_fail(ctx, errno, "read the folder", path);
        if (!entry)
            break;
        struct redan_slice name = redan_slice_of(entry->d_name);
        if (redan_slice_is(name, ".") || redan_slice_is(name, ".."))
            continue;
        if (n == ctx->limits.files)
            return redan_fail(ctx, REDAN_E_LIMIT, 0, "%s has more than %zu entries",
                              redan_os_show(path, shown), n);
        if (n == cap)
            REDAN_TRY(widen(ctx, &list, n, &cap));
        REDAN_TRY(redan_copy(ctx, name, &list[n]));
        n++;
    }
    if (n > 1)
        qsort(list, n, sizeof(*list), order);
    *names = list;
    *count = n;
    return REDAN_OK;
}

enum redan_status redan_lock_take(struct redan_ctx *ctx, struct redan_slice folder,
                                  struct redan_lock *lock)
{
    static const struct timespec pause = {.tv_nsec = 20000000};
    REDAN_DEFER(redan_os_close) int fd = -1;
    char shown[REDAN_OS_SHOW];
    double until = redan_os_clock() + LOCK_WAIT;

    REDAN_TRY(open_folder(ctx, folder, &fd));
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR)
            continue;
        if (errno != EWOULDBLOCK)
            return redan_os_fail(ctx, errno, "lock", folder);
        if (redan_os_clock() > until)
            return redan_fail(ctx, REDAN_E_IO, 0,
                              "%s is in use by another process for more than %d seconds; let it "
                              "finish, then try again",
                              redan_os_show(folder, shown), (int)LOCK_WAIT);
        (void)nanosleep(&pause, NULL);
    }
    lock->fd = fd;
    fd = -1;
    return REDAN_OK;
}

void redan_lock_done(struct redan_lock *lock)
{
    if (lock)
        redan_os_close(&lock->fd); /* the lock goes with its descriptor */
}
