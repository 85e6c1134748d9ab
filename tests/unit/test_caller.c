/* What is remembered of a caller: its bits, its e-processes, and the promise that both keep. */
#include "test.h"

#include <math.h>
#include <stdio.h>

#include "caller_world.h"
#include "inference/caller_bits.h"
#include "stats/interval.h"

/* --- e-processes --- */

/* Wealth in exact arithmetic, beside what is stored: never less. */
static void wealth_is_never_inflated(void **state)
{
    static const double rates[] = {0.001, 0.02, 0.3};
    (void)state;

    for (size_t r = 0; r < REDAN_COUNT(rates); r++) {
        struct world_rng rng = {r + 1};
        struct redan_eprocess p;
        double m0 = rates[r];
        long double exact[REDAN_EPROCESS_BETS] = {0};
        redan_eprocess_begin(&p, m0);
        for (int i = 0; i < 50000; i++) {
            double x = world_uniform(&rng) < m0 * 1.2;
            for (int b = 0; b < REDAN_EPROCESS_BETS; b++) {
                double lambda = 0.5 / m0;
                if (b < 3) {
                    double g = (double)p.mean[b] - m0;
                    lambda = g > 0 ? fmin(g / ((double)p.variance[b] + g * g), lambda) : 0;
                }
                exact[b] += log1pl((long double)lambda * ((long double)x - (long double)m0));
            }
            redan_eprocess_add(&p, m0, x);
        }
        for (int b = 0; b < REDAN_EPROCESS_BETS; b++)
            assert_true((long double)p.wealth[b] <= exact[b] + 1e-9L * (1 + fabsl(exact[b])));
        /* and little is lost: a unit in the last place of each bet */
        assert_true((long double)p.wealth[2] >= exact[2] - 0.2L - 0.01L * fabsl(exact[2]));
    }
}

/* Over streams just under the bound, heterogeneous and dependent: sup log E reaches log(1/alpha) in at most a share alpha. */
static void ville_holds(void **state)
{
    enum { LIVES = 20000, ROWS = 400 };
    static const double alphas[] = {0.1, 0.01};
    size_t over[2] = {0};
    struct world_rng rng = {42};
    (void)state;

    for (int life = 0; life < LIVES; life++) {
        struct redan_eprocess p;
        double m0 = 0.01 + 0.1 * world_uniform(&rng);
        double sup = 0;
        double last = 0;
        redan_eprocess_begin(&p, m0);
        for (int i = 0; i < ROWS; i++) {
            double rate = last > 0 ? 0.5 * m0 : 0.999 * m0; /* given the past */
            last = world_uniform(&rng) < rate;
            redan_eprocess_add(&p, m0, last);
            if (last > 0)
                sup = fmax(sup, redan_eprocess_log(&p));
        }
        for (int a = 0; a < 2; a++)
            over[a] += sup >= -log(alphas[a]);
    }
    for (int a = 0; a < 2; a++) {
        struct redan_interval i = redan_interval_exact(over[a], LIVES, 0.999);
        print_message("alpha %g: %zu of %d lives\n", alphas[a], over[a], LIVES);
        assert_true(i.low <= alphas[a]);
        assert_true(over[a] > 0); /* the streams do come near */
    }
}

static void mean_exp(void **state)
{
    const double some[] = {1, -3, 2.5};
    const double far[] = {900, -900};
    const double none[] = {-HUGE_VAL, -HUGE_VAL};
    (void)state;

    assert_true(fabs(redan_log_mean_exp(some, 3) - log((exp(1) + exp(-3) + exp(2.5)) / 3)) < 1e-12);
    assert_true(fabs(redan_log_mean_exp(far, 2) - (900 - log(2))) < 1e-9);
    assert_true(isinf(redan_log_mean_exp(none, 2)));
}

static void cusum_recovers(void **state)
{
    struct redan_cusum c = {0};
    const double p0 = 0.01;
    const double p1 = 0.2;
    int alarm = 0;
    int calm = 0;
    (void)state;

    while (!redan_cusum_add(&c, p0, p1, 12, true))
        alarm++;
    assert_true(alarm < 10);
    for (int i = 0; i < 10000; i++)
        (void)redan_cusum_add(&c, p0, p1, 12, true);
    while (redan_cusum_add(&c, p0, p1, 12, false))
        calm++;
    assert_true(calm <= redan_cusum_recovery(p0, p1, 12));
    assert_true(calm < 60);
    for (int i = 0; i < 1000; i++)
        (void)redan_cusum_add(&c, p0, p1, 12, false);
    assert_true(c.sum == 0 && c.most >= 12);
}

