/* A plain JSON object: what it says is what was observed. */
#include "codec/json.h"
#include "record/import_parts.h"

static const double COUNT_MAX = 9007199254740992.0; /* every whole number up to here is a double */

static enum redan_status read_count(struct redan_ctx *ctx, const struct redan_node *root,
                                    uint64_t *n)
{
    const struct redan_node *node = redan_node_get(root, "n");
    double value = 0;

    *n = 1;
    if (!node)
        return REDAN_OK;
    bool number = redan_node_number(node, &value) && value >= 0 && value <= COUNT_MAX;
    *n = number ? (uint64_t)value : 0;
    if (number && (double)*n >= value)
        return REDAN_OK;
    return redan_fail(ctx, REDAN_E_SCHEMA, node->offset,
                      "\"n\" must be a whole number, the count of what was taken");
}

enum redan_status redan_import_object(struct redan_ctx *ctx, struct redan_slice text,
                                      struct redan_imported *imported)
{
    const struct redan_node *root = NULL;
    uint64_t n = 0;

    REDAN_TRY(redan_json_parse(ctx, text, &root));
    REDAN_TRY(redan_import_kind(ctx, root, "the document", REDAN_NODE_MAP));
    REDAN_TRY(read_count(ctx, root, &n));
    struct redan_node *observed = redan_node_new(ctx, REDAN_NODE_MAP);
    if (!observed)
        return REDAN_E_MEMORY;
    *observed = *root;
    *imported = (struct redan_imported){.observed = observed, .n = n};
    return REDAN_OK;
}

static bool foreign(const struct redan_query *query)
{
    return !redan_slice_starts(redan_slice_of(query->type->predicate),
                               REDAN_S("https://redan.dev/"));
}

static enum redan_status read(struct redan_ctx *ctx, const struct redan_keyring *ring,
                              const struct redan_query *query, struct redan_slice text,
                              struct redan_imported *imported)
{
    struct redan_imported made = {0};

    (void)ring;
    REDAN_TRY(redan_import_object(ctx, text, &made));
    const struct redan_node *head = redan_node_get(made.observed, "record");
    if (head && foreign(query)) /* whose predicate holds the header beside what was observed */
        return redan_fail(ctx, REDAN_E_SCHEMA, head->offset,
                          "the name \"record\" is taken by the record's own header; rename it");
    *imported = made;
    return REDAN_OK;
}

const struct redan_importer redan_importer_json = {
    .name = "json",
    .title = "plain JSON object, taken as observed",
    .read = read,
};
