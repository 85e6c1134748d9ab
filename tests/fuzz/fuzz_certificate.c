/* Certificates in DER, or in PEM after a "-": what is read tells facts, and leads to itself or does not. */
#include <stdlib.h>

#include "crypto/certificate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_ctx ctx;
    struct redan_certificate *list[REDAN_CERTIFICATES_MAX];
    struct redan_slice text = {(const char *)data, size};
    size_t n = 0;

    redan_ctx_init(&ctx, NULL);
    if (size && data[0] == '-')
        (void)!redan_certificate_parse_pem(&ctx, text, list, &n);
    else
        n = redan_certificate_parse(&ctx, text, &list[0]) == REDAN_OK;
    if (n && data[0] != '-' && !redan_slice_eq(redan_certificate_der(list[0]), text))
        abort();
    for (size_t i = 0; i < n; i++) {
        struct redan_certificate_facts facts = {.from = 0};
        const struct redan_certificate *issuer = NULL;
        size_t good = 0;
        redan_fail_clear(&ctx);
        (void)!redan_certificate_facts(&ctx, list[i], &facts);
        (void)!redan_certificate_chain(&ctx, list[i], list, n, list, n, facts.from, &issuer);
        (void)!redan_certificate_scts(&ctx, list[i], list[0], NULL, 0, &good);
        if (ctx.failure.status == REDAN_OK)
            abort(); /* nobody's log made a promise */
    }
    for (size_t i = 0; i < n; i++)
        redan_certificate_free(list[i]);
    redan_ctx_done(&ctx);
    return 0;
}
