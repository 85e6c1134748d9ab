/* The simulator's parts against slow and obvious versions of themselves. */
#include "test.h"

#include <math.h>

#include "history.h"
#include "metrics.h"
#include "rng.h"
#include "world.h"

enum { DAY = 86400 };

static const struct fraud_rules small = {.seed = 5, .days = 45, .customers = 60, .terminals = 900};

static uint64_t hash(uint64_t h, uint64_t value) /* FNV-1a */
{
    for (int i = 0; i < 8; i++) {
        h ^= (value >> (8 * i)) & 0xff;
        h *= UINT64_C(0x100000001b3);
    }
    return h;
}

/* Streams are the same on every machine and under every compiler, and differ from each other. */
static void test_streams(void **state)
{
    static const uint64_t expected[] = {UINT64_C(0x740ddccda2dd6d03), UINT64_C(0xdd861246b0dd6b46),
                                        UINT64_C(0xb0774a6b20210e20)};
    struct fraud_rng rng;
    struct fraud_rng other;

    (void)state;
    fraud_rng_init(&rng, 1, 2, 3);
    for (size_t i = 0; i < REDAN_COUNT(expected); i++)
        assert_int_equal(fraud_rng_u64(&rng), expected[i]);
    fraud_rng_init(&rng, 1, 2, 3);
    fraud_rng_init(&other, 1, 2, 4);
    assert_int_not_equal(fraud_rng_u64(&rng), fraud_rng_u64(&other));
}

struct moments {
    double mean;
    double variance;
};

static struct moments moments_of(double (*draw)(struct fraud_rng *), uint64_t stream)
{
    enum { N = 200000 };
    struct fraud_rng rng;
    double sum = 0;
    double square = 0;

    fraud_rng_init(&rng, 9, stream, 0);
    for (int i = 0; i < N; i++) {
        double x = draw(&rng);
        sum += x;
        square += x * x;
    }
    return (struct moments){sum / N, square / N - sum / N * (sum / N)};
}

static double draw_normal(struct fraud_rng *rng)
{
    return fraud_rng_normal(rng, 10, 3);
}

static double draw_uniform(struct fraud_rng *rng)
{
    return fraud_rng_uniform(rng, -1, 2);
}

static double draw_rare(struct fraud_rng *rng)
{
    return fraud_rng_poisson(rng, 0.3);
}

static double draw_often(struct fraud_rng *rng)
{
    return fraud_rng_poisson(rng, 4);
}

static double draw_below(struct fraud_rng *rng)
{
    return (double)fraud_rng_below(rng, 7);
}

static double draw_tail(struct fraud_rng *rng)
{
    return fabs(fraud_rng_normal(rng, 0, 1)) > 1.959963984540054;
}

static void test_distributions(void **state)
{
    static const struct {
        double (*draw)(struct fraud_rng *);
        double mean;
        double variance;
        double tolerance;
    } rows[] = {
        {draw_normal, 10, 9, 0.1},   {draw_uniform, 0.5, 0.75, 0.01},
        {draw_rare, 0.3, 0.3, 0.01}, {draw_often, 4, 4, 0.05},
        {draw_below, 3, 4, 0.03},    {draw_tail, 0.05, 0.0475, 0.002},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct moments m = moments_of(rows[i].draw, i);
        assert_true(fabs(m.mean - rows[i].mean) < rows[i].tolerance);
        assert_true(fabs(m.variance - rows[i].variance) < rows[i].tolerance);
    }
}

/* One golden number for all that is drawn and computed: a change of it is a change of the data set. */
static void test_golden(void **state)
{
    struct fraud_world world;
    struct fraud_history *history = NULL;
    struct redan_ctx ctx;
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(fraud_world_make(&ctx, &small, &world));
    assert_ok(fraud_history_new(&ctx, &world, &history));
    for (size_t i = 0; i < world.count; i++) {
        int64_t values[FRAUD_FEATURES];
        fraud_history_next(history, i, values);
        h = hash(h, world.txs[i].time);
        h = hash(h, (uint64_t)world.txs[i].customer << 32 | world.txs[i].terminal);
        h = hash(h, world.txs[i].scenario);
        for (size_t f = 0; f < FRAUD_FEATURES; f++)
            h = hash(h, (uint64_t)values[f]);
    }
    assert_int_equal(world.count, 5170);
    assert_int_equal(h, UINT64_C(0x0dabfabeec4d1a06));
    redan_ctx_done(&ctx);
}

