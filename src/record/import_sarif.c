/* SARIF 2.1.0: how much a scan found, how grave, and whether it ran to its end. */
#include "record/import_sarif.h"

#include "codec/json.h"

struct tally {
    struct redan_ctx *ctx;
    struct redan_node *tools; /* names, each once */
    uint64_t findings;
    uint64_t suppressed;
    uint64_t levels[REDAN_SARIF_LEVELS];
    uint64_t artifacts;
    bool complete;
};

/* 3.27.23 and 3.35.3: suppressed when every suppression was accepted, which is the default. */
static enum redan_status is_suppressed(struct redan_ctx *ctx, const struct redan_node *result,
                                       bool *suppressed)
{
    const struct redan_node *list = NULL;

    REDAN_TRY(redan_import_child(ctx, result, "suppressions", REDAN_NODE_LIST, &list));
    *suppressed = list && list->count > 0;
    for (const struct redan_node *n = list ? list->first : NULL; n && *suppressed; n = n->next) {
        const struct redan_node *status = redan_node_get(n, "status");
        *suppressed = n->kind == REDAN_NODE_MAP &&
                      (!status || redan_slice_is(redan_node_text(n, "status"), "accepted"));
    }
    return REDAN_OK;
}

static enum redan_status read_result(struct tally *t, const struct redan_sarif_rules *rules,
                                     const struct redan_node *result)
{
    enum redan_sarif_level level = REDAN_SARIF_NONE;
    struct redan_slice kind = redan_node_text(result, "kind");
    bool suppressed = false;

    REDAN_TRY(redan_import_kind(t->ctx, result, "a result", REDAN_NODE_MAP));
    REDAN_TRY(redan_sarif_level_of(t->ctx, rules, result, &level));
    if (redan_slice_is(kind, "pass") || redan_slice_is(kind, "notApplicable") ||
        redan_slice_is(redan_node_text(result, "baselineState"), "absent"))
        return REDAN_OK;
    REDAN_TRY(is_suppressed(t->ctx, result, &suppressed));
    if (suppressed) {
        t->suppressed++;
        return REDAN_OK;
    }
    t->findings++;
    t->levels[level]++;
    return REDAN_OK;
}

static enum redan_status read_results(struct tally *t, const struct redan_node *run)
{
    struct redan_sarif_rules rules;
    const struct redan_node *list = NULL;

    REDAN_TRY(redan_sarif_rules_read(t->ctx, run, &rules));
    REDAN_TRY(redan_import_child(t->ctx, run, "results", REDAN_NODE_LIST, &list));
    if (!list) /* 3.14.23: the scan did not get so far */
        t->complete = false;
    for (const struct redan_node *n = list ? list->first : NULL; n; n = n->next)
        REDAN_TRY(read_result(t, &rules, n));
    return REDAN_OK;
}

/* 3.20.21: a notification of level error says that results may be missing. */
static bool in_trouble(const struct redan_node *invocation)
{
    const struct redan_node *list = redan_node_get(invocation, "toolExecutionNotifications");

    for (const struct redan_node *n = list ? list->first : NULL; n; n = n->next) {
        if (redan_slice_is(redan_node_text(n, "level"), "error"))
            return true;
    }
    return false;
}

static enum redan_status read_invocations(struct tally *t, const struct redan_node *run)
{
    const struct redan_node *list = NULL;

    REDAN_TRY(redan_import_child(t->ctx, run, "invocations", REDAN_NODE_LIST, &list));
    if (!list || list->count == 0)
        t->complete = false;
    for (const struct redan_node *n = list ? list->first : NULL; n; n = n->next) {
        const struct redan_node *well = redan_node_get(n, "executionSuccessful");
        bool truth = false;
        if (!well || !redan_node_bool(well, &truth) || !truth || in_trouble(n))
            t->complete = false;
    }
    return REDAN_OK;
}

static enum redan_status read_tool(struct tally *t, const struct redan_node *run)
{
    const struct redan_node *driver = redan_node_get(redan_node_get(run, "tool"), "driver");
    struct redan_slice name = redan_node_text(driver, "name");

    if (name.len == 0)
        return redan_fail(t->ctx, REDAN_E_SCHEMA, run->offset,
                          "a run does not name its tool; \"tool.driver.name\" is missing");
    for (const struct redan_node *n = t->tools->first; n; n = n->next) {
        if (redan_slice_eq(n->text, name))
            return REDAN_OK;
    }
    if (t->tools->count == t->ctx->limits.depth)
        return redan_fail(t->ctx, REDAN_E_LIMIT, run->offset,
                          "runs of more than %zu tools in one report; split it", t->tools->count);
    return redan_node_add_text(t->ctx, t->tools, NULL, name) ? REDAN_OK : REDAN_E_MEMORY;
}

