/* What leaves of an answer: its shapes, and what is told about it. */
#include "test.h"

#include <stdio.h>

#include "answer_fixture.h"

struct shape_row {
    const char *preset;
    struct answer_policy policy;
    const char *type;
    size_t rows;
    const char *in;
    const char *out; /* NULL: the same; "": refused with 502 */
};

static const struct shape_row shapes[] = {
    /* labels: numbers, class vectors, objects */
    {V1, LABELS, JSON, 2, "{\"predictions\":[0.37,0.91]}", "{\"predictions\":[0,1]}"},
    {V1, LABELS, JSON, 2, "{ \"predictions\" : [ 0.5 , 4e-1 ] }\n",
     "{ \"predictions\" : [ 1 , 0 ] }\n"},
    {V1,
     {.labels = true, .threshold = 0.9},
     JSON,
     2,
     "{\"predictions\":[0.37,0.91]}",
     "{\"predictions\":[0,1]}"},
    {V1, LABELS, JSON, 2, "{\"predictions\":[0,1]}", NULL},
    {V1, LABELS, JSON, 3, "{\"predictions\":[7,3,12]}", NULL},
    {V1, LABELS, JSON, 3, "{\"predictions\":[7.0,3.0,1.2e1]}", "{\"predictions\":[7,3,12]}"},
    {V1, LABELS, JSON, 3, "{\"predictions\":[7.0,-0.0,-1e0]}", "{\"predictions\":[7,0,-1]}"},
    {V1, LABELS, JSON, 2, "{\"predictions\":[2.0,0.25]}", "{\"predictions\":[1,0]}"},
    {V1, LABELS, JSON, 2, "{\"predictions\":[1e999,-1e999]}", "{\"predictions\":[1,0]}"},
    {V1, LABELS, JSON, 2, "{\"predictions\":[[0.1,0.9],[0.8,0.2]]}", "{\"predictions\":[1,0]}"},
    {V1, LABELS, JSON, 1, "{\"predictions\":[[0.2,0.3,0.5]]}", "{\"predictions\":[2]}"},
    {V1, LABELS, JSON, 2, "{\"predictions\":[[0.37],[0.93]]}", "{\"predictions\":[[0],[1]]}"},
    {V1, LABELS, JSON, 1, "{\"predictions\":[[[0.2,0.8],[0.9,0.1]]]}", "{\"predictions\":[[1,0]]}"},
    {V1, LABELS, JSON, 1, "{\"predictions\":[\"0.93\"]}", "{\"predictions\":[\"1\"]}"},
    {V1, LABELS, JSON, 1, "{\"predictions\":[\"0\\u002e37\"]}", "{\"predictions\":[\"0\"]}"},
    {V1, LABELS, JSON, 1, "{\"predictions\":[\"fraud:0.93\"]}", "{\"predictions\":[null]}"},
    {V1, LABELS, JSON, 1, "{\"predictions\":[\"fraud\"]}", NULL},
    {V1, LABELS, JSON, 1, "{\"predictions\":[{\"label\":\"fraud\",\"score\":0.93}]}",
     "{\"predictions\":[{\"label\":\"fraud\"}]}"},
    {V1, LABELS, JSON, 1, "{\"predictions\":[{\"score\":0.93 , \"label\":\"fraud\"}]}",
     "{\"predictions\":[{ \"label\":\"fraud\"}]}"},
    {V1, LABELS, JSON, 1, "{\"predictions\":[{\"label\":1.0,\"score\":0.93}]}",
     "{\"predictions\":[{\"label\":1}]}"},
    {V1, LABELS, JSON, 1, "{\"predictions\":{\"0.93\":{\"x\":1}}}", ""},
    {V1, LABELS, JSON, 1, "{\"predictions\":[{\"p=0.07\":0,\"p=0.93\":1}]}",
     "{\"predictions\":[1]}"},
    {V1, LABELS, JSON, 1, "{\"predictions\":[{\"fraud\":0.93,\"fine\":0.07}]}",
     "{\"predictions\":[\"fraud\"]}"},
    {V1, LABELS, JSON, 1, "{\"predictions\":[{\"score\":0.93}]}",
     "{\"predictions\":[{\"score\":1}]}"},
    {V1, LABELS, JSON, 1, "{\"predictions\":[{\"probability\":0.2,\"margin\":-1.5,\"n\":3}]}",
     "{\"predictions\":[{\"probability\":0,\"n\":3}]}"},
    {V1,
     {.labels = true, .score = "margin"},
     JSON,
     1,
     "{\"predictions\":[{\"probability\":0.2,\"margin\":1.5,\"n\":3}]}",
     "{\"predictions\":[{\"margin\":1,\"n\":3}]}"},
    {V1, LABELS, JSON, 1, "{\"predictions\":[{\"scores\":{\"a\":0.2,\"b\":0.8}}]}",
     "{\"predictions\":[{\"scores\":\"b\"}]}"},
    {V1, LABELS, JSON, 1, "{\"predictions\":[{\"label\":\"a\",\"scores\":[0.2,0.8]}]}",
     "{\"predictions\":[{\"label\":\"a\"}]}"},
    {V1, LABELS, JSON, 1,
     "{\"predictions\":[[{\"label\":\"A\",\"score\":0.2},{\"label\":\"B\",\"score\":0.8}]]}",
     "{\"predictions\":[[{\"label\":\"B\"}]]}"},
    {V1, LABELS, JSON, 1, "{\"predictions\":[1],\"debug\":{\"logits\":[0.3]},\"n\":2}",
     "{\"predictions\":[1],\"n\":2}"},
    {V1, LABELS, JSON, 1, "{\"debug\":0.3,\"predictions\":[1]}", "{\"predictions\":[1]}"},
    {V1, LABELS, JSON, 1, "{\"debug\":\"p=.93\" , \"x\":\"93%\",\"predictions\":[1]}",
     "{ \"predictions\":[1]}"},
    {V1, LABELS, JSON, 1, "{\"predictions\":[1],\"out\":{\"b64\":\"AACAPw==\"}}",
     "{\"predictions\":[1]}"},
    {V1, LABELS, JSON, 1, "{\"predictions\":[1],\"x\":{\"0.93\":true}}", "{\"predictions\":[1]}"},
    {V1, LABELS, JSON, 2,
     "{\"outputs\":{\"scores\":[[0.1,0.9],[0.8,0.2]],\"classes\":[\"a\",\"b\"]}}",
     "{\"outputs\":{\"scores\":[1,0],\"classes\":[\"a\",\"b\"]}}"},
    {V1,
     {.labels = true, .score = "p"},
     JSON,
     2,
     "{\"outputs\":{\"q\":[0.1,0.9],\"p\":[0.8,0.2]}}",
     "{\"outputs\":{\"p\":[1,0]}}"},
    {V1, LABELS, JSON, 1, "0.93", ""},
    {V1, LABELS, JSON, 2, "[0.93,0.1]", "[1,0]"},
    {V1, LABELS, JSON, 1, "{\"predictions\":[0.93]", ""},
    {V1, LABELS, JSON, 1, "{\"predictions\":[NaN]}", ""},
    {V1, LABELS, JSON, 1, "{\"predictions\":[0.1],\"predictions\":[0.2]}", ""},
    {V1, LABELS, JSON, 1, "", ""},
    {V1, LABELS, "text/plain", 1, "0.93", ""},
    {V1, LABELS, "application/octet-stream", 1, "x", ""},
    {V1, LABELS, NULL, 1, "{}", ""},
    {V1, LABELS, "Application/JSON; charset=utf-8", 1, "{\"predictions\":[0.9]}",
     "{\"predictions\":[1]}"},
    {V1, LABELS, "application/vnd.x+json", 1, "{\"predictions\":[0.9]}", "{\"predictions\":[1]}"},
    {ML, LABELS, JSON, 2, "{\"predictions\":[0.3,0.7]}", "{\"predictions\":[0,1]}"},
    {SM, LABELS, JSON, 1, "{\"predictions\":[{\"score\":0.9,\"predicted_label\":1.0}]}",
     "{\"predictions\":[{\"predicted_label\":1}]}"},
    {SM, LABELS, JSON, 1, "[{\"label\":\"A\",\"score\":0.2},{\"label\":\"B\",\"score\":0.8}]",
     "[{\"label\":\"B\"}]"},
    {SM, LABELS, JSON, 1, "{\"score\":0.9,\"predicted_label\":1}",
     "{\"score\":1,\"predicted_label\":1}"},
    {SM, LABELS, CSV, 2, "0.93\n0.1\n", "1\n0\n"},
    {SM, LABELS, CSV, 2, "0.93,0.07\r\n0.1,0.9", "0\r\n1"},
    {SM, LABELS, CSV, 3, "0.93,0.1,0.7\n", "1,0,1\n"},
    {SM, LABELS, CSV, 1, "fraud,0.93\n", "fraud\n"},
    {SM, LABELS, CSV, 1, "1.0,\"a,0.5\"\n", "\n"},
    {SM, LABELS, CSV, 1, "\"0.93\"\n", "\"1\"\n"},
    {SM, LABELS, CSV, 1, "\"0.93\n", ""},
    {SM, LABELS, "application/jsonlines", 2, "{\"score\":0.9}\n{\"score\":0.1}\n",
     "{\"score\":1}\n{\"score\":0}\n"},
    {PTR, LABELS, JSON, 2, "{\"r\":[{\"s\":0.9,\"l\":1},{\"s\":0.1,\"l\":0}],\"t\":0.5}",
     "{\"r\":[{\"s\":1,\"l\":1},{\"s\":0,\"l\":0}]}"},
    /* tensors */
    {V2, LABELS, JSON, 2,
     "{\"model_name\":\"m\",\"model_version\":\"1.0\",\"outputs\":[{\"name\":\"p\",\"shape\":[2],"
     "\"datatype\":\"FP32\",\"data\":[0.9,0.1]}]}",
     "{\"model_name\":\"m\",\"model_version\":\"1.0\",\"outputs\":[{\"name\":\"p\",\"shape\":[2],"
     "\"datatype\":\"INT64\",\"data\":[1,0]}]}"},
    {V2, LABELS, JSON, 2,
     "{\"outputs\":[{\"data\":[0.9,0.1,0.2,0.8],\"name\":\"p\",\"datatype\":\"FP32\",\"shape\":[2,"
     "2]}]}",
     "{\"outputs\":[{\"data\":[0,1],\"name\":\"p\",\"datatype\":\"INT64\",\"shape\":[2]}]}"},
    {V2, LABELS, JSON, 2,
     "{\"outputs\":[{\"name\":\"p\",\"datatype\":\"FP32\",\"shape\":[2,2],\"data\":[[0.9,0.1],[0.2,"
     "0.8]]}]}",
     "{\"outputs\":[{\"name\":\"p\",\"datatype\":\"INT64\",\"shape\":[2],\"data\":[0,1]}]}"},
    {V2, LABELS, JSON, 2,
     "{\"outputs\":[{\"name\":\"l\",\"datatype\":\"INT64\",\"shape\":[2],\"data\":[0,1]},"
     "{\"name\":\"p\",\"datatype\":\"FP32\",\"shape\":[2,1],\"data\":[0.9,0.1]}]}",
     "{\"outputs\":[{\"name\":\"l\",\"datatype\":\"INT64\",\"shape\":[2],\"data\":[0,1]},"
     "{\"name\":\"p\",\"datatype\":\"INT64\",\"shape\":[2,1],\"data\":[1,0]}]}"},
    {V2,
     {.labels = true, .score = "p"},
     JSON,
     1,
     "{\"outputs\":[{\"name\":\"q\",\"datatype\":\"FP64\",\"shape\":[1],\"data\":[0.3]},"
     "{\"name\":\"p\",\"datatype\":\"FP32\",\"shape\":[1],\"data\":[0.9]},"
     "{\"name\":\"r\",\"datatype\":\"BF16\",\"shape\":[1],\"data\":[3]}]}",
     "{\"outputs\":[{\"name\":\"p\",\"datatype\":\"INT64\",\"shape\":[1],\"data\":[1]}]}"},
    {V2, LABELS, JSON, 1,
     "{\"outputs\":[{\"name\":\"c\",\"datatype\":\"BYTES\",\"shape\":[1],\"data\":[\"0.93:1:"
     "fraud\"]},"
     "{\"name\":\"l\",\"datatype\":\"BYTES\",\"shape\":[1],\"data\":[\"fraud\"]}]}",
     "{\"outputs\":[{\"name\":\"l\",\"datatype\":\"BYTES\",\"shape\":[1],\"data\":[\"fraud\"]}]}"},
    {V2, LABELS, JSON, 1,
     "{\"outputs\":[{\"name\":\"c\",\"datatype\":\"FP32\",\"shape\":[3],\"data\":[0.5,0.5]}],"
     "\"id\":\"7\"}",
     "{\"outputs\":[],\"id\":\"7\"}"},
    {V2, LABELS, JSON, 1,
     "{\"outputs\":[{\"name\":\"c\",\"datatype\":\"FP32\",\"shape\":[1],\"data\":[0.7],"
     "\"parameters\":{\"t\":0.3}}],\"parameters\":{\"logit\":0.1}}",
     "{\"outputs\":[{\"name\":\"c\",\"datatype\":\"INT64\",\"shape\":[1],\"data\":[1]}]}"},
    /* rounding */
    {V1,
     {.round = true, .decimals = 2},
     JSON,
     3,
     "{\"predictions\":[0.37,0.125,1e-1]}",
     "{\"predictions\":[0.37,0.13,1e-1]}"},
    {V1,
     {.round = true, .decimals = 2},
     JSON,
     3,
     "{\"predictions\":[-0.125,-0.001,0.10]}",
     "{\"predictions\":[-0.13,0,0.10]}"},
    {V1,
     {.round = true, .decimals = 2},
     JSON,
     3,
     "{\"predictions\":[9.999,1.5e300,1.5e-300]}",
     "{\"predictions\":[10,1.5e300,0]}"},
    {V1,
     {.round = true, .decimals = 0},
     JSON,
     3,
     "{\"predictions\":[0.5,0.49,2.5]}",
     "{\"predictions\":[1,0,3]}"},
    {V1,
     {.round = true, .decimals = 1},
     JSON,
     1,
     "{\"predictions\":[\"0.37\"],\"x\":\"p=0.4567, v1.2.345\",\"model_version\":\"1.25\"}",
     "{\"predictions\":[\"0.4\"],\"x\":\"p=0.5, v1.2.345\",\"model_version\":\"1.25\"}"},
    {V2,
     {.round = true, .decimals = 1},
     JSON,
     1,
     "{\"outputs\":[{\"name\":\"0.123\",\"datatype\":\"FP32\",\"shape\":[1],\"data\":[0.123]}]}",
     "{\"outputs\":[{\"name\":\"0.123\",\"datatype\":\"FP32\",\"shape\":[1],\"data\":[0.1]}]}"},
    {SM, {.round = true, .decimals = 1}, CSV, 1, "0.123, 0.877\n", "0.1, 0.9\n"},
    /* the highest */
    {V1, {.top = 1}, JSON, 1, "{\"predictions\":[[0.2,0.3,0.5]]}", "{\"predictions\":[[0,0,0.5]]}"},
    {V1,
     {.top = 2},
     JSON,
     1,
     "{\"predictions\":[[0.25,0.25,0.25,0.25]]}",
     "{\"predictions\":[[0.25,0.25,0,0]]}"},
    {V1, {.top = 3}, JSON, 1, "{\"predictions\":[[0.2,0.3,0.5]]}", NULL},
    {V1, {.top = 1}, JSON, 2, "{\"predictions\":[0.2,0.3]}", NULL},
    {V1,
     {.top = 1},
     JSON,
     1,
     "{\"predictions\":[{\"a\":0.2,\"b\":0.5,\"c\":0.3}]}",
     "{\"predictions\":[{\"b\":0.5}]}"},
    {V1,
     {.top = 1},
     JSON,
     1,
     "{\"predictions\":[[{\"label\":\"A\",\"score\":0.2},{\"label\":\"B\",\"score\":0.8}]]}",
     "{\"predictions\":[[{\"label\":\"B\",\"score\":0.8}]]}"},
    {V1,
     {.top = 1, .round = true, .decimals = 1},
     JSON,
     1,
     "{\"predictions\":[[0.22,0.78]]}",
     "{\"predictions\":[[0,0.8]]}"},
    {V2,
     {.top = 1},
     JSON,
     2,
     "{\"outputs\":[{\"name\":\"p\",\"datatype\":\"FP32\",\"shape\":[2,2],\"data\":[0.9,0.1,0.2,0."
     "8]}]}",
     "{\"outputs\":[{\"name\":\"p\",\"datatype\":\"FP32\",\"shape\":[2,2],\"data\":[0.9,0,0,0.8]}]"
     "}"},
    {SM, {.top = 1}, CSV, 1, "0.2,0.5,0.3\n", "0,0.5,0\n"},
    /* nothing in force */
    {V1, {.labels = false}, JSON, 1, "{\"predictions\":[0.93]", NULL},
    {V1, {.labels = false}, "text/plain", 1, "0.93", NULL},
    {V1, {.labels = true, .observe = true}, JSON, 1, "{\"predictions\":[0.93]}", NULL},
};

