/* Bytes to be read at any place, whatever they come from: memory, a file, part of another source, or what a decoder makes of one. */
#ifndef REDAN_BASE_SOURCE_H
#define REDAN_BASE_SOURCE_H

#include "base/ctx.h"

enum {
    REDAN_SOURCE_VIEW = 1 << 20, /* the most bytes of one view */
};
#define REDAN_SOURCE_UNKNOWN UINT64_MAX /* the size of a stream whose end was not reached yet */

struct redan_source;

/* What the unpackings of one artefact may still yield, begun anew ones included. Held by whoever opened the artefact's own source. */
struct redan_source_budget {
    uint64_t left;
};

/* Where the bytes come from. `read` puts up to `len` bytes of `offset` into `to`; fewer only at the end of the source, or, with
 * a failure recorded, where the rest cannot be had. `view` is for kinds with a window of their own, NULL for others; `done` may be NULL. */
struct redan_source_kind {
    const char *name; /* "memory", "file", "part", "gzip" ... */
    enum redan_status (*read)(struct redan_ctx *ctx, struct redan_source *source, uint64_t offset,
                              char *to, size_t len, size_t *got);
    enum redan_status (*view)(struct redan_ctx *ctx, struct redan_source *source, uint64_t offset,
                              size_t len, struct redan_slice *view);
    void (*done)(struct redan_source *source);
};

/* Held by the caller, who calls _done; a source that stands on a parent must go before it. The fields below `size` are the source's own. */
struct redan_source {
    uint64_t size; /* REDAN_SOURCE_UNKNOWN for a stream until its end was seen */
    const struct redan_source_kind *kind;
    struct redan_source *parent;
    struct redan_mem *mem;
    struct redan_slice
        memory;    /* the whole, when it is in memory: views then cost nothing and stay valid */
    uint64_t base; /* of a part: its first byte in the parent */
    int fd;
    bool
        broken; /* the bytes end before they should: a decoder failed, a file shrank, a bound was reached */
    enum redan_status fault; /* of a broken one: REDAN_E_SYNTAX, _LIMIT or _IO */
    struct redan_source_budget *
        budget; /* parts and unpackings inherit it; NULL: each unpacking has limits.unpacked of its own */
    char *window;
    size_t window_cap;
    size_t window_len;
    size_t
        window_ahead; /* how much the next read takes at least: more while they follow each other */
    uint64_t window_at;
    uint64_t turn; /* counts what made earlier views invalid */
    void *state;   /* of a decoder */
};

/* Bytes that outlive the source. */
void redan_source_memory(struct redan_source *source, struct redan_slice bytes);
/* A regular file by its descriptor, which stays the caller's; read with pread. A file of up to limits.whole bytes is read into memory at once. */
REDAN_NODISCARD enum redan_status redan_source_file(struct redan_ctx *ctx, int fd,
                                                    struct redan_source *source);
/* `size` bytes of `parent` from `offset`, cut at the parent's end. In memory when the parent is. */
void redan_source_part(struct redan_source *source, struct redan_source *parent, uint64_t offset,
                       uint64_t size);
void redan_source_done(struct redan_source *source);
/* The size, where need be by reading a stream to its end, or as far as it can be read. */
REDAN_NODISCARD enum redan_status redan_source_measure(struct redan_ctx *ctx,
                                                       struct redan_source *source, uint64_t *size);

/* Up to `len` (at most REDAN_SOURCE_VIEW) bytes at `offset`, borrowed until the next view of this source; shorter at the end, empty past it.
 * A decoder that must go back to an earlier offset begins anew, at most limits.rewinds times. Damage ends the
 * source like an end, with `broken` set. REDAN_E_IO: the machine refused. REDAN_E_LIMIT: a bound was reached, and no byte at `offset` can be had. */
REDAN_NODISCARD enum redan_status redan_source_view(struct redan_ctx *ctx,
                                                    struct redan_source *source, uint64_t offset,
                                                    size_t len, struct redan_slice *view);
/* The whole source in one slice: borrowed when it is in memory, else copied to the arena. REDAN_E_LIMIT over `most` bytes. */
REDAN_NODISCARD enum redan_status redan_source_whole(struct redan_ctx *ctx,
                                                     struct redan_source *source, size_t most,
                                                     struct redan_slice *bytes);

/* A cursor over a source whose failure sticks, as redan_reader is over a slice: the way from hostile files to numbers. */
struct redan_source_reader {
    struct redan_ctx *ctx;
    struct redan_source *source;
    uint64_t pos;
    uint64_t end;             /* no byte at or after it is read */
    bool failed;              /* a read went past the end; every later one gives zero */
    enum redan_status status; /* why, when it was not simply the end */
    struct redan_slice near;  /* bytes at hand, from near_at; of the source's `near_turn` */
    uint64_t near_at;
    uint64_t near_turn;
};

void redan_source_reader_init(struct redan_source_reader *reader, struct redan_ctx *ctx,
                              struct redan_source *source, uint64_t offset, uint64_t end);
uint8_t redan_source_u8(struct redan_source_reader *reader);
uint16_t redan_source_u16le(struct redan_source_reader *reader);
uint32_t redan_source_u32le(struct redan_source_reader *reader);
uint64_t redan_source_u64le(struct redan_source_reader *reader);
uint16_t redan_source_u16be(struct redan_source_reader *reader);
uint32_t redan_source_u32be(struct redan_source_reader *reader);
uint64_t redan_source_u64be(struct redan_source_reader *reader);
/* `len` bytes (at most REDAN_SOURCE_VIEW), borrowed until the next read; an empty slice and failure when there are fewer. */
struct redan_slice redan_source_bytes(struct redan_source_reader *reader, uint64_t len);
/* A text up to the first `stop` within `most` bytes, without it, and past it; an empty slice and failure when it does not come. */
struct redan_slice redan_source_until(struct redan_source_reader *reader, char stop, size_t most);
void redan_source_skip(struct redan_source_reader *reader, uint64_t len);
/* Ask once: REDAN_OK, the source's own failure, or REDAN_E_SYNTAX recorded with the offset and `what` was being read. */
REDAN_NODISCARD enum redan_status redan_source_ok(const struct redan_source_reader *reader,
                                                  const char *what);

#endif
