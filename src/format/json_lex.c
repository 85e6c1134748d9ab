/* Reading JSON as Python's json and other lenient loaders do: any bytes in texts, lone surrogates, NaN, comments; nothing is held but one text. */
#include "format/json_lex.h"

#include <string.h>

enum { NUMBER_CAP = 256, VIEW = 1 << 16 };

void redan_json_lex_init(struct redan_json_lex *lex, struct redan_ctx *ctx,
                         struct redan_source *source, size_t most)
{
    *lex = (struct redan_json_lex){.ctx = ctx, .source = source, .text_most = most};
}

void redan_json_lex_done(struct redan_json_lex *lex)
{
    if (lex->ctx) {
        redan_mem_give(&lex->ctx->mem, lex->text, lex->text_cap);
        redan_mem_give(&lex->ctx->mem, lex->own, lex->own ? VIEW : 0);
    }
    lex->ctx = NULL;
}

static enum redan_status refill(struct redan_json_lex *lex)
{
    struct redan_slice view = {0};

    REDAN_TRY(redan_source_view(lex->ctx, lex->source, lex->base, VIEW, &view));
    if (!lex->source->memory.at && view.len) {
        if (!lex->own)
            lex->own = redan_mem_take(&lex->ctx->mem, VIEW);
        if (!lex->own)
            return redan_fail(lex->ctx, REDAN_E_MEMORY, lex->base, "no memory to read JSON");
        memcpy(lex->own, view.at, view.len);
        view.at = lex->own;
    }
    lex->at = view.at;
    lex->end = view.at + view.len;
    lex->base += view.len;
    return REDAN_OK;
}

static uint64_t place(const struct redan_json_lex *lex)
{
    return lex->base - (uint64_t)(lex->end - lex->at);
}

/* The byte at hand, or -1 at the end. */
static enum redan_status peek(struct redan_json_lex *lex, int *c)
{
    if (lex->at == lex->end)
        REDAN_TRY(refill(lex));
    *c = lex->at == lex->end ? -1 : (unsigned char)*lex->at;
    return REDAN_OK;
}

static enum redan_status add(struct redan_json_lex *lex, const char *bytes, size_t len)
{
    size_t room = lex->text_most - lex->text_len;

    lex->length += len;
    for (size_t i = 0; room < len && i < len; i++) { /* beyond what is kept */
        char c = bytes[i];
        lex->hidden |= lex->last == '{' && (c == '{' || c == '%' || c == '#');
        lex->last = c;
    }
    len = redan_min_size(len, room);
    if (lex->text_len + len > lex->text_cap) {
        size_t cap = lex->text_cap ? lex->text_cap : 512;
        while (cap < lex->text_len + len)
            cap *= 2;
        char *text = redan_mem_resize(&lex->ctx->mem, lex->text, lex->text_cap, cap);
        if (!text)
            return redan_fail(lex->ctx, REDAN_E_MEMORY, lex->offset, "no memory for a text");
        lex->text = text;
        lex->text_cap = cap;
    }
    if (len)
        memcpy(lex->text + lex->text_len, bytes, len);
    lex->text_len += len;
    return REDAN_OK;
}

static enum redan_status add_code(struct redan_json_lex *lex, uint32_t code)
{
    char out[4];
    size_t n = 0;

    if (code < 0x80) {
        out[n++] = (char)code;
    } else if (code < 0x800) {
        out[n++] = (char)(0xc0 | code >> 6);
        out[n++] = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) { /* a lone surrogate too */
        out[n++] = (char)(0xe0 | code >> 12);
        out[n++] = (char)(0x80 | (code >> 6 & 0x3f));
        out[n++] = (char)(0x80 | (code & 0x3f));
    } else {
        out[n++] = (char)(0xf0 | code >> 18);
        out[n++] = (char)(0x80 | (code >> 12 & 0x3f));
        out[n++] = (char)(0x80 | (code >> 6 & 0x3f));
        out[n++] = (char)(0x80 | (code & 0x3f));
    }
    return add(lex, out, n);
}