static void expect(const struct shape_row *row, size_t number, size_t cut, size_t every)
{
    REDAN_DEFER(redan_ctx_done) struct redan_ctx ctx = {0};
    struct answer_sent sent = answer_sent_of(row->preset, row->type, row->rows, row->in);
    struct answer_got got;
    const char *out = row->out ? row->out : row->in;

    redan_ctx_init(&ctx, NULL);
    answer_run(&ctx, &row->policy, &sent, cut, every, &got);
    struct redan_slice bytes = redan_buf_view(&got.bytes);
    bool refused = row->out && !*row->out;
    bool right = refused ? got.status == 502 && redan_slice_starts(bytes, REDAN_S("{\"error\":\""))
                         : got.status == 0 && redan_slice_is(bytes, out);
    if (!right)
        fail_msg("row %zu cut %zu every %zu: status %u, %.*s\nwanted %s\n%.*s", number, cut, every,
                 got.status, REDAN_FMT(bytes), out, REDAN_FMT(got.facts.detail));
    assert_int_equal(got.facts.refused, refused);
    assert_int_equal(got.facts.changed, row->out != NULL);
    assert_int_equal(ctx.failure.status, REDAN_OK);
    answer_done(&got);
}

static void test_shapes(void **state REDAN_UNUSED)
{
    for (size_t i = 0; i < REDAN_COUNT(shapes); i++) {
        expect(&shapes[i], i, 0, 0);
        expect(&shapes[i], i, 0, 1);
        for (size_t cut = 1; cut < strlen(shapes[i].in); cut++)
            expect(&shapes[i], i, cut, 0);
    }
}