/* 3.14.2: a run may keep its parts in other files, which nobody has looked at here. */
static enum redan_status refuse_elsewhere(struct redan_ctx *ctx, const struct redan_node *map,
                                          const char *key)
{
    const struct redan_node *node = redan_node_get(map, key);

    if (!node || node->kind == REDAN_NODE_NULL || node->count == 0)
        return REDAN_OK;
    return redan_fail(
        ctx, REDAN_E_UNSUPPORTED, node->offset,
        "\"%s\" keeps parts of the report elsewhere; export it as one run in one file", key);
}

static enum redan_status read_run(struct tally *t, const struct redan_node *run)
{
    const struct redan_node *artifacts = NULL;

    REDAN_TRY(redan_import_kind(t->ctx, run, "a run", REDAN_NODE_MAP));
    REDAN_TRY(refuse_elsewhere(t->ctx, run, "externalPropertyFileReferences"));
    REDAN_TRY(read_tool(t, run));
    REDAN_TRY(read_invocations(t, run));
    REDAN_TRY(read_results(t, run));
    REDAN_TRY(redan_import_child(t->ctx, run, "artifacts", REDAN_NODE_LIST, &artifacts));
    t->artifacts += artifacts ? artifacts->count : 1; /* a tool that keeps no list looked at one */
    return REDAN_OK;
}

static bool add_count(struct tally *t, struct redan_node *map, const char *key, uint64_t count)
{
    return redan_node_add_number(t->ctx, map, key, (double)count);
}

static enum redan_status describe(struct tally *t, struct redan_imported *imported)
{
    struct redan_node *map = redan_node_new(t->ctx, REDAN_NODE_MAP);

    if (!map)
        return REDAN_E_MEMORY;
    if (t->tools->count == 1)
        t->tools = t->tools->first;
    t->tools->key = REDAN_S("tool");
    redan_node_add(map, t->tools);
    if (!add_count(t, map, "findings", t->findings) ||
        !add_count(t, map, "error", t->levels[REDAN_SARIF_ERROR]) ||
        !add_count(t, map, "warning", t->levels[REDAN_SARIF_WARNING]) ||
        !add_count(t, map, "note", t->levels[REDAN_SARIF_NOTE]) ||
        !add_count(t, map, "suppressed", t->suppressed) ||
        !redan_node_add_text(t->ctx, map, "coverage",
                             t->complete ? REDAN_S("complete") : REDAN_S("unknown")))
        return REDAN_E_MEMORY;
    *imported = (struct redan_imported){.observed = map, .n = t->artifacts};
    return REDAN_OK;
}

static enum redan_status read(struct redan_ctx *ctx, const struct redan_keyring *ring,
                              const struct redan_query *query, struct redan_slice text,
                              struct redan_imported *imported)
{
    struct tally t = {.ctx = ctx};
    const struct redan_node *root = NULL;
    const struct redan_node *runs = NULL;

    (void)ring;
    REDAN_TRY(redan_import_fits(ctx, &redan_importer_sarif, query));
    if (redan_slice_starts(text, REDAN_S("\xef\xbb\xbf"))) /* RFC 8259 8.1: .NET tools write one */
        text = redan_slice_sub(text, 3, SIZE_MAX);
    REDAN_TRY(redan_json_parse(ctx, text, &root));
    REDAN_TRY(redan_import_kind(ctx, root, "the report", REDAN_NODE_MAP));
    if (!redan_slice_is(redan_node_text(root, "version"), "2.1.0"))
        return redan_fail(ctx, REDAN_E_UNSUPPORTED, root->offset,
                          "not SARIF 2.1.0: \"version\" is not \"2.1.0\"; export that version");
    REDAN_TRY(refuse_elsewhere(ctx, root, "inlineExternalProperties"));
    REDAN_TRY(redan_import_child(ctx, root, "runs", REDAN_NODE_LIST, &runs));
    if (!runs)
        return redan_fail(ctx, REDAN_E_SCHEMA, root->offset, "the report has no list \"runs\"");
    t.tools = redan_node_new(ctx, REDAN_NODE_LIST);
    if (!t.tools)
        return REDAN_E_MEMORY;
    t.complete = runs->count > 0;
    for (const struct redan_node *run = runs->first; run; run = run->next)
        REDAN_TRY(read_run(&t, run));
    return describe(&t, imported);
}

const struct redan_importer redan_importer_sarif = {
    .name = "sarif",
    .title = "SARIF 2.1.0 report of a scanner",
    .type = "scan",
    .read = read,
};
