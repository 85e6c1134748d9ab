/* SARIF levels: a result's own, else its rule's default, else "warning" (SARIF 2.1.0 3.27.10, 3.50.3). */
#include "record/import_sarif.h"

enum { HIERARCHY = 16 }; /* most parts of a hierarchical id that are tried */

static const char *const level_words[] = {"none", "note", "warning", "error", NULL};

/* `fallback` when it is absent. */
static enum redan_status read_level(struct redan_ctx *ctx, const struct redan_node *map,
                                    enum redan_sarif_level fallback, enum redan_sarif_level *level)
{
    const struct redan_node *node = NULL;

    *level = fallback;
    REDAN_TRY(redan_import_child(ctx, map, "level", REDAN_NODE_TEXT, &node));
    if (!node)
        return REDAN_OK;
    for (size_t i = 0; level_words[i]; i++) {
        if (redan_slice_is(node->text, level_words[i])) {
            *level = (enum redan_sarif_level)i;
            return REDAN_OK;
        }
    }
    return redan_fail(ctx, REDAN_E_SCHEMA, node->offset,
                      "level is not one of none, note, warning, error");
}

/* An index, or SIZE_MAX when there is none. SARIF writes -1 for that too. */
static size_t index_of(const struct redan_node *map, const char *key)
{
    const struct redan_node *node = redan_node_get(map, key);
    double value = 0;

    if (!node || !redan_node_number(node, &value) || value < 0 || value > 1e9)
        return SIZE_MAX;
    return (size_t)value;
}

static enum redan_status read_component(struct redan_ctx *ctx, const struct redan_node *tool,
                                        struct redan_sarif_rules *rules,
                                        struct redan_sarif_component *component)
{
    const struct redan_node *list = NULL;

    REDAN_TRY(redan_import_child(ctx, tool, "rules", REDAN_NODE_LIST, &list));
    if (!list || list->count == 0)
        return REDAN_OK;
    component->levels = redan_take_array(ctx, list->count, sizeof(*component->levels));
    if (!component->levels)
        return REDAN_E_MEMORY;
    for (const struct redan_node *rule = list->first; rule; rule = rule->next) {
        enum redan_sarif_level *level = &component->levels[component->count++];
        struct redan_slice id = redan_node_text(rule, "id");
        REDAN_TRY(read_level(ctx, redan_node_get(rule, "defaultConfiguration"), REDAN_SARIF_WARNING,
                             level));
        enum redan_sarif_level *same = id.len ? redan_map_get(&rules->ids, id) : NULL;
        if (same && *same < *level)
            *same = *level;
        if (id.len && !same)
            REDAN_TRY(redan_map_put(&rules->ids, id, level));
    }
    return REDAN_OK;
}

/* A reporting descriptor reference (3.52): by index into the driver or an extension, else by id, whose last parts may be a
 * hierarchy below the rule's (3.5.4). `index` may come from outside the reference. NULL when no rule is meant. */
static enum redan_sarif_level *find(const struct redan_sarif_rules *rules,
                                    const struct redan_node *reference, size_t index,
                                    struct redan_slice id)
{
    size_t extension = index_of(redan_node_get(reference, "toolComponent"), "index");
    const struct redan_sarif_component *component = &rules->driver;

    if (index == SIZE_MAX)
        index = index_of(reference, "index");
    if (id.len == 0)
        id = redan_node_text(reference, "id");
    if (extension != SIZE_MAX)
        component = extension < rules->extension_count ? &rules->extensions[extension] : NULL;
    if (component && index < component->count)
        return &component->levels[index];
    for (int step = 0; id.len && step < HIERARCHY; step++) {
        enum redan_sarif_level *level = redan_map_get(&rules->ids, id);
        if (level)
            return level;
        while (id.len && id.at[id.len - 1] != '/')
            id.len--;
        if (id.len)
            id.len--;
    }
    return NULL;
}

static enum redan_status raise_levels(struct redan_ctx *ctx, const struct redan_node *invocation,
                                      const struct redan_sarif_rules *rules)
{
    const struct redan_node *list = NULL;

    REDAN_TRY(
        redan_import_child(ctx, invocation, "ruleConfigurationOverrides", REDAN_NODE_LIST, &list));
    for (const struct redan_node *n = list ? list->first : NULL; n; n = n->next) {
        enum redan_sarif_level raised = REDAN_SARIF_NONE;
        enum redan_sarif_level *level =
            find(rules, redan_node_get(n, "descriptor"), SIZE_MAX, (struct redan_slice){0});
        REDAN_TRY(read_level(ctx, redan_node_get(n, "configuration"), REDAN_SARIF_NONE, &raised));
        if (level && raised > *level)
            *level = raised;
    }
    return REDAN_OK;
}

enum redan_status redan_sarif_rules_read(struct redan_ctx *ctx, const struct redan_node *run,
                                         struct redan_sarif_rules *rules)
{
    const struct redan_node *tool = redan_node_get(run, "tool");
    const struct redan_node *extensions = NULL;
    const struct redan_node *invocations = NULL;

    *rules = (struct redan_sarif_rules){0};
    redan_map_init(&rules->ids, ctx);
    REDAN_TRY(read_component(ctx, redan_node_get(tool, "driver"), rules, &rules->driver));
    REDAN_TRY(redan_import_child(ctx, tool, "extensions", REDAN_NODE_LIST, &extensions));
    if (extensions && extensions->count) {
        rules->extensions = redan_take_array(ctx, extensions->count, sizeof(*rules->extensions));
        if (!rules->extensions)
            return REDAN_E_MEMORY;
        for (const struct redan_node *n = extensions->first; n; n = n->next)
            REDAN_TRY(read_component(ctx, n, rules, &rules->extensions[rules->extension_count++]));
    }
    REDAN_TRY(redan_import_child(ctx, run, "invocations", REDAN_NODE_LIST, &invocations));
    for (const struct redan_node *n = invocations ? invocations->first : NULL; n; n = n->next)
        REDAN_TRY(raise_levels(ctx, n, rules));
    return REDAN_OK;
}

enum redan_status redan_sarif_level_of(struct redan_ctx *ctx, const struct redan_sarif_rules *rules,
                                       const struct redan_node *result,
                                       enum redan_sarif_level *level)
{
    struct redan_slice kind = redan_node_text(result, "kind");
    enum redan_sarif_level fallback = REDAN_SARIF_WARNING;
    const enum redan_sarif_level *rule =
        find(rules, redan_node_get(result, "rule"), index_of(result, "ruleIndex"),
             redan_node_text(result, "ruleId"));

    if (rule)
        fallback = *rule;
    if (kind.len && !redan_slice_is(kind, "fail")) /* 3.27.10: only a failure has a level */
        fallback = REDAN_SARIF_NONE;
    return read_level(ctx, result, fallback, level);
}
