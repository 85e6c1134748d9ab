/* Probe sets: what is read is written, and reads and writes the same. */
#include <stdlib.h>

#include "inference/probe_set.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);
    struct redan_statement statement;
    struct redan_probe_set set;
    struct redan_slice out[2];

    redan_ctx_init(&ctx, NULL);
    if (redan_statement_parse(&ctx, (struct redan_slice){(const char *)data, size}, &statement) ||
        redan_probe_set_read(&ctx, &statement, &set) || redan_probe_set_write(&ctx, &set, &out[0]))
        return 0;
    if (redan_statement_parse(&ctx, out[0], &statement) ||
        redan_probe_set_read(&ctx, &statement, &set) ||
        redan_probe_set_write(&ctx, &set, &out[1]) || !redan_slice_eq(out[0], out[1]))
        abort();
    return 0;
}
