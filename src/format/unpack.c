/* What a packed part yields, as a source: in memory when it is small, else a stream with a window that goes forward. */
#include "format/unpack.h"

#include <string.h>

enum {
    INPUT = 64 << 10,         /* packed bytes given to a decoder at once */
    CHUNK = 64 << 10,         /* unpacked bytes asked for at once */
    SLACK = 64 << 10,         /* memory that may stay unused behind what was unpacked */
    KEEP = REDAN_SOURCE_VIEW, /* of a stream's window, when it moves on */
    WINDOW = 2 * REDAN_SOURCE_VIEW,
};

struct unpacking {
    const struct redan_decoder *decoder;
    struct redan_part part;
    struct redan_source input; /* the packed bytes */
    struct redan_source *parent;
    struct redan_ctx *ctx; /* of the call under way */
    void *state;           /* the decoder's; NULL when it is over */
    uint64_t in_pos;       /* packed bytes used */
    uint64_t pos;          /* unpacked bytes made */
    unsigned rewinds;
    struct redan_source_budget own; /* when the artefact has none */
    char *head;                     /* the first bytes that were unpacked, for good */
    size_t head_len;
    size_t head_cap;
};

static const struct {
    const char *name;
    const struct redan_decoder *decoder;
} packings[REDAN_PACK_COUNT] = {
    [REDAN_PACK_NONE] = {"stored", NULL},
    [REDAN_PACK_DEFLATE] = {"deflate", &redan_decoder_deflate},
    [REDAN_PACK_ZLIB] = {"zlib", &redan_decoder_zlib},
    [REDAN_PACK_GZIP] = {"gzip", &redan_decoder_gzip},
    [REDAN_PACK_BZIP2] = {"bzip2", &redan_decoder_bzip2},
    [REDAN_PACK_XZ] = {"xz", &redan_decoder_xz},
    [REDAN_PACK_LZMA] = {"lzma", &redan_decoder_lzma},
    [REDAN_PACK_LZMA_RAW] = {"lzma-raw", &redan_decoder_lzma_raw},
    [REDAN_PACK_LZ4] = {"lz4", &redan_decoder_lz4},
    [REDAN_PACK_ZSTD] = {"zstd", &redan_decoder_zstd},
    [REDAN_PACK_BASE64] = {"base64", &redan_decoder_base64},
    [REDAN_PACK_HEX] = {"hex", &redan_decoder_hex},
    [REDAN_PACK_LATIN1] = {"latin1", &redan_decoder_latin1},
    [REDAN_PACK_ARCHIVE] = {"archive", &redan_decoder_archive},
};

const char *redan_packing_name(enum redan_packing packing)
{
    return packing < REDAN_PACK_COUNT ? packings[packing].name : "unknown";
}

/* The size stands before the block, in a place that keeps it aligned. */
union block {
    size_t size;
    max_align_t align;
};

void *redan_unpack_take(struct redan_mem *mem, size_t size)
{
    size_t whole = 0;
    union block *block =
        redan_add_size(size, sizeof(*block), &whole) ? redan_mem_take(mem, whole) : NULL;
    if (!block)
        return NULL;
    block->size = whole;
    return block + 1;
}

void redan_unpack_give(struct redan_mem *mem, void *block)
{
    if (!block)
        return;
    union block *start = (union block *)block - 1;
    redan_mem_give(mem, start, start->size);
}

static enum redan_status start(struct redan_ctx *ctx, struct unpacking *it)
{
    it->in_pos = it->pos = 0;
    return it->decoder->begin(ctx, it->parent, &it->part, &it->state);
}

static void stop(struct redan_ctx *ctx, struct unpacking *it)
{
    if (it->state)
        it->decoder->done(ctx, it->state);
    it->state = NULL;
}

/* The bytes end here: well, or with a fault. */
static void end_here(struct redan_ctx *ctx, struct redan_source *source, enum redan_status fault)
{
    struct unpacking *it = source->state;

    stop(ctx, it);
    if (source->size == REDAN_SOURCE_UNKNOWN) /* begun anew, it may be given up earlier */
        source->size = it->pos;
    source->broken = fault != REDAN_OK;
    source->fault = fault;
}

