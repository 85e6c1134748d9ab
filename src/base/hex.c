/* Bytes as text and back, refusing every spelling but one. */
#include "base/hex.h"

#include <string.h>

/* One more than a digit's value; 0 for what is none. */
static const unsigned char nibbles[256] = {
    0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
    0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,  0,  0,  0,  0,  0,  0,  0,  0,  1,  2,  3,  4,
    5, 6, 7, 8, 9, 10, 0, 0, 0, 0, 0, 0, 0, 11, 12, 13, 14, 15, 16, 0,  0,  0,  0,  0,  0,  0,
    0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,  0,  0,  0,  0,  0,  11, 12, 13, 14, 15, 16, 0,
    0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
};

static int nibble(char c)
{
    return nibbles[(unsigned char)c] - 1;
}

bool redan_hex_parse(struct redan_slice text, void *bytes, size_t len)
{
    unsigned char *out = bytes;

    if (text.len % 2 != 0 || text.len / 2 != len)
        return false;
    for (size_t i = 0; i < len; i++) {
        int high = nibble(text.at[2 * i]);
        int low = nibble(text.at[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

bool redan_hex_parse_lower(struct redan_slice text, void *bytes, size_t len)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] >= 'A' && text.at[i] <= 'F')
            return false;
    return redan_hex_parse(text, bytes, len);
}

void redan_hex_put(char *text, const void *bytes, size_t len)
{
    static const char digit[] = "0123456789abcdef";
    const unsigned char *in = bytes;

    for (size_t i = 0; i < len; i++) {
        text[2 * i] = digit[in[i] >> 4];
        text[2 * i + 1] = digit[in[i] & 15];
    }
    text[2 * len] = '\0';
}

void redan_base64_add(struct redan_buf *out, struct redan_slice bytes)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t need = 0;
    char *room = NULL;

    if (redan_mul_size(bytes.len / 3 + (bytes.len % 3 != 0), 4, &need))
        room = redan_buf_room(out, need);
    if (!room) {
        out->fail = out->fail != REDAN_OK ? out->fail : REDAN_E_LIMIT;
        return;
    }
    const unsigned char *in = (const unsigned char *)bytes.at;
    for (size_t i = 0; i < bytes.len; i += 3, room += 4) {
        size_t n = redan_min_size(bytes.len - i, 3);
        uint32_t v = (uint32_t)in[i] << 16;
        if (n > 1)
            v |= (uint32_t)in[i + 1] << 8;
        if (n > 2)
            v |= in[i + 2];
        room[0] = digit[v >> 18];
        room[1] = digit[(v >> 12) & 63];
        room[2] = digit[(v >> 6) & 63];
        room[3] = digit[v & 63];
        if (n < 3)
            room[3] = '=';
        if (n < 2)
            room[2] = '=';
    }
    redan_buf_grew(out, need);
}

/* One more than a character's six bits; 0 for what is none. */
static const unsigned char sextets[256] = {
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  63,
    0,  0,  0,  64, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 0,  0,  0,  0,  0,  0,  0,  1,
    2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
    24, 25, 26, 0,  0,  0,  0,  0,  0,  27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39,
    40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 0,  0,  0,  0,  0,
};

static int sextet(char c, bool url)
{
    if (url && (c == '-' || c == '_'))
        return c == '-' ? 62 : 63;
    if (url && (c == '+' || c == '/'))
        return -1;
    return sextets[(unsigned char)c] - 1;
}

/* One group of four characters; the number of bytes it holds, or 0 when it is malformed. */
static size_t group(const char *in, bool last, bool url, unsigned char *out)
{
    size_t pad = 0;
    uint32_t v = 0;

    if (last && in[3] == '=')
        pad = in[2] == '=' ? 2 : 1;
    for (size_t i = 0; i < 4 - pad; i++) {
        int s = sextet(in[i], url);
        if (s < 0)
            return 0;
        v |= (uint32_t)s << (18 - 6 * i);
    }
    if ((pad == 1 && (v & 0xff) != 0) || (pad == 2 && (v & 0xffff) != 0))
        return 0;
    out[0] = (unsigned char)(v >> 16);
    if (pad < 2)
        out[1] = (unsigned char)(v >> 8);
    if (pad < 1)
        out[2] = (unsigned char)v;
    return 3 - pad;
}

static enum redan_status parse(struct redan_ctx *ctx, struct redan_slice text, bool url,
                               struct redan_slice *bytes)
{
    size_t len = 0;

    if (text.len % 4 != 0)
        return redan_fail(ctx, REDAN_E_SYNTAX, text.len,
                          "base64 of %zu characters: the length must be a multiple of four",
                          text.len);
    unsigned char *out = redan_take(ctx, text.len / 4 * 3 + 1);
    if (!out)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < text.len; i += 4) {
        size_t n = group(text.at + i, i + 4 == text.len, url, out + len);
        if (n == 0)
            return redan_fail(ctx, REDAN_E_SYNTAX, i, "not base64 at character %zu", i);
        len += n;
    }
    *bytes = (struct redan_slice){(const char *)out, len};
    return REDAN_OK;
}

