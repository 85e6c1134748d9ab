/* Numbers by their spelling: which may carry a score, how they are rounded; and schemas over answers. */
#include "test.h"

#include <stdio.h>

#include "codec/json.h"
#include "codec/yaml.h"
#include "guard/answer_number.h"
#include "guard/answer_schema.h"

static void test_round(void **state REDAN_UNUSED)
{
    static const struct {
        const char *in;
        unsigned decimals;
        const char *out; /* NULL: stays */
    } rows[] = {
        {"0.125", 2, "0.13"},
        {"0.124999999999999999999", 2, "0.12"},
        {"-0.125", 2, "-0.13"},
        {"-0.004", 2, "0"},
        {"0.5", 0, "1"},
        {"0.49", 0, "0"},
        {"1.5", 0, "2"},
        {"2.5", 0, "3"},
        {"9.996", 2, "10"},
        {"99.95", 1, "100"},
        {"0.10", 2, NULL},
        {"0.100", 2, "0.1"},
        {"1e-1", 1, NULL},
        {"1e-1", 0, "0"},
        {"5e-1", 0, "1"},
        {"12345e-3", 1, "12.3"},
        {"1.2345e2", 1, "123.5"},
        {"1.2345E+2", 2, NULL},
        {"1e300", 2, NULL},
        {"1.5e-300", 2, "0"},
        {"1e-99999999999", 5, "0"},
        {"1e99999999999", 0, NULL},
        {"-1.5e-3", 2, "0"},
        {"0.0000", 2, "0"},
        {"0e-5", 2, "0"},
        {"123456789012345678901234567890.15", 1, "123456789012345678901234567890.2"},
        {"0.0999", 3, "0.1"},
        {"17", 0, NULL},
        {"0.05", 1, "0.1"},
        {"0.009", 1, "0"},
    };

    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        REDAN_DEFER(redan_ctx_done) struct redan_ctx ctx = {0};
        REDAN_DEFER(redan_buf_done) struct redan_buf out = {0};
        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&out, &ctx, 4096);
        bool rounded = redan_number_round(redan_slice_of(rows[i].in), rows[i].decimals, &out);
        if (rounded != (rows[i].out != NULL) ||
            !redan_slice_is(redan_buf_view(&out), rows[i].out ? rows[i].out : ""))
            fail_msg("%s to %u: %.*s", rows[i].in, rows[i].decimals, (int)out.len, out.data);
    }
}

static void test_round_text(void **state REDAN_UNUSED)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"p=0.4567", "p=0.5"},
        {".4567;.1", "0.5;.1"},
        {"1.2.345", NULL},
        {"10.0.0.12", NULL},
        {"0.93:1:fraud", "0.9:1:fraud"},
        {"12e-2x 12e-2", "12e-2x 0.1"},
        {"no number", NULL},
        {"0.1 0.2", NULL},
        {"", NULL},
        {"5.55%", "5.6%"},
        {"a.b.c 1.", NULL},
        {"-0.04", "-0"},
    };

    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        REDAN_DEFER(redan_ctx_done) struct redan_ctx ctx = {0};
        REDAN_DEFER(redan_buf_done) struct redan_buf out = {0};
        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&out, &ctx, 4096);
        bool rounded = redan_text_round(redan_slice_of(rows[i].in), 1, &out);
        if (rounded != (rows[i].out != NULL) ||
            !redan_slice_is(redan_buf_view(&out), rows[i].out ? rows[i].out : ""))
            fail_msg("%s: %.*s", rows[i].in, (int)out.len, out.data);
    }
}

static void test_real(void **state REDAN_UNUSED)
{
    static const char *const yes[] = {"0.37",
                                      ".5",
                                      "p=0.5",
                                      "37%",
                                      "37e-2",
                                      "x 1e5 y",
                                      "[9.e-01]",
                                      "0,37",
                                      "1.0",
                                      "0x1.8p1",
                                      "2026-11-24T10:00:00.123Z"};
    static const char *const no[] = {"",   "fraud", "7",  "LABEL_1", "3f1e4b", "a.b", "1.",
                                     "e5", "1e",    "v1", "10:30",   "1 e5",   "5 %"};

    for (size_t i = 0; i < REDAN_COUNT(yes); i++)
        if (!redan_text_real(redan_slice_of(yes[i])))
            fail_msg("%s", yes[i]);
    for (size_t i = 0; i < REDAN_COUNT(no); i++)
        if (redan_text_real(redan_slice_of(no[i])))
            fail_msg("%s", no[i]);
}

