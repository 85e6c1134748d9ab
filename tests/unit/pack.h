/* What the decoders are to undo, made by the libraries' own encoders. */
#ifndef REDAN_TESTS_PACK_H
#define REDAN_TESTS_PACK_H

#include "base/buf.h"
#include "format/format.h"

/* Add `bytes` packed to `out`; asserts that it can be done. REDAN_PACK_ARCHIVE and NONE are not for it. */
void pack_add(struct redan_buf *out, enum redan_packing packing, struct redan_slice bytes);
uint32_t pack_crc32(struct redan_slice bytes);

#endif
