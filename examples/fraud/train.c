/* fraud-train: fits a model on one window of days, measures it on a later one, and writes both down. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "booster.h"
#include "cli.h"
#include "metrics.h"
#include "outfile.h"
#include "table.h"

enum { DAYS_MAX = 400, RESAMPLES_MAX = 100000 };

#define FROM_THE_END UINT64_MAX

struct settings {
    const char *data;
    const char *model;
    const char *holdout;
    const char *kind;
    uint64_t seed;
    struct fraud_split split;
    uint64_t resamples;
};

struct recipe {
    const char *kind;
    unsigned rounds;
    struct fraud_parameter parameters[14]; /* ends with a NULL name */
};

/* The handbook's models with the settings it used: the defaults of scikit-learn and of XGBoost. */
static const struct recipe recipes[] = {
    {"boosted",
     100,
     {{"objective", "binary:logistic"},
      {"max_depth", "6"},
      {"eta", "0.3"},
      {"tree_method", "hist"},
      {"max_bin", "4096"}}}, /* what the exact method finds, in a third of its time */
    {"forest",
     1,
     {{"objective",
       "reg:squarederror"}, /* a leaf is then the share of frauds in it, as in Breiman's forest */
      {"base_score", "0"},
      {"eta", "1"},
      {"num_parallel_tree", "100"},
      {"max_depth", "0"},
      {"tree_method", "hist"},
      {"max_bin", "4096"},
      {"grow_policy", "lossguide"},
      {"min_child_weight", "0"},
      {"lambda", "0"},
      {"subsample", "0.632"},        /* the share of different rows in a bootstrap sample */
      {"colsample_bynode", "0.2"}}}, /* 3 of 15, the square root */
    {"linear",
     200,
     {{"booster", "gblinear"},
      {"objective", "binary:logistic"},
      {"updater", "coord_descent"},
      {"lambda", "0"},
      {"eta", "1"}}},
};

static const char *const kinds[] = {"boosted", "forest", "linear", NULL};

static const struct fraud_option options[] = {
    {"--data", FRAUD_TEXT, offsetof(struct settings, data), 0, 0, NULL,
     "the simulator's file (transactions.csv)"},
    {"--model", FRAUD_TEXT, offsetof(struct settings, model), 0, 0, NULL,
     "model file to write (model.json)"},
    {"--holdout", FRAUD_TEXT, offsetof(struct settings, holdout), 0, 0, NULL,
     "measurement file to write (holdout.json)"},
    {"--kind", FRAUD_WORD, offsetof(struct settings, kind), 0, 0, kinds,
     "boosted, forest or linear (boosted)"},
    {"--seed", FRAUD_COUNT, offsetof(struct settings, seed), 0, 2147483647, NULL,
     "for sampling in training and for the bootstrap (1)"},
    {"--train-from", FRAUD_COUNT, offsetof(struct settings, split.start), 0, FRAUD_DAYS_MAX, NULL,
     "first day of training (such that the test window ends with the data)"},
    {"--train-days", FRAUD_COUNT, offsetof(struct settings, split.train), 1, DAYS_MAX, NULL,
     "days to train on (7)"},
    {"--delay-days", FRAUD_COUNT, offsetof(struct settings, split.delay), 0, DAYS_MAX, NULL,
     "days until a fraud is known (7)"},
    {"--test-days", FRAUD_COUNT, offsetof(struct settings, split.test), 1, DAYS_MAX, NULL,
     "days to measure on (7)"},
    {"--resamples", FRAUD_COUNT, offsetof(struct settings, resamples), 40, RESAMPLES_MAX, NULL,
     "bootstrap samples for average precision (1000)"},
};

static const struct fraud_cli cli = {"fraud-train", "fit and measure a fraud model", options,
                                     REDAN_COUNT(options)};

static enum redan_status settle_split(struct redan_ctx *ctx, struct settings *settings)
{
    struct fraud_split *split = &settings->split;
    uint64_t last = 0;

    REDAN_TRY(fraud_table_last_day(ctx, settings->data, &last));
    uint64_t span = split->train + split->delay + split->test;
    if (split->start == FROM_THE_END && last + 1 >= span)
        split->start = last + 1 - span;
    if (split->start == FROM_THE_END || split->start + span > last + 1)
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "the data end with day %ju; %ju days of training, delay and test do not "
                          "fit%s",
                          (uintmax_t)last, (uintmax_t)span,
                          split->start == FROM_THE_END ? "" : " after --train-from");
    return REDAN_OK;
}

static enum redan_status fit(struct redan_ctx *ctx, const struct settings *settings,
                             const struct fraud_rows *rows, struct fraud_booster *booster)
{
    const struct recipe *recipe = recipes;
    struct fraud_parameter parameters[REDAN_COUNT(recipe->parameters) + 2];
    char seed[24];
    size_t n = 0;

    while (strcmp(recipe->kind, settings->kind) != 0)
        recipe++;
    (void)snprintf(seed, sizeof(seed), "%ju", (uintmax_t)settings->seed);
    for (; n < REDAN_COUNT(recipe->parameters) && recipe->parameters[n].name; n++)
        parameters[n] = recipe->parameters[n];
    parameters[n++] = (struct fraud_parameter){"seed", seed};
    parameters[n] = (struct fraud_parameter){NULL, NULL};
    return fraud_booster_train(ctx, rows, parameters, recipe->rounds, booster);
}