static void test_rules(void **state)
{
    struct fraud_world world;
    struct redan_ctx ctx;
    size_t kinds[4] = {0};

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(fraud_world_make(&ctx, &small, &world));
    for (size_t i = 0; i < world.count; i++) {
        const struct fraud_tx *tx = &world.txs[i];
        assert_true(i == 0 || tx[-1].time <= tx->time);
        assert_int_equal(tx->day, tx->time / DAY);
        assert_int_equal(tx->fraud, tx->scenario != 0);
        assert_true(tx->customer < small.customers && tx->terminal < small.terminals);
        assert_true(tx->cents <= 22000 || tx->fraud);
        kinds[tx->scenario]++;
    }
    for (size_t k = 0; k < REDAN_COUNT(kinds); k++)
        assert_true(kinds[k] > 0);
    redan_ctx_done(&ctx);
}

static void test_rules_without_memory(void **state)
{
    enum redan_status status = REDAN_E_MEMORY;

    (void)state;
    for (uint64_t at = 1; status == REDAN_E_MEMORY; at++) {
        struct fraud_rules rules = {.seed = 5, .days = 5, .customers = 5, .terminals = 300};
        struct fraud_world world;
        struct fraud_history *history = NULL;
        struct redan_ctx ctx;
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = at;
        status = fraud_world_make(&ctx, &rules, &world);
        if (status == REDAN_OK)
            status = fraud_history_new(&ctx, &world, &history);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
    assert_ok(status);
}

struct total {
    int64_t count;
    int64_t cents;
    int64_t frauds;
};

/* Transactions before and up to `i` in (t - from - days, t - from], of the same customer or terminal. */
static struct total total_of(const struct fraud_world *world, size_t i, bool terminal, int64_t from,
                             int64_t days)
{
    const struct fraud_tx *now = &world->txs[i];
    struct total total = {0, 0, 0};

    for (size_t k = 0; k <= i; k++) {
        const struct fraud_tx *tx = &world->txs[k];
        int64_t age = (int64_t)now->time - (int64_t)tx->time;
        bool same = terminal ? tx->terminal == now->terminal : tx->customer == now->customer;
        if (!same || age < from * DAY || age >= (from + days) * DAY)
            continue;
        total.count++;
        total.cents += tx->cents;
        total.frauds += tx->fraud;
    }
    return total;
}

static void test_features(void **state)
{
    static const int64_t days[] = {1, 7, 30};
    struct fraud_world world;
    struct fraud_history *history = NULL;
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(fraud_world_make(&ctx, &small, &world));
    assert_ok(fraud_history_new(&ctx, &world, &history));
    for (size_t i = 0; i < world.count; i++) {
        const struct fraud_tx *tx = &world.txs[i];
        int64_t got[FRAUD_FEATURES];
        fraud_history_next(history, i, got);
        assert_int_equal(got[0], tx->cents);
        assert_int_equal(got[1], tx->day % 7 == 0 || tx->day % 7 == 6); /* day 0 is a Sunday */
        assert_int_equal(got[2], tx->time % DAY / 3600 <= 6);
        for (size_t w = 0; w < REDAN_COUNT(days); w++) {
            struct total mine = total_of(&world, i, false, 0, days[w]);
            struct total there = total_of(&world, i, true, 7, days[w]);
            double average = (double)mine.cents / (double)mine.count * 100;
            double risk = there.count ? (double)there.frauds / (double)there.count * 1e6 : 0;
            assert_int_equal(got[3 + 2 * w], mine.count);
            assert_true(fabs((double)got[4 + 2 * w] - average) <= 0.500001);
            assert_int_equal(got[9 + 2 * w], there.count);
            assert_true(fabs((double)got[10 + 2 * w] - risk) <= 0.500001);
        }
    }
    redan_ctx_done(&ctx);
}

static double pair(const float *scores, size_t positive, size_t negative)
{
    return scores[positive] > scores[negative] ? 1 : scores[positive] == scores[negative] ? 0.5 : 0;
}

/* DeLong's formula as it stands in the paper: structural components over all pairs. */
static double slow_half_width(const float *scores, const float *labels, size_t n, double auc)
{
    double variance = 0;

    for (int label = 0; label < 2; label++) {
        double sum = 0;
        double own = 0;
        for (size_t i = 0; i < n; i++) {
            double placed = 0;
            double others = 0;
            if (labels[i] != (float)label)
                continue;
            for (size_t k = 0; k < n; k++)
                if (labels[k] != labels[i]) {
                    placed += label ? pair(scores, i, k) : pair(scores, k, i);
                    others++;
                }
            own++;
            sum += (placed / others - auc) * (placed / others - auc);
        }
        variance += sum / (own - 1) / own;
    }
    return 1.959963984540054 * sqrt(variance);
}

/* scikit-learn's definition: sum of recall steps times precision, thresholds at distinct scores. */
static double slow_average_precision(const float *scores, const float *labels, size_t n)
{
    double positives = 0;
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        positives += labels[i] > 0;
    for (size_t t = 0; t < n; t++) {
        double at = 0;
        double above = 0;
        double found = 0;
        bool first = true;
        for (size_t i = 0; i < n; i++) {
            first = first && (i >= t || scores[i] != scores[t]);
            at += labels[i] > 0 && scores[i] == scores[t];
            above += scores[i] >= scores[t];
            found += labels[i] > 0 && scores[i] >= scores[t];
        }
        sum += first ? at / positives * (found / above) : 0;
    }
    return sum;
}

static void test_metrics(void **state)
{
    enum { N = 300 };
    float scores[N];
    float labels[N];
    struct fraud_rng rng;

    (void)state;
    fraud_rng_init(&rng, 3, 3, 3);
    for (int round = 0; round < 20; round++) {
        struct fraud_metrics m;
        struct redan_ctx ctx;
        double sum = 0;
        for (size_t i = 0; i < N; i++) { /* coarse scores, so that many are equal */
            labels[i] = fraud_rng_below(&rng, 8) == 0 ? 1 : 0;
            scores[i] = (float)(fraud_rng_below(&rng, 20) + (labels[i] > 0 ? 4 : 0)) / 24;
        }
        redan_ctx_init(&ctx, NULL);
        assert_ok(fraud_measure(&ctx, scores, labels, N, 1, 400, &m));
        for (size_t i = 0; i < N; i++)
            for (size_t k = 0; k < N; k++)
                sum += labels[i] > labels[k] ? pair(scores, i, k) : 0;
        double auc = sum / (double)(m.positives * (N - m.positives));
        double half = slow_half_width(scores, labels, N, auc);
        assert_true(fabs(m.auc.value - auc) < 1e-12);
        assert_true(fabs(m.auc.value - m.auc.low - half) < 1e-12);
        assert_true(fabs(m.average_precision.value - slow_average_precision(scores, labels, N)) <
                    1e-12);
        assert_true(m.average_precision.low < m.average_precision.value &&
                    m.average_precision.value < m.average_precision.high);
        redan_ctx_done(&ctx);
    }
}

/* Values of scikit-learn's documentation, and inputs that no measure has. */
static void test_metrics_known(void **state)
{
    static const float scores[] = {0.1F, 0.4F, 0.35F, 0.8F};
    static const float labels[] = {0, 0, 1, 1};
    static const float none[] = {0, 0, 0, 0};
    static const float broken[] = {0.1F, NAN, 0.35F, 0.8F};
    struct fraud_metrics m;
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(fraud_measure(&ctx, scores, labels, 4, 1, 40, &m));
    assert_true(fabs(m.auc.value - 0.75) < 1e-12);
    assert_true(fabs(m.average_precision.value - 0.8333333333333333) < 1e-12);
    assert_int_equal(fraud_measure(&ctx, scores, none, 4, 1, 40, &m), REDAN_E_SCHEMA);
    redan_fail_clear(&ctx);
    assert_int_equal(fraud_measure(&ctx, broken, labels, 4, 1, 40, &m), REDAN_E_SCHEMA);
    redan_ctx_done(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_distributions),
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_rules_without_memory),
        cmocka_unit_test(test_features),
        cmocka_unit_test(test_metrics),
        cmocka_unit_test(test_metrics_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
