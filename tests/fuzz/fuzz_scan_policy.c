/* A scan's policy, or its baseline; a baseline without problems is written, and reads back as many entries. */
#include <stdlib.h>

#include "cmd/scan_policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_ctx ctx;
    struct redan_problems problems;
    struct redan_scan_policy policy = {.fail_on = 0};
    struct redan_scan_baseline ring[2] = {{.node = NULL}, {.node = NULL}};
    struct redan_buf out REDAN_DEFER(redan_buf_done) = {0};

    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&out, &ctx, (size_t)1 << 26);
    redan_problems_init(&problems, &ctx, REDAN_S("policy.yaml"));
    struct redan_slice text = {(const char *)data, size};
    if (redan_scan_policy_parse(&problems, text, &policy) != REDAN_OK)
        redan_fail_clear(&ctx);
    redan_problems_init(&problems, &ctx, REDAN_S("baseline.yaml"));
    if (redan_scan_baseline_parse(&problems, text, &ring[0]) == REDAN_OK && problems.count == 0) {
        redan_scan_baseline_add_yaml(&out, &ring[0]);
        if (redan_scan_baseline_parse(&problems, redan_buf_view(&out), &ring[1]) != REDAN_OK ||
            problems.count != 0 || ring[0].accepted.count != ring[1].accepted.count)
            abort();
    }
    redan_buf_done(&out);
    redan_ctx_done(&ctx);
    return 0;
}
