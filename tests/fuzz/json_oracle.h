/* What must hold of any text: our reader and jansson agree, and canonical JSON is a fixed point. */
#ifndef REDAN_TESTS_JSON_ORACLE_H
#define REDAN_TESTS_JSON_ORACLE_H

#include "base/slice.h"

/* Aborts when something does not hold. */
void json_oracle(struct redan_slice text);

#endif
