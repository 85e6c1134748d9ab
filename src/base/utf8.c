/* The rows of RFC 3629 section 4, as bounds on the second byte. */
#include "base/utf8.h"

struct row {
    unsigned char first;
    unsigned char last;
    unsigned char len;
    unsigned char low; /* of the second byte */
    unsigned char high;
};

static const struct row rows[] = {
    {0x00, 0x7f, 1, 0, 0},       {0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf},
    {0xe1, 0xec, 3, 0x80, 0xbf}, {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf},
    {0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
};

size_t redan_utf8_len(struct redan_slice text, size_t at)
{
    if (at >= text.len)
        return 0;
    unsigned char lead = (unsigned char)text.at[at];
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        const struct row *row = &rows[i];
        if (lead < row->first || lead > row->last)
            continue;
        if (text.len - at < row->len)
            return 0;
        for (size_t k = 1; k < row->len; k++) {
            unsigned char byte = (unsigned char)text.at[at + k];
            unsigned char low = k == 1 ? row->low : 0x80;
            unsigned char high = k == 1 ? row->high : 0xbf;
            if (byte < low || byte > high)
                return 0;
        }
        return row->len;
    }
    return 0;
}

bool redan_utf8_check(struct redan_slice text, size_t *bad)
{
    size_t i = 0;

    while (i < text.len) {
        size_t n = redan_utf8_len(text, i);
        if (n == 0) {
            if (bad)
                *bad = i;
            return false;
        }
        i += n;
    }
    return true;
}
