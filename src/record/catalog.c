/* Reads the compiled-in catalogue files through the same loader and binder as everything else. */
#include "record/catalog.h"

#include "codec/yaml.h"
#include "record/embedded.h"
#include "record/rule.h"

const char *const redan_stage_words[] = {"data",      "training",  "storage",
                                         "inference", "evolution", NULL};
const char *const redan_harm_words[] = {"integrity", "confidentiality", "availability", NULL};
const char *const redan_depth_words[] = {"page", "core", "full", NULL};

static const struct redan_bind_field archetype_fields[] = {
    {"id", REDAN_BIND_ID, true, offsetof(struct redan_archetype, id), NULL, NULL, "an id"},
    {"stage", REDAN_BIND_WORD, true, offsetof(struct redan_archetype, stage), NULL,
     redan_stage_words, "a stage"},
    {"name", REDAN_BIND_TEXT, true, offsetof(struct redan_archetype, name), NULL, NULL, "a name"},
    {"scenario", REDAN_BIND_TEXT, true, offsetof(struct redan_archetype, scenario), NULL, NULL,
     "one sentence"},
    {"depth", REDAN_BIND_WORD, true, offsetof(struct redan_archetype, depth), NULL,
     redan_depth_words, "page, core or full"},
    {"harms", REDAN_BIND_TEXTS, true, offsetof(struct redan_archetype, harms), NULL, NULL,
     "what it harms"},
    {"floor", REDAN_BIND_WORD, false, offsetof(struct redan_archetype, floor), NULL,
     redan_severity_words, "the least severity that needs no governance body"},
    {"applies-when", REDAN_BIND_TEXTS, true, offsetof(struct redan_archetype, applies), NULL, NULL,
     "profile flags"},
    {"maps", REDAN_BIND_TEXTS, true, offsetof(struct redan_archetype, maps), NULL, NULL,
     "framework entries"},
    {"controls", REDAN_BIND_TEXTS, true, offsetof(struct redan_archetype, controls), NULL, NULL,
     "controls"},
};
static const struct redan_bind_shape archetype_shape = {
    "an archetype", sizeof(struct redan_archetype), offsetof(struct redan_archetype, node),
    archetype_fields, REDAN_COUNT(archetype_fields)};

static const struct redan_bind_field control_fields[] = {
    {"id", REDAN_BIND_ID, true, offsetof(struct redan_catalog_control, id), NULL, NULL, "an id"},
    {"name", REDAN_BIND_TEXT, true, offsetof(struct redan_catalog_control, name), NULL, NULL,
     "a name"},
    {"stage", REDAN_BIND_WORD, true, offsetof(struct redan_catalog_control, stage), NULL,
     redan_stage_words, "a stage"},
    {"best", REDAN_BIND_WORD, true, offsetof(struct redan_catalog_control, best), NULL,
     redan_grade_words, "E0 to E4"},
    {"maps", REDAN_BIND_TEXTS, false, offsetof(struct redan_catalog_control, maps), NULL, NULL,
     "framework entries"},
};
static const struct redan_bind_shape control_shape = {
    "a control", sizeof(struct redan_catalog_control), offsetof(struct redan_catalog_control, node),
    control_fields, REDAN_COUNT(control_fields)};

static const struct redan_bind_field framework_fields[] = {
    {"id", REDAN_BIND_TEXT, true, offsetof(struct redan_framework, id), NULL, NULL, "name:edition"},
    {"title", REDAN_BIND_TEXT, true, offsetof(struct redan_framework, title), NULL, NULL,
     "a title"},
    {"entries", REDAN_BIND_TEXTS, true, offsetof(struct redan_framework, entries), NULL, NULL,
     "entry ids"},
};
static const struct redan_bind_shape framework_shape = {
    "a framework", sizeof(struct redan_framework), offsetof(struct redan_framework, node),
    framework_fields, REDAN_COUNT(framework_fields)};

struct file {
    struct redan_slice schema;
    uint64_t version;
    struct redan_list archetypes;
    struct redan_list controls;
    struct redan_list frameworks;
};

static const struct redan_bind_field file_fields[] = {
    {"schema", REDAN_BIND_TEXT, true, offsetof(struct file, schema), NULL, NULL, "redan/catalog/1"},
    {"version", REDAN_BIND_COUNT, true, offsetof(struct file, version), NULL, NULL,
     "the catalogue's version, the same in all its files"},
    {"archetypes", REDAN_BIND_LIST, false, offsetof(struct file, archetypes), &archetype_shape,
     NULL, "archetypes"},
    {"controls", REDAN_BIND_LIST, false, offsetof(struct file, controls), &control_shape, NULL,
     "controls"},
    {"frameworks", REDAN_BIND_LIST, false, offsetof(struct file, frameworks), &framework_shape,
     NULL, "frameworks"},
};
static const struct redan_bind_shape file_shape = {"a catalogue file", sizeof(struct file),
                                                   SIZE_MAX, file_fields, REDAN_COUNT(file_fields)};

