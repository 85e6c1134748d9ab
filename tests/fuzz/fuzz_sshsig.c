/* SSH signatures, armoured and bare: nothing that a fuzzer writes is by a key it does not have, and what parses is one text. */
#include <stdlib.h>

#include "attest/sshsig.h"

/* Keys of the corpus: they signed another text, and their private halves were thrown away. */
static const char *const lines[] = {
    "ssh-ed25519 "
    "AAAAC3NzaC1lZDI1NTE5AAAAIIz0ueC6eKnV/k4b0ujHp+VpzmqQBcDhLCKWIlrmVAbA",
    "ecdsa-sha2-nistp256 "
    "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBGkNlZLF4OpE4JWliZeWyFwJi6Ca"
    "IkJz2veME6zB/1YzBucEyM1hgELbFQ2AhMJpeWrjhMPoJCqdNDvp65Vtvus="};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_ctx ctx;
    struct redan_slice text = {(const char *)data, size};
    struct redan_slice blob = text;
    struct redan_buf again = {0};

    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&again, &ctx, (size_t)1 << 20);
    if (redan_sshsig_parse_armour(&ctx, text, &blob) == REDAN_OK)
        redan_sshsig_add_armour(&again, blob);
    if (again.len && redan_sshsig_parse_armour(&ctx, redan_buf_view(&again), &text) != REDAN_OK)
        abort();
    redan_fail_clear(&ctx);
    for (size_t i = 0; i < REDAN_COUNT(lines); i++) {
        struct redan_key *key = NULL;
        if (redan_key_parse_public(&ctx, redan_slice_of(lines[i]), &key) != REDAN_OK ||
            redan_sshsig_verify(&ctx, key, REDAN_S(REDAN_SSHSIG_NAMESPACE), REDAN_S("other"),
                                blob) == REDAN_OK)
            abort();
        redan_key_free(key);
    }
    redan_buf_done(&again);
    redan_ctx_done(&ctx);
    return 0;
}
