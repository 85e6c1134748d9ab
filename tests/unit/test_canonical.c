/* RFC 8785 with the RFC's own examples, and the tree that carries them. */
#include "test.h"

#include "base/hex.h"
#include "codec/canonical.h"
#include "codec/json.h"

static void canonical_is(const char *text, const char *want)
{
    const struct redan_node *root = NULL;
    struct redan_buf out;
    struct redan_ctx ctx;

    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&out, &ctx, 65536);
    assert_ok(redan_json_parse(&ctx, redan_slice_of(text), &root));
    assert_ok(redan_canonical_add(&ctx, &out, root));
    assert_slice(redan_buf_view(&out), want);
    redan_buf_done(&out);
    redan_ctx_done(&ctx);
}

static void test_canonical(void **state)
{
    static const char sample[] =
        "7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b33333333"
        "33333333332e333333333333332c31652b33302c342e352c302e3030322c31652d32375d2c22737472696e6722"
        "3a22e282ac245c75303030665c6e4127425c225c5c5c5c5c222f227d";
    char bytes[sizeof(sample) / 2 + 1] = {0};

    (void)state;
    assert_true(redan_hex_parse(redan_slice_of(sample), bytes, sizeof(sample) / 2));
    /* RFC 8785 3.2.2 and 3.2.4 */
    canonical_is("{\n  \"numbers\": [333333333.33333329, 1E30, 4.50,\n"
                 "              2e-3, 0.000000000000000000000000001],\n"
                 "  \"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\",\n"
                 "  \"literals\": [null, true, false]\n}",
                 bytes);
    /* RFC 8785 3.2.3 */
    canonical_is(
        "{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\","
        "\"\\ufb33\":\"Hebrew Letter Dalet With Dagesh\",\"1\":\"One\","
        "\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":\"Control\","
        "\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}",
        "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
        "\"\xc3\xb6\":\"Latin Small Letter O With Diaeresis\",\"\xe2\x82\xac\":\"Euro Sign\","
        "\"\xf0\x9f\x98\x80\":\"Emoji: Grinning Face\","
        "\"\xef\xac\xb3\":\"Hebrew Letter Dalet With Dagesh\"}");
    canonical_is("{\"b\":{\"d\":{},\"c\":[]},\"aa\":[[],{}],\"a\":-0,\"\":1}",
                 "{\"\":1,\"a\":0,\"aa\":[[],{}],\"b\":{\"c\":[],\"d\":{}}}");
    canonical_is("\"\\u0000\\b\\t\\n\\f\\r\\u001f\\u007f\\u2028/\"",
                 "\"\\u0000\\b\\t\\n\\f\\r\\u001f\x7f\xe2\x80\xa8/\"");
    canonical_is("{\"e\":1,\"d\":2,\"c\":3,\"b\":4,\"a\":5,\"f\":6,\"z\":7,\"y\":8,\"x\":9}",
                 "{\"a\":5,\"b\":4,\"c\":3,\"d\":2,\"e\":1,\"f\":6,\"x\":9,\"y\":8,\"z\":7}");
}

static void test_canonical_refuses(void **state)
{
    (void)state;
    for (int row = 0; row < 4; row++) {
        struct redan_ctx ctx;
        struct redan_buf out;

        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&out, &ctx, row == 3 ? 4 : 4096);
        struct redan_node *map = redan_node_new(&ctx, REDAN_NODE_MAP);
        (void)redan_node_add_text(&ctx, map, "a", row == 0 ? REDAN_S("\xff") : REDAN_S("fine"));
        (void)redan_node_add_kind(&ctx, map, row == 1 ? "a" : "b", REDAN_NODE_NULL);
        struct redan_node *number = redan_node_add_number(&ctx, map, "n", 1);
        if (row == 2)
            number->text = REDAN_S("1e400");
        assert_int_equal(redan_canonical_add(&ctx, &out, map),
                         row == 3 ? REDAN_E_LIMIT : REDAN_E_SCHEMA);
        redan_buf_done(&out);
        redan_ctx_done(&ctx);
    }
}

static void test_tree(void **state)
{
    static const char want[] =
        "{\n  \"name\": \"a \\\"b\\\"\",\n  \"n\": 0.1,\n  \"list\": [\n    true,\n"
        "    [],\n    {},\n    {\n      \"x\": null\n    }\n  ]\n}\n";
    struct redan_ctx ctx;
    struct redan_buf out;
    double number = 0;
    bool truth = true;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&out, &ctx, 4096);
    struct redan_node *map = redan_node_new(&ctx, REDAN_NODE_MAP);
    (void)redan_node_add_text(&ctx, map, "name", REDAN_S("a \"b\""));
    (void)redan_node_add_number(&ctx, map, "n", 0.1);
    struct redan_node *list = redan_node_add_kind(&ctx, map, "list", REDAN_NODE_LIST);
    (void)redan_node_add_bool(&ctx, list, NULL, true);
    (void)redan_node_add_kind(&ctx, list, NULL, REDAN_NODE_LIST);
    (void)redan_node_add_kind(&ctx, list, NULL, REDAN_NODE_MAP);
    struct redan_node *inner = redan_node_add_kind(&ctx, list, NULL, REDAN_NODE_MAP);
    (void)redan_node_add_kind(&ctx, inner, "x", REDAN_NODE_NULL);
    redan_json_tree_add(&out, map);
    assert_slice(redan_buf_view(&out), want);
    redan_buf_clear(&out);
    redan_json_tree_add(&out, list->first); /* siblings of the root are not its business */
    assert_slice(redan_buf_view(&out), "true\n");

    assert_slice(redan_node_text(map, "name"), "a \"b\"");
    assert_slice(redan_node_text(map, "n"), "");
    assert_slice(redan_node_text(NULL, "n"), "");
    assert_null(redan_node_get(list, "x"));
    assert_null(redan_node_get(map, "absent"));
    assert_null(redan_node_add_bool(&ctx, NULL, "x", true));
    assert_true(redan_node_number(redan_node_get(map, "n"), &number) && number == 0.1);
    assert_false(redan_node_number(map->first, &number));
    assert_true(redan_node_bool(list->first, &truth) && truth);
    struct redan_node *scalar = redan_node_add_text(&ctx, map, "plain", REDAN_S("false"));
    assert_false(redan_node_bool(scalar, &truth));
    scalar->plain = true;
    assert_true(redan_node_bool(scalar, &truth) && !truth);
    assert_false(redan_node_number(scalar, &number));
    scalar->text = REDAN_S("1e3");
    assert_true(redan_node_number(scalar, &number) && number == 1000);
    assert_false(redan_node_bool(scalar, &truth));
    for (int kind = REDAN_NODE_NULL; kind <= REDAN_NODE_MAP; kind++)
        assert_true(strlen(redan_node_kind_name((enum redan_node_kind)kind)) > 3);
    redan_buf_done(&out);
    redan_ctx_done(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_canonical),
        cmocka_unit_test(test_canonical_refuses),
        cmocka_unit_test(test_tree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
