/* Finds a file beneath a folder's descriptor without a step outside it, whatever is renamed meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "io/os.h"
#include "sign/opened_parts.h"

enum { LINKS_MAX = 40, /* as the kernel has it */ FOLDERS_MAX = 64, TRIES = 64 };

enum redan_status redan_opened_kind(struct redan_ctx *ctx, struct redan_slice path, mode_t mode)
{
    char shown[REDAN_OS_SHOW];

    if (S_ISLNK(mode))
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "%s leads through a symbolic link, and the signature allows none",
                          redan_os_show(path, shown));
    return redan_fail(ctx, REDAN_E_SIGNATURE, 0, "%s is %s, and a file was signed",
                      redan_os_show(path, shown), redan_os_kind(mode));
}

static enum redan_status leads_out(struct redan_ctx *ctx, struct redan_slice path)
{
    char shown[REDAN_OS_SHOW];

    return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                      "%s leads out of the model through a symbolic link",
                      redan_os_show(path, shown));
}

static enum redan_status not_opened(struct redan_ctx *ctx, int error, struct redan_slice path)
{
    char shown[REDAN_OS_SHOW];

    if (error == ELOOP)
        return redan_opened_kind(ctx, path, S_IFLNK);
    if (error == EXDEV)
        return leads_out(ctx, path);
    if (error == ENXIO) /* what a socket answers, and a device without a driver */
        return redan_opened_kind(ctx, path, S_IFSOCK);
    if (error == ENOENT || error == ENOTDIR)
        return redan_fail(ctx, REDAN_E_ABSENT, 0, "%s was signed and is not there",
                          redan_os_show(path, shown));
    if (error == EAGAIN)
        return redan_fail(ctx, REDAN_E_IO, 0, "folders above %s are renamed all the time",
                          redan_os_show(path, shown));
    return redan_os_fail(ctx, error, "read", path);
}

static int open_at_once(int folder, const char *name, bool links)
{
    struct open_how how = {
        .flags =
            (uint64_t)(O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | (links ? 0 : O_NOFOLLOW)),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | (links ? 0 : RESOLVE_NO_SYMLINKS),
    };
    long fd = -1;

    for (unsigned i = 0; i < TRIES;
         i++) { /* EAGAIN: something was renamed while ".." was followed */
        fd = syscall(SYS_openat2, folder, name, &how, sizeof(how));
        if (fd >= 0 || (errno != EINTR && errno != EAGAIN))
            break;
    }
    return (int)fd;
}

/* The folders that were gone through, so that ".." in a link is a step back and never the parent that somebody moved. */
struct walk {
    struct redan_ctx *ctx;
    struct redan_slice path;
    int folder;
    int above[FOLDERS_MAX];
    size_t depth;
    unsigned links;
    bool follow;
    char rest[REDAN_OS_PATH]; /* what is still to go */
};

static void walk_done(struct walk *w)
{
    while (w->depth > 0)
        redan_os_close(&w->above[--w->depth]);
}

static int top(const struct walk *w)
{
    return w->depth ? w->above[w->depth - 1] : w->folder;
}

/* What is still to go becomes the link's target, and what came after the link. */
static enum redan_status enter_link(struct walk *w, int link, const char *after)
{
    char joined[REDAN_OS_PATH];
    size_t tail = strlen(after);
    ssize_t n = readlinkat(link, "", joined, sizeof(joined));

    if (!w->follow)
        return redan_opened_kind(w->ctx, w->path, S_IFLNK);
    if (n <= 0 || ++w->links > LINKS_MAX)
        return redan_fail(w->ctx, REDAN_E_SIGNATURE, 0, "%.*s: too many symbolic links",
                          REDAN_FMT(w->path));
    if (joined[0] == '/')
        return leads_out(w->ctx, w->path);
    if ((size_t)n + tail + 2 > sizeof(joined))
        return redan_fail(w->ctx, REDAN_E_LIMIT, 0, "%.*s: a symbolic link is too long",
                          REDAN_FMT(w->path));
    if (tail)
        joined[n++] = '/';
    memcpy(joined + n, after, tail + 1);
    memcpy(w->rest, joined, (size_t)n + tail + 1);
    return REDAN_OK;
}

/* One component. `found` receives the file when it was the last. */
static enum redan_status step(struct walk *w, int *found)
{
    REDAN_DEFER(redan_os_close) int here = -1;
    struct stat st;
    size_t len = strcspn(w->rest, "/");
    size_t next = len + strspn(w->rest + len, "/");
    const char *name = w->rest;
    const char *after = w->rest + next;

    w->rest[len] = '\0';
    if (strcmp(name, "..") == 0) {
        if (w->depth == 0)
            return leads_out(w->ctx, w->path);
        redan_os_close(&w->above[--w->depth]);
    } else if (len && strcmp(name, ".") != 0) {
        here = redan_os_open(top(w), name, O_PATH | O_NOFOLLOW, 0);
        if (here < 0 || fstat(here, &st) != 0)
            return not_opened(w->ctx, errno, w->path);
        if (S_ISLNK(st.st_mode))
            return enter_link(w, here, after);
        if (S_ISREG(st.st_mode) && next == len) {
            *found = redan_os_open(top(w), name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0);
            return *found < 0 ? not_opened(w->ctx, errno, w->path) : REDAN_OK;
        }
        if (!S_ISDIR(st.st_mode))
            return next > len ? not_opened(w->ctx, ENOTDIR, w->path)
                              : redan_opened_kind(w->ctx, w->path, st.st_mode);
        if (w->depth == FOLDERS_MAX)
            return redan_fail(w->ctx, REDAN_E_LIMIT, 0, "%.*s lies deeper than %d folders",
                              REDAN_FMT(w->path), FOLDERS_MAX);
        w->above[w->depth++] = here;
        here = -1;
    }
    memmove(w->rest, after, strlen(after) + 1);
    return REDAN_OK;
}

static enum redan_status open_by_steps(struct redan_ctx *ctx, int folder, struct redan_slice path,
                                       const char *name, bool links, int *fd)
{
    REDAN_DEFER(walk_done)
    struct walk w = {.ctx = ctx, .path = path, .folder = folder, .follow = links};
    int found = -1;

    memcpy(w.rest, name, strlen(name) + 1);
    while (found < 0 && w.rest[0])
        REDAN_TRY(step(&w, &found));
    if (found < 0)
        return redan_opened_kind(ctx, path, S_IFDIR);
    *fd = found;
    return REDAN_OK;
}

enum redan_status redan_opened_beneath(struct redan_ctx *ctx, int folder, struct redan_slice path,
                                       bool links, bool plain, int *fd, struct stat *st)
{
    REDAN_DEFER(redan_os_close) int opened = -1;
    struct stat seen;
    char name[REDAN_OS_PATH];

    REDAN_TRY(redan_os_path(ctx, path, name));
    if (name[0] == '/')
        return leads_out(ctx, path);
    if (!plain) {
        opened = open_at_once(folder, name, links);
        /* EPERM: how a filter of system calls says that it does not know this one */
        plain = opened < 0 && (errno == ENOSYS || errno == EPERM);
        if (opened < 0 && !plain)
            return not_opened(ctx, errno, path);
    }
    if (plain)
        REDAN_TRY(open_by_steps(ctx, folder, path, name, links, &opened));
    if (fstat(opened, &seen) != 0)
        return redan_os_fail(ctx, errno, "read", path);
    if (!S_ISREG(seen.st_mode))
        return redan_opened_kind(ctx, path, seen.st_mode);
    *fd = opened;
    *st = seen;
    opened = -1;
    return REDAN_OK;
}
