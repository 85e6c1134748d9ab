/* Bounds from history, and what they are worth: honest callers that nothing was calibrated on, and attackers. */
#include "scratch.h"

#include <math.h>

#include "caller_world.h"
#include "guard/arming.h"
#include "guard/history.h"

enum { CALLERS = 500, ROWS = 250, FRESH = 1500, REPEATS = 9 };

static const double alpha = 0.01;

struct fixture {
    struct redan_ctx ctx;
    struct world world;
    struct redan_calibration_report report;
    struct redan_profile calibrated;
};

static struct redan_calibration_wanted wanted_of(uint64_t seed)
{
    return (struct redan_calibration_wanted){.alpha = alpha, .threshold = 0.5, .seed = seed};
}

/* Events as a guard writes them, of callers whose rows come interleaved. */
static void feed(struct fixture *f, struct redan_calibration *calibration, unsigned callers,
                 unsigned rows)
{
    struct world_caller *all = redan_take_array(&f->ctx, callers, sizeof(*all));

    assert_non_null(all);
    for (unsigned c = 0; c < callers; c++)
        world_caller_make(&all[c], 1000000 + c);
    for (unsigned i = 0; i < rows; i++) {
        for (unsigned c = 0; c < callers; c++) {
            double row[WORLD_WIDTH];
            char name[32];
            world_caller_row(&all[c], row);
            double score = world_score(row);
            double label = score >= 0.5;
            (void)snprintf(name, sizeof(name), "merchant-%u", c);
            struct redan_event event = {.time_ms = 1000 + i,
                                        .caller = redan_slice_of(name),
                                        .caller_class = REDAN_S("merchants"),
                                        .rows = 1,
                                        .columns = WORLD_WIDTH,
                                        .values = row,
                                        .labels = &label,
                                        .scores = &score};
            assert_ok(redan_calibration_add(calibration, &event));
        }
    }
}

static int setup(void **state)
{
    static struct fixture f;
    struct redan_calibration_wanted wanted = wanted_of(7);
    struct redan_calibration *calibration = NULL;

    redan_ctx_init(&f.ctx, NULL);
    assert_true(world_make(&f.world, &f.ctx, 1));
    assert_ok(redan_calibration_new(&f.ctx, &f.world.profile, &wanted, &calibration));
    feed(&f, calibration, CALLERS, ROWS);
    assert_ok(redan_calibration_calibrate(calibration, &f.report));
    redan_calibration_free(calibration);
    f.calibrated = f.world.profile;
    f.calibrated.bounds = &f.report.classes[0].bounds;
    f.calibrated.bounds_count = 1;
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    redan_ctx_done(&f->ctx);
    return 0;
}

static void bounds_follow_the_lessons(void **state)
{
    struct fixture *f = *state;
    const struct redan_calibration_class *c = &f->report.classes[0];

    struct redan_calibration_wanted wanted = wanted_of(7);
    REDAN_DEFER(redan_buf_done) struct redan_buf said = {0};

    redan_buf_init(&said, &f->ctx, 1 << 16);
    redan_calibration_text(&said, &f->report, &wanted);
    print_message("%s", said.data);
    assert_int_equal(f->report.count, 1);
    assert_int_equal(f->report.events, (uint64_t)CALLERS * ROWS);
    assert_slice(c->bounds.id, "merchants");
    assert_int_equal(c->bounds.lives + c->held, CALLERS);
    assert_true(c->held > CALLERS / 5 && c->held < CALLERS * 2 / 5);
    assert_true(fabs(c->bounds.least_alpha * ((double)c->bounds.lives + 1) - 1) < 1e-12);
    assert_int_equal(c->needed, 99);
    assert_true(c->bounds.most < -log(alpha));
    for (int b = 0; b < REDAN_BOUNDS; b++) {
        assert_true(c->bounds.m0[b] >= 0.005 && c->bounds.m0[b] < 1);
        assert_true(c->bounds.m0[b] >= fmin(0.95, 1.5 * c->worst[b]));
        assert_true(c->bounds.m0[b] >= c->inverse[b]);
        assert_true(c->worst[b] >= c->mean[b] - 1e-12);
    }
    assert_true(c->mean[REDAN_BIT_GRID] <= 0);
    assert_true(fabs(c->bounds.m0[REDAN_BIT_GRID] - 0.005) < 1e-12);
    assert_true(c->bounds.flag_rate > 0 && c->bounds.flag_rate < 0.5);
    assert_true(c->rate.low <= alpha);
}

