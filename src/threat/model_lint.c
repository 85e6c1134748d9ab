/* Ids, profile, stages, exclusions and the links to catalogue and organisation. */
#include "threat/model_lint.h"

#include "base/map.h"
#include "io/file.h"
#include "record/scope.h"

static void lint_kind(struct redan_problems *problems, const struct redan_node *node)
{
    if (node->kind != REDAN_NODE_LIST || node->count == 0) {
        redan_problem_add(problems, node, "write a list, kind: [predictive]", "profile.kind is %s",
                          redan_node_kind_name(node->kind));
        return;
    }
    for (const struct redan_node *k = node->first; k; k = k->next) {
        if (k->kind != REDAN_NODE_TEXT || !redan_slice_among(redan_profile_kinds, k->text))
            redan_problem_add(problems, k, "use predictive, llm, rag, agentic",
                              "unknown kind \"%.*s\"", REDAN_FMT(k->text));
    }
}

/* eu-ai-act: {high-risk: BOOL, reason: TEXT} */
static void lint_ai_act(struct redan_problems *problems, const struct redan_node *node)
{
    const struct redan_node *risk = redan_node_get(node, "high-risk");
    bool truth = false;

    if (!risk || !redan_node_bool(risk, &truth) || redan_node_text(node, "reason").len == 0)
        redan_problem_add(problems, node, "write {high-risk: false, reason: \"...\"}",
                          "eu-ai-act must say high-risk, and why");
}

/* A plain number would have one digest in many spellings, and scopes compare the spelling. */
static void lint_registry(struct redan_problems *problems, const struct redan_node *node)
{
    double number = 0;
    bool truth = false;

    if (node->kind != REDAN_NODE_TEXT || redan_node_number(node, &number) ||
        redan_node_bool(node, &truth))
        redan_problem_add(problems, node, "write a text in quotes, registry: \"reg-eu1\"",
                          "registry is %s",
                          node->kind == REDAN_NODE_TEXT ? "a number or truth without quotes"
                                                        : redan_node_kind_name(node->kind));
}

static void lint_profile(struct redan_problems *problems, const struct redan_node *profile)
{
    bool truth = false;

    if (!profile)
        return;
    if (profile->kind != REDAN_NODE_MAP) {
        redan_problem_add(problems, profile, "write {kind: [predictive], trains: true}",
                          "profile is %s", redan_node_kind_name(profile->kind));
        return;
    }
    if (!redan_node_get(profile, "kind"))
        redan_problem_add(problems, profile, "add kind: [predictive]",
                          "the profile does not say what kind of system it is");
    for (const struct redan_node *n = profile->first; n; n = n->next) {
        if (redan_slice_is(n->key, "kind"))
            lint_kind(problems, n);
        else if (redan_slice_is(n->key, "eu-ai-act"))
            lint_ai_act(problems, n);
        else if (redan_slice_is(n->key, "registry"))
            lint_registry(problems, n);
        else if (!redan_slice_among(redan_profile_flags, n->key))
            redan_problem_add(problems, n, "docs/threat-model.md lists the flags of a profile",
                              "unknown profile flag \"%.*s\"", REDAN_FMT(n->key));
        else if (!redan_node_bool(n, &truth))
            redan_problem_add(problems, n, "write true or false without quotes",
                              "profile flag \"%.*s\" is \"%.*s\"", REDAN_FMT(n->key),
                              REDAN_FMT(n->text));
    }
}

static void lint_stages(struct redan_problems *problems, const struct redan_threat_model *model)
{
    static const char *const cells[] = {"assets", "adversaries", "vectors", "controls", NULL};

    for (size_t s = 0; model->stages && s < REDAN_STAGE_COUNT; s++) {
        const struct redan_node *node = model->stages->cells[s];
        if (!node || node->kind == REDAN_NODE_TEXT)
            continue;
        if (node->kind != REDAN_NODE_MAP) {
            redan_problem_add(problems, node, "write one text, or four cells", "stage %s is %s",
                              redan_stage_words[s], redan_node_kind_name(node->kind));
            continue;
        }
        for (const struct redan_node *c = node->first; c; c = c->next) {
            if (!redan_slice_among(cells, c->key) || c->kind != REDAN_NODE_TEXT)
                redan_problem_add(
                    problems, c, "the cells are assets, adversaries, vectors, controls",
                    "stage %s has no cell \"%.*s\"", redan_stage_words[s], REDAN_FMT(c->key));
        }
    }
}

/* The file is read at every check, so it must lie in the folder that is reviewed. */
static void lint_stride(struct redan_problems *problems, const struct redan_stride *stride)
{
    if (stride && stride->file.len && !redan_path_inside(stride->file))
        redan_problem_add(
            problems, stride->node, "put it below the folder of the threat model, dfd/api.json",
            "extends-stride names a file outside the folder: \"%.*s\"", REDAN_FMT(stride->file));
}

