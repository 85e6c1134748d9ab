/* FlatBuffers read out of hostile bytes: every offset is held against the bytes that are there, and shared tables cannot multiply the work. */
#ifndef REDAN_CODEC_FLATBUFFER_H
#define REDAN_CODEC_FLATBUFFER_H

#include "base/source.h"

/* Tables are named by the offset of their first byte; 0 is none. */
struct redan_flat {
    struct redan_ctx *ctx;
    struct redan_source *source;
    uint64_t size;
    uint64_t work; /* steps that are left: an honest buffer needs fewer than it has bytes */
    const char *
        fault; /* "offset" or "shared"; NULL while nothing is wrong. It sticks, and every later read gives zero. */
    uint64_t fault_at;
    enum redan_status status; /* why, when it is the source that failed */
    struct redan_slice near;
    uint64_t near_at;
    uint64_t near_turn;
};

/* The words of what may be wrong, for lists of defects. */
#define REDAN_FLAT_FAULTS "offset", "shared"

struct redan_flat_vector {
    uint64_t at; /* of element 0 */
    uint64_t count;
};

void redan_flat_init(struct redan_flat *flat, struct redan_ctx *ctx, struct redan_source *source);
/* The root table. */
uint64_t redan_flat_root(struct redan_flat *flat);
uint8_t redan_flat_u8(struct redan_flat *flat, uint64_t at);
uint32_t redan_flat_u32(struct redan_flat *flat, uint64_t at);
uint64_t redan_flat_u64(struct redan_flat *flat, uint64_t at);
/* Where field `id` of a table stands; 0 when it has its default, and when table is 0. */
uint64_t redan_flat_field(struct redan_flat *flat, uint64_t table, unsigned id);
/* Fields of a table by kind, with their defaults. */
uint8_t redan_flat_get_u8(struct redan_flat *flat, uint64_t table, unsigned id, uint8_t other);
uint32_t redan_flat_get_u32(struct redan_flat *flat, uint64_t table, unsigned id, uint32_t other);
uint64_t redan_flat_get_u64(struct redan_flat *flat, uint64_t table, unsigned id, uint64_t other);
uint64_t redan_flat_table(struct redan_flat *flat, uint64_t table, unsigned id);
/* Elements of `width` bytes; all of them are within the source. */
struct redan_flat_vector redan_flat_vector(struct redan_flat *flat, uint64_t table, unsigned id,
                                           unsigned width);
/* Element `i`, a table. */
uint64_t redan_flat_item(struct redan_flat *flat, struct redan_flat_vector vector, uint64_t i);
/* A text or bytes, at most `most` of them, borrowed until the next view of the source. */
struct redan_slice redan_flat_text(struct redan_flat *flat, uint64_t table, unsigned id,
                                   size_t most);
/* A vector's bytes, likewise. */
struct redan_slice redan_flat_bytes(struct redan_flat *flat, struct redan_flat_vector vector,
                                    size_t most);
/* The text that element `i` is. */
struct redan_slice redan_flat_text_item(struct redan_flat *flat, struct redan_flat_vector vector,
                                        uint64_t i, size_t most);
/* REDAN_OK, the source's own failure, or REDAN_E_SYNTAX (REDAN_E_LIMIT: "shared") recorded with the place. */
REDAN_NODISCARD enum redan_status redan_flat_ok(const struct redan_flat *flat, const char *what);

#endif
