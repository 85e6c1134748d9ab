/* Bodies of log entries, of each kind that their own "kind" and "apiVersion" may be. The signature they are about is empty, so none is right. */
#include <stdlib.h>

#include "sign/entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const kinds[][2] = {{"hashedrekord", "0.0.1"},
                                           {"hashedrekord", "0.0.2"},
                                           {"dsse", "0.0.1"},
                                           {"intoto", "0.0.2"}};
    struct redan_ctx ctx;

    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < 2 * REDAN_COUNT(kinds); i++) {
        struct redan_bundle_log entry = {.kind = redan_slice_of(kinds[i / 2][0]),
                                         .version = redan_slice_of(kinds[i / 2][1]),
                                         .body = {(const char *)data, size}};
        struct redan_entry_about about = {
            .is_dsse = i % 2, .sum = {.len = REDAN_DIGEST_LEN}, .certificate = REDAN_S("0")};

        if (redan_entry_body(&ctx, &entry, &about) == REDAN_OK)
            abort();
        redan_fail_clear(&ctx);
    }
    redan_ctx_done(&ctx);
    return 0;
}
