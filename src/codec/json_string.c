/* JSON strings: borrowed where they can be, decoded where there are escapes, checked in every case. */
#include <string.h>

#include "codec/json_scan.h"

/* Decoding never lengthens, so one block of what is left of the text serves the whole document and never moves. */
static enum redan_status make_room(struct redan_json *reader, const char *begin)
{
    size_t need = (size_t)(reader->end - begin);

    if (reader->scratch_len != 0 || reader->scratch_cap >= need)
        return REDAN_OK;
    struct redan_mem *mem = &reader->ctx->mem;
    redan_mem_give(mem, reader->scratch, reader->scratch_cap);
    size_t cap = reader->scratch_cap > need / 2 ? reader->scratch_cap * 2 : need;
    reader->scratch_cap = 0;
    reader->scratch = redan_mem_take(mem, cap);
    if (!reader->scratch)
        return redan_json_refuse(reader, REDAN_E_MEMORY, begin, "no memory for a JSON string");
    reader->scratch_cap = cap;
    return REDAN_OK;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The four hexadecimal digits of \uXXXX. */
static enum redan_status code_unit(struct redan_json *reader, const char **at, uint32_t *unit)
{
    uint32_t v = 0;

    for (int i = 0; i < 4; i++, (*at)++) {
        int n = *at < reader->end ? hex_value(**at) : -1;
        if (n < 0)
            return redan_json_expected(reader, *at, "a hexadecimal digit");
        v = v * 16 + (uint32_t)n;
    }
    *unit = v;
    return REDAN_OK;
}

static size_t encode(uint32_t code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

/* After \u; a surrogate must be the first half of a pair. */
static enum redan_status code_point(struct redan_json *reader, const char **at, uint32_t *code)
{
    const char *begin = *at - 2;
    uint32_t high = 0;
    uint32_t low = 0;

    REDAN_TRY(code_unit(reader, at, &high));
    *code = high;
    if (high < 0xd800 || high > 0xdfff)
        return REDAN_OK;
    if (high > 0xdbff || reader->end - *at < 2 || memcmp(*at, "\\u", 2) != 0)
        return redan_json_refuse(reader, REDAN_E_SYNTAX, begin, "a lone surrogate in JSON");
    *at += 2;
    REDAN_TRY(code_unit(reader, at, &low));
    if (low < 0xdc00 || low > 0xdfff)
        return redan_json_refuse(reader, REDAN_E_SYNTAX, begin, "a lone surrogate in JSON");
    *code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    return REDAN_OK;
}

/* One escape, from its backslash. */
static enum redan_status escape(struct redan_json *reader, const char **at, char **out)
{
    static const char simple[256] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                     ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    const char *p = *at + 1;
    uint32_t code = 0;

    if (p == reader->end)
        return redan_json_expected(reader, p, "the rest of an escape");
    if (*p == 'u') {
        p++;
        REDAN_TRY(code_point(reader, &p, &code));
        *out += encode(code, *out);
    } else {
        char meant = simple[(unsigned char)*p];
        if (meant == 0)
            return redan_json_expected(reader, p, "one of \"\\/bfnrtu after a backslash");
        *(*out)++ = meant;
        p++;
    }
    *at = p;
    return REDAN_OK;
}

/* Past plain bytes, copying them. The scratch has room for as much as is left of the text. */
static void copy_plain(const char **at, const char *end, char **out)
{
#if defined(__SSE2__)
    while (end - *at >= 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)*at);
        unsigned found = not_plain(v);
        unsigned n = found ? (unsigned)__builtin_ctz(found) : 16;
        _mm_storeu_si128((__m128i *)(void *)*out, v);
        *at += n;
        *out += n;
        if (n < 16)
            return;
    }
#endif
    while (*at < end && plain(**at))
        *(*out)++ = *(*at)++;
}

static enum redan_status finish(struct redan_json *reader, char *out, struct redan_slice *text)
{
    char *begin = reader->scratch + reader->scratch_len;
    struct redan_slice decoded = {begin, (size_t)(out - begin)};

    if (!reader->keep) {
        reader->scratch_len += decoded.len;
        *text = decoded;
        return REDAN_OK;
    }
    enum redan_status status = redan_copy(reader->ctx, decoded, text);
    return status == REDAN_OK
               ? status
               : redan_json_refuse(reader, status, reader->at, "no memory for a JSON string");
}

/* What stands at `p` in a string and is not plain: 0 for an escape or the end of the string, else the length of a
 * character beyond ASCII. */
static enum redan_status special(struct redan_json *reader, const char *p, size_t *len)
{
    *len = 0;
    if (p == reader->end)
        return redan_json_expected(reader, p, "the closing quote of a string");
    if (*p == '"' || *p == '\\')
        return REDAN_OK;
    if ((unsigned char)*p < 0x20)
        return redan_json_expected(reader, p, "an escape for a control character");
    *len = utf8_step(p, reader->end);
    return *len ? REDAN_OK : redan_json_refuse(reader, REDAN_E_SYNTAX, p, "bad UTF-8 in JSON");
}

/* The string from `begin`, whose first escape is at `p`. */
static enum redan_status decode(struct redan_json *reader, const char *begin, const char *p,
                                const char **at, struct redan_slice *text)
{
    size_t len = (size_t)(p - begin);

    REDAN_TRY(make_room(reader, begin));
    char *out = reader->scratch + reader->scratch_len;
    memcpy(out, begin, len);
    out += len;
    for (;;) {
        REDAN_TRY(special(reader, p, &len));
        if (len > 0) {
            for (size_t i = 0; i < len; i++)
                *out++ = *p++;
        } else if (*p == '\\') {
            REDAN_TRY(escape(reader, &p, &out));
        } else {
            *at = p + 1;
            return finish(reader, out, text);
        }
        copy_plain(&p, reader->end, &out);
    }
}

enum redan_status redan_json_string(struct redan_json *reader, const char **at,
                                    struct redan_slice *text)
{
    const char *begin = *at;
    const char *p = skip_plain(begin, reader->end);
    size_t len = 0;

    for (;;) {
        REDAN_TRY(special(reader, p, &len));
        if (len == 0)
            break;
        p += len;
        if (p == reader->end || (unsigned char)*p < 0x80) /* scripts beyond ASCII come in runs */
            p = skip_plain(p, reader->end);
    }
    if (*p == '\\')
        return decode(reader, begin, p, at, text);
    *text = (struct redan_slice){begin, (size_t)(p - begin)};
    *at = p + 1;
    return REDAN_OK;
}
