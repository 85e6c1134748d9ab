/* Rules over answers: what is masked, refused or marked, in which words, and what is told when one cannot be applied. */
#include "test.h"

#include <math.h>

#include "answer_fixture.h"
#include "codec/json.h"
#include "guard/answer_schema.h"

static struct redan_slice debug[] = {{"debug", 5}, {"/model/path", 11}, {"logits", 6}};
static struct redan_slice starred[] = {{"/outputs/*/parameters", 21}, {"/a~1b/0", 7}};

#define FIELDS(what, list, act, err)                                                \
    {                                                                               \
        .id = {what, sizeof(what) - 1}, .check = REDAN_CHECK_FIELDS, .action = act, \
        .on_error = err, .fields = {                                                \
            list,                                                                   \
            REDAN_COUNT(list)                                                       \
        }                                                                           \
    }
#define RANGE(what, from, to, act, err)                                            \
    {                                                                              \
        .id = {what, sizeof(what) - 1}, .check = REDAN_CHECK_RANGE, .action = act, \
        .on_error = err, .low = from, .high = to, .index = 1                       \
    }

static const struct redan_policy_answer_rule mask_fields[] = {
    FIELDS("internals", debug, REDAN_ANSWER_MASK, REDAN_ON_ERROR_CLOSED)};
static const struct redan_policy_answer_rule mask_starred[] = {
    FIELDS("internals", starred, REDAN_ANSWER_MASK, REDAN_ON_ERROR_CLOSED)};
static const struct redan_policy_answer_rule refuse_fields[] = {
    FIELDS("internals", debug, REDAN_ANSWER_REFUSE, REDAN_ON_ERROR_CLOSED)};
static const struct redan_policy_answer_rule mark_fields[] = {
    FIELDS("internals", debug, REDAN_ANSWER_MARK, REDAN_ON_ERROR_OPEN)};
static const struct redan_policy_answer_rule open_fields[] = {
    FIELDS("internals", debug, REDAN_ANSWER_MASK, REDAN_ON_ERROR_OPEN)};
static const struct redan_policy_answer_rule flag_fields[] = {
    FIELDS("internals", debug, REDAN_ANSWER_MASK, REDAN_ON_ERROR_FLAG)};
static const struct redan_policy_answer_rule mask_range[] = {
    RANGE("range", 0, 1, REDAN_ANSWER_MASK, REDAN_ON_ERROR_CLOSED)};
static const struct redan_policy_answer_rule refuse_range[] = {
    RANGE("range", 0, 1, REDAN_ANSWER_REFUSE, REDAN_ON_ERROR_CLOSED)};
static const struct redan_policy_answer_rule both[] = {
    FIELDS("internals", debug, REDAN_ANSWER_MASK, REDAN_ON_ERROR_CLOSED),
    RANGE("range", 0, 1, REDAN_ANSWER_REFUSE, REDAN_ON_ERROR_CLOSED)};

#define RULES(list) .rules = list, .rule_count = REDAN_COUNT(list)

struct rule_row {
    const char *preset;
    struct answer_policy policy;
    const char *type, *encoding;
    unsigned status;
    const char *in;
    const char *out; /* NULL: the same */
    unsigned became; /* status of ours */
    const char *rule;
    uint64_t hits;
    bool error;
};

#define REFUSAL(text, rule) \
    "{\"error\":\"the model's answer " text "\",\"rule\":\"" rule "\",\"id\":\"q1\"}"
#define BREAKS(rule) REFUSAL("breaks a rule of this service", rule)