/* One id, one thing: threats and controls share the name space, because relies-on may name either. */
static enum redan_status lint_ids(struct redan_problems *problems,
                                  const struct redan_threat_model *model)
{
    const struct redan_threat *threats = model->threats.items;
    const struct redan_control *controls = model->controls.items;
    struct redan_map seen;

    redan_map_init(&seen, problems->ctx);
    for (size_t i = 0; i < model->threats.count + model->controls.count; i++) {
        bool threat = i < model->threats.count;
        struct redan_slice id = threat ? threats[i].id : controls[i - model->threats.count].id;
        const struct redan_node *node =
            threat ? threats[i].node : controls[i - model->threats.count].node;
        if (id.len == 0)
            continue;
        enum redan_status status = redan_map_put(&seen, id, &seen); /* a set: any value will do */
        if (status == REDAN_E_EXISTS)
            redan_problem_add(problems, node, "give it an id of its own",
                              "the id \"%.*s\" is used twice", REDAN_FMT(id));
        else if (status != REDAN_OK)
            return status;
    }
    return REDAN_OK;
}

static void lint_threat(struct redan_problems *problems, const struct redan_catalog *catalog,
                        struct redan_threat *threat)
{
    if (threat->archetype.len) {
        threat->known = redan_catalog_archetype(catalog, threat->archetype);
        if (!threat->known)
            redan_problem_add(problems, threat->node,
                              "name one of the catalogue, or leave archetype out and give name and "
                              "stage",
                              "unknown archetype \"%.*s\"", REDAN_FMT(threat->archetype));
        return;
    }
    if (threat->name.len == 0 || !redan_node_get(threat->node, "stage"))
        redan_problem_add(
            problems, threat->node, "add archetype: ID, or name: and stage:",
            "threat \"%.*s\" has neither an archetype nor a name and stage of its own",
            REDAN_FMT(threat->id));
}

static void lint_controls(struct redan_problems *problems, const struct redan_catalog *catalog,
                          const struct redan_threat_model *model)
{
    const struct redan_control *controls = model->controls.items;

    for (size_t i = 0; i < model->controls.count; i++) {
        if (controls[i].catalog.len && !redan_catalog_control(catalog, controls[i].catalog))
            redan_problem_add(problems, controls[i].node,
                              "name one of the catalogue, or leave catalog out",
                              "unknown catalogue control \"%.*s\"", REDAN_FMT(controls[i].catalog));
        if (controls[i].scope.len)
            redan_problem_add(problems, controls[i].node, "scope belongs to org.yaml",
                              "control \"%.*s\" has a scope", REDAN_FMT(controls[i].id));
    }
}

static enum redan_status lint_exclusions(struct redan_problems *problems,
                                         const struct redan_catalog *catalog,
                                         const struct redan_threat_model *model)
{
    const struct redan_exclusion *items = model->exclusions.items;
    struct redan_threat *threats = model->threats.items;
    struct redan_map answered; /* archetype to the first threat that answers it */
    struct redan_map excluded; /* a set: any value will do */

    redan_map_init(&excluded, problems->ctx);
    redan_map_init(&answered, problems->ctx);
    for (size_t i = 0; model->exclusions.count && i < model->threats.count; i++) {
        enum redan_status status = REDAN_OK;
        if (threats[i].archetype.len)
            status = redan_map_put(&answered, threats[i].archetype, &threats[i]);
        if (status != REDAN_OK && status != REDAN_E_EXISTS)
            return status;
    }
    for (size_t i = 0; i < model->exclusions.count; i++) {
        const struct redan_threat *threat = redan_map_get(&answered, items[i].archetype);
        enum redan_status status = items[i].archetype.len
                                       ? redan_map_put(&excluded, items[i].archetype, &excluded)
                                       : REDAN_OK;
        if (status == REDAN_E_EXISTS)
            redan_problem_add(problems, items[i].node, "keep one",
                              "archetype %.*s is excluded twice", REDAN_FMT(items[i].archetype));
        else if (status != REDAN_OK)
            return status;
        if (items[i].archetype.len && !redan_catalog_archetype(catalog, items[i].archetype))
            redan_problem_add(problems, items[i].node, "name one of the catalogue",
                              "unknown archetype \"%.*s\"", REDAN_FMT(items[i].archetype));
        if (threat)
            redan_problem_add(problems, items[i].node, "remove one of the two",
                              "archetype %.*s is excluded and is also threat \"%.*s\"",
                              REDAN_FMT(items[i].archetype), REDAN_FMT(threat->id));
    }
    return REDAN_OK;
}