/* --- bits --- */

struct fixture {
    struct redan_ctx ctx;
    struct world world;
};

static int setup(void **state)
{
    static struct fixture f;

    redan_ctx_init(&f.ctx, NULL);
    assert_true(world_make(&f.world, &f.ctx, 1));
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    redan_ctx_done(&f->ctx);
    return 0;
}

static unsigned ask(struct fixture *f, struct redan_caller *caller, const double *row,
                    struct redan_caller_seen *seen)
{
    float encoded[WORLD_WIDTH];

    redan_profile_encode(&f->world.profile, row, NULL, encoded);
    redan_caller_ask(caller, &f->world.profile, NULL, row, NULL, encoded, false, seen);
    return seen->bits;
}

enum { NO_BITS = 0 };
#define BIT(name) (1U << REDAN_BIT_##name)

/* A row in the middle of the data. */
static void usual(struct fixture *f, double *row)
{
    struct world_caller c;

    (void)f;
    world_caller_make(&c, 3);
    world_caller_row(&c, row);
}

static void bits_against_the_ring(void **state)
{
    static const struct {
        int column;
        double by;
        unsigned set, unset;
    } rows[] = {
        {7, 0.001, BIT(NEAR) | BIT(COARSE) | BIT(COPY), BIT(GRID)},
        {0, 0.01, BIT(NEAR) | BIT(COARSE) | BIT(COPY), BIT(GRID)},
        {0, 0.003, BIT(NEAR) | BIT(GRID), 0},
        {1, 0.5, BIT(GRID) | BIT(NEAR), 0},
        {5, 400, BIT(COPY) | BIT(NOVEL) | BIT(MAHALANOBIS), BIT(NEAR) | BIT(INVARIANT)},
        {4, 4000, BIT(INVARIANT) | BIT(NOVEL), BIT(NEAR)},
        {8, 10, NO_BITS, ~0U}, /* the server's: exactly so to the caller, hence a retry */
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_caller caller;
        struct redan_caller_seen seen;
        double row[WORLD_WIDTH];
        redan_caller_begin(&caller, NULL);
        usual(f, row);
        assert_int_equal(ask(f, &caller, row, &seen) & (BIT(NEAR) | BIT(COPY) | BIT(GRID)), 0);
        row[rows[i].column] += rows[i].by;
        unsigned bits = ask(f, &caller, row, &seen);
        assert_int_equal(bits & rows[i].set, rows[i].set);
        assert_int_equal(bits & rows[i].unset, 0);
    }
}

static void retries_are_as_if_they_had_not_come(void **state)
{
    struct fixture *f = *state;
    struct redan_caller caller;
    struct redan_caller_seen seen;
    double row[WORLD_WIDTH];

    redan_caller_begin(&caller, NULL);
    usual(f, row);
    (void)ask(f, &caller, row, &seen);
    assert_int_equal(seen.slot, 0);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(ask(f, &caller, row, &seen), 0);
        assert_int_equal(seen.slot, REDAN_CALLER_NO_SLOT);
        (void)redan_caller_told(&caller, &f->world.profile, NULL, &seen, 1, 0.9, 0.5);
    }
    assert_int_equal(caller.n, 51);
    assert_int_equal(caller.written, 1);
    assert_int_equal(caller.flagged, 0);
}

