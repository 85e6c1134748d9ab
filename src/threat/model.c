/* Reading a threat model: tree, struct, then the rules that a table of fields cannot say. */
#include "threat/model.h"

#include <string.h>

#include "codec/yaml.h"
#include "io/file.h"
#include "threat/diff.h"
#include "threat/digest.h"
#include "threat/model_lint.h"
#include "threat/model_shape.h"

const struct redan_control *redan_threat_model_control(const struct redan_threat_model *model,
                                                       const struct redan_org *org,
                                                       struct redan_slice id)
{
    const struct redan_control *own = redan_map_get(&model->controls_by_id, id);

    if (own || !org)
        return own;
    return redan_org_control(org, id);
}

enum redan_status redan_threat_model_inherit(struct redan_problems *problems,
                                             const struct redan_threat_model *model,
                                             const struct redan_control *shared,
                                             struct redan_control *control)
{
    struct redan_slice file = problems->file;

    *control = *shared;
    /* where a complaint about it belongs */
    REDAN_TRY(redan_path_join(problems->ctx, redan_path_folder(file), REDAN_S("org.yaml"),
                              &problems->file));
    enum redan_status status = redan_control_resolve(problems, model->id, &model->release, control);
    problems->file = file;
    return status;
}

enum redan_status redan_threat_model_loosened(struct redan_ctx *ctx,
                                              const struct redan_control *own,
                                              const struct redan_control *shared,
                                              struct redan_loosening *loosening)
{
    struct redan_problems problems;
    struct redan_diff diff = {0};

    *loosening = (struct redan_loosening){0};
    redan_problems_init(&problems, ctx, REDAN_S("")); /* of the form: told elsewhere */
    REDAN_TRY(redan_diff_control(&problems, shared->node, own->node, &diff));
    loosening->count = diff.counts[REDAN_DIFF_LOOSENED];
    if (loosening->count > 0) /* the loosened come first */
        loosening->first = diff.entries[0].text;
    if (problems.count > 0 && loosening->count == 0) /* what cannot be compared is not tighter */
        *loosening = (struct redan_loosening){1, REDAN_S("it cannot be compared")};
    return REDAN_OK;
}

bool redan_profile_demands(const struct redan_org *org, const struct redan_node *profile,
                           const struct redan_archetype *archetype)
{
    return archetype->depth <= org->rules->depth &&
           redan_profile_meets(profile, &archetype->applies);
}

bool redan_threat_model_uses(const struct redan_threat_model *model, struct redan_slice id)
{
    const struct redan_threat *threats = model->threats.items;

    for (size_t i = 0; i < model->threats.count; i++) {
        const struct redan_resolution *r = threats[i].resolution;
        if (r && (redan_texts_have(&r->controls, id) || redan_texts_have(&r->conditions, id) ||
                  redan_texts_have(&r->relies_on, id) || redan_texts_have(&r->absent, id) ||
                  (r->interim && redan_texts_have(&r->interim->controls, id))))
            return true;
    }
    return false;
}

const struct redan_threat *redan_threat_model_threat(const struct redan_threat_model *model,
                                                     struct redan_slice id)
{
    return redan_map_get(&model->threats_by_id, id);
}

static enum redan_status index_ids(struct redan_ctx *ctx, struct redan_threat_model *model)
{
    struct redan_threat *threats = model->threats.items;
    struct redan_control *controls = model->controls.items;
    enum redan_status status = REDAN_OK;

    redan_map_init(&model->threats_by_id, ctx);
    redan_map_init(&model->controls_by_id, ctx);
    for (size_t i = 0; i < model->threats.count; i++) {
        status = redan_map_put(&model->threats_by_id, threats[i].id, &threats[i]);
        if (status != REDAN_E_EXISTS)
            REDAN_TRY(status);
    }
    for (size_t i = 0; i < model->controls.count; i++) {
        status = redan_map_put(&model->controls_by_id, controls[i].id, &controls[i]);
        if (status != REDAN_E_EXISTS)
            REDAN_TRY(status);
    }
    return REDAN_OK;
}

int redan_threat_stage(const struct redan_threat *threat)
{
    return threat->known ? threat->known->stage : threat->stage;
}

static void count_cell(const struct redan_node *cell, struct redan_page *page, bool *says)
{
    if (!cell || cell->kind != REDAN_NODE_TEXT || cell->text.len == 0)
        return;
    *says = true;
    page->written++;
    struct redan_slice text = redan_slice_trim(cell->text);
    if (redan_slice_is(text, "none") || redan_slice_is(text, "None") ||
        redan_slice_is(text, "none."))
        page->none++;
}

