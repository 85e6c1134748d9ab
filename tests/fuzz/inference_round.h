/* The property that fuzz_inference and the targets of single presets check. */
#ifndef REDAN_TESTS_INFERENCE_ROUND_H
#define REDAN_TESTS_INFERENCE_ROUND_H

#include "inference/preset.h"

/* Requests and answers of the preset of this name. */
void inference_round(const char *name, struct redan_slice body);

#endif