static enum redan_status load_file(struct redan_ctx *ctx, const struct redan_embedded *embedded,
                                   struct redan_catalog *catalog)
{
    struct redan_slice text = {embedded->bytes, embedded->len};
    const struct redan_node *root = NULL;
    struct redan_problems problems;
    struct file file;

    redan_problems_init(&problems, ctx, redan_slice_of(embedded->name));
    REDAN_TRY(redan_yaml_parse(ctx, text, &root));
    REDAN_TRY(redan_bind(&problems, root, &file_shape, &file));
    if (problems.count > 0)
        return redan_fail_at(ctx, REDAN_E_SCHEMA, problems.first->line, problems.first->column,
                             "catalogue %s: %.*s", embedded->name, REDAN_FMT(problems.first->text));
    if (file.version == 0 || (catalog->version != 0 && file.version != catalog->version))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "catalogue %s has the version %llu; all its files have one, from 1",
                          embedded->name, (unsigned long long)file.version);
    catalog->version = file.version;
    if (file.archetypes.count)
        catalog->archetypes = file.archetypes;
    if (file.controls.count)
        catalog->controls = file.controls;
    if (file.frameworks.count)
        catalog->frameworks = file.frameworks;
    return REDAN_OK;
}

enum redan_status redan_catalog_load(struct redan_ctx *ctx, struct redan_catalog *catalog)
{
    struct redan_hasher *REDAN_DEFER(redan_hasher_drop) hasher = NULL;

    *catalog = (struct redan_catalog){0};
    REDAN_TRY(redan_hasher_new(ctx, &hasher));
    for (const struct redan_embedded *e = redan_catalog_files; e->name; e++) {
        REDAN_TRY(load_file(ctx, e, catalog));
        REDAN_TRY(redan_hasher_add(ctx, hasher, (struct redan_slice){e->bytes, e->len}));
    }
    return redan_hasher_end(ctx, hasher, &catalog->digest);
}

const struct redan_archetype *redan_catalog_archetype(const struct redan_catalog *catalog,
                                                      struct redan_slice id)
{
    const struct redan_archetype *items = catalog->archetypes.items;

    for (size_t i = 0; i < catalog->archetypes.count; i++) {
        if (redan_slice_eq(items[i].id, id))
            return &items[i];
    }
    return NULL;
}

const struct redan_catalog_control *redan_catalog_control(const struct redan_catalog *catalog,
                                                          struct redan_slice id)
{
    const struct redan_catalog_control *items = catalog->controls.items;

    for (size_t i = 0; i < catalog->controls.count; i++) {
        if (redan_slice_eq(items[i].id, id))
            return &items[i];
    }
    return NULL;
}

bool redan_catalog_knows(const struct redan_catalog *catalog, struct redan_slice reference)
{
    const struct redan_framework *items = catalog->frameworks.items;
    struct redan_slice edition = {0};
    struct redan_slice entry = {0};

    if (!redan_slice_cut(reference, '/', &edition, &entry))
        return false;
    for (size_t i = 0; i < catalog->frameworks.count; i++) {
        if (redan_slice_eq(items[i].id, edition))
            return redan_texts_have(&items[i].entries, entry);
    }
    return false;
}

static bool flag_set(const struct redan_node *profile, struct redan_slice flag)
{
    bool truth = false;

    if (redan_slice_is(flag, "always"))
        return true;
    for (const struct redan_node *n = profile ? profile->first : NULL; n; n = n->next) {
        if (redan_slice_eq(n->key, flag))
            return redan_node_bool(n, &truth) && truth;
        if (!redan_slice_is(n->key, "kind"))
            continue;
        for (const struct redan_node *k = n->first; k; k = k->next) {
            if (redan_slice_eq(k->text, flag))
                return true;
        }
    }
    return false;
}

bool redan_profile_meets(const struct redan_node *profile, const struct redan_texts *conditions)
{
    for (size_t i = 0; i < conditions->count; i++) {
        struct redan_slice rest = conditions->items[i];
        bool all = true;
        while (all && rest.len) {
            struct redan_slice flag = {0};
            (void)redan_slice_cut(rest, '&', &flag, &rest);
            all = flag_set(profile, redan_slice_trim(flag));
        }
        if (all && conditions->items[i].len)
            return true;
    }
    return false;
}
