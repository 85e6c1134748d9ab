/* Copies a model below a private folder, and changes the copy, never the model. */
#include "probe/tamper_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/file.h"
#include "io/os.h"

enum { PIECE = 1 << 18, WINDOW = 1 << 16 };

const char *const redan_tampering_words[REDAN_TAMPERINGS] = {
    [REDAN_TAMPER_FLIP_EARLY] = "flipped-early", [REDAN_TAMPER_FLIP] = "flipped",
    [REDAN_TAMPER_FLIP_LATE] = "flipped-late",   [REDAN_TAMPER_APPEND] = "appended",
    [REDAN_TAMPER_TRUNCATE] = "truncated",       [REDAN_TAMPER_SWAP] = "swapped",
    [REDAN_TAMPER_UNSIGN] = "unsigned",
};

void redan_tamper_copy_init(struct redan_tamper_copy *copy)
{
    *copy = (struct redan_tamper_copy){.scratch = {.fd = -1}};
}

void redan_tamper_copy_done(struct redan_tamper_copy *copy)
{
    redan_scratch_done(&copy->scratch);
}

/* All of `from`, over whatever the copy was. */
static enum redan_status pour(struct redan_ctx *ctx, const struct redan_tamper_copy *copy,
                              struct redan_slice from, bool follow, struct redan_slice to)
{
    REDAN_DEFER(redan_os_close) int in = -1;
    REDAN_DEFER(redan_os_close) int out = -1;
    struct redan_buf REDAN_DEFER(redan_buf_done) piece = {0};
    char name[REDAN_OS_PATH];
    struct stat st;
    ssize_t n = 0;

    REDAN_TRY(redan_os_path(ctx, from, name));
    REDAN_TRY(redan_os_open_file(ctx, AT_FDCWD, name, from, follow, &in, &st));
    REDAN_TRY(redan_os_path(ctx, to, name));
    out = redan_os_open(copy->scratch.fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
    if (out < 0)
        return redan_os_fail(ctx, errno, "copy to", to);
    redan_buf_init(&piece, ctx, PIECE);
    char *bytes = redan_buf_room(&piece, PIECE);
    if (!bytes)
        return REDAN_E_MEMORY;
    for (uint64_t at = 0; (n = redan_os_pread(in, bytes, PIECE, at)) > 0; at += (uint64_t)n) {
        if (redan_os_write(out, (struct redan_slice){bytes, (size_t)n}) != 0)
            return redan_os_fail(ctx, errno, "copy to", to);
    }
    return n < 0 ? redan_os_fail(ctx, errno, "read", from) : REDAN_OK;
}

static struct redan_slice without_slashes(struct redan_slice path)
{
    while (path.len > 1 && path.at[path.len - 1] == '/')
        path.len--;
    return path;
}

/* What the copy is called: programs go by the ending of a name. */
static struct redan_slice base_of(struct redan_slice model)
{
    struct redan_slice name = redan_path_name(model);

