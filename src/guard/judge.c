/* A request judged by every rule of the policy, in order; the strongest action wins, the first of equals. */
#include "guard/edition.h"

enum { UNAUTHORIZED = 401, FORBIDDEN = 403, UNAVAILABLE = 503 };

/* Whether a rule is for this caller at all. */
static bool concerns(const struct redan_asked *asked, const struct redan_policy_rule *rule)
{
    return rule->caller_class.len == 0 ||
           (asked->caller_class && redan_slice_eq(asked->caller_class->id, rule->caller_class));
}

void redan_shape_coarser(struct redan_policy_shape *shape, const struct redan_policy_shape *other)
{
    shape->labels = shape->labels || other->labels;
    if (other->decimals < shape->decimals)
        shape->decimals = other->decimals;
    if (other->top && (!shape->top || other->top < shape->top))
        shape->top = other->top;
    if (other->delay_ms > shape->delay_ms)
        shape->delay_ms = other->delay_ms;
}

static void add_finding(struct redan_judged *judged, const struct redan_policy_rule *rule,
                        const char *action, struct redan_slice detail)
{
    judged->findings[judged->finding_count++] = (struct redan_event_finding){
        .rule = rule->id, .action = redan_slice_of(action), .detail = detail};
}

/* A rule that speaks, by whatever action it has now. */
static void speak(struct redan_judged *judged, const struct redan_policy_rule *rule,
                  enum redan_action action, const struct redan_opinion *opinion)
{
    add_finding(judged, rule, redan_action_words[action], opinion->detail);
    if (action == REDAN_ACTION_DEGRADE)
        redan_shape_coarser(&judged->shape, &rule->shape);
    if (action <= judged->action)
        return;
    judged->action = action;
    judged->rule = rule;
    judged->status = 0;
    judged->retry_after = 0;
    judged->reason = opinion->reason;
    if (action != REDAN_ACTION_REFUSE)
        return;
    judged->status = opinion->status ? opinion->status : FORBIDDEN;
    judged->retry_after = opinion->retry_after;
}

/* A rule that cannot be applied does what its on-error says. */
static enum redan_status cannot(struct redan_asked *asked, struct redan_judged *judged,
                                const struct redan_policy_rule *rule, enum redan_status status,
                                bool unknown_caller)
{
    struct redan_opinion opinion = {
        .status = unknown_caller ? UNAUTHORIZED : UNAVAILABLE,
        .reason = unknown_caller ? REDAN_S("it is not said who calls")
                                 : REDAN_S("the request could not be judged"),
        .detail = unknown_caller ? REDAN_S("not applied: no caller is established")
                                 : REDAN_S("not applied: memory"),
    };

    if (status != REDAN_E_MEMORY && !unknown_caller) {
        struct redan_slice text = redan_slice_of(asked->ctx->failure.text);
        if (redan_format(asked->ctx, &opinion.detail, "not applied: %.*s", REDAN_FMT(text)) !=
            REDAN_OK)
            opinion.detail = REDAN_S("not applied");
    }
    redan_fail_clear(asked->ctx);
    judged->error = true;
    if (asked->region && !asked->rehearsal)
        redan_region_count(asked->region, REDAN_COUNT_ERRORS, 1);
    switch (rule->on_error) {
    case REDAN_ON_ERROR_OPEN:
        add_finding(judged, rule, "allow", opinion.detail);
        break;
    case REDAN_ON_ERROR_FLAG:
        speak(judged, rule, REDAN_ACTION_MARK, &opinion);
        break;
    case REDAN_ON_ERROR_CLOSED:
        speak(judged, rule, REDAN_ACTION_REFUSE, &opinion);
        break;
    }
    return REDAN_OK;
}

static enum redan_status apply(struct redan_asked *asked, struct redan_judged *judged,
                               const struct redan_policy_rule *rule)
{
    const struct redan_stage *stage = rule->stage;
    struct redan_opinion opinion = {0};
    bool unknown = stage->caller && asked->caller_key == 0;

    if (unknown && asked->rehearsal && !stage->learn)
        return REDAN_OK; /* a budget: nothing is counted now */
    enum redan_status status = REDAN_E_ABSENT;
    if (stage->profile && !asked->profile)
        (void)redan_fail(asked->ctx, status, 0, "there is no reference profile");
    else if (!unknown)
        status = stage->judge(asked, rule, &opinion);
    if (status != REDAN_OK)
        return cannot(asked, judged, rule, status, unknown);
    if (!opinion.speaks)
        return REDAN_OK;
    if (asked->region && !asked->rehearsal)
        redan_region_count_rule(asked->region, rule->index, false);
    speak(judged, rule, rule->action, &opinion);
    return REDAN_OK;
}

enum redan_status redan_judge_rows(struct redan_edition *edition, struct redan_asked *asked,
                                   struct redan_judged *judged)
{
    const struct redan_policy *policy = &edition->policy;

    *judged = (struct redan_judged){.shape = {.decimals = REDAN_DECIMALS_ALL}};
    asked->policy = policy;
    asked->profile = edition->has_profile ? &edition->profile : NULL;
    if (policy->rule_count == 0)
        return REDAN_OK;
    judged->findings = redan_take_array(asked->ctx, policy->rule_count, sizeof(*judged->findings));
    if (!judged->findings)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < policy->rule_count; i++) {
        if (concerns(asked, &policy->rules[i]))
            REDAN_TRY(apply(asked, judged, &policy->rules[i]));
    }
    return REDAN_OK;
}

enum redan_status redan_judge_told(struct redan_edition *edition, struct redan_asked *asked,
                                   const double *labels, const double *scores)
{
    const struct redan_policy *policy = &edition->policy;

    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct redan_policy_rule *rule = &policy->rules[i];
        const struct redan_stage *stage = rule->stage;
        if (!stage->learn || !concerns(asked, rule) || (stage->profile && !asked->profile) ||
            (stage->caller && asked->caller_key == 0))
            continue;
        if (stage->learn(asked, rule, labels, scores) == REDAN_OK)
            continue;
        redan_fail_clear(asked->ctx); /* what a stage does not learn is missing in it, not here */
        if (asked->region && !asked->rehearsal)
            redan_region_count(asked->region, REDAN_COUNT_ERRORS, 1);
    }
    return REDAN_OK;
}
