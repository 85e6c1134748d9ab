/* Decode under several sets of rules, encode, decode again: same rows, same bits. */
#include "inference_round.h"

#include <math.h>
#include <string.h>

static void require(bool truth)
{
    if (!truth)
        __builtin_trap();
}

static bool text_at(const struct redan_request *request, size_t i)
{
    return request->texts && request->texts[i].at;
}

static void same(const struct redan_request *a, const struct redan_request *b)
{
    require(a->rows == b->rows && a->columns == b->columns);
    for (size_t i = 0; i < a->rows * a->columns; i++) {
        require(text_at(a, i) == text_at(b, i));
        if (text_at(a, i))
            require(redan_slice_eq(a->texts[i], b->texts[i]) && isnan(a->values[i]));
        else /* -0 is written as 0 */
            require(a->values[i] == b->values[i] || (isnan(a->values[i]) && isnan(b->values[i])));
    }
}

static void holds(const struct redan_request *request, const struct redan_request_rules *rules)
{
    require(request->rows > 0 && request->columns > 0);
    require(!rules->rows || request->rows <= rules->rows);
    require(!rules->columns || request->columns == rules->columns);
    for (size_t i = 0; i < request->rows * request->columns; i++) {
        require(rules->texts || !text_at(request, i));
        require(isfinite(request->values[i]) || text_at(request, i) || rules->missing);
        require(!isinf(request->values[i]));
    }
}

static void request_round(struct redan_ctx *ctx, const struct redan_preset *preset,
                          const struct redan_request_rules *rules, struct redan_slice body)
{
    REDAN_DEFER(redan_buf_done) struct redan_buf text = {0};
    struct redan_request_rules again = *rules;
    struct redan_request first;
    struct redan_request second;

    redan_buf_init(&text, ctx, (size_t)1 << 24);
    if (preset->decode_request(ctx, body, rules, &first) != REDAN_OK) {
        require(ctx->failure.status != REDAN_OK && ctx->failure.text[0] != '\0');
        require(ctx->failure.offset <= body.len);
        return;
    }
    holds(&first, rules);
    preset->encode_request(&first, &text);
    require(text.fail == REDAN_OK);
    again.media = (struct redan_slice){"", 0};
    again.pointers = NULL;
    require(preset->decode_request(ctx, redan_buf_view(&text), &again, &second) == REDAN_OK);
    same(&first, &second);
}

void inference_round(const char *name, struct redan_slice body)
{
    static const struct redan_slice names[] = {{"a", 1}, {"b", 1}};
    static const struct redan_preset_pointers pointers[] = {{.rows = {"/a/*/b", 6}},
                                                            {.rows = {"", 0}}};
    static const struct redan_request_rules rules[] = {
        {.names = names, .columns = 2, .rows = 8},
        {.columns = 2},
        {.rows = 0},
        {.names = names, .columns = 2, .texts = true, .missing = true, .pointers = &pointers[0]},
        {.texts = true, .missing = true, .pointers = &pointers[1]},
        {.names = names, .columns = 1, .texts = true},
    };
    const struct redan_preset *preset = redan_preset_find(redan_slice_of(name));

    require(preset != NULL);
    for (size_t i = 0; i < REDAN_COUNT(rules); i++)
        for (const char *const *media = preset->media; *media; media++) {
            REDAN_DEFER(redan_ctx_done) struct redan_ctx ctx = {0};
            struct redan_request_rules these = rules[i];
            redan_ctx_init(&ctx, NULL);
            ctx.seed = 1;
            these.media = redan_slice_of(*media);
            request_round(&ctx, preset, &these, body);
        }
    REDAN_DEFER(redan_ctx_done) struct redan_ctx ctx = {0};
    struct redan_response response;
    redan_ctx_init(&ctx, NULL);
    ctx.seed = 1;
    if (preset->decode_response(&ctx, body, &response) != REDAN_OK)
        require(ctx.failure.status != REDAN_OK && ctx.failure.offset <= body.len);
}
