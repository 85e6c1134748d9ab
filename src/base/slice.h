/* Borrowed bytes: a pointer and a length. Never NUL-terminated, never freed. */
#ifndef REDAN_BASE_SLICE_H
#define REDAN_BASE_SLICE_H

#include "base/base.h"

struct redan_slice {
    const char *at;
    size_t len;
};

/* A slice of a string literal. */
#define REDAN_S(literal) ((struct redan_slice){(literal), sizeof(literal) - 1})
/* The two arguments of "%.*s". Texts longer than INT_MAX do not reach a format string. */
#define REDAN_FMT(s) (int)(s).len, (s).at

struct redan_slice redan_slice_of(const char *text); /* NULL gives an empty slice */
bool redan_slice_eq(struct redan_slice a, struct redan_slice b);
bool redan_slice_is(struct redan_slice a, const char *text);
/* Whether it is one of the words, which NULL ends. */
bool redan_slice_among(const char *const *words, struct redan_slice a);
/* Whether it is one of these characters; NUL is none. */
bool redan_char_among(const char *chars, int c);
bool redan_slice_starts(struct redan_slice a, struct redan_slice prefix);
bool redan_slice_ends(struct redan_slice a, struct redan_slice suffix);
/* Order by bytes, shorter first on a tie: -1, 0 or 1. */
int redan_slice_cmp(struct redan_slice a, struct redan_slice b);
/* Split at the first `sep`: true and both halves, or false with `head` = all and `tail` empty. */
bool redan_slice_cut(struct redan_slice a, char sep, struct redan_slice *head,
                     struct redan_slice *tail);
struct redan_slice redan_slice_sub(struct redan_slice a, size_t from, size_t len); /* clamped */
struct redan_slice redan_slice_trim(struct redan_slice a); /* blanks, tabs, CR, LF at both ends */
/* Decimal digits only, no sign, no blanks; false when empty, other text, or over UINT64_MAX. */
bool redan_slice_u64(struct redan_slice a, uint64_t *value);

#endif