void redan_threat_model_page(const struct redan_threat_model *model, struct redan_page *page)
{
    static const char *const cells[] = {"assets", "adversaries", "vectors", "controls"};

    *page = (struct redan_page){0};
    for (size_t s = 0; s < REDAN_STAGE_COUNT; s++) {
        const struct redan_node *node = model->stages ? model->stages->cells[s] : NULL;
        if (node && node->kind == REDAN_NODE_TEXT) { /* the stage in one text counts as one cell */
            page->cells++;
            count_cell(node, page, &page->stage[s]);
            continue;
        }
        page->cells += 4;
        for (size_t c = 0; c < REDAN_COUNT(cells); c++)
            count_cell(redan_node_get(node, cells[c]), page, &page->stage[s]);
    }
}

/* release: NAME: "sha256:..." or the name of an outside thing. */
static enum redan_status read_release(struct redan_problems *problems,
                                      struct redan_threat_model *model)
{
    struct redan_ctx *ctx = problems->ctx;
    const struct redan_node *node = model->release_node;
    struct redan_release *release = &model->release;

    if (!node)
        return REDAN_OK;
    if (node->kind != REDAN_NODE_MAP || node->count == 0) {
        redan_problem_add(problems, node, "pin what is released: redan release pin model=PATH",
                          "release is %s, expected a map of digests",
                          node->kind == REDAN_NODE_MAP ? "empty"
                                                       : redan_node_kind_name(node->kind));
        return REDAN_OK;
    }
    release->items = redan_take_array(ctx, node->count, sizeof(*release->items));
    if (!release->items)
        return REDAN_E_MEMORY;
    for (const struct redan_node *n = node->first; n; n = n->next) {
        struct redan_release_item *item = &release->items[release->count];
        if (n->kind != REDAN_NODE_TEXT || redan_slice_trim(n->text).len == 0) {
            redan_problem_add(problems, n, "write \"sha256:HEX\", or pin it: redan release pin",
                              "release.%.*s is %s", REDAN_FMT(n->key),
                              redan_node_kind_name(n->kind));
            continue;
        }
        /* trimmed, as in the digest of the model: the same root is the same release */
        struct redan_slice value = redan_slice_trim(n->text);
        if (memchr(value.at, '\n', value.len)) {
            redan_problem_add(problems, n, "write it on one line", "release.%.*s has a line break",
                              REDAN_FMT(n->key));
            continue;
        }
        *item = (struct redan_release_item){.name = n->key, .value = value, .node = n};
        if (redan_slice_starts(value, REDAN_S("sha256:"))) {
            if (!redan_digest_parse(value, &item->digest))
                redan_problem_add(problems, n,
                                  "write 64 lower-case hexadecimal digits after sha256:",
                                  "release.%.*s is no SHA-256 digest", REDAN_FMT(n->key));
        } else {
            REDAN_TRY(redan_tagged_digest(ctx, "reference", value, &item->digest));
        }
        release->count++;
    }
    return REDAN_OK;
}

static enum redan_status resolve_controls(struct redan_problems *problems,
                                          struct redan_threat_model *model)
{
    struct redan_control *own = model->controls.items;

    for (size_t i = 0; i < model->controls.count; i++)
        REDAN_TRY(redan_control_resolve(problems, model->id, &model->release, &own[i]));
    return REDAN_OK;
}

/* Tree and struct; without a tree, `*read` is false and the problem is told. */
static enum redan_status read_model(struct redan_problems *problems, struct redan_slice text,
                                    struct redan_threat_model *model, bool *read)
{
    const struct redan_node *root = NULL;
    enum redan_status status = redan_yaml_parse(problems->ctx, text, &root);

    *model = (struct redan_threat_model){.file = problems->file};
    *read = status == REDAN_OK;
    if (status == REDAN_E_SYNTAX || status == REDAN_E_LIMIT || status == REDAN_E_SCHEMA ||
        status == REDAN_E_UNSUPPORTED) {
        redan_problem_take(problems);
        return REDAN_OK;
    }
    REDAN_TRY(status);
    REDAN_TRY(redan_bind(problems, root, &redan_threat_model_shape, model));
    model->file = problems->file;
    REDAN_TRY(index_ids(problems->ctx, model));
    return read_release(problems, model);
}

enum redan_status redan_threat_model_outline(struct redan_problems *problems,
                                             struct redan_slice text,
                                             struct redan_threat_model *model)
{
    bool read = false;

    REDAN_TRY(read_model(problems, text, model, &read));
    return problems->count > 0 ? REDAN_OK : redan_threat_digest_root(problems, model);
}

enum redan_status redan_threat_model_parse(struct redan_problems *problems,
                                           const struct redan_catalog *catalog,
                                           const struct redan_org *org, struct redan_slice text,
                                           struct redan_threat_model *model)
{
    bool read = false;

    REDAN_TRY(read_model(problems, text, model, &read));
    if (!read)
        return REDAN_OK;
    REDAN_TRY(resolve_controls(problems, model));
    REDAN_TRY(redan_threat_model_lint(problems, catalog, org, model));
    return problems->count > 0 ? REDAN_OK : redan_threat_digest(problems, org, model);
}
