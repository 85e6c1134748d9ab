/* Owned bytes that grow up to a cap. A failure sticks, so that many adds are checked once. */
#ifndef REDAN_BASE_BUF_H
#define REDAN_BASE_BUF_H

#include "base/mem.h"
#include "base/slice.h"

struct redan_ctx;

struct redan_buf {
    struct redan_mem *mem;
    char *data; /* NUL-terminated once anything was added; the NUL is not counted in len */
    size_t len;
    size_t cap;
    size_t max;
    bool secret;            /* cleanse on done and when growing */
    enum redan_status fail; /* first failure, or REDAN_OK */
};

/* `max` is the most bytes it will ever hold. The context must outlive the buffer. */
void redan_buf_init(struct redan_buf *buf, struct redan_ctx *ctx, size_t max);
void redan_buf_done(struct redan_buf *buf);
void redan_buf_add(struct redan_buf *buf, const void *bytes, size_t len);
void redan_buf_slice(struct redan_buf *buf, struct redan_slice s);
void redan_buf_text(struct redan_buf *buf, const char *text);
void redan_buf_char(struct redan_buf *buf, char c);
void redan_buf_repeat(struct redan_buf *buf, char c, size_t n);
void redan_buf_printf(struct redan_buf *buf, const char *format, ...) REDAN_PRINTF(2, 3);
/* Room for `len` more bytes to be written at the returned place, then redan_buf_grew; NULL on failure. */
char *redan_buf_room(struct redan_buf *buf, size_t len);
void redan_buf_grew(struct redan_buf *buf, size_t len);
void redan_buf_clear(struct redan_buf *buf); /* length 0 and no failure; keeps the memory */
struct redan_slice redan_buf_view(const struct redan_buf *buf); /* valid until the next add */
/* Ask once: REDAN_OK, or the first failure, recorded in the context with `what` it was for. */
REDAN_NODISCARD enum redan_status redan_buf_ok(struct redan_ctx *ctx, const struct redan_buf *buf,
                                               const char *what);

#endif
