/* What OpenSSL says of two messages, against our own interleaved hashing; aborts where they differ. */
#ifndef REDAN_TESTS_SHA256_ORACLE_H
#define REDAN_TESTS_SHA256_ORACLE_H

#include "base/slice.h"

/* `text` is cut at `cut`; at most `step` blocks at a time (0: as many as there are). */
void sha256_oracle(size_t step, size_t cut, struct redan_slice text);

#endif