/* --- schemas ---------------------------------------------------------------------------------------------------------------- */

#define FORM                                                                                 \
    "{\"$schema\":\"x\",\"type\":\"object\",\"required\":[\"predictions\"],"                 \
    "\"additionalProperties\":false,\"properties\":{\"predictions\":{\"type\":\"array\","    \
    "\"minItems\":1,\"maxItems\":3,\"items\":{\"type\":[\"number\",\"null\"],\"minimum\":0," \
    "\"exclusiveMaximum\":1}},\"kind\":{\"enum\":[\"a\",7,true,null]},\"n\":{\"type\":"      \
    "\"integer\","                                                                           \
    "\"exclusiveMinimum\":0,\"maximum\":9},\"c\":{\"const\":\"x\"},"                         \
    "\"t\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":2},\"any\":true,"              \
    "\"self\":{\"properties\":{\"self\":{\"type\":\"null\"}}}}}"

static void test_schema(void **state REDAN_UNUSED)
{
    static const struct {
        const char *text, *keyword; /* NULL: fits */
    } rows[] = {
        {"{\"predictions\":[0.5]}", NULL},
        {"{\"predictions\":[0,null,0.99]}", NULL},
        {"[]", "type"},
        {"{}", "required"},
        {"{\"predictions\":[]}", "minItems"},
        {"{\"predictions\":[0,0,0,0]}", "maxItems"},
        {"{\"predictions\":[1]}", "exclusiveMaximum"},
        {"{\"predictions\":[-0.1]}", "minimum"},
        {"{\"predictions\":[1e999]}", "exclusiveMaximum"},
        {"{\"predictions\":[\"0.5\"]}", "type"},
        {"{\"predictions\":[[0.5]]}", "type"},
        {"{\"predictions\":[0],\"z\":1}", "additionalProperties"},
        {"{\"predictions\":[0],\"kind\":\"a\"}", NULL},
        {"{\"predictions\":[0],\"kind\":7.0}", NULL},
        {"{\"predictions\":[0],\"kind\":true}", NULL},
        {"{\"predictions\":[0],\"kind\":null}", NULL},
        {"{\"predictions\":[0],\"kind\":\"7\"}", "enum"},
        {"{\"predictions\":[0],\"kind\":false}", "enum"},
        {"{\"predictions\":[0],\"n\":1.0}", NULL},
        {"{\"predictions\":[0],\"n\":1.5}", "type"},
        {"{\"predictions\":[0],\"n\":0}", "exclusiveMinimum"},
        {"{\"predictions\":[0],\"n\":10}", "maximum"},
        {"{\"predictions\":[0],\"c\":\"x\"}", NULL},
        {"{\"predictions\":[0],\"c\":\"y\"}", "const"},
        {"{\"predictions\":[0],\"t\":\"\"}", "minLength"},
        {"{\"predictions\":[0],\"t\":\"\xc3\xa4\xc3\xb6\"}", NULL},
        {"{\"predictions\":[0],\"t\":\"abc\"}", "maxLength"},
        {"{\"predictions\":[0],\"any\":[{\"x\":1}]}", NULL},
        {"{\"predictions\":[0],\"self\":{\"self\":{}}}", "type"},
    };
    REDAN_DEFER(redan_ctx_done) struct redan_ctx ctx = {0};
    const struct redan_answer_schema *schema = NULL;
    const struct redan_node *root = NULL;

    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_json_parse(&ctx, REDAN_S(FORM), &root));
    assert_ok(redan_answer_schema_compile(&ctx, root, &schema));
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        REDAN_DEFER(redan_tape_done) struct redan_tape tape = {0};
        const char *keyword = NULL;
        uint32_t at = 0;
        assert_ok(redan_tape_read(&tape, &ctx, redan_slice_of(rows[i].text), 1000));
        bool fits = redan_answer_schema_fits(schema, &tape, &at, &keyword);
        if (fits != !rows[i].keyword || (keyword && strcmp(keyword, rows[i].keyword) != 0))
            fail_msg("%s: %s", rows[i].text, keyword ? keyword : "fits");
    }
}

