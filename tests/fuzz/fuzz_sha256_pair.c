/* Two messages hashed side by side, in steps that the input chooses, beside OpenSSL one after the other. */
#include "sha256_oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size >= 3)
        sha256_oracle(data[0], (size_t)data[1] << 8 | data[2],
                      (struct redan_slice){(const char *)data + 3, size - 3});
    return 0;
}
