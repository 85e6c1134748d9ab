/* Each message in steps, both at once while both have blocks, then the rest of each alone. */
#include "sha256_oracle.h"

#include <stdlib.h>

#include "crypto/sha256_pair.h"

struct side {
    struct redan_sha256_lane lane;
    struct redan_slice left;
};

static size_t blocks(const struct side *s)
{
    return s->left.len / REDAN_SHA256_BLOCK;
}

static void took(struct side *s, size_t n)
{
    s->left = redan_slice_sub(s->left, n * REDAN_SHA256_BLOCK, SIZE_MAX);
}

static void compare(struct side *s, struct redan_slice whole)
{
    struct redan_digest ours;
    struct redan_digest theirs;
    struct redan_ctx ctx;

    redan_ctx_init(&ctx, NULL);
    redan_sha256_lane_add(&s->lane, s->left.at, blocks(s));
    took(s, blocks(s));
    redan_sha256_lane_end(&s->lane, s->left, &ours);
    if (redan_sha256(&ctx, whole, &theirs) != REDAN_OK || !redan_digest_eq(&ours, &theirs))
        abort();
    redan_ctx_done(&ctx);
}

void sha256_oracle(size_t step, size_t cut, struct redan_slice text)
{
    struct redan_slice one = redan_slice_sub(text, 0, cut);
    struct redan_slice two = redan_slice_sub(text, cut, SIZE_MAX);
    struct side a = {.left = one};
    struct side b = {.left = two};

    if (!redan_sha256_pair_usable())
        return;
    redan_sha256_lane_begin(&a.lane);
    redan_sha256_lane_begin(&b.lane);
    for (;;) {
        size_t n = redan_min_size(blocks(&a), blocks(&b));
        if (step > 0 && n > step)
            n = step;
        if (n == 0)
            break;
        redan_sha256_pair_add(&a.lane, a.left.at, &b.lane, b.left.at, n);
        took(&a, n);
        took(&b, n);
    }
    compare(&a, one);
    compare(&b, two);
}
