/* A certificate that is believed, with its length before it, and a timestamp response that may be its authority's. */
#include <stdlib.h>

#include "base/reader.h"
#include "crypto/timestamp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_ctx ctx;
    struct redan_reader in;
    struct redan_certificate *own = NULL;
    struct redan_timestamp_authority authority = {&own, 1, 0, INT64_MAX};
    int64_t at[2] = {0, 0};

    redan_ctx_init(&ctx, NULL);
    redan_reader_init(&in, (struct redan_slice){(const char *)data, size});
    size_t len = (size_t)redan_reader_u8(&in) << 8;
    struct redan_slice der = redan_reader_bytes(&in, len | redan_reader_u8(&in));
    struct redan_slice response = redan_reader_bytes(&in, redan_reader_left(&in));
    (void)!redan_certificate_parse(&ctx, der, &own);
    enum redan_status claimed = redan_timestamp_claim(&ctx, response, REDAN_S("text"), &at[0]);
    if (redan_timestamp_verify_response(&ctx, response, REDAN_S("text"), &authority, own != NULL,
                                        &at[1]) == REDAN_OK &&
        (claimed != REDAN_OK || at[0] != at[1]))
        abort();
    redan_certificate_free(own);
    redan_ctx_done(&ctx);
    return 0;
}
