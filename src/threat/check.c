/* Running the checks, and what every check needs: findings, waivers. */
#include "threat/check.h"

enum redan_status redan_check_raise(struct redan_check *check, const struct redan_rule *rule,
                                    enum redan_level level, const struct redan_threat *threat,
                                    struct redan_slice detail, struct redan_slice action)
{
    struct redan_finding *finding = redan_finding_add(
        &check->findings, rule, level, threat ? threat->id : (struct redan_slice){"", 0}, "%.*s",
        REDAN_FMT(detail));

    if (!finding)
        return REDAN_E_MEMORY;
    finding->action = action;
    finding->file = check->system->model.file;
    if (threat) {
        finding->line = threat->node->line;
        finding->column = threat->node->column;
    }
    return REDAN_OK;
}

enum redan_status redan_check_waiver(struct redan_check *check, const struct redan_waiver *waiver)
{
    if (check->waiver_count == check->waiver_cap) {
        size_t cap = check->waiver_cap ? check->waiver_cap * 2 : 16;
        struct redan_waiver *grown = redan_take_array(check->ctx, cap, sizeof(*grown));
        if (!grown)
            return REDAN_E_MEMORY;
        for (size_t i = 0; i < check->waiver_count; i++)
            grown[i] = check->waivers[i];
        check->waivers = grown;
        check->waiver_cap = cap;
    }
    check->waivers[check->waiver_count++] = *waiver;
    return REDAN_OK;
}

/* The leads by id, and by name where keys.yaml has one: a person may be listed twice. */
static enum redan_status find_leads(struct redan_check *check)
{
    const struct redan_owners *owners = check->system->model.owners;
    struct redan_slice *names = redan_take_array(check->ctx, 4, sizeof(*names));
    size_t count = 2;

    if (!names)
        return REDAN_E_MEMORY;
    names[0] = owners->ml_lead;
    names[1] = owners->security_lead;
    for (size_t i = 0; i < 2; i++) {
        struct redan_slice name = redan_check_person(check, names[i]);
        if (name.len)
            names[count++] = name;
    }
    check->leads = (struct redan_texts){names, count};
    return REDAN_OK;
}

static bool near_enough(const struct redan_approval *a)
{
    return a->kind == REDAN_APPROVAL_NOT_APPLICABLE && a->fault.len == 0 && a->until != 0 &&
           a->until - a->time <= REDAN_NOT_APPLICABLE_MAX;
}

static enum redan_status find_not_applicable(struct redan_check *check)
{
    const struct redan_approvals *all = &check->system->approvals;
    struct redan_approvals *some = &check->not_applicable;

    size_t count = 0;

    for (size_t i = 0; i < all->count; i++)
        count += near_enough(&all->items[i]);
    some->items = redan_take_array(check->ctx, count, sizeof(*some->items));
    if (!some->items)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < all->count; i++) {
        if (near_enough(&all->items[i]))
            some->items[some->count++] = all->items[i];
    }
    return REDAN_OK;
}

static enum redan_status run_check(struct redan_check *check, const struct redan_threat_check *one)
{
    const struct redan_threat *threats = check->system->model.threats.items;

    if (one->run)
        return one->run(check);
    for (size_t i = 0; i < check->system->model.threats.count; i++) {
        if (threats[i].resolution->kind == (int)one->kind)
            REDAN_TRY(one->each(check, &threats[i]));
    }
    return REDAN_OK;
}

enum redan_status redan_check_run(struct redan_ctx *ctx, const struct redan_system *system,
                                  const struct redan_artefact *artefacts, size_t artefact_count,
                                  struct redan_check *check)
{
    *check = (struct redan_check){
        .ctx = ctx, .system = system, .artefacts = artefacts, .artefact_count = artefact_count};
    redan_findings_init(&check->findings, ctx);
    redan_map_init(&check->states_by_id, ctx);
    check->state_cap = system->model.controls.count + system->org.controls.count;
    check->states = redan_take_array(ctx, check->state_cap, sizeof(*check->states));
    if (!check->states)
        return REDAN_E_MEMORY;
    REDAN_TRY(find_leads(check));
    REDAN_TRY(find_not_applicable(check));
    for (size_t i = 0; redan_threat_checks[i]; i++)
        REDAN_TRY(run_check(check, redan_threat_checks[i]));
    return REDAN_OK;
}
