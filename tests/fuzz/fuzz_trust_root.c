/* Sigstore trust roots: their keys, certificates and times. */
#include "sign/trust_root.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_ctx ctx;
    struct redan_trust_root root = {0};

    redan_ctx_init(&ctx, NULL);
    if (redan_trust_root_parse(&ctx, (struct redan_slice){(const char *)data, size}, &root) !=
        REDAN_OK)
        redan_fail_clear(&ctx);
    redan_trust_root_done(&root);
    redan_ctx_done(&ctx);
    return 0;
}