static const struct rule_row ruled[] = {
    {V1,
     {RULES(mask_fields)},
     JSON,
     NULL,
     200,
     "{\"debug\":1,\"predictions\":[0.5]}",
     "{\"predictions\":[0.5]}",
     0,
     "internals",
     1,
     false},
    {V1,
     {RULES(mask_fields)},
     JSON,
     NULL,
     200,
     "{\"predictions\":[0.5],\"model\":{\"a\":1,\"path\":\"/x\",\"b\":2}}",
     "{\"predictions\":[0.5],\"model\":{\"a\":1,\"b\":2}}",
     0,
     "internals",
     1,
     false},
    {V1,
     {RULES(mask_fields)},
     JSON,
     NULL,
     200,
     "{\"predictions\":[{\"logits\":[1],\"debug\":{\"debug\":1}}]}",
     "{\"predictions\":[{}]}",
     0,
     "internals",
     1,
     false},
    {V1,
     {RULES(mask_fields)},
     JSON,
     NULL,
     200,
     "{\"d\\u0065bug\":1,\"predictions\":[0.5]}",
     "{\"predictions\":[0.5]}",
     0,
     "internals",
     1,
     false},
    {V1,
     {RULES(mask_fields)},
     JSON,
     NULL,
     200,
     "{\"path\":\"x\",\"predictions\":[0.5]}",
     NULL,
     0,
     NULL,
     0,
     false},
    {V1,
     {RULES(mask_starred)},
     JSON,
     NULL,
     200,
     "{\"outputs\":[{\"parameters\":1},{\"x\":1,\"parameters\":2}],\"a/b\":[1,2]}",
     "{\"outputs\":[{},{\"x\":1}],\"a/b\":[null,2]}",
     0,
     "internals",
     1,
     false},
    {V2,
     {RULES(mask_fields)},
     JSON,
     NULL,
     200,
     "{\"outputs\":[{\"name\":\"logits\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[3]},"
     "{\"name\":\"l\",\"shape\":[1],\"datatype\":\"INT8\",\"data\":[3]}]}",
     "{\"outputs\":[{\"name\":\"l\",\"shape\":[1],\"datatype\":\"INT8\",\"data\":[3]}]}",
     0,
     "internals",
     1,
     false},
    {V1,
     {RULES(refuse_fields)},
     JSON,
     NULL,
     200,
     "{\"debug\":1,\"predictions\":[0.5]}",
     BREAKS("internals"),
     502,
     "internals",
     1,
     false},
    {V1,
     {RULES(mark_fields)},
     JSON,
     NULL,
     200,
     "{\"debug\":1,\"predictions\":[0.5]}",
     NULL,
     0,
     "internals",
     1,
     false},
    {V1,
     {RULES(refuse_fields), .observe = true},
     JSON,
     NULL,
     200,
     "{\"debug\":1}",
     NULL,
     0,
     "internals",
     1,
     false},
    {V1,
     {RULES(mask_range)},
     JSON,
     NULL,
     200,
     "{\"predictions\":[1.5,-3,0.5,1e999,\"7.5\"],\"x\":9}",
     "{\"predictions\":[1,0,0.5,1,\"1\"],\"x\":9}",
     0,
     "range",
     2,
     false},
    {V1,
     {RULES(mask_range), .round = true, .decimals = 1},
     JSON,
     NULL,
     200,
     "{\"predictions\":[1.57,0.57]}",
     "{\"predictions\":[1,0.6]}",
     0,
     "range",
     2,
     false},
    {V1,
     {RULES(refuse_range)},
     JSON,
     NULL,
     200,
     "{\"predictions\":[1.5]}",
     BREAKS("range"),
     502,
     "range",
     2,
     false},
    {V1,
     {RULES(refuse_range)},
     JSON,
     NULL,
     200,
     "{\"predictions\":[{\"label\":7,\"score\":0.5}]}",
     NULL,
     0,
     NULL,
     0,
     false},
    {V2,
     {RULES(refuse_range)},
     JSON,
     NULL,
     200,
     "{\"outputs\":[{\"name\":\"l\",\"shape\":[1],\"datatype\":\"INT8\",\"data\":[3]}]}",
     NULL,
     0,
     NULL,
     0,
     false},
    {V2,
     {RULES(refuse_range)},
     JSON,
     NULL,
     200,
     "{\"outputs\":[{\"name\":\"l\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[3]}]}",
     BREAKS("range"),
     502,
     "range",
     2,
     false},
    {SM,
     {RULES(refuse_range)},
     CSV,
     NULL,
     200,
     "0.5\n1.5\n",
     BREAKS("range"),
     502,
     "range",
     2,
     false},
    {SM, {RULES(mask_range)}, CSV, NULL, 200, "0.5\n1.5\n", "0.5\n1\n", 0, "range", 2, false},
    {SM,
     {RULES(mask_fields)},
     CSV,
     NULL,
     200,
     "p,\"debug\"\n1,/srv/model\n",
     REFUSAL("is not as it should be", "internals"),
     502,
     "internals",
     1,
     true},
    {SM,
     {RULES(refuse_fields)},
     CSV,
     NULL,
     200,
     "debug,p\n/srv/model,1\n",
     BREAKS("internals"),
     502,
     "internals",
     1,
     false},
    {SM,
     {RULES(open_fields)},
     CSV,
     NULL,
     200,
     "debug,p\n/srv/model,1\n",
     NULL,
     0,
     "internals",
     1,
     true},
    {SM, {RULES(mask_fields)}, CSV, NULL, 200, "p,q\n1,debug\n", NULL, 0, NULL, 0, false},
    {V1,
     {RULES(both)},
     JSON,
     NULL,
     200,
     "{\"debug\":1,\"predictions\":[3]}",
     BREAKS("range"),
     502,
     "range",
     3,
     false},
    {V1,
     {RULES(both)},
     JSON,
     NULL,
     200,
     "{\"debug\":1,\"predictions\":[0.5]}",
     "{\"predictions\":[0.5]}",
     0,
     "internals",
     1,
     false},
    /* errors of the upstream: fields and size, not ranges */
    {V1,
     {RULES(both)},
     JSON,
     NULL,
     500,
     "{\"error\":\"x\",\"debug\":1,\"predictions\":[3]}",
     "{\"error\":\"x\",\"predictions\":[3]}",
     0,
     "internals",
     1,
     false},
    {V1,
     {.labels = true},
     JSON,
     NULL,
     400,
     "{\"error\":\"score 0.37 is low\"}",
     "{\"error\":\"the model answered with an error\"}",
     0,
     NULL,
     0,
     false},
    {V1,
     {.labels = true},
     JSON,
     NULL,
     400,
     "{\"error\":\"no such model\"}",
     NULL,
     0,
     NULL,
     0,
     false},
    {V1,
     {RULES(both)},
     "text/html",
     NULL,
     500,
     "<b>trace</b>",
     "{\"error\":\"the model answered with an error\",\"rule\":\"internals\",\"id\":\"q1\"}",
     500,
     "internals",
     0,
     true},
    {V1, {RULES(open_fields)}, "text/html", NULL, 500, "<b>trace</b>", NULL, 0, NULL, 0, true},
    {V1, {RULES(both)}, "text/html", NULL, 204, "", NULL, 0, NULL, 0, false},
    {V1, {RULES(both)}, JSON, NULL, 304, "", NULL, 0, NULL, 0, false},
    /* what cannot be judged */
    {V1,
     {RULES(mask_fields)},
     JSON,
     "gzip",
     200,
     "xx",
     REFUSAL("is compressed", "internals"),
     502,
     "internals",
     0,
     true},
    {V1,
     {RULES(mask_fields)},
     JSON,
     "Identity",
     200,
     "{\"debug\":1}",
     "{}",
     0,
     "internals",
     1,
     false},
    {V1, {RULES(open_fields)}, JSON, "gzip", 200, "xx", NULL, 0, NULL, 0, true},
    {V1, {RULES(flag_fields)}, JSON, "br", 200, "xx", NULL, 0, NULL, 1, true},
    {V1, {RULES(open_fields)}, JSON, NULL, 200, "{\"debug\":1", NULL, 0, NULL, 0, true},
    {V1, {RULES(flag_fields)}, JSON, NULL, 200, "{\"debug\":1", NULL, 0, NULL, 1, true},
    {V1,
     {RULES(mask_fields)},
     JSON,
     NULL,
     200,
     "{\"debug\":1",
     REFUSAL("is not as it should be", "internals"),
     502,
     "internals",
     0,
     true},
    {V1,
     {RULES(mask_fields), .bytes = 8},
     JSON,
     NULL,
     200,
     "{\"debug\":1}",
     REFUSAL("is too large", "internals"),
     502,
     "internals",
     0,
     true},
    {V1,
     {RULES(open_fields), .bytes = 8},
     JSON,
     NULL,
     200,
     "{\"debug\":1}",
     NULL,
     0,
     NULL,
     0,
     true},
    {V1,
     {RULES(mask_fields), .bytes = 11},
     JSON,
     NULL,
     200,
     "{\"debug\":1}",
     "{}",
     0,
     "internals",
     1,
     false},
    {V1,
     {RULES(mask_fields)},
     "image/png",
     NULL,
     200,
     "x",
     REFUSAL("is of a content type that is not judged", "internals"),
     502,
     "internals",
     0,
     true},
};

