/* A model held by its descriptor: its signed files by name, and the verified copies that are kept for the next read. */
#include "sign/opened.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/file.h"
#include "io/os.h"
#include "sign/opened_parts.h"

enum { PIECES = 64, FOLDER_MODE = 0755, FILE_MODE = 0644 };

/* The entries of one file, in the order of their bytes. */
struct file {
    const struct redan_manifest_entry *const *entries;
    size_t count;
    uint64_t size; /* signed, or seen */
};

/* A verified copy that is kept: of a whole file, or of one shard. */
struct piece {
    size_t file;
    size_t shard; /* 0 in a manifest of whole files */
    uint64_t size;
    uint64_t used; /* by the clock of reads */
    int fd;
};

struct redan_opened {
    struct redan_mem *mem;
    const struct redan_manifest *manifest;
    struct redan_slice base; /* name of a model that is one file; borrowed from the arena */
    int folder;              /* -1: one file */
    int single;
    bool plain;
    const struct redan_manifest_entry **order;
    struct file *files;
    size_t count;
    struct piece pieces[PIECES];
    size_t piece_count;
    uint64_t held;
    uint64_t clock;
};

static int by_place(const void *a, const void *b)
{
    const struct redan_manifest_entry *x = *(const struct redan_manifest_entry *const *)a;
    const struct redan_manifest_entry *y = *(const struct redan_manifest_entry *const *)b;
    int order = redan_slice_cmp(x->path, y->path);

    return order ? order : (x->from > y->from) - (x->from < y->from);
}

/* What the parser promised, looked at again: here a gap would be bytes that nobody signed. */
static bool whole(const struct redan_manifest *manifest, const struct file *file)
{
    uint64_t at = 0;

    if (!manifest->shards)
        return file->count == 1 && file->entries[0]->from == 0 &&
               file->entries[0]->to == UINT64_MAX;
    for (size_t i = 0; i < file->count; i++) {
        if (file->entries[i]->from != at || file->entries[i]->to < at ||
            file->entries[i]->to == UINT64_MAX)
            return false;
        at = file->entries[i]->to;
    }
    return true;
}

static enum redan_status group(struct redan_ctx *ctx, struct redan_opened *o)
{
    const struct redan_manifest *manifest = o->manifest;
    size_t n = manifest->count;

    if (n == 0)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "the signature names no file");
    o->order = redan_mem_take(o->mem, n * sizeof(const struct redan_manifest_entry *));
    o->files = redan_mem_take(o->mem, n * sizeof(*o->files));
    if (!o->order || !o->files)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for a list of %zu files", n);
    for (size_t i = 0; i < n; i++)
        o->order[i] = &manifest->entries[i];
    qsort(o->order, n, sizeof(*o->order), by_place);
    for (size_t i = 0; i < n; i++) {
        struct file *last = o->count ? &o->files[o->count - 1] : NULL;
        if (last && redan_slice_eq(last->entries[0]->path, o->order[i]->path))
            last->count++;
        else
            o->files[o->count++] = (struct file){.entries = &o->order[i], .count = 1};
    }
    for (size_t i = 0; i < o->count; i++) {
        struct file *file = &o->files[i];
        if (!whole(manifest, file))
            return redan_fail(ctx, REDAN_E_SCHEMA, 0, "the signature does not cover all of %.*s",
                              REDAN_FMT(file->entries[0]->path));
        file->size = manifest->shards ? file->entries[file->count - 1]->to : 0;
    }
    return REDAN_OK;
}

static enum redan_status hold_single(struct redan_ctx *ctx, struct redan_slice model,
                                     struct redan_opened *o)
{
    char shown[REDAN_OS_SHOW];
    struct redan_slice name = o->files[0].entries[0]->path;

    if (o->count != 1)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "%s is one file, and a folder of %zu files was signed",
                          redan_os_show(model, shown), o->count);
    if (!redan_slice_is(name, ".") && !redan_slice_eq(name, o->base))
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "%s is one file, and one that is called %.*s was signed",
                          redan_os_show(model, shown), REDAN_FMT(name));
    return REDAN_OK;
}

