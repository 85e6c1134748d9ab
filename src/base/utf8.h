/* Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef REDAN_BASE_UTF8_H
#define REDAN_BASE_UTF8_H

#include "base/slice.h"

/* Bytes (1 to 4) of the character at `at`, its code in `*code`; 0 for anything that is not well-formed (Unicode 3.9, table 3-7). */
size_t redan_utf8_decode(struct redan_slice text, size_t at, uint32_t *code);
/* `bad` (may be NULL) receives the offset of the first byte that is not UTF-8. */
bool redan_utf8_check(struct redan_slice text, size_t *bad);

#endif