/* --- facts ---------------------------------------------------------------------------------------------------------------- */

struct fact_row {
    const char *preset;
    struct answer_policy policy;
    const char *type;
    size_t rows;
    const char *in;
    const char *facts; /* "labels / scores", "-" for none */
};

static const struct fact_row told[] = {
    {V1, LABELS, JSON, 2, "{\"predictions\":[0.37,0.91]}", "0 1 / 0.37 0.91"},
    {V1,
     {.labels = true, .observe = true},
     JSON,
     2,
     "{\"predictions\":[0.37,0.91]}",
     "0 1 / 0.37 0.91"},
    {V1, {.threshold = 0.95}, JSON, 2, "{\"predictions\":[0.37,0.91]}", "0 0 / 0.37 0.91"},
    {V1, LABELS, JSON, 3, "{\"predictions\":[0.37,0.91]}", "- / -"},
    {V1, LABELS, JSON, 1, "{\"predictions\":[0.37,0.91]}", "- / -"},
    {V1, LABELS, JSON, 2, "{\"predictions\":[0,7]}", "0 7 / -"},
    {V1, LABELS, JSON, 2, "{\"predictions\":[0.0,7.0]}", "0 7 / 0 7"},
    {V1, LABELS, JSON, 2, "{\"predictions\":[[0.1,0.9],[0.8,0.2]]}", "1 0 / 0.9 0.2"},
    {V1, LABELS, JSON, 1, "{\"predictions\":[[[0.75]]]}", "1 / 0.75"},
    {V1, LABELS, JSON, 1, "{\"predictions\":[\"0.75\"]}", "1 / 0.75"},
    {V1, LABELS, JSON, 1, "{\"predictions\":[{\"label\":3,\"score\":0.25}]}", "3 / 0.25"},
    {V1, LABELS, JSON, 1, "{\"predictions\":[{\"a\":0.25,\"b\":0.75}]}", "1 / 0.75"},
    {V1,
     {.score = "B"},
     JSON,
     1,
     "{\"predictions\":[[{\"label\":\"B\",\"score\":0.75},{\"label\":\"A\",\"score\":0.25}]]}",
     "1 / 0.75"},
    {V1, LABELS, JSON, 1, "{\"predictions\":[\"x\"]}", "- / -"},
    {V1, LABELS, JSON, 2, "{\"outputs\":{\"scores\":[0.25,0.75],\"classes\":[3,4]}}",
     "3 4 / 0.25 0.75"},
    {V2, LABELS, JSON, 2,
     "{\"outputs\":[{\"name\":\"l\",\"datatype\":\"INT64\",\"shape\":[2],\"data\":[5,6]},"
     "{\"name\":\"p\",\"datatype\":\"FP32\",\"shape\":[2,2],\"data\":[0.9,0.1,0.2,0.8]}]}",
     "5 6 / 0.1 0.8"},
    {V2,
     {.score = "q"},
     JSON,
     1,
     "{\"outputs\":[{\"name\":\"p\",\"datatype\":\"FP32\",\"shape\":[1],\"data\":[0.2]},"
     "{\"name\":\"q\",\"datatype\":\"FP32\",\"shape\":[1],\"data\":[0.9]}]}",
     "1 / 0.9"},
    {V2, LABELS, JSON, 2,
     "{\"outputs\":[{\"name\":\"p\",\"datatype\":\"FP32\",\"shape\":[2],\"data\":[1,0]}]}",
     "1 0 / 1 0"},
    {SM, LABELS, CSV, 2, "0.25\n0.75\n", "0 1 / 0.25 0.75"},
    {SM, LABELS, CSV, 2, "0.25,0.75\n", "0 1 / 0.25 0.75"},
    {SM, LABELS, CSV, 1, "0.25,0.75\n", "1 / 0.75"},
    {SM, LABELS, "application/jsonlines", 2, "{\"score\":0.25}\n{\"score\":0.75}\n",
     "0 1 / 0.25 0.75"},
    {PTR, LABELS, JSON, 2, "{\"r\":[{\"s\":0.9,\"l\":4},{\"s\":0.1,\"l\":5}]}", "4 5 / 0.9 0.1"},
};

