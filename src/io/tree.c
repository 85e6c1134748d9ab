/* Finding the files of a folder by descriptor, with an explicit stack, and one digest for the whole. */
#include "io/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "io/file.h"
#include "io/os.h"
#include "io/tree_hash.h"
#include "io/tree_read.h"

/* What the walk knows of a file; smaller than what the caller gets. */
struct found {
    struct redan_slice path;
    uint64_t size;
    struct redan_tree_mark mark; /* zero: nobody has looked yet */
};

struct frame {
    DIR *dir;
    size_t prefix; /* bytes of the path that lead to this folder, with the slash */
    uint64_t dev;
    uint64_t ino;
};

struct walk {
    struct redan_ctx *ctx;
    const struct redan_tree_options *options;
    bool names; /* names are enough: each file is looked at when it is opened */
    struct frame *stack;
    size_t depth;
    struct found *found; /* owned: it grows, which an arena does badly */
    size_t count;
    size_t cap;
    size_t entries; /* files and folders */
    char path[REDAN_OS_PATH];
};

static void forget(struct walk *w)
{
    redan_mem_give(&w->ctx->mem, w->found, w->cap * sizeof(*w->found));
    w->found = NULL;
    w->cap = 0;
}

static void walk_done(struct walk *w)
{
    while (w->depth > 0)
        (void)closedir(w->stack[--w->depth].dir);
    forget(w);
}

static struct redan_slice here(const struct walk *w)
{
    return redan_slice_of(w->path);
}

static enum redan_status push(struct walk *w, int fd, struct redan_slice path)
{
    char shown[REDAN_OS_SHOW];
    struct stat st;
    DIR *dir = NULL;

    if (fstat(fd, &st) != 0 || (dir = fdopendir(fd)) == NULL) {
        int error = errno;
        redan_os_close(&fd);
        return redan_os_fail(w->ctx, error, "read the folder", path);
    }
    struct frame frame = {
        .dir = dir, .prefix = strlen(w->path), .dev = st.st_dev, .ino = st.st_ino};
    if (frame.prefix > 0)
        frame.prefix++;
    enum redan_status status = REDAN_OK;
    for (size_t i = 0; i < w->depth && status == REDAN_OK; i++) {
        if (w->stack[i].dev == frame.dev && w->stack[i].ino == frame.ino)
            status = redan_fail(w->ctx, REDAN_E_IO, 0, "%s leads back to a folder that holds it",
                                redan_os_show(path, shown));
    }
    if (status == REDAN_OK && w->depth > w->ctx->limits.depth)
        status = redan_fail(w->ctx, REDAN_E_LIMIT, 0, "%s nests deeper than %zu folders",
                            redan_os_show(path, shown), w->ctx->limits.depth);
    if (status != REDAN_OK) {
        (void)closedir(dir);
        return status;
    }
    w->stack[w->depth++] = frame;
    return REDAN_OK;
}

/* `st` is NULL for a file that nobody has looked at. */
static enum redan_status keep(struct walk *w, struct redan_slice path, const struct stat *st)
{
    struct found found = {.size = 0};

    if (w->count == w->cap) {
        size_t cap = w->cap ? w->cap * 2 : 64;
        struct found *grown =
            redan_mem_resize(&w->ctx->mem, w->found, w->cap * sizeof(*grown), cap * sizeof(*grown));
        if (!grown)
            return redan_fail(w->ctx, REDAN_E_MEMORY, 0, "no memory for a list of %zu files", cap);
        w->found = grown;
        w->cap = cap;
    }
    if (st) {
        found.size = (uint64_t)st->st_size;
        found.mark = redan_tree_mark(st);
    }
    REDAN_TRY(redan_copy(w->ctx, path, &found.path));
    w->found[w->count] = found;
    w->count++;
    return REDAN_OK;
}

/* What is there is wrong, not the machine. */
static enum redan_status refuse(struct walk *w, mode_t mode)
{
    char shown[REDAN_OS_SHOW];