static enum redan_status after_step(struct redan_ctx *ctx, struct redan_source *source,
                                    enum redan_step said, bool stuck)
{
    switch (said) {
    case REDAN_STEP_END:
        end_here(ctx, source, REDAN_OK);
        break;
    case REDAN_STEP_DAMAGED:
        end_here(ctx, source, REDAN_E_SYNTAX);
        break;
    case REDAN_STEP_LIMIT:
        end_here(ctx, source, REDAN_E_LIMIT);
        break;
    case REDAN_STEP_MEMORY:
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory to unpack");
    case REDAN_STEP_FAILED:
        if (ctx->failure.status == REDAN_OK) /* it had failed before, and will again */
            end_here(ctx, source, REDAN_E_IO);
        return ctx->failure.status;
    case REDAN_STEP_MORE:
        if (stuck) /* it takes nothing and gives nothing: the input is cut off */
            end_here(ctx, source, REDAN_E_SYNTAX);
        break;
    }
    return REDAN_OK;
}

/* One step of the decoder, with what is packed next. A bound of what it is packed in is its own: what was unpacked before counts. */
static enum redan_status step(struct redan_ctx *ctx, struct redan_source *source,
                              struct redan_step_io *io)
{
    struct unpacking *it = source->state;
    struct redan_slice in = {"", 0};
    size_t before = io->room;

    if (!it->decoder->pulls) {
        enum redan_status status = redan_source_view(ctx, &it->input, it->in_pos, INPUT, &in);
        if (status == REDAN_E_LIMIT) {
            redan_fail_clear(ctx);
            end_here(ctx, source, REDAN_E_LIMIT);
            return REDAN_OK;
        }
        REDAN_TRY(status);
    }
    io->in = in;
    io->last = in.len < INPUT;
    enum redan_step said = it->decoder->step(it->state, io);
    size_t made = before - io->room;
    size_t used = in.len - io->in.len;
    it->in_pos += used;
    it->pos += made;
    source->budget->left -= made;
    return after_step(ctx, source, said, made == 0 && used == 0);
}

/* Up to `room` bytes more into `to`; fewer only when the end is reached, or with a failure. */
static enum redan_status decode(struct redan_ctx *ctx, struct redan_source *source, char *to,
                                size_t room, size_t *got)
{
    enum redan_status status = REDAN_OK;
    struct unpacking *it = source->state;

    it->ctx = ctx;
    if (source->budget->left < room) {
        room = (size_t)source->budget->left;
        if (room == 0)
            end_here(ctx, source, REDAN_E_LIMIT);
    }
    struct redan_step_io io = {.ctx = ctx, .out = to, .room = room};
    while (status == REDAN_OK && io.room > 0 && it->state)
        status = step(ctx, source, &io);
    *got = room - io.room;
    return status;
}

static void done(struct redan_source *source)
{
    struct unpacking *it = source->state;
    struct redan_mem *mem = source->mem;

    if (!it)
        return;
    stop(it->ctx, it);
    redan_source_done(&it->input);
    redan_mem_give(mem, it->head, it->head_cap);
    redan_mem_give(mem, source->window, source->window_cap);
    redan_unpack_give(mem, it);
    source->state = NULL;
}

/* The window has room for a chunk behind its last KEEP bytes. */
static enum redan_status move_on(struct redan_ctx *ctx, struct redan_source *source)
{
    if (!source->window) {
        struct unpacking *it = source->state;
        source->window = redan_mem_take(source->mem, WINDOW);
        if (!source->window)
            return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for a window of %d bytes", WINDOW);
        source->window_cap = WINDOW;
        source->window_len = redan_min_size(it->head_len, KEEP);
        source->window_at = it->head_len - source->window_len;
        if (source->window_len)
            memcpy(source->window, it->head + source->window_at, source->window_len);
    } else if (source->window_cap - source->window_len < CHUNK) {
        size_t drop = source->window_len - KEEP;
        memmove(source->window, source->window + drop, KEEP);
        source->window_at += drop;
        source->window_len = KEEP;
        source->turn++;
    }
    return REDAN_OK;
}

static enum redan_status rewind_to_start(struct redan_ctx *ctx, struct redan_source *source)
{
    struct unpacking *it = source->state;

