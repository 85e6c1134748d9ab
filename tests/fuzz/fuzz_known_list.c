/* Lists of digests from elsewhere: read, or refused with a reason. */
#include <stdlib.h>

#include "sign/known.h"
#include "sign/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_manifest manifest = {.name = REDAN_S("m")};
    struct redan_ctx ctx;

    redan_ctx_init(&ctx, NULL);
    enum redan_status status = redan_known_list(
        &ctx, (struct redan_slice){(const char *)data, size}, REDAN_HASH_SHA256, &manifest);
    if ((status == REDAN_OK) != (manifest.count > 0) || ctx.failure.status != status)
        abort();
    redan_ctx_done(&ctx);
    return 0;
}
