/* Stages that keep state per caller: budgets, evidence that accuses, quick alarms that do not. */
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "caller_world.h"
#include "guard/arming.h"
#include "guard/stage_parts.h"

enum { SIZE = 1 << 20 };

struct fixture {
    struct redan_ctx ctx;
    struct redan_ctx call;
    struct world world;
    struct redan_caller_bounds bounds;
    struct redan_policy policy;
    struct redan_policy_rule rules[4];
    struct redan_policy_class caller_class;
    void *memory;
    struct redan_region *region;
    uint64_t now;
};

static int setup(void **state)
{
    static struct fixture f;
    bool kept = false;

    f = (struct fixture){.now = 1700000000000U};
    redan_ctx_init(&f.ctx, NULL);
    redan_ctx_init(&f.call, NULL);
    assert_true(world_make(&f.world, &f.ctx, 1));
    f.bounds = (struct redan_caller_bounds){.id = REDAN_S("merchants"),
                                            .lives = 999,
                                            .least_alpha = 1e-3,
                                            .flag_rate = 0.002,
                                            .novel_rate = 0.01};
    for (int b = 0; b < REDAN_BOUNDS; b++)
        f.bounds.m0[b] = 0.05;
    f.world.profile.bounds = &f.bounds;
    f.world.profile.bounds_count = 1;
    f.caller_class = (struct redan_policy_class){REDAN_S("merchants"), REDAN_S("m-*")};
    f.policy = (struct redan_policy){.rules = f.rules, .rule_count = 4, .enforce = true};
    f.policy.answers.threshold = 0.5;
    f.policy.classes = &f.caller_class;
    f.policy.class_count = 1;
    f.memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(f.memory != MAP_FAILED);
    assert_ok(redan_region_format(&f.ctx, f.memory, SIZE, &kept));
    f.region = redan_region_of(f.memory, SIZE);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(munmap(f->memory, SIZE), 0);
    redan_ctx_done(&f->call);
    redan_ctx_done(&f->ctx);
    return 0;
}

static struct redan_asked asked_of(struct fixture *f, const char *name, const double *rows,
                                   size_t n)
{
    redan_ctx_done(&f->call);
    redan_ctx_init(&f->call, NULL);
    return (struct redan_asked){.ctx = &f->call,
                                .policy = &f->policy,
                                .profile = &f->world.profile,
                                .region = f->region,
                                .time_ms = f->now,
                                .caller = redan_slice_of(name),
                                .caller_key =
                                    *name ? redan_region_key(f->region, redan_slice_of(name)) : 0,
                                .caller_class = &f->caller_class,
                                .request = {.rows = n, .columns = WORLD_WIDTH, .values = rows}};
}

static const double nothing[WORLD_WIDTH * 128];

/* --- budget --- */

static unsigned spend(struct fixture *f, size_t rule, const char *name, size_t rows,
                      struct redan_opinion *opinion)
{
    struct redan_asked asked = asked_of(f, name, nothing, rows);

    *opinion = (struct redan_opinion){0};
    assert_ok(redan_stage_budget.judge(&asked, &f->rules[rule], opinion));
    return opinion->speaks ? opinion->status : 0;
}

static void budgets(void **state)
{
    struct fixture *f = *state;
    struct redan_opinion o;

    f->rules[0] = (struct redan_policy_rule){.stage = &redan_stage_budget, .rows = 60, .per = 60};
    f->rules[1] =
        (struct redan_policy_rule){.stage = &redan_stage_budget, .requests = 3, .per = 10};
    for (int i = 0; i < 60; i++)
        assert_int_equal(spend(f, 0, "m-1", 1, &o), 0);
    assert_int_equal(spend(f, 0, "m-1", 1, &o), 429);
    assert_true(o.retry_after >= 1 && o.retry_after <= 2);
    assert_non_null(strstr(o.reason.at, "budget of 60 rows in 60 seconds"));
    assert_int_equal(spend(f, 0, "m-2", 60, &o), 0); /* another caller; all at once */
    f->now += 1000;
    assert_int_equal(spend(f, 0, "m-1", 1, &o), 0); /* one a second comes back, */
    assert_int_equal(spend(f, 0, "m-1", 1, &o), 429);
    f->now += 30000;
    assert_int_equal(spend(f, 0, "m-1", 31, &o), 429); /* a refusal costs nothing, */
    assert_int_equal(spend(f, 0, "m-1", 30, &o), 0);
    assert_int_equal(spend(f, 0, "m-3", 61, &o), 429); /* and this can never be */
    assert_int_equal(o.retry_after, 0);
    for (int i = 0; i < 3; i++) /* rules count apart, and requests whatever their rows */
        assert_int_equal(spend(f, 1, "m-1", 100, &o), 0);
    assert_int_equal(spend(f, 1, "m-1", 1, &o), 429);
    f->now -= 3600000; /* a clock that was set back does not lock anybody out for an hour */
    assert_int_equal(spend(f, 1, "m-1", 1, &o), 429);
    assert_true(o.retry_after <= 11);
    f->now += 3600000;

    struct redan_asked asked = asked_of(f, "m-1", nothing, 1);
    asked.rehearsal = true;
    o = (struct redan_opinion){0};
    assert_ok(redan_stage_budget.judge(&asked, &f->rules[1], &o));
    assert_false(o.speaks);
    asked = asked_of(f, "", nothing, 1);
    assert_int_equal(redan_stage_budget.judge(&asked, &f->rules[1], &o), REDAN_E_ABSENT);
    f->rules[1].per = INT64_MAX;
    asked = asked_of(f, "m-1", nothing, 1);
    assert_int_equal(redan_stage_budget.judge(&asked, &f->rules[1], &o), REDAN_E_LIMIT);
}