enum redan_status redan_base64url_parse(struct redan_ctx *ctx, struct redan_slice text,
                                        struct redan_slice *bytes)
{
    size_t whole = text.len / 4 * 4;
    size_t tail = text.len - whole;
    char last[4] = {'=', '=', '=', '='};
    size_t len = 0;
    size_t bad = memchr(text.len ? text.at : "", '=', text.len) || tail == 1 ? 0 : SIZE_MAX;
    unsigned char *out = redan_take(ctx, text.len / 4 * 3 + 4);

    if (!out)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < whole && bad == SIZE_MAX; i += 4) {
        size_t n = group(text.at + i, false, true, out + len);
        bad = n ? SIZE_MAX : i;
        len += n;
    }
    if (tail > 1 && bad == SIZE_MAX) {
        memcpy(last, text.at + whole, tail);
        size_t n = group(last, true, true, out + len);
        bad = n ? SIZE_MAX : whole;
        len += n;
    }
    if (bad != SIZE_MAX)
        return redan_fail(ctx, REDAN_E_SYNTAX, bad, "not base64url at character %zu", bad);
    *bytes = (struct redan_slice){(const char *)out, len};
    return REDAN_OK;
}

enum redan_status redan_base64_parse(struct redan_ctx *ctx, struct redan_slice text,
                                     struct redan_slice *bytes)
{
    return parse(ctx, text, false, bytes);
}

enum redan_status redan_base64_parse_either(struct redan_ctx *ctx, struct redan_slice text,
                                            struct redan_slice *bytes)
{
    bool url = text.len && (memchr(text.at, '-', text.len) || memchr(text.at, '_', text.len));

    return parse(ctx, text, url, bytes);
}

static bool line_label(struct redan_slice line, const char *prefix, struct redan_slice *label)
{
    struct redan_slice head = redan_slice_of(prefix);

    if (!redan_slice_starts(line, head) || !redan_slice_ends(line, REDAN_S("-----")) ||
        line.len < head.len + 5)
        return false;
    *label = redan_slice_sub(line, head.len, line.len - head.len - 5);
    return true;
}

enum redan_status redan_pem_parse(struct redan_ctx *ctx, struct redan_slice text,
                                  struct redan_slice *label, struct redan_slice *bytes)
{
    struct redan_slice line = {0};
    struct redan_slice rest = text;
    struct redan_slice begin = {0};
    struct redan_slice end = {0};
    size_t len = 0;

    while (rest.len) {
        (void)redan_slice_cut(rest, '\n', &line, &rest);
        if (line_label(redan_slice_trim(line), "-----BEGIN ", &begin))
            break;
    }
    if (begin.len == 0)
        return redan_fail(ctx, REDAN_E_SYNTAX, 0, "no line \"-----BEGIN ...-----\" found");
    char *joined = redan_take(ctx, rest.len + 1);
    if (!joined)
        return REDAN_E_MEMORY;
    while (rest.len) {
        (void)redan_slice_cut(rest, '\n', &line, &rest);
        line = redan_slice_trim(line);
        if (line_label(line, "-----END ", &end))
            break;
        if (line.len)
            memcpy(joined + len, line.at, line.len);
        len += line.len;
    }
    if (end.len == 0 || !redan_slice_eq(begin, end))
        return redan_fail(ctx, REDAN_E_SYNTAX, text.len, "no line \"-----END %.*s-----\" found",
                          REDAN_FMT(begin));
    enum redan_status status = redan_base64_parse(ctx, (struct redan_slice){joined, len}, bytes);
    redan_mem_cleanse(joined, len); /* it may have been a private key */
    REDAN_TRY(status);
    return redan_copy(ctx, begin, label);
}

void redan_pem_add(struct redan_buf *out, const char *label, struct redan_slice bytes, size_t width)
{
    size_t start = 0;
    size_t column = 0;

    redan_buf_printf(out, "-----BEGIN %s-----\n", label);
    start = out->len;
    redan_base64_add(out, bytes);
    if (out->fail != REDAN_OK)
        return;
    size_t n = out->len - start;
    size_t breaks = n ? (n - 1) / width : 0;
    if (!redan_buf_room(out, breaks + 1))
        return;
    char *at = out->data + start; /* open the gaps from the end */
    for (size_t i = n; i > 0; i--) {
        size_t line = (i - 1) / width;
        at[i - 1 + line] = at[i - 1];
        column = (i - 1) % width;
        if (column == 0 && line > 0)
            at[i - 1 + line - 1] = '\n';
    }
    redan_buf_grew(out, breaks);
    redan_buf_printf(out, "\n-----END %s-----\n", label);
}
