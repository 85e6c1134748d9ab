/* The clock of a plan: since when it has been approved, under whatever id, and how often its end has moved. */
#include "history_fixture.h"

/* A plan as it stands in one step. */
struct plan {
    int day;          /* of the approval, from NOW; -1 ends */
    const char *id;   /* NULL: it is not there */
    const char *name; /* NULL: archetype EV-03 */
    const char *ticket;
    const char *opened;
    const char *due;
    const char *redates; /* "" for none */
};

static const struct {
    const char *what;
    struct plan plans[5];
    const char *rules;
} clocks[] = {
    {"as it was", {{0, "drift", NULL, "T-1", "2026-10-05", "2027-02-26", ""}}, ""},
    {"the same plan, opened anew",
     {{0, "drift", NULL, "T-1", "2026-10-05", "2027-02-26", ""},
      {80, "drift", NULL, "T-1", "2027-02-10", "2027-06-01", ""}},
     "TM007"},
    {"within its term",
     {{0, "drift", NULL, "T-1", "2026-10-05", "2027-02-26", ""},
      {80, "drift", NULL, "T-1", "2026-10-05", "2027-03-30", ""}},
     ""},
    {"its first day taken back to that of its approval",
     {{0, "drift", NULL, "T-1", "2026-10-05", "2027-02-26", ""},
      {10, "drift", NULL, "T-1", "2026-11-24", "2027-05-20", ""}},
     "TM007"},
    {"re-keyed, of the same archetype",
     {{0, "drift", NULL, "T-1", "2026-10-05", "2027-02-26", ""},
      {80, "drift-2", NULL, "T-9", "2027-02-10", "2027-06-01", ""}},
     "TM007"},
    {"re-keyed, with the same ticket",
     {{0, "drift", NULL, "T-1", "2026-10-05", "2027-02-26", ""},
      {80, "watching", "Watching", "T-1", "2027-02-10", "2027-06-01", ""}},
     "TM007"},
    {"re-keyed, with the same name",
     {{0, "drift", "Watching", "T-1", "2026-10-05", "2027-02-26", ""},
      {80, "watching", "Watching", "T-9", "2027-02-10", "2027-06-01", ""}},
     "TM007"},
    {"re-keyed bit by bit",
     {{0, "drift", "Watching", "T-1", "2026-10-05", "2027-02-26", ""},
      {40, "watching", "Watching it", "T-1", "2026-12-10", "2027-04-01", ""},
      {80, "looking", "Watching it", "T-9", "2027-02-10", "2027-06-01", ""}},
     "TM007"},
    {"left away for a step, and back",
     {{0, "drift", NULL, "T-1", "2026-10-05", "2027-02-26", ""},
      {40, NULL, NULL, NULL, NULL, NULL, NULL},
      {80, "drift-2", NULL, "T-9", "2027-02-10", "2027-06-01", ""}},
     "TM007"},
    {"another plan",
     {{0, "drift", NULL, "T-1", "2026-10-05", "2027-02-26", ""},
      {80, "watching", "Watching", "T-9", "2027-02-10", "2027-06-01", ""}},
     ""},
    {"re-dated twice",
     {{0, "drift", NULL, "T-1", "2026-10-05", "2027-01-10", ""},
      {10, "drift", NULL, "T-1", "2026-10-05", "2027-02-10", ""},
      {20, "drift", NULL, "T-1", "2026-10-05", "2027-03-10", ""}},
     ""},
    {"re-dated a third time, and none of it listed",
     {{0, "drift", NULL, "T-1", "2026-10-05", "2027-01-10", ""},
      {10, "drift", NULL, "T-1", "2026-10-05", "2027-02-10", ""},
      {20, "drift", NULL, "T-1", "2026-10-05", "2027-03-10", ""},
      {30, "drift", NULL, "T-1", "2026-10-05", "2027-03-20", ""}},
     "TM007"},
    {"re-dated a third time under another id",
     {{0, "drift", NULL, "T-1", "2026-10-05", "2027-01-10", ""},
      {10, "drift-2", NULL, "T-1", "2026-10-05", "2027-02-10", ""},
      {20, "drift-3", NULL, "T-1", "2026-10-05", "2027-03-10", ""},
      {30, "drift-4", NULL, "T-1", "2026-10-05", "2027-03-20", ""}},
     "TM007"},
    {"listed, and counted once",
     {{0, "drift", NULL, "T-1", "2026-10-05", "2027-01-10", ""},
      {10, "drift", NULL, "T-1", "2026-10-05", "2027-02-10", "2027-01-10"},
      {20, "drift", NULL, "T-1", "2026-10-05", "2027-03-10", "2027-01-10, 2027-02-10"}},
     ""},
    {"brought nearer",
     {{0, "drift", NULL, "T-1", "2026-10-05", "2027-03-10", ""},
      {10, "drift", NULL, "T-1", "2026-10-05", "2027-03-01", ""},
      {20, "drift", NULL, "T-1", "2026-10-05", "2027-02-10", ""},
      {30, "drift", NULL, "T-1", "2026-10-05", "2027-02-01", ""}},
     ""},
};

