/* One format read from bytes of anybody: its members are unpacked too, and what was taken is given back. */
#ifndef REDAN_FUZZ_FACTS_H
#define REDAN_FUZZ_FACTS_H

#include "format/format.h"

void fuzz_facts(const struct redan_format *format, const uint8_t *data, size_t size);

#endif
