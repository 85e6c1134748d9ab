/* Inputs of an Open Inference Protocol request that are spelled alike are read by a short cut; blanks between them stop it, and nothing else may change. */
#include "test.h"

#include <math.h>
#include <stdio.h>

#include "inference/preset.h"

static const struct redan_slice names[] = {{"a", 1}, {"b", 1}, {"c", 1}};

/* What follows the brace of a third input; the first two are as the first row says. */
#define INPUT(name, data) \
    "\"name\":\"" name "\",\"shape\":[1],\"datatype\":\"INT8\",\"data\":[" data "]}"
static const char *const thirds[] = {
    INPUT("c", "3"),
    INPUT("c", " -3 "),
    INPUT("c", "3e1"),
    INPUT("c", "3.0"),
    INPUT("c", "12345678901234567890123"),
    INPUT("c", "128"),
    INPUT("c", "3.5"),
    INPUT("c", "null"),
    INPUT("c", "true"),
    INPUT("c", "\"x\""),
    INPUT("c", "1e999"),
    INPUT("c", "01"),
    INPUT("c", "-"),
    INPUT("c", "1,2"),
    INPUT("c", "1,"),
    INPUT("c", "1 2"),
    INPUT("c", ""),
    INPUT("c", "[1]"),
    INPUT("c", "1") "x",
    INPUT("c", "1") "}",
    INPUT("c", "1") ",",
    INPUT("c", "1") ",{}",
    INPUT("c", "1") ","
                    "{" INPUT("d", "1"),
    INPUT("a", "1"),
    INPUT("z", "1"),
    INPUT("", "1"),
    INPUT("\\u0063", "1"),
    INPUT("c\\", "1"),
    INPUT("c\"", "1"),
    INPUT("\xc3\xa9", "1"),
    INPUT("\xc3", "1"),
    INPUT("c\t", "1"),
    "\"name\":\"c",
    "\"name\":\"c\",\"shape\":[2],\"datatype\":\"INT8\",\"data\":[1]}",
    "\"name\":\"c\",\"shape\":[1],\"datatype\":\"INT9\",\"data\":[1]}",
    "\"name\":\"c\",\"shape\":[1],\"datatype\":\"FP64\",\"data\":[0.5]}",
    "\"name\":\"c\",\"shape\":[1],\"datatype\":\"INT8\",\"data\":[1],\"name\":\"c\"}",
    "\"name\":\"c\",\"shape\":[1],\"datatype\":\"INT8\",\"data\":[1],\"parameters\":{}}",
    "\"name\":\"c\",\"shape\":[1],\"datatype\":\"INT8\",\"data\":[1]",
    "\"name\":\"c\",\"shape\":[1],\"datatype\":\"INT8\",\"data\":[",
};

/* Where an input's members stand around its name and its data. */
static const char *const forms[][3] = {
    {"\"name\":\"", "\",\"shape\":[1],\"datatype\":\"INT8\",\"data\":[", "]}"},
    {"\"shape\":[1,1] , \"name\": \"", "\", \"data\": [ ", " ],\"datatype\":\"INT8\"}"},
    {"\"datatype\":\"FP32\",\"name\":\"", "\",\"data\":[", "],\"shape\":[1],\"parameters\":{}}"},
};

struct told {
    enum redan_status status;
    char text[512];
};

static struct told decode(struct redan_slice body, size_t nodes, uint64_t fail_at)
{
    const struct redan_request_rules rules = {.names = names, .columns = 3};
    struct redan_request request = {.rows = 0};
    struct told told = {.status = REDAN_OK};
    struct redan_ctx ctx;
    size_t at = 0;

    redan_ctx_init(&ctx, NULL);
    if (nodes)
        ctx.limits.nodes = nodes;
    ctx.mem.fail_at = fail_at;
    told.status =
        redan_preset_find(REDAN_S("oip-v2"))->decode_request(&ctx, body, &rules, &request);
    if (told.status != REDAN_OK)
        (void)snprintf(told.text, sizeof(told.text), "%s", ctx.failure.text);
    for (size_t i = 0; told.status == REDAN_OK && i < request.rows * request.columns; i++)
        at += (size_t)snprintf(told.text + at, sizeof(told.text) - at, " %.17g", request.values[i]);
    redan_ctx_done(&ctx);
    assert_int_equal(ctx.mem.used, 0);
    return told;
}

/* Two inputs and a third one; `apart` puts other blanks before each, so that no two are alike. */
static void write_body(struct redan_buf *body, const char *const form[3], bool apart,
                       const char *third)
{
    static const char *const blanks[] = {"", " ", "  "};

    redan_buf_clear(body);
    redan_buf_text(body, "{\"inputs\":[");
    for (size_t i = 0; i < 2; i++)
        redan_buf_printf(body, "{%s%s%s%s%zu%s,", apart ? blanks[i] : "", form[0], i ? "b" : "a",
                         form[1], 7 + i, form[2]);
    redan_buf_printf(body, "{%s%s]}", apart ? blanks[2] : "", third);
}

static void test_same(void **state)
{
    struct redan_buf body;
    struct redan_ctx ctx;
    size_t good = 0;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&body, &ctx, 65536);
    for (size_t i = 0; i < REDAN_COUNT(thirds); i++) {
        write_body(&body, forms[0], false, thirds[i]);
        struct told alike = decode(redan_buf_view(&body), 0, 0);
        write_body(&body, forms[0], true, thirds[i]);
        struct told apart = decode(redan_buf_view(&body), 0, 0);
        if (alike.status != apart.status)
            print_error("%s: '%s', apart '%s'\n", thirds[i], alike.text, apart.text);
        assert_int_equal(alike.status, apart.status);
        assert_string_equal(alike.text, apart.text);
        good += alike.status == REDAN_OK;
    }
    assert_int_equal(good, 8);
    redan_buf_done(&body);
    redan_ctx_done(&ctx);
}

/* The limit on values counts each of them, and memory that fails is said. */
static void test_limits(void **state)
{
    struct redan_buf body;
    struct redan_ctx ctx;
    char third[256];

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&body, &ctx, 65536);
    for (size_t f = 0; f < REDAN_COUNT(forms); f++) {
        (void)snprintf(third, sizeof(third), "%sc%s9%s", forms[f][0], forms[f][1], forms[f][2]);
        write_body(&body, forms[f], false, third);
        assert_string_equal(decode(redan_buf_view(&body), 0, 0).text, " 7 8 9");
        size_t enough = 1;
        while (decode(redan_buf_view(&body), enough, 0).status != REDAN_OK)
            enough++;
        uint64_t fail_at = 1;
        while (decode(redan_buf_view(&body), 0, fail_at).status == REDAN_E_MEMORY)
            fail_at++;
        assert_true(fail_at > 1);
        write_body(&body, forms[f], true, third);
        assert_int_equal(decode(redan_buf_view(&body), enough, 0).status, REDAN_OK);
        assert_int_equal(decode(redan_buf_view(&body), enough - 1, 0).status, REDAN_E_LIMIT);
    }
    redan_buf_done(&body);
    redan_ctx_done(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
