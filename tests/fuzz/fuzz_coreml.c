/* Core ML, Paddle, MXNet and Caffe models from outside. */
#include "format_round.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_slice bytes = {(const char *)data, size};

    format_round(&redan_format_coreml, bytes);
    format_round(&redan_format_paddle, bytes);
    format_round(&redan_format_paddle_params, bytes);
    format_round(&redan_format_mxnet, bytes);
    format_round(&redan_format_caffe, bytes);
    return 0;
}
