/* Inference events: one that is read is written, and what was written reads and writes the same. */
#include <stdlib.h>

#include "inference/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_event event;
    struct redan_json json;
    struct redan_buf out[2];
    struct redan_ctx ctx;

    redan_ctx_init(&ctx, NULL);
    redan_json_init(&json, &ctx, REDAN_S(""));
    redan_buf_init(&out[0], &ctx, SIZE_MAX / 2);
    redan_buf_init(&out[1], &ctx, SIZE_MAX / 2);
    if (redan_event_read(&json, (struct redan_slice){(const char *)data, size}, &event) ==
        REDAN_OK) {
        redan_event_write(&out[0], &event);
        if (redan_event_read(&json, redan_buf_view(&out[0]), &event) != REDAN_OK)
            abort();
        redan_event_write(&out[1], &event);
        if (!redan_slice_eq(redan_buf_view(&out[0]), redan_buf_view(&out[1])))
            abort();
    }
    redan_buf_done(&out[0]);
    redan_buf_done(&out[1]);
    redan_json_done(&json);
    redan_ctx_done(&ctx);
    return 0;
}
