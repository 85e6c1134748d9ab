/* Judging each control once, and saying which of the proofs that a threat stands on do not hold. */
#include "threat/check.h"

/* Only a proof that is not there, or is no longer, may be called not applicable: never a measurement that says no, nor one that may
 * have been withheld. */
static bool may_waive(enum redan_outcome outcome)
{
    return outcome == REDAN_OUTCOME_MISSING || outcome == REDAN_OUTCOME_STALE ||
           outcome == REDAN_OUTCOME_WRONG_SUBJECT || outcome == REDAN_OUTCOME_WRONG_CONTEXT ||
           outcome == REDAN_OUTCOME_WRONG_SIGNER;
}

/* A signed not-applicable by the security lead, never the producer, stands in for a proof. */
static enum redan_status waive(struct redan_check *check, const struct redan_query *query,
                               struct redan_control_state *state, struct redan_judgement *judgement)
{
    const struct redan_system *s = check->system;
    struct redan_slice lead =
        s->model.owners->security_lead; /* another system's is not this one's */
    struct redan_consent consent = {0};
    const struct redan_consent_ask ask = {.holder = lead,
                                          .ring = &s->ring,
                                          .approvals = &check->not_applicable,
                                          .system = s->model.id,
                                          .kind = REDAN_APPROVAL_NOT_APPLICABLE,
                                          .subject = &query->digest,
                                          .role = REDAN_S("security-lead"),
                                          .cap = REDAN_NOT_APPLICABLE_MAX};

    if (!may_waive(judgement->outcome) || check->not_applicable.count == 0)
        return REDAN_OK;
    REDAN_TRY(redan_consent_count(check->ctx, &ask, &consent));
    if (consent.count == 0 || redan_slice_eq(lead, query->signer) ||
        (query->role.len && redan_keyring_holds(&s->ring, lead, query->role)))
        return REDAN_OK;
    judgement->outcome = REDAN_OUTCOME_WAIVED;
    judgement->grade = REDAN_GRADE_SIGNED;
    judgement->until = consent.until;
    struct redan_waiver *waiver = &state->waivers[state->waived++];
    *waiver = (struct redan_waiver){.kind = "not-applicable",
                                    .owner = lead,
                                    .reason = consent.reason,
                                    .since = consent.since,
                                    .until = consent.until,
                                    .in_force = true};
    REDAN_TRY(redan_format(check->ctx, &waiver->about, "%.*s/%.*s", REDAN_FMT(query->control),
                           REDAN_FMT(query->id)));
    return redan_format(check->ctx, &judgement->detail, "not applicable, signed by %.*s",
                        REDAN_FMT(lead));
}

/* What a proof adds to what the control comes to. */
static void count_proof(const struct redan_judgement *j, struct redan_control_state *state)
{
    state->holds = state->holds && redan_outcome_holds(j->outcome);
    if (!redan_outcome_holds(j->outcome))
        return;
    if (j->grade > state->grade)
        state->grade = j->grade;
    if (j->outcome == REDAN_OUTCOME_PASS && j->until &&
        (state->until == 0 || j->until < state->until))
        state->until = j->until;
}

static enum redan_status judge_query(struct redan_check *check, struct redan_query *query,
                                     struct redan_control_state *state,
                                     struct redan_judgement *strict, struct redan_judgement *lax)
{
    const struct redan_system *s = check->system;

    if (redan_org_separates(&s->org, REDAN_SEPARATE_SIGNER))
        query->barred = check->leads;
    REDAN_TRY(
        redan_evidence_judge(check->ctx, &s->ring, &s->store, &s->model.release, query, strict));
    if (!redan_outcome_holds(strict->outcome))
        state->proved = false;
    else if (strict->grade > state->proved_grade)
        state->proved_grade = strict->grade;
    *lax = *strict;
    REDAN_TRY(waive(check, query, state, lax));
    count_proof(lax, state);
    return REDAN_OK;
}

static enum redan_status judge_control(struct redan_check *check,
                                       const struct redan_control *control,
                                       struct redan_control_state *state)
{
    size_t count = control->query_count;
    struct redan_query *queries = redan_take_array(check->ctx, count, sizeof(*queries));
    struct redan_judgement *judgements = redan_take_array(check->ctx, count, sizeof(*judgements));
    struct redan_judgement *strict = redan_take_array(check->ctx, count, sizeof(*strict));
    struct redan_waiver *waivers = redan_take_array(check->ctx, count, sizeof(*waivers));

