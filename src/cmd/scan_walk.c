/* A walk by descriptor with an explicit stack: no link below a root is followed unless asked, and nothing that is not a file is opened. */
#include "cmd/scan_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/os.h"
#include "io/spool.h"
#include "text/glob.h"

static const uint64_t SPOOL_MEMORY = (uint64_t)64 << 20;
static const uint64_t SPOOL_MOST = (uint64_t)1 << 42;

struct entry {
    const char *name;
    bool folder;
    bool file; /* as the folder says; asked again once it is open */
};

struct redan_scan_walk_frame {
    DIR *dir;
    struct entry *entries;
    size_t count;
    size_t at;
    size_t prefix; /* bytes of the path that lead here, with the slash */
    uint64_t dev;
    uint64_t ino;
    struct redan_arena_mark mark;
};

static enum redan_status exists(struct redan_ctx *ctx, struct redan_slice path)
{
    char text[REDAN_OS_PATH];
    struct stat st;

    if (redan_slice_is(path, "-"))
        return REDAN_OK;
    REDAN_TRY(redan_os_path(ctx, path, text));
    if (fstatat(AT_FDCWD, text, &st, 0) != 0)
        return redan_os_fail(ctx, errno, "read", path);
    return REDAN_OK;
}

enum redan_status redan_scan_walk_init(struct redan_ctx *ctx,
                                       const struct redan_scan_walk_options *options,
                                       const struct redan_slice *roots, size_t count,
                                       struct redan_scan_walk *walk)
{
    memset(walk, 0, sizeof(*walk));
    redan_ctx_init(&walk->names, &ctx->limits);
    walk->ctx = ctx;
    walk->options = options;
    walk->roots = roots;
    walk->root_count = count;
    walk->stack = redan_take_array(ctx, ctx->limits.depth, sizeof(*walk->stack));
    if (!walk->stack)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < count; i++)
        REDAN_TRY(exists(ctx, roots[i]));
    return REDAN_OK;
}

void redan_scan_walk_done(struct redan_scan_walk *walk)
{
    while (walk->depth > 0)
        (void)closedir(walk->stack[--walk->depth].dir);
    redan_ctx_done(&walk->names);
}

static struct redan_slice here(const struct redan_scan_walk *walk)
{
    return redan_slice_of(walk->path);
}

/* Something that is not read, and why. */
static void refuse(struct redan_scan_walk *walk, struct redan_scan_item *item, const char *why)
{
    (void)snprintf(walk->why, sizeof(walk->why), "%s", why);
    *item =
        (struct redan_scan_item){.path = here(walk), .fd = -1, .why = redan_slice_of(walk->why)};
}

static void refuse_error(struct redan_scan_walk *walk, struct redan_scan_item *item, int error)
{
    const char *reason = strerrordesc_np(error);
    char text[160];

    (void)snprintf(text, sizeof(text), "it cannot be opened: %s",
                   reason ? reason : "unknown error");
    refuse(walk, item, text);
}

static void refuse_kind(struct redan_scan_walk *walk, struct redan_scan_item *item, mode_t mode)
{
    char text[80];

    (void)snprintf(text, sizeof(text), "%s, which is not read", redan_os_kind(mode));
    refuse(walk, item,
           S_ISLNK(mode) ? "a symbolic link, not followed (--follow reads links to files)" : text);
}

/* Folders are compared as if a slash ended their names, so that whole paths come in order of bytes. */
static int by_name(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;
    size_t x_len = strlen(x->name);
    size_t y_len = strlen(y->name);
    int order = memcmp(x->name, y->name, redan_min_size(x_len, y_len));

    if (order != 0 || x_len == y_len)
        return order;
    if (x_len < y_len)
        return (x->folder ? '/' : 0) < (unsigned char)y->name[x_len] ? -1 : 1;
    return (unsigned char)x->name[y_len] < (y->folder ? '/' : 0) ? -1 : 1;
}

