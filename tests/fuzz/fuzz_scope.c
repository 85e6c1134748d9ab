/* Scopes: what the form refuses is never met, with any profile. */
#include <stdlib.h>

#include "record/scope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_slice text = {(const char *)data, size};
    struct redan_node yes = {.kind = REDAN_NODE_BOOL, .truth = true, .key = REDAN_S("hosts_model")};
    struct redan_node profile = {.kind = REDAN_NODE_MAP, .first = &yes, .last = &yes, .count = 1};
    struct redan_ctx ctx;
    struct redan_problems problems;

    redan_ctx_init(&ctx, NULL);
    redan_problems_init(&problems, &ctx, REDAN_S("org.yaml"));
    redan_scope_lint(&problems, &profile, text);
    if (problems.count > 0 && size > 0 &&
        (redan_scope_meets(text, &profile) || redan_scope_meets(text, NULL)))
        abort();
    redan_ctx_done(&ctx);
    return 0;
}