static const char *with_plan(struct fixture *f, const struct plan *p)
{
    const char *from = strstr(fixture_model, "  - id: drift\n");
    const char *end = strstr(fixture_model, "  - id: membership\n");
    struct redan_slice old = {0};
    struct redan_slice text = REDAN_S("");

    assert_true(from && end);
    assert_ok(redan_format(&f->ctx, &old, "%.*s", (int)(end - from), from));
    if (p->id)
        assert_ok(redan_format(
            &f->ctx, &text,
            "  - id: %s\n    %s%s\n%s    severity: high\n"
            "    resolution: {kind: planned, owner: d.moreau, ticket: %s,\n"
            "                 opened: %s, due: %s, redates: [%s],\n"
            "                 interim: {controls: [alive], residual: medium}}\n",
            p->id, p->name ? "name: " : "archetype: ", p->name ? p->name : "EV-03",
            p->name ? "    stage: evolution\n" : "", p->ticket, p->opened, p->due, p->redates));
    return fixture_edit(f, fixture_model, old.at, text.at);
}

static void test_clocks(void **state)
{
    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(clocks); i++) {
        struct fixture f;
        struct fixture_outcome o;
        fixture_open(&f);
        for (size_t k = 0; k < 5 && (k == 0 || clocks[i].plans[k].day); k++) {
            f.ctx.now = NOW + (int64_t)clocks[i].plans[k].day * DAY;
            fixture_write_model(&f, with_plan(&f, &clocks[i].plans[k]));
            fixture_approve_release(&f);
        }
        fixture_check(&f, PIN_OURS, f.ctx.now, NULL, &o);
        history_expect(clocks[i].what, &o, clocks[i].rules);
        fixture_close(&f);
    }
}

/* An old text that a plan's clock needs is missed, whichever step it is of. */
static void test_clock_needs_texts(void **state)
{
    struct fixture f;
    struct fixture_outcome o;
    struct redan_digest root;

    (void)state;
    fixture_open(&f);
    history_first(&f);
    root = f.model.root;
    history_step(&f, 1, EDIT_2);
    history_step(&f, 2, EDIT_3);
    history_drop(&f, history_file(&f, "model", &root));
    fixture_check(&f, PIN_OURS, f.ctx.now, NULL, &o);
    history_expect("an old text", &o, "TM023 TM026");
    fixture_close(&f);
}

/* Below a pinned step the chain may be gone: then a plan opened anew is held to the day that the oldest step says. */
static void test_clock_below_pin(void **state)
{
    static const struct plan plans[] = {
        {0, "drift", NULL, "T-1", "2026-10-05", "2027-02-26", ""},
        {80, "drift", NULL, "T-1", "2026-10-05", "2027-03-26", ""},
        {90, "drift-2", NULL, "T-2", "2027-02-20", "2027-04-20", ""},
    };
    struct redan_digest roots[2];
    struct fixture f;

    (void)state;
    fixture_open(&f);
    for (size_t i = 0; i < 3; i++) {
        f.ctx.now = NOW + (int64_t)plans[i].day * DAY;
        fixture_write_model(&f, with_plan(&f, &plans[i]));
        fixture_approve_release(&f);
        roots[i > 0] = f.model.root;
        if (i == 1)
            roots[0] = f.model.root;
    }
    history_drop_step(&f, 1);
    history_check_pinned(&f, roots, " base=2:%1", "a clock below the pin", "TM007");
    history_drop_step(&f, 2);
    history_check_pinned(&f, roots, " base=2:%1", "only the pin knows of it", "TM007");
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clocks),
        cmocka_unit_test(test_clock_needs_texts),
        cmocka_unit_test(test_clock_below_pin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