    if (it->rewinds >= ctx->limits.rewinds)
        return redan_fail(ctx, REDAN_E_LIMIT, 0,
                          "an unpacked stream was begun anew %u times: it is read no further",
                          it->rewinds);
    it->rewinds++;
    stop(ctx, it);
    REDAN_TRY(start(ctx, it));
    source->window_at = 0;
    source->window_len = 0;
    source->turn++;
    return REDAN_OK;
}

/* Bring [offset, offset + len) into the window, as far as there is so much. */
static enum redan_status reach(struct redan_ctx *ctx, struct redan_source *source, uint64_t offset,
                               size_t len)
{
    struct unpacking *it = source->state;

    REDAN_TRY(move_on(ctx, source));
    if (offset < source->window_at)
        REDAN_TRY(rewind_to_start(ctx, source));
    while (it->state && source->window_at + source->window_len < offset + len) {
        size_t got = 0;
        REDAN_TRY(move_on(ctx, source));
        enum redan_status status =
            decode(ctx, source, source->window + source->window_len, CHUNK, &got);
        source->window_len += got;
        REDAN_TRY(status);
    }
    return REDAN_OK;
}

static enum redan_status view_stream(struct redan_ctx *ctx, struct redan_source *source,
                                     uint64_t offset, size_t len, struct redan_slice *view)
{
    struct unpacking *it = source->state;

    *view = (struct redan_slice){"", 0};
    if (offset <= it->head_len && len <= it->head_len - offset) {
        *view = (struct redan_slice){it->head + offset, len};
        return REDAN_OK;
    }
    if (offset < source->size && len > 0 && offset <= REDAN_SOURCE_UNKNOWN - len)
        REDAN_TRY(reach(ctx, source, offset, len));
    if (offset >= source->window_at && offset - source->window_at < source->window_len) {
        size_t from = (size_t)(offset - source->window_at);
        *view = (struct redan_slice){source->window + from,
                                     redan_min_size(len, source->window_len - from)};
    } else if (source->broken && source->fault == REDAN_E_LIMIT && len > 0) {
        return redan_fail(ctx, REDAN_E_LIMIT, offset,
                          "what is unpacked there goes beyond the bounds of one artefact");
    }
    return REDAN_OK;
}

static enum redan_status read_stream(struct redan_ctx *ctx, struct redan_source *source,
                                     uint64_t offset, char *to, size_t len, size_t *got)
{
    struct redan_slice view = {0};

    for (*got = 0; *got < len; *got += view.len) {
        enum redan_status status = redan_source_view(ctx, source, offset + *got, len - *got, &view);
        if (status == REDAN_E_LIMIT && *got > 0 && source->broken) {
            redan_fail_clear(ctx); /* those before the bound count */
            break;
        }
        REDAN_TRY(status);
        if (view.len == 0)
            break;
        memcpy(to + *got, view.at, view.len);
    }
    return REDAN_OK;
}

/* Room for more of the head: twice as much each time, up to limits.whole. */
static enum redan_status grow_head(struct redan_ctx *ctx, struct unpacking *it, size_t whole)
{
    size_t cap = it->head_cap > whole / 2 ? whole : it->head_cap * 2;

    if (it->head_cap == 0) {
        cap = redan_min_size(whole, CHUNK);
        if (it->part.unpacked < whole) /* and a byte by which the end is seen at once */
            cap = (size_t)it->part.unpacked + 1;
        uint64_t likely = it->part.size > whole / 8 ? whole : it->part.size * 8 + CHUNK;
        cap = likely < cap ? (size_t)likely : cap;
    }
    char *head = redan_mem_resize(&ctx->mem, it->head, it->head_cap, cap);
    if (!head)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for %zu unpacked bytes", cap);
    it->head = head;
    it->head_cap = cap;
    return REDAN_OK;
}

/* Unpack until the end or limits.whole bytes. */
static enum redan_status fill_head(struct redan_ctx *ctx, struct redan_source *source)
{
    struct unpacking *it = source->state;
    size_t whole = ctx->limits.whole ? ctx->limits.whole : 1;

