/* Key files: public, private, and (after a zero byte) the bytes inside an OpenSSH private key. */
#include <stdlib.h>

#include "base/hex.h"
#include "crypto/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_ctx ctx;
    struct redan_key *key[2] = {NULL, NULL};
    struct redan_buf pem = {0};
    struct redan_slice text = {(const char *)data, size};

    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&pem, &ctx, (size_t)1 << 20);
    if (size && data[0] == 0) {
        redan_pem_add(&pem, "OPENSSH PRIVATE KEY", redan_slice_sub(text, 1, size), 70);
        text = redan_buf_view(&pem);
    }
    (void)!redan_key_parse_public(&ctx, text, &key[0]);
    (void)!redan_key_parse_private(&ctx, text, &key[1]);
    redan_fail_clear(&ctx);
    if (redan_key_lock(&ctx, text) == REDAN_KEY_KEYGEN) {
        redan_key_free(key[0]);
        key[0] = NULL;
        if (redan_key_parse_half(&ctx, text, &key[0]) != REDAN_OK &&
            ctx.failure.status != REDAN_E_CRYPTO) /* a point that is none of its curve */
            abort();
    }
    redan_key_free(key[0]);
    redan_key_free(key[1]);
    redan_buf_done(&pem);
    redan_ctx_done(&ctx);
    return 0;
}