static void the_split_is_the_seeds(void **state)
{
    struct fixture *f = *state;
    uint64_t held[3];

    for (int i = 0; i < 3; i++) {
        struct redan_calibration_wanted wanted = wanted_of(i == 2 ? 8 : 7);
        struct redan_calibration *calibration = NULL;
        struct redan_calibration_report report = {0};
        assert_ok(redan_calibration_new(&f->ctx, &f->world.profile, &wanted, &calibration));
        feed(f, calibration, 60, 40);
        assert_ok(redan_calibration_calibrate(calibration, &report));
        held[i] = report.classes[0].held * 1000 + report.classes[0].bounds.queries;
        redan_calibration_free(calibration);
    }
    assert_int_equal(held[0], held[1]);
    assert_int_not_equal(held[0], held[2]);
}

/* The promise, on callers that took no part in the calibration. */
static void honest_callers_are_left_alone(void **state)
{
    struct fixture *f = *state;
    const struct redan_caller_bounds *bounds = &f->calibrated.bounds[0];
    size_t accused = 0;
    float most = 0;

    for (unsigned c = 0; c < FRESH; c++) {
        struct world_caller honest;
        struct redan_caller caller;
        world_caller_make(&honest, 5000000 + c);
        redan_caller_begin(&caller, NULL);
        for (unsigned i = 0; i < ROWS; i++) {
            double row[WORLD_WIDTH];
            world_caller_row(&honest, row);
            world_query(&f->world, bounds, &caller, row);
        }
        accused += redan_caller_accuse(&caller, alpha);
        most = caller.most > most ? caller.most : most;
    }
    struct redan_interval i = redan_interval_exact(accused, FRESH, 0.95);
    print_message("honest: %zu of %d accused at alpha %g, 95 %% %.2g to %.2g; largest log E %.2f\n",
                  accused, FRESH, alpha, i.low, i.high, (double)most);
    assert_true(i.low <= alpha);
}

static int by_size(const void *a, const void *b)
{
    const unsigned *x = a;
    const unsigned *y = b;

    return (*x > *y) - (*x < *y);
}

static void attackers_are_accused(void **state)
{
    static const unsigned most[WORLD_ATTACKS] = {[WORLD_UNIFORM] = 20,
                                                 [WORLD_LINE] = 60,
                                                 [WORLD_HSJA] = 60,
                                                 [WORLD_COPIES] = 40,
                                                 [WORLD_ACTIVE] = 1500};
    enum { QUERIES = 2000 };
    struct fixture *f = *state;
    const struct redan_caller_bounds *bounds = &f->calibrated.bounds[0];

    for (int kind = 0; kind < WORLD_ATTACKS; kind++) {
        unsigned at[REPEATS];
        for (unsigned r = 0; r < REPEATS; r++) {
            struct world_attacker attacker;
            struct redan_caller caller;
            world_attacker_make(&attacker, &f->world, (enum world_attack)kind, r + 1);
            redan_caller_begin(&caller, NULL);
            at[r] = QUERIES + 1;
            for (unsigned i = 1; i <= QUERIES && at[r] > QUERIES; i++) {
                double row[WORLD_WIDTH];
                world_attacker_row(&attacker, row);
                world_query(&f->world, bounds, &caller, row);
                if (redan_caller_accuse(&caller, 1e-4))
                    at[r] = i;
            }
        }
        qsort(at, REPEATS, sizeof(*at), by_size);
        print_message("%-18s median %u%s\n", world_attack_words[kind], at[REPEATS / 2],
                      at[REPEATS / 2] > QUERIES ? " (never)" : "");
        if (most[kind])
            assert_true(at[REPEATS / 2] <= most[kind]);
        else /* what nobody can see is not claimed either */
            assert_int_equal(at[REPEATS / 2], QUERIES + 1);
    }
}

