/* The comparison behind fuzz_json. Test code: it recurses, as deep as its own limit. */
#include "json_oracle.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "codec/canonical.h"
#include "codec/json.h"
#include "codec/json_pull.h"

enum { DEPTH = 40 };

static void must(bool holds)
{
    if (!holds)
        abort();
}

static bool same(const struct redan_node *node, const json_t *other);

static bool same_children(const struct redan_node *node, const json_t *other)
{
    size_t i = 0;

    for (const struct redan_node *child = node->first; child; child = child->next, i++) {
        const json_t *match = node->kind == REDAN_NODE_LIST
                                  ? json_array_get(other, i)
                                  : json_object_getn(other, child->key.at, child->key.len);
        if (!match || !same(child, match))
            return false;
    }
    return i == node->count &&
           i == (node->kind == REDAN_NODE_LIST ? json_array_size(other) : json_object_size(other));
}

static bool same_number(const struct redan_node *node, const json_t *other)
{
    char spelling[4096];
    int64_t whole = 0;
    double real = 0;

    if (node->text.len >= sizeof(spelling))
        return true;
    memcpy(spelling, node->text.at, node->text.len);
    spelling[node->text.len] = '\0';
    if (json_is_integer(other))
        return redan_json_i64(node->text, &whole) && whole == json_integer_value(other);
    double want = strtod(spelling, NULL);
    return redan_json_double(node->text, &real) && memcmp(&want, &real, sizeof(real)) == 0 &&
           real == json_real_value(other);
}

static bool same(const struct redan_node *node, const json_t *other)
{
    switch (node->kind) {
    case REDAN_NODE_NULL:
        return json_is_null(other);
    case REDAN_NODE_BOOL:
        return json_is_boolean(other) && json_boolean_value(other) == node->truth;
    case REDAN_NODE_NUMBER:
        return json_is_number(other) && same_number(node, other);
    case REDAN_NODE_TEXT:
        return json_is_string(other) && json_string_length(other) == node->text.len &&
               memcmp(json_string_value(other), node->text.at, node->text.len) == 0;
    case REDAN_NODE_LIST:
        return json_is_array(other) && same_children(node, other);
    case REDAN_NODE_MAP:
        break;
    }
    return json_is_object(other) && same_children(node, other);
}

/* Limits of jansson alone: whole numbers beyond 64 bits and reals beyond double are errors, as is NUL in a key. */
static bool jansson_cannot(const json_error_t *error)
{
    enum json_error_code code = json_error_code(error);

    return code == json_error_numeric_overflow || code == json_error_null_byte_in_key;
}

/* Limits of ours alone: depth; and jansson 2.14 takes a lone number for the whole text when a NUL follows it. */
static bool only_ours_refuses(const struct redan_ctx *ctx, struct redan_slice text)
{
    if (ctx->failure.status == REDAN_E_LIMIT)
        return true;
    return ctx->failure.offset < text.len && text.at[ctx->failure.offset] == '\0';
}

static void compare(const struct redan_ctx *ctx, struct redan_slice text,
                    const struct redan_node *root)
{
    json_error_t error;
    json_t *other = json_loadb(text.len ? text.at : "", text.len,
                               JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);

    if (root && other)
        must(same(root, other));
    else if (root)
        must(jansson_cannot(&error));
    else if (other)
        must(only_ours_refuses(ctx, text));
    json_decref(other);
}

/* The canonical form of a text; false when a number does not fit a double. */
static bool canonical(struct redan_ctx *ctx, struct redan_slice text, struct redan_buf *out)
{
    const struct redan_node *root = NULL;

    must(redan_json_parse(ctx, text, &root) == REDAN_OK);
    redan_buf_init(out, ctx, SIZE_MAX / 2);
    enum redan_status status = redan_canonical_add(ctx, out, root);
    must(status == REDAN_OK || status == REDAN_E_SCHEMA);
    return status == REDAN_OK;
}

