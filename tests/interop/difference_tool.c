/* The digest of a difference as a program, for tests/interop/difference_test.py: pairs of threat models from standard input, each text ended
 * by a NUL byte, one line of JSON for each pair. A pair's first text may be empty: nothing was there. */
#include <stdio.h>

#include "codec/yaml.h"
#include "threat/diff.h"

enum { DOCUMENT_MAX = 4 << 20 };

static enum redan_status diff_pair(struct redan_slice before, struct redan_slice after)
{
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);
    struct redan_problems problems;
    struct redan_diff diff;
    const struct redan_node *a = NULL;
    const struct redan_node *b = NULL;
    char hex[REDAN_DIGEST_HEX];

    redan_ctx_init(&ctx, NULL);
    redan_problems_init(&problems, &ctx, REDAN_S("threatmodel.yaml"));
    if (before.len > 0)
        REDAN_TRY(redan_yaml_parse(&ctx, before, &a));
    REDAN_TRY(redan_yaml_parse(&ctx, after, &b));
    REDAN_TRY(redan_diff_make(&problems, REDAN_DIFF_THREAT_MODEL, a, b, &diff));
    redan_digest_hex(&diff.digest, hex);
    (void)printf("{\"digest\":\"%s\",\"count\":%zu,\"problems\":%zu}\n", hex, diff.count,
                 problems.count);
    return REDAN_OK;
}

static enum redan_status diff_all(struct redan_ctx *ctx)
{
    char *texts[2] = {redan_take(ctx, DOCUMENT_MAX), redan_take(ctx, DOCUMENT_MAX)};
    size_t lens[2] = {0, 0};
    int side = 0;

    if (!texts[0] || !texts[1])
        return REDAN_E_MEMORY;
    for (int c = getchar_unlocked(); c != EOF; c = getchar_unlocked()) {
        if (c != '\0' && lens[side] == DOCUMENT_MAX)
            return redan_fail(ctx, REDAN_E_LIMIT, 0, "a document is too large");
        if (c != '\0') {
            texts[side][lens[side]++] = (char)c;
        } else if (side == 0) {
            side = 1;
        } else {
            if (diff_pair((struct redan_slice){texts[0], lens[0]},
                          (struct redan_slice){texts[1], lens[1]}) != REDAN_OK)
                return redan_fail(ctx, REDAN_E_SYNTAX, 0, "a pair cannot be compared");
            lens[0] = lens[1] = 0;
            side = 0;
        }
    }
    return REDAN_OK;
}

int main(void)
{
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);

    redan_ctx_init(&ctx, NULL);
    if (diff_all(&ctx) == REDAN_OK)
        return 0;
    (void)fprintf(stderr, "difference_tool: %s\n", ctx.failure.text);
    return 1;
}
