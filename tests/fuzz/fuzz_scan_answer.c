/* What a worker that was taken over may answer; an answer that is read is written again as the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "cmd/scan_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_scan_artefact artefact;
    struct redan_buf out REDAN_DEFER(redan_buf_done) = {0};
    struct redan_ctx ctx;

    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&out, &ctx, (size_t)1 << 24);
    struct redan_slice bytes = {(const char *)data, size};
    if (redan_scan_answer_read(&ctx, bytes, &artefact) == REDAN_OK && data[0] == 1) {
        redan_scan_answer_add(&out, &artefact);
        if (!redan_slice_eq(redan_buf_view(&out), bytes))
            abort();
    }
    redan_buf_done(&out);
    redan_ctx_done(&ctx);
    return 0;
}