static size_t add_numbers(char *text, size_t at, size_t room, const double *values, size_t rows)
{
    if (!values)
        return at + (size_t)snprintf(text + at, room - at, "-");
    for (size_t i = 0; i < rows; i++)
        at += (size_t)snprintf(text + at, room - at, i ? " %g" : "%g", values[i]);
    return at;
}

static void test_facts(void **state REDAN_UNUSED)
{
    for (size_t i = 0; i < REDAN_COUNT(told); i++) {
        REDAN_DEFER(redan_ctx_done) struct redan_ctx ctx = {0};
        struct answer_sent sent =
            answer_sent_of(told[i].preset, told[i].type, told[i].rows, told[i].in);
        struct answer_got got;
        char text[256];
        redan_ctx_init(&ctx, NULL);
        answer_run(&ctx, &told[i].policy, &sent, 0, 0, &got);
        size_t at = add_numbers(text, 0, sizeof(text), got.facts.labels, got.facts.rows);
        at += (size_t)snprintf(text + at, sizeof(text) - at, " / ");
        (void)add_numbers(text, at, sizeof(text), got.facts.scores, got.facts.rows);
        if (strcmp(text, told[i].facts) != 0)
            fail_msg("row %zu: %s, wanted %s", i, text, told[i].facts);
        answer_done(&got);
    }
}

static void test_names(void **state REDAN_UNUSED)
{
    REDAN_DEFER(redan_ctx_done) struct redan_ctx ctx = {0};
    struct answer_policy policy = {.labels = true};
    struct answer_sent sent = answer_sent_of(
        V2, JSON, 1,
        "{\"id\":\"a1\",\"model_name\":\"m\",\"model_version\":\"3.1\",\"outputs\":[]}");
    struct answer_got got;

    redan_ctx_init(&ctx, NULL);
    answer_run(&ctx, &policy, &sent, 0, 0, &got);
    assert_slice(got.facts.id, "a1");
    assert_slice(got.facts.model, "m");
    assert_slice(got.facts.version, "3.1");
    assert_false(got.facts.changed);
    answer_done(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