static void answers_give_margin_and_flip(void **state)
{
    struct fixture *f = *state;
    const struct redan_profile *p = &f->world.profile;
    struct redan_caller caller;
    struct redan_caller_seen first;
    struct redan_caller_seen second;
    double row[WORLD_WIDTH];

    redan_caller_begin(&caller, NULL);
    usual(f, row);
    (void)ask(f, &caller, row, &first);
    row[7] += 0.001;
    (void)ask(f, &caller, row, &second); /* one batch: both asked before either is answered */
    assert_int_equal(second.near, first.slot);
    assert_int_equal(redan_caller_told(&caller, p, NULL, &first, 0, 0.2, 0.5), 0);
    assert_int_equal(redan_caller_told(&caller, p, NULL, &second, 1, 0.52, 0.5),
                     BIT(MARGIN) | BIT(FLIP));
    assert_int_equal(caller.flagged, 1);
    /* labels alone; an answer that never came; one of another profile; one whose row is gone */
    (void)ask(f, &caller, row, &first);
    row[7] += 0.001;
    (void)ask(f, &caller, row, &second);
    assert_int_equal(redan_caller_told(&caller, p, NULL, &second, (double)NAN, (double)NAN, 0.5),
                     0);
    assert_int_equal(redan_caller_told(&caller, p, NULL, &second, 0, (double)NAN, 0.5), BIT(FLIP));
    second.profile++;
    assert_int_equal(redan_caller_told(&caller, p, NULL, &second, 0, 0.5, 0.5), 0);
    second.profile--;
    for (int i = 0; i < REDAN_CALLER_RING; i++) {
        struct redan_caller_seen seen;
        row[7] += 0.5;
        (void)ask(f, &caller, row, &seen);
    }
    assert_int_equal(redan_caller_told(&caller, p, NULL, &second, 1, 0.1, 0.5), 0);
    assert_int_equal(caller.labels[second.slot], REDAN_CALLER_UNANSWERED);
}

/* More columns than the ring is wide. */
static void wide_rows_are_folded(void **state)
{
    enum { WIDE = 40 };
    struct redan_column columns[WIDE] = {0};
    struct redan_profile p = {.columns = columns, .width = WIDE, .near = 1e-3, .coarse = 4};
    struct redan_caller caller;
    struct redan_caller_row row;
    float encoded[WIDE];
    double values[WIDE] = {0};
    struct world_rng rng = {9};
    double ratio = 0;
    (void)state;

    for (uint16_t i = 0; i < WIDE; i++) {
        columns[i].caller = true;
        p.caller_columns[p.caller_count++] = i;
        encoded[i] = (float)world_normal(&rng);
    }
    redan_caller_begin(&caller, NULL);
    struct redan_caller_seen seen;
    redan_caller_ask(&caller, &p, NULL, values, NULL, encoded, false, &seen);
    (void)redan_caller_bits(&caller, &p, values, NULL, encoded, &row);
    assert_true(row.retry);
    for (int i = 0; i < WIDE;
         i++) { /* one column moved is always a copy, whatever it is folded with */
        float keep = encoded[i];
        encoded[i] += 0.5F;
        assert_int_equal(redan_caller_bits(&caller, &p, values, NULL, encoded, &row) & BIT(COPY),
                         BIT(COPY));
        encoded[i] = keep;
    }
    for (int i = 0; i < 2000; i++) { /* squared distances keep their expectation */
        float other[WIDE];
        double exact = 0;
        double folded = 0;
        p.digest.bytes[0] = (uint8_t)i;
        p.digest.bytes[1] = (uint8_t)(i >> 8);
        struct redan_caller_row a;
        struct redan_caller_row b;
        for (int k = 0; k < WIDE; k++) {
            other[k] = (float)world_normal(&rng);
            exact +=
                ((double)other[k] - (double)encoded[k]) * ((double)other[k] - (double)encoded[k]);
        }
        (void)redan_caller_bits(&caller, &p, values, NULL, encoded, &a);
        (void)redan_caller_bits(&caller, &p, values, NULL, other, &b);
        for (int k = 0; k < REDAN_CALLER_WIDTH; k++)
            folded +=
                ((double)a.ring[k] - (double)b.ring[k]) * ((double)a.ring[k] - (double)b.ring[k]);
        ratio += folded / exact / 2000;
    }
    assert_true(ratio > 0.95 && ratio < 1.05);
}

/* --- lives --- */