static void rule_case(const struct rule_row *row, size_t number, size_t every)
{
    REDAN_DEFER(redan_ctx_done) struct redan_ctx ctx = {0};
    struct answer_sent sent = answer_sent_of(row->preset, row->type, 1, row->in);
    struct answer_got got;

    sent.encoding = row->encoding;
    sent.status = row->status;
    redan_ctx_init(&ctx, NULL);
    answer_run(&ctx, &row->policy, &sent, 0, every, &got);
    struct redan_slice rule = got.facts.rule ? got.facts.rule->id : REDAN_S("");
    if (!redan_slice_is(redan_buf_view(&got.bytes), row->out ? row->out : row->in) ||
        got.status != row->became || !redan_slice_is(rule, row->rule ? row->rule : "") ||
        got.facts.hits != row->hits || got.facts.error != row->error ||
        got.facts.refused != (row->became != 0) || got.facts.changed != (row->out != NULL))
        fail_msg("row %zu: %u %.*s rule %.*s hits %u error %d changed %d\n%.*s", number, got.status,
                 (int)got.bytes.len, got.bytes.data ? got.bytes.data : "", REDAN_FMT(rule),
                 (unsigned)got.facts.hits, got.facts.error, got.facts.changed,
                 REDAN_FMT(got.facts.detail));
    answer_done(&got);
}

