/* A whole call: the first byte says how it is asked, the rest is the body, and again the answer. */
#include "guard_round.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0)
        guard_round(data[0], (struct redan_slice){(const char *)data + 1, size - 1});
    return 0;
}
