/* Differences: of a document and itself there is none; there and back are as many changes; twice the same is the same. Input: a letter for the
 * document, two YAML texts parted by a NUL byte. */
#include <stdlib.h>

#include "codec/yaml.h"
#include "threat/diff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool make(struct redan_ctx *ctx, int document, const struct redan_node *a,
                 const struct redan_node *b, struct redan_diff *diff)
{
    struct redan_problems problems;

    redan_problems_init(&problems, ctx, REDAN_S("input"));
    enum redan_status status =
        document < 3 ? redan_diff_make(&problems, (enum redan_diff_document)document, a, b, diff)
                     : redan_diff_control(&problems, a, b, diff);
    redan_fail_clear(ctx);
    return status == REDAN_OK && problems.count == 0;
}

static void check(struct redan_ctx *ctx, int document, struct redan_slice first,
                  struct redan_slice second)
{
    const struct redan_node *a = NULL;
    const struct redan_node *b = NULL;
    struct redan_node *tree = NULL;
    struct redan_diff there;
    struct redan_diff back;

    if (redan_yaml_parse(ctx, first, &a) != REDAN_OK ||
        redan_yaml_parse(ctx, second, &b) != REDAN_OK || !make(ctx, document, a, b, &there))
        return;
    if (!make(ctx, document, b, a, &back) || back.count != there.count)
        abort();
    if (!make(ctx, document, a, b, &back) || !redan_digest_eq(&there.digest, &back.digest))
        abort();
    if (!make(ctx, document, a, a, &back) || back.count != 0 ||
        !make(ctx, document, NULL, b, &back) || redan_diff_tree(ctx, &there, &tree) != REDAN_OK)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_ctx ctx;
    struct redan_slice all = {(const char *)data + (size > 0), size > 0 ? size - 1 : 0};
    struct redan_slice first = {0};
    struct redan_slice second = {0};

    redan_ctx_init(&ctx, NULL);
    ctx.limits.nodes = 20000;
    if (size > 0 && redan_slice_cut(all, '\0', &first, &second))
        check(&ctx, data[0] & 3, first, second);
    redan_ctx_done(&ctx);
    return 0;
}
