/* A chain of approvals and what is pinned, who signed when, and the next step that follows. */
#include "history_fixture.h"

/* What is pinned outside the tree. %1 and %2 stand for the roots of the two approved threat models. */
static const struct {
    const char *what;
    const char *pin; /* after the root */
    const char *rules;
} pins[] = {
    {"nothing more", "", ""},
    {"all as it is", " keys=1 org=1 base=2:%2", ""},
    {"the step before", " base=1:%1", ""},
    {"another system", " other=9:%1", ""},
    {"newer keys", " keys=2", "TM022"},
    {"a newer organisation", " org=2", "TM022"},
    {"a later approval", " base=3:%2", "TM022"},
    {"another threat model with that number", " base=2:%1", "TM022"},
    {"another first threat model", " base=1:%2", "TM022"},
};

static void test_pins(void **state)
{
    struct redan_digest roots[2];
    struct fixture f;

    (void)state;
    fixture_open(&f);
    history_first(&f);
    roots[0] = f.model.root;
    history_step(&f, 1, EDIT_2);
    roots[1] = f.model.root;
    for (size_t i = 0; i < REDAN_COUNT(pins); i++)
        history_check_pinned(&f, roots, pins[i].pin, pins[i].what, pins[i].rules);
    /* what lies below the pinned step may be gone */
    history_drop_step(&f, 1);
    history_check_pinned(&f, roots, " base=1:%1", "the pinned one before it", "");
    history_check_pinned(&f, roots, " base=2:%2", "pinned itself", "");
    history_check_pinned(&f, roots, "", "nothing pinned", "TM023");
    fixture_close(&f);
}

/* The leads narrow the profile without the body, in two steps; what it was compared with may not be left away, though a pin has its
 * number. */
static void test_pinned_profile(void **state)
{
    static const char *const cycles[] = {"2026Q1", "2026Q2", "2026Q3", "2026Q4"};
    const char *from = strstr(fixture_model, "  - id: drift\n");
    const char *end = strstr(fixture_model, "  - id: membership\n");
    struct redan_slice plan = {0};
    struct redan_digest all[4];
    struct redan_digest roots[2];
    struct fixture f;

    (void)state;
    fixture_open(&f);
    assert_ok(redan_format(&f.ctx, &plan, "%.*s", (int)(end - from), from));
    const char *text = fixture_edit(&f, fixture_model, plan.at, ""); /* a plan's clock would ask */
    for (size_t i = 0; i < 4; i++) {
        char cycle[32];
        (void)snprintf(cycle, sizeof(cycle), "cycle: %s", cycles[i]);
        f.ctx.now = NOW + (int64_t)i * DAY;
        fixture_write_model(&f, fixture_edit(&f,
                                             fixture_edit(&f, text, "trains: false",
                                                          i < 2 ? "trains: true" : "trains: false"),
                                             "cycle: 2026Q4", cycle));
        fixture_approve_release(&f);
        all[i] = f.model.root;
    }
    roots[0] = all[1];
    roots[1] = all[2];
    history_check_pinned(&f, roots, " base=2:%1", "all is there", "TM026");
    for (uint64_t number = 1; number < 3; number++) {
        history_drop_step(&f, number);
        history_drop(&f, history_file(&f, "model", &all[number - 1]));
    }
    history_check_pinned(&f, roots, " base=2:%1", "the wide one is gone", "TM026");
    /* why a pin is not advanced over it: nothing below is asked for any more */
    history_check_pinned(&f, roots, " base=3:%2", "a narrow one is pinned", "");
    fixture_close(&f);
}

/* A pin settles a fork below it, and one above it shows. */
static void test_pinned_fork(void **state)
{
    struct redan_digest roots[2];
    struct fixture f;

    (void)state;
    fixture_open(&f);
    history_fork(&f);
    roots[0] = f.model.root;
    roots[1] = f.model.root;
    history_check_pinned(&f, roots, " base=2:%2", "settled", "");
    fixture_close(&f);
}

/* Stamps by a listed authority say when a key signed. */
static void test_stamps(void **state)
{
    static const struct {
        const char *what;
        enum fixture_key key;
        int stamped; /* days from NOW */
        const char *rules;
    } cases[] = {
        {"retired, stamped before", KEY_OKAFOR_2, 0, ""},
        {"retired, stamped after", KEY_OKAFOR_2, 31, "TM003"},
        {"stolen, stamped before", KEY_OKAFOR_3, 29, ""},
        {"stolen, stamped after", KEY_OKAFOR_3, 31, "TM003"},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(cases); i++) {
        struct fixture f;
        struct fixture_outcome o;
        struct redan_system s = {0};
        fixture_open(&f);
        history_first_by(&f, cases[i].key);
        f.ctx.now = NOW + 40 * DAY;
        fixture_load(&f, PIN_OURS, &s);
        for (size_t k = 0; k < s.approvals.count; k++) {
            if (redan_slice_is(s.approvals.items[k].role, "ml-lead"))
                s.approvals.items[k].signers[0].stamped = NOW + (int64_t)cases[i].stamped * DAY;
        }
        assert_ok(redan_history_read(&f.ctx, &s, &s.history));
        fixture_judge(&f.ctx, &s, NULL, &o);
        history_expect(cases[i].what, &o, cases[i].rules);
        redan_system_done(&s);
        fixture_close(&f);
    }
}

