/* Unicode normal form C and UTF-8, through utf8proc. */
#ifndef REDAN_TEXT_NFC_H
#define REDAN_TEXT_NFC_H

#include "base/ctx.h"

/* Whether the text is valid UTF-8 and in NFC already (UAX 15). `offset` (may be NULL) receives the byte of the first
 * character that is wrong, or in the wrong place. Status for memory only. */
REDAN_NODISCARD enum redan_status redan_nfc_check(struct redan_ctx *ctx, struct redan_slice text,
                                                  bool *normal, size_t *offset);
/* The text in NFC, or with `fold` in NFC after case folding, in the arena (it may be the text itself). REDAN_E_SCHEMA for what is not UTF-8 and
 * for more than 30 combining marks in a row (UAX 15, Stream-Safe Text Format), whose sorting would cost its square. */
REDAN_NODISCARD enum redan_status redan_nfc_make(struct redan_ctx *ctx, struct redan_slice text,
                                                 bool fold, struct redan_slice *made);
/* Columns that a text takes on a terminal; unprintable characters count nothing. */
size_t redan_text_width(struct redan_slice text);

#endif
