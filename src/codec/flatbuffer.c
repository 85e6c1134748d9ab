/* Tables, vectors and texts of a FlatBuffer, reached through offsets that are never trusted. */
#include "codec/flatbuffer.h"

#include <string.h>

enum {
    NEAR = 4096,
    WORK_LEAST = 4096, /* steps that even a tiny buffer may take */
};

void redan_flat_init(struct redan_flat *flat, struct redan_ctx *ctx, struct redan_source *source)
{
    *flat = (struct redan_flat){.ctx = ctx, .source = source};
    enum redan_status status = redan_source_measure(ctx, source, &flat->size);
    if (status != REDAN_OK)
        flat->status = status;
    flat->work = flat->size > UINT64_MAX / 2 ? UINT64_MAX : flat->size + WORK_LEAST;
}

static bool wrong(struct redan_flat *flat, const char *word, uint64_t at)
{
    if (!flat->fault) {
        flat->fault = word;
        flat->fault_at = at;
    }
    return false;
}

static bool within(const struct redan_flat *flat, uint64_t at, uint64_t len)
{
    return at <= flat->size && len <= flat->size - at;
}

/* `len` (at most 8) bytes at hand; NULL and a fault when there are fewer. */
static const char *bring(struct redan_flat *flat, uint64_t at, size_t len)
{
    if (flat->fault || flat->status != REDAN_OK)
        return NULL;
    if (!within(flat, at, len)) {
        (void)wrong(flat, "offset", at);
        return NULL;
    }
    if (flat->work == 0) {
        (void)wrong(flat, "shared", at);
        return NULL;
    }
    flat->work--;
    bool inside = flat->near_turn == flat->source->turn && at >= flat->near_at &&
                  at - flat->near_at <= flat->near.len &&
                  flat->near.len - (size_t)(at - flat->near_at) >= len;
    if (!inside) {
        bool memory = flat->source->memory.at != NULL;
        uint64_t from = memory ? at & ~((uint64_t)REDAN_SOURCE_VIEW / 2 - 1) : at;
        enum redan_status status = redan_source_view(
            flat->ctx, flat->source, from, memory ? REDAN_SOURCE_VIEW : NEAR, &flat->near);
        if (status != REDAN_OK)
            flat->status = status;
        flat->near_at = from;
        flat->near_turn = flat->source->turn;
        if (status != REDAN_OK || flat->near.len < at - from + len) {
            flat->near.len = 0;
            if (status == REDAN_OK)
                (void)wrong(flat, "offset", at);
            return NULL;
        }
    }
    return flat->near.at + (at - flat->near_at);
}

static uint64_t number(struct redan_flat *flat, uint64_t at, size_t len)
{
    const char *bytes = bring(flat, at, len);
    uint64_t v = 0;

    for (size_t i = len; bytes && i-- > 0;)
        v = v << 8 | (uint8_t)bytes[i];
    return v;
}

uint8_t redan_flat_u8(struct redan_flat *flat, uint64_t at)
{
    return (uint8_t)number(flat, at, 1);
}

uint32_t redan_flat_u32(struct redan_flat *flat, uint64_t at)
{
    return (uint32_t)number(flat, at, 4);
}

uint64_t redan_flat_u64(struct redan_flat *flat, uint64_t at)
{
    return number(flat, at, 8);
}

/* Follow an offset, which counts from where it stands. */
static uint64_t follow(struct redan_flat *flat, uint64_t at)
{
    uint32_t offset = redan_flat_u32(flat, at);

    if (flat->fault || flat->status != REDAN_OK)
        return 0;
    if (offset == 0 || !within(flat, at, (uint64_t)offset + 4)) {
        (void)wrong(flat, "offset", at);
        return 0;
    }
    return at + offset;
}

uint64_t redan_flat_root(struct redan_flat *flat)
{
    return follow(flat, 0);
}

