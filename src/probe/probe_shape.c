/* One inference request, and what shape the answer has: its fields, and whether more than a label comes back. */
#include "codec/json_pull.h"
#include "inference/preset.h"
#include "probe/probe_table.h"

static const char *lint(const struct redan_probe *probe)
{
    if (!redan_preset_find(probe->preset))
        return "its preset is not known; write preset: kserve-v1 or preset: oip-v2";
    if (probe->body.len == 0)
        return "it has no body; add the request that is sent";
    return redan_probe_lint_http(probe);
}

/* A number written with a point or an exponent is a score even when it happens to be whole, as 1.0 is. */
static enum redan_status spelled_as_score(struct redan_ctx *ctx, struct redan_slice body,
                                          bool *score)
{
    REDAN_DEFER(redan_json_done) struct redan_json json = {0};
    struct redan_json_token token;

    redan_json_init(&json, ctx, body);
    *score = false;
    do {
        REDAN_TRY(redan_json_next(&json, &token));
        for (size_t i = 0; token.kind == REDAN_JSON_NUMBER && i < token.text.len; i++) {
            char c = token.text.at[i];
            *score = *score || c == '.' || c == 'e' || c == 'E';
        }
    } while (token.kind != REDAN_JSON_END && !*score);
    return REDAN_OK;
}

/* FP16, FP32, FP64, BF16: whatever the values, their type is that of a score. */
static bool real(const struct redan_output *output)
{
    return redan_slice_starts(output->datatype, REDAN_S("FP")) ||
           redan_slice_starts(output->datatype, REDAN_S("BF"));
}

static bool lists(const struct redan_node *list, struct redan_slice name)
{
    for (const struct redan_node *n = list->first; n; n = n->next) {
        if (redan_slice_eq(n->text, name))
            return true;
    }
    return false;
}

static enum redan_status add_field(struct redan_ctx *ctx, struct redan_node *fields,
                                   struct redan_slice name)
{
    if (lists(fields, name) || redan_node_add_text(ctx, fields, NULL, name))
        return REDAN_OK;
    return REDAN_E_MEMORY;
}

static enum redan_status describe(struct redan_ctx *ctx, unsigned status, bool score,
                                  const struct redan_response *r, struct redan_probed *probed)
{
    struct redan_node *map = redan_node_new(ctx, REDAN_NODE_MAP);
    unsigned decimals = 0;

    if (!map || !redan_node_add_number(ctx, map, "status", status))
        return REDAN_E_MEMORY;
    struct redan_node *fields = redan_node_add_kind(ctx, map, "fields", REDAN_NODE_LIST);
    if (!fields)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < r->count; i++) {
        const struct redan_output *output = &r->outputs[i];
        REDAN_TRY(add_field(ctx, fields, output->name));
        decimals = output->decimals > decimals ? output->decimals : decimals;
        score = score || real(output);
    }
    for (size_t i = 0; i < r->others_count; i++)
        REDAN_TRY(add_field(ctx, fields, r->others[i]));
    if (!redan_node_add_number(ctx, map, "raw_score", score || r->scores) ||
        !redan_node_add_number(ctx, map, "decimals", decimals))
        return REDAN_E_MEMORY;
    bool answered = status >= 200 && status < 300 && r->error.len == 0;
    *probed = (struct redan_probed){.observed = map, .n = answered ? r->rows : 0};
    return REDAN_OK;
}

static enum redan_status run(struct redan_ctx *ctx, const struct redan_probe *probe,
                             struct redan_probed *probed)
{
    const struct redan_preset *preset = redan_preset_find(probe->preset);
    struct redan_http_response answer;
    struct redan_response response = {0};
    bool score = false;

    REDAN_TRY(redan_probe_send(ctx, probe, &answer));
    bool good = answer.status >= 200 && answer.status < 300;
    enum redan_status status = preset->decode_response(ctx, answer.body, &response);
    if (status == REDAN_OK)
        status = spelled_as_score(ctx, answer.body, &score);
    if (status == REDAN_E_MEMORY)
        return status;
    if (status != REDAN_OK && good) {
        struct redan_slice words = {0};
        REDAN_TRY(redan_copy(ctx, redan_slice_of(ctx->failure.text), &words));
        redan_fail_clear(ctx);
        return redan_fail(ctx, status, 0, "the answer is not %s: %.*s", preset->name,
                          REDAN_FMT(words));
    }
    if (status != REDAN_OK) { /* a refusal in the server's own words: no prediction in it */
        redan_fail_clear(ctx);
        response = (struct redan_response){0};
    }
    return describe(ctx, answer.status, score, &response, probed);
}

const struct redan_probe_kind redan_probe_shape = {
    .name = "response-shape",
    .title = "one inference request: the fields and the precision of the answer",
    .lint = lint,
    .run = run,
};
