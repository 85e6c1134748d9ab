/* Requests and answers of MLflow: four JSON forms and CSV; what is understood is written again and must mean the same. */
#include "inference_round.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    inference_round("mlflow", (struct redan_slice){(const char *)data, size});
    return 0;
}
