/* The parameters of the Open Inference Protocol are open to every server's extensions, so only those that are known to be mere hints are let
 * through: a feature, or the place where features lie, must not come in beside the tensors that are judged. */
#include "inference/oip_input.h"

static const struct known {
    const char *name;
    unsigned places;     /* bit of each place where it is a hint */
    const char *refused; /* why it is refused everywhere; NULL: it is a hint */
} known[] = {
    /* Triton: sequences, and when to be answered */
    {"sequence_id", 1U << REDAN_OIP_REQUEST, NULL},
    {"sequence_start", 1U << REDAN_OIP_REQUEST, NULL},
    {"sequence_end", 1U << REDAN_OIP_REQUEST, NULL},
    {"priority", 1U << REDAN_OIP_REQUEST, NULL},
    {"timeout", 1U << REDAN_OIP_REQUEST, NULL},
    {"shared_memory_region", 0, "tensors in shared memory cannot be judged; send data"},
    {"shared_memory_offset", 0, "tensors in shared memory cannot be judged; send data"},
    {"shared_memory_byte_size", 0, "tensors in shared memory cannot be judged; send data"},
    {"binary_data_size", 0, "binary tensors are not supported; send data as JSON"},
    {"binary_data", 0, "binary answers are not supported; leave it out or ask for JSON"},
    {"binary_data_output", 0, "binary answers are not supported; leave it out or ask for JSON"},
    {"classification", 0, "answers by classification are texts with scores in them; leave it out"},
    {NULL, 0, NULL},
};

/* MLServer's codecs: the plain ones read what stands there; base64, datetime and images read something else. */
static bool plain_codec(const struct redan_json_token *token)
{
    static const char *const plain[] = {"np", "pd", "str", NULL};

    return token->kind == REDAN_JSON_TEXT && redan_slice_among(plain, token->text);
}

static bool flag_off(const struct redan_json_token *token, const struct known *parameter)
{
    return token->kind == REDAN_JSON_FALSE &&
           redan_slice_starts(redan_slice_of(parameter->name), REDAN_S("binary_data"));
}

static enum redan_status check(struct redan_json *json, const struct redan_json_token *key,
                               enum redan_oip_place place)
{
    struct redan_slice name = {key->text.at, redan_min_size(key->text.len, 64)};
    const struct known *parameter = known;
    struct redan_json_token token;
    struct redan_ctx *ctx = json->ctx;

    REDAN_TRY(redan_json_next(json, &token));
    while (parameter->name && !redan_slice_is(key->text, parameter->name))
        parameter++;
    if (redan_slice_is(name, "content_type"))
        return plain_codec(&token) ? REDAN_OK
                                   : redan_fail(ctx, REDAN_E_SCHEMA, token.offset,
                                                "the parameter content_type is none of np, pd and "
                                                "str; other codecs are not supported");
    if (parameter->refused && !flag_off(&token, parameter))
        return redan_fail(ctx, REDAN_E_SCHEMA, key->offset, "the parameter %s: %s", parameter->name,
                          parameter->refused);
    if (!parameter->refused && !(parameter->places & 1U << place))
        return redan_fail(ctx, REDAN_E_SCHEMA, key->offset,
                          "the parameter '%.*s' is not known here, and could carry more than the "
                          "tensors; leave it out",
                          REDAN_FMT(name));
    if (token.kind == REDAN_JSON_OBJECT || token.kind == REDAN_JSON_ARRAY)
        return redan_rows_refuse(ctx, &token, parameter->name, "a text, a number or a boolean");
    return REDAN_OK;
}

enum redan_status redan_oip_parameters(struct redan_json *json, enum redan_oip_place place)
{
    struct redan_json_token token;

    REDAN_TRY(redan_rows_expect(json, REDAN_JSON_OBJECT, "parameters", "an object", &token));
    for (;;) {
        REDAN_TRY(redan_json_next(json, &token));
        if (token.kind == REDAN_JSON_OBJECT_END)
            return REDAN_OK;
        REDAN_TRY(check(json, &token, place));
    }
}
