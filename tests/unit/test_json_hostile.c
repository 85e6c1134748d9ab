/* JSON made to hurt: depth, many keys, chosen hashes, huge strings, and a machine without memory. */
#include "test.h"

#include <time.h>

#include "base/buf.h"
#include "base/map.h"
#include "codec/canonical.h"
#include "codec/json.h"
#include "codec/json_pull.h"

enum { DEEP = 2000000, TREE = 200000, MANY = 200000 };

static double seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

/* Refused where the limit is; whoever raises the limit gets the depth, and no deeper stack. */
static void test_deep(void **state)
{
    const struct redan_node *root = NULL;
    struct redan_json reader;
    struct redan_json_token token;
    struct redan_buf text;
    struct redan_buf out;
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&text, &ctx, SIZE_MAX / 2);
    redan_buf_repeat(&text, '[', DEEP);
    assert_int_equal(redan_json_parse(&ctx, redan_buf_view(&text), &root), REDAN_E_LIMIT);
    assert_int_equal(ctx.failure.offset, redan_limits_default.depth);
    redan_fail_clear(&ctx);
    ctx.limits.depth = DEEP;
    redan_json_init(&reader, &ctx, redan_buf_view(&text));
    assert_ok(redan_json_next(&reader, &token));
    assert_int_equal(redan_json_skip(&reader), REDAN_E_SYNTAX);
    assert_int_equal(ctx.failure.offset, DEEP);
    redan_fail_clear(&ctx);
    redan_buf_repeat(&text, ']', DEEP);
    redan_json_reset(&reader, redan_buf_view(&text));
    assert_ok(redan_json_next(&reader, &token));
    assert_ok(redan_json_skip(&reader));
    assert_ok(redan_json_next(&reader, &token));
    assert_int_equal(token.kind, REDAN_JSON_END);
    redan_json_done(&reader);

    struct redan_slice middle =
        redan_slice_sub(redan_buf_view(&text), DEEP - TREE, (size_t)2 * TREE);
    redan_buf_init(&out, &ctx, SIZE_MAX / 2);
    assert_ok(redan_json_parse(&ctx, middle, &root));
    assert_ok(redan_canonical_add(&ctx, &out, root));
    assert_true(redan_slice_eq(middle, redan_buf_view(&out)));
    redan_buf_done(&out);
    redan_buf_done(&text);
    redan_ctx_done(&ctx);
    assert_int_equal(ctx.mem.used, 0);
}

/* `count` keys from `name`, then the first of them again when `twice`. */
static void object_add(struct redan_buf *text, size_t count, bool twice,
                       void (*name)(struct redan_buf *text, size_t i))
{
    redan_buf_char(text, '{');
    for (size_t i = 0; i < count + twice; i++) {
        redan_buf_text(text, i ? ",\"" : "\"");
        name(text, i % count);
        redan_buf_text(text, "\":0");
    }
    redan_buf_char(text, '}');
}

static void short_name(struct redan_buf *text, size_t i)
{
    redan_buf_printf(text, "%zx", i);
}

static void long_name(struct redan_buf *text, size_t i)
{
    redan_buf_printf(text, "the.same.beginning.and.length.%08zx", i);
}

static void escaped_name(struct redan_buf *text, size_t i)
{
    redan_buf_printf(text, "\\u0041%zx", i);
}

static void test_many_keys(void **state)
{
    static void (*const names[])(struct redan_buf *, size_t) = {short_name, long_name,
                                                                escaped_name};
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(names); i++) {
        for (int twice = 0; twice < 2; twice++) {
            const struct redan_node *root = NULL;
            struct redan_buf text;
            struct redan_ctx ctx;

            redan_ctx_init(&ctx, NULL);
            redan_buf_init(&text, &ctx, SIZE_MAX / 2);
            object_add(&text, MANY, twice, names[i]);
            double begin = seconds();
            enum redan_status status = redan_json_parse(&ctx, redan_buf_view(&text), &root);
            assert_true(seconds() - begin < 5); /* milliseconds; sanitizers and old machines */
            assert_int_equal(status, twice ? REDAN_E_SYNTAX : REDAN_OK);
            if (twice)
                assert_string_equal(ctx.failure.text, "the same key twice in one JSON object");
            else
                assert_int_equal(root->count, MANY);
            redan_buf_done(&text);
            redan_ctx_done(&ctx);
        }
    }
}

/* Keys that all fall into one run of the table when the seed is zero: found in seconds by whoever knows the seed. */
static void test_chosen_hashes(void **state)
{
    struct redan_buf text;
    struct redan_ctx ctx;
    const struct redan_node *root = NULL;
    char key[9];
    uint32_t n = 0;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&text, &ctx, SIZE_MAX / 2);
    for (uint32_t i = 0; n < MANY; i++) {
        for (unsigned d = 0; d < 8; d++)
            key[d] = "0123456789abcdef"[i >> (4 * d) & 15];
        if ((redan_hash(0, (struct redan_slice){key, 8}) & 0x7ffff) >= 0x4000)
            continue;
        redan_buf_text(&text, n++ ? ",\"" : "{\"");
        redan_buf_add(&text, key, 8);
        redan_buf_text(&text, "\":0");
    }
    redan_buf_char(&text, '}');
    ctx.seed = 0x243f6a8885a308d3U;
    double begin = seconds();
    assert_ok(redan_json_parse(&ctx, redan_buf_view(&text), &root));
    assert_true(seconds() - begin < 5);
    assert_int_equal(root->count, MANY);
    redan_buf_done(&text);
    redan_ctx_done(&ctx);
}

