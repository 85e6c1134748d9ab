/* Area under the ROC curve with DeLong's variance, and average precision with a bootstrap. */
#include "metrics.h"

#include <math.h>
#include <stdlib.h>

#include "rng.h"

#define Z95 1.959963984540054

struct scored {
    float score;
    bool fraud;
    double rank;     /* among all, from 1, ties share their mean */
    double own_rank; /* among those of the same label */
};

static int by_score(const void *a, const void *b)
{
    float x = ((const struct scored *)a)->score;
    float y = ((const struct scored *)b)->score;

    return (x > y) - (x < y);
}

/* Midranks among all and among each label, over items sorted by score. */
static void rank_items(struct scored *items, size_t n)
{
    size_t before[2] = {0, 0};

    for (size_t i = 0; i < n;) {
        size_t same[2] = {0, 0};
        size_t end = i;
        for (; end < n && items[end].score == items[i].score; end++)
            same[items[end].fraud]++;
        for (size_t k = i; k < end; k++) {
            size_t label = items[k].fraud;
            items[k].rank = (double)i + ((double)(end - i) + 1) / 2;
            items[k].own_rank = (double)before[label] + ((double)same[label] + 1) / 2;
        }
        before[0] += same[0];
        before[1] += same[1];
        i = end;
    }
}

/* DeLong's placements: for each fraud the share of honest rows below it, and the reverse. */
static void measure_auc(const struct scored *items, size_t n, size_t positives,
                        struct fraud_interval *auc)
{
    double m = (double)positives;
    double k = (double)(n - positives);
    double sum = 0;
    double square[2] = {0, 0};

    for (size_t i = 0; i < n; i++)
        if (items[i].fraud)
            sum += (items[i].rank - items[i].own_rank) / k;
    auc->value = sum / m;
    for (size_t i = 0; i < n; i++) {
        double others = items[i].rank - items[i].own_rank;
        double placed = items[i].fraud ? others / k : 1 - others / m;
        square[items[i].fraud] += (placed - auc->value) * (placed - auc->value);
    }
    double variance = (m > 1 ? square[1] / (m - 1) / m : 0) + (k > 1 ? square[0] / (k - 1) / k : 0);
    double half = Z95 * sqrt(variance);
    auc->low = fmax(0, auc->value - half);
    auc->high = fmin(1, auc->value + half);
}

/* Sum over thresholds of (recall gained) * precision; `weights` say how often each item was drawn. */
static double average_precision(const struct scored *items, size_t n, const uint32_t *weights)
{
    double drawn = 0;
    double found = 0;
    double area = 0;

    for (size_t i = n; i > 0;) { /* from the highest score down, ties together */
        double gained = 0;
        float score = items[i - 1].score;
        for (; i > 0 && items[i - 1].score == score; i--) {
            double weight = weights ? weights[i - 1] : 1;
            drawn += weight;
            gained += items[i - 1].fraud ? weight : 0;
        }
        found += gained;
        if (gained > 0)
            area += gained * (found / drawn);
    }
    return found > 0 ? area / found : 0;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static enum redan_status bootstrap(struct redan_ctx *ctx, const struct scored *items, size_t n,
                                   uint64_t seed, unsigned resamples,
                                   struct fraud_interval *interval)
{
    struct fraud_rng rng;
    uint32_t *weights = redan_take_array(ctx, n, sizeof(*weights));
    double *values = redan_take_array(ctx, resamples + 1, sizeof(*values));

    if (!weights || !values)
        return REDAN_E_MEMORY;
    fraud_rng_init(&rng, seed, 100, n);
    for (unsigned r = 0; r < resamples; r++) {
        for (size_t i = 0; i < n; i++)
            weights[i] = 0;
        for (size_t i = 0; i < n; i++)
            weights[fraud_rng_below(&rng, n)]++;
        values[r] = average_precision(items, n, weights);
    }
    qsort(values, resamples, sizeof(*values), by_value);
    unsigned tail = resamples / 40; /* 2.5 % */
    interval->low = resamples ? values[tail] : interval->value;
    interval->high = resamples ? values[resamples - 1 - tail] : interval->value;
    return REDAN_OK;
}

enum redan_status fraud_measure(struct redan_ctx *ctx, const float *scores, const float *labels,
                                size_t n, uint64_t seed, unsigned resamples,
                                struct fraud_metrics *metrics)
{
    struct fraud_metrics m = {.n = n};
    struct scored *items = redan_take_array(ctx, n, sizeof(*items));

    if (!items)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(scores[i]))
            return redan_fail(ctx, REDAN_E_SCHEMA, i, "score %zu is not a finite number", i);
        items[i] = (struct scored){.score = scores[i], .fraud = labels[i] > 0};
        m.positives += items[i].fraud;
    }
    if (m.positives == 0 || m.positives == n)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "%zu of %zu test rows are frauds; a measure needs both kinds: simulate "
                          "more customers or days",
                          m.positives, n);
    qsort(items, n, sizeof(*items), by_score);
    rank_items(items, n);
    measure_auc(items, n, m.positives, &m.auc);
    m.average_precision.value = average_precision(items, n, NULL);
    REDAN_TRY(bootstrap(ctx, items, n, seed, resamples, &m.average_precision));
    *metrics = m;
    return REDAN_OK;
}