    return name.len == 0 || redan_slice_is(name, ".") || redan_slice_is(name, "..")
               ? REDAN_S("model")
               : name;
}

/* Where the signature lies in the model; false when it is beside it. */
static bool below(struct redan_slice model, struct redan_slice path, struct redan_slice *rest)
{
    if (!redan_slice_starts(path, model) || path.len <= model.len || path.at[model.len] != '/')
        return false;
    *rest = redan_slice_sub(path, model.len + 1, path.len);
    return true;
}

static enum redan_status name_files(struct redan_ctx *ctx, struct redan_tamper_copy *c,
                                    size_t *count)
{
    struct redan_slice base = base_of(c->from.model);
    struct redan_slice rest = {0};
    uint64_t most = 0;

    c->files = redan_take_array(ctx, c->tree.count + 1, sizeof(*c->files));
    if (!c->files)
        return REDAN_E_MEMORY;
    bool may_be_inside = c->tree.folder && below(c->from.model, c->from.signature, &rest);
    for (size_t i = 0; i < c->tree.count; i++) {
        const struct redan_tree_file *file = &c->tree.files[i];
        bool is_signature = may_be_inside && redan_slice_eq(file->path, rest);
        c->files[i].name = base;
        if (c->tree.folder)
            REDAN_TRY(redan_path_join(ctx, base, file->path, &c->files[i].name));
        if (is_signature) {
            c->signature = c->files[i].name;
            c->signed_by = i;
        } else if (file->size > most) {
            most = file->size;
            c->target = i;
        }
    }
    *count = c->tree.count;
    if (most == 0)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "%.*s is empty: there is nothing to change",
                          REDAN_FMT(c->from.model));
    if (c->from.signature.len == 0 || c->signature.len > 0)
        return REDAN_OK;
    c->signature = redan_path_name(c->from.signature);
    if (redan_slice_eq(c->signature, base))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "the signature is called %.*s, as the model is",
                          REDAN_FMT(base));
    c->signed_by = (*count)++;
    c->files[c->signed_by].name = c->signature;
    return REDAN_OK;
}

static enum redan_status source_of(struct redan_ctx *ctx, const struct redan_tamper_copy *c,
                                   size_t index, struct redan_slice *path)
{
    *path = c->from.model;
    if (index == c->tree.count) {
        *path = c->from.signature;
        return REDAN_OK;
    }
    return c->tree.folder ? redan_path_join(ctx, *path, c->tree.files[index].path, path) : REDAN_OK;
}

static enum redan_status pour_file(struct redan_ctx *ctx, const struct redan_tamper_copy *c,
                                   size_t index)
{
    struct redan_slice from = {0};

    REDAN_TRY(source_of(ctx, c, index, &from));
    return pour(ctx, c, from, index == c->tree.count, c->files[index].name);
}

static enum redan_status absolute(struct redan_ctx *ctx, const struct redan_tamper_copy *c,
                                  struct redan_slice *path)
{
    return path->len ? redan_path_join(ctx, c->scratch.path, *path, path) : REDAN_OK;
}

enum redan_status redan_tamper_copy_make(struct redan_ctx *ctx,
                                         const struct redan_tamper_wanted *wanted,
                                         struct redan_tamper_copy *copy)
{
    struct redan_slice base = redan_slice_of(getenv("TMPDIR"));
    size_t count = 0;

    if (base.len == 0 || base.at[0] != '/')
        base = REDAN_S("/tmp");
    copy->from = *wanted;
    copy->from.model = without_slashes(wanted->model);
    REDAN_TRY(redan_tree_walk(ctx, copy->from.model, NULL, &copy->tree));
    REDAN_TRY(name_files(ctx, copy, &count));
    REDAN_TRY(redan_scratch_make(ctx, base, copy->files, count, &copy->scratch));
    for (size_t i = 0; i < count; i++)
        REDAN_TRY(pour_file(ctx, copy, i));
    REDAN_TRY(redan_path_join(ctx, copy->scratch.path, base_of(copy->from.model), &copy->model));
    return absolute(ctx, copy, &copy->signature);
}

bool redan_tamper_copy_can(const struct redan_tamper_copy *copy, enum redan_tampering how)
{
    if (how == REDAN_TAMPER_SWAP)
        return copy->from.other.len > 0;
    return how != REDAN_TAMPER_UNSIGN || copy->signature.len > 0;
}

/* A digit behind a point, where there is one near: a text stays a model then, with another number in it. */
static uint64_t place_in(const unsigned char *bytes, size_t len)
{
    for (size_t i = 0; i + 2 < len; i++) {
        if (bytes[i] == '.' && bytes[i + 1] >= '0' && bytes[i + 1] <= '9' && bytes[i + 2] >= '0' &&
            bytes[i + 2] <= '9')
            return i + 1;
    }
    return 0;
}

