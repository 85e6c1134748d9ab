/* Claims of identity tokens: any text as a token, and as the payload of one. */
#include <stdlib.h>

#include "base/hex.h"
#include "sign/keyless_parts.h"

static void read_token(struct redan_ctx *ctx, struct redan_slice token)
{
    struct redan_keyless_claims claims = {0};

    if (redan_keyless_claims(ctx, token, &claims) == REDAN_OK &&
        (claims.name_count == 0 || claims.expires <= ctx->now))
        abort();
    redan_fail_clear(ctx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);
    struct redan_buf token REDAN_DEFER(redan_buf_done) = {0};
    const struct redan_slice text = {(const char *)data, size};

    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&token, &ctx, SIZE_MAX);
    ctx.now = 1795000000;
    read_token(&ctx, text);
    redan_buf_text(&token, "e30.");
    redan_base64_add(&token, text);
    while (token.len && token.data[token.len - 1] == '=')
        token.len--;
    for (size_t i = 0; i < token.len; i++)
        token.data[i] = token.data[i] == '+' ? '-' : token.data[i] == '/' ? '_' : token.data[i];
    redan_buf_text(&token, ".AAAA");
    read_token(&ctx, redan_buf_view(&token));
    return 0;
}