static enum redan_status hold(struct redan_ctx *ctx, struct redan_slice model,
                              struct redan_opened *o)
{
    char text[REDAN_OS_PATH];
    struct stat st;

    REDAN_TRY(redan_os_path(ctx, model, text));
    o->folder = redan_os_open(AT_FDCWD, text, O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0);
    if (o->folder >= 0)
        return REDAN_OK;
    if (errno != ENOTDIR)
        return redan_os_fail(ctx, errno, "read", model);
    REDAN_TRY(redan_os_open_file(ctx, AT_FDCWD, text, model, true, &o->single, &st));
    REDAN_TRY(redan_copy(ctx, redan_path_name(model), &o->base));
    return hold_single(ctx, model, o);
}

enum redan_status redan_opened_new(struct redan_ctx *ctx, struct redan_slice model,
                                   const struct redan_manifest *manifest,
                                   struct redan_opened **opened)
{
    REDAN_DEFER(redan_opened_drop)
    struct redan_opened *o = redan_mem_take(&ctx->mem, sizeof(*o));

    if (!o)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory to open a model");
    *o = (struct redan_opened){.mem = &ctx->mem, .manifest = manifest, .folder = -1, .single = -1};
    REDAN_TRY(group(ctx, o));
    REDAN_TRY(hold(ctx, model, o));
    *opened = o;
    o = NULL;
    return REDAN_OK;
}

void redan_opened_free(struct redan_opened *opened)
{
    if (!opened)
        return;
    for (size_t i = 0; i < opened->piece_count; i++)
        redan_os_close(&opened->pieces[i].fd);
    redan_os_close(&opened->folder);
    redan_os_close(&opened->single);
    if (opened->manifest) {
        redan_mem_give(opened->mem, opened->files, opened->manifest->count * sizeof(struct file));
        redan_mem_give(opened->mem, opened->order,
                       opened->manifest->count * sizeof(const struct redan_manifest_entry *));
    }
    redan_mem_give(opened->mem, opened, sizeof(*opened));
}

void redan_opened_drop(struct redan_opened **opened)
{
    redan_opened_free(*opened);
}

void redan_opened_plain(struct redan_opened *opened)
{
    opened->plain = true;
}

bool redan_opened_folder(const struct redan_opened *opened)
{
    return opened->folder >= 0;
}

size_t redan_opened_count(const struct redan_opened *opened)
{
    return opened->count;
}

struct redan_slice redan_opened_path(const struct redan_opened *opened, size_t index)
{
    return opened->files[index].entries[0]->path;
}

