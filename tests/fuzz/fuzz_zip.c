/* ZIP archives, read as every reader may; what their members unpack to is looked at. */
#include "format/format_table.h"
#include "fuzz_facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_facts(&redan_format_zip, data, size);
    return 0;
}
