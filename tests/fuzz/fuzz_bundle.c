/* Bundles; what parses is written, and what is written reads back to the same text. */
#include <stdlib.h>

#include "sign/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_ctx ctx;
    struct redan_bundle bundle = {0};
    struct redan_buf out[2] = {{0}, {0}};

    redan_ctx_init(&ctx, NULL);
    enum redan_status status =
        redan_bundle_parse(&ctx, (struct redan_slice){(const char *)data, size}, &bundle);
    for (size_t i = 0; status == REDAN_OK && i < 2; i++) {
        redan_buf_init(&out[i], &ctx, SIZE_MAX);
        redan_bundle_add(&out[i], &bundle);
        if (redan_bundle_parse(&ctx, redan_buf_view(&out[i]), &bundle) != REDAN_OK ||
            (i && !redan_slice_eq(redan_buf_view(&out[0]), redan_buf_view(&out[1]))))
            abort();
    }
    redan_buf_done(&out[0]);
    redan_buf_done(&out[1]);
    redan_ctx_done(&ctx);
    return 0;
}
