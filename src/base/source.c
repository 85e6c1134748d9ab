/* Sources of bytes: memory, a file by its descriptor, a part of another source, and views of them through a window. */
#include "base/source.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

enum {
    AHEAD_FIRST = 8 << 10, /* read at a new place: a header and what follows it */
    AHEAD_FILE = REDAN_SOURCE_VIEW,
    AHEAD_PART = 64 << 10,
};

static size_t min_u64(size_t a, uint64_t b)
{
    return b < a ? (size_t)b : a;
}

static enum redan_status read_memory(struct redan_ctx *ctx, struct redan_source *source,
                                     uint64_t offset, char *to, size_t len, size_t *got)
{
    (void)ctx;
    *got = offset < source->memory.len ? min_u64(len, source->memory.len - offset) : 0;
    if (*got)
        memcpy(to, source->memory.at + offset, *got);
    return REDAN_OK;
}

static void done_window(struct redan_source *source)
{
    redan_mem_give(source->mem, source->window, source->window_cap);
    source->window = NULL;
    source->window_cap = source->window_len = 0;
}

static enum redan_status read_file(struct redan_ctx *ctx, struct redan_source *source,
                                   uint64_t offset, char *to, size_t len, size_t *got)
{
    size_t have = 0;

    while (have < len && offset + have < source->size) {
        ssize_t n = pread(source->fd, to + have, min_u64(len - have, source->size - offset - have),
                          (off_t)(offset + have));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return redan_fail(ctx, REDAN_E_IO, offset + have, "cannot read: %s", strerror(errno));
        if (n == 0) { /* it shrank since it was opened */
            source->broken = true;
            source->fault = REDAN_E_IO;
            source->size = offset + have;
            break;
        }
        have += (size_t)n;
    }
    *got = have;
    return REDAN_OK;
}

static enum redan_status read_part(struct redan_ctx *ctx, struct redan_source *source,
                                   uint64_t offset, char *to, size_t len, size_t *got)
{
    struct redan_source *parent = source->parent;
    size_t want = offset < source->size ? min_u64(len, source->size - offset) : 0;

    *got = 0;
    if (want == 0 || offset > REDAN_SOURCE_UNKNOWN - source->base)
        return REDAN_OK;
    REDAN_TRY(parent->kind->read(ctx, parent, source->base + offset, to, want, got));
    if (*got < want) { /* the parent is a stream, and ends here */
        source->broken = parent->broken;
        source->fault = parent->fault;
        source->size = offset + *got;
    }
    return REDAN_OK;
}

static const struct redan_source_kind kind_memory = {.name = "memory", .read = read_memory};
/* A file held in memory: the window is the whole of it. */
static const struct redan_source_kind kind_held = {
    .name = "file", .read = read_memory, .done = done_window};
static const struct redan_source_kind kind_file = {
    .name = "file", .read = read_file, .done = done_window};
static const struct redan_source_kind kind_part = {
    .name = "part", .read = read_part, .done = done_window};

void redan_source_memory(struct redan_source *source, struct redan_slice bytes)
{
    *source = (struct redan_source){.kind = &kind_memory, .size = bytes.len, .memory = bytes};
    source->fd = -1;
    if (!source->memory.at)
        source->memory.at = "";
}

enum redan_status redan_source_file(struct redan_ctx *ctx, int fd, struct redan_source *source)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return redan_fail(ctx, REDAN_E_IO, 0, "cannot read: %s", strerror(errno));
    if (!S_ISREG(st.st_mode) || st.st_size < 0)
        return redan_fail(ctx, REDAN_E_IO, 0, "not a regular file");
    struct redan_source file = {
        .kind = &kind_file, .size = (uint64_t)st.st_size, .fd = fd, .mem = &ctx->mem};
    if (file.size > ctx->limits.whole) {
        *source = file;
        return REDAN_OK;
    }
    size_t len = (size_t)file.size;
    size_t got = 0;
    file.window = redan_mem_take(&ctx->mem, len);
    if (!file.window)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for a file of %zu bytes", len);
    file.window_cap = len;
    enum redan_status status = read_file(ctx, &file, 0, file.window, len, &got);
    if (status != REDAN_OK) {
        done_window(&file);
        return status;
    }
    file.kind = &kind_held;
    file.memory = (struct redan_slice){file.window, got};
    *source = file;
    return REDAN_OK;
}

void redan_source_part(struct redan_source *source, struct redan_source *parent, uint64_t offset,
                       uint64_t size)
{
    uint64_t have = parent->memory.at ? parent->memory.len : parent->size;
    uint64_t most = have == REDAN_SOURCE_UNKNOWN ? have : offset < have ? have - offset : 0;
    bool cut = size != REDAN_SOURCE_UNKNOWN && size > most;

    if (size > most)
        size = most;
    if (parent->memory.at) {
        size_t from = min_u64(parent->memory.len, offset);
        redan_source_memory(source, redan_slice_sub(parent->memory, from, (size_t)size));
    } else {
        *source = (struct redan_source){.kind = &kind_part, .base = offset, .size = size, .fd = -1};
    }
    source->parent = parent;
    source->mem = parent->mem;
    source->budget = parent->budget;
    source->broken = cut && parent->broken;
    source->fault = source->broken ? parent->fault : REDAN_OK;
}

