/* The in-toto Statement v1: from JSON and to canonical JSON. */
#include "attest/statement.h"

#include "codec/canonical.h"
#include "codec/json.h"

enum { SUBJECTS_MAX = 1024 };

static enum redan_status read_subject(struct redan_ctx *ctx, const struct redan_node *node,
                                      struct redan_statement_subject *subject)
{
    const struct redan_node *digests = redan_node_get(node, "digest");

    if (node->kind != REDAN_NODE_MAP || !digests || digests->kind != REDAN_NODE_MAP)
        return redan_fail(ctx, REDAN_E_SCHEMA, node->offset,
                          "a subject of the statement must be a map with a map \"digest\"");
    subject->name = redan_node_text(node, "name");
    if (!redan_digest_parse_hex(redan_node_text(digests, "sha256"), &subject->digest))
        return redan_fail(ctx, REDAN_E_SCHEMA, digests->offset,
                          "a subject of the statement has no sha256 of 64 lower-case digits");
    return REDAN_OK;
}

static enum redan_status read_subjects(struct redan_ctx *ctx, const struct redan_node *root,
                                       struct redan_statement *statement)
{
    const struct redan_node *list = redan_node_get(root, "subject");

    if (!list || list->kind != REDAN_NODE_LIST || list->count == 0 || list->count > SUBJECTS_MAX)
        return redan_fail(ctx, REDAN_E_SCHEMA, list ? list->offset : 0,
                          "\"subject\" of the statement must be a list of 1 to %d", SUBJECTS_MAX);
    statement->subjects = redan_take_array(ctx, list->count, sizeof(*statement->subjects));
    if (!statement->subjects)
        return REDAN_E_MEMORY;
    for (const struct redan_node *node = list->first; node; node = node->next)
        REDAN_TRY(read_subject(ctx, node, &statement->subjects[statement->count++]));
    return REDAN_OK;
}

enum redan_status redan_statement_parse(struct redan_ctx *ctx, struct redan_slice payload,
                                        struct redan_statement *statement)
{
    const struct redan_node *root = NULL;
    struct redan_statement made = {0};

    REDAN_TRY(redan_json_parse(ctx, payload, &root));
    if (!redan_slice_is(redan_node_text(root, "_type"), REDAN_STATEMENT_TYPE))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "the payload is not an in-toto statement: \"_type\" must be \"%s\"",
                          REDAN_STATEMENT_TYPE);
    REDAN_TRY(read_subjects(ctx, root, &made));
    made.predicate_type = redan_node_text(root, "predicateType");
    if (made.predicate_type.len == 0)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "the statement has no \"predicateType\"");
    made.predicate = redan_node_get(root, "predicate");
    if (!made.predicate || made.predicate->kind != REDAN_NODE_MAP)
        return redan_fail(ctx, REDAN_E_SCHEMA, made.predicate ? made.predicate->offset : 0,
                          "\"predicate\" of the statement must be a map");
    *statement = made;
    return REDAN_OK;
}

/* What one signed file may cost holds for as long as it is read. */
static struct redan_limits narrow(struct redan_ctx *ctx)
{
    struct redan_limits before = ctx->limits;

    ctx->limits.json = redan_min_size(before.json, before.record);
    ctx->limits.nodes = redan_min_size(before.nodes, before.record_nodes);
    return before;
}

static enum redan_status open_both(struct redan_ctx *ctx, struct redan_slice text,
                                   struct redan_dsse *envelope, struct redan_statement *statement)
{
    REDAN_TRY(redan_dsse_parse(ctx, text, envelope));
    if (!redan_slice_is(envelope->payload_type, REDAN_DSSE_INTOTO))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "not an in-toto envelope");
    return redan_statement_parse(ctx, envelope->payload, statement);
}

enum redan_status redan_statement_open(struct redan_ctx *ctx, struct redan_slice text,
                                       struct redan_dsse *envelope,
                                       struct redan_statement *statement)
{
    struct redan_limits before = narrow(ctx);
    enum redan_status status = open_both(ctx, text, envelope, statement);