bool redan_opened_find(const struct redan_opened *opened, struct redan_slice path, size_t *index)
{
    size_t low = 0;
    size_t high = opened->count;

    if (opened->single >= 0 && (redan_slice_is(path, ".") || redan_slice_eq(path, opened->base))) {
        *index = 0;
        return true;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = redan_slice_cmp(redan_opened_path(opened, middle), path);
        if (order == 0) {
            *index = middle;
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static enum redan_status find(struct redan_ctx *ctx, const struct redan_opened *o,
                              struct redan_slice path, size_t *index)
{
    char shown[REDAN_OS_SHOW];

    if (redan_opened_find(o, path, index))
        return REDAN_OK;
    return redan_fail(ctx, REDAN_E_ABSENT, 0, "%s is no signed file of the model",
                      redan_os_show(path, shown));
}

/* The file as it lies there now. A model that is one file was opened once, and is read from the beginning of that each time. */
static enum redan_status source_of(struct redan_ctx *ctx, struct redan_opened *o, struct file *file,
                                   int *source)
{
    char shown[REDAN_OS_SHOW];
    struct redan_slice path = file->entries[0]->path;
    REDAN_DEFER(redan_os_close) int fd = -1;
    struct stat st;

    if (o->single >= 0) {
        fd = fcntl(o->single, F_DUPFD_CLOEXEC, 0);
        if (fd < 0 || fstat(fd, &st) != 0)
            return redan_os_fail(ctx, errno, "read", o->base);
    } else {
        REDAN_TRY(
            redan_opened_beneath(ctx, o->folder, path, o->manifest->links, o->plain, &fd, &st));
    }
    uint64_t size = (uint64_t)st.st_size;
    if (o->manifest->shards && size != file->size)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0, "%s has %llu bytes, and %llu were signed",
                          redan_os_show(path, shown), (unsigned long long)size,
                          (unsigned long long)file->size);
    file->size = size;
    *source = fd;
    fd = -1;
    return REDAN_OK;
}

static enum redan_status copy_of(struct redan_ctx *ctx, struct redan_opened *o, size_t index,
                                 int *fd)
{
    struct file *file = &o->files[index];
    struct redan_slice path = file->entries[0]->path;
    REDAN_DEFER(redan_os_close) int source = -1;
    REDAN_DEFER(redan_os_close) int sealed = -1;

    REDAN_TRY(source_of(ctx, o, file, &source));
    REDAN_TRY(redan_opened_seal(ctx, source, 0, file->size, path, &sealed));
    REDAN_TRY(redan_opened_ended(ctx, source, file->size, path));
    REDAN_TRY(redan_opened_verify(ctx, o->manifest->hash, sealed, 0, file->size, file->entries,
                                  file->count));
    *fd = sealed;
    sealed = -1;
    return REDAN_OK;
}

enum redan_status redan_opened_file(struct redan_ctx *ctx, struct redan_opened *opened,
                                    struct redan_slice path, int *fd)
{
    size_t index = 0;

    REDAN_TRY(find(ctx, opened, path, &index));
    return copy_of(ctx, opened, index, fd);
}

static void forget_oldest(struct redan_opened *o)
{
    size_t oldest = 0;

    for (size_t i = 1; i < o->piece_count; i++)
        if (o->pieces[i].used < o->pieces[oldest].used)
            oldest = i;
    o->held -= o->pieces[oldest].size;
    redan_os_close(&o->pieces[oldest].fd);
    o->pieces[oldest] = o->pieces[--o->piece_count];
}

static enum redan_status take_piece(struct redan_ctx *ctx, struct redan_opened *o, size_t index,
                                    size_t shard, struct piece *piece)
{
    struct file *file = &o->files[index];
    const struct redan_manifest_entry *entry = file->entries[shard];
    REDAN_DEFER(redan_os_close) int source = -1;
    REDAN_DEFER(redan_os_close) int sealed = -1;

    *piece = (struct piece){.file = index, .shard = shard, .fd = -1};
    if (!o->manifest->shards) {
        REDAN_TRY(copy_of(ctx, o, index, &piece->fd));
        piece->size = file->size;
        return REDAN_OK;
    }
    piece->size = entry->to - entry->from;
    REDAN_TRY(source_of(ctx, o, file, &source));
    REDAN_TRY(redan_opened_seal(ctx, source, entry->from, piece->size, entry->path, &sealed));
    REDAN_TRY(redan_opened_verify(ctx, o->manifest->hash, sealed, entry->from, piece->size,
                                  &file->entries[shard], 1));
    piece->fd = sealed;
    sealed = -1;
    return REDAN_OK;
}

/* The verified copy of a shard (or of a whole file), which lives until the next one is asked for, at least. */
static enum redan_status hold_piece(struct redan_ctx *ctx, struct redan_opened *o, size_t index,
                                    size_t shard, const struct piece **held)
{
    struct piece piece;

    for (size_t i = 0; i < o->piece_count; i++) {
        if (o->pieces[i].file == index && o->pieces[i].shard == shard) {
            o->pieces[i].used = ++o->clock;
            *held = &o->pieces[i];
            return REDAN_OK;
        }
    }
    const struct file *file = &o->files[index];
    uint64_t coming =
        o->manifest->shards ? file->entries[shard]->to - file->entries[shard]->from : 0;
    while (
        o->piece_count == PIECES ||
        (o->piece_count > 0 && (coming > ctx->limits.held || o->held > ctx->limits.held - coming)))
        forget_oldest(o);
    REDAN_TRY(take_piece(ctx, o, index, shard, &piece));
    piece.used = ++o->clock;
    while (o->piece_count > 0 &&
           (piece.size > ctx->limits.held || o->held > ctx->limits.held - piece.size))
        forget_oldest(o); /* of a whole file the size is known only now */
    o->held += piece.size;
    o->pieces[o->piece_count] = piece;
    *held = &o->pieces[o->piece_count++];
    return REDAN_OK;
}

/* Which shard holds this byte; the last one at the end. */
static size_t shard_at(const struct file *file, uint64_t offset)
{
    size_t low = 0;
    size_t high = file->count - 1;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (file->entries[middle]->to > offset)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

enum redan_status redan_opened_read(struct redan_ctx *ctx, struct redan_opened *opened,
                                    struct redan_slice path, uint64_t offset, void *bytes,
                                    size_t len, size_t *got)
{
    size_t index = 0;
    size_t done = 0;

    REDAN_TRY(find(ctx, opened, path, &index));
    const struct file *file = &opened->files[index];
    while (done < len) {
        uint64_t at = 0;
        const struct piece *piece = NULL;
        if (__builtin_add_overflow(offset, done, &at))
            break;
        size_t shard = shard_at(file, at);
        REDAN_TRY(hold_piece(ctx, opened, index, shard, &piece));
        uint64_t inside = at - file->entries[shard]->from;
        if (inside >= piece->size)
            break;
        uint64_t rest = piece->size - inside;
        size_t want = rest < len - done ? (size_t)rest : len - done;
        ssize_t n = redan_os_pread(piece->fd, (char *)bytes + done, want, inside);
        if (n < 0 || (size_t)n != want)
            return redan_fail(ctx, REDAN_E_IO, at, "cannot read the verified copy of %.*s",
                              REDAN_FMT(path));
        done += want;
    }
    *got = done;
    return REDAN_OK;
}

static enum redan_status make_parents(struct redan_ctx *ctx, int folder, struct redan_slice path,
                                      char *name)
{
    for (size_t i = 1; i < path.len; i++) {
        if (name[i] != '/')
            continue;
        name[i] = '\0';
        int made = mkdirat(folder, name, FOLDER_MODE);
        int error = errno;
        name[i] = '/';
        if (made != 0 && error != EEXIST)
            return redan_os_fail(ctx, error, "make the folder", redan_slice_sub(path, 0, i));
    }
    return REDAN_OK;
}

enum redan_status redan_opened_copy(struct redan_ctx *ctx, struct redan_opened *opened,
                                    size_t index, int folder, struct redan_slice path)
{
    struct file *file = &opened->files[index];
    REDAN_DEFER(redan_os_close) int source = -1;
    REDAN_DEFER(redan_os_close) int copy = -1;
    char name[REDAN_OS_PATH];

    REDAN_TRY(source_of(ctx, opened, file, &source));
    REDAN_TRY(redan_opened_room(ctx, file->size, path));
    REDAN_TRY(redan_os_path(ctx, path, name));
    REDAN_TRY(make_parents(ctx, folder, path, name));
    copy = redan_os_open(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, FILE_MODE);
    if (copy < 0)
        return redan_os_fail(ctx, errno, "make the copy of", path);
    REDAN_TRY(redan_opened_pour(ctx, source, 0, file->size, copy, path));
    return redan_opened_ended(ctx, source, file->size, path);
}

enum redan_status redan_opened_check(struct redan_ctx *ctx, const struct redan_opened *opened,
                                     size_t index, int fd)
{
    const struct file *file = &opened->files[index];
    struct stat st;

    if (fstat(fd, &st) != 0)
        return redan_os_fail(ctx, errno, "read", file->entries[0]->path);
    if (opened->manifest->shards && (uint64_t)st.st_size != file->size)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0, "%.*s has another size than was signed",
                          REDAN_FMT(file->entries[0]->path));
    return redan_opened_verify(ctx, opened->manifest->hash, fd, 0, (uint64_t)st.st_size,
                               file->entries, file->count);
}
