/* Archives from outside; what is read is written back to the very same bytes. */
#include <stdlib.h>
#include <string.h>

#include "io/ustar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_ctx ctx;
    struct redan_ustar_file *files = NULL;
    struct redan_slice text = {(const char *)data, size};
    struct redan_buf out = {0};
    size_t count = 0;

    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&out, &ctx, size + 1024);
    if (redan_ustar_read(&ctx, text, &files, &count) == REDAN_OK) {
        for (size_t i = 0; i < count; i++) {
            if (redan_ustar_add(&ctx, &out, &files[i]) != REDAN_OK)
                abort();
        }
        redan_ustar_end(&out);
        if (out.len > size || memcmp(out.data, data, out.len) != 0)
            abort();
    }
    redan_buf_done(&out);
    redan_ctx_done(&ctx);
    return 0;
}
