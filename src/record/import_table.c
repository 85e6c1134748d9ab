/* The importers: a new format is one file and one line here. */
#include "record/import_parts.h"

#include <string.h>

const struct redan_importer *const redan_importers[] = {
    &redan_importer_intoto,
    &redan_importer_json,
    &redan_importer_junit,
    &redan_importer_sarif,
    NULL,
};

const struct redan_importer *redan_importer_named(struct redan_slice name)
{
    for (size_t i = 0; redan_importers[i]; i++) {
        if (redan_slice_is(name, redan_importers[i]->name))
            return redan_importers[i];
    }
    return NULL;
}

enum redan_status redan_import_fits(struct redan_ctx *ctx, const struct redan_importer *importer,
                                    const struct redan_query *query)
{
    if (!importer->type || strcmp(importer->type, query->type->name) == 0)
        return REDAN_OK;
    return redan_fail(ctx, REDAN_E_USAGE, 0,
                      "a report in the format %s answers evidence of type %s, and %.*s/%.*s asks "
                      "for %s; choose another format",
                      importer->name, importer->type, REDAN_FMT(query->control),
                      REDAN_FMT(query->id), query->type->name);
}

enum redan_status redan_import_kind(struct redan_ctx *ctx, const struct redan_node *node,
                                    const char *what, enum redan_node_kind kind)
{
    if (node->kind == kind)
        return REDAN_OK;
    return redan_fail(ctx, REDAN_E_SCHEMA, node->offset, "%s is %s, not %s", what,
                      redan_node_kind_name(node->kind), redan_node_kind_name(kind));
}

enum redan_status redan_import_child(struct redan_ctx *ctx, const struct redan_node *map,
                                     const char *key, enum redan_node_kind kind,
                                     const struct redan_node **child)
{
    const struct redan_node *found = redan_node_get(map, key);

    *child = NULL;
    if (!found || found->kind == REDAN_NODE_NULL)
        return REDAN_OK;
    REDAN_TRY(redan_import_kind(ctx, found, key, kind));
    *child = found;
    return REDAN_OK;
}
