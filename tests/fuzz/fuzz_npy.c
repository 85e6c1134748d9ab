/* Arrays of NumPy: any bytes as one. */
#include <stdlib.h>

#include "format/format_table.h"

static enum redan_status ignore(void *arg, const struct redan_fact *fact)
{
    (void)arg;
    (void)fact;
    return REDAN_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);
    struct redan_source source;
    struct redan_listener to = {.tell = ignore};

    redan_ctx_init(&ctx, NULL);
    redan_source_memory(&source, (struct redan_slice){(const char *)data, size});
    enum redan_status status = redan_format_npy.read(&ctx, &source, REDAN_S("a.npy"), &to);
    if (status != REDAN_OK && status != REDAN_E_SYNTAX)
        abort();
    redan_source_done(&source);
    return 0;
}
