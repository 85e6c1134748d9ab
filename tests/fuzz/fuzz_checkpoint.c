/* Checkpoints: what is read lies within the text, and its signed part reads the same again. */
#include <stdlib.h>

#include "sign/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_ctx ctx;
    struct redan_checkpoint read = {0};
    struct redan_slice text = {(const char *)data, size};

    redan_ctx_init(&ctx, NULL);
    if (redan_checkpoint_parse(&ctx, text, &read) == REDAN_OK &&
        (read.count == 0 || !redan_slice_starts(text, read.text) ||
         !redan_slice_ends(read.text, REDAN_S("\n"))))
        abort();
    redan_ctx_done(&ctx);
    return 0;
}