static int hex_value(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits after \u. */
static enum redan_status code_unit(struct redan_json_lex *lex, uint32_t *unit, bool *bad)
{
    uint32_t value = 0;

    for (int i = 0; i < 4; i++) {
        int c = 0;
        REDAN_TRY(peek(lex, &c));
        int n = hex_value(c);
        if (n < 0) {
            *bad = true;
            return REDAN_OK;
        }
        value = value * 16 + (uint32_t)n;
        lex->at++;
    }
    *unit = value;
    return REDAN_OK;
}

/* One escape, after its backslash. `high` is a first half of a pair that waits for its second. */
static enum redan_status escape(struct redan_json_lex *lex, uint32_t *high, bool *bad)
{
    static const char simple[256] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                     ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    uint32_t unit = 0;
    int c = 0;

    REDAN_TRY(peek(lex, &c));
    if (c < 0) {
        *bad = true;
        return REDAN_OK;
    }
    lex->at++;
    if (c == 'u') {
        REDAN_TRY(code_unit(lex, &unit, bad));
        if (*bad)
            return REDAN_OK;
        if (*high && unit >= 0xdc00 && unit <= 0xdfff) {
            unit = 0x10000 + ((*high - 0xd800) << 10) + (unit - 0xdc00);
            *high = 0;
            return add_code(lex, unit);
        }
    }
    if (*high) {
        REDAN_TRY(add_code(lex, *high));
        *high = 0;
    }
    if (c == 'u' && unit >= 0xd800 && unit <= 0xdbff) {
        *high = unit;
        return REDAN_OK;
    }
    if (c == 'u')
        return add_code(lex, unit);
    *bad = simple[c] == 0;
    return *bad ? REDAN_OK : add(lex, &simple[c], 1);
}

static const char *plain_end(const char *p, const char *end)
{
    const char *quote = memchr(p, '"', (size_t)(end - p));
    const char *stop = quote ? quote : end;
    const char *slash = memchr(p, '\\', (size_t)(stop - p));

    return slash ? slash : stop;
}

/* A text, after its opening quote. */
static enum redan_status text(struct redan_json_lex *lex, enum redan_json_lexeme *lexeme)
{
    uint32_t high = 0;
    bool bad = false;

    lex->text_len = 0;
    lex->length = 0;
    lex->hidden = false;
    lex->last = 0;
    if (lex->at < lex->end) {
        const char *p = plain_end(lex->at, lex->end);
        if (p < lex->end && *p == '"' && (size_t)(p - lex->at) <= lex->text_most) {
            lex->value = (struct redan_slice){lex->at, (size_t)(p - lex->at)};
            lex->length = lex->value.len;
            lex->at = p + 1;
            *lexeme = REDAN_LEX_TEXT;
            return REDAN_OK;
        }
    }
    for (;;) {
        int c = 0;
        REDAN_TRY(peek(lex, &c));
        if (c < 0)
            return REDAN_OK; /* BAD */
        if (c == '\\') {
            lex->at++;
            REDAN_TRY(escape(lex, &high, &bad));
            if (bad)
                return REDAN_OK;
            continue;
        }
        if (high) {
            REDAN_TRY(add_code(lex, high));
            high = 0;
        }
        if (c == '"') {
            lex->at++;
            break;
        }
        const char *p = plain_end(lex->at, lex->end);
        REDAN_TRY(add(lex, lex->at, (size_t)(p - lex->at)));
        lex->at = p;
    }
    lex->value = (struct redan_slice){lex->text, lex->text_len};
    *lexeme = REDAN_LEX_TEXT;
    return REDAN_OK;
}

static bool wordy(int c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '+' ||
           c == '-' || c == '.' || c == '_';
}

/* The grammar of RFC 8259 6, without the sign. */
static bool numeric(struct redan_slice s)
{
    size_t i = 0;
    size_t digits = 0;

    for (; i < s.len && s.at[i] >= '0' && s.at[i] <= '9'; i++)
        digits++;
    if (digits == 0)
        return false;
    if (i < s.len && s.at[i] == '.') {
        for (i++, digits = 0; i < s.len && s.at[i] >= '0' && s.at[i] <= '9'; i++)
            digits++;
        if (digits == 0)
            return false;
    }
    if (i < s.len && (s.at[i] | 0x20) == 'e') {
        i++;
        if (i < s.len && (s.at[i] == '+' || s.at[i] == '-'))
            i++;
        for (digits = 0; i < s.len && s.at[i] >= '0' && s.at[i] <= '9'; i++)
            digits++;
        if (digits == 0)
            return false;
    }
    return i == s.len;
}

/* A number or one of the words. */
static enum redan_status word(struct redan_json_lex *lex, enum redan_json_lexeme *lexeme)
{
    int c = 0;

    lex->text_len = 0;
    lex->length = 0;
    lex->hidden = false;
    for (;;) {
        REDAN_TRY(peek(lex, &c));
        if (c < 0 || !wordy(c))
            break;
        char byte = (char)c;
        if (lex->text_len < NUMBER_CAP)
            REDAN_TRY(add(lex, &byte, 1));
        else if (c < '0' || c > '9') /* a number of very many digits is one */
            return REDAN_OK;
        else
            lex->length++;
        lex->at++;
    }
    lex->value = (struct redan_slice){lex->text, lex->text_len};
    struct redan_slice bare = lex->value;
    if (bare.len && bare.at[0] == '-')
        bare = redan_slice_sub(bare, 1, SIZE_MAX);
    if (redan_slice_is(lex->value, "true"))
        *lexeme = REDAN_LEX_TRUE;
    else if (redan_slice_is(lex->value, "false"))
        *lexeme = REDAN_LEX_FALSE;
    else if (redan_slice_is(lex->value, "null"))
        *lexeme = REDAN_LEX_NULL;
    else if (redan_slice_is(bare, "Infinity") || redan_slice_is(lex->value, "NaN") ||
             numeric(bare) || (lex->length > NUMBER_CAP && bare.len))
        *lexeme = REDAN_LEX_NUMBER;
    return REDAN_OK;
}

/* Past blanks, and comments as some loaders allow them. */
static enum redan_status blanks(struct redan_json_lex *lex, int *c)
{
    for (;;) {
        REDAN_TRY(peek(lex, c));
        if (*c == ' ' || *c == '\n' || *c == '\r' || *c == '\t') {
            lex->at++;
            continue;
        }
        if (*c != '/')
            return REDAN_OK;
        lex->at++;
        REDAN_TRY(peek(lex, c));
        if (*c != '/' && *c != '*') {
            *c = '/';
            return REDAN_OK;
        }
        bool line = *c == '/';
        int before = 0;
        lex->at++;
        for (;;) {
            REDAN_TRY(peek(lex, c));
            if (*c < 0)
                break;
            lex->at++;
            if (line ? *c == '\n' : before == '*' && *c == '/')
                break;
            before = *c;
        }
    }
}

enum redan_status redan_json_lex_next(struct redan_json_lex *lex, enum redan_json_lexeme *lexeme)
{
    int c = 0;

    *lexeme = REDAN_LEX_BAD;
    if (lex->base == 0) {
        REDAN_TRY(refill(lex));
        if (lex->end - lex->at >= 3 && memcmp(lex->at, "\xef\xbb\xbf", 3) == 0)
            lex->at += 3;
    }
    REDAN_TRY(blanks(lex, &c));
    lex->offset = place(lex);
    lex->value = (struct redan_slice){0};
    if (c < 0) {
        *lexeme = REDAN_LEX_END;
        return REDAN_OK;
    }
    if (c == '"') {
        lex->at++;
        return text(lex, lexeme);
    }
    if (c == '{' || c == '}' || c == '[' || c == ']' || c == ',' || c == ':') {
        lex->punct = (char)c;
        lex->at++;
        *lexeme = REDAN_LEX_PUNCT;
        return REDAN_OK;
    }
    return wordy(c) ? word(lex, lexeme) : REDAN_OK;
}