static void rounds(struct redan_ctx *ctx, struct redan_slice text, const struct redan_node *root)
{
    struct redan_buf once REDAN_DEFER(redan_buf_done);
    struct redan_buf again REDAN_DEFER(redan_buf_done) = {.mem = NULL};
    struct redan_buf pretty REDAN_DEFER(redan_buf_done);

    redan_buf_init(&pretty, ctx, SIZE_MAX / 2);
    redan_json_tree_add(&pretty, root);
    if (!canonical(ctx, text, &once))
        return;
    must(canonical(ctx, redan_buf_view(&once), &again));
    must(redan_slice_eq(redan_buf_view(&once), redan_buf_view(&again)));
    redan_buf_done(&again);
    must(canonical(ctx, redan_buf_view(&pretty), &again));
    must(redan_slice_eq(redan_buf_view(&once), redan_buf_view(&again)));
}

/* The pull reader says what the tree said, on a reader that was left in the middle of the same text too. */
static void pulls(struct redan_ctx *ctx, struct redan_slice text, enum redan_status want,
                  uint64_t offset)
{
    struct redan_json reader REDAN_DEFER(redan_json_done);
    struct redan_json_token token;
    enum redan_status status = REDAN_OK;

    redan_json_init(&reader, ctx, text);
    for (size_t i = 0; i < 1 + text.len / 8 && status == REDAN_OK; i++)
        status = redan_json_next(&reader, &token);
    redan_json_reset(&reader, text);
    redan_fail_clear(ctx);
    status = redan_json_next(&reader, &token);
    if (status == REDAN_OK)
        status = redan_json_skip(&reader);
    if (status == REDAN_OK)
        status = redan_json_next(&reader, &token);
    must(status == want && ctx->failure.offset == offset);
    must(status != REDAN_OK || token.kind == REDAN_JSON_END);
}

/* An array of numbers reads the same in one call. */
static void vectors(struct redan_ctx *ctx, struct redan_slice text, const struct redan_node *root)
{
    struct redan_json reader REDAN_DEFER(redan_json_done);
    struct redan_json_token token;
    double values[64];
    size_t count = 0;
    double value = 0;

    redan_json_init(&reader, ctx, text);
    if (redan_json_next(&reader, &token) != REDAN_OK || token.kind != REDAN_JSON_ARRAY)
        return;
    redan_fail_clear(ctx);
    enum redan_status status = redan_json_doubles(&reader, values, 64, &count);
    bool fits = root && root->count <= 64;
    size_t i = 0;
    for (const struct redan_node *child = root ? root->first : NULL; child && fits;
         child = child->next)
        fits = child->kind == REDAN_NODE_NUMBER && redan_node_number(child, &value) &&
               (status != REDAN_OK || value == values[i++]);
    must(!root || fits == (status == REDAN_OK));
    if (status == REDAN_OK && root)
        must(count == root->count && redan_json_next(&reader, &token) == REDAN_OK &&
             token.kind == REDAN_JSON_END);
}

void json_oracle(struct redan_slice text)
{
    struct redan_limits limits = redan_limits_default;
    struct redan_ctx ctx;
    const struct redan_node *root = NULL;

    limits.depth = DEPTH;
    redan_ctx_init(&ctx, &limits);
    enum redan_status status = redan_json_parse(&ctx, text, &root);
    uint64_t offset = ctx.failure.offset;
    must(status == ctx.failure.status && (status == REDAN_OK) == (root != NULL));
    must(status == REDAN_OK || status == REDAN_E_SYNTAX || status == REDAN_E_LIMIT);
    must(offset <= text.len);
    compare(&ctx, text, root);
    if (root)
        rounds(&ctx, text, root);
    redan_fail_clear(&ctx);
    pulls(&ctx, text, status, offset);
    vectors(&ctx, text, root);
    redan_ctx_done(&ctx);
    must(ctx.mem.used == 0);
}
