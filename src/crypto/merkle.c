/* RFC 9162 2.1: hashes of leaves and nodes, and the walk from a leaf to the root. */
#include "crypto/merkle.h"

#include <string.h>

enum { NODE = 1 + 2 * REDAN_DIGEST_LEN };

enum redan_status redan_merkle_leaf(struct redan_ctx *ctx, struct redan_slice entry,
                                    struct redan_digest *leaf)
{
    struct redan_hasher *REDAN_DEFER(redan_hasher_drop) hasher = NULL;

    REDAN_TRY(redan_hasher_new(ctx, &hasher));
    REDAN_TRY(redan_hasher_add(ctx, hasher, (struct redan_slice){"\0", 1}));
    REDAN_TRY(redan_hasher_add(ctx, hasher, entry));
    return redan_hasher_end(ctx, hasher, leaf);
}

static enum redan_status node(struct redan_ctx *ctx, const struct redan_digest *left,
                              const struct redan_digest *right, struct redan_digest *above)
{
    char bytes[NODE] = {1};

    memcpy(bytes + 1, left->bytes, REDAN_DIGEST_LEN);
    memcpy(bytes + 1 + REDAN_DIGEST_LEN, right->bytes, REDAN_DIGEST_LEN);
    return redan_sha256(ctx, (struct redan_slice){bytes, sizeof(bytes)}, above);
}

enum redan_status redan_merkle_root(struct redan_ctx *ctx, const struct redan_digest *leaf,
                                    uint64_t index, uint64_t size, const struct redan_digest *path,
                                    size_t count, struct redan_digest *root)
{
    struct redan_digest at = *leaf;

    if (index >= size)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "an inclusion proof for entry %llu of a log of %llu",
                          (unsigned long long)index, (unsigned long long)size);
    uint64_t last = size - 1; /* RFC 9162 2.1.3.2: fn and sn */
    for (size_t i = 0; i < count; i++) {
        if (last == 0)
            return redan_fail(ctx, REDAN_E_SIGNATURE, 0, "an inclusion proof that is too long");
        if ((index & 1) || index == last) {
            REDAN_TRY(node(ctx, &path[i], &at, &at));
            while (!(index & 1) && index != 0) {
                index >>= 1;
                last >>= 1;
            }
        } else {
            REDAN_TRY(node(ctx, &at, &path[i], &at));
        }
        index >>= 1;
        last >>= 1;
    }
    if (last != 0)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0, "an inclusion proof that is too short");
    *root = at;
    return REDAN_OK;
}
