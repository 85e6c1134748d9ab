/* Rules over requests: which stage, what follows, and the numbers that the stage takes. */
#include "guard/policy_parts.h"
#include "guard/stage.h"

enum {
    DELAY_MOST = 60000,
    DECIMALS_MOST = 17,
    PER_LEAST = 1000,
    COUNT_MOST = 1000000000,
};
#define PER_MOST ((int64_t)366 * 86400000)

static const char *const stage_words[] = {
    "", "schema", "out-of-distribution", "budget", "caller", "burst", NULL};
static const char *const action_words[] = {"", "allow", "mark", "degrade", "refuse", NULL};
static const char *const on_error_words[] = {"", "closed", "open", "flag", NULL};
static const char *const leave_words[] = {"", "labels", "scores", NULL};

/* What a stage takes beside the common words, by the place of its name. */
static const struct takes {
    bool budget;
    double alpha; /* the largest; 0: none */
} takes[] = {
    [2] = {.alpha = 0.5},
    [3] = {.budget = true},
    [4] = {.alpha = 0.1},
    [5] = {0},
};

struct written_rule {
    const struct redan_node *node;
    struct redan_slice id;
    int stage, action, on_error;
    struct redan_slice caller_class;
    double alpha;
    uint64_t requests, rows;
    struct redan_slice per;
    struct redan_written_shape *degrade;
};

static const struct redan_bind_field shape_fields[] = {
    {"answers", REDAN_BIND_WORD, false, offsetof(struct redan_written_shape, answers), NULL,
     leave_words, "labels or scores"},
    {"decimals", REDAN_BIND_COUNT, false, offsetof(struct redan_written_shape, decimals), NULL,
     NULL, "how many digits of a score leave, 2"},
    {"top", REDAN_BIND_COUNT, false, offsetof(struct redan_written_shape, top), NULL, NULL,
     "how many of the scores per class leave, 3"},
    {"delay", REDAN_BIND_TEXT, false, offsetof(struct redan_written_shape, delay), NULL, NULL,
     "how long a request waits, 500ms"},
};
static const struct redan_bind_shape shape_shape = {
    "how an answer is degraded", sizeof(struct redan_written_shape),
    offsetof(struct redan_written_shape, node), shape_fields, REDAN_COUNT(shape_fields)};

static const struct redan_bind_field rule_fields[] = {
    {"id", REDAN_BIND_ID, true, offsetof(struct written_rule, id), NULL, NULL,
     "a short name, novelty"},
    {"stage", REDAN_BIND_WORD, true, offsetof(struct written_rule, stage), NULL, stage_words,
     "schema, out-of-distribution, budget, caller or burst"},
    {"action", REDAN_BIND_WORD, true, offsetof(struct written_rule, action), NULL, action_words,
     "allow, mark, degrade or refuse"},
    {"on-error", REDAN_BIND_WORD, false, offsetof(struct written_rule, on_error), NULL,
     on_error_words, "closed, open or flag"},
    {"class", REDAN_BIND_ID, false, offsetof(struct written_rule, caller_class), NULL, NULL,
     "a class of callers; without it the rule is for all"},
    {"alpha", REDAN_BIND_NUMBER, false, offsetof(struct written_rule, alpha), NULL, NULL,
     "the share of false alarms that is accepted, 0.01"},
    {"requests", REDAN_BIND_COUNT, false, offsetof(struct written_rule, requests), NULL, NULL,
     "of a budget: so many requests, 600"},
    {"rows", REDAN_BIND_COUNT, false, offsetof(struct written_rule, rows), NULL, NULL,
     "of a budget: so many rows, 600"},
    {"per", REDAN_BIND_TEXT, false, offsetof(struct written_rule, per), NULL, NULL,
     "of a budget: in how long, 1m"},
    {"degrade", REDAN_BIND_STRUCT, false, offsetof(struct written_rule, degrade), &shape_shape,
     NULL, "{answers: labels, delay: 500ms}"},
};
const struct redan_bind_shape redan_policy_rule_shape = {"a rule", sizeof(struct written_rule),
                                                         offsetof(struct written_rule, node),
                                                         rule_fields, REDAN_COUNT(rule_fields)};

void redan_policy_take_shape(struct redan_problems *problems,
                             const struct redan_written_shape *written,
                             struct redan_policy_shape *shape)
{
    uint64_t decimals = REDAN_DECIMALS_ALL;

    *shape = (struct redan_policy_shape){.labels = written->answers == 1};
    redan_policy_take_count(problems, written->node, "decimals", written->decimals, 0,
                            DECIMALS_MOST, &decimals);
    redan_policy_take_count(problems, written->node, "top", written->top, 1, COUNT_MOST,
                            &shape->top);
    redan_policy_take_span(problems, written->node, "delay", written->delay, 1, DELAY_MOST,
                           &shape->delay_ms);
    shape->decimals = (unsigned)decimals;
}

static void check_alpha(struct redan_problems *problems, const struct written_rule *w, double most)
{
    const struct redan_node *at = redan_node_get(w->node, "alpha");

    if (most > 0 && !at)
        redan_problem_add(problems, w->node, "alpha: 0.01",
                          "the stage %s needs alpha, the share of false alarms that is accepted",
                          stage_words[w->stage]);
    else if (most > 0 && !(w->alpha > 0 && w->alpha <= most))
        redan_problem_add(problems, at, NULL, "alpha is %g; it lies above 0, and is at most %g",
                          w->alpha, most);
    else if (most <= 0 && at)
        redan_problem_add(problems, at, "leave it out", "alpha means nothing to the stage %s",
                          stage_words[w->stage]);
}