static void what_cannot_be_used_is_counted(void **state)
{
    struct fixture *f = *state;
    struct redan_calibration_wanted wanted = wanted_of(1);
    struct redan_calibration *calibration = NULL;
    struct redan_calibration_report report = {0};
    double row[WORLD_WIDTH] = {0};
    const struct redan_event good = {
        .caller = REDAN_S("ada"), .rows = 1, .columns = WORLD_WIDTH, .values = row};

    assert_ok(redan_calibration_new(&f->ctx, &f->world.profile, &wanted, &calibration));
    struct redan_event e = good;
    e.caller.len = 0;
    assert_ok(redan_calibration_add(calibration, &e));
    e = good;
    e.values = NULL;
    assert_ok(redan_calibration_add(calibration, &e));
    e = good;
    e.columns = 3;
    assert_ok(redan_calibration_add(calibration, &e));
    for (int i = 0; i < 3; i++)
        assert_ok(redan_calibration_add(calibration, &good));
    assert_int_equal(redan_calibration_calibrate(calibration, &report), REDAN_E_ABSENT);
    assert_non_null(strstr(f->ctx.failure.text, "observe"));
    redan_fail_clear(&f->ctx);
    redan_calibration_free(calibration);

    wanted.alpha = 0;
    assert_int_equal(redan_calibration_new(&f->ctx, &f->world.profile, &wanted, &calibration),
                     REDAN_E_USAGE);
    redan_fail_clear(&f->ctx);
    wanted = wanted_of(1);
    wanted.held = 1;
    assert_int_equal(redan_calibration_new(&f->ctx, &f->world.profile, &wanted, &calibration),
                     REDAN_E_USAGE);
    redan_fail_clear(&f->ctx);
    redan_calibration_free(NULL);
}

