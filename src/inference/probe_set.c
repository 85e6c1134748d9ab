/* Between the set and its statement; subjects are called policy, profile and model. */
#include "inference/probe_set.h"

#include "inference/preset.h"

const char *const redan_probing_words[] = {
    "in-distribution", "out-of-distribution", "schema",  "malformed",   "raw-score", "oversized",
    "compressed",      "unidentified",        "unknown", "over-budget", "search",    NULL};
const char *const redan_probe_due_words[] = {"answered", "refused", "marked",
                                             "stopped",  "shaped",  NULL};

static const struct redan_bind_field item_fields[] = {
    {"class", REDAN_BIND_WORD, true, offsetof(struct redan_probe_item, of), NULL,
     redan_probing_words, "what it is a case of"},
    {"due", REDAN_BIND_WORD, true, offsetof(struct redan_probe_item, due), NULL,
     redan_probe_due_words, "what is due"},
    {"path", REDAN_BIND_TEXT, true, offsetof(struct redan_probe_item, path), NULL, NULL, "a path"},
    {"media", REDAN_BIND_TEXT, false, offsetof(struct redan_probe_item, media), NULL, NULL,
     "a content type"},
    {"encoding", REDAN_BIND_TEXT, false, offsetof(struct redan_probe_item, encoding), NULL, NULL,
     "a content encoding"},
    {"body", REDAN_BIND_TEXT, false, offsetof(struct redan_probe_item, body), NULL, NULL, "a body"},
    {"pad", REDAN_BIND_COUNT, false, offsetof(struct redan_probe_item, pad), NULL, NULL, "blanks"},
    {"caller", REDAN_BIND_COUNT, false, offsetof(struct redan_probe_item, caller), NULL, NULL,
     "a number"},
    {"times", REDAN_BIND_COUNT, false, offsetof(struct redan_probe_item, times), NULL, NULL,
     "how often"},
    {"rule", REDAN_BIND_TEXT, false, offsetof(struct redan_probe_item, rule), NULL, NULL,
     "a rule of the policy"},
};
static const struct redan_bind_shape item_shape = {"a probe", sizeof(struct redan_probe_item),
                                                   SIZE_MAX, item_fields, REDAN_COUNT(item_fields)};

static const struct redan_bind_field set_fields[] = {
    {"policy", REDAN_BIND_TEXT, true, offsetof(struct redan_probe_set, policy_id), NULL, NULL,
     "id of the policy"},
    {"caller", REDAN_BIND_TEXT, true, offsetof(struct redan_probe_set, caller), NULL, NULL,
     "what callers are called"},
    {"preset", REDAN_BIND_TEXT, true, offsetof(struct redan_probe_set, preset), NULL, NULL,
     "how answers are read"},
    {"labels", REDAN_BIND_BOOL, true, offsetof(struct redan_probe_set, labels), NULL, NULL,
     "whether only labels may leave"},
    {"decimals", REDAN_BIND_COUNT, true, offsetof(struct redan_probe_set, decimals), NULL, NULL,
     "of scores"},
    {"probes", REDAN_BIND_LIST, true, offsetof(struct redan_probe_set, items), &item_shape, NULL,
     "the requests"},
};
static const struct redan_bind_shape set_shape = {"a probe set", sizeof(struct redan_probe_set),
                                                  offsetof(struct redan_probe_set, node),
                                                  set_fields, REDAN_COUNT(set_fields)};

static bool add_text(struct redan_ctx *ctx, struct redan_node *map, const char *key,
                     struct redan_slice text)
{
    return text.len == 0 || redan_node_add_text(ctx, map, key, text);
}

static bool add_count(struct redan_ctx *ctx, struct redan_node *map, const char *key,
                      uint64_t count)
{
    return count == 0 || redan_node_add_number(ctx, map, key, (double)count);
}

static bool add_item(struct redan_ctx *ctx, struct redan_node *list,
                     const struct redan_probe_item *item)
{
    struct redan_node *map = redan_node_add_kind(ctx, list, NULL, REDAN_NODE_MAP);

    return map &&
           redan_node_add_text(ctx, map, "class", redan_slice_of(redan_probing_words[item->of])) &&
           redan_node_add_text(ctx, map, "due", redan_slice_of(redan_probe_due_words[item->due])) &&
           add_text(ctx, map, "path", item->path) && add_text(ctx, map, "media", item->media) &&
           add_text(ctx, map, "encoding", item->encoding) &&
           add_text(ctx, map, "body", item->body) && add_count(ctx, map, "pad", item->pad) &&
           add_count(ctx, map, "caller", item->caller) &&
           add_count(ctx, map, "times", item->times) && add_text(ctx, map, "rule", item->rule);
}

