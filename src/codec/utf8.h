/* One character of UTF-8 at a time, strictly. */
#ifndef REDAN_CODEC_UTF8_H
#define REDAN_CODEC_UTF8_H

#include "base/slice.h"

/* Bytes (1 to 4) of the character at `at`, its code in `*code`; 0 for anything that is not well-formed (Unicode 3.9,
 * table 3-7: no overlong forms, no surrogates, nothing over U+10FFFF). */
size_t redan_utf8_decode(struct redan_slice text, size_t at, uint32_t *code);

#endif