/* --- evidence --- */

static bool query(struct fixture *f, const struct redan_stage *stage, size_t rule, const char *name,
                  const double *rows, size_t n, struct redan_opinion *opinion)
{
    struct redan_asked asked = asked_of(f, name, rows, n);
    double labels[128];
    double scores[128];

    *opinion = (struct redan_opinion){0};
    for (size_t i = 0; i < n; i++) {
        scores[i] = world_score(rows + i * WORLD_WIDTH);
        labels[i] = scores[i] >= 0.5;
    }
    assert_ok(stage->judge(&asked, &f->rules[rule], opinion));
    assert_ok(stage->learn(&asked, &f->rules[rule], labels, scores));
    return opinion->speaks;
}

static bool rehearse(struct fixture *f, const struct redan_stage *stage, const char *name)
{
    struct redan_asked asked = asked_of(f, name, nothing, 1);
    struct redan_opinion opinion = {0};

    asked.rehearsal = true;
    assert_ok(stage->judge(&asked, &f->rules[0], &opinion));
    return opinion.speaks;
}

static unsigned until_accused(struct fixture *f, const char *name, unsigned most,
                              enum world_attack kind, struct redan_opinion *o)
{
    struct world_attacker attacker;
    double row[WORLD_WIDTH];

    world_attacker_make(&attacker, &f->world, kind, 3);
    for (unsigned i = 1; i <= most; i++) {
        world_attacker_row(&attacker, row);
        if (query(f, &redan_stage_caller, 0, name, row, 1, o))
            return i;
    }
    return 0;
}

static void evidence(void **state)
{
    struct fixture *f = *state;
    struct redan_opinion o;

    f->rules[0] = (struct redan_policy_rule){
        .id = REDAN_S("probing"), .stage = &redan_stage_caller, .alpha = 1e-3};
    unsigned at = until_accused(f, "m-copies", 200, WORLD_COPIES, &o);
    assert_true(at > 2 && at < 40);
    assert_int_equal(o.status, 403);
    assert_slice(o.reason, "access of this caller is suspended"); /* and not how it was seen */
    assert_non_null(strstr(o.detail.at, "log E"));
    assert_int_equal(redan_region_counter(f->region, REDAN_COUNT_ACCUSED), 1);
    double row[WORLD_WIDTH];
    struct world_caller honest;
    world_caller_make(&honest, 1);
    world_caller_row(&honest, row);
    assert_true(query(f, &redan_stage_caller, 0, "m-copies", row, 1, &o)); /* it stays so, */
    assert_int_equal(redan_region_counter(f->region, REDAN_COUNT_ACCUSED), 1);
    assert_true(rehearse(f, &redan_stage_caller, "m-copies"));
    assert_false(rehearse(f, &redan_stage_caller, "m-unheard-of"));
    f->world.profile.bounds_count =
        0; /* under a profile without bounds too; others are only watched */
    f->world.profile.digest.bytes[3]++;
    assert_true(query(f, &redan_stage_caller, 0, "m-copies", row, 1, &o));
    assert_int_equal(until_accused(f, "m-uncalibrated", 300, WORLD_COPIES, &o), 0);
    f->world.profile.bounds_count = 1;
    f->rules[0].alpha = 1e-4; /* more than 999 lives carry */
    assert_int_equal(until_accused(f, "m-too-few", 300, WORLD_COPIES, &o), 0);
    assert_true(rehearse(f, &redan_stage_caller, "m-too-few")); /* but nobody learns from it */
    f->rules[0].alpha = 1e-3;
    assert_true(until_accused(f, "m-too-few", 1, WORLD_COPIES, &o) == 1);
}

