/* R objects: what is called where, in all three forms and both versions, and nothing of what is only data. */
#include "test.h"

#include "format/format_table.h"
#include "rdata_asm.h"
#include "told.h"

static struct redan_slice view(const struct r *r)
{
    assert_int_equal(r->out.fail, REDAN_OK);
    return redan_buf_view(&r->out);
}

static void check(struct redan_ctx *ctx, struct r *r, const char *line, bool has)
{
    struct told told;

    told_read(&told, ctx, &redan_format_rdata, view(r), "x.rds");
    assert_int_equal(told.sniff, REDAN_SNIFF_YES);
    assert_ok(told.status);
    assert_false(told_has(&told, "unread damaged"));
    if (told_has(&told, line) != has)
        fail_msg("\"%s\" is %sin:\n%s", line, has ? "not " : "", told.log.data);
    told_done(&told);
    redan_buf_done(&r->out);
}

static void test_forms(void **state)
{
    static const char forms[] = {'X', 'A', 'B'};
    struct redan_ctx ctx;
    struct r r;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < sizeof(forms); i++) {
        for (unsigned version = 2; version <= 3; version++) {
            r_start(&r, &ctx, forms[i], "", version);
            r_promise(&r, false);
            r_call(&r, "system", "id \"x");
            check(&ctx, &r, "code r-promise system id \"x", true);
        }
    }
    redan_ctx_done(&ctx);
}

static void test_places(void **state)
{
    struct redan_ctx ctx;
    struct r r;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    r_start(&r, &ctx, 'X', "", 3); /* has its value: never evaluated */
    r_promise(&r, true);
    r_call(&r, "system", "id");
    check(&ctx, &r, "code r-forced system id", true);

    r_start(&r, &ctx, 'X', "", 3); /* function() system("id") */
    r_num(&r, R_CLO);
    r_num(&r, R_NIL);
    r_call(&r, "system", "id");
    check(&ctx, &r, "code r-closure system id", true);

    r_start(&r, &ctx, 'X', "RDX3\n", 3); /* .First <- function() f("x") */
    r_num(&r, R_LIST | R_TAGGED);
    r_sym(&r, ".First");
    r_num(&r, R_CLO);
    r_num(&r, R_NIL);
    r_call(&r, "f", "x");
    r_num(&r, R_NIL);
    check(&ctx, &r, "code r-startup f x", true);

    r_start(&r, &ctx, 'X', "RDX3\n", 3); /* First is any other name */
    r_num(&r, R_LIST | R_TAGGED);
    r_sym(&r, "First");
    r_num(&r, R_CLO);
    r_num(&r, R_NIL);
    r_call(&r, "f", "x");
    r_num(&r, R_NIL);
    check(&ctx, &r, "code r-closure f x", true);

    r_start(&r, &ctx, 'X', "RDX3\n", 3); /* a promise for a variable's value */
    r_num(&r, R_LIST | R_TAGGED);
    r_sym(&r, "data");
    r_promise(&r, false);
    r_call(&r, "f", "x");
    r_num(&r, R_NIL);
    check(&ctx, &r, "code r-pending", true);

    r_start(&r, &ctx, 'X', "",
            3); /* an environment: locked, enclosed by nothing, one active binding */
    r_num(&r, 4);
    r_num(&r, 0);
    r_num(&r, 242);
    r_num(&r, R_LIST | R_TAGGED | 1u << 27);
    r_sym(&r, "x");
    r_num(&r, R_CLO);
    r_num(&r, R_NIL);
    r_call(&r, "system", "id");
    r_num(&r, R_NIL);
    r_num(&r, R_NIL);
    r_num(&r, R_NIL);
    check(&ctx, &r, "code r-active-binding system id", true);
    redan_ctx_done(&ctx);
}

