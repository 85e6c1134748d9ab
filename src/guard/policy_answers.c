/* What may leave: how answers are shaped, and the rules over them. */
#include <math.h>

#include "guard/policy_parts.h"

enum { BYTES_DEFAULT = 1 << 20, BYTES_MOST = 64 << 20, DECIMALS_MOST = 17, TOP_MOST = 1000000000 };
enum { CLASS_MOST = 1000000 };

static const char *const leave_words[] = {"", "labels", "scores", NULL};
static const char *const check_words[] = {"", "fields", "range", "schema", NULL};
static const char *const action_words[] = {"", "mask", "refuse", "mark", NULL};
static const char *const on_error_words[] = {"", "closed", "open", "flag", NULL};

struct redan_written_score {
    const struct redan_node *node;
    struct redan_slice output;
    uint64_t score_class;
};
static const struct redan_bind_field score_fields[] = {
    {"output", REDAN_BIND_TEXT, false, offsetof(struct redan_written_score, output), NULL, NULL,
     "name of the output that is the score, probability"},
    {"class", REDAN_BIND_COUNT, false, offsetof(struct redan_written_score, score_class), NULL,
     NULL, "which of a list of scores, 1"},
};
static const struct redan_bind_shape score_shape = {"the score", sizeof(struct redan_written_score),
                                                    offsetof(struct redan_written_score, node),
                                                    score_fields, REDAN_COUNT(score_fields)};

struct written_rule {
    const struct redan_node *node;
    struct redan_slice id;
    int check, action, on_error;
    struct redan_texts fields;
    double low, high;
    struct redan_slice file;
    const struct redan_node *schema;
};
static const struct redan_bind_field rule_fields[] = {
    {"id", REDAN_BIND_ID, true, offsetof(struct written_rule, id), NULL, NULL,
     "a short name, internals"},
    {"check", REDAN_BIND_WORD, true, offsetof(struct written_rule, check), NULL, check_words,
     "fields, range or schema"},
    {"action", REDAN_BIND_WORD, true, offsetof(struct written_rule, action), NULL, action_words,
     "mask, refuse or mark"},
    {"on-error", REDAN_BIND_WORD, false, offsetof(struct written_rule, on_error), NULL,
     on_error_words, "closed, open or flag"},
    {"fields", REDAN_BIND_TEXTS, false, offsetof(struct written_rule, fields), NULL, NULL,
     "what never leaves: names at any depth, or pointers, [debug, /model/path]"},
    {"low", REDAN_BIND_NUMBER, false, offsetof(struct written_rule, low), NULL, NULL,
     "no score is below it, 0"},
    {"high", REDAN_BIND_NUMBER, false, offsetof(struct written_rule, high), NULL, NULL,
     "no score is above it, 1"},
    {"file", REDAN_BIND_TEXT, false, offsetof(struct written_rule, file), NULL, NULL,
     "a JSON schema beside the policy"},
    {"schema", REDAN_BIND_NODE, false, offsetof(struct written_rule, schema), NULL, NULL,
     "a JSON schema, as a map"},
};
static const struct redan_bind_shape rule_shape = {
    "a rule over answers", sizeof(struct written_rule), offsetof(struct written_rule, node),
    rule_fields, REDAN_COUNT(rule_fields)};

static const struct redan_bind_field answers_fields[] = {
    {"bytes", REDAN_BIND_COUNT, false, offsetof(struct redan_written_answers, bytes), NULL, NULL,
     "largest answer, 1048576"},
    {"answers", REDAN_BIND_WORD, false, offsetof(struct redan_written_answers, answers), NULL,
     leave_words, "labels or scores"},
    {"threshold", REDAN_BIND_NUMBER, false, offsetof(struct redan_written_answers, threshold), NULL,
     NULL, "a score from here on is label 1, 0.5"},
    {"score", REDAN_BIND_STRUCT, false, offsetof(struct redan_written_answers, score), &score_shape,
     NULL, "{output: probability, class: 1}"},
    {"decimals", REDAN_BIND_COUNT, false, offsetof(struct redan_written_answers, decimals), NULL,
     NULL, "how many digits of a score leave, 2"},
    {"top", REDAN_BIND_COUNT, false, offsetof(struct redan_written_answers, top), NULL, NULL,
     "how many of the scores per class leave, 3"},
    {"rules", REDAN_BIND_LIST, false, offsetof(struct redan_written_answers, rules), &rule_shape,
     NULL, "[{id: internals, check: fields, fields: [debug], action: mask}]"},
};
const struct redan_bind_shape redan_policy_answers_shape = {
    "the answers", sizeof(struct redan_written_answers),
    offsetof(struct redan_written_answers, node), answers_fields, REDAN_COUNT(answers_fields)};

static void check_words_of(struct redan_problems *problems, const struct written_rule *w)
{
    static const struct {
        const char *name;
        int check;
    } belongs[] = {{"fields", 1}, {"low", 2}, {"high", 2}, {"file", 3}, {"schema", 3}};

    for (size_t i = 0; i < REDAN_COUNT(belongs); i++) {
        const struct redan_node *at = redan_node_get(w->node, belongs[i].name);
        if (at && w->check && belongs[i].check != w->check)
            redan_problem_add(problems, at, "leave it out", "%s means nothing to the check %s",
                              belongs[i].name, check_words[w->check]);
    }
}

