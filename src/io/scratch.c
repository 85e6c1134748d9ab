/* Makes, fills and removes a temporary folder, with the signals that would leave it behind held back. */
#include "io/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/file.h"
#include "io/os.h"

enum { FOLDER_MODE = 0700, FILE_MODE = 0600 };

/* All of them wait; those that nobody has said to ignore will be waited for. */
static void hold_signals(struct redan_scratch *s)
{
    static const int enders[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT, SIGPIPE,
                                 SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU};
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigemptyset(&s->enders);
    for (size_t i = 0; i < REDAN_COUNT(enders); i++) {
        struct sigaction action;
        (void)sigaddset(&set, enders[i]);
        if (sigaction(enders[i], NULL, &action) == 0 && action.sa_handler == SIG_DFL)
            (void)sigaddset(&s->enders, enders[i]);
    }
    (void)pthread_sigmask(SIG_BLOCK, &set, &s->before);
}

static enum redan_status make_root(struct redan_ctx *ctx, struct redan_slice base,
                                   struct redan_scratch *s)
{
    char name[REDAN_OS_PATH];
    struct redan_slice path = {0};

    REDAN_TRY(redan_path_join(ctx, base, REDAN_S("redan-XXXXXX"), &path));
    REDAN_TRY(redan_os_path(ctx, path, name));
    if (!mkdtemp(name))
        return redan_os_fail(ctx, errno, "make a temporary folder in", base);
    enum redan_status status = redan_copy(ctx, redan_slice_of(name), &s->path);
    if (status != REDAN_OK) {
        (void)rmdir(name);
        return status;
    }
    s->fd = redan_os_open(AT_FDCWD, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    if (s->fd >= 0)
        return REDAN_OK;
    status = redan_os_fail(ctx, errno, "open the folder", s->path);
    (void)rmdir(name);
    return status;
}

/* The folders above a file, from the top; nobody else can put a link there, for the folder is ours alone. */
static enum redan_status make_parents(struct redan_ctx *ctx, const struct redan_scratch *s,
                                      struct redan_slice path)
{
    char name[REDAN_OS_PATH];

    REDAN_TRY(redan_os_path(ctx, path, name));
    for (size_t i = 1; i < path.len; i++) {
        if (name[i] != '/')
            continue;
        name[i] = '\0';
        if (mkdirat(s->fd, name, FOLDER_MODE) != 0 && errno != EEXIST)
            return redan_os_fail(ctx, errno, "make the folder", redan_slice_sub(path, 0, i));
        name[i] = '/';
    }
    return REDAN_OK;
}

static enum redan_status put(struct redan_ctx *ctx, const struct redan_scratch *s,
                             const struct redan_ustar_file *file)
{
    REDAN_DEFER(redan_os_close) int fd = -1;
    char name[REDAN_OS_PATH];

    REDAN_TRY(make_parents(ctx, s, file->name));
    REDAN_TRY(redan_os_path(ctx, file->name, name));
    fd = redan_os_open(s->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, FILE_MODE);
    if (fd < 0)
        return redan_os_fail(ctx, errno, "make the file", file->name);
    if (redan_os_write(fd, file->bytes) != 0)
        return redan_os_fail(ctx, errno, "write", file->name);
    return REDAN_OK;
}

/* Only what was put there, by name: nothing is walked. */
static void remove_file(const struct redan_scratch *s, struct redan_slice path,
                        struct redan_slice next)
{
    char name[REDAN_OS_PATH];

    if (path.len == 0 || path.len >= sizeof(name))
        return;
    memcpy(name, path.at, path.len);
    name[path.len] = '\0';
    (void)unlinkat(s->fd, name, 0);
    for (size_t i = path.len; i-- > 1;) {
        if (name[i] != '/')
            continue;
        if (redan_slice_starts(next, redan_slice_sub(path, 0, i + 1)))
            return; /* the next one is in there; to ask every time takes long in a large folder */
        name[i] = '\0';
        (void)unlinkat(s->fd, name, AT_REMOVEDIR); /* the last one out empties it */
    }
}

static void remove_all(const struct redan_scratch *s)
{
    char root[REDAN_OS_PATH];

    for (size_t i = s->count; i-- > 0;)
        remove_file(s, s->files[i].name,
                    i > 0 ? s->files[i - 1].name : (struct redan_slice){"", 0});
    memcpy(root, s->path.at, s->path.len);
    root[s->path.len] = '\0';
    (void)rmdir(root);
}

/* A thread may do all that a handler of signals may not. What the others are doing meanwhile ends with them. */
static void *watch(void *arg)
{
    const struct redan_scratch *s = arg;
    sigset_t one;
    int number = 0;

    if (sigwait(&s->enders, &number) != 0) /* _done cancels it here */
        return NULL;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    remove_all(s);
    (void)sigemptyset(&one);
    (void)sigaddset(&one, number);
    (void)pthread_sigmask(SIG_UNBLOCK, &one, NULL);
    (void)raise(number);
    return NULL;
}

void redan_scratch_done(struct redan_scratch *scratch)
{
    if (!scratch || scratch->fd < 0)
        return;
    if (scratch->watched) {
        (void)pthread_cancel(scratch->watcher);
        (void)pthread_join(scratch->watcher, NULL); /* where it removes, the program ends here */
    }
    remove_all(scratch);
    redan_os_close(&scratch->fd);
    (void)pthread_sigmask(SIG_SETMASK, &scratch->before, NULL);
}

enum redan_status redan_scratch_make(struct redan_ctx *ctx, struct redan_slice base,
                                     const struct redan_ustar_file *files, size_t count,
                                     struct redan_scratch *scratch)
{
    struct redan_scratch s = {.fd = -1, .files = files};

    for (size_t i = 0; i < count; i++) { /* before anything is made, or removed by that name */
        if (!redan_ustar_name(files[i].name))
            return redan_fail(ctx, REDAN_E_USAGE, 0, "a file with an unsafe name is not unpacked");
    }
    hold_signals(&s);
    enum redan_status status = make_root(ctx, base, &s);
    for (size_t i = 0; status == REDAN_OK && i < count; i++) {
        s.count = i + 1; /* what is half-written is removed as well */
        status = put(ctx, &s, &files[i]);
    }
    if (status != REDAN_OK) {
        if (s.fd >= 0)
            redan_scratch_done(&s);
        else
            (void)pthread_sigmask(SIG_SETMASK, &s.before, NULL);
        return status;
    }
    *scratch = s;
    /* without a watcher the signals wait for _done */
    scratch->watched = pthread_create(&scratch->watcher, NULL, watch, scratch) == 0;
    return REDAN_OK;
}

enum redan_status redan_scratch_enter(struct redan_ctx *ctx, const struct redan_scratch *scratch)
{
    return fchdir(scratch->fd) == 0 ? REDAN_OK : redan_os_fail(ctx, errno, "enter", scratch->path);
}
