/* Answers of a model under the guard's policies, whole and as streams, in any pieces. */
#include "answer_round.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    answer_round((struct redan_slice){(const char *)data, size});
    return 0;
}
