/* JSON: the strict reader beside jansson, trees compared, canonical form round. */
#include "json_oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_oracle((struct redan_slice){(const char *)data, size});
    return 0;
}
