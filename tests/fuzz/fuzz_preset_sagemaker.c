/* Requests and answers of SageMaker: JSON, JSON lines and CSV; what is understood is written again and must mean the same. */
#include "inference_round.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    inference_round("sagemaker", (struct redan_slice){(const char *)data, size});
    return 0;
}