/* What redan_history_next refuses, and what it says then. */
static void test_next_refuses(void **state)
{
    static const struct {
        void (*make)(struct fixture *f);
        enum redan_status status;
        const char *why;
    } cases[] = {
        {history_gap, REDAN_E_SCHEMA, "approval 2 is missing; restore redan/approvals"},
        {history_fork, REDAN_E_SCHEMA, "remove the approvals of the one that is not to stand"},
        {history_text_missing, REDAN_E_ABSENT, "restore redan/history/model-"},
        {history_text_of_another, REDAN_E_ABSENT, "restore redan/history/model-"},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(cases); i++) {
        struct fixture f;
        struct redan_system s = {0};
        struct redan_approval_step next;
        fixture_open(&f);
        cases[i].make(&f);
        fixture_load(&f, PIN_OURS, &s);
        assert_int_equal(redan_history_next(&f.ctx, &s, &next), cases[i].status);
        if (!strstr(f.ctx.failure.text, cases[i].why))
            print_error("case %zu: %s\n", i, f.ctx.failure.text);
        assert_non_null(strstr(f.ctx.failure.text, cases[i].why));
        redan_system_done(&s);
        fixture_close(&f);
    }
}

/* The second lead gets the step of the first, and signing again does not make another. */
static void test_next_is_stable(void **state)
{
    struct fixture f;
    struct redan_approval_step a;
    struct redan_approval_step b;

    (void)state;
    fixture_open(&f);
    history_first(&f);
    for (int i = 0; i < 3; i++) {
        fixture_write_model(&f, fixture_edit(&f, fixture_model, EDIT_2));
        fixture_next(&f, &a);
        if (i > 0) {
            assert_int_equal(a.number, b.number);
            assert_true(redan_digest_eq(&a.previous, &b.previous));
            assert_true(redan_digest_eq(&a.diff, &b.diff));
        }
        b = a;
        assert_int_equal(a.number, 2);
        f.ctx.now += 60;
        if (i < 2)
            fixture_approve_step(&f, i == 0 ? KEY_OKAFOR : KEY_LINDQVIST,
                                 i == 0 ? "ml-lead" : "security-lead", NULL, &a);
    }
    fixture_close(&f);
}

/* The digests that docs/digest.md gives. */
static void test_step_digest(void **state)
{
    static const char *const want[] = {
        "392f422e63436b4e7e72be4196942f2a6edf1cb0ce652d6a36d5dfd68ee6b204",
        "aab319bd5d0f927ef49aecbbc3f53834315fbdd3edc1602ee11d02bd404a256d",
    };
    struct redan_digest root;
    struct redan_digest chain = {{0}};
    struct redan_ctx ctx;
    char hex[REDAN_DIGEST_HEX];

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_true(redan_digest_parse_hex(
        REDAN_S("918f9938d8c2f205ea3e154720d3ec0c6286084fa93c66ff3bd93701898b2346"), &root));
    for (size_t i = 0; i < REDAN_COUNT(want); i++) {
        assert_ok(redan_step_chain(&ctx, i + 1, &root, &chain, &chain));
        redan_digest_hex(&chain, hex);
        assert_string_equal(hex, want[i]);
    }
    redan_ctx_done(&ctx);
}

/* Making the next step where any allocation fails. */
static void test_next_no_memory(void **state)
{
    struct fixture f;
    struct redan_system s = {0};

    (void)state;
    fixture_open(&f);
    history_first(&f);
    fixture_record_add(&f, fixture_records[0].query, fixture_records[0].observed);
    fixture_write_model(&f, fixture_edit(&f, fixture_model, EDIT_2));
    fixture_load(&f, PIN_OURS, &s);
    for (uint64_t n = 1;; n++) {
        struct redan_approval_step next = {.number = 77};
        uint64_t before = f.ctx.mem.calls;
        f.ctx.mem.fail_at = before + n;
        enum redan_status status = redan_history_next(&f.ctx, &s, &next);
        bool reached = f.ctx.mem.calls >= before + n;
        f.ctx.mem.fail_at = 0;
        redan_fail_clear(&f.ctx);
        if (!reached) {
            assert_ok(status);
            assert_int_equal(next.number, 2);
            break;
        }
        assert_int_equal(status, REDAN_E_MEMORY);
        assert_int_equal(next.number, 77);
    }
    redan_system_done(&s);
    fixture_close(&f);
}

/* Memory that runs out anywhere is no pass, with a history too. */
static void test_no_memory(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f);
    fixture_write_model(&f, fixture_model);
    fixture_fill(&f, NULL, NULL);
    history_step(&f, 1, EDIT_2);
    for (uint64_t n = 1;; n += 1 + n / 60) {
        struct redan_ctx ctx;
        struct redan_pin pin = {.set = true, .root = f.ring.root, .source = REDAN_S("--root")};
        struct redan_system system = {0};
        struct redan_verdict verdict = {.word = REDAN_WORD_INDETERMINATE};
        redan_ctx_init(&ctx, NULL);
        ctx.now = NOW + DAY;
        ctx.mem.fail_at = n;
        enum redan_status status =
            redan_system_load(&ctx, &f.catalog, redan_slice_of(f.dir.root), &pin, &system);
        if (status == REDAN_OK)
            status = redan_system_verdict(&ctx, &system, NULL, 0, false, &verdict);
        bool reached = ctx.mem.calls >= n;
        if (reached)
            assert_false(status == REDAN_OK && verdict.word <= REDAN_WORD_WARN);
        redan_system_done(&system);
        redan_ctx_done(&ctx);
        if (!reached && status == REDAN_OK)
            break;
    }
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pins),           cmocka_unit_test(test_pinned_fork),
        cmocka_unit_test(test_pinned_profile), cmocka_unit_test(test_stamps),
        cmocka_unit_test(test_next_refuses),   cmocka_unit_test(test_step_digest),
        cmocka_unit_test(test_next_is_stable), cmocka_unit_test(test_next_no_memory),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