uint64_t redan_flat_field(struct redan_flat *flat, uint64_t table, unsigned id)
{
    if (!table)
        return 0;
    int64_t back = (int32_t)redan_flat_u32(flat, table);
    if ((back > 0 && (uint64_t)back > table) || (back < 0 && !within(flat, table, (uint64_t)-back)))
        return wrong(flat, "offset", table);
    uint64_t vtable = back >= 0 ? table - (uint64_t)back : table + (uint64_t)-back;
    uint64_t sizes = number(flat, vtable, 4);
    uint64_t vtable_size = sizes & 0xFFFF;
    uint64_t table_size = sizes >> 16;
    uint64_t entry = 4 + 2 * (uint64_t)id;
    if (flat->fault || entry + 2 > vtable_size)
        return 0;
    uint64_t offset = number(flat, vtable + entry, 2);
    if (offset == 0)
        return 0;
    if (offset < 4 || offset >= table_size || !within(flat, table, offset + 1))
        return wrong(flat, "offset", vtable + entry);
    return table + offset;
}

uint8_t redan_flat_get_u8(struct redan_flat *flat, uint64_t table, unsigned id, uint8_t other)
{
    uint64_t at = redan_flat_field(flat, table, id);

    return at ? redan_flat_u8(flat, at) : other;
}

uint32_t redan_flat_get_u32(struct redan_flat *flat, uint64_t table, unsigned id, uint32_t other)
{
    uint64_t at = redan_flat_field(flat, table, id);

    return at ? redan_flat_u32(flat, at) : other;
}

uint64_t redan_flat_get_u64(struct redan_flat *flat, uint64_t table, unsigned id, uint64_t other)
{
    uint64_t at = redan_flat_field(flat, table, id);

    return at ? redan_flat_u64(flat, at) : other;
}

uint64_t redan_flat_table(struct redan_flat *flat, uint64_t table, unsigned id)
{
    uint64_t at = redan_flat_field(flat, table, id);

    return at ? follow(flat, at) : 0;
}

/* The vector at an offset's target. */
static struct redan_flat_vector vector_at(struct redan_flat *flat, uint64_t at, unsigned width)
{
    struct redan_flat_vector vector = {0};

    if (!at)
        return vector;
    uint64_t count = redan_flat_u32(flat, at);
    if (flat->fault || flat->status != REDAN_OK)
        return vector;
    if (!within(flat, at + 4, count * width)) {
        (void)wrong(flat, "offset", at);
        return vector;
    }
    vector.at = at + 4;
    vector.count = count;
    return vector;
}

struct redan_flat_vector redan_flat_vector(struct redan_flat *flat, uint64_t table, unsigned id,
                                           unsigned width)
{
    return vector_at(flat, redan_flat_table(flat, table, id), width);
}

uint64_t redan_flat_item(struct redan_flat *flat, struct redan_flat_vector vector, uint64_t i)
{
    return i < vector.count ? follow(flat, vector.at + 4 * i) : 0;
}

struct redan_slice redan_flat_bytes(struct redan_flat *flat, struct redan_flat_vector vector,
                                    size_t most)
{
    struct redan_slice view = {"", 0};

    if (flat->fault || flat->status != REDAN_OK || vector.count == 0)
        return view;
    if (vector.count < most)
        most = (size_t)vector.count;
    enum redan_status status = redan_source_view(flat->ctx, flat->source, vector.at, most, &view);
    if (status != REDAN_OK) {
        flat->status = status;
        return (struct redan_slice){"", 0};
    }
    /* showing bytes is work too: a text that a million tables share is not shown a million times */
    uint64_t cost = view.len / 8;
    if (flat->work < cost) {
        (void)wrong(flat, "shared", vector.at);
        return (struct redan_slice){"", 0};
    }
    flat->work -= cost;
    return view;
}

struct redan_slice redan_flat_text(struct redan_flat *flat, uint64_t table, unsigned id,
                                   size_t most)
{
    return redan_flat_bytes(flat, redan_flat_vector(flat, table, id, 1), most);
}

struct redan_slice redan_flat_text_item(struct redan_flat *flat, struct redan_flat_vector vector,
                                        uint64_t i, size_t most)
{
    return redan_flat_bytes(flat, vector_at(flat, redan_flat_item(flat, vector, i), 1), most);
}

enum redan_status redan_flat_ok(const struct redan_flat *flat, const char *what)
{
    if (flat->status != REDAN_OK)
        return flat->status;
    if (!flat->fault)
        return REDAN_OK;
    if (strcmp(flat->fault, "shared") == 0)
        return redan_fail(flat->ctx, REDAN_E_LIMIT, flat->fault_at,
                          "%s: its tables are shared so often that reading them does not end",
                          what);
    return redan_fail(flat->ctx, REDAN_E_SYNTAX, flat->fault_at,
                      "%s: an offset leads outside of it", what);
}