    if (S_ISLNK(mode))
        return redan_fail(w->ctx, REDAN_E_SCHEMA, 0,
                          "%s is a symbolic link, which is not followed unless asked; replace it "
                          "by what it points to, or leave it out",
                          redan_os_show(here(w), shown));
    return redan_fail(w->ctx, REDAN_E_SCHEMA, 0,
                      "%s is %s; a folder of files only can be described",
                      redan_os_show(here(w), shown), redan_os_kind(mode));
}

static bool left_out(const struct walk *w, bool folder)
{
    return w->options->skip && w->options->skip(w->options->arg, here(w), folder);
}

static enum redan_status visit(struct walk *w, const struct frame *frame,
                               const struct dirent *entry)
{
    char shown[REDAN_OS_SHOW];
    const char *name = entry->d_name;
    size_t len = strlen(name);
    struct stat st;

    if (len >= sizeof(w->path) - frame->prefix)
        return redan_fail(w->ctx, REDAN_E_LIMIT, 0, "a path below %s is longer than %d bytes",
                          redan_os_show(here(w), shown), REDAN_OS_PATH - 1);
    if (frame->prefix > 0)
        w->path[frame->prefix - 1] = '/';
    memcpy(w->path + frame->prefix, name, len + 1);
    if (!redan_utf8_check(here(w), NULL))
        return redan_fail(w->ctx, REDAN_E_IO, 0, "the name %s is not UTF-8; rename the file",
                          redan_os_show(here(w), shown));
    if (w->entries++ == w->ctx->limits.files)
        return redan_fail(w->ctx, REDAN_E_LIMIT, 0, "%s is one more than %zu files and folders",
                          redan_os_show(here(w), shown), w->ctx->limits.files);
    if (entry->d_type == DT_REG && w->names)
        return left_out(w, false) ? REDAN_OK : keep(w, here(w), NULL);
    int above = dirfd(frame->dir);
    if (fstatat(above, name, &st, w->options->follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0) {
        int error = errno; /* a link that leads nowhere may be left out too */
        return left_out(w, false) ? REDAN_OK : redan_os_fail(w->ctx, error, "read", here(w));
    }
    if (left_out(w, S_ISDIR(st.st_mode)))
        return REDAN_OK;
    if (S_ISREG(st.st_mode))
        return keep(w, here(w), &st);
    if (!S_ISDIR(st.st_mode))
        return refuse(w, st.st_mode);
    int fd = redan_os_open(
        above, name, O_RDONLY | O_DIRECTORY | O_NONBLOCK | (w->options->follow ? 0 : O_NOFOLLOW),
        0);
    if (fd < 0)
        return redan_os_fail(w->ctx, errno, "read the folder", here(w));
    return push(w, fd, here(w));
}

static enum redan_status descend(struct walk *w)
{
    while (w->depth > 0) {
        struct frame frame = w->stack[w->depth - 1]; /* a copy: visit may push */
        w->path[frame.prefix > 0 ? frame.prefix - 1 : 0] = '\0';
        errno = 0;
        const struct dirent *entry = readdir(frame.dir);
        if (!entry && errno != 0)
            return redan_os_fail(w->ctx, errno, "read the folder", here(w));
        if (!entry)
            (void)closedir(w->stack[--w->depth].dir);
        else if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            REDAN_TRY(visit(w, &frame, entry));
    }
    return REDAN_OK;
}

static int by_path(const void *a, const void *b)
{
    const struct found *x = a;
    const struct found *y = b;

    return redan_slice_cmp(x->path, y->path);
}

static enum redan_status whole_digest(struct redan_ctx *ctx, struct redan_tree *tree)
{
    REDAN_DEFER(redan_hasher_drop) struct redan_hasher *hasher = NULL;
    char record[REDAN_OS_PATH + 64];

    REDAN_TRY(redan_hasher_new(ctx, &hasher));
    REDAN_TRY(redan_hasher_add(ctx, hasher, REDAN_S("redan/1\0tree\0")));
    for (size_t i = 0; i < tree->count; i++) {
        const struct redan_tree_file *file = &tree->files[i];
        size_t len = file->path.len + 1;
        memcpy(record, file->path.at, len); /* shorter than REDAN_OS_PATH, and NUL-terminated */
        len += (size_t)snprintf(record + len, 24, "%llu", (unsigned long long)file->size) + 1;
        memcpy(record + len, file->digest.bytes, REDAN_DIGEST_LEN);
        len += REDAN_DIGEST_LEN;
        REDAN_TRY(redan_hasher_add(ctx, hasher, (struct redan_slice){record, len}));
    }
    return redan_hasher_end(ctx, hasher, &tree->digest);
}

/* From what was found to the caller's tree, in the arena; what was found is forgotten. */
static enum redan_status hand_over(struct walk *w, struct redan_tree *tree)
{
    tree->count = w->count;
    if (w->count == 0)
        return REDAN_OK;
    tree->files = redan_take_array(w->ctx, w->count, sizeof(*tree->files));
    if (!tree->files)
        return REDAN_E_MEMORY;
    if (w->count > 1)
        qsort(w->found, w->count, sizeof(*w->found), by_path);
    for (size_t i = 0; i < w->count; i++) {
        const struct found *found = &w->found[i];
        tree->files[i] =
            (struct redan_tree_file){.path = found->path, .size = found->size, .mark = found->mark};
    }
    forget(w);
    return REDAN_OK;
}

static enum redan_status walk_folder(struct walk *w, const char *root, struct redan_slice path,
                                     struct redan_tree *tree)
{
    REDAN_DEFER(redan_os_close) int top = -1;
    int follow = w->options->follow ? 0 : O_NOFOLLOW;

    w->stack = redan_take_array(w->ctx, w->ctx->limits.depth + 1, sizeof(*w->stack));
    if (!w->stack)
        return REDAN_E_MEMORY;
    top = redan_os_open(AT_FDCWD, root, O_RDONLY | O_DIRECTORY | O_NONBLOCK | follow, 0);
    int fd = top < 0 ? -1 : fcntl(top, F_DUPFD_CLOEXEC, 3);
    if (fd < 0)
        return redan_os_fail(w->ctx, errno, "read the folder", path);
    REDAN_TRY(push(w, fd, path));
    enum redan_status status = descend(w);
    if (status == REDAN_OK)
        status = hand_over(w, tree);
    if (status == REDAN_OK)
        status = redan_tree_hash(w->ctx, top, w->options, tree);
    if (status != REDAN_OK) {
        redan_fail_name(w->ctx, path); /* the failure's text has the path below it */
        return status;
    }
    return w->options->ranges ? REDAN_OK : whole_digest(w->ctx, tree);
}

enum redan_status redan_tree_walk(struct redan_ctx *ctx, struct redan_slice path,
                                  const struct redan_tree_options *options, struct redan_tree *tree)
{
    static const struct redan_tree_options plain = {.follow = false};
    REDAN_DEFER(walk_done)
    struct walk w = {.ctx = ctx, .options = options ? options : &plain};
    /* sizes are wanted beforehand for shards, for what a cache knows, and for telling how much there is */

    REDAN_DEFER(redan_os_close) int fd = -1;
    struct redan_tree made = {.folder = false};
    char root[REDAN_OS_PATH];
    struct stat st;

    w.names =
        !w.options->known && !w.options->progress && (!w.options->ranges || w.options->shard == 0);
    REDAN_TRY(redan_os_path(ctx, path, root));
    if (fstatat(AT_FDCWD, root, &st, w.options->follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0)
        return redan_os_fail(ctx, errno, "read", path);
    if (S_ISDIR(st.st_mode)) {
        made.folder = true;
        REDAN_TRY(walk_folder(&w, root, path, &made));
        *tree = made;
        return REDAN_OK;
    }
    REDAN_TRY(redan_os_open_file(ctx, AT_FDCWD, root, path, w.options->follow, &fd, &st));
    if (!redan_utf8_check(redan_path_name(path), NULL))
        return redan_fail(ctx, REDAN_E_IO, 0, "the name of a file is not UTF-8; rename it");
    REDAN_TRY(keep(&w, path, &st));
    REDAN_TRY(hand_over(&w, &made));
    REDAN_TRY(redan_tree_hash(ctx, AT_FDCWD, w.options, &made));
    made.files[0].path = redan_path_name(made.files[0].path);
    made.digest = made.files[0].digest;
    *tree = made;
    return REDAN_OK;
}
