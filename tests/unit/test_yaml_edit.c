/* Editing one value of a YAML text in place, and writing scalars. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "codec/canonical.h"
#include "codec/yaml.h"

#define TEXT(literal)                  \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }

static void expect_failure(const struct redan_ctx *ctx, size_t row, const char *text)
{
    if (strncmp(ctx->failure.text, text, strlen(text)) != 0)
        fail_msg("row %zu: \"%s\" does not begin with \"%s\"", row, ctx->failure.text, text);
}

struct edit {
    const char *yaml;
    const char *path[4];
    const char *value;
    enum redan_status status;
    const char *changed; /* or the beginning of the failure */
};

static const struct edit edits[] = {
    {"r:\n  m: old # c\n  n: 1\n", {"r", "m"}, "v", REDAN_OK, "r:\n  m: \"v\" # c\n  n: 1\n"},
    {"r:\n  m: \"o\\\"d\"   # c\n", {"r", "m"}, "v", REDAN_OK, "r:\n  m: \"v\"   # c\n"},
    {"r:\n  m: 'it''s\n   here' # c\n", {"r", "m"}, "v", REDAN_OK, "r:\n  m: \"v\" # c\n"},
    {"r:\n  m:\n  n: 1\n", {"r", "m"}, "v", REDAN_OK, "r:\n  m: \"v\"\n  n: 1\n"},
    {"r:\n  m: # c\n", {"r", "m"}, "v", REDAN_OK, "r:\n  m: \"v\" # c\n"},
    {"m:", {"m"}, "v", REDAN_OK, "m: \"v\""},
    {"r: {m: , n: 2}\n", {"r", "m"}, "v", REDAN_OK, "r: {m: \"v\" , n: 2}\n"},
    {"r: {n: 2, \"m\":}\n", {"r", "m"}, "v", REDAN_OK, "r: {n: 2, \"m\": \"v\"}\n"},
    {"r: {n: 2, m: }\n", {"r", "m"}, "v", REDAN_OK, "r: {n: 2, m: \"v\" }\n"},
    {"r: {m: a b, n: 2}\n", {"r", "m"}, "v", REDAN_OK, "r: {m: \"v\", n: 2}\n"},
    {"{\"r\":{\"m\":\"x\"}}", {"r", "m"}, "v", REDAN_OK, "{\"r\":{\"m\":\"v\"}}"},
    {"r:\n  m: |  # c\n    t\n    u\n\n# d\n  n: 2\n",
     {"r", "m"},
     "v",
     REDAN_OK,
     "r:\n  m: \"v\"  # c\n\n# d\n  n: 2\n"},
    {"r:\n  m: >-\n    t\n    u", {"r", "m"}, "v", REDAN_OK, "r:\n  m: \"v\""},
    {"r:\n  m: |\n  n: 2\n", {"r", "m"}, "v", REDAN_OK, "r:\n  m: \"v\"\n  n: 2\n"},
    {"r:\n  m: a\n    b\n\n    c # d\n", {"r", "m"}, "v", REDAN_OK, "r:\n  m: \"v\" # d\n"},
    {"r:\r\n  m: a\r\nx: 1\r\n", {"r", "m"}, "v", REDAN_OK, "r:\r\n  m: \"v\"\r\nx: 1\r\n"},
    {"r:\r\n  m: |\r\n   a\r\nx: 1\r\n", {"r", "m"}, "v", REDAN_OK, "r:\r\n  m: \"v\"\r\nx: 1\r\n"},
    {"m:\n  m:\n    m: 1\n", {"m", "m", "m"}, "v", REDAN_OK, "m:\n  m:\n    m: \"v\"\n"},
    {"a:\n - m: 1\nm: 2\n", {"m"}, "v", REDAN_OK, "a:\n - m: 1\nm: \"v\"\n"},
    {"a: \xc3\xa9\nm: \xc3\xa4 # \xc3\x9f\n",
     {"m"},
     "\xc3\xb1",
     REDAN_OK,
     "a: \xc3\xa9\nm: \"\xc3\xb1\" # \xc3\x9f\n"},
    {"m: 1\n", {"m"}, "a \"b\" \\ \t\n", REDAN_OK, "m: \"a \\\"b\\\" \\\\ \\t\\n\"\n"},
    /* a new key */
    {"r:\n  m: a\n\nx: 1\n", {"r", "k"}, "v", REDAN_OK, "r:\n  m: a\n  k: \"v\"\n\nx: 1\n"},
    {"r:\n  m: a # c\n  # d\nx: 1\n",
     {"r", "k"},
     "v",
     REDAN_OK,
     "r:\n  m: a # c\n  k: \"v\"\n  # d\nx: 1\n"},
    {"r:\n  m: |\n    t\n\nx: 1\n",
     {"r", "k"},
     "v",
     REDAN_OK,
     "r:\n  m: |\n    t\n  k: \"v\"\n\nx: 1\n"},
    {"r:\n  m: |+\n    t\n\nx: 1\n",
     {"r", "k"},
     "v",
     REDAN_OK,
     "r:\n  m: |+\n    t\n\n  k: \"v\"\nx: 1\n"},
    {"r:\r\n  m: |+\r\n    t\r\n\r\nx: 1\r\n",
     {"r", "k"},
     "v",
     REDAN_OK,
     "r:\r\n  m: |+\r\n    t\r\n\r\n  k: \"v\"\r\nx: 1\r\n"},
    {"r:\n  m: a", {"r", "k"}, "v", REDAN_OK, "r:\n  m: a\n  k: \"v\""},
    {"r:\r\n  m: a\r\nx: 1", {"r", "k"}, "v", REDAN_OK, "r:\r\n  m: a\r\n  k: \"v\"\r\nx: 1"},
    {"r:\n    k:\n      - a\n      - {c: d}  # e\nx: 1\n",
     {"r", "m"},
     "v",
     REDAN_OK,
     "r:\n    k:\n      - a\n      - {c: d}  # e\n    m: \"v\"\nx: 1\n"},
    {"r:\n  m:\n", {"r", "k"}, "v", REDAN_OK, "r:\n  m:\n  k: \"v\"\n"},
    {"---\nx: 1\n...\n", {"k"}, "v", REDAN_OK, "---\nx: 1\nk: \"v\"\n...\n"},
    {"r:\n  m: a\n", {"r", "a b: c"}, "v", REDAN_OK, "r:\n  m: a\n  \"a b: c\": \"v\"\n"},
    /* refused */
    {"r: {a: 1}\n", {"r", "k"}, "v", REDAN_E_UNSUPPORTED, "\"k\" is new and its map is in braces"},
    {"r: {a: 1}\n", {"r"}, "v", REDAN_E_UNSUPPORTED, "\"r\" holds a map or a list, not one value"},
    {"r:\n", {"r", "k"}, "v", REDAN_E_ABSENT, "\"r\" is not a map in this document"},
    {"r: 1\n", {"r", "k"}, "v", REDAN_E_ABSENT, "\"r\" is not a map in this document"},
    {"r: [1]\n", {"r", "k"}, "v", REDAN_E_ABSENT, "\"r\" is not a map in this document"},
    {"x: 1\n", {"r", "k"}, "v", REDAN_E_ABSENT, "\"r\" is not a map in this document"},
    {"r:\n  a: 1\n", {"r", "b", "c"}, "v", REDAN_E_ABSENT, "\"b\" is not a map in this document"},
    {"- 1\n", {"r"}, "v", REDAN_E_ABSENT, "\"the top\" is not a map in this document"},
    {"r:\n  m: |\n    t", {"r", "k"}, "v", REDAN_E_UNSUPPORTED, "the value cannot be set without"},
    {"m: 1\n", {"m"}, "\x1b[2J", REDAN_E_UNSUPPORTED, "the value cannot be set without"},
    {"m: 1\n", {"m"}, "\xff", REDAN_E_UNSUPPORTED, "the value cannot be set without"},
    {"m: *a\n", {"m"}, "v", REDAN_E_SYNTAX, "alias \"*a\" is not allowed"},
    {"m: 1\n", {NULL}, "v", REDAN_E_USAGE, "an empty path names no value"},
};

