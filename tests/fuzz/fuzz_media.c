/* Pictures, sound and data files from outside. */
#include "format_round.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_slice bytes = {(const char *)data, size};

    format_round(&redan_format_png, bytes);
    format_round(&redan_format_jpeg, bytes);
    format_round(&redan_format_gif, bytes);
    format_round(&redan_format_riff, bytes);
    format_round(&redan_format_tfrecord, bytes);
    format_round(&redan_format_sentencepiece, bytes);
    format_round(&redan_format_tf_index, bytes);
    return 0;
}