/* Through files, in two pieces that come in the wrong order. */
static void files_give_the_same(void **state)
{
    struct fixture *f = *state;
    struct redan_calibration_wanted wanted = wanted_of(3);
    struct redan_calibration_report report = {0};
    struct redan_profile profile = f->world.profile;
    struct redan_caller_bounds others[2] = {{.id = REDAN_S("merchants"), .lives = 1},
                                            {.id = REDAN_S("banks"), .lives = 5}};
    struct scratch dir;
    struct redan_slice files[2];
    struct redan_buf text[2];
    struct world_caller *callers = redan_take_array(&f->ctx, 40, sizeof(*callers));

    assert_non_null(callers);
    scratch_make(&dir);
    for (int k = 0; k < 2; k++)
        redan_buf_init(&text[k], &f->ctx, 1 << 24);
    for (unsigned c = 0; c < 40; c++)
        world_caller_make(&callers[c], c);
    for (unsigned i = 0; i < 80; i++) {
        for (unsigned c = 0; c < 40; c++) {
            double rows[2 * WORLD_WIDTH];
            double scores[2];
            char name[32];
            (void)snprintf(name, sizeof(name), "merchant-%u", c);
            for (int k = 0; k < 2; k++) {
                world_caller_row(&callers[c], rows + k * WORLD_WIDTH);
                scores[k] = world_score(rows + k * WORLD_WIDTH);
            }
            const struct redan_event event = {.time_ms = 1700000000000U + i * 1000,
                                              .id = REDAN_S("r"),
                                              .caller = redan_slice_of(name),
                                              .caller_class = REDAN_S("merchants"),
                                              .rows = 2,
                                              .columns = WORLD_WIDTH,
                                              .values = rows,
                                              .scores = scores,
                                              .status = 200,
                                              .action = REDAN_S("allow"),
                                              .judged = REDAN_S("allow"),
                                              .log_e = (double)NAN};
            redan_event_write(&text[i < 40 ? 1 : 0], &event);
        }
    }
    redan_buf_text(&text[0], "{\"schema\": \"redan/infer\n");
    scratch_file(&dir, "late.jsonl", text[0].data, text[0].len);
    scratch_file(&dir, "early.jsonl", text[1].data, text[1].len);
    assert_ok(redan_copy(&f->ctx, scratch_slice(&dir, "late.jsonl"), &files[0]));
    assert_ok(redan_copy(&f->ctx, scratch_slice(&dir, "early.jsonl"), &files[1]));
    profile.bounds = others;
    profile.bounds_count = 2;
    assert_ok(redan_calibration_learn(&f->ctx, &wanted, files, 2, &profile, &report));
    assert_int_equal(report.events, 3200);
    assert_int_equal(report.rows, 6400);
    assert_int_equal(report.unreadable, 1);
    assert_int_equal(report.unanswered, 0);
    assert_int_equal(profile.bounds_count, 2);
    assert_slice(profile.bounds[0].id, "merchants");
    assert_true(profile.bounds[0].lives > 20);
    assert_slice(profile.bounds[1].id, "banks");
    assert_int_equal(profile.bounds[1].lives, 5);

    REDAN_DEFER(redan_buf_done) struct redan_buf said = {0};
    redan_buf_init(&said, &f->ctx, 1 << 16);
    redan_calibration_text(&said, &report, &wanted);
    assert_non_null(strstr(said.data, "class merchants: calibrated on"));
    assert_non_null(strstr(said.data, "needs 99 calibrated callers"));
    assert_non_null(strstr(said.data, "held out:"));
    files[0] = REDAN_S("/nowhere/at-all");
    assert_int_equal(redan_calibration_learn(&f->ctx, &wanted, files, 1, &profile, &report),
                     REDAN_E_ABSENT);
    redan_fail_clear(&f->ctx);
    scratch_drop(&dir);
    redan_buf_done(&text[0]);
    redan_buf_done(&text[1]);
}

static void arming(void **state)
{
    struct fixture *f = *state;
    const struct redan_caller_bounds *bounds = NULL;
    const struct redan_promise p = redan_promise_of(1e-4, 20000);
    struct redan_slice text = {0};

    assert_int_equal(redan_arming(&f->calibrated, REDAN_S("merchants"), 0.01, &bounds),
                     REDAN_ARMED);
    assert_ptr_equal(bounds, &f->calibrated.bounds[0]);
    assert_int_equal(redan_arming(&f->calibrated, REDAN_S("merchants"), 1e-4, NULL), REDAN_TOO_FEW);
    assert_int_equal(redan_arming(&f->calibrated, REDAN_S("banks"), 0.01, &bounds),
                     REDAN_UNCALIBRATED);
    assert_null(bounds);
    assert_int_equal(redan_arming(NULL, REDAN_S(""), 0.01, NULL), REDAN_UNCALIBRATED);
    assert_true(fabs(p.expected - 2) < 1e-9);
    assert_true(fabs(p.any - (1 - exp(-2))) < 1e-3);
    assert_ok(redan_promise_text(&f->ctx, &p, &text));
    assert_slice(text,
                 "at most 0.0001 per caller's lifetime if each rate stays below its bound m0; of "
                 "20000 honest callers at most 2 are accused on average");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_follow_the_lessons),
        cmocka_unit_test(the_split_is_the_seeds),
        cmocka_unit_test(honest_callers_are_left_alone),
        cmocka_unit_test(attackers_are_accused),
        cmocka_unit_test(what_cannot_be_used_is_counted),
        cmocka_unit_test(files_give_the_same),
        cmocka_unit_test(arming),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
