/* A policy of who may sign: any text; the files that it names are not there. */
#include <stdlib.h>

#include "sign/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);
    struct redan_problems problems;
    REDAN_DEFER(redan_verify_policy_done) struct redan_verify_policy policy = {.owned = NULL};

    redan_ctx_init(&ctx, NULL);
    redan_problems_init(&problems, &ctx, REDAN_S("policy.yaml"));
    struct redan_slice text = {(const char *)data, size}, folder = REDAN_S("/nonexistent");
    if (redan_verify_policy_parse(&problems, folder, text, &policy) == REDAN_OK &&
        problems.count == 0 && (policy.quorum == 0 || policy.quorum > policy.signer_count))
        abort();
    return 0;
}
