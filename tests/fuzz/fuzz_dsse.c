/* Envelopes and the statements in them; what parses writes, and reads back. */
#include <stdlib.h>

#include "attest/statement.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_ctx ctx;
    struct redan_dsse envelope = {0};
    struct redan_statement statement = {0};
    struct redan_slice text = {(const char *)data, size};

    redan_ctx_init(&ctx, NULL);
    enum redan_status status = redan_dsse_parse(&ctx, text, &envelope);
    text = status == REDAN_OK ? envelope.payload : text; /* a bare statement is tried too */
    redan_fail_clear(&ctx);
    if (redan_statement_parse(&ctx, text, &statement) == REDAN_OK) {
        status = redan_statement_write(&ctx, &statement, &text);
        if (status != REDAN_OK ? status != REDAN_E_SCHEMA /* a number such as 1e999 */
                               : redan_statement_parse(&ctx, text, &statement) != REDAN_OK)
            abort();
    }
    redan_ctx_done(&ctx);
    return 0;
}