/* A batch is so many queries; two rules over callers count each once; a state that cannot be had is an error. */
static void batches_and_twins(void **state)
{
    enum { ROWS = 100 };
    struct fixture *f = *state;
    struct redan_opinion o = {0};
    double rows[ROWS * WORLD_WIDTH];
    double labels[ROWS] = {0};
    struct world_caller honest;

    world_caller_make(&honest, 8);
    for (int i = 0; i < ROWS; i++)
        world_caller_row(&honest, rows + i * WORLD_WIDTH);
    f->rules[0] = (struct redan_policy_rule){.stage = &redan_stage_caller, .alpha = 1e-3};
    f->rules[1] = (struct redan_policy_rule){.stage = &redan_stage_caller, .alpha = 1e-2};
    struct redan_asked asked = asked_of(f, "m-batch", rows, ROWS);
    for (int r = 0; r < 2; r++)
        assert_ok(redan_stage_caller.judge(&asked, &f->rules[r], &o));
    for (int r = 0; r < 2; r++)
        assert_ok(redan_stage_caller.learn(&asked, &f->rules[r], labels, NULL));
    assert_true(asked.weighed && !isnan(asked.log_e));
    struct redan_region_entry *e = redan_region_find(f->region, asked.caller_key);
    assert_int_equal(e->caller.n, ROWS);
    assert_int_equal(e->caller.written, ROWS);
    for (int i = 0; i < REDAN_CALLER_RING; i++)
        assert_int_equal(e->caller.labels[i], REDAN_CALLER_LABEL_0);
    redan_region_unlock(f->region, e, false);
    asked = asked_of(f, "m-none", rows, 0);
    assert_ok(redan_stage_caller.judge(&asked, &f->rules[0], &o));
    asked = asked_of(f, "m-batch", rows, 1);
    f->call.mem.fail_at = f->call.mem.calls + 1;
    assert_int_equal(redan_stage_caller.judge(&asked, &f->rules[0], &o), REDAN_E_MEMORY);
}

/* --- quick alarms --- */

static void bursts_come_and_go(void **state)
{
    struct fixture *f = *state;
    struct redan_opinion o;
    struct world_attacker attacker;
    struct world_caller honest;
    double row[WORLD_WIDTH];
    unsigned alarms = 0;
    unsigned at = 0;

    f->rules[0] = (struct redan_policy_rule){.stage = &redan_stage_burst};
    assert_int_equal(redan_stage_burst.most, REDAN_ACTION_DEGRADE);
    world_caller_make(&honest, 11);
    for (int i = 0; i < 2000; i++) {
        world_caller_row(&honest, row);
        alarms += query(f, &redan_stage_burst, 0, "m-calm", row, 1, &o);
    }
    assert_int_equal(alarms, 0);
    world_attacker_make(&attacker, &f->world, WORLD_UNIFORM, 1);
    for (at = 1; at < 100; at++) {
        world_attacker_row(&attacker, row);
        if (query(f, &redan_stage_burst, 0, "m-calm", row, 1, &o))
            break;
    }
    assert_true(at < 20);
    assert_int_equal(o.status, 0); /* it never refuses */
    assert_true(rehearse(f, &redan_stage_burst, "m-calm"));
    for (int i = 0; i < 3000; i++) {
        world_attacker_row(&attacker, row);
        (void)query(f, &redan_stage_burst, 0, "m-calm", row, 1, &o);
    }
    unsigned calm = 0;
    do { /* however long it lasted */
        world_caller_row(&honest, row);
        calm++;
    } while (query(f, &redan_stage_burst, 0, "m-calm", row, 1, &o) && calm < 1000);
    assert_true(calm > 10 && calm < 300);
    assert_false(rehearse(f, &redan_stage_burst, "m-calm"));
}

/* --- arming, as a policy is opened --- */

static void arming_is_checked(void **state)
{
    static const struct {
        double alpha;
        const char *caller_class;
        bool enforce;
        size_t notes, armed, problems;
    } rows[] = {
        {1e-3, "merchants", true, 1, 1, 0},  {1e-4, "merchants", true, 1, 0, 1},
        {1e-4, "merchants", false, 1, 0, 0}, {1e-3, "banks", true, 1, 0, 0},
        {1e-3, "", true, 2, 1, 0},           {1e-5, "", true, 2, 0, 1},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_problems problems;
        struct redan_arming_notes notes;
        redan_problems_init(&problems, &f->ctx, REDAN_S("policy.yaml"));
        f->rules[0] =
            (struct redan_policy_rule){.id = REDAN_S("probing"),
                                       .stage = &redan_stage_caller,
                                       .alpha = rows[i].alpha,
                                       .caller_class = redan_slice_of(rows[i].caller_class)};
        f->policy.rule_count = 1;
        f->policy.enforce = rows[i].enforce;
        assert_ok(redan_arming_check(&problems, &f->policy, &f->world.profile, &notes));
        assert_int_equal(notes.count, rows[i].notes);
        assert_int_equal(notes.armed, rows[i].armed);
        assert_int_equal(problems.count, rows[i].problems);
        if (i == 1)
            assert_slice(
                problems.first->text,
                "rule probing is not armed for class merchants: alpha 0.0001 asks for 9999 "
                "calibrated callers, and there are 999, good for an alpha of 0.001 or more");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(budgets, setup, teardown),
        cmocka_unit_test_setup_teardown(evidence, setup, teardown),
        cmocka_unit_test_setup_teardown(batches_and_twins, setup, teardown),
        cmocka_unit_test_setup_teardown(bursts_come_and_go, setup, teardown),
        cmocka_unit_test_setup_teardown(arming_is_checked, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
