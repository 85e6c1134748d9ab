/* Whole bundles, judged by each method. The input is a trust root in one line (an empty line: the built-in one), then a bundle. */
#include "sign/judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(struct redan_ctx *ctx, struct redan_slice text,
                  const struct redan_trust_root *root)
{
    const struct redan_signed_thing things[] = {
        {.has_bytes = true, .bytes = REDAN_S("forty-two weights\n")}, {.oms = true}};
    struct redan_signer_wanted wanted = {
        .root = root, .identity_regex = REDAN_S(".*"), .issuer_regex = REDAN_S(".*")};
    struct redan_signer_facts facts = {0};
    struct redan_bundle bundle = {0};

    if (redan_bundle_parse(ctx, text, &bundle) != REDAN_OK || root->log_count == 0 ||
        root->authority_count == 0)
        return;
    wanted.key = root->logs[0].key;
    wanted.anchors = root->authorities[0].chain;
    wanted.anchor_count = root->authorities[0].count;
    for (size_t i = 0; i < 6; i++) {
        redan_fail_clear(ctx);
        wanted.method = (enum redan_sign_method)(i / 2);
        if (redan_sign_judge(ctx, &bundle, &wanted, &things[i % 2], &facts) != ctx->failure.status)
            __builtin_trap(); /* a refusal without its reason */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_trust_root REDAN_DEFER(redan_trust_root_done) root = {0};
    struct redan_slice head = {0};
    struct redan_slice text = {0};
    struct redan_ctx ctx;

    redan_ctx_init(&ctx, NULL);
    ctx.now = 1790000000;
    (void)redan_slice_cut((struct redan_slice){(const char *)data, size}, '\n', &head, &text);
    if ((head.len ? redan_trust_root_parse(&ctx, head, &root)
                  : redan_trust_root_builtin(&ctx, &root)) == REDAN_OK)
        judge(&ctx, text, &root);
    redan_trust_root_done(&root);
    redan_ctx_done(&ctx);
    return 0;
}