static void check_rule(struct redan_problems *problems, const struct written_rule *w,
                       const struct redan_policy_answer_rule *rule)
{
    bool low = redan_node_get(w->node, "low") != NULL;
    bool high = redan_node_get(w->node, "high") != NULL;

    check_words_of(problems, w);
    if (w->check == 1 && w->fields.count == 0)
        redan_problem_add(problems, w->node, "fields: [debug]", "the check fields names no field");
    for (size_t i = 0; i < w->fields.count; i++)
        if (redan_slice_is(w->fields.items[i], "/"))
            redan_problem_add(problems, redan_node_get(w->node, "fields"), "/debug",
                              "\"/\" points at nothing that has a name");
    if (w->check == 2 && !low && !high)
        redan_problem_add(problems, w->node, "low: 0, high: 1", "the check range has no bound");
    if (low && high && w->low > w->high)
        redan_problem_add(problems, w->node, "write them the other way round",
                          "low %g is above high %g", w->low, w->high);
    if (w->check == 3 && !w->file.len == !w->schema)
        redan_problem_add(problems, w->node, "file: answer.schema.json, or schema: {...}",
                          "the check schema has a file or a schema: one of them");
    if (w->schema && w->schema->kind != REDAN_NODE_MAP)
        redan_problem_add(problems, w->schema, "a map, such as {type: object}",
                          "schema is no JSON schema but %s", redan_node_kind_name(w->schema->kind));
    if (w->check == 3 && rule->action == REDAN_ANSWER_MASK)
        redan_problem_add(problems, redan_node_get(w->node, "action"), "refuse or mark",
                          "an answer of another form cannot be masked");
}

static enum redan_status take_rules(struct redan_problems *problems,
                                    const struct redan_written_answers *written,
                                    struct redan_policy *policy)
{
    struct redan_policy_answers *answers = &policy->answers;
    const struct written_rule *w = written->rules.items;
    size_t count = written->rules.count;

    if (count > REDAN_POLICY_RULES) {
        redan_problem_add(problems, redan_node_get(written->node, "rules"), NULL,
                          "%zu rules are more than %d", count, REDAN_POLICY_RULES);
        count = REDAN_POLICY_RULES;
    }
    answers->rules = redan_take_array(problems->ctx, count, sizeof(*answers->rules));
    if (!answers->rules)
        return REDAN_E_MEMORY;
    answers->rule_count = count;
    for (size_t i = 0; i < count; i++) {
        answers->rules[i] = (struct redan_policy_answer_rule){
            .id = w[i].id,
            .check = w[i].check ? (enum redan_answer_check)(w[i].check - 1) : REDAN_CHECK_FIELDS,
            .action =
                w[i].action ? (enum redan_answer_action)(w[i].action - 1) : REDAN_ANSWER_REFUSE,
            .on_error =
                w[i].on_error ? (enum redan_on_error)(w[i].on_error - 1) : REDAN_ON_ERROR_CLOSED,
            .fields = w[i].fields,
            .low = redan_node_get(w[i].node, "low") ? w[i].low : -(double)INFINITY,
            .high = redan_node_get(w[i].node, "high") ? w[i].high : (double)INFINITY,
            .schema = w[i].schema,
            .file = w[i].file,
            .index = i,
        };
        check_rule(problems, &w[i], &answers->rules[i]);
        bool twice = false;
        for (size_t k = 0; k < i; k++)
            twice = twice || redan_slice_eq(w[i].id, w[k].id);
        for (size_t k = 0; k < policy->rule_count; k++)
            twice = twice || redan_slice_eq(w[i].id, policy->rules[k].id);
        if (twice && w[i].id.len)
            redan_problem_add(problems, w[i].node, "give it another id",
                              "the rule %.*s comes twice", REDAN_FMT(w[i].id));
    }
    return REDAN_OK;
}

enum redan_status redan_policy_take_answers(struct redan_problems *problems,
                                            const struct redan_written_answers *written,
                                            struct redan_policy *policy)
{
    struct redan_policy_answers *answers = &policy->answers;
    uint64_t bytes = BYTES_DEFAULT;
    uint64_t decimals = REDAN_DECIMALS_ALL;

    *answers = (struct redan_policy_answers){
        .bytes = BYTES_DEFAULT,
        .threshold = 0.5,
        .score_class = 1,
        .shape = {.decimals = REDAN_DECIMALS_ALL},
    };
    if (!written)
        return REDAN_OK;
    redan_policy_take_count(problems, written->node, "bytes", written->bytes, 1, BYTES_MOST,
                            &bytes);
    redan_policy_take_count(problems, written->node, "decimals", written->decimals, 0,
                            DECIMALS_MOST, &decimals);
    redan_policy_take_count(problems, written->node, "top", written->top, 1, TOP_MOST,
                            &answers->shape.top);
    answers->bytes = bytes;
    answers->shape.decimals = (unsigned)decimals;
    answers->shape.labels = written->answers == 1;
    if (redan_node_get(written->node, "threshold"))
        answers->threshold = written->threshold;
    if (written->score) {
        answers->score = written->score->output;
        redan_policy_take_count(problems, written->score->node, "class",
                                written->score->score_class, 0, CLASS_MOST, &answers->score_class);
    }
    return take_rules(problems, written, policy);
}
