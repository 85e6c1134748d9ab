/* What a server says where a guard's metrics should be: a policy that is read is named in the text. */
#include <stdlib.h>
#include <string.h>

#include "probe/guard_metrics.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_slice text = {(const char *)data, size};
    struct redan_guard_seen seen;
    char hex[REDAN_DIGEST_HEX];
    double sum = 0;

    (void)redan_guard_metric(text, "redan_guard_rule_hits_total", "rule", REDAN_S("a"), &sum);
    if (!redan_guard_read(text, &seen))
        return 0;
    redan_digest_hex(&seen.policy, hex);
    if (!memmem(data, size, hex, sizeof(hex) - 1))
        abort();
    return 0;
}
