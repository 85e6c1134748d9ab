/* A guard policy: any text. What it says without a problem keeps the promises of guard/policy.h. */
#include <stdlib.h>

#include "guard/policy.h"
#include "guard/stage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);
    struct redan_problems problems;
    struct redan_policy p;

    redan_ctx_init(&ctx, NULL);
    redan_problems_init(&problems, &ctx, REDAN_S("policy.yaml"));
    struct redan_slice text = {(const char *)data, size};
    if (redan_policy_parse(&problems, REDAN_S("."), text, &p) != REDAN_OK || problems.count)
        return 0;
    for (size_t i = 0; i < p.rule_count; i++)
        if (!p.rules[i].stage || p.rules[i].action > p.rules[i].stage->most || p.rules[i].per < 0)
            abort();
    if (!p.presets || !p.presets[0] || p.bytes == 0 || p.rows == 0 || p.depth == 0)
        abort();
    return 0;
}
