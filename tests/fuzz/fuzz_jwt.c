/* Tokens: as they come, and with header and claims behind a signature that holds. */
#include "token_seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    token_seal_both((struct redan_slice){(const char *)data, size});
    return 0;
}
