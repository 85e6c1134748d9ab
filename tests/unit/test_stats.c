/* Statistics against values computed elsewhere, and against what they promise. */
#include "test.h"

#include <math.h>

#include "stats/conformal.h"
#include "stats/exchange.h"
#include "stats/interval.h"
#include "stats/mahalanobis.h"
#include "stats/neighbour.h"
#include "stats/splitmix.h"

static double normal(uint64_t *state)
{
    return sqrt(-2 * log(1 - redan_splitmix_unit(state))) *
           cos(6.283185307179586 * redan_splitmix_unit(state));
}

static void nearest_is_the_plain_one(void **unused)
{
    static float rows[67 * 67];
    static float values[72 * 67];
    uint64_t state = 3;

    (void)unused;
    for (size_t width = 1; width <= 67; width++)
        for (size_t count = 1; count <= 67; count += width % 3 ? 11 : 1) {
            float row[67];
            size_t best = 0;
            double least = HUGE_VAL;
            size_t which = 99;

            for (size_t i = 0; i < count * width; i++)
                rows[i] = (float)normal(&state);
            for (size_t c = 0; c < width; c++)
                row[c] = (float)normal(&state);
            for (size_t r = 0; r < count; r++) {
                double sum = 0;
                for (size_t c = 0; c < width; c++)
                    sum += pow((double)row[c] - (double)rows[r * width + c], 2);
                if (sum < least) {
                    least = sum;
                    best = r;
                }
            }
            assert_true(redan_references_room(count, width) <= 72 * 67);
            redan_references_lay(values, rows, count, width, NULL, width);
            const struct redan_references refs = {count, width, values};
            float found = redan_neighbour_nearest(&refs, row, &which);
            assert_true(fabs((double)found - least) < 1e-5 * (1 + least));
            assert_int_equal(which, best);
            assert_true(redan_neighbour_within(&refs, row, (double)found));
            assert_true(redan_neighbour_within(&refs, row, HUGE_VAL));
            assert_false(redan_neighbour_within(&refs, row, nextafter((double)found, 0)));
            for (size_t r = 0; r < count;
                 r++) { /* each finds itself, and the first of its equals */
                assert_true(redan_neighbour_nearest(&refs, rows + r * width, &which) <= 0.0F);
                assert_int_equal(which, r);
            }
        }
}

static void some_columns_and_the_first_of_equals(void **unused)
{
    static const float rows[] = {1, 2, 3, 9, 2, 8, 9, 2, 8, 0, 0, 0};
    static const unsigned short columns[] = {2, 0};
    static const float row[] = {8, 9};
    float values[8 * 2];
    size_t which = 99;

    (void)unused;
    redan_references_lay(values, rows, 4, 3, columns, 2);
    const struct redan_references refs = {4, 2, values};
    assert_true(redan_neighbour_nearest(&refs, row, &which) <= 0.0F);
    assert_int_equal(which, 1);
}

static void mahalanobis_of_known_data(void **unused)
{
    enum { ROWS = 20000, WIDTH = 5 };
    static float values[ROWS * WIDTH];
    float mean[WIDTH];
    float factor[WIDTH * WIDTH];
    double work[3 * WIDTH * WIDTH];
    uint64_t state = 5;

    (void)unused;
    for (size_t r = 0; r < ROWS; r++) { /* x1 = x0 + noise, x2 of its own, x3 constant, x4 = x2 */
        double a = normal(&state);
        double b = normal(&state);

        values[r * WIDTH] = (float)a;
        values[r * WIDTH + 1] = (float)(a + 0.1 * normal(&state));
        values[r * WIDTH + 2] = (float)(2 * b + 7);
        values[r * WIDTH + 3] = 4.0F;
        values[r * WIDTH + 4] = (float)(2 * b + 7);
    }
    assert_true(redan_mahalanobis_fit(values, ROWS, WIDTH, mean, factor, work));
    const struct redan_mahalanobis m = {WIDTH, mean, factor};
    const float centre[WIDTH] = {mean[0], mean[1], mean[2], mean[3], mean[4]};
    const float along[WIDTH] = {2.0F, 2.0F, 7.0F, 4.0F, 7.0F};
    const float across[WIDTH] = {2.0F, -2.0F, 7.0F, 4.0F, 7.0F};
    const float apart[WIDTH] = {0.0F, 0.0F, 7.0F, 4.0F, 9.0F};
    const float moved[WIDTH] = {0.0F, 0.0F, 7.0F, 5.0F, 7.0F};
    assert_true(redan_mahalanobis(&m, centre) < 1e-6F);
    assert_true(redan_mahalanobis(&m, along) > 3 && redan_mahalanobis(&m, along) < 5);
    assert_true(redan_mahalanobis(&m, across) > 500); /* 4 / 0.1 deviations, a little shrunk */
    assert_true(redan_mahalanobis(&m, apart) > 100);
    assert_true(redan_mahalanobis(&m, moved) > 100);
    assert_true(isfinite(redan_mahalanobis(&m, moved)));
    double sum = 0;
    for (size_t r = 0; r < ROWS; r++)
        sum += (double)redan_mahalanobis(&m, values + r * WIDTH) / ROWS;
    assert_true(sum > 2.5 && sum < 3.1); /* three columns of their own */
    assert_false(redan_mahalanobis_fit(values, 1, WIDTH, mean, factor, work));
}

