/* The property that fuzz_inference checks. */
#ifndef REDAN_TESTS_INFERENCE_ROUND_H
#define REDAN_TESTS_INFERENCE_ROUND_H

#include "base/slice.h"

void inference_round(struct redan_slice body);

#endif
