/* Inherited controls stand only where the organisation says that they do. */
#include "record/scope.h"
#include "threat/check_table.h"

static const char *const maps[] = {"sp-800-218a:2024/PO.1.3", NULL};
static const struct redan_rule rule = {
    "TM029", "an inherited control does not reach this system", REDAN_SEVERITY_HIGH, maps,
    "give the system a control of its own, or have the organisation widen the scope"};
static const struct redan_rule *const rules[] = {&rule, NULL};

static enum redan_status run_one(struct redan_check *check, const struct redan_threat *threat,
                                 struct redan_slice id)
{
    const struct redan_system *s = check->system;
    const struct redan_control *control = redan_org_control(&s->org, id);
    struct redan_slice detail = {0};

    if (!control || redan_threat_model_control(&s->model, NULL, id) ||
        redan_scope_meets(control->scope, s->model.profile))
        return REDAN_OK;
    REDAN_TRY(redan_format(check->ctx, &detail,
                           "%.*s is inherited where %.*s; the profile says otherwise",
                           REDAN_FMT(id), REDAN_FMT(control->scope)));
    return redan_check_raise(check, &rule, REDAN_LEVEL_FAIL, threat, detail,
                             redan_slice_of(rule.help));
}

static enum redan_status run(struct redan_check *check)
{
    static const struct redan_texts none;
    const struct redan_threat *threats = check->system->model.threats.items;

    for (size_t i = 0; i < check->system->model.threats.count; i++) {
        const struct redan_resolution *r = threats[i].resolution;
        const struct redan_texts *lists[] = {
            r->kind == REDAN_RESOLUTION_PLANNED ? &none : &r->controls, /* not built yet */
            r->interim ? &r->interim->controls : &none, &r->conditions, &r->relies_on, &r->absent};
        for (size_t k = 0; k < REDAN_COUNT(lists); k++) {
            for (size_t n = 0; n < lists[k]->count; n++)
                REDAN_TRY(run_one(check, &threats[i], lists[k]->items[n]));
        }
    }
    return REDAN_OK;
}

const struct redan_threat_check redan_check_scope = {.name = "scope", .rules = rules, .run = run};
