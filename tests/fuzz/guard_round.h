/* A guard that lives as long as the process, over the small profile, asked and answered with arbitrary bytes. */
#ifndef REDAN_TESTS_GUARD_ROUND_H
#define REDAN_TESTS_GUARD_ROUND_H

#include "base/slice.h"

/* By `how`: the path and content type, who calls, how the answer is cut, and whether it is a record to learn from. Aborts when a verdict breaks what guard/worker.h promises. */
void guard_round(uint8_t how, struct redan_slice body);

#endif
