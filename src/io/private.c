/* Namespaces and mounts: a tmpfs of this process alone over a folder that nobody but root can move away. */
#include "io/private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "io/os.h"

enum { OTHERS_WRITE = S_IWGRP | S_IWOTH };

/* In the order in which they are likely to be empty. All are folders of the file hierarchy standard, or of Debian. */
static const char *const points[] = {"/mnt",       "/media", "/srv",     "/opt",  "/usr/src",
                                     "/usr/games", "/home",  "/var/opt", "/boot", NULL};

static bool of_root(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == 0 &&
           (st.st_mode & OTHERS_WRITE) == 0;
}

static bool is_empty(int fd)
{
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    DIR *dir = own < 0 ? NULL : fdopendir(own);
    size_t entries = 0;

    if (!dir) {
        redan_os_close(&own);
        return false;
    }
    while (readdir(dir))
        entries++;
    (void)closedir(dir);
    return entries == 2; /* "." and ".." */
}

/* A folder whose every step belongs to root, so that no user can put another one in its place, and whose emptiness means that nothing is hidden. */
static bool usable(const char *point)
{
    REDAN_DEFER(redan_os_close) int root = redan_os_open(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0);
    REDAN_DEFER(redan_os_close) int here = -1;
    struct redan_slice rest = redan_slice_of(point + 1);
    struct redan_slice name = {0};
    char text[16];

    if (root < 0 || !of_root(root))
        return false;
    while (rest.len) {
        (void)redan_slice_cut(rest, '/', &name, &rest);
        if (name.len >= sizeof(text))
            return false;
        memcpy(text, name.at, name.len);
        text[name.len] = '\0';
        int next =
            redan_os_open(here < 0 ? root : here, text, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
        redan_os_close(&here);
        here = next;
        if (here < 0 || !of_root(here))
            return false;
    }
    return is_empty(here);
}

static enum redan_status refused(struct redan_ctx *ctx, const char *what, int error)
{
    return redan_fail(
        ctx, REDAN_E_UNSUPPORTED, 0,
        "cannot make a folder that nobody else can change: %s: %s; allow user namespaces "
        "(sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone=1, "
        "kernel.apparmor_restrict_unprivileged_userns=0; in a container CAP_SYS_ADMIN, or a "
        "seccomp "
        "profile with unshare and mount)",
        what, strerrordesc_np(error));
}

static bool write_file(const char *path, const char *text)
{
    REDAN_DEFER(redan_os_close) int fd = redan_os_open(AT_FDCWD, path, O_WRONLY, 0);

    return fd >= 0 && redan_os_write(fd, redan_slice_of(text)) == 0;
}

/* The user and group this process was, and no other: whoever it was outside, it is inside. */
static bool map_ids(unsigned uid, unsigned gid)
{
    char users[64];
    char groups[64];

    (void)snprintf(users, sizeof(users), "%u %u 1", uid, uid);
    (void)snprintf(groups, sizeof(groups), "%u %u 1", gid, gid);
    return write_file("/proc/self/setgroups", "deny") && write_file("/proc/self/uid_map", users) &&
           write_file("/proc/self/gid_map", groups);
}

static enum redan_status leave(struct redan_ctx *ctx)
{
    unsigned uid = geteuid();
    unsigned gid = getegid();

    /* an administrator needs no user namespace, in which other users' files would be closed to it */
    if (unshare(CLONE_NEWNS) != 0) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
            return refused(ctx, "a user namespace", errno);
        if (!map_ids(uid, gid))
            return refused(ctx, "the identity in it", errno);
    }
    /* what happens here stays here; what is mounted outside still comes in */
    if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) != 0)
        return refused(ctx, "a mount namespace", errno);
    return REDAN_OK;
}

enum redan_status redan_private_open(struct redan_ctx *ctx, struct redan_private *place)
{
    size_t i = 0;

    while (points[i] && !usable(points[i])) /* before the namespace, in which root has no number */
        i++;
    if (!points[i])
        return redan_fail(ctx, REDAN_E_UNSUPPORTED, 0,
                          "no folder to put the verified copy on: one of /mnt, /media, /srv, /opt "
                          "must be empty and belong to root alone (sudo install -d -m 755 /mnt)");
    REDAN_TRY(leave(ctx));
    /* half of the memory is the usual bound of a tmpfs; that there is enough is asked before each copy */
    if (mount("redan", points[i], "tmpfs", MS_NOSUID | MS_NODEV,
              "mode=0755,size=100%,nr_inodes=0") != 0)
        return refused(ctx, "a file system in memory", errno);
    int fd = redan_os_open(AT_FDCWD, points[i], O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return refused(ctx, "a file system in memory", errno);
    *place = (struct redan_private){.fd = fd, .path = points[i]};
    return REDAN_OK;
}

enum redan_status redan_private_seal(struct redan_ctx *ctx, const struct redan_private *place)
{
    /* the file system itself, not only this view of it */
    if (mount(NULL, place->path, NULL, MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) != 0)
        return refused(ctx, "to make it read-only", errno);
    return REDAN_OK;
}

void redan_private_done(struct redan_private *place)
{
    redan_os_close(&place->fd);
}