/* Objects of every size around the change from comparing to hashing, nested in one another, siblings with equal keys. */
static void test_every_size(void **state)
{
    struct redan_ctx ctx;
    struct redan_buf text;
    struct redan_json reader;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&text, &ctx, SIZE_MAX / 2);
    redan_json_init(&reader, &ctx, REDAN_S("0"));
    for (size_t outer = 1; outer < 40; outer++) {
        for (size_t again = 0; again <= outer;
             again++) { /* which key comes twice; none at the end */
            struct redan_json_token token = {.kind = REDAN_JSON_NULL};
            redan_buf_clear(&text);
            for (size_t i = 0; i < outer; i++) {
                redan_buf_printf(&text, "%s\"key%zu\":", i ? "," : "{", i);
                object_add(&text, i + 1, false, short_name);
            }
            size_t offset = text.len + 1;
            if (again < outer)
                redan_buf_printf(&text, ",\"key%zu\":0", again);
            redan_buf_char(&text, '}');
            redan_json_reset(&reader, redan_buf_view(&text));
            enum redan_status status = REDAN_OK;
            while (status == REDAN_OK && token.kind != REDAN_JSON_END)
                status = redan_json_next(&reader, &token);
            assert_int_equal(status, again < outer ? REDAN_E_SYNTAX : REDAN_OK);
            if (again < outer)
                assert_int_equal(ctx.failure.offset, offset);
            redan_fail_clear(&ctx);
        }
    }
    redan_json_done(&reader);
    redan_buf_done(&text);
    redan_ctx_done(&ctx);
    assert_int_equal(ctx.mem.used, 0);
}

static void test_huge_string(void **state)
{
    enum { SIZE = 16 << 20 };
    const struct redan_node *root = NULL;
    struct redan_buf text;
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&text, &ctx, SIZE_MAX / 2);
    redan_buf_text(&text, "[\"");
    redan_buf_repeat(&text, 'x', SIZE);
    redan_buf_text(&text, "\",\"\\n");
    redan_buf_repeat(&text, 'y', SIZE);
    redan_buf_text(&text, "\"]");
    assert_ok(redan_json_parse(&ctx, redan_buf_view(&text), &root));
    assert_int_equal(root->first->text.len, SIZE);
    assert_ptr_equal(root->first->text.at, text.data + 2); /* borrowed */
    assert_int_equal(root->last->text.len, SIZE + 1);
    assert_int_equal(root->last->text.at[0], '\n');
    redan_arena_done(&ctx.arena);
    ctx.limits.json = SIZE;
    assert_int_equal(redan_json_parse(&ctx, redan_buf_view(&text), &root), REDAN_E_LIMIT);
    redan_buf_done(&text);
    redan_ctx_done(&ctx);
}

/* Everything once, with the n-th allocation failing. */
static enum redan_status all(struct redan_ctx *ctx, struct redan_slice text)
{
    struct redan_buf out REDAN_DEFER(redan_buf_done);
    struct redan_buf pretty REDAN_DEFER(redan_buf_done);
    const struct redan_node *root = NULL;

    redan_buf_init(&out, ctx, SIZE_MAX / 2);
    redan_buf_init(&pretty, ctx, SIZE_MAX / 2);
    REDAN_TRY(redan_json_parse(ctx, text, &root));
    REDAN_TRY(redan_canonical_add(ctx, &out, root));
    redan_json_tree_add(&pretty, root);
    REDAN_TRY(redan_buf_ok(ctx, &pretty, "the JSON"));
    struct redan_node *map = redan_node_new(ctx, REDAN_NODE_MAP);
    if (!map || !redan_node_add_number(ctx, map, "n", 0.1) ||
        !redan_node_add_bool(ctx, map, "b", true) ||
        !redan_node_add_text(ctx, redan_node_add_kind(ctx, map, "l", REDAN_NODE_LIST), NULL,
                             REDAN_S("x")))
        return REDAN_E_MEMORY;
    return REDAN_OK;
}

static void test_no_memory(void **state)
{
    struct redan_buf text;
    struct redan_ctx outer;
    enum redan_status status = REDAN_E_MEMORY;
    uint64_t n = 0;

    (void)state;
    redan_ctx_init(&outer, NULL);
    redan_buf_init(&text, &outer, SIZE_MAX / 2);
    redan_buf_text(&text, "{\"deep\":[[[[[[[[[[[\"\\u00e9\",1.5,null]]]]]]]]]]],\"\\u006b\":");
    object_add(&text, 70, false, escaped_name);
    redan_buf_text(&text, ",\"last\":[{},[]]}");
    while (status != REDAN_OK) {
        struct redan_ctx ctx;

        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = ++n;
        status = all(&ctx, redan_buf_view(&text));
        assert_true(status == REDAN_OK || status == REDAN_E_MEMORY);
        assert_int_equal(ctx.failure.status, status);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
    assert_true(n > 20);
    redan_buf_done(&text);
    redan_ctx_done(&outer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deep),          cmocka_unit_test(test_many_keys),
        cmocka_unit_test(test_chosen_hashes), cmocka_unit_test(test_every_size),
        cmocka_unit_test(test_huge_string),   cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
