/* Tar archives, and what their members hold. */
#include "format/format_table.h"
#include "fuzz_facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_facts(&redan_format_tar, data, size);
    return 0;
}
