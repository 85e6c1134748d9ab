/* Addresses of keys on tokens; a PIN in one is in no message. */
#include <stdlib.h>
#include <string.h>

#include "crypto/pkcs11_uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_ctx ctx;
    struct redan_pkcs11_uri uri = {0};

    redan_ctx_init(&ctx, NULL);
    enum redan_status status =
        redan_pkcs11_uri_parse(&ctx, (struct redan_slice){(const char *)data, size}, &uri);
    if ((status == REDAN_OK) != (ctx.failure.status == REDAN_OK) ||
        strstr(ctx.failure.text, "hunter2"))
        abort();
    redan_ctx_done(&ctx);
    return 0;
}