static size_t path_len(const char *const path[4])
{
    size_t n = 0;

    while (n < 4 && path[n])
        n++;
    return n;
}

static void test_edits(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(edits); i++) {
        const struct edit *row = &edits[i];
        struct redan_ctx ctx;
        struct redan_slice changed = {NULL, 0};
        redan_ctx_init(&ctx, NULL);
        enum redan_status status =
            redan_yaml_set(&ctx, redan_slice_of(row->yaml), row->path, path_len(row->path),
                           redan_slice_of(row->value), &changed);
        if (status != row->status)
            fail_msg("row %zu: %s", i, ctx.failure.text);
        if (status == REDAN_OK && !redan_slice_is(changed, row->changed))
            fail_msg("row %zu: %.*s", i, REDAN_FMT(changed));
        else if (status != REDAN_OK)
            expect_failure(&ctx, i, row->changed);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

struct scalar {
    struct redan_slice text;
    const char *yaml;
};

static const struct scalar scalars[] = {
    {TEXT("label-only"), "label-only"},
    {TEXT("Fraud rings; insiders (two)"), "Fraud rings; insiders (two)"},
    {TEXT(""), "\"\""},
    {TEXT("NO"), "\"NO\""},
    {TEXT("true"), "\"true\""},
    {TEXT("1_000"), "\"1_000\""},
    {TEXT("2026-10-05"), "\"2026-10-05\""},
    {TEXT("a: b"), "\"a: b\""},
    {TEXT("a #b"), "\"a #b\""},
    {TEXT("a, b"), "\"a, b\""},
    {TEXT(" a"), "\" a\""},
    {TEXT("a "), "\"a \""},
    {TEXT("- a"), "\"- a\""},
    {TEXT("<<"), "\"<<\""},
    {TEXT("a\nb\r\tc"), "\"a\\nb\\r\\tc\""},
    {TEXT("\"\\"), "\"\\\"\\\\\""},
    {TEXT("\xc3\xa9\xf0\x9f\x98\x80"), "\"\xc3\xa9\xf0\x9f\x98\x80\""},
    {TEXT("\xe2\x80\xa8\xef\xbb\xbf\xef\xbf\xbf"), "\"\\u2028\\uFEFF\\uFFFF\""},
    /* what a document may not hold */
    {TEXT("a\0b\x1b\x7f"), "\"a\xef\xbf\xbd"
                           "b\xef\xbf\xbd\xef\xbf\xbd\""},
    {TEXT("\xc2\x85\xff\xc3"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
};

static void test_scalars(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(scalars); i++) {
        struct redan_ctx ctx;
        struct redan_buf out;
        const struct redan_node *root = NULL;
        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&out, &ctx, SIZE_MAX);
        redan_yaml_scalar_add(&out, scalars[i].text);
        assert_slice(redan_buf_view(&out), scalars[i].yaml);
        redan_buf_clear(&out); /* inside brackets, where more characters mean something */
        redan_buf_text(&out, "[");
        redan_yaml_scalar_add(&out, scalars[i].text);
        redan_buf_text(&out, ",x]");
        assert_ok(redan_yaml_parse(&ctx, redan_buf_view(&out), &root));
        assert_int_equal(root->count, 2);
        if (i + 2 < REDAN_COUNT(scalars))
            assert_true(redan_slice_eq(root->first->text, scalars[i].text));
        redan_buf_done(&out);
        redan_ctx_done(&ctx);
    }
}

static const char sweep_text[] =
    "a: 1\nb: [x, {c: d, e: }]\nr:\n  m: |\n    t\nk: {a: , b: , c: }\n";

static void test_memory(void **state)
{
    static const char *const paths[][2] = {{"r", "m"}, {"r", "new"}};
    enum redan_status status = REDAN_E_MEMORY;
    size_t done = 0;

    (void)state;
    for (uint64_t n = 1; done < REDAN_COUNT(paths); n++) {
        struct redan_ctx ctx;
        struct redan_slice text = {NULL, 0};
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = n;
        status =
            redan_yaml_set(&ctx, redan_slice_of(sweep_text), paths[done], 2, REDAN_S("v"), &text);
        assert_true(status == REDAN_OK || status == REDAN_E_MEMORY);
        assert_int_equal(ctx.failure.status, status);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
        if (status == REDAN_OK) {
            done++;
            n = 0;
        }
    }
}

static struct redan_slice canonical(struct redan_ctx *ctx, const struct redan_node *root)
{
    struct redan_buf out REDAN_DEFER(redan_buf_done) = {0};
    struct redan_slice copy = {NULL, 0};

    redan_buf_init(&out, ctx, SIZE_MAX);
    assert_ok(redan_canonical_add(ctx, &out, root));
    assert_ok(redan_copy(ctx, redan_buf_view(&out), &copy));
    return copy;
}

/* Set the value at a path to something else and back: the tree is as before, and so is everything but the value. */
static void set_and_restore(struct redan_ctx *ctx, struct redan_slice text,
                            const struct redan_node *root, const struct redan_node *leaf,
                            const char *const *path, size_t depth)
{
    struct redan_slice once = {NULL, 0};
    struct redan_slice twice = {NULL, 0};
    const struct redan_node *tree = NULL;
    size_t head = 0;

    assert_ok(redan_yaml_set(ctx, text, path, depth, REDAN_S("\x7e: new"), &once));
    while (head < text.len && head < once.len && text.at[head] == once.at[head])
        head++;
    assert_true(head >= leaf->offset);
    assert_ok(redan_yaml_set(ctx, once, path, depth, leaf->text, &twice));
    assert_ok(redan_yaml_parse(ctx, twice, &tree));
    struct redan_slice before = canonical(ctx, root);
    struct redan_slice after = canonical(ctx, tree);
    assert_true(redan_slice_eq(before, after));
}

static void edit_everywhere(struct redan_ctx *ctx, struct redan_slice text)
{
    const struct redan_node *root = NULL;
    const char *path[3];
    size_t edited = 0;

    assert_ok(redan_yaml_parse(ctx, text, &root));
    for (const struct redan_node *a = root->first; a; a = a->next) {
        path[0] = a->key.at;
        if (a->kind == REDAN_NODE_TEXT) {
            set_and_restore(ctx, text, root, a, path, 1);
            edited++;
        }
        for (const struct redan_node *b = a->first; b && a->kind == REDAN_NODE_MAP; b = b->next) {
            path[1] = b->key.at;
            if (b->kind == REDAN_NODE_TEXT) {
                set_and_restore(ctx, text, root, b, path, 2);
                edited++;
            }
            for (const struct redan_node *c = b->first; c && b->kind == REDAN_NODE_MAP;
                 c = c->next) {
                path[2] = c->key.at;
                if (c->kind == REDAN_NODE_TEXT)
                    set_and_restore(ctx, text, root, c, path, 3);
            }
        }
    }
    assert_true(edited > 2);
}

static struct redan_slice read_file(struct redan_ctx *ctx, const char *path)
{
    struct redan_slice text = {NULL, 0};
    FILE *file = fopen(path, "rb");

    if (!file)
        return text;
    char *bytes = redan_take(ctx, 1 << 20);
    assert_non_null(bytes);
    text = (struct redan_slice){bytes, fread(bytes, 1, 1 << 20, file)};
    (void)fclose(file);
    return text;
}

static void test_samples(void **state)
{
    static const char *const names[] = {"fraud-scoring", "support-assistant", "org"};
    static const char here[] = __FILE__;
    const char *samples = getenv("REDAN_SAMPLES");
    char path[4096];

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(names); i++) {
        struct redan_ctx ctx;
        redan_ctx_init(&ctx, NULL);
        if (samples)
            (void)snprintf(path, sizeof(path), "%s/threat-models/%s.yaml", samples, names[i]);
        else
            (void)snprintf(path, sizeof(path), "%.*s../../../shared/samples/threat-models/%s.yaml",
                           (int)(strrchr(here, '/') - here) + 1, here, names[i]);
        struct redan_slice text = read_file(&ctx, path);
        if (text.len == 0) {
            redan_ctx_done(&ctx);
            print_message("no samples at %s; set REDAN_SAMPLES\n", path);
            skip();
        }
        edit_everywhere(&ctx, text);
        redan_ctx_done(&ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edits),
        cmocka_unit_test(test_scalars),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_samples),
    };
    return cmocka_run_group_tests_name("yaml_edit", tests, NULL, NULL);
}
