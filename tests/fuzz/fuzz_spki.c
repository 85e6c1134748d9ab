/* Public keys: SubjectPublicKeyInfo, RSAPublicKey and text; one that is read keeps its bytes, and verifies nothing of noise. */
#include <stdlib.h>

#include "crypto/spki.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_ctx ctx;
    struct redan_spki *spki[3] = {NULL, NULL, NULL};
    struct redan_slice text = {(const char *)data, size};

    redan_ctx_init(&ctx, NULL);
    if (redan_spki_parse(&ctx, text, &spki[0]) == REDAN_OK &&
        !redan_slice_eq(redan_spki_der(spki[0]), text))
        abort();
    (void)!redan_spki_parse_rsa(&ctx, text, &spki[1]);
    (void)!redan_spki_parse_text(&ctx, text, &spki[2]);
    for (size_t i = 0; i < 3; i++) {
        if (spki[i] && (redan_spki_name(spki[i])[0] == '\0' ||
                        redan_spki_verify(&ctx, spki[i], redan_spki_hash(spki[i]), text, text) !=
                            REDAN_E_SIGNATURE))
            abort();
        redan_spki_free(spki[i]);
    }
    redan_ctx_done(&ctx);
    return 0;
}
