/* Answers of Fulcio and of Rekor: any text as either. */
#include <stdlib.h>

#include "sign/keyless_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_keyless_certificate certificate REDAN_DEFER(redan_keyless_certificate_done) = {0};
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);
    const struct redan_slice text = {(const char *)data, size};
    struct redan_bundle_log entry;

    redan_ctx_init(&ctx, NULL);
    if (redan_keyless_fulcio_parse(&ctx, text, &certificate) == REDAN_OK && certificate.count < 2)
        abort();
    redan_fail_clear(&ctx);
    if (redan_keyless_rekor_parse(&ctx, text, &entry) == REDAN_OK && !entry.has_proof)
        abort();
    return 0;
}
