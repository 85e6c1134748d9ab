/* Python source from outside. */
#include "format_round.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    format_round(&redan_format_python, (struct redan_slice){(const char *)data, size});
    return 0;
}
