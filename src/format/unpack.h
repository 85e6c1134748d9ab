/* Between unpack.c and the decoders: what a decoder is, one step at a time, with memory that the context counts. */
#ifndef REDAN_FORMAT_UNPACK_H
#define REDAN_FORMAT_UNPACK_H

#include "format/format.h"

enum redan_step {
    REDAN_STEP_MORE, /* give more input or more room */
    REDAN_STEP_END,  /* the packed bytes are over; input after them may be left */
    REDAN_STEP_DAMAGED,
    REDAN_STEP_LIMIT, /* it asks for more memory than decoders may have */
    REDAN_STEP_MEMORY,
    REDAN_STEP_FAILED, /* the context holds the failure */
};

struct redan_step_io {
    struct redan_ctx *ctx;
    struct redan_slice in; /* cut from the front as it is used */
    bool last;             /* no input comes after this */
    char *out;             /* moved on as it is filled */
    size_t room;
};

struct redan_decoder {
    /* A state for one decoding; `packed` is the container for decoders that read it themselves, else not needed. */
    enum redan_status (*begin)(struct redan_ctx *ctx, struct redan_source *packed,
                               const struct redan_part *part, void **state);
    enum redan_step (*step)(void *state, struct redan_step_io *io);
    void (*done)(struct redan_ctx *ctx, void *state);
    bool pulls; /* it reads the container itself: a step gets no input */
};

extern const struct redan_decoder redan_decoder_deflate;
extern const struct redan_decoder redan_decoder_zlib;
extern const struct redan_decoder redan_decoder_gzip;
extern const struct redan_decoder redan_decoder_bzip2;
extern const struct redan_decoder redan_decoder_xz;
extern const struct redan_decoder redan_decoder_lzma;
extern const struct redan_decoder redan_decoder_lzma_raw;
extern const struct redan_decoder redan_decoder_lz4;
extern const struct redan_decoder redan_decoder_zstd;
extern const struct redan_decoder redan_decoder_base64;
extern const struct redan_decoder redan_decoder_hex;
extern const struct redan_decoder redan_decoder_latin1;
extern const struct redan_decoder redan_decoder_archive;

enum {
    REDAN_DECODER_MEMORY = 80 << 20
}; /* the most that one decoder may hold; what `xz -9` makes needs 65 MiB */

/* Blocks for the decoders' libraries, which give them back without their size. NULL when refused. */
void *redan_unpack_take(struct redan_mem *mem, size_t size);
void redan_unpack_give(struct redan_mem *mem, void *block);

/* The natural extent of a raw deflate stream that starts at `offset`: its packed and unpacked bytes and the CRC-32 of the latter, going no further than
 * `end` and `most` unpacked bytes. `whole` is false when it does not end well there. */
struct redan_extent {
    bool whole;
    uint64_t packed;
    uint64_t unpacked;
    uint32_t crc;
};
REDAN_NODISCARD enum redan_status redan_unpack_extent(struct redan_ctx *ctx,
                                                      struct redan_source *source, uint64_t offset,
                                                      uint64_t end, uint64_t most,
                                                      struct redan_extent *extent);
/* The CRC-32 of ZIP and gzip, continued from `crc` (0 at first). */
uint32_t redan_crc32(uint32_t crc, struct redan_slice bytes);

#endif