enum redan_status redan_probe_set_write(struct redan_ctx *ctx, const struct redan_probe_set *set,
                                        struct redan_slice *payload)
{
    const struct redan_probe_item *items = set->items.items;
    struct redan_node *map = redan_node_new(ctx, REDAN_NODE_MAP);
    struct redan_node *list = NULL;
    struct redan_statement_subject subjects[3] = {{REDAN_S("policy"), set->policy}};
    struct redan_statement statement = {
        .subjects = subjects, .count = 1, .predicate_type = REDAN_S(REDAN_PREDICATE_PROBE_SET)};

    if (!map || !redan_node_add_text(ctx, map, "policy", set->policy_id) ||
        !redan_node_add_text(ctx, map, "caller", set->caller) ||
        !redan_node_add_text(ctx, map, "preset", set->preset) ||
        !redan_node_add_bool(ctx, map, "labels", set->labels) ||
        !redan_node_add_number(ctx, map, "decimals", (double)set->decimals) ||
        !(list = redan_node_add_kind(ctx, map, "probes", REDAN_NODE_LIST)))
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < set->items.count; i++)
        if (!add_item(ctx, list, &items[i]))
            return REDAN_E_MEMORY;
    if (set->has_profile)
        subjects[statement.count++] =
            (struct redan_statement_subject){REDAN_S("profile"), set->profile};
    if (set->has_model)
        subjects[statement.count++] =
            (struct redan_statement_subject){REDAN_S("model"), set->model};
    statement.predicate = map;
    REDAN_TRY(redan_statement_write(ctx, &statement, payload));
    return redan_statement_fits(ctx, *payload);
}

static bool subject_of(const struct redan_statement *statement, const char *name,
                       struct redan_digest *digest)
{
    for (size_t i = 0; i < statement->count; i++) {
        if (redan_slice_is(statement->subjects[i].name, name)) {
            *digest = statement->subjects[i].digest;
            return true;
        }
    }
    return false;
}

/* What a request may ask of the machine that sends it. */
static enum redan_status bounded(struct redan_ctx *ctx, const struct redan_probe_set *set)
{
    const struct redan_probe_item *items = set->items.items;

    if (!redan_preset_find(set->preset))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "the probe set names an unknown preset \"%s\"",
                          redan_snippet_of(set->preset).text);
    if (set->items.count == 0 || set->items.count > REDAN_PROBE_ITEMS)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "the probe set has %zu requests; 1 to %d fit",
                          set->items.count, REDAN_PROBE_ITEMS);
    for (size_t i = 0; i < set->items.count; i++) {
        if (items[i].times > REDAN_PROBE_TIMES || items[i].pad > REDAN_PROBE_PAD)
            return redan_fail(ctx, REDAN_E_SCHEMA, 0, "probe %zu is sent too often or too large",
                              i);
        if (items[i].path.at[0] != '/')
            return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                              "the path of probe %zu has no \"/\" before it", i);
    }
    return REDAN_OK;
}

enum redan_status redan_probe_set_read(struct redan_ctx *ctx,
                                       const struct redan_statement *statement,
                                       struct redan_probe_set *set)
{
    struct redan_problems problems;
    struct redan_digest policy;

    if (!redan_slice_is(statement->predicate_type, REDAN_PREDICATE_PROBE_SET) ||
        !subject_of(statement, "policy", &policy))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "this is no probe set about a policy; redan guard probes makes one");
    redan_problems_init(&problems, ctx, REDAN_S("the probe set"));
    REDAN_TRY(redan_bind(&problems, statement->predicate, &set_shape, set));
    if (problems.count)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "%.*s", REDAN_FMT(problems.first->text));
    set->policy = policy;
    set->has_profile = subject_of(statement, "profile", &set->profile);
    set->has_model = subject_of(statement, "model", &set->model);
    return bounded(ctx, set);
}
