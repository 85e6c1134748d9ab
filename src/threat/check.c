/* Running the checks, judging each control once, and the helpers that checks share. */
#include "threat/check.h"

enum { WAIVER_DAYS = 90, DAY = 86400 };

/* A signed not-applicable by the security lead stands in for a proof, for at most ninety days. */
static enum redan_status waive(struct redan_check *check, const struct redan_query *query,
                               struct redan_judgement *judgement)
{
    const struct redan_system *s = check->system;
    struct redan_consent consent = {0};

    REDAN_TRY(redan_approvals_consent(check->ctx, &s->ring, &s->approvals, s->model.id,
                                      REDAN_APPROVAL_NOT_APPLICABLE, &query->digest,
                                      REDAN_S("security-lead"), NULL, &consent));
    if (consent.count == 0 || consent.until == 0 ||
        consent.until - check->ctx->now > (int64_t)WAIVER_DAYS * DAY)
        return REDAN_OK;
    for (size_t i = 0; i < consent.count; i++) {
        if (redan_slice_eq(consent.holders[i], query->signer) ||
            (query->role.len && redan_keyring_holds(&s->ring, consent.holders[i], query->role)))
            return REDAN_OK; /* never the producer itself */
    }
    judgement->outcome = REDAN_OUTCOME_WAIVED;
    judgement->grade = REDAN_GRADE_SIGNED;
    judgement->until = consent.until;
    check->waived++;
    return redan_format(check->ctx, &judgement->detail, "not applicable, signed by %.*s",
                        REDAN_FMT(consent.holders[0]));
}

static enum redan_status judge_control(struct redan_check *check,
                                       const struct redan_control *control,
                                       struct redan_control_state *state)
{
    const struct redan_system *s = check->system;
    struct redan_judgement *judgements =
        redan_take_array(check->ctx, control->query_count, sizeof(*judgements));

    if (!judgements)
        return REDAN_E_MEMORY;
    *state = (struct redan_control_state){.control = control, .judgements = judgements};
    state->holds = control->query_count > 0;
    for (size_t i = 0; i < control->query_count; i++) {
        struct redan_judgement *j = &judgements[i];
        REDAN_TRY(redan_evidence_judge(check->ctx, &s->ring, &s->store, &s->model.release,
                                       &control->queries[i], j));
        if (!redan_outcome_holds(j->outcome))
            REDAN_TRY(waive(check, &control->queries[i], j));
        state->count++;
        if (!redan_outcome_holds(j->outcome)) {
            state->holds = false;
            state->unclear = state->unclear || redan_outcome_unclear(j->outcome);
            continue;
        }
        if (j->grade > state->grade)
            state->grade = j->grade;
        if (j->until && (state->until == 0 || j->until < state->until))
            state->until = j->until;
    }
    return REDAN_OK;
}

/* The form was found sound with this very control, so that there are no problems to tell of. */
static enum redan_status resolve_inherited(struct redan_check *check,
                                           const struct redan_control *shared,
                                           const struct redan_control **control)
{
    struct redan_problems problems;
    struct redan_control *copy = redan_take(check->ctx, sizeof(*copy));

    if (!copy)
        return REDAN_E_MEMORY;
    redan_problems_init(&problems, check->ctx, (struct redan_slice){"", 0});
    REDAN_TRY(redan_threat_model_inherit(&problems, &check->system->model, shared, copy));
    if (problems.count > 0)
        copy->query_count = 0; /* what cannot be asked proves nothing */
    *control = copy;
    return REDAN_OK;
}

enum redan_status redan_check_control(struct redan_check *check, struct redan_slice id,
                                      const struct redan_control_state **state)
{
    const struct redan_threat_model *model = &check->system->model;
    const struct redan_control *own = model->controls.items;
    const struct redan_control *control = NULL;

    *state = redan_map_get(&check->states_by_id, id);
    if (*state)
        return REDAN_OK;
    control = redan_threat_model_control(model, &check->system->org, id);
    if (!control || check->state_count == check->state_cap)
        return redan_fail(check->ctx, REDAN_E_SCHEMA, 0, "there is no control \"%.*s\"",
                          REDAN_FMT(id));
    if (control < own || control >= own + model->controls.count)
        REDAN_TRY(resolve_inherited(check, control, &control));
    struct redan_control_state *next = &check->states[check->state_count];
    REDAN_TRY(judge_control(check, control, next));
    REDAN_TRY(redan_map_put(&check->states_by_id, control->id, next));
    check->state_count++;
    *state = next;
    return REDAN_OK;
}

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

static enum redan_status raise_unproved(struct redan_check *check, const struct redan_rule *rule,
                                        const struct redan_threat *threat,
                                        const struct redan_control_state *state)
{
    const struct redan_control *c = state->control;
    struct redan_slice detail = {0};
    struct redan_slice action = {0};

    if (state->count == 0) {
        REDAN_TRY(redan_format(check->ctx, &detail,
                               "no proof of %.*s: it has no evidence, only the claim",
                               REDAN_FMT(c->id)));
        REDAN_TRY(redan_format(check->ctx, &action,
                               "give control %.*s evidence queries, or plan it with a deadline",
                               REDAN_FMT(c->id)));
        return redan_check_raise(check, rule, REDAN_LEVEL_FAIL, threat, detail, action);
    }
    for (size_t i = 0; i < state->count; i++) {
        const struct redan_judgement *j = &state->judgements[i];
        if (redan_outcome_holds(j->outcome))
            continue;
        REDAN_TRY(redan_format(check->ctx, &detail, "no proof of %.*s: %.*s %s, %.*s",
                               REDAN_FMT(c->id), REDAN_FMT(j->query->id),
                               redan_outcome_words[j->outcome], REDAN_FMT(j->detail)));
        REDAN_TRY(redan_check_raise(
            check, rule, redan_outcome_unclear(j->outcome) ? REDAN_LEVEL_UNCLEAR : REDAN_LEVEL_FAIL,
            threat, detail, j->action));
    }
    return REDAN_OK;
}

