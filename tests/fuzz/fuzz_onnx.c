/* ONNX models from outside, in both of their formats. */
#include "format_round.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_slice bytes = {(const char *)data, size};

    format_round(&redan_format_onnx, bytes);
    format_round(&redan_format_ort, bytes);
    return 0;
}