/* Ten rows of two columns: scikit-learn's LedoitWolf gives shrinkage and covariance, numpy the distance. */
static void shrinkage_is_ledoit_and_wolfs(void **unused)
{
    static const float values[] = {1, 2, 2, 1, 3, 5, 4, 3, 5, 6, 6, 4, 7, 9, 8, 7, 9, 8, 10, 11};
    float mean[2];
    float factor[4];
    double work[12];
    const float row[2] = {3, 9};

    (void)unused;
    assert_true(redan_mahalanobis_fit(values, 10, 2, mean, factor, work));
    const struct redan_mahalanobis m = {2, mean, factor};
    assert_true(fabs((double)redan_mahalanobis(&m, row) - 6.641231) < 1e-3);
}

static void p_is_the_rank(void **unused)
{
    static const double scores[] = {1, 2, 2, 3, 10};
    static const struct {
        double score, p;
    } rows[] = {{0, 1},         {1, 1},        {1.5, 5.0 / 6}, {2, 5.0 / 6},
                {2.5, 3.0 / 6}, {10, 2.0 / 6}, {11, 1.0 / 6}};

    (void)unused;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        assert_true(fabs(redan_conformal_p(scores, 5, rows[i].score) - rows[i].p) < 1e-12);
    assert_true(redan_conformal_p(scores, 0, 1) == 1);
    assert_true(redan_conformal_can(99, 0.01));
    assert_false(redan_conformal_can(98, 0.01));
    assert_true(redan_conformal_can(19, 0.05));
    assert_false(redan_conformal_can(1000, 0));
}

/* scipy.stats.betabinom(fresh, k, n + 1 - k).ppf */
static void interval_of_beta_binomial(void **unused)
{
    static const struct {
        size_t count;
        double alpha;
        size_t fresh, low, high;
    } rows[] = {
        {999, 0.01, 1000, 3, 20}, {1000, 0.01, 10000, 46, 174},        {99, 0.01, 500, 0, 20},
        {98, 0.01, 500, 0, 0},    {19999, 0.001, 10000, 3, 18},        {500, 0.05, 200, 4, 18},
        {999, 0.01, 1, 0, 0},     {20000, 0.01, 1000000, 8654, 11438},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        size_t low = 9;
        size_t high = 9;

        redan_conformal_interval(rows[i].count, rows[i].alpha, rows[i].fresh, 0.95, &low, &high);
        assert_int_equal(low, rows[i].low);
        assert_int_equal(high, rows[i].high);
    }
}

/* By simulation: of many calibrations, so many reject within the interval. */
static void interval_holds(void **unused)
{
    enum { TIMES = 2000, COUNT = 199, FRESH = 300 };
    uint64_t state = 11;
    size_t low = 0;
    size_t high = 0;
    size_t inside = 0;
    double scores[COUNT];

    (void)unused;
    redan_conformal_interval(COUNT, 0.05, FRESH, 0.95, &low, &high);
    for (int t = 0; t < TIMES; t++) {
        size_t rejected = 0;

        for (size_t i = 0; i < COUNT; i++) { /* insertion keeps them ascending */
            double s = redan_splitmix_unit(&state);
            size_t at = i;
            for (; at > 0 && scores[at - 1] > s; at--)
                scores[at] = scores[at - 1];
            scores[at] = s;
        }
        for (size_t i = 0; i < FRESH; i++)
            rejected += redan_conformal_p(scores, COUNT, redan_splitmix_unit(&state)) <= 0.05;
        inside += rejected >= low && rejected <= high;
    }
    struct redan_interval share = redan_interval_exact(inside, TIMES, 0.999);
    assert_true(share.high >= 0.95);
    assert_true(share.low <= 0.98); /* no wider than discreteness makes it */
}

