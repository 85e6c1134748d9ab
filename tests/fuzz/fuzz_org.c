/* Organisation files: one that is sound has its rules and its digest. */
#include <stdlib.h>

#include "record/org.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_ctx ctx;
    struct redan_problems problems;
    struct redan_org org = {0};

    redan_ctx_init(&ctx, NULL);
    redan_problems_init(&problems, &ctx, REDAN_S("input"));
    enum redan_status status =
        redan_org_parse(&problems, (struct redan_slice){(const char *)data, size}, &org);
    if (status == REDAN_OK && problems.count == 0 && (!org.rules || !org.rules->min_grade))
        abort();
    redan_ctx_done(&ctx);
    return 0;
}