    ctx->limits = before;
    return status;
}

enum redan_status redan_statement_fits(struct redan_ctx *ctx, struct redan_slice payload)
{
    struct redan_arena_mark mark = redan_arena_mark(&ctx->arena);
    struct redan_limits before = narrow(ctx);
    struct redan_statement statement = {0};
    size_t most =
        before.record / 2; /* base64 makes it a third longer; the rest is for signatures */

    enum redan_status status =
        payload.len > most ? redan_fail(ctx, REDAN_E_LIMIT, 0,
                                        "what would be signed has %zu bytes; a record holds %zu: "
                                        "record a digest or a summary of it",
                                        payload.len, most)
                           : redan_statement_parse(ctx, payload, &statement);
    if (status == REDAN_E_LIMIT && payload.len <= most) {
        redan_fail_clear(ctx);
        status = redan_fail(ctx, status, 0,
                            "what would be signed has more than %zu values; record a digest or a "
                            "summary of it",
                            ctx->limits.nodes);
    }
    ctx->limits = before;
    redan_arena_reset(&ctx->arena, mark);
    return status;
}

/* NULL when memory is refused, which is then recorded. */
static struct redan_node *add_subject(struct redan_ctx *ctx, struct redan_node *list,
                                      const struct redan_statement_subject *subject)
{
    char hex[REDAN_DIGEST_HEX];
    struct redan_slice text = {0};
    struct redan_node *node = redan_node_add_kind(ctx, list, NULL, REDAN_NODE_MAP);
    struct redan_node *digests = redan_node_add_kind(ctx, node, "digest", REDAN_NODE_MAP);

    redan_digest_hex(&subject->digest, hex);
    if (!digests || redan_copy(ctx, redan_slice_of(hex), &text) != REDAN_OK)
        return NULL;
    if (subject->name.len && !redan_node_add_text(ctx, node, "name", subject->name))
        return NULL;
    return redan_node_add_text(ctx, digests, "sha256", text);
}

enum redan_status redan_statement_write(struct redan_ctx *ctx,
                                        const struct redan_statement *statement,
                                        struct redan_slice *payload)
{
    struct redan_buf out REDAN_DEFER(redan_buf_done) = {0};
    struct redan_node *root = redan_node_new(ctx, REDAN_NODE_MAP);

    if (!statement->predicate || statement->predicate->kind != REDAN_NODE_MAP ||
        statement->count == 0 || statement->count > SUBJECTS_MAX)
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "a statement needs 1 to %d subjects and a predicate", SUBJECTS_MAX);
    struct redan_node *list =
        root ? redan_node_add_kind(ctx, root, "subject", REDAN_NODE_LIST) : NULL;
    struct redan_node *predicate = redan_node_new(ctx, REDAN_NODE_MAP);
    if (!list || !predicate ||
        !redan_node_add_text(ctx, root, "_type", redan_slice_of(REDAN_STATEMENT_TYPE)) ||
        !redan_node_add_text(ctx, root, "predicateType", statement->predicate_type))
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < statement->count; i++)
        if (!add_subject(ctx, list, &statement->subjects[i]))
            return REDAN_E_MEMORY;
    *predicate = *statement->predicate; /* a copy, since it hangs on another parent too */
    predicate->key = REDAN_S("predicate");
    predicate->next = NULL;
    redan_node_add(root, predicate);
    redan_buf_init(&out, ctx, ctx->limits.json);
    REDAN_TRY(redan_canonical_add(ctx, &out, root));
    REDAN_TRY(redan_buf_ok(ctx, &out, "a statement"));
    return redan_copy(ctx, redan_buf_view(&out), payload);
}

enum redan_status redan_node_add_digest(struct redan_ctx *ctx, struct redan_node *map,
                                        const char *key, const struct redan_digest *digest)
{
    struct redan_slice text = {0};

    REDAN_TRY(redan_digest_text(ctx, digest, &text));
    return redan_node_add_text(ctx, map, key, text) ? REDAN_OK : REDAN_E_MEMORY;
}
