/* Tables as CSV: whatever is read has one width, and is read alike a second time. */
#include <stdlib.h>

#include "codec/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);
    struct redan_csv_table csv;
    size_t rows[2] = {0, 0};
    bool more = true;

    redan_ctx_init(&ctx, NULL);
    redan_csv_table_init(&csv, &ctx, (struct redan_slice){(const char *)data, size});
    for (int pass = 0; pass < 2; pass++, more = true, redan_csv_table_rewind(&csv))
        for (; redan_csv_table_next(&csv, &more) == REDAN_OK && more; rows[pass]++)
            if (csv.count != csv.width || csv.row_line < rows[pass])
                abort();
    if (rows[0] != rows[1])
        abort();
    return 0;
}
