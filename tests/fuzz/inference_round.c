/* Decode under three sets of rules, encode, decode again: same rows, same bits. */
#include "inference_round.h"

#include <string.h>

#include "inference/preset.h"

static void require(bool truth)
{
    if (!truth)
        __builtin_trap();
}

static void request_round(struct redan_ctx *ctx, const struct redan_preset *preset,
                          const struct redan_request_rules *rules, struct redan_slice body)
{
    REDAN_DEFER(redan_buf_done) struct redan_buf text = {0};
    struct redan_request first;
    struct redan_request second;

    redan_buf_init(&text, ctx, (size_t)1 << 24);
    if (preset->decode_request(ctx, body, rules, &first) != REDAN_OK) {
        require(ctx->failure.status != REDAN_OK && ctx->failure.text[0] != '\0');
        require(ctx->failure.offset <= body.len);
        return;
    }
    require(first.rows > 0 && first.columns > 0 && (!rules->rows || first.rows <= rules->rows));
    preset->encode_request(&first, &text);
    require(text.fail == REDAN_OK);
    require(preset->decode_request(ctx, redan_buf_view(&text), rules, &second) == REDAN_OK);
    require(first.rows == second.rows && first.columns == second.columns);
    for (size_t i = 0; i < first.rows * first.columns; i++) /* -0 is written as 0 */
        require(first.values[i] == second.values[i]);
}

void inference_round(struct redan_slice body)
{
    static const struct redan_slice names[] = {{"a", 1}, {"b", 1}};
    static const struct redan_request_rules rules[] = {{names, 2, 8}, {NULL, 2, 0}, {NULL, 0, 0}};

    for (const struct redan_preset *const *preset = redan_presets; *preset; preset++) {
        for (size_t i = 0; i <= REDAN_COUNT(rules); i++) {
            REDAN_DEFER(redan_ctx_done) struct redan_ctx ctx = {0};
            struct redan_response response;
            redan_ctx_init(&ctx, NULL);
            ctx.seed = 1;
            if (i < REDAN_COUNT(rules))
                request_round(&ctx, *preset, &rules[i], body);
            else if ((*preset)->decode_response(&ctx, body, &response) != REDAN_OK)
                require(ctx.failure.status != REDAN_OK && ctx.failure.offset <= body.len);
        }
    }
}
