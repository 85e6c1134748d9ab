/* Strict UTF-8 by the table of well-formed byte sequences. */
#include "base/utf8.h"

#include <string.h>

static bool tail(unsigned char byte, uint32_t *code)
{
    *code = (*code << 6) | (byte & 0x3fU);
    return (byte & 0xc0) == 0x80;
}

size_t redan_utf8_decode(struct redan_slice text, size_t at, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

    if (at >= text.len)
        return 0;
    const unsigned char *bytes = (const unsigned char *)text.at + at;
    size_t len = bytes[0] < 0x80                       ? 1
                 : bytes[0] >= 0xc2 && bytes[0] < 0xe0 ? 2
                 : bytes[0] >= 0xe0 && bytes[0] < 0xf0 ? 3
                 : bytes[0] >= 0xf0 && bytes[0] < 0xf5 ? 4
                                                       : 0;
    if (len == 0 || len > text.len - at)
        return 0;
    uint32_t value = len == 1 ? bytes[0] : bytes[0] & (0xffU >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if (!tail(bytes[i], &value))
            return 0;
    }
    if (value < least[len] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
        return 0;
    *code = value;
    return len;
}

bool redan_utf8_check(struct redan_slice text, size_t *bad)
{
    uint32_t code = 0;
    size_t i = 0;

    while (i < text.len) {
        uint64_t eight = UINT64_MAX;
        if (text.len - i >= sizeof(eight))
            memcpy(&eight, text.at + i, sizeof(eight));
        if ((eight & 0x8080808080808080U) == 0) { /* ASCII, as nearly all is */
            i += sizeof(eight);
            continue;
        }
        size_t n = redan_utf8_decode(text, i, &code);
        if (n == 0) {
            if (bad)
                *bad = i;
            return false;
        }
        i += n;
    }
    return true;
}
