/* The v1 protocol of KServe and TensorFlow Serving: {"instances": [row, ...]}, or the columnar {"inputs": {name: [value, ...]}}, and
 * {"predictions": [...]} or {"outputs": ...}. A row is a list of values, or an object from column name to value. */
#include "codec/json.h"
#include "inference/grid.h"
#include "inference/outputs.h"

struct body {
    struct redan_json *json;
    struct redan_grid *grid;
    const char *form; /* the member that the rows came in; NULL: not yet */
};

static enum redan_status read_form(struct body *body, const struct redan_json_token *key,
                                   const char *form, bool columnar)
{
    if (body->form)
        return redan_fail(body->json->ctx, REDAN_E_SCHEMA, key->offset,
                          "both %s and %s; a request has one of them", body->form, form);
    body->form = form;
    return redan_grid_member(body->grid, body->json, form, columnar);
}

static enum redan_status read_member(struct body *body, const struct redan_json_token *key)
{
    struct redan_slice unused;

    if (redan_slice_is(key->text, "instances"))
        return read_form(body, key, "instances", false);
    if (redan_slice_is(key->text, "inputs"))
        return read_form(body, key, "inputs", true);
    if (redan_slice_is(key->text, "signature_name")) /* TensorFlow Serving clients send it */
        return redan_rows_text(body->json, "signature_name", &unused);
    return redan_fail(body->json->ctx, REDAN_E_SCHEMA, key->offset,
                      "unknown member '%.*s'; a request is {\"instances\": [[value, ...], ...]}",
                      (int)redan_min_size(key->text.len, 64), key->text.at);
}

static enum redan_status decode_request(struct redan_ctx *ctx, struct redan_slice text,
                                        const struct redan_request_rules *rules,
                                        struct redan_request *request)
{
    REDAN_DEFER(redan_json_done) struct redan_json json = {0};
    struct redan_grid grid;
    struct body body = {.json = &json, .grid = &grid};
    struct redan_json_token token;

    redan_grid_init(&grid, ctx, rules, text.len, "instance");
    grid.single = true;
    redan_json_init(&json, ctx, text);
    json.keep = true;
    REDAN_TRY(redan_rows_expect(&json, REDAN_JSON_OBJECT, "the body", "an object", &token));
    for (;;) {
        REDAN_TRY(redan_json_next(&json, &token));
        if (token.kind == REDAN_JSON_OBJECT_END)
            break;
        REDAN_TRY(read_member(&body, &token));
    }
    REDAN_TRY(redan_json_next(&json, &token)); /* nothing may follow */
    if (!body.form)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "the body has no instances");
    redan_grid_end(&grid, request);
    return REDAN_OK;
}

static void encode_request(const struct redan_request *request, struct redan_buf *out)
{
    redan_buf_text(out, "{\"instances\":");
    redan_rows_write_cells(request, out);
    redan_buf_char(out, '}');
}

static void encode_response(const struct redan_answer *answer, struct redan_buf *out)
{
    redan_buf_text(out, "{\"predictions\":");
    redan_rows_write(answer, out);
    redan_buf_char(out, '}');
}

static enum redan_status decode_response(struct redan_ctx *ctx, struct redan_slice body,
                                         struct redan_response *response)
{
    static const char *const meta[] = {"error", NULL};
    struct redan_outputs outputs = {.ctx = ctx};
    const struct redan_node *root = NULL;

    REDAN_TRY(redan_outputs_begin(&outputs, body, meta, &root));
    for (const struct redan_node *n = root->first; n; n = n->next) {
        if (redan_slice_is(n->key, "predictions") || redan_slice_is(n->key, "outputs"))
            REDAN_TRY(redan_outputs_either(&outputs, n));
        else if (!redan_slice_is(n->key, "error"))
            REDAN_TRY(redan_outputs_other(&outputs, n->key));
    }
    return redan_outputs_end(&outputs, "predictions", response);
}

static const char *const media[] = {"application/json", NULL};
static const char *const answers[] = {"/predictions", "/outputs", NULL};

extern const struct redan_preset redan_preset_kserve_v1;
const struct redan_preset redan_preset_kserve_v1 = {
    .name = "kserve-v1",
    .before_model = "/v1/models/",
    .after_model = ":predict",
    .version = "/versions/",
    .media = media,
    .answers = answers,
    .decode_request = decode_request,
    .encode_request = encode_request,
    .encode_response = encode_response,
    .decode_response = decode_response,
};