static void test_schema_refused(void **state REDAN_UNUSED)
{
    static const struct {
        const char *schema, *problem; /* NULL: none */
    } rows[] = {
        {"{type: object, properties: {a: {type: [string, null]}}}", NULL},
        {"{enum: [a, 1, true, null]}", NULL},
        {"{title: x, description: y, default: 3}", NULL},
        {"{pattern: x}", "the keyword 'pattern' is not checked here"},
        {"{format: date}", "the keyword 'format' is not checked here"},
        {"{$ref: x}", "the keyword '$ref' is not checked here"},
        {"{multipleOf: 2}", "not checked here"},
        {"{type: float}", "no such type"},
        {"{type: []}", "type names nothing"},
        {"{enum: 3}", "enum is not a list"},
        {"{enum: [[1]]}", "enum with a list"},
        {"{const: {a: 1}}", "const is a map"},
        {"{required: a}", "required is not a list"},
        {"{properties: [a]}", "properties is a list"},
        {"{properties: {a: 3}}", "a schema is"},
        {"{additionalProperties: {type: string}}", "additionalProperties is no true or false"},
        {"{items: [a]}", "a schema is a list"},
        {"{minItems: -1}", "minItems is no whole number"},
        {"{minimum: x}", "minimum is no number"},
    };

    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        REDAN_DEFER(redan_ctx_done) struct redan_ctx ctx = {0};
        const struct redan_answer_schema *schema = NULL;
        const struct redan_node *root = NULL;
        struct redan_problems problems;
        redan_ctx_init(&ctx, NULL);
        assert_ok(redan_yaml_parse(&ctx, redan_slice_of(rows[i].schema), &root));
        redan_problems_init(&problems, &ctx, REDAN_S("p"));
        assert_ok(redan_answer_schema_check(&problems, root));
        enum redan_status status = redan_answer_schema_compile(&ctx, root, &schema);
        if ((problems.count > 0) != (rows[i].problem != NULL) ||
            (status == REDAN_OK) != (rows[i].problem == NULL))
            fail_msg("%s: %zu problems, %d", rows[i].schema, problems.count, (int)status);
        if (rows[i].problem && !strstr(problems.first->text.at, rows[i].problem))
            fail_msg("%s: %s", rows[i].schema, problems.first->text.at);
    }
}

/* A schema that is deep and wide costs its size, and what is too large is said. */
static void test_schema_large(void **state REDAN_UNUSED)
{
    REDAN_DEFER(redan_ctx_done) struct redan_ctx ctx = {0};
    REDAN_DEFER(redan_buf_done) struct redan_buf text = {0};
    const struct redan_node *root = NULL;
    struct redan_problems problems;

    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&text, &ctx, 1 << 20);
    redan_buf_text(&text, "{\"properties\":{");
    for (size_t i = 0; i < REDAN_ANSWER_SCHEMAS; i++)
        redan_buf_printf(&text, "%s\"p%zu\":{\"type\":\"null\"}", i ? "," : "", i);
    redan_buf_text(&text, "}}");
    assert_ok(redan_json_parse(&ctx, redan_buf_view(&text), &root));
    redan_problems_init(&problems, &ctx, REDAN_S("p"));
    assert_ok(redan_answer_schema_check(&problems, root));
    assert_int_equal(problems.count, 1);
    assert_non_null(strstr(problems.first->text.at, "more than 1024 schemas"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round),          cmocka_unit_test(test_round_text),
        cmocka_unit_test(test_real),           cmocka_unit_test(test_schema),
        cmocka_unit_test(test_schema_refused), cmocka_unit_test(test_schema_large),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