/* scipy: binomtest(...).proportion_ci(method="wilson" and "exact") */
static void intervals_of_rates(void **unused)
{
    static const struct {
        size_t hits, trials;
        double low, high, exact_low, exact_high;
    } rows[] = {
        {0, 10, 0.000000000, 0.277532800, 0.000000000000, 0.308497107819},
        {10, 10, 0.722467200, 1.000000000, 0.691502892181, 1.000000000000},
        {3, 10, 0.107791267, 0.603221853, 0.066739511178, 0.652452850060},
        {1, 1000, 0.000176546, 0.005642559, 0.000025317487, 0.005558924280},
        {57, 20000, 0.002200583, 0.003690358, 0.002159255119, 0.003690949463},
        {0, 20000, 0.000000000, 0.000192036, 0.000000000000, 0.000184426964},
        {199999, 1000000, 0.199216169, 0.200784136, 0.199215385568, 0.200784352488},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct redan_interval w = redan_interval_wilson(rows[i].hits, rows[i].trials, 1.959964);
        struct redan_interval e = redan_interval_exact(rows[i].hits, rows[i].trials, 0.95);

        assert_true(fabs(w.low - rows[i].low) < 1e-6 && fabs(w.high - rows[i].high) < 1e-6);
        assert_true(fabs(e.low - rows[i].exact_low) < 1e-9);
        assert_true(fabs(e.high - rows[i].exact_high) < 1e-9);
    }
    assert_true(redan_interval_wilson(0, 0, 2).high == 1 &&
                redan_interval_exact(0, 0, 0.95).low == 0);
}

/* A stream's martingale after `calibration` scores; `shift` is added from the middle on. */
static double largest(uint64_t seed, size_t calibration, size_t length, double shift)
{
    struct redan_exchange exchange;
    struct redan_ranks ranks;
    uint64_t state = seed;

    redan_exchange_begin(&exchange);
    redan_ranks_begin(&ranks);
    for (size_t i = 0; i < calibration; i++)
        redan_ranks_add(&ranks, -log(1 - redan_splitmix_unit(&state)));
    for (size_t i = 0; i < length; i++) {
        double score = -log(1 - redan_splitmix_unit(&state)) + (i >= length / 2 ? shift : 0);

        redan_exchange_add(&exchange, redan_ranks_p(&ranks, score, redan_splitmix_unit(&state)));
    }
    return exchange.most;
}

static void martingale_of_exchangeable_and_of_drifted(void **unused)
{
    enum { TIMES = 2000 };
    size_t crossed = 0;
    size_t caught = 0;

    (void)unused;
    for (uint64_t t = 0; t < TIMES; t++)
        crossed += largest(1000 + t, 200, 1000, 0) >= log(20);
    struct redan_interval rate = redan_interval_exact(crossed, TIMES, 0.999);
    assert_true(rate.low <= 0.05); /* Ville: at most alpha = 5 % ever cross 1/alpha */
    assert_true(crossed > 0);      /* it does bet */
    for (uint64_t t = 0; t < 100; t++)
        caught += largest(9000 + t, 1000, 2000, 0.5) >= log(100);
    assert_true(caught >= 99);
}

static void ranks_are_uniform(void **unused)
{
    struct redan_ranks ranks;
    uint64_t state = 21;
    size_t counts[10] = {0};

    (void)unused;
    redan_ranks_begin(&ranks);
    for (int i = 0; i < 20000;
         i++) { /* many ties: three different scores, and some beyond the bins */
        double u = redan_splitmix_unit(&state);
        double p = redan_ranks_p(&ranks,
                                 u < 0.3   ? 0
                                 : u < 0.9 ? 1
                                           : 1e9,
                                 redan_splitmix_unit(&state));

        assert_true(p >= 0 && p <= 1);
        counts[p < 1 ? (int)(p * 10) : 9]++;
    }
    for (int i = 0; i < 10; i++)
        assert_true(counts[i] > 1800 && counts[i] < 2200);
    assert_int_equal(ranks.count, 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nearest_is_the_plain_one),
        cmocka_unit_test(some_columns_and_the_first_of_equals),
        cmocka_unit_test(mahalanobis_of_known_data),
        cmocka_unit_test(shrinkage_is_ledoit_and_wolfs),
        cmocka_unit_test(p_is_the_rank),
        cmocka_unit_test(interval_of_beta_binomial),
        cmocka_unit_test(interval_holds),
        cmocka_unit_test(intervals_of_rates),
        cmocka_unit_test(martingale_of_exchangeable_and_of_drifted),
        cmocka_unit_test(ranks_are_uniform),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