enum redan_status redan_check_prove(struct redan_check *check, const struct redan_rule *rule,
                                    const struct redan_threat *threat,
                                    const struct redan_texts *controls, bool *all,
                                    enum redan_grade *grade)
{
    *all = true;
    *grade = REDAN_GRADE_CLAIMED;
    for (size_t i = 0; i < controls->count; i++) {
        const struct redan_control_state *state = NULL;
        REDAN_TRY(redan_check_control(check, controls->items[i], &state));
        if (!state->holds) {
            *all = false;
            REDAN_TRY(raise_unproved(check, rule, threat, state));
        } else if (state->grade > *grade) {
            *grade = state->grade;
        }
    }
    return REDAN_OK;
}

enum redan_status redan_check_grade(struct redan_check *check, const struct redan_rule *rule,
                                    const struct redan_threat *threat, enum redan_grade grade)
{
    enum redan_severity severity = (enum redan_severity)threat->severity;
    enum redan_grade least = redan_org_min_grade(&check->system->org, severity);
    struct redan_slice detail = {0};

    if (grade >= least)
        return REDAN_OK;
    REDAN_TRY(redan_format(check->ctx, &detail, "its best proof is %s, a %s threat asks for %s",
                           redan_grade_words[grade], redan_severity_words[severity],
                           redan_grade_words[least]));
    return redan_check_raise(check, rule, REDAN_LEVEL_FAIL, threat, detail,
                             redan_slice_of(rule->help));
}

/* What the organisation asks for and what keys.yaml does: the more of the two. */
static uint64_t quorum_of(const struct redan_system *s, struct redan_slice role)
{
    const struct redan_keyring_role *known = redan_keyring_role(&s->ring, role);
    uint64_t quorum = redan_org_quorum(&s->org, role);

    return known && known->quorum > quorum ? known->quorum : quorum;
}

/* Where several bodies accept, the one of most; never the first, for the order of threats is not signed. */
struct redan_slice redan_check_body(const struct redan_check *check)
{
    const struct redan_threat *threats = check->system->model.threats.items;
    struct redan_slice best = {0};
    uint64_t most = 0;

    for (size_t i = 0; i < check->system->model.threats.count; i++) {
        struct redan_slice body = threats[i].resolution->body;
        uint64_t quorum = body.len ? quorum_of(check->system, body) : 0;
        if (quorum > most || (quorum && quorum == most && redan_slice_cmp(body, best) < 0)) {
            best = body;
            most = quorum;
        }
    }
    return best.len ? best : REDAN_S("risk-board");
}

/* Those who may not accept a risk: who owns the system, who owns the plan. */
static void bar(const struct redan_check *check, const struct redan_threat *threat,
                struct redan_slice names[3], struct redan_texts *barred)
{
    const struct redan_owners *owners = check->system->model.owners;

    names[0] = owners->ml_lead;
    names[1] = owners->security_lead;
    names[2] = threat->resolution->owner;
    *barred = (struct redan_texts){names, threat->resolution->owner.len ? 3 : 2};
}

enum redan_status redan_check_accepted(struct redan_check *check, const struct redan_rule *rule,
                                       const struct redan_threat *threat, struct redan_slice role,
                                       const char *what, bool *accepted)
{
    const struct redan_system *s = check->system;
    struct redan_slice names[3];
    struct redan_texts barred;
    struct redan_consent consent = {0};
    struct redan_slice detail = {0};
    struct redan_slice action = {0};
    uint64_t quorum = quorum_of(s, role);

    bar(check, threat, names, &barred);
    REDAN_TRY(redan_approvals_consent(check->ctx, &s->ring, &s->approvals, s->model.id,
                                      REDAN_APPROVAL_ACCEPTANCE, &threat->acceptance, role, &barred,
                                      &consent));
    *accepted = consent.count >= quorum;
    if (*accepted)
        return REDAN_OK;
    REDAN_TRY(redan_format(check->ctx, &detail, "%s: %zu of %llu signatures of %.*s%s%.*s", what,
                           consent.count, (unsigned long long)quorum, REDAN_FMT(role),
                           consent.why.len ? ", " : "", REDAN_FMT(consent.why)));
    REDAN_TRY(redan_format(check->ctx, &action,
                           "have the body sign: redan approve --role %.*s --accept %.*s --key KEY",
                           REDAN_FMT(role), REDAN_FMT(threat->id)));
    return redan_check_raise(check, rule, REDAN_LEVEL_FAIL, threat, detail, action);
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
    for (size_t i = 0; redan_threat_checks[i]; i++)
        REDAN_TRY(run_check(check, redan_threat_checks[i]));
    return REDAN_OK;
}
