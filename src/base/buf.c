/* A growing buffer with a ceiling and a sticky failure. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/ctx.h"

void redan_buf_init(struct redan_buf *buf, struct redan_ctx *ctx, size_t max)
{
    *buf = (struct redan_buf){.mem = &ctx->mem, .max = max};
}

void redan_buf_done(struct redan_buf *buf)
{
    if (!buf || !buf->data)
        return;
    if (buf->secret)
        redan_mem_cleanse(buf->data, buf->cap);
    redan_mem_give(buf->mem, buf->data, buf->cap);
    buf->data = NULL;
    buf->len = buf->cap = 0;
}

static bool grow(struct redan_buf *buf, size_t need)
{
    size_t cap = buf->cap ? buf->cap : 64;

    while (cap < need)
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    char *data = NULL;
    if (buf->secret) { /* realloc could leave a copy behind */
        data = redan_mem_take(buf->mem, cap);
        if (data && buf->data) {
            memcpy(data, buf->data, buf->len + 1);
            redan_mem_cleanse(buf->data, buf->cap);
            redan_mem_give(buf->mem, buf->data, buf->cap);
        }
    } else {
        data = redan_mem_resize(buf->mem, buf->data, buf->cap, cap);
    }
    if (!data) {
        buf->fail = REDAN_E_MEMORY;
        return false;
    }
    buf->data = data;
    buf->cap = cap;
    return true;
}

char *redan_buf_room(struct redan_buf *buf, size_t len)
{
    size_t need = 0;

    if (buf->fail != REDAN_OK)
        return NULL;
    if (len > buf->max || buf->len > buf->max - len || !redan_add_size(buf->len, len, &need) ||
        !redan_add_size(need, 1, &need)) {
        buf->fail = REDAN_E_LIMIT;
        return NULL;
    }
    if (need > buf->cap && !grow(buf, need))
        return NULL;
    return buf->data + buf->len;
}

void redan_buf_grew(struct redan_buf *buf, size_t len)
{
    buf->len += len;
    buf->data[buf->len] = '\0';
}

void redan_buf_add(struct redan_buf *buf, const void *bytes, size_t len)
{
    char *room = redan_buf_room(buf, len);

    if (!room)
        return;
    if (len)
        memcpy(room, bytes, len);
    redan_buf_grew(buf, len);
}

void redan_buf_slice(struct redan_buf *buf, struct redan_slice s)
{
    redan_buf_add(buf, s.at, s.len);
}

void redan_buf_text(struct redan_buf *buf, const char *text)
{
    redan_buf_add(buf, text, strlen(text));
}

void redan_buf_char(struct redan_buf *buf, char c)
{
    redan_buf_add(buf, &c, 1);
}

void redan_buf_repeat(struct redan_buf *buf, char c, size_t n)
{
    char *room = redan_buf_room(buf, n);

    if (!room)
        return;
    memset(room, c, n);
    redan_buf_grew(buf, n);
}

void redan_buf_printf(struct redan_buf *buf, const char *format, ...)
{
    va_list args;
    va_list again;

    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n < 0) {
        buf->fail = buf->fail != REDAN_OK ? buf->fail : REDAN_E_LIMIT;
    } else {
        char *room = redan_buf_room(buf, (size_t)n);
        if (room) {
            (void)vsnprintf(room, (size_t)n + 1, format, again);
            buf->len += (size_t)n;
        }
    }
    va_end(again);
    va_end(args);
}

void redan_buf_clear(struct redan_buf *buf)
{
    buf->len = 0;
    buf->fail = REDAN_OK;
    if (buf->data)
        buf->data[0] = '\0';
}

struct redan_slice redan_buf_view(const struct redan_buf *buf)
{
    return (struct redan_slice){buf->data ? buf->data : "", buf->len};
}

enum redan_status redan_buf_ok(struct redan_ctx *ctx, const struct redan_buf *buf, const char *what)
{
    if (buf->fail == REDAN_OK)
        return REDAN_OK;
    if (buf->fail == REDAN_E_LIMIT)
        return redan_fail(ctx, REDAN_E_LIMIT, buf->len, "%s is longer than %zu bytes", what,
                          buf->max);
    return redan_fail(ctx, buf->fail, buf->len, "no memory for %s", what);
}