static bool is_folder(int above, const struct dirent *entry)
{
    struct stat st;

    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type == DT_DIR;
    return fstatat(above, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

/* 0, or why the names could not be had. */
static enum redan_status list(struct redan_scan_walk *walk, struct redan_scan_walk_frame *frame,
                              int *error)
{
    size_t cap = 0;

    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(frame->dir);
        if (!entry) {
            *error = errno;
            break;
        }
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (frame->count == walk->ctx->limits.files) {
            *error = EOVERFLOW;
            break;
        }
        if (frame->count == cap) {
            size_t wider = cap ? cap * 2 : 32;
            struct entry *grown = redan_take_array(&walk->names, wider, sizeof(*grown));
            if (!grown)
                return redan_fail(walk->ctx, REDAN_E_MEMORY, 0, "no memory for a list of files");
            if (frame->count)
                memcpy(grown, frame->entries, frame->count * sizeof(*grown));
            frame->entries = grown;
            cap = wider;
        }
        struct redan_slice name = {0};
        if (redan_copy(&walk->names, redan_slice_of(entry->d_name), &name) != REDAN_OK)
            return redan_fail(walk->ctx, REDAN_E_MEMORY, 0, "no memory for a list of files");
        frame->entries[frame->count++] =
            (struct entry){name.at, is_folder(dirfd(frame->dir), entry), entry->d_type == DT_REG};
    }
    if (frame->count > 1)
        qsort(frame->entries, frame->count, sizeof(*frame->entries), by_name);
    return REDAN_OK;
}

static bool holds_itself(const struct redan_scan_walk *walk, const struct stat *st)
{
    for (size_t i = 0; i < walk->depth; i++) {
        if (walk->stack[i].dev == st->st_dev && walk->stack[i].ino == st->st_ino)
            return true;
    }
    return false;
}

/* Go down into a folder; `refused` when it is an item with a reason instead. `path` says which it is. */
static enum redan_status push(struct redan_scan_walk *walk, int fd, struct redan_scan_item *item,
                              bool *refused)
{
    struct redan_scan_walk_frame frame = {.mark = redan_arena_mark(&walk->names.arena)};
    size_t len = strlen(walk->path);
    struct stat st;
    int error = 0;

    *refused = true;
    if (fd < 0 || fstat(fd, &st) != 0) {
        refuse_error(walk, item, errno);
        redan_os_close(&fd);
        return REDAN_OK;
    }
    if (walk->depth == walk->ctx->limits.depth || holds_itself(walk, &st) ||
        len + 1 >= sizeof(walk->path)) {
        refuse(walk, item, "folders are nested too deep");
        redan_os_close(&fd);
        return REDAN_OK;
    }
    frame.dir = fdopendir(fd);
    if (!frame.dir) {
        refuse_error(walk, item, errno);
        redan_os_close(&fd);
        return REDAN_OK;
    }
    enum redan_status status = list(walk, &frame, &error);
    if (status != REDAN_OK || error != 0) {
        (void)closedir(frame.dir);
        redan_arena_reset(&walk->names.arena, frame.mark);
        if (status == REDAN_OK)
            refuse_error(walk, item, error);
        return status;
    }
    if (len > 0 && walk->path[len - 1] != '/') {
        walk->path[len] = '/';
        walk->path[++len] = '\0';
    }
    frame.prefix = len;
    frame.dev = st.st_dev;
    frame.ino = st.st_ino;
    walk->stack[walk->depth++] = frame;
    *refused = false;
    return REDAN_OK;
}

static void pop(struct redan_scan_walk *walk)
{
    struct redan_scan_walk_frame *frame = &walk->stack[--walk->depth];

    (void)closedir(frame->dir);
    redan_arena_reset(&walk->names.arena, frame->mark);
}

/* A pattern without a slash is about names, wherever they are. */
static bool fits(const struct redan_slice *patterns, size_t count, struct redan_slice path,
                 struct redan_slice name)
{
    for (size_t i = 0; i < count; i++) {
        bool anywhere = patterns[i].len && !memchr(patterns[i].at, '/', patterns[i].len);
        if (redan_glob_fits(patterns[i], path) || (anywhere && redan_glob_fits(patterns[i], name)))
            return true;
    }
    return false;
}

static bool wanted(struct redan_scan_walk *walk, struct redan_slice name, bool folder)
{
    const struct redan_scan_walk_options *o = walk->options;
    struct redan_slice path = redan_slice_sub(here(walk), walk->below, SIZE_MAX);

    bool in = folder || o->include_count == 0 || fits(o->include, o->include_count, path, name);
    if (in && !fits(o->exclude, o->exclude_count, path, name))
        return true;
    walk->excluded++;
    return false;
}

/* Open one thing for reading; `follow` through a link too. */
static void open_item(struct redan_scan_walk *walk, int above, const char *name, bool follow,
                      struct redan_scan_item *item)
{
    struct stat st;
    int fd = redan_os_open(above, name, O_RDONLY | O_NONBLOCK | (follow ? 0 : O_NOFOLLOW), 0);

    if (fd < 0) {
        int error = errno;
        bool odd = error == ELOOP || error == ENXIO; /* a link; a socket or a pipe */
        if (odd && fstatat(above, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(st.st_mode))
            refuse_kind(walk, item, st.st_mode);
        else
            refuse_error(walk, item, error);
        return;
    }
    if (fstat(fd, &st) != 0) {
        refuse_error(walk, item, errno);
    } else if (!S_ISREG(st.st_mode)) {
        if (S_ISDIR(st.st_mode))
            refuse(walk, item, "a symbolic link to a folder, which is not followed");
        else
            refuse_kind(walk, item, st.st_mode);
    } else {
        *item = (struct redan_scan_item){.path = here(walk), .fd = fd, .st = st};
        return;
    }
    redan_os_close(&fd);
}

/* What is no file must not even be opened: a device may act on it. */
static void look(struct redan_scan_walk *walk, int above, const char *name,
                 struct redan_scan_item *item)
{
    struct stat st;

    if (fstatat(above, name, &st, walk->options->follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0)
        refuse_error(walk, item, errno);
    else if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
        open_item(walk, above, name, walk->options->follow, item);
    else
        refuse_kind(walk, item, st.st_mode);
}

/* A pipe that was named is what somebody wants to have read. */
static enum redan_status open_stream(struct redan_scan_walk *walk, const char *name,
                                     struct redan_scan_item *item)
{
    REDAN_DEFER(redan_os_close) int fd = -1;
    uint64_t size = 0;

    if (name) {
        fd = redan_os_open(AT_FDCWD, name, O_RDONLY, 0);
        if (fd < 0)
            return redan_os_fail(walk->ctx, errno, "read", here(walk));
    }
    *item = (struct redan_scan_item){.path = here(walk), .fd = -1};
    REDAN_TRY(redan_spool(walk->ctx, name ? fd : STDIN_FILENO, SPOOL_MEMORY, SPOOL_MOST, &item->fd,
                          &size));
    if (size == 0) { /* more likely a download that failed than a model */
        redan_os_close(&item->fd);
        refuse(walk, item, "nothing came");
        return REDAN_OK;
    }
    return fstat(item->fd, &item->st) == 0 ? REDAN_OK
                                           : redan_os_fail(walk->ctx, errno, "read", here(walk));
}

/* The next root: a file or stream (`got`), or a folder to go down into. */
static enum redan_status next_root(struct redan_scan_walk *walk, struct redan_scan_item *item,
                                   bool *got)
{
    struct redan_slice root = walk->roots[walk->root++];
    char text[REDAN_OS_PATH];
    struct stat st;

    REDAN_TRY(redan_os_path(walk->ctx, root, text));
    memcpy(walk->path, text, root.len + 1);
    *got = true;
    if (redan_slice_is(root, "-"))
        return open_stream(walk, NULL, item);
    if (fstatat(AT_FDCWD, text, &st, 0) != 0) {
        refuse_error(walk, item, errno);
        return REDAN_OK;
    }
    if (S_ISFIFO(st.st_mode))
        return open_stream(walk, text, item);
    if (S_ISDIR(st.st_mode)) {
        int fd = redan_os_open(AT_FDCWD, text, O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0);
        REDAN_TRY(push(walk, fd, item, got));
        walk->below = strlen(walk->path);
        return REDAN_OK;
    }
    if (S_ISREG(st.st_mode))
        open_item(walk, AT_FDCWD, text, true, item);
    else
        refuse_kind(walk, item, st.st_mode);
    return REDAN_OK;
}

/* The next name of the innermost folder. */
static enum redan_status next_entry(struct redan_scan_walk *walk, struct redan_scan_item *item,
                                    bool *got)
{
    struct redan_scan_walk_frame *frame = &walk->stack[walk->depth - 1];

    if (frame->at == frame->count) {
        pop(walk);
        return REDAN_OK;
    }
    const struct entry *entry = &frame->entries[frame->at++];
    size_t len = strlen(entry->name);
    *got = true;
    walk->path[frame->prefix] = '\0';
    if (len >= sizeof(walk->path) - frame->prefix) {
        refuse(walk, item, "a path below it is too long");
        return REDAN_OK;
    }
    memcpy(walk->path + frame->prefix, entry->name, len + 1);
    if (!wanted(walk, redan_slice_of(entry->name), entry->folder)) {
        *got = false;
        return REDAN_OK;
    }
    int above = dirfd(frame->dir);
    if (entry->folder)
        return push(
            walk,
            redan_os_open(above, entry->name, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_NOFOLLOW, 0),
            item, got);
    if (walk->files == walk->ctx->limits.files) {
        refuse(walk, item, "more files than are looked at, and nothing after it was");
        while (walk->depth > 0)
            pop(walk);
        walk->root = walk->root_count;
        return REDAN_OK;
    }
    walk->files++;
    if (entry->file)
        open_item(walk, above, entry->name, false, item);
    else
        look(walk, above, entry->name, item);
    return REDAN_OK;
}

enum redan_status redan_scan_walk_next(struct redan_scan_walk *walk, struct redan_scan_item *item,
                                       bool *got)
{
    *got = false;
    while (!*got) {
        if (walk->depth > 0)
            REDAN_TRY(next_entry(walk, item, got));
        else if (walk->root < walk->root_count)
            REDAN_TRY(next_root(walk, item, got));
        else
            break;
    }
    return REDAN_OK;
}
