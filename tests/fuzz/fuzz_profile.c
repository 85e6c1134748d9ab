/* Reference profiles, in envelopes and bare: whatever is accepted measures any row, and is written and read back the same. */
#include <stdlib.h>

#include "inference/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);
    struct redan_slice text = {(const char *)data, size};
    struct redan_profile p, q;

    redan_ctx_init(&ctx, NULL);
    if (redan_profile_read(&ctx, text, NULL, &p) != REDAN_OK)
        return 0;
    double *values = redan_take_array(&ctx, p.width, sizeof(*values));
    float *encoded = redan_take_array(&ctx, p.width, sizeof(*encoded));
    if (!values || !encoded)
        return 0;
    for (size_t c = 0; c < p.width; c++)
        values[c] = c % 2 ? -1e308 : 3.5;
    redan_profile_encode(&p, values, NULL, encoded);
    double score = redan_profile_score(&p, encoded);
    if (!(redan_profile_p(&p, score) > 0) || redan_profile_strangest(&p, encoded) >= p.width ||
        redan_profile_write(&ctx, &p, &text) != REDAN_OK ||
        redan_profile_read(&ctx, text, NULL, &q) != REDAN_OK ||
        redan_profile_score(&q, encoded) != score)
        abort();
    return 0;
}
