/* How fast libxgboost scores in-process, one row a call and a hundred: what the server's figures are held against. */
#include <stdio.h>
#include <time.h>

#include "booster.h"
#include "cli.h"

enum { MANY = 100 };

static double now(void)
{
    struct timespec t = {0, 0};

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Rows per second of processor time over `seconds` of it, `rows` of them a call. */
static enum redan_status measure(struct redan_ctx *ctx, const struct fraud_booster *booster,
                                 size_t rows, double seconds, double *rate)
{
    float values[MANY * FRAUD_FEATURES] = {0};
    float scores[MANY];
    double began = now();
    double spent = 0;
    size_t calls = 0;

    for (; spent < seconds; calls++, spent = now() - began) {
        values[0] = (float)(calls % 200); /* not the same row again and again */
        REDAN_TRY(fraud_booster_score_now(ctx, booster, values, rows, FRAUD_FEATURES, scores));
    }
    *rate = (double)calls * (double)rows / spent;
    return REDAN_OK;
}

static enum redan_status run(struct redan_ctx *ctx, const char *model, double seconds)
{
    REDAN_DEFER(fraud_booster_done) struct fraud_booster booster = {NULL};
    double one = 0;
    double many = 0;

    REDAN_TRY(fraud_booster_load(ctx, model, &booster));
    REDAN_TRY(measure(ctx, &booster, 1, seconds, &one));
    REDAN_TRY(measure(ctx, &booster, MANY, seconds, &many));
    printf("%.0f %.0f\n", one, many);
    return REDAN_OK;
}

int main(int argc, char **argv)
{
    REDAN_DEFER(redan_ctx_done) struct redan_ctx ctx = {0};
    double seconds = 0;

    fraud_booster_one_thread(argv);
    redan_ctx_init(&ctx, NULL);
    if (argc == 3 && fraud_cli_number(argv[2], &seconds) && run(&ctx, argv[1], seconds) == REDAN_OK)
        return 0;
    (void)fprintf(stderr, "usage: bench_fraud_library MODEL SECONDS: %s\n", ctx.failure.text);
    return 1;
}