    while (it->state && it->head_len < whole) {
        size_t got = 0;
        if (it->head_len == it->head_cap)
            REDAN_TRY(grow_head(ctx, it, whole));
        size_t room = redan_min_size(it->head_cap - it->head_len, REDAN_SOURCE_VIEW);
        REDAN_TRY(decode(ctx, source, it->head + it->head_len, room, &got));
        it->head_len += got;
    }
    if (it->state)
        return REDAN_OK;
    if (it->head_cap - it->head_len > SLACK) {
        char *less = redan_mem_resize(&ctx->mem, it->head, it->head_cap, it->head_len);
        if (less) {
            it->head = less;
            it->head_cap = it->head_len;
        }
    }
    source->memory = (struct redan_slice){it->head ? it->head : "", it->head_len};
    redan_source_done(&it->input);
    return REDAN_OK;
}

static const struct redan_source_kind kinds[REDAN_PACK_COUNT] = {
#define KIND(packing, word) \
    [packing] = {.name = word, .read = read_stream, .view = view_stream, .done = done}
    KIND(REDAN_PACK_DEFLATE, "deflate"),
    KIND(REDAN_PACK_ZLIB, "zlib"),
    KIND(REDAN_PACK_GZIP, "gzip"),
    KIND(REDAN_PACK_BZIP2, "bzip2"),
    KIND(REDAN_PACK_XZ, "xz"),
    KIND(REDAN_PACK_LZMA, "lzma"),
    KIND(REDAN_PACK_LZMA_RAW, "lzma-raw"),
    KIND(REDAN_PACK_LZ4, "lz4"),
    KIND(REDAN_PACK_ZSTD, "zstd"),
    KIND(REDAN_PACK_BASE64, "base64"),
    KIND(REDAN_PACK_HEX, "hex"),
    KIND(REDAN_PACK_LATIN1, "latin1"),
    KIND(REDAN_PACK_ARCHIVE, "archive"),
#undef KIND
};

static enum redan_status begin(struct redan_ctx *ctx, struct redan_source *parent,
                               const struct redan_part *part, struct redan_source *source)
{
    struct unpacking *it = redan_unpack_take(&ctx->mem, sizeof(*it));

    if (!it)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory to unpack");
    *it = (struct unpacking){
        .decoder = packings[part->packing].decoder, .part = *part, .parent = parent, .ctx = ctx};
    it->own.left = ctx->limits.unpacked;
    *source = (struct redan_source){.kind = &kinds[part->packing],
                                    .size = REDAN_SOURCE_UNKNOWN,
                                    .parent = parent,
                                    .mem = &ctx->mem,
                                    .fd = -1,
                                    .state = it};
    source->budget = parent && parent->budget ? parent->budget : &it->own;
    if (part->memory.at)
        redan_source_memory(&it->input, part->memory);
    else if (parent)
        redan_source_part(&it->input, parent, part->offset, part->size);
    else
        redan_source_memory(&it->input, (struct redan_slice){"", 0});
    REDAN_TRY(start(ctx, it));
    return fill_head(ctx, source);
}

enum redan_status redan_unpack(struct redan_ctx *ctx, struct redan_source *parent,
                               const struct redan_part *part, struct redan_source *source)
{
    if (part->packing >= REDAN_PACK_COUNT)
        return redan_fail(ctx, REDAN_E_UNSUPPORTED, part->offset, "an unknown packing");
    if (part->packing == REDAN_PACK_NONE && part->memory.at) {
        redan_source_memory(source, part->memory);
        source->parent = parent;
        source->budget = parent ? parent->budget : NULL;
        return REDAN_OK;
    }
    if (part->packing == REDAN_PACK_NONE) {
        redan_source_part(source, parent, part->offset, part->size);
        return REDAN_OK;
    }
    if (parent && parent->budget && parent->budget->left == 0)
        return redan_fail(ctx, REDAN_E_LIMIT, part->offset,
                          "the bytes that unpacking one artefact may yield are used up");
    struct redan_source made = {.fd = -1};
    enum redan_status status = begin(ctx, parent, part, &made);
    if (status != REDAN_OK) {
        redan_source_done(&made);
        return status;
    }
    *source = made;
    return REDAN_OK;
}
