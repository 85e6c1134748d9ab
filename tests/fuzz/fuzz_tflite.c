/* FlatBuffers from outside. */
#include "format_round.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_slice bytes = {(const char *)data, size};

    format_round(&redan_format_tflite, bytes);
    format_round(&redan_format_executorch, bytes);
    format_round(&redan_format_torch_mobile, bytes);
    return 0;
}