static enum redan_status flip(struct redan_ctx *ctx, int fd, struct redan_slice name, uint64_t at)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) window = {0};

    redan_buf_init(&window, ctx, WINDOW);
    unsigned char *bytes = (unsigned char *)redan_buf_room(&window, WINDOW);
    if (!bytes)
        return REDAN_E_MEMORY;
    ssize_t n = redan_os_pread(fd, bytes, WINDOW, at);
    if (n <= 0)
        return redan_os_fail(ctx, n < 0 ? errno : EIO, "read the copy of", name);
    uint64_t place = place_in(bytes, (size_t)n);
    bytes[place] ^= 1;
    if (pwrite(fd, bytes + place, 1, (off_t)(at + place)) != 1)
        return redan_os_fail(ctx, errno, "change the copy of", name);
    return REDAN_OK;
}

static enum redan_status change(struct redan_ctx *ctx, const struct redan_tamper_copy *c,
                                enum redan_tampering how)
{
    REDAN_DEFER(redan_os_close) int fd = -1;
    struct redan_slice name = c->files[c->target].name;
    uint64_t size = c->tree.files[c->target].size;
    char text[REDAN_OS_PATH];

    REDAN_TRY(redan_os_path(ctx, name, text));
    fd = redan_os_open(c->scratch.fd, text, O_RDWR | O_NOFOLLOW, 0);
    if (fd < 0)
        return redan_os_fail(ctx, errno, "open the copy of", name);
    switch (how) {
    case REDAN_TAMPER_FLIP_EARLY:
        return flip(ctx, fd, name, size / 4);
    case REDAN_TAMPER_FLIP_LATE:
        return flip(ctx, fd, name, size / 4 * 3);
    case REDAN_TAMPER_APPEND:
        return pwrite(fd, "\n", 1, (off_t)size) == 1
                   ? REDAN_OK
                   : redan_os_fail(ctx, errno, "change the copy of", name);
    case REDAN_TAMPER_TRUNCATE:
        return ftruncate(fd, (off_t)(size / 2)) == 0
                   ? REDAN_OK
                   : redan_os_fail(ctx, errno, "change the copy of", name);
    case REDAN_TAMPER_FLIP:
    case REDAN_TAMPER_UNSIGN:
    case REDAN_TAMPER_SWAP:
    case REDAN_TAMPERINGS:
        break;
    }
    return flip(ctx, fd, name, size / 2);
}

enum redan_status redan_tamper_copy_change(struct redan_ctx *ctx, struct redan_tamper_copy *copy,
                                           enum redan_tampering how)
{
    char text[REDAN_OS_PATH];

    if (how == REDAN_TAMPER_SWAP)
        return pour(ctx, copy, copy->from.other, true, copy->files[copy->target].name);
    REDAN_TRY(pour_file(ctx, copy, copy->target));
    if (how == REDAN_TAMPER_UNSIGN) {
        REDAN_TRY(redan_os_path(ctx, copy->signature, text));
        if (unlink(text) != 0)
            return redan_os_fail(ctx, errno, "remove", copy->signature);
    }
    return change(ctx, copy, how);
}

enum redan_status redan_tamper_copy_restore(struct redan_ctx *ctx, struct redan_tamper_copy *copy)
{
    struct redan_tree tree = {0};

    REDAN_TRY(pour_file(ctx, copy, copy->target));
    if (copy->signature.len)
        REDAN_TRY(pour_file(ctx, copy, copy->signed_by));
    REDAN_TRY(redan_tree_walk(ctx, copy->model, NULL, &tree));
    if (redan_digest_eq(&tree.digest, &copy->tree.digest))
        return REDAN_OK;
    return redan_fail(ctx, REDAN_E_IO, 0,
                      "%.*s changed while it was probed, or the service writes to it; try again",
                      REDAN_FMT(copy->from.model));
}