static void lives_share_one_promise(void **state)
{
    struct fixture *f = *state;
    struct redan_profile other = f->world.profile;
    struct redan_caller_bounds bounds = {.least_alpha = 0.01};
    struct redan_caller caller;
    double row[WORLD_WIDTH];

    for (int b = 0; b < REDAN_BOUNDS; b++)
        bounds.m0[b] = 0.05;
    redan_caller_begin(&caller, NULL);
    assert_true(fabs(redan_caller_log_e(&caller, NULL)) < 1e-5);
    usual(f, row);
    for (int i = 0; i < 6; i++) {
        row[7] += 0.001;
        world_query(&f->world, &bounds, &caller, row);
    }
    double before = redan_caller_log_e(&caller, NULL);
    assert_true(before > 2);
    enum redan_bit leading = REDAN_BITS;
    (void)redan_caller_log_e(&caller, &leading);
    assert_true(leading == REDAN_BIT_NEAR || leading == REDAN_BIT_COARSE ||
                leading == REDAN_BIT_COPY);
    assert_false(redan_caller_accuse(&caller, 1e-30));
    assert_false(caller.accused);

    /* a new profile begins anew, with the wealth that was there */
    other.digest.bytes[0] ^= 0x55;
    redan_caller_meet(&caller, &other);
    assert_int_equal(caller.lives, 1);
    assert_int_equal(caller.written, 0);
    assert_int_equal(caller.n, 6);
    assert_true(fabs(redan_caller_log_e(&caller, NULL) - before) < 1e-4);
    assert_true(redan_caller_log_e(&caller, NULL) <= before);

    /* however often it begins, what is kept stays above what is promised to later lives */
    for (int i = 0; i < 1000; i++) {
        struct redan_caller_past past;
        redan_caller_end(&caller, &past);
        redan_caller_begin(&caller, &past);
    }
    assert_int_equal(caller.lives, 1001);
    assert_true(redan_caller_log_e(&caller, NULL) <= before);
    assert_true(redan_caller_log_e(&caller, NULL) > before - 0.01);
    struct redan_caller_past poor = {.kept = (float)-log(500), .lives = 499};
    redan_caller_begin(&caller, &poor);
    assert_true(caller.kept >= (float)(-log(502)));

    assert_true(redan_caller_trusted(&caller, 0.01));
    caller.most = 5;
    assert_true(redan_caller_accuse(&caller, 0.01));
    assert_true(redan_caller_accuse(&caller, 0.01));
    assert_false(redan_caller_accuse(&caller, 0.001));
    assert_false(redan_caller_accuse(&caller, 0));
    assert_false(redan_caller_trusted(&caller, 0.01));
    assert_true(redan_caller_suspicion(&caller) > 1000);
}

/* Evicted or swapped every 20 rows, an honest caller whose rates are just under the bounds is accused no more often than alpha says. */
static void lives_do_not_add_up(void **state)
{
    enum { CALLERS = 6000, LIVES = 20, ROWS = 20 };
    static const double alpha = 0.05;
    struct redan_caller_bounds bounds = {0};
    struct world_rng rng = {77};
    size_t accused = 0;
    (void)state;

    for (int b = 0; b < REDAN_BOUNDS; b++)
        bounds.m0[b] = 0.1;
    for (int c = 0; c < CALLERS; c++) {
        struct redan_caller caller;
        bool hit = false;
        redan_caller_begin(&caller, NULL);
        for (int life = 0; life < LIVES; life++) {
            for (int i = 0; i < ROWS; i++) {
                unsigned bits = world_uniform(&rng) < 0.0999 ? (1U << REDAN_BITS) - 1 : 0;
                redan_caller_add(&caller, &bounds, (1U << REDAN_BITS) - 1,
                                 bits); /* all at once: the worst dependence */
            }
            hit = hit || redan_caller_accuse(&caller, alpha);
            struct redan_caller_past past;
            redan_caller_end(&caller, &past);
            redan_caller_begin(&caller, &past);
        }
        accused += hit;
    }
    struct redan_interval i = redan_interval_exact(accused, CALLERS, 0.999);
    print_message("%zu of %d callers of %d lives at alpha %g\n", accused, CALLERS, LIVES, alpha);
    assert_true(i.low <= alpha);
    assert_true(accused > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wealth_is_never_inflated),
        cmocka_unit_test(ville_holds),
        cmocka_unit_test(mean_exp),
        cmocka_unit_test(cusum_recovers),
        cmocka_unit_test(bits_against_the_ring),
        cmocka_unit_test(retries_are_as_if_they_had_not_come),
        cmocka_unit_test(answers_give_margin_and_flip),
        cmocka_unit_test(wide_rows_are_folded),
        cmocka_unit_test(lives_share_one_promise),
        cmocka_unit_test(lives_do_not_add_up),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