    if (!queries || !judgements || !strict || !waivers)
        return REDAN_E_MEMORY;
    *state = (struct redan_control_state){.control = control,
                                          .judgements = judgements,
                                          .strict = strict,
                                          .count = count,
                                          .holds = count > 0,
                                          .proved = count > 0,
                                          .waivers = waivers};
    for (size_t i = 0; i < count; i++) {
        queries[i] = control->queries[i];
        REDAN_TRY(judge_query(check, &queries[i], state, &strict[i], &judgements[i]));
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

static enum redan_status state_of(struct redan_check *check, struct redan_slice id,
                                  struct redan_control_state **state)
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

enum redan_status redan_check_control(struct redan_check *check, struct redan_slice id,
                                      const struct redan_control_state **state)
{
    struct redan_control_state *found = NULL;

    REDAN_TRY(state_of(check, id, &found));
    *state = found;
    return REDAN_OK;
}

/* One query that does not hold. That a lead took it himself is another thing than that it is not there. */
static enum redan_status raise_query(struct redan_check *check, const struct redan_rule *rule,
                                     const struct redan_threat *threat,
                                     const struct redan_judgement *j)
{
    struct redan_slice detail = {0};

    REDAN_TRY(redan_format(check->ctx, &detail, "no proof of %.*s: %.*s %s, %.*s",
                           REDAN_FMT(j->query->control), REDAN_FMT(j->query->id),
                           redan_outcome_words[j->outcome], REDAN_FMT(j->detail)));
    return redan_check_raise(check, j->barred ? &redan_rule_separation : rule,
                             redan_outcome_unclear(j->outcome) ? REDAN_LEVEL_UNCLEAR
                                                               : REDAN_LEVEL_FAIL,
                             threat, detail, j->action);
}

static enum redan_status raise_unproved(struct redan_check *check, const struct redan_rule *rule,
                                        const struct redan_threat *threat,
                                        const struct redan_control_state *state, bool strict)
{
    const struct redan_control *c = state->control;
    struct redan_slice detail = {0};
    struct redan_slice action = {0};

    for (size_t i = 0; i < state->count; i++) {
        const struct redan_judgement *j = strict ? &state->strict[i] : &state->judgements[i];
        if (!redan_outcome_holds(j->outcome))
            REDAN_TRY(raise_query(check, rule, threat, j));
    }
    if (state->count > 0)
        return REDAN_OK;
    REDAN_TRY(redan_format(check->ctx, &detail,
                           "no proof of %.*s: it has no evidence, only the claim",
                           REDAN_FMT(c->id)));
    REDAN_TRY(redan_format(check->ctx, &action,
                           "give control %.*s evidence queries, or plan it with a deadline",
                           REDAN_FMT(c->id)));
    return redan_check_raise(check, rule, REDAN_LEVEL_FAIL, threat, detail, action);
}

/* The waivers that a threat makes use of, each once. */
static enum redan_status count_waivers(struct redan_check *check, struct redan_control_state *state)
{
    for (size_t i = 0; !state->counted && i < state->waived; i++)
        REDAN_TRY(redan_check_waiver(check, &state->waivers[i]));
    state->counted = true;
    return REDAN_OK;
}

static enum redan_status prove(struct redan_check *check, const struct redan_rule *rule,
                               const struct redan_threat *threat,
                               const struct redan_texts *controls, bool strict, bool *all,
                               enum redan_grade *grade)
{
    *all = true;
    *grade = REDAN_GRADE_CLAIMED;
    for (size_t i = 0; i < controls->count; i++) {
        struct redan_control_state *state = NULL;
        REDAN_TRY(state_of(check, controls->items[i], &state));
        bool holds = strict ? state->proved : state->holds;
        enum redan_grade best = strict ? state->proved_grade : state->grade;
        if (!strict)
            REDAN_TRY(count_waivers(check, state));
        if (!holds) {
            *all = false;
            REDAN_TRY(raise_unproved(check, rule, threat, state, strict));
        } else if (best > *grade) {
            *grade = best;
        }
    }
    return REDAN_OK;
}

enum redan_status redan_check_prove(struct redan_check *check, const struct redan_rule *rule,
                                    const struct redan_threat *threat,
                                    const struct redan_texts *controls, bool *all,
                                    enum redan_grade *grade)
{
    return prove(check, rule, threat, controls, true, all, grade);
}

enum redan_status redan_check_prove_or_waive(struct redan_check *check,
                                             const struct redan_rule *rule,
                                             const struct redan_threat *threat,
                                             const struct redan_texts *controls, bool *all,
                                             enum redan_grade *grade)
{
    return prove(check, rule, threat, controls, false, all, grade);
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
