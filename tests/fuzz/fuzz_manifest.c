/* What a model's signature says: whatever is accepted is written, and reads back as the same files. */
#include <stdlib.h>

#include "sign/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);
    struct redan_slice text = {(const char *)data, size};
    struct redan_manifest one, two;

    redan_ctx_init(&ctx, NULL);
    if (redan_manifest_parse(&ctx, text, &one) != REDAN_OK)
        return 0;
    if (redan_manifest_write(&ctx, &one, &text) != REDAN_OK ||
        redan_manifest_parse(&ctx, text, &two) != REDAN_OK || one.count != two.count ||
        !redan_digest_eq(&one.root, &two.root))
        abort();
    return 0;
}
