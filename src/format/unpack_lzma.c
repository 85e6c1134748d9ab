/* xz, LZMA-alone and ZIP's LZMA (APPNOTE 5.8) through liblzma. */
#include <lzma.h>
#include <string.h>

#include "format/unpack.h"

enum {
    RAW_HEAD = 9, /* version, size of the properties, properties */
};
static const char xz_magic[6] = "\xfd"
                                "7zXZ"; /* the literal's NUL belongs to it */

struct unlzma {
    lzma_stream z;
    lzma_allocator allocator;
    enum redan_packing packing;
    bool started;
    size_t head_len;
    uint8_t head[RAW_HEAD];
};

static void *lzma_take(void *mem, size_t items, size_t size)
{
    size_t whole = 0;

    return redan_mul_size(items, size, &whole) ? redan_unpack_take(mem, whole) : NULL;
}

static void lzma_give(void *mem, void *block)
{
    redan_unpack_give(mem, block);
}

static enum redan_step answer(lzma_ret said)
{
    if (said == LZMA_OK || said == LZMA_BUF_ERROR || said == LZMA_NO_CHECK ||
        said == LZMA_UNSUPPORTED_CHECK || said == LZMA_GET_CHECK)
        return REDAN_STEP_MORE;
    if (said == LZMA_STREAM_END)
        return REDAN_STEP_END;
    if (said == LZMA_MEM_ERROR)
        return REDAN_STEP_MEMORY;
    return said == LZMA_MEMLIMIT_ERROR ? REDAN_STEP_LIMIT : REDAN_STEP_DAMAGED;
}

static enum redan_step open_raw(struct unlzma *it)
{
    lzma_filter filters[2] = {{.id = LZMA_FILTER_LZMA1}, {.id = LZMA_VLI_UNKNOWN}};

    if (it->head[2] != 5 || it->head[3] != 0)
        return REDAN_STEP_DAMAGED;
    lzma_ret said = lzma_properties_decode(&filters[0], &it->allocator, it->head + 4, 5);
    if (said == LZMA_OK) {
        uint64_t needs = lzma_raw_decoder_memusage(filters);
        said =
            needs > REDAN_DECODER_MEMORY ? LZMA_MEMLIMIT_ERROR : lzma_raw_decoder(&it->z, filters);
        redan_unpack_give(it->allocator.opaque, filters[0].options);
    }
    it->started = said == LZMA_OK;
    return answer(said);
}

static enum redan_step open_stream(struct unlzma *it)
{
    lzma_ret said = it->packing == REDAN_PACK_XZ
                        ? lzma_stream_decoder(&it->z, REDAN_DECODER_MEMORY, 0)
                        : lzma_alone_decoder(&it->z, REDAN_DECODER_MEMORY);

    it->started = said == LZMA_OK;
    return answer(said);
}

static enum redan_status begin(struct redan_ctx *ctx, struct redan_source *packed,
                               const struct redan_part *part, void **state)
{
    struct unlzma *it = redan_unpack_take(&ctx->mem, sizeof(*it));

    (void)packed;
    if (!it)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for lzma");
    *it = (struct unlzma){.z = LZMA_STREAM_INIT, .packing = part->packing};
    it->allocator = (lzma_allocator){.alloc = lzma_take, .free = lzma_give, .opaque = &ctx->mem};
    it->z.allocator = &it->allocator;
    if (part->packing != REDAN_PACK_LZMA_RAW && open_stream(it) != REDAN_STEP_MORE) {
        lzma_end(&it->z);
        redan_unpack_give(&ctx->mem, it);
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for lzma");
    }
    *state = it;
    return REDAN_OK;
}

static void done(struct redan_ctx *ctx, void *state)
{
    struct unlzma *it = state;

    lzma_end(&it->z);
    redan_unpack_give(&ctx->mem, it);
}

/* Between xz streams: zeros, then another one or the end (xz file format 2); other bytes after the last are passed over. */
static enum redan_step next_stream(struct unlzma *it, struct redan_step_io *io)
{
    size_t zeros = 0;

    while (zeros < io->in.len && io->in.at[zeros] == '\0')
        zeros++;
    io->in = redan_slice_sub(io->in, zeros, io->in.len);
    if (io->in.len < sizeof(xz_magic) && !io->last)
        return REDAN_STEP_MORE;
    if (io->in.len < sizeof(xz_magic) || memcmp(io->in.at, xz_magic, sizeof(xz_magic)) != 0)
        return REDAN_STEP_END;
    return open_stream(it);
}

/* The head of a ZIP member's data, which may come in pieces. */
static enum redan_step take_head(struct unlzma *it, struct redan_step_io *io)
{
    size_t n = redan_min_size(RAW_HEAD - it->head_len, io->in.len);

    if (n)
        memcpy(it->head + it->head_len, io->in.at, n);
    it->head_len += n;
    io->in = redan_slice_sub(io->in, n, io->in.len);
    return it->head_len == RAW_HEAD ? open_raw(it) : REDAN_STEP_MORE;
}

static enum redan_step decode_some(struct unlzma *it, struct redan_step_io *io)
{
    size_t in = io->in.len;
    size_t room = io->room;

    it->z.next_in = (const uint8_t *)io->in.at;
    it->z.avail_in = in;
    it->z.next_out = (uint8_t *)io->out;
    it->z.avail_out = room;
    lzma_ret said = lzma_code(&it->z, LZMA_RUN);
    io->in = redan_slice_sub(io->in, in - it->z.avail_in, io->in.len);
    io->out += room - it->z.avail_out;
    io->room = it->z.avail_out;
    if (said == LZMA_BUF_ERROR && it->packing == REDAN_PACK_LZMA_RAW && in == 0)
        return REDAN_STEP_END; /* an end mark is optional there */
    return answer(said);
}

static enum redan_step step(void *state, struct redan_step_io *io)
{
    struct unlzma *it = state;
    enum redan_step said = REDAN_STEP_MORE;

    if (!it->started)
        said = it->packing == REDAN_PACK_LZMA_RAW ? take_head(it, io) : next_stream(it, io);
    if (it->started && said == REDAN_STEP_MORE)
        said = decode_some(it, io);
    if (said != REDAN_STEP_END || !it->started || it->packing != REDAN_PACK_XZ)
        return said;
    it->started = false;
    return next_stream(it, io);
}

const struct redan_decoder redan_decoder_xz = {.begin = begin, .step = step, .done = done};
const struct redan_decoder redan_decoder_lzma = {.begin = begin, .step = step, .done = done};
const struct redan_decoder redan_decoder_lzma_raw = {.begin = begin, .step = step, .done = done};
