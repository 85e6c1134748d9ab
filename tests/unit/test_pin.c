/* What is pinned: the text, what is refused in it, and that nothing goes back. */
#include "test.h"

#include "threat/pin.h"

#define A "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define B "sha256:2222222222222222222222222222222222222222222222222222222222222222"

static const struct {
    const char *text;
    const char *again; /* as it is written; NULL when it is refused */
    const char *why;   /* part of what is said then */
} texts[] = {
    {A, A "\n", NULL},
    {"  " A "\r\n", A "\n", NULL},
    {A " keys=3", A " keys=3\n", NULL},
    {A ",org=2,keys=3", A " keys=3 org=2\n", NULL},
    {A "\n# the fraud service\nbase=4:" B "\n", A " base=4:" B "\n", NULL},
    {"# what the gate remembers\n" A "\n", A "\n", NULL},
    {A " # keys=9\nkeys=1", A " keys=1\n", NULL},
    {A " a=1:" B " b=2:" A, A " a=1:" B " b=2:" A "\n", NULL},
    {A " keys=1:" B " keys=7", A " keys=7 keys=1:" B "\n", NULL}, /* a system named keys */
    {"", NULL, "empty"},
    {" \n# nothing\n", NULL, "empty"},
    {"sha256:11", NULL, "fingerprint"},
    {"SHA256:1111111111111111111111111111111111111111111111111111111111111111", NULL,
     "fingerprint"},
    {"keys=1 " A, NULL, "fingerprint"},
    {A B, NULL, "fingerprint"},
    {A " " B, NULL, "write keys=N"},
    {A " keys=0", NULL, "1 or more"},
    {A " keys=-1", NULL, "1 or more"},
    {A " keys=", NULL, "write keys=N"},
    {A " keys=18446744073709551616", NULL, "1 or more"},
    {A " keys=1 keys=2", NULL, "twice"},
    {A " org=1 org=1", NULL, "twice"},
    {A " base=1", NULL, "write keys=N"},
    {A " base=0:" B, NULL, "write keys=N"},
    {A " base=1:" B "0", NULL, "write keys=N"},
    {A " base=1:" B " base=2:" B, NULL, "twice"},
    {A " ba/se=1:" B, NULL, "write keys=N"},
    {A " =1:" B, NULL, "write keys=N"},
    {A " keys=1#2", NULL, "1 or more"},
    {A " \x01\x02", NULL, "\"??\""},
};

static void test_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(texts); i++) {
        struct redan_ctx ctx;
        struct redan_pin pin = {.source = REDAN_S("--root")};
        redan_ctx_init(&ctx, NULL);
        enum redan_status status = redan_pin_parse(&ctx, redan_slice_of(texts[i].text), &pin);
        if (texts[i].again) {
            struct redan_buf out;
            assert_ok(status);
            assert_true(pin.set);
            assert_slice(pin.source, "--root");
            redan_buf_init(&out, &ctx, 10000);
            redan_pin_add(&out, &pin);
            assert_slice(redan_buf_view(&out), texts[i].again);
            struct redan_pin again = {0};
            assert_ok(redan_pin_parse(&ctx, redan_buf_view(&out), &again));
            assert_int_equal(again.last_count, pin.last_count);
            redan_buf_done(&out);
        } else {
            assert_int_equal(status, REDAN_E_USAGE);
            assert_false(pin.set);
            if (!strstr(ctx.failure.text, texts[i].why))
                print_error("%s: %s\n", texts[i].text, ctx.failure.text);
            assert_non_null(strstr(ctx.failure.text, texts[i].why));
        }
        redan_ctx_done(&ctx);
    }
}

static const struct {
    const char *before;
    const char *now;
    const char *after; /* NULL when it is refused */
    const char *why;
} advances[] = {
    {A, A " keys=2 org=1 base=3:" B, A " keys=2 org=1 base=3:" B "\n", ""},
    {A " keys=1 org=1 base=3:" B, A " keys=2 org=1 base=4:" A, A " keys=2 org=1 base=4:" A "\n",
     ""},
    {A " keys=2 base=3:" B, A " keys=2 base=3:" B, A " keys=2 base=3:" B "\n", ""},
    {A " keys=1 other=9:" A, A " keys=1 base=1:" B, A " keys=1 other=9:" A " base=1:" B "\n", ""},
    {B, A " keys=2", NULL, "it stands on another root than the one that is pinned"},
    {A " keys=3", A " keys=2", NULL, "keys.yaml has version 2, 3 was pinned"},
    {A " org=3", A " keys=2", NULL, "org.yaml has version 0, 3 was pinned"},
    {A " base=3:" B, A " base=2:" B, NULL, "base is at approval 2, 3 was pinned"},
    {A " base=3:" B, A " base=3:" A, NULL, "approval 3 of base is of another threat model"},
};

static void test_advance(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(advances); i++) {
        struct redan_ctx ctx;
        struct redan_pin before = {0};
        struct redan_pin now = {0};
        struct redan_pin pin = {.source = REDAN_S("untouched")};
        struct redan_slice why = {0};
        redan_ctx_init(&ctx, NULL);
        assert_ok(redan_pin_parse(&ctx, redan_slice_of(advances[i].before), &before));
        assert_ok(redan_pin_parse(&ctx, redan_slice_of(advances[i].now), &now));
        assert_ok(redan_pin_advance(&ctx, &before, &now, &pin, &why));
        assert_slice(why, advances[i].why);
        if (advances[i].after) {
            struct redan_buf out;
            redan_buf_init(&out, &ctx, 10000);
            redan_pin_add(&out, &pin);
            assert_slice(redan_buf_view(&out), advances[i].after);
            redan_buf_done(&out);
        } else {
            assert_slice(pin.source, "untouched");
        }
        redan_ctx_done(&ctx);
    }
}

static void test_find(void **state)
{
    struct redan_ctx ctx;
    struct redan_pin pin = {0};
    struct redan_buf out;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_pin_parse(&ctx, REDAN_S(A " a=1:" B " b=2:" A), &pin));
    assert_int_equal(redan_pin_last(&pin, REDAN_S("b"))->number, 2);
    assert_null(redan_pin_last(&pin, REDAN_S("c")));
    redan_buf_init(&out, &ctx, 10000);
    redan_pin_add_lines(&out, &pin);
    assert_slice(redan_buf_view(&out), A "\na=1:" B "\nb=2:" A "\n");
    redan_buf_done(&out);
    redan_ctx_done(&ctx);
}

static void test_too_long(void **state)
{
    struct redan_ctx ctx;
    struct redan_pin pin = {0};
    struct redan_buf text;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&text, &ctx, (size_t)2 * REDAN_PIN_TEXT);
    redan_buf_text(&text, A);
    redan_buf_repeat(&text, ' ', REDAN_PIN_TEXT);
    assert_int_equal(redan_pin_parse(&ctx, redan_buf_view(&text), &pin), REDAN_E_USAGE);
    redan_buf_done(&text);
    redan_ctx_done(&ctx);
}

static void test_no_memory(void **state)
{
    (void)state;
    for (uint64_t n = 1;; n++) {
        struct redan_ctx ctx;
        struct redan_pin pin = {0};
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = n;
        enum redan_status status = redan_pin_parse(&ctx, REDAN_S(A " keys=1 a=1:" B), &pin);
        bool reached = ctx.mem.calls >= n;
        redan_ctx_done(&ctx);
        if (!reached) {
            assert_ok(status);
            break;
        }
        assert_int_equal(status, REDAN_E_MEMORY);
        assert_false(pin.set);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),      cmocka_unit_test(test_advance),
        cmocka_unit_test(test_find),      cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
