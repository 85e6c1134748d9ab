/* What somebody who controls the repository, or the leads without the body, might try; none of it may pass. */
#include "threat_fixture.h"

/* The base system in an edited form, recorded and signed by all who sign it. */
static void build(struct fixture *f, const char *from, const char *to)
{
    fixture_open(f);
    fixture_write_model(f, fixture_edit(f, fixture_model, from, to));
    fixture_fill(f, NULL, NULL);
}

/* Rules that nobody signed for could be left away: org.yaml without `inherits` does not pass, so that its absence never has to be noticed. */
static void test_org_not_inherited(void **state)
{
    struct fixture f;
    struct fixture_outcome o;

    (void)state;
    build(&f, "inherits: [bank]\n", "");
    fixture_check(&f, PIN_OURS, NOW, NULL, &o);
    assert_int_equal(o.word, REDAN_WORD_FAIL);
    assert_string_equal(o.rules, "TM001");
    assert_string_equal(o.action, "add to the threat model: inherits: [bank]");
    fixture_close(&f);
}

static const char board_of_two[] =
    "  - id: membership\n"
    "    name: Membership inference\n"
    "    stage: inference\n"
    "    severity: medium\n"
    "    resolution: {kind: accepted, body: risk-board, reason: Little is learnt., residual: low,\n"
    "                 expires: 2027-05-31, conditions: [audit]}\n";
static const char board_of_one[] =
    "  - id: theft\n"
    "    name: Theft\n"
    "    stage: storage\n"
    "    severity: medium\n"
    "    resolution: {kind: accepted, body: peers, reason: Little is lost., residual: low,\n"
    "                 expires: 2027-05-31}\n";

/* Lists are sets: in which order two bodies are named does not decide which of them signs an interim risk. */
static void test_order_of_bodies(void **state)
{
    (void)state;
    for (int turn = 0; turn < 2; turn++) {
        struct fixture f;
        struct fixture_outcome o;
        char to[1024];
        const char *text = fixture_model;
        fixture_open(&f);
        fixture_write_org(&f,
                          fixture_edit(&f, fixture_org, "risk-board: 2}",
                                       "risk-board: 2, peers: 1}\nbodies: [risk-board, peers]"));
        const char *from = strstr(text, "  - id: membership\n");
        const char *end = strstr(text, "  - id: online\n");
        assert_non_null(from);
        assert_non_null(end);
        (void)snprintf(to, sizeof(to), "%.*s", (int)(end - from), from);
        text = fixture_edit(&f, text, to, "");
        (void)snprintf(to, sizeof(to), "threats:\n%s%s", turn ? board_of_two : board_of_one,
                       turn ? board_of_one : board_of_two);
        fixture_write_model(&f, fixture_edit(&f, text, "threats:\n", to));
        fixture_fill(&f, NULL, "drift");
        fixture_approve(&f, KEY_PEER, REDAN_APPROVAL_ACCEPTANCE, "peers", "theft", 0);
        fixture_approve(&f, KEY_PEER, REDAN_APPROVAL_ACCEPTANCE, "peers", "drift", 0);
        fixture_check(&f, PIN_OURS, NOW, NULL, &o);
        assert_string_equal(o.rules, "TM009");
        assert_string_equal(o.detail, "interim risk: 0 of 2 signatures of risk-board");
        fixture_approve(&f, KEY_BOARD_1, REDAN_APPROVAL_ACCEPTANCE, "risk-board", "drift", 0);
        fixture_approve(&f, KEY_BOARD_2, REDAN_APPROVAL_ACCEPTANCE, "risk-board", "drift", 0);
        fixture_check(&f, PIN_OURS, NOW, NULL, &o);
        assert_string_equal(o.rules, "");
        fixture_close(&f);
    }
}

/* Another system that passes, in the place of the one that is meant. */
static void test_other_system(void **state)
{
    static const struct {
        const char *meant;
        enum redan_word word;
        const char *detail;
    } rows[] = {
        {"", REDAN_WORD_PASS, ""},
        {"base", REDAN_WORD_PASS, ""},
        {"bas", REDAN_WORD_FAIL, "this is the system base, not bas"},
        {"scoring", REDAN_WORD_FAIL, "this is the system base, not scoring"},
    };
    struct fixture f;

    (void)state;
    build(&f, NULL, NULL);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_pin pin = {.set = true,
                                .root = f.ring.root,
                                .source = REDAN_S("--root"),
                                .system = redan_slice_of(rows[i].meant)};
        struct redan_system system = {0};
        struct redan_verdict verdict;
        struct redan_ctx ctx;
        redan_ctx_init(&ctx, NULL);
        ctx.now = NOW;
        assert_ok(redan_system_load(&ctx, &f.catalog, redan_slice_of(f.dir.root), &pin, &system));
        assert_ok(redan_system_verdict(&ctx, &system, NULL, 0, false, &verdict));
        assert_int_equal(verdict.word, rows[i].word);
        if (verdict.next)
            assert_slice(verdict.next->detail, rows[i].detail);
        redan_system_done(&system);
        redan_ctx_done(&ctx);
    }
    fixture_close(&f);
}

/* A threat model laid above redan/ is not judged in its place. */
static void test_two_models(void **state)
{
    struct fixture f;
    struct redan_slice folder = {0};

    (void)state;
    build(&f, NULL, NULL);
    assert_ok(redan_system_find(&f.ctx, redan_slice_of(f.dir.root), &folder));
    scratch_folder(&f.dir, "redan");
    scratch_text(&f.dir, "redan/threatmodel.yaml", fixture_model);
    assert_int_equal(redan_system_find(&f.ctx, redan_slice_of(f.dir.root), &folder),
                     REDAN_E_SCHEMA);
    assert_ok(redan_system_find(&f.ctx, scratch_slice(&f.dir, "redan"), &folder));
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_org_not_inherited),
        cmocka_unit_test(test_order_of_bodies),
        cmocka_unit_test(test_other_system),
        cmocka_unit_test(test_two_models),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
