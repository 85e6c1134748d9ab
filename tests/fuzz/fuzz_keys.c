/* keys.yaml; a ring without problems writes, and reads back as the same root. */
#include <stdlib.h>

#include "attest/keyring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_ctx ctx;
    struct redan_problems problems;
    struct redan_keyring ring[2] = {{.version = 0}, {.version = 0}};
    struct redan_buf out REDAN_DEFER(redan_buf_done) = {0};

    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&out, &ctx, (size_t)1 << 26);
    redan_problems_init(&problems, &ctx, REDAN_S("keys.yaml"));
    struct redan_slice text = {(const char *)data, size};
    if (redan_keyring_parse(&problems, text, &ring[0]) == REDAN_OK && problems.count == 0) {
        redan_keyring_add_yaml(&out, &ring[0]);
        if (redan_keyring_parse(&problems, redan_buf_view(&out), &ring[1]) != REDAN_OK ||
            problems.count != 0 || !redan_digest_eq(&ring[0].root, &ring[1].root))
            abort();
    }
    redan_keyring_done(&ring[0]);
    redan_keyring_done(&ring[1]);
    redan_buf_done(&out);
    redan_ctx_done(&ctx);
    return 0;
}
