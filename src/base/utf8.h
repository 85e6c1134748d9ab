/* Whether bytes are UTF-8 (RFC 3629): shortest forms, no surrogates, nothing above U+10FFFF. */
#ifndef REDAN_BASE_UTF8_H
#define REDAN_BASE_UTF8_H

#include "base/slice.h"

/* Bytes of the character that begins at `at`; 0 when there is none or it is not UTF-8. */
size_t redan_utf8_len(struct redan_slice text, size_t at);
/* `bad` (may be NULL) receives the offset of the first byte that is not UTF-8. */
bool redan_utf8_check(struct redan_slice text, size_t *bad);

#endif
