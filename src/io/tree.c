/* Finding the files of a folder by descriptor, with an explicit stack, and one digest for the whole. */
#include "io/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "io/file.h"
#include "io/tree_hash.h"

struct frame {
    DIR *dir;
    size_t prefix; /* bytes of the path that lead to this folder, with the slash */
    uint64_t dev;
    uint64_t ino;
};

struct walk {
    struct redan_ctx *ctx;
    const struct redan_tree_options *options;
    struct frame *stack;
    size_t depth;
    struct redan_tree_found *found; /* owned: it grows, which an arena does badly */
    size_t count;
    size_t cap;
    size_t entries; /* files and folders */
    uint64_t bytes;
    char path[REDAN_OS_PATH];
};

static void walk_done(struct walk *w)
{
    while (w->depth > 0)
        (void)closedir(w->stack[--w->depth].dir);
    redan_mem_give(&w->ctx->mem, w->found, w->cap * sizeof(*w->found));
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

static enum redan_status keep(struct walk *w, struct redan_slice path, const struct stat *st)
{
    char shown[REDAN_OS_SHOW];
    struct redan_os_mark mark = redan_os_mark(st);

    if (w->count == w->cap) {
        size_t cap = w->cap ? w->cap * 2 : 64;
        struct redan_tree_found *grown =
            redan_mem_resize(&w->ctx->mem, w->found, w->cap * sizeof(*grown), cap * sizeof(*grown));
        if (!grown)
            return redan_fail(w->ctx, REDAN_E_MEMORY, 0, "no memory for a list of %zu files", cap);
        w->found = grown;
        w->cap = cap;
    }
    if (__builtin_add_overflow(w->bytes, mark.size, &w->bytes))
        return redan_fail(w->ctx, REDAN_E_LIMIT, 0, "%s makes the folder too large",
                          redan_os_show(path, shown));
    struct redan_tree_found *found = &w->found[w->count];
    *found = (struct redan_tree_found){.file = {.size = mark.size}, .mark = mark};
    REDAN_TRY(redan_copy(w->ctx, path, &found->file.path));
    w->count++;
    return REDAN_OK;
}

static enum redan_status refuse(struct walk *w, mode_t mode)
{
    char shown[REDAN_OS_SHOW];

    if (S_ISLNK(mode))
        return redan_fail(w->ctx, REDAN_E_IO, 0,
                          "%s is a symbolic link, which is not followed unless asked; replace it "
                          "by what it points to, or leave it out",
                          redan_os_show(here(w), shown));
    return redan_fail(w->ctx, REDAN_E_IO, 0, "%s is %s; a folder of files only can be described",
                      redan_os_show(here(w), shown), redan_os_kind(mode));
}

static enum redan_status visit(struct walk *w, const struct frame *frame, const char *name)
{
    char shown[REDAN_OS_SHOW];
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
    int above = dirfd(frame->dir);
    if (fstatat(above, name, &st, w->options->follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0)
        return redan_os_fail(w->ctx, errno, "read", here(w));
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
            REDAN_TRY(visit(w, &frame, entry->d_name));
    }
    return REDAN_OK;
}

static int by_path(const void *a, const void *b)
{
    const struct redan_tree_found *x = a;
    const struct redan_tree_found *y = b;

    return redan_slice_cmp(x->file.path, y->file.path);
}

static enum redan_status whole_digest(struct redan_ctx *ctx, struct redan_tree *tree)
{
    REDAN_DEFER(redan_hasher_drop) struct redan_hasher *hasher = NULL;
    char size[24];

    REDAN_TRY(redan_hasher_new(ctx, &hasher));
    REDAN_TRY(redan_hasher_add(ctx, hasher, REDAN_S("redan/1\0tree\0")));
    for (size_t i = 0; i < tree->count; i++) {
        const struct redan_tree_file *file = &tree->files[i];
        int n = snprintf(size, sizeof(size), "%llu", (unsigned long long)file->size);
        REDAN_TRY(redan_hasher_add(ctx, hasher, file->path));
        REDAN_TRY(redan_hasher_add(ctx, hasher, REDAN_S("\0")));
        REDAN_TRY(redan_hasher_add(ctx, hasher, (struct redan_slice){size, (size_t)n + 1}));
        REDAN_TRY(redan_hasher_add(
            ctx, hasher,
            (struct redan_slice){(const char *)file->digest.bytes, sizeof(file->digest.bytes)}));
    }
    return redan_hasher_end(ctx, hasher, &tree->digest);
}

/* From what was found to the caller's tree, in the arena. */
static enum redan_status hand_over(struct walk *w, bool folder, struct redan_tree *tree)
{
    struct redan_tree made = {.count = w->count, .bytes = w->bytes, .folder = folder};

    if (w->found) {
        made.files = redan_take_array(w->ctx, made.count, sizeof(*made.files));
        if (!made.files)
            return REDAN_E_MEMORY;
        for (size_t i = 0; i < made.count; i++)
            made.files[i] = w->found[i].file;
    }
    if (folder) {
        REDAN_TRY(whole_digest(w->ctx, &made));
    } else if (made.files) { /* the one file that was kept */
        made.files[0].path = redan_path_name(made.files[0].path);
        made.digest = made.files[0].digest;
    }
    *tree = made;
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
    if (status == REDAN_OK) {
        if (w->count > 1)
            qsort(w->found, w->count, sizeof(*w->found), by_path);
        status = redan_tree_hash(w->ctx, top, w->options, w->found, w->count, w->bytes);
    }
    if (status != REDAN_OK) {
        redan_fail_name(w->ctx, path); /* the failure's text has the path below it */
        return status;
    }
    return hand_over(w, true, tree);
}

enum redan_status redan_tree_walk(struct redan_ctx *ctx, struct redan_slice path,
                                  const struct redan_tree_options *options, struct redan_tree *tree)
{
    static const struct redan_tree_options plain = {.follow = false};
    REDAN_DEFER(walk_done)
    struct walk w = {.ctx = ctx, .options = options ? options : &plain};
    REDAN_DEFER(redan_os_close) int fd = -1;
    char root[REDAN_OS_PATH];
    struct stat st;

    REDAN_TRY(redan_os_path(ctx, path, root));
    if (fstatat(AT_FDCWD, root, &st, w.options->follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0)
        return redan_os_fail(ctx, errno, "read", path);
    if (S_ISDIR(st.st_mode))
        return walk_folder(&w, root, path, tree);
    REDAN_TRY(redan_os_open_file(ctx, AT_FDCWD, root, path, w.options->follow, &fd, &st));
    if (!redan_utf8_check(redan_path_name(path), NULL))
        return redan_fail(ctx, REDAN_E_IO, 0, "the name of a file is not UTF-8; rename it");
    REDAN_TRY(keep(&w, path, &st));
    REDAN_TRY(redan_tree_hash(ctx, AT_FDCWD, w.options, w.found, w.count, w.bytes));
    return hand_over(&w, false, tree);
}
