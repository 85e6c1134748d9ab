/* Normal form C and widths. */
#include "test.h"

#include "base/buf.h"
#include "text/nfc.h"

#define TEXT(literal)                  \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }

struct row {
    struct redan_slice text;
    bool normal;
    size_t offset;
};

static const struct row rows[] = {
    {TEXT(""), true, 0},
    {TEXT("plain ASCII \0 \x7f"), true, 0},
    {TEXT("\xc3\xa9 caf\xc3\xa9"), true, 0},    /* U+00E9 */
    {TEXT("cafe\xcc\x81 x"), false, 3},         /* e, U+0301 */
    {TEXT("x\xcc\x81 \xe2\x84\xab"), false, 4}, /* x with acute has no composed form; ANGSTROM */
    {TEXT("x\xcc\x81"), true, 0},
    {TEXT("\xcc\x81"), true, 0},                  /* a mark alone */
    {TEXT("q\xcc\xa3\xcc\x87"), true, 0},         /* marks in order: 220, 230 */
    {TEXT("q\xcc\x87\xcc\xa3"), false, 3},        /* and not */
    {TEXT("\xe1\xb8\x8b\xcc\xa3"), false, 0},     /* U+1E0B U+0323 (UAX 15, figure 6) */
    {TEXT("\xea\xb0\x80"), true, 0},              /* Hangul GA */
    {TEXT("\xe1\x84\x80\xe1\x85\xa1"), false, 0}, /* and its parts */
    {TEXT("a\xcd\x84"), false, 0},                /* U+0344 is excluded; the A composes */
    {TEXT("\xe0\xbd\xb3"), false, 0},             /* U+0F73 decomposes into marks */
    {TEXT("\xe6\x97\xa5\xe6\x9c\xac\xf0\x9f\x98\x80"), true, 0},
    {TEXT("\xef\xac\x81"), true, 0}, /* a ligature is compatibility, not canonical */
    {TEXT("ok \xff"), false, 3},
    {TEXT("\xc3\xa9\xed\xa0\x80"), false, 2}, /* surrogate */
    {TEXT("\xc0\xaf"), false, 0},             /* overlong */
    {TEXT("\xe6\x97"), false, 0},
};

static void test_nfc(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        bool normal = !rows[i].normal;
        size_t offset = 0;
        redan_ctx_init(&ctx, NULL);
        assert_ok(redan_nfc_check(&ctx, rows[i].text, &normal, &offset));
        if (normal != rows[i].normal || offset != rows[i].offset)
            fail_msg("row %zu: %d at %zu", i, normal, offset);
        assert_int_equal(ctx.mem.used, 0); /* nothing is left behind */
        redan_ctx_done(&ctx);
    }
}

struct repeated {
    const char *head;
    const char *piece;
    bool normal;
};

/* Sorting the marks of these would cost the square of their number. */
static const struct repeated repeated[] = {
    {"a", "\xcc\x96\xcc\x81", false}, /* 220 230 220 230 */
    {"", "\xe0\xbd\xb3", false},      {"\xc3\xa9", "\xcc\x96", true}, {"a", "\xcd\x84", false},
    {"q", "\xcc\x81", true},          {"", "\xe6\x97\xa5", true},     {"", "\xc3\xa9 ", true},
};

static void test_repeated(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(repeated); i++) {
        struct redan_ctx ctx;
        struct redan_buf text;
        bool normal = !repeated[i].normal;
        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&text, &ctx, SIZE_MAX);
        redan_buf_text(&text, repeated[i].head);
        for (unsigned k = 0; k < 1000000; k++)
            redan_buf_text(&text, repeated[i].piece);
        assert_ok(redan_nfc_check(&ctx, redan_buf_view(&text), &normal, NULL));
        if (normal != repeated[i].normal)
            fail_msg("row %zu", i);
        redan_buf_done(&text);
        redan_ctx_done(&ctx);
    }
}

static void test_memory(void **state)
{
    enum redan_status status = REDAN_E_MEMORY;

    (void)state;
    for (uint64_t n = 1; status != REDAN_OK; n++) {
        struct redan_ctx ctx;
        bool normal = false;
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = n;
        status =
            redan_nfc_check(&ctx, REDAN_S("\xc3\xa9 \xc3\xa9\xc3\xa9 \xc3\xa9"), &normal, NULL);
        assert_true(status == REDAN_OK || status == REDAN_E_MEMORY);
        assert_int_equal(ctx.failure.status, status);
        assert_int_equal(normal, status == REDAN_OK);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

static void test_width(void **state)
{
    (void)state;
    assert_int_equal(redan_text_width(REDAN_S("")), 0);
    assert_int_equal(redan_text_width(REDAN_S("abc")), 3);
    assert_int_equal(redan_text_width(REDAN_S("e\xcc\x81")), 1);
    assert_int_equal(redan_text_width(REDAN_S("\xe6\x97\xa5\xe6\x9c\xac")), 4);
    assert_int_equal(redan_text_width(REDAN_S("a\x1b\n\xff\xe2\x80\x8b")), 1);
}

static void test_make(void **state)
{
    static const struct {
        const char *text;
        bool fold;
        const char *made; /* NULL: refused */
    } forms[] = {
        {"", false, ""},
        {"Model.bin", false, "Model.bin"},
        {"Model.bin", true, "model.bin"},
        {"e\xcc\x81", false, "\xc3\xa9"},
        {"\xc3\x89", false, "\xc3\x89"},
        {"E\xcc\x81", true, "\xc3\xa9"},
        {"Stra\xc3\x9f"
         "e",
         true, "strasse"},
        {"\xe1\x84\x80\xe1\x85\xa1", false, "\xea\xb0\x80"}, /* Hangul */
        {"a\xff", false, NULL},
    };
    char marks[1 + 2 * 31 + 1] = "a";

    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct redan_ctx ctx;
        struct redan_slice made = {0};
        redan_ctx_init(&ctx, NULL);
        enum redan_status status =
            redan_nfc_make(&ctx, redan_slice_of(forms[i].text), forms[i].fold, &made);
        assert_int_equal(status, forms[i].made ? REDAN_OK : REDAN_E_SCHEMA);
        if (forms[i].made)
            assert_slice(made, forms[i].made);
        redan_ctx_done(&ctx);
    }
    for (size_t n = 30; n <= 31; n++) { /* UAX 15, Stream-Safe Text Format */
        struct redan_ctx ctx;
        struct redan_slice made = {0};
        redan_ctx_init(&ctx, NULL);
        for (size_t i = 0; i < n; i++)
            memcpy(marks + 1 + 2 * i, "\xcc\x81", 2);
        marks[1 + 2 * n] = '\0';
        assert_int_equal(redan_nfc_make(&ctx, redan_slice_of(marks), false, &made),
                         n == 30 ? REDAN_OK : REDAN_E_SCHEMA);
        redan_ctx_done(&ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_make),     cmocka_unit_test(test_nfc),
        cmocka_unit_test(test_repeated), cmocka_unit_test(test_memory),
        cmocka_unit_test(test_width),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
