/* What the fuzz target of answers asks of every one. */
#ifndef REDAN_FUZZ_ANSWER_ROUND_H
#define REDAN_FUZZ_ANSWER_ROUND_H

#include "base/slice.h"

/* The first byte chooses policy and content type, the second the preset and the cuts; the rest is the answer. */
void answer_round(struct redan_slice data);

#endif
