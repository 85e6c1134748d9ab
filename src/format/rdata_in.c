/* Numbers and texts of R's three serialisation forms. */
#include <string.h>

#include "format/rdata.h"

enum { WORD = 64 };

static bool blank(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* The next byte without taking it; 0 at the end. */
static uint8_t next(struct redan_rdata *r)
{
    uint8_t c = redan_source_u8(&r->in);

    if (!r->in.failed)
        r->in.pos--;
    return c;
}

/* A word between blanks, cut at WORD bytes. */
static size_t word(struct redan_rdata *r, char text[WORD])
{
    size_t len = 0;

    while (!r->in.failed && blank(next(r)))
        (void)redan_source_u8(&r->in);
    while (!r->in.failed) {
        if (r->in.pos == r->in.end || blank(next(r)))
            break;
        char c = (char)redan_source_u8(&r->in);
        if (len < WORD)
            text[len++] = c;
    }
    return len;
}

static int32_t word_int(struct redan_rdata *r)
{
    char text[WORD];
    size_t len = word(r, text);
    struct redan_slice s = {text, len};
    uint64_t value = 0;
    bool minus = len && text[0] == '-';

    if (redan_slice_is(s, "NA"))
        return INT32_MIN;
    if (minus)
        s = redan_slice_sub(s, 1, len);
    if (!redan_slice_u64(s, &value) || value > INT32_MAX) {
        r->in.failed = true;
        return 0;
    }
    return minus ? -(int32_t)value : (int32_t)value;
}

int32_t redan_rdata_int(struct redan_rdata *r)
{
    switch (r->form) {
    case REDAN_RDATA_XDR:
        return (int32_t)redan_source_u32be(&r->in);
    case REDAN_RDATA_NATIVE:
        return (int32_t)redan_source_u32le(&r->in);
    case REDAN_RDATA_ASCII:
        break;
    }
    return word_int(r);
}

void redan_rdata_skip(struct redan_rdata *r, uint64_t count, unsigned size, bool complex)
{
    char text[WORD];
    uint64_t bytes = 0;

    if (r->form == REDAN_RDATA_ASCII) {
        for (uint64_t i = 0; i < count && !r->in.failed; i++) {
            (void)word(r, text);
            if (complex)
                (void)word(r, text);
        }
        return;
    }
    if (__builtin_mul_overflow(count, (uint64_t)size, &bytes))
        r->in.failed = true;
    redan_source_skip(&r->in, bytes);
}

/* R Internals 1.8: the escapes of C, with up to three octal digits. */
static char escaped(struct redan_rdata *r)
{
    static const char names[] = "ntvbrfa";
    static const char means[] = "\n\t\v\b\r\f\a";
    uint8_t c = redan_source_u8(&r->in);
    const char *named = c ? memchr(names, c, sizeof(names) - 1) : NULL;
    unsigned octal = 0;

    if (named)
        return means[named - names];
    if (c < '0' || c > '7')
        return (char)c;
    octal = c - '0';
    for (unsigned i = 0; i < 2 && !r->in.failed; i++) {
        c = next(r);
        if (c < '0' || c > '7')
            break;
        octal = octal * 8 + (c - '0');
        (void)redan_source_u8(&r->in);
    }
    return (char)octal;
}

struct redan_slice redan_rdata_text(struct redan_rdata *r, uint64_t len, char *scratch, size_t most)
{
    size_t kept = len < most ? (size_t)len : most;

    if (r->form != REDAN_RDATA_ASCII) {
        struct redan_slice head = redan_source_bytes(&r->in, kept);
        uint64_t rest = len - kept;

        if (rest)
            redan_source_skip(&r->in, rest);
        return head;
    }
    while (!r->in.failed && blank(next(r)))
        (void)redan_source_u8(&r->in);
    for (uint64_t i = 0; i < len && !r->in.failed; i++) {
        char c = (char)redan_source_u8(&r->in);
        if (c == '\\')
            c = escaped(r);
        if (i < kept)
            scratch[i] = c;
    }
    return (struct redan_slice){scratch, r->in.failed ? 0 : kept};
}
