/* Requests and answers of the v1 and v2 protocols; what is understood is written again and must mean the same. */
#include "inference_round.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    inference_round("kserve-v1", (struct redan_slice){(const char *)data, size});
    inference_round("oip-v2", (struct redan_slice){(const char *)data, size});
    return 0;
}
