/* Prints the score of every row on standard input (fifteen numbers, blanks between), straight from the library. */
#include <stdio.h>

#include "booster.h"

enum { ROWS_MAX = 100000 };

static enum redan_status score(struct redan_ctx *ctx, const char *model)
{
    REDAN_DEFER(fraud_booster_done) struct fraud_booster booster = {NULL};
    float *values = redan_take_array(ctx, ROWS_MAX, FRAUD_FEATURES * sizeof(float));
    float *scores = redan_take_array(ctx, ROWS_MAX, sizeof(float));
    size_t count = 0;
    double value = 0;

    if (!values || !scores)
        return REDAN_E_MEMORY;
    REDAN_TRY(fraud_booster_load(ctx, model, &booster));
    while (count < (size_t)ROWS_MAX * FRAUD_FEATURES && scanf("%lf", &value) == 1)
        values[count++] = (float)value;
    size_t rows = count / FRAUD_FEATURES;
    REDAN_TRY(fraud_booster_scores(ctx, &booster, values, rows, FRAUD_FEATURES, scores));
    for (size_t i = 0; i < rows; i++)
        printf("%.9g\n", (double)scores[i]);
    return REDAN_OK;
}

int main(int argc, char **argv)
{
    REDAN_DEFER(redan_ctx_done) struct redan_ctx ctx = {.now = 0};

    fraud_booster_one_thread(argv);
    redan_ctx_init(&ctx, NULL);
    if (argc == 2 && score(&ctx, argv[1]) == REDAN_OK)
        return 0;
    (void)fprintf(stderr, "usage: fraud-direct MODEL <ROWS: %s\n", ctx.failure.text);
    return 1;
}