static void test_calls(void **state)
{
    struct redan_ctx ctx;
    struct r r;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    r_start(&r, &ctx, 'X', "", 2); /* base::system("id") */
    r_num(&r, R_LANG);
    r_num(&r, R_LANG);
    r_sym(&r, "::");
    r_num(&r, R_LIST);
    r_sym(&r, "base");
    r_num(&r, R_LIST);
    r_sym(&r, "system");
    r_num(&r, R_NIL);
    r_num(&r, R_LIST);
    r_str(&r, "id");
    r_num(&r, R_NIL);
    check(&ctx, &r, "code r-expression base system id", true);

    r_start(&r, &ctx, 'X', "",
            2); /* eval(parse("x")): the second by reference to the first symbol table */
    r_num(&r, R_LANG);
    r_sym(&r, "eval");
    r_num(&r, R_LIST);
    r_call(&r, "parse", "x");
    r_num(&r, R_NIL);
    check(&ctx, &r, "code r-expression eval parse", true);

    r_start(&r, &ctx, 'X', "", 2); /* list(a, f) where f is a reference */
    r_num(&r, 19);
    r_num(&r, 2);
    r_sym(&r, "system");
    r_num(&r, R_LANG);
    r_num(&r, 1 << 8 | 255);
    r_num(&r, R_NIL);
    check(&ctx, &r, "code r-expression system", true);

    r_start(&r, &ctx, 'X', "", 2); /* a text is no call */
    r_str(&r, "system('id')");
    check(&ctx, &r, "code r-expression system", false);

    r_start(&r, &ctx, 'X', "", 3); /* ALTREP: info, state, attributes */
    r_num(&r, 238);
    r_num(&r, R_LIST);
    r_sym(&r, "mmap_integer");
    r_num(&r, R_LIST);
    r_sym(&r, "simplemmap");
    r_num(&r, R_NIL);
    r_str(&r, "/etc/passwd");
    r_num(&r, R_NIL);
    check(&ctx, &r, "class r-altrep simplemmap mmap_integer", true);

    r_start(&r, &ctx, 'X', "", 3); /* byte code: a promise whose constants hold a call and a name */
    r_promise(&r, false);
    r_num(&r, 21);
    r_num(&r, 1);
    r_num(&r, 13);
    r_num(&r, 1);
    r_num(&r, 12);
    r_num(&r, 2);
    r_num(&r, R_LANG);
    r_num(&r, R_NIL);
    r_num(&r, 1);
    r_sym(&r, "system");
    r_num(&r, R_NIL);
    r_num(&r, R_NIL);
    r_num(&r, 1);
    r_sym(&r, "pipe");
    check(&ctx, &r, "code r-promise pipe", true);
    redan_ctx_done(&ctx);
}

/* Every prefix of a file is read without a fault, and is damaged; every allocation may fail. */
static void test_hostile(void **state)
{
    struct redan_ctx ctx;
    struct told told;
    struct r r;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    r_start(&r, &ctx, 'X', "RDX3\n", 3);
    r_num(&r, R_LIST | R_TAGGED);
    r_sym(&r, "x");
    r_promise(&r, false);
    r_call(&r, "system", "id");
    r_num(&r, R_NIL);
    struct redan_slice whole = view(&r);
    for (size_t len = 5; len < whole.len; len++) {
        told_read(&told, &ctx, &redan_format_rdata, redan_slice_sub(whole, 0, len), "x.rda");
        assert_ok(told.status);
        assert_true(told_has(&told, "unread damaged"));
        told_done(&told);
    }
    for (uint64_t n = 1;; n++) {
        struct redan_ctx small;
        redan_ctx_init(&small, NULL);
        small.mem.fail_at = n;
        told_read(&told, &small, &redan_format_rdata, whole, "x.rda");
        enum redan_status status = told.status;
        told_done(&told);
        uint64_t calls = small.mem.calls;
        redan_ctx_done(&small);
        if (status == REDAN_OK && n > calls)
            break;
        assert_int_equal(status, REDAN_E_MEMORY);
    }
    redan_buf_done(&r.out);

    r_start(&r, &ctx, 'X', "", 2); /* nested beyond every bound */
    for (int i = 0; i < 12000; i++)
        r_num(&r, R_LANG);
    told_read(&told, &ctx, &redan_format_rdata, view(&r), "x.rds");
    assert_int_equal(told.status, REDAN_E_LIMIT);
    told_done(&told);
    redan_buf_done(&r.out);
    redan_fail_clear(&ctx);

    r_start(&r, &ctx, 'X', "",
            2); /* lengths that are none, references to nothing, types that do not exist */
    static const uint32_t bad[][3] = {{13, 0x80000000, 0},
                                      {16, 0xffffffff, 0xffffffff},
                                      {999u << 8 | 255, 0, 0},
                                      {99, 0, 0},
                                      {8, 5000, 0}};
    size_t head = r.out.len;
    for (size_t i = 0; i < REDAN_COUNT(bad); i++) {
        r.out.len = head;
        for (size_t k = 0; k < 3; k++)
            r_num(&r, bad[i][k]);
        told_read(&told, &ctx, &redan_format_rdata, view(&r), "x.rds");
        assert_ok(told.status);
        assert_true(told_has(&told, "unread damaged"));
        told_done(&told);
    }
    redan_buf_done(&r.out);
    redan_ctx_done(&ctx);
}

static void test_sniff(void **state)
{
    static const struct {
        struct redan_slice bytes;
        bool is;
    } rows[] = {{{"RDX2\nX\n", 7}, true},
                {{"RDX4\nX\n", 7}, false},
                {{"A\n2\n262657\n", 11}, true},
                {{"A\nB\nC is a text", 15}, false},
                {{"X\n\0\0\0\3\0\4\2\1", 10}, true},
                {{"X\n\0\0\0\4\0\4\2\1", 10}, false},
                {{"B\n\3\0\0\0\1\2\4\0", 10}, true}};
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct told told;
        told_read(&told, &ctx, &redan_format_rdata, rows[i].bytes, "");
        assert_int_equal(told.sniff, rows[i].is ? REDAN_SNIFF_YES : REDAN_SNIFF_NO);
        told_done(&told);
    }
    redan_ctx_done(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sniff), cmocka_unit_test(test_forms),   cmocka_unit_test(test_places),
        cmocka_unit_test(test_calls), cmocka_unit_test(test_hostile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