static void add_window(struct redan_buf *out, const char *name, uint64_t from, uint64_t days,
                       const struct fraud_rows *rows)
{
    redan_buf_printf(out,
                     "  \"%s\": {\"first_day\": %ju, \"last_day\": %ju, \"n\": %zu, "
                     "\"positives\": %zu},\n",
                     name, (uintmax_t)from, (uintmax_t)(from + days - 1), fraud_rows_count(rows),
                     fraud_rows_positives(rows));
}

/* A measurement as evidence of type metric wants it: bounds are held against an end of the interval. */
static void add_interval(struct redan_buf *out, const char *name,
                         const struct fraud_interval *interval, const char *method)
{
    redan_buf_printf(out,
                     "  \"%s\": {\"value\": %.6f, \"low\": %.6f, \"high\": %.6f, "
                     "\"confidence\": 0.95, \"method\": \"%s\"},\n",
                     name, interval->value, interval->low, interval->high, method);
}

static void add_holdout(struct redan_buf *out, const struct settings *settings,
                        const struct fraud_table *table, const struct fraud_metrics *m)
{
    const struct fraud_split *split = &settings->split;

    redan_buf_printf(out, "{\n  \"model_kind\": \"%s\",\n  \"seed\": %ju,\n", settings->kind,
                     (uintmax_t)settings->seed);
    add_window(out, "train", split->start, split->train, &table->train);
    redan_buf_printf(out, "  \"delay_days\": %ju,\n", (uintmax_t)split->delay);
    add_window(out, "test", split->start + split->train + split->delay, split->test, &table->test);
    redan_buf_printf(out, "  \"test_rows_of_known_cards_left_out\": %ju,\n",
                     (uintmax_t)table->left_out);
    add_interval(out, "auc", &m->auc, "DeLong 1988");
    add_interval(out, "average_precision", &m->average_precision, "percentile bootstrap over rows");
    redan_buf_printf(out,
                     "  \"resamples\": %ju,\n  \"n\": %zu,\n  \"positives\": %zu,\n"
                     "  \"prevalence\": %.6f\n}\n",
                     (uintmax_t)settings->resamples, m->n, m->positives,
                     (double)m->positives / (double)m->n);
}

static enum redan_status train(struct redan_ctx *ctx, void *arg)
{
    struct settings *settings = arg;
    REDAN_DEFER(fraud_table_done) struct fraud_table table = {0};
    REDAN_DEFER(fraud_booster_done) struct fraud_booster booster = {NULL};
    REDAN_DEFER(redan_buf_done) struct redan_buf text = {0};
    struct fraud_metrics metrics;

    fraud_table_init(&table, ctx);
    redan_buf_init(&text, ctx, ctx->limits.memory);
    REDAN_TRY(settle_split(ctx, settings));
    REDAN_TRY(fraud_table_read(ctx, settings->data, &settings->split, &table));
    size_t n = fraud_rows_count(&table.test);
    if (n == 0)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "the test window has no rows; choose other days");
    REDAN_TRY(fit(ctx, settings, &table.train, &booster));
    float *scores = redan_take_array(ctx, n, sizeof(*scores));
    if (!scores)
        return REDAN_E_MEMORY;
    REDAN_TRY(fraud_booster_scores(ctx, &booster, fraud_rows_values(&table.test), n, FRAUD_FEATURES,
                                   scores));
    REDAN_TRY(fraud_measure(ctx, scores, fraud_rows_labels(&table.test), n, settings->seed,
                            (unsigned)settings->resamples, &metrics));
    REDAN_TRY(fraud_booster_save(ctx, &booster, &text));
    REDAN_TRY(fraud_outfile_put(ctx, settings->model, redan_buf_view(&text)));
    redan_buf_clear(&text);
    add_holdout(&text, settings, &table, &metrics);
    REDAN_TRY(redan_buf_ok(ctx, &text, "the measurement"));
    REDAN_TRY(fraud_outfile_put(ctx, settings->holdout, redan_buf_view(&text)));
    printf("%s: %s, AUC %.3f (%.3f to %.3f), average precision %.3f (%.3f to %.3f), %zu rows, "
           "%zu frauds\n",
           settings->model, settings->kind, metrics.auc.value, metrics.auc.low, metrics.auc.high,
           metrics.average_precision.value, metrics.average_precision.low,
           metrics.average_precision.high, metrics.n, metrics.positives);
    return REDAN_OK;
}

int main(int argc, char **argv)
{
    struct settings settings = {"transactions.csv",      "model.json", "holdout.json", "boosted", 1,
                                {FROM_THE_END, 7, 7, 7}, 1000};

    fraud_booster_one_thread(argv);
    return fraud_cli_main(&cli, argc, argv, 0, &settings, train);
}
