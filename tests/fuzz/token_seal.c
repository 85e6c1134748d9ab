/* Tokens for the fuzzer: what is behind the signature is reached by signing it. */
#include "token_seal.h"

#include <stdlib.h>

#include "base/hex.h"
#include "crypto/mac.h"

static const struct redan_slice secret = {"0123456789abcdef0123456789abcdef", 32};

static void url_add(struct redan_buf *out, struct redan_slice bytes)
{
    size_t from = out->len;

    redan_base64_add(out, bytes);
    for (size_t i = from; i < out->len; i++)
        out->data[i] = out->data[i] == '+' ? '-' : out->data[i] == '/' ? '_' : out->data[i];
    while (out->len > from && out->data[out->len - 1] == '=')
        out->len--;
}

/* Made once: keys and contexts cost more than what is tried. */
static struct redan_identity *reader(void)
{
    static struct redan_identity id = {.algorithm = REDAN_JWT_HS256, .token_key_count = 1};
    static struct redan_token_key key;
    const struct redan_jwt_parts parts = {.algorithm = REDAN_JWT_HS256, .k = secret};

    if (id.tokens)
        return &id;
    redan_ctx_init(&id.ctx, NULL);
    id.policy = (struct redan_policy_identity){
        .issuer = REDAN_S("i"), .audience = REDAN_S("a"), .claim = REDAN_S("sub")};
    id.token_keys = &key;
    redan_json_init(&id.json, &id.ctx, REDAN_S(""));
    id.tokens =
        redan_take_array(&id.ctx, (size_t)REDAN_TOKEN_SETS * REDAN_TOKEN_WAYS, sizeof(*id.tokens));
    if (!id.tokens || redan_hasher_new(&id.ctx, &id.hasher) != REDAN_OK ||
        redan_jwt_key_new(&id.ctx, &parts, &key.key) != REDAN_OK)
        abort();
    return &id;
}

static void establish(struct redan_ctx *ctx, struct redan_identity *id, struct redan_slice token)
{
    struct redan_slice name = {0};
    bool cached = false;

    if (redan_token_establish(ctx, id, token, 1000000, &name, &cached) != REDAN_OK) {
        if (ctx->failure.status != REDAN_E_SIGNATURE)
            abort();
        return;
    }
    /* a name that is established is one, and is remembered */
    if (!redan_identity_name(name) ||
        redan_token_establish(ctx, id, token, 1000000, &name, &cached) != REDAN_OK || !cached)
        abort();
}

void token_seal_both(struct redan_slice bytes)
{
    struct redan_identity *id = reader();
    struct redan_slice header = {0};
    struct redan_slice claims = {0};
    struct redan_digest mac;
    struct redan_buf out;
    struct redan_ctx ctx;

    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&out, &ctx, SIZE_MAX / 2);
    establish(&ctx, id, bytes);
    (void)redan_slice_cut(bytes, '\n', &header, &claims);
    url_add(&out, header);
    redan_buf_char(&out, '.');
    url_add(&out, claims);
    if (redan_mac(&ctx, secret, redan_buf_view(&out), &mac) != REDAN_OK)
        abort();
    redan_buf_char(&out, '.');
    url_add(&out, (struct redan_slice){(const char *)mac.bytes, sizeof(mac.bytes)});
    redan_fail_clear(&ctx);
    establish(&ctx, id, redan_buf_view(&out));
    redan_buf_done(&out);
    redan_ctx_done(&ctx);
}
