/* Programs and scripts from outside. */
#include "format_round.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_slice bytes = {(const char *)data, size};

    format_round(&redan_format_elf, bytes);
    format_round(&redan_format_pe, bytes);
    format_round(&redan_format_macho, bytes);
    format_round(&redan_format_dex, bytes);
    format_round(&redan_format_java, bytes);
    format_round(&redan_format_llamafile, bytes);
    format_round(&redan_format_script, bytes);
    return 0;
}