static void take_budget(struct redan_problems *problems, const struct written_rule *w, bool budget,
                        struct redan_policy_rule *rule)
{
    static const char *const names[] = {"requests", "rows", "per"};
    const struct redan_node *requests = redan_node_get(w->node, "requests");
    const struct redan_node *rows = redan_node_get(w->node, "rows");
    int64_t per = 0;

    for (size_t i = 0; i < REDAN_COUNT(names) && !budget; i++)
        if (redan_node_get(w->node, names[i]))
            redan_problem_add(problems, redan_node_get(w->node, names[i]), "leave it out",
                              "%s means nothing to the stage %s", names[i], stage_words[w->stage]);
    if (!budget)
        return;
    if (!requests == !rows)
        redan_problem_add(problems, w->node, "rows: 600, or requests: 600",
                          "a budget is over requests or over rows: one of them");
    if (!redan_node_get(w->node, "per"))
        redan_problem_add(problems, w->node, "per: 1m", "a budget needs \"per\", its span of time");
    redan_policy_take_count(problems, w->node, "requests", w->requests, 1, COUNT_MOST,
                            &rule->requests);
    redan_policy_take_count(problems, w->node, "rows", w->rows, 1, COUNT_MOST, &rule->rows);
    redan_policy_take_span(problems, w->node, "per", w->per, PER_LEAST, PER_MOST, &per);
    if (per % 1000)
        redan_problem_add(problems, redan_node_get(w->node, "per"), "per: 1s or more",
                          "a budget is counted in whole seconds");
    rule->per = per / 1000;
}

static void check_action(struct redan_problems *problems, const struct written_rule *w,
                         const struct redan_policy *policy, const struct redan_policy_rule *rule)
{
    if (rule->action > rule->stage->most)
        redan_problem_add(problems, redan_node_get(w->node, "action"), NULL,
                          "the stage %s may at most %s: what it sees proves nothing about a caller",
                          rule->stage->name, redan_action_words[rule->stage->most]);
    if (rule->stage->profile && !policy->profile.len)
        redan_problem_add(problems, w->node, "profile: {file: profile.json}",
                          "the stage %s needs a profile", rule->stage->name);
    if (rule->action == REDAN_ACTION_DEGRADE && !w->degrade)
        redan_problem_add(problems, w->node, "degrade: {answers: labels}",
                          "a rule that degrades says how");
    if (rule->action != REDAN_ACTION_DEGRADE && w->degrade)
        redan_problem_add(problems, w->degrade->node, "action: degrade, or leave it out",
                          "degrade means nothing to the action %s",
                          redan_action_words[rule->action]);
    if (w->degrade && w->degrade->node && w->degrade->node->count == 0)
        redan_problem_add(problems, w->degrade->node, "degrade: {answers: labels}",
                          "degrade says nothing");
}

static void check_class(struct redan_problems *problems, const struct written_rule *w,
                        const struct redan_policy *policy)
{
    size_t i = 0;

    while (i < policy->class_count && !redan_slice_eq(policy->classes[i].id, w->caller_class))
        i++;
    if (w->caller_class.len && i == policy->class_count)
        redan_problem_add(problems, redan_node_get(w->node, "class"), "define it under callers",
                          "there is no class \"%s\"", redan_snippet_of(w->caller_class).text);
}

static void take_rule(struct redan_problems *problems, const struct written_rule *w,
                      const struct redan_policy *policy, struct redan_policy_rule *rule)
{
    rule->id = w->id;
    rule->caller_class = w->caller_class;
    rule->alpha = w->alpha;
    rule->shape.decimals = REDAN_DECIMALS_ALL;
    rule->action = w->action ? (enum redan_action)(w->action - 1) : REDAN_ACTION_REFUSE;
    rule->on_error = w->on_error ? (enum redan_on_error)(w->on_error - 1) : REDAN_ON_ERROR_CLOSED;
    rule->stage = redan_stage_named(redan_slice_of(stage_words[w->stage]));
    check_class(problems, w, policy);
    if (w->degrade)
        redan_policy_take_shape(problems, w->degrade, &rule->shape);
    if (!rule->stage)
        return; /* said already */
    check_alpha(problems, w, takes[w->stage].alpha);
    take_budget(problems, w, takes[w->stage].budget, rule);
    if (w->action)
        check_action(problems, w, policy, rule);
}

enum redan_status redan_policy_take_rules(struct redan_problems *problems,
                                          const struct redan_node *at,
                                          const struct redan_list *written,
                                          struct redan_policy *policy)
{
    const struct written_rule *w = written->items;
    size_t count = written->count;
    size_t budgets = 0;

    if (count > REDAN_POLICY_RULES) {
        redan_problem_add(problems, redan_node_get(at, "rules"), NULL, "%zu rules are more than %d",
                          count, REDAN_POLICY_RULES);
        count = REDAN_POLICY_RULES;
    }
    policy->rules = redan_take_array(problems->ctx, count, sizeof(*policy->rules));
    if (!policy->rules)
        return REDAN_E_MEMORY;
    policy->rule_count = count;
    for (size_t i = 0; i < count; i++) {
        policy->rules[i].index = i;
        take_rule(problems, &w[i], policy, &policy->rules[i]);
        budgets += takes[w[i].stage].budget;
        for (size_t k = 0; k < i; k++)
            if (w[i].id.len && redan_slice_eq(w[i].id, w[k].id))
                redan_problem_add(problems, w[i].node, "give it another id",
                                  "the rule %.*s comes twice", REDAN_FMT(w[i].id));
    }
    if (budgets > REDAN_REGION_BUDGETS)
        redan_problem_add(problems, redan_node_get(at, "rules"), NULL,
                          "%zu budgets are more than %d", budgets, REDAN_REGION_BUDGETS);
    return REDAN_OK;
}
