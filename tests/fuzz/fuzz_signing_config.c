/* Signing configurations: any text as one. */
#include <stdlib.h>

#include "sign/keyless_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);
    struct redan_keyless_services services = {0};

    redan_ctx_init(&ctx, NULL);
    ctx.now = 1795000000;
    if (redan_keyless_config(&ctx, (struct redan_slice){(const char *)data, size}, &services) ==
            REDAN_OK &&
        services.stamper_count > REDAN_BUNDLE_STAMPS)
        abort();
    return 0;
}
