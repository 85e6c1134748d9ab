/* safetensors headers from outside. */
#include "format_round.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_slice bytes = {(const char *)data, size};

    format_round(&redan_format_safetensors, bytes);

    return 0;
}
