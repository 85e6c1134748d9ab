/* What the organisation requires of every system in scope: a control of this kind that answers a threat, and is proved. */
#include "record/scope.h"
#include "threat/check_table.h"

static const char *const maps[] = {"sp-800-218a:2024/PW.1.1", NULL};
static const struct redan_rule rule = {
    "TM032", "a control that the organisation requires is not there", REDAN_SEVERITY_HIGH, maps,
    "answer a threat with a control of this kind, and prove it"};
static const struct redan_rule *const rules[] = {&rule, NULL};

/* Of the controls that hold a threat now, whether one of this kind is proved; `found` is one that is not. */
static enum redan_status search(struct redan_check *check, const struct redan_texts *ids,
                                struct redan_slice kind, struct redan_slice *found, bool *proved)
{
    const struct redan_system *s = check->system;

    for (size_t i = 0; i < ids->count && !*proved; i++) {
        const struct redan_control *c =
            redan_threat_model_control(&s->model, &s->org, ids->items[i]);
        const struct redan_control_state *state = NULL;
        if (!c || !redan_slice_eq(c->catalog, kind))
            continue;
        REDAN_TRY(redan_check_control(check, c->id, &state));
        *found = c->id;
        *proved = state->proved;
    }
    return REDAN_OK;
}

static enum redan_status judge(struct redan_check *check, const struct redan_required *required)
{
    const struct redan_threat_model *model = &check->system->model;
    const struct redan_threat *threats = model->threats.items;
    struct redan_slice found = {0};
    struct redan_slice detail = {0};
    struct redan_slice action = {0};
    bool proved = false;

    for (size_t i = 0; i < model->threats.count && !proved; i++) {
        const struct redan_resolution *r = threats[i].resolution;
        if (r->kind == REDAN_RESOLUTION_CONTROL)
            REDAN_TRY(search(check, &r->controls, required->catalog, &found, &proved));
        else if (r->kind == REDAN_RESOLUTION_PLANNED && r->interim)
            REDAN_TRY(search(check, &r->interim->controls, required->catalog, &found, &proved));
    }
    if (proved)
        return REDAN_OK;
    const struct redan_catalog_control *known =
        redan_catalog_control(check->system->catalog, required->catalog);
    REDAN_TRY(redan_format(check->ctx, &detail, "%.*s %.*s is required, and %.*s%s",
                           REDAN_FMT(required->catalog),
                           REDAN_FMT(known ? known->name : REDAN_S("")),
                           REDAN_FMT(found.len ? found : REDAN_S("no threat is answered by one")),
                           found.len ? " is not proved" : ""));
    REDAN_TRY(redan_format(check->ctx, &action,
                           found.len ? "prove %.*s, or answer a threat with another one"
                                     : "answer a threat with a control of catalog: %.*s",
                           REDAN_FMT(found.len ? found : required->catalog)));
    return redan_check_raise(check, &rule,
                             required->from > check->ctx->now ? REDAN_LEVEL_WARN : REDAN_LEVEL_FAIL,
                             NULL, detail, action);
}

static enum redan_status run(struct redan_check *check)
{
    const struct redan_required *items = check->system->org.required.items;

    for (size_t i = 0; i < check->system->org.required.count; i++) {
        if (redan_scope_meets(items[i].scope, check->system->model.profile))
            REDAN_TRY(judge(check, &items[i]));
    }
    return REDAN_OK;
}

const struct redan_threat_check redan_check_required = {
    .name = "required", .rules = rules, .run = run};
