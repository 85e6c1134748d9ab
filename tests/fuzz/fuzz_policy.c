/* Tables of names: any text as one, and any two lines of it as a name that is looked up. */
#include <stdlib.h>

#include "scan/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);
    const struct redan_scan_tables *tables = NULL;
    struct redan_slice text = {(const char *)data, size}, module, name, rest;

    redan_ctx_init(&ctx, NULL);
    enum redan_status status = redan_scan_tables_parse(&ctx, text, true, &tables);
    if (status != REDAN_OK && status != REDAN_E_SYNTAX)
        abort();
    (void)redan_slice_cut(text, '\n', &module, &rest);
    (void)redan_slice_cut(rest, '\n', &name, &rest);
    if (tables && redan_policy_of(tables, module, name).kind >= REDAN_POLICY_KINDS)
        abort();
    return 0;
}
