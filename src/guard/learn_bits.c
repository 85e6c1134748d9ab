/* Thresholds of the bits by which callers are told apart (inference/caller.h), from rows of the tuning part: honest, and strangers to each other. */
#include <math.h>
#include <stdlib.h>

#include "guard/learn_parts.h"
#include "stats/splitmix.h"

enum {
    ROWS = 4096,
    EARLIER = 32, /* queries that a caller's ring remembers */
    COMPARED = 16 /* columns that are compared in it */
};

static int ascending(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return (*x > *y) - (*x < *y);
}

static double quantile(double *values, size_t count, double share)
{
    size_t at = (size_t)ceil(share * (double)count);

    qsort(values, count, sizeof(*values), ascending);
    return values[at == 0 ? 0 : at > count ? count - 1 : at - 1];
}

static void choose(const struct redan_profile *profile, const float *encoded, float *chosen)
{
    for (size_t c = 0; c < profile->caller_count; c++)
        chosen[c] = encoded[profile->caller_columns[c]];
}

/* Squared distance to the nearest of so many other rows, over the columns that are compared. */
static double nearest_of(const struct redan_profile *profile, const float *encoded, size_t count,
                         size_t row, struct redan_xoshiro *random)
{
    size_t compared = redan_min_size(profile->caller_count, COMPARED);
    const float *mine = encoded + row * profile->width;
    double best = HUGE_VAL;

    for (int k = 0; k < EARLIER; k++) {
        size_t other = (size_t)redan_xoshiro_below(random, count - 1);
        const float *theirs = encoded + (other + (other >= row)) * profile->width;
        double sum = 0;

        for (size_t c = 0; c < compared; c++) {
            double d = (double)mine[profile->caller_columns[c]] -
                       (double)theirs[profile->caller_columns[c]];
            sum += d * d;
        }
        best = fmin(best, sum);
    }
    return best;
}

/* At most 0.06 and 0.15 deviations a column (research on transactions), less where strangers come so near by themselves: 1 in 1,000 and 1 in 100 of them. */
static void near_and_coarse(const double *nearest_of_strangers, size_t count, size_t compared,
                            struct redan_profile *profile, double *work)
{
    double d = (double)compared;

    for (size_t i = 0; i < count; i++)
        work[i] = nearest_of_strangers[i];
    double one = quantile(work, count, 0.001);
    double ten = quantile(work, count, 0.01);
    profile->near = fmin(0.0036 * d, fmax(one, 0.0004 * d));
    profile->coarse = fmax(profile->near, fmin(0.0225 * d, fmax(ten, 0.0025 * d)));
}

enum redan_status redan_learn_bits(struct redan_ctx *ctx, const struct redan_learn_options *options,
                                   const float *encoded, size_t count,
                                   struct redan_profile *profile)
{
    size_t rows = redan_min_size(count, ROWS);
    struct redan_xoshiro random;

    profile->margin = options->margin < 0 ? 0.05 : options->margin;
    if (profile->caller_count == 0 || rows < 2)
        return REDAN_OK;
    struct redan_arena_mark mark = redan_arena_mark(&ctx->arena);
    double *novel = redan_take_array(ctx, rows, sizeof(*novel));
    double *unusual = redan_take_array(ctx, rows, sizeof(*unusual));
    double *nearest = redan_take_array(ctx, rows, sizeof(*nearest));
    double *work = redan_take_array(ctx, rows, sizeof(*work));
    float *chosen = redan_take_array(ctx, profile->caller_count, sizeof(*chosen));
    if (!novel || !unusual || !nearest || !work || !chosen)
        return REDAN_E_MEMORY;
    redan_xoshiro_begin(&random, options->seed ^ 0xb175);
    for (size_t i = 0; i < rows; i++) {
        choose(profile, encoded + i * profile->width, chosen);
        novel[i] = (double)redan_neighbour_nearest(&profile->caller_references, chosen, NULL);
        unusual[i] = (double)redan_mahalanobis(&profile->caller_mahalanobis, chosen);
        nearest[i] = nearest_of(profile, encoded, rows, i, &random);
    }
    profile->novel = quantile(novel, rows, 0.99);
    profile->unusual = quantile(unusual, rows, 0.99);
    near_and_coarse(nearest, rows, redan_min_size(profile->caller_count, COMPARED), profile, work);
    redan_arena_reset(&ctx->arena, mark);
    return REDAN_OK;
}
