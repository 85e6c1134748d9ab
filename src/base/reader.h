/* The only way from untrusted bytes to numbers: a cursor whose failure sticks. */
#ifndef REDAN_BASE_READER_H
#define REDAN_BASE_READER_H

#include "base/ctx.h"

struct redan_reader {
    struct redan_slice in;
    size_t pos;
    bool failed; /* a read went past the end; every later read gives zero */
};

void redan_reader_init(struct redan_reader *reader, struct redan_slice in);
uint8_t redan_reader_u8(struct redan_reader *reader);
uint32_t redan_reader_u32be(struct redan_reader *reader);
/* `len` borrowed bytes, or an empty slice and failure. */
struct redan_slice redan_reader_bytes(struct redan_reader *reader, uint64_t len);
/* RFC 4251 5: a 32-bit big-endian length and that many bytes. */
struct redan_slice redan_reader_string(struct redan_reader *reader);
size_t redan_reader_left(const struct redan_reader *reader);
/* Ask once: REDAN_OK, or REDAN_E_SYNTAX recorded with the offset and `what` was being read. */
REDAN_NODISCARD enum redan_status
redan_reader_ok(struct redan_ctx *ctx, const struct redan_reader *reader, const char *what);

#endif