/* One exception: the system's own control of that name must be looser than the organisation's, or there is nothing to except. */
static enum redan_status lint_exception(struct redan_problems *problems,
                                        const struct redan_org *org,
                                        const struct redan_threat_model *model,
                                        const struct redan_exception *exception)
{
    const struct redan_control *own = redan_threat_model_control(model, NULL, exception->control);
    const struct redan_control *shared = redan_org_control(org, exception->control);
    struct redan_loosening loosening = {0};

    if (!shared) {
        redan_problem_add(problems, exception->node, "name a control of org.yaml, or remove it",
                          "the organisation has no control \"%.*s\"",
                          REDAN_FMT(exception->control));
        return REDAN_OK;
    }
    if (own)
        REDAN_TRY(redan_threat_model_loosened(problems->ctx, own, shared, &loosening));
    if (!loosening.count)
        redan_problem_add(problems, exception->node, "remove the exception",
                          "control \"%.*s\" is not looser here than the organisation has it",
                          REDAN_FMT(exception->control));
    return REDAN_OK;
}

static enum redan_status lint_exceptions(struct redan_problems *problems,
                                         const struct redan_org *org,
                                         const struct redan_threat_model *model)
{
    const struct redan_exception *items = model->exceptions.items;
    struct redan_map seen;

    redan_map_init(&seen, problems->ctx);
    for (size_t i = 0; i < model->exceptions.count; i++) {
        if (items[i].control.len == 0)
            continue;
        enum redan_status status = redan_map_put(&seen, items[i].control, &seen);
        if (status == REDAN_E_EXISTS)
            redan_problem_add(problems, items[i].node, "keep one",
                              "there are two exceptions for control \"%.*s\"",
                              REDAN_FMT(items[i].control));
        else if (status != REDAN_OK)
            return status;
        else
            REDAN_TRY(lint_exception(problems, org, model, &items[i]));
    }
    return REDAN_OK;
}

/* What only the organisation's file can have wrong, now that the catalogue is at hand. */
static enum redan_status lint_org(struct redan_problems *problems,
                                  const struct redan_catalog *catalog, const struct redan_org *org,
                                  const struct redan_threat_model *model)
{
    struct redan_slice file = problems->file;

    if (model->id.len && redan_slice_eq(model->id, org->id)) /* their records would be mixed up */
        redan_problem_add(problems, redan_node_get(model->root_node, "id"),
                          "give the system an id of its own",
                          "\"%.*s\" is the id of the organisation", REDAN_FMT(model->id));
    REDAN_TRY(redan_path_join(problems->ctx, redan_path_folder(file), REDAN_S("org.yaml"),
                              &problems->file));
    redan_org_lint_catalog(problems, org, catalog);
    problems->file = file;
    return REDAN_OK;
}

/* The organisation's controls that this model stands on are asked about its release. */
static enum redan_status lint_inherited(struct redan_problems *problems,
                                        const struct redan_org *org,
                                        const struct redan_threat_model *model)
{
    const struct redan_control *shared = org->controls.items;

    for (size_t i = 0; i < org->controls.count; i++) {
        struct redan_control copy;
        if (shared[i].id.len == 0 || !redan_threat_model_uses(model, shared[i].id) ||
            redan_threat_model_control(model, NULL, shared[i].id))
            continue;
        REDAN_TRY(redan_threat_model_inherit(problems, model, &shared[i], &copy));
    }
    return REDAN_OK;
}

enum redan_status redan_threat_model_lint(struct redan_problems *problems,
                                          const struct redan_catalog *catalog,
                                          const struct redan_org *org,
                                          struct redan_threat_model *model)
{
    struct redan_threat *threats = model->threats.items;
    const struct redan_node *listed = redan_node_get(model->root_node, "threats");

    if (model->schema.len && !redan_slice_is(model->schema, "redan/1"))
        redan_problem_add(problems, redan_node_get(model->root_node, "schema"),
                          "write schema: redan/1", "schema is \"%.*s\"", REDAN_FMT(model->schema));
    if (listed && listed->kind == REDAN_NODE_LIST && listed->count == 0)
        redan_problem_add(problems, listed, "begin with the one that worries you most",
                          "there are no threats");
    lint_profile(problems, model->profile);
    lint_stages(problems, model);
    lint_stride(problems, model->stride);
    REDAN_TRY(lint_ids(problems, model));
    if (model->owners && model->owners->ml_lead.len &&
        redan_slice_eq(model->owners->ml_lead, model->owners->security_lead))
        redan_problem_add(problems, redan_node_get(model->root_node, "owners"), "name two persons",
                          "the ML lead and the security lead are one person");
    lint_controls(problems, catalog, model);
    for (size_t i = 0; i < model->threats.count; i++) {
        lint_threat(problems, catalog, &threats[i]);
        if (threats[i].resolution)
            redan_resolution_lint(problems, org, model, &threats[i]);
    }
    REDAN_TRY(lint_exclusions(problems, catalog, model));
    REDAN_TRY(lint_exceptions(problems, org, model));
    REDAN_TRY(lint_org(problems, catalog, org, model));
    return lint_inherited(problems, org, model);
}
