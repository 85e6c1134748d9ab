/* The four resolutions: which fields each must and may have, and what its dates may say. */
#include "base/clock.h"
#include "threat/model_lint.h"

enum use { NO, MAY, MUST };

/* One row per field, one column per kind. */
static const struct {
    const char *field;
    enum use use[4]; /* control, planned, accepted, eliminated */
    const char *fix;
} uses[] = {
    {"cycle", {MUST, NO, NO, NO}, "cycle: 2026Q4"},
    {"controls", {MUST, MAY, NO, NO}, "controls: [label-only]"},
    {"residual", {MUST, NO, MUST, NO}, "residual: low"},
    {"owner", {NO, MUST, NO, NO}, "owner: d.moreau"},
    {"ticket", {NO, MUST, NO, NO}, "ticket: FRD-2210"},
    {"opened", {NO, MUST, NO, NO}, "opened: 2026-10-05"},
    {"due", {NO, MUST, NO, NO}, "due: 2027-02-26"},
    {"redates", {NO, MAY, NO, NO}, "redates: [2026-12-01]"},
    {"interim", {NO, MUST, NO, NO}, "interim: {controls: [], residual: high}"},
    {"body", {NO, NO, MUST, NO}, "body: risk-board"},
    {"reason", {NO, NO, MUST, NO}, "reason: why the risk is carried"},
    {"expires", {NO, NO, MUST, NO}, "expires: 2027-05-31"},
    {"conditions", {NO, NO, MAY, NO}, "conditions: [mia-audit]"},
    {"relies-on", {NO, NO, MAY, NO}, "relies-on: [label-only]"},
    {"change", {NO, NO, NO, MUST}, "change: git:7f3c9a1"},
    {"absent", {NO, NO, NO, MUST}, "absent: [no-online-update]"},
};

static void lint_fields(struct redan_problems *problems, const struct redan_resolution *r)
{
    for (size_t i = 0; i < REDAN_COUNT(uses); i++) {
        const struct redan_node *there = redan_node_get(r->node, uses[i].field);
        enum use use = uses[i].use[r->kind];
        if (there && use == NO)
            redan_problem_add(problems, there, "a threat has exactly one resolution; remove it",
                              "a resolution of kind %s has no \"%s\"",
                              redan_resolution_words[r->kind], uses[i].field);
        if (!there && use == MUST)
            redan_problem_add(problems, r->node, uses[i].fix,
                              "a resolution of kind %s needs \"%s\"",
                              redan_resolution_words[r->kind], uses[i].field);
    }
}

static void lint_refs(struct redan_problems *problems, const struct redan_org *org,
                      const struct redan_threat_model *model, const struct redan_node *at,
                      const struct redan_texts *ids, bool threats_too, const char *field)
{
    for (size_t i = 0; i < ids->count; i++) {
        struct redan_slice id = ids->items[i];
        if (redan_threat_model_control(model, org, id) ||
            (threats_too && redan_threat_model_threat(model, id)))
            continue;
        redan_problem_add(problems, at,
                          threats_too ? "name a control or a threat"
                                      : "add the control, or correct the id",
                          "%s names \"%.*s\", which is not among the controls%s", field,
                          REDAN_FMT(id), threats_too ? " and threats" : "");
    }
}

static void need_some(struct redan_problems *problems, const struct redan_node *at,
                      const struct redan_texts *ids, const char *field, const char *fix)
{
    if (at && at->kind == REDAN_NODE_LIST && ids->count == 0)
        redan_problem_add(problems, at, fix, "%s names nothing", field);
}

/* The binder has complained about what is none; 1970-01-01 is one, although its time is 0. */
static bool dated(const struct redan_resolution *r, const char *field)
{
    int64_t at = 0;

    return redan_time_parse(redan_slice_trim(redan_node_text(r->node, field)), &at);
}

static void lint_planned(struct redan_problems *problems, const struct redan_org *org,
                         const struct redan_resolution *r)
{
    const struct redan_node *due = redan_node_get(r->node, "due");
    char span[REDAN_TIME_TEXT];

    if (!dated(r, "opened") || !dated(r, "due"))
        return;
    if (r->due <= r->opened)
        redan_problem_add(problems, due, "write a day after opened", "due is not after opened");
    if (r->due - r->opened > org->rules->planned_max) {
        redan_span_text(org->rules->planned_max, span);
        redan_problem_add(problems, due,
                          "bring it nearer, or have the governance body accept the risk",
                          "due is more than %s after opened", span);
    }
    if (r->redates.count > org->rules->planned_redates)
        redan_problem_add(problems, redan_node_get(r->node, "redates"),
                          "do it, or have the governance body accept the risk",
                          "re-dated %zu times, at most %llu are allowed", r->redates.count,
                          (unsigned long long)org->rules->planned_redates);
    for (size_t i = 0; i < r->redates.count; i++) {
        int64_t at = 0;
        if (!redan_date_parse(r->redates.items[i], &at) || at < r->opened || at >= r->due)
            redan_problem_add(problems, redan_node_get(r->node, "redates"),
                              "list the earlier due dates, all before due",
                              "\"%.*s\" is no earlier due date", REDAN_FMT(r->redates.items[i]));
    }
}

/* Who may carry a risk is the organisation's to say, not the author's. */
static void lint_body(struct redan_problems *problems, const struct redan_org *org,
                      const struct redan_resolution *r)
{
    if (r->body.len == 0 || redan_org_is_body(org, r->body))
        return;
    redan_problem_add(problems, redan_node_get(r->node, "body"),
                      "name one of the bodies of org.yaml, body: risk-board",
                      "the organisation lets no role \"%.*s\" carry a risk", REDAN_FMT(r->body));
}

static bool is_known_kind(const struct redan_resolution *r)
{
    struct redan_slice word = redan_slice_trim(redan_node_text(r->node, "kind"));

    for (size_t i = 0; redan_resolution_words[i]; i++) {
        if (redan_slice_is(word, redan_resolution_words[i]))
            return true;
    }
    return false;
}

void redan_resolution_lint(struct redan_problems *problems, const struct redan_org *org,
                           const struct redan_threat_model *model,
                           const struct redan_threat *threat)
{
    const struct redan_resolution *r = threat->resolution;
    const struct redan_node *controls = redan_node_get(r->node, "controls");

    if (!is_known_kind(r))
        return; /* the binder has said so, and nothing follows from it */
    lint_fields(problems, r);
    lint_body(problems, org, r);
    lint_refs(problems, org, model, controls, &r->controls, false, "controls");
    lint_refs(problems, org, model, redan_node_get(r->node, "conditions"), &r->conditions, false,
              "conditions");
    lint_refs(problems, org, model, redan_node_get(r->node, "relies-on"), &r->relies_on, true,
              "relies-on");
    lint_refs(problems, org, model, redan_node_get(r->node, "absent"), &r->absent, false, "absent");
    if (r->interim)
        lint_refs(problems, org, model, r->interim->node, &r->interim->controls, false, "interim");
    if (r->kind == REDAN_RESOLUTION_CONTROL)
        need_some(problems, controls, &r->controls, "controls", "name at least one control");
    if (r->kind == REDAN_RESOLUTION_ELIMINATED)
        need_some(problems, redan_node_get(r->node, "absent"), &r->absent, "absent",
                  "name a control that proves that the surface is gone");
    if (r->kind == REDAN_RESOLUTION_PLANNED)
        lint_planned(problems, org, r);
}