static void test_rules(void **state REDAN_UNUSED)
{
    for (size_t i = 0; i < REDAN_COUNT(ruled); i++) {
        rule_case(&ruled[i], i, 0);
        rule_case(&ruled[i], i, 1);
        rule_case(&ruled[i], i, 3);
    }
}

/* A schema that was compiled with the policy, and one that each answer compiles. */
static void test_form(void **state REDAN_UNUSED)
{
    static const struct {
        const char *type, *in;
        const char *out; /* NULL: the same */
        bool error;
    } rows[] = {
        {JSON, "{\"predictions\":[0.5]}", NULL, false},
        {JSON, "{\"predictions\":[\"x\"]}", BREAKS("form"), false},
        {JSON, "{\"predictions\":[0.5],\"x\":1}", BREAKS("form"), false},
        {CSV, "0.5\n", REFUSAL("is not as it should be", "form"), true},
    };

    for (size_t i = 0; i < 2 * REDAN_COUNT(rows); i++) {
        REDAN_DEFER(redan_ctx_done) struct redan_ctx ctx = {0};
        struct redan_policy_answer_rule rule = {
            .id = {"form", 4}, .check = REDAN_CHECK_SCHEMA, .action = REDAN_ANSWER_REFUSE};
        struct answer_policy policy = {.rules = &rule, .rule_count = 1};
        size_t row = i / 2;
        struct answer_sent sent = answer_sent_of(V1, rows[row].type, 1, rows[row].in);
        struct answer_got got;
        redan_ctx_init(&ctx, NULL);
        assert_ok(redan_json_parse(&ctx,
                                   REDAN_S("{\"additionalProperties\":false,\"properties\":"
                                           "{\"predictions\":{\"items\":{\"type\":\"number\"}}}}"),
                                   &rule.schema));
        if (i % 2)
            assert_ok(redan_answer_schema_compile(&ctx, rule.schema, &rule.compiled));
        answer_run(&ctx, &policy, &sent, 0, 0, &got);
        if (!redan_slice_is(redan_buf_view(&got.bytes),
                            rows[row].out ? rows[row].out : rows[row].in))
            fail_msg("row %zu: %.*s", row, (int)got.bytes.len, got.bytes.data);
        assert_int_equal(got.facts.error, rows[row].error);
        assert_int_equal(got.status, rows[row].out ? 502 : 0);
        answer_done(&got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
