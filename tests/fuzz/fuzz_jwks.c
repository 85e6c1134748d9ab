/* Files of keys: the first byte says for which algorithm the rest is read as a key set, and whether as API keys. */
#include "guard/identity_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_identity id = {.algorithm = REDAN_JWT_ES256};

    if (size == 0)
        return 0;
    redan_ctx_init(&id.ctx, NULL);
    id.algorithm = (enum redan_jwt_algorithm)(data[0] % 6);
    struct redan_slice text = {(const char *)data + 1, size - 1};
    (void)!(data[0] & 0x80 ? redan_api_keys_read(&id, text) : redan_token_keys_read(&id, text));
    for (size_t i = 0; i < id.token_key_count; i++)
        redan_jwt_key_free(id.token_keys[i].key);
    redan_ctx_done(&id.ctx);
    return 0;
}
