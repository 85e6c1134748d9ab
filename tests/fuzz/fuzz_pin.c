/* The pinned text; what is read is written and reads back as the same. */
#include <stdlib.h>

#include "threat/pin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_ctx ctx;
    struct redan_pin pin = {0};
    struct redan_pin again = {0};
    struct redan_buf out[2];

    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&out[0], &ctx, (size_t)1 << 24);
    redan_buf_init(&out[1], &ctx, (size_t)1 << 24);
    if (redan_pin_parse(&ctx, (struct redan_slice){(const char *)data, size}, &pin) == REDAN_OK) {
        redan_pin_add(&out[0], &pin);
        if (redan_pin_parse(&ctx, redan_buf_view(&out[0]), &again) != REDAN_OK)
            abort();
        redan_pin_add(&out[1], &again);
        if (!redan_slice_eq(redan_buf_view(&out[0]), redan_buf_view(&out[1])))
            abort();
    }
    redan_buf_done(&out[0]);
    redan_buf_done(&out[1]);
    redan_ctx_done(&ctx);
    return 0;
}