void redan_source_done(struct redan_source *source)
{
    if (!source || !source->kind)
        return;
    if (source->kind->done)
        source->kind->done(source);
    *source = (struct redan_source){.fd = -1};
}

/* Room in the window for `need` bytes; what was in it is gone. */
static enum redan_status make_room(struct redan_ctx *ctx, struct redan_source *source, size_t need)
{
    if (need <= source->window_cap)
        return REDAN_OK;
    if (!source->mem)
        source->mem = &ctx->mem;
    done_window(source);
    source->window = redan_mem_take(source->mem, need);
    if (!source->window)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for a window of %zu bytes", need);
    source->window_cap = need;
    return REDAN_OK;
}

/* Read at least `len` bytes from `offset` into the window, more when it is read in a row. */
static enum redan_status refill(struct redan_ctx *ctx, struct redan_source *source, uint64_t offset,
                                size_t len)
{
    size_t cap = source->kind == &kind_file ? AHEAD_FILE : AHEAD_PART;
    bool follows = source->window_len > 0 && offset >= source->window_at &&
                   offset - source->window_at <= source->window_len;

    if (!follows)
        source->window_ahead = AHEAD_FIRST;
    else if (source->window_ahead < cap)
        source->window_ahead *= 2;
    size_t want = len > source->window_ahead ? len : source->window_ahead;
    if (offset < source->size)
        want = min_u64(want, source->size - offset);
    source->turn++; /* earlier views are gone even where there is no room for another */
    source->window_len = 0;
    REDAN_TRY(make_room(ctx, source, want));
    size_t got = 0;
    REDAN_TRY(source->kind->read(ctx, source, offset, source->window, want, &got));
    source->window_at = offset;
    source->window_len = got;
    return REDAN_OK;
}

static bool in_window(const struct redan_source *source, uint64_t offset, size_t len)
{
    return source->window_len > 0 && offset >= source->window_at &&
           offset - source->window_at <= source->window_len &&
           source->window_len - (size_t)(offset - source->window_at) >= len;
}

enum redan_status redan_source_view(struct redan_ctx *ctx, struct redan_source *source,
                                    uint64_t offset, size_t len, struct redan_slice *view)
{
    struct redan_slice none = {"", 0};

    len = redan_min_size(len, REDAN_SOURCE_VIEW);
    if (source->memory.at) {
        struct redan_slice all = source->memory;
        size_t from = min_u64(all.len, offset);
        if (len && from == all.len && source->broken && source->fault == REDAN_E_LIMIT)
            return redan_fail(ctx, REDAN_E_LIMIT, offset,
                              "what is unpacked there goes beyond the bounds of one artefact");
        *view = (struct redan_slice){all.at + from, redan_min_size(len, all.len - from)};
        return REDAN_OK;
    }
    if (source->kind->view)
        return source->kind->view(ctx, source, offset, len, view);
    if (offset >= source->size || len == 0) {
        *view = none;
        return REDAN_OK;
    }
    len = min_u64(len, source->size - offset);
    if (!in_window(source, offset, len))
        REDAN_TRY(refill(ctx, source, offset, len));
    *view = none;
    if (in_window(source, offset, 1)) {
        size_t from = (size_t)(offset - source->window_at);
        *view = (struct redan_slice){source->window + from,
                                     redan_min_size(len, source->window_len - from)};
    }
    return REDAN_OK;
}

enum redan_status redan_source_measure(struct redan_ctx *ctx, struct redan_source *source,
                                       uint64_t *size)
{
    struct redan_slice view = {0};

    for (uint64_t at = 0; source->size == REDAN_SOURCE_UNKNOWN; at += view.len) {
        enum redan_status status = redan_source_view(ctx, source, at, AHEAD_PART, &view);
        if (status == REDAN_E_LIMIT && source->size != REDAN_SOURCE_UNKNOWN) {
            redan_fail_clear(ctx); /* the bound is where it ends */
            break;
        }
        REDAN_TRY(status);
        if (view.len == 0 && source->size == REDAN_SOURCE_UNKNOWN)
            source->size = at;
    }
    *size = source->size;
    return REDAN_OK;
}

enum redan_status redan_source_whole(struct redan_ctx *ctx, struct redan_source *source,
                                     size_t most, struct redan_slice *bytes)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) all = {0};
    struct redan_slice view = {0};

    if (!source->memory.at && source->size != REDAN_SOURCE_UNKNOWN && source->size > most)
        return redan_fail(ctx, REDAN_E_LIMIT, 0, "%llu bytes are more than the %zu that are read",
                          (unsigned long long)source->size, most);
    redan_buf_init(&all, ctx, most);
    for (uint64_t at = 0; !source->memory.at; at += view.len) {
        REDAN_TRY(redan_source_view(ctx, source, at, REDAN_SOURCE_VIEW, &view));
        if (view.len == 0)
            break;
        redan_buf_slice(&all, view);
        REDAN_TRY(redan_buf_ok(ctx, &all, "what is read whole"));
    }
    if (!source->memory.at)
        return redan_copy(ctx, redan_buf_view(&all), bytes);
    if (source->memory.len > most) /* a stream may be in memory by now, so asked last */
        return redan_fail(ctx, REDAN_E_LIMIT, 0, "%zu bytes are more than the %zu that are read",
                          source->memory.len, most);
    *bytes = source->memory;
    return REDAN_OK;
}
