/* A profile from a table: the rows are split by the seed into three parts, so that the p-values of the profile are exact. */
#include "guard/learn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "guard/learn_parts.h"
#include "stats/conformal.h"
#include "stats/splitmix.h"

struct parts {
    uint32_t *rows; /* all, shuffled: reference part, tuning part, calibration part */
    size_t reference, tuning, calibration;
};

static enum redan_status split(struct redan_ctx *ctx, const struct redan_learn_options *options,
                               size_t count, struct parts *parts)
{
    struct redan_xoshiro random;
    size_t calibration = options->calibration ? options->calibration : REDAN_LEARN_CALIBRATION;
    size_t tuning = options->tuning ? options->tuning : REDAN_LEARN_TUNING;

    parts->rows = redan_take_array(ctx, count, sizeof(*parts->rows));
    if (!parts->rows)
        return REDAN_E_MEMORY;
    redan_xoshiro_begin(&random, options->seed);
    for (size_t i = 0; i < count; i++)
        parts->rows[i] = (uint32_t)i;
    for (size_t i = count - 1; i > 0; i--) {
        size_t j = (size_t)redan_xoshiro_below(&random, i + 1);
        uint32_t row = parts->rows[i];

        parts->rows[i] = parts->rows[j];
        parts->rows[j] = row;
    }
    parts->calibration =
        redan_min_size(redan_min_size(calibration, count / 4), REDAN_PROFILE_SCORES);
    parts->tuning = redan_min_size(redan_min_size(tuning, count / 8), REDAN_PROFILE_SCORES);
    parts->reference = count - parts->calibration - parts->tuning;
    return REDAN_OK;
}

/* Surprise of each category by its share of the reference part; one that is not there is as unknown as one that nobody ever saw. */
static enum redan_status surprises(struct redan_ctx *ctx, const struct redan_learn_data *data,
                                   const struct parts *parts, size_t c, struct redan_column *column)
{
    size_t *seen = redan_take_array(ctx, column->category_count + 1, sizeof(*seen));
    double *surprise = redan_take_array(ctx, column->category_count + 1, sizeof(*surprise));
    double all = 0;
    double most = 0;

    if (!seen || !surprise)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < parts->reference; i++) {
        double value = data->values[parts->rows[i] * data->width + c];

        if (isnan(value))
            continue;
        seen[(size_t)value]++;
        all++;
    }
    for (size_t k = 0; k < column->category_count; k++)
        if (seen[k]) {
            surprise[k] = -log((double)seen[k] / all);
            most = fmax(most, surprise[k]);
        }
    column->unknown = most + 1;
    for (size_t k = 0; k < column->category_count; k++)
        if (!seen[k])
            surprise[k] = column->unknown;
    column->surprise = surprise;
    return REDAN_OK;
}

/* Mean and deviation of the column's number over the reference part. */
static void standardise(const struct redan_learn_data *data, const struct parts *parts, size_t c,
                        struct redan_column *column)
{
    double n = 0;
    double mean = 0;
    double square = 0; /* Welford's */

    for (size_t i = 0; i < parts->reference; i++) {
        double value = data->values[parts->rows[i] * data->width + c];

        if (isnan(value))
            continue;
        if (column->kind == REDAN_COLUMN_CATEGORY)
            value = column->surprise[(size_t)value];
        n++;
        double d = value - mean;
        mean += d / n;
        square += d * (value - mean);
    }
    column->mean = mean;
    column->scale = n > 0 ? sqrt(square / n) : 0;
    if (!(column->scale > fabs(mean) * 1e-12 && column->scale > 1e-150))
        column->scale = 1; /* constant */
}

/* One row of the table as the request of a caller would have it. */
static void encode(const struct redan_learn_data *data, const struct redan_profile *profile,
                   uint32_t row, double *values, struct redan_slice *texts, float *encoded)
{
    for (size_t c = 0; c < data->width; c++) {
        const struct redan_column *column = &data->columns[c];
        double value = data->values[row * data->width + c];
        bool category = column->kind == REDAN_COLUMN_CATEGORY && !isnan(value);

        values[c] = category ? (double)NAN : value;
        texts[c] = category ? column->categories[(size_t)value] : (struct redan_slice){0};
    }
    if (encoded)
        redan_profile_encode(profile, values, texts, encoded);
}

static enum redan_status encode_part(struct redan_ctx *ctx, const struct redan_learn_data *data,
                                     const struct redan_profile *profile, const uint32_t *rows,
                                     size_t count, float **encoded)
{
    double *values = redan_take_array(ctx, data->width, sizeof(*values));
    struct redan_slice *texts = redan_take_array(ctx, data->width, sizeof(*texts));
    float *made = redan_take_array(ctx, count ? count : 1, data->width * sizeof(*made));

    if (!values || !texts || !made)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < count; i++)
        encode(data, profile, rows[i], values, texts, made + i * data->width);
    *encoded = made;
    return REDAN_OK;
}

/* Fit over some columns of encoded rows; as many rows as take a bounded time. */
static enum redan_status fit(struct redan_ctx *ctx, const float *encoded, size_t rows, size_t width,
                             const uint16_t *columns, size_t count, struct redan_mahalanobis *m)
{
    double square = (double)count * (double)count;
    size_t most = (size_t)fmax(2.0 * (double)count + 100, fmin(1e6, 2e10 / square));
    size_t used = redan_min_size(rows, most);
    float *mean = redan_take_array(ctx, count, sizeof(*mean));
    float *factor = redan_take_array(ctx, count, count * sizeof(*factor));
    const float *values = encoded;

    if (!mean || !factor)
        return REDAN_E_MEMORY;
    struct redan_arena_mark mark = redan_arena_mark(&ctx->arena);
    double *work = redan_take_array(ctx, 3 * count, count * sizeof(*work));
    if (!work)
        return REDAN_E_MEMORY;
    if (columns) {
        float *chosen = redan_take_array(ctx, used, count * sizeof(*chosen));
        if (!chosen)
            return REDAN_E_MEMORY;
        for (size_t r = 0; r < used; r++)
            for (size_t c = 0; c < count; c++)
                chosen[r * count + c] = encoded[r * width + columns[c]];
        values = chosen;
    }
    bool fitted = redan_mahalanobis_fit(values, used, count, mean, factor, work);
    redan_arena_reset(&ctx->arena, mark);
    if (!fitted)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "too few rows to learn from");
    *m = (struct redan_mahalanobis){count, mean, factor};
    return REDAN_OK;
}

static int ascending(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return (*x > *y) - (*x < *y);
}

static enum redan_status tune(struct redan_ctx *ctx, const float *encoded, size_t count,
                              struct redan_profile *profile)
{
    profile->tuned[0] = redan_take_array(ctx, count, sizeof(double));
    profile->tuned[1] = redan_take_array(ctx, count, sizeof(double));
    if (!profile->tuned[0] || !profile->tuned[1])
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < count; i++) {
        double distances[2];

        redan_profile_distances(profile, encoded + i * profile->width, distances);
        profile->tuned[0][i] = distances[0];
        profile->tuned[1][i] = distances[1];
    }
    qsort(profile->tuned[0], count, sizeof(double), ascending);
    qsort(profile->tuned[1], count, sizeof(double), ascending);
    profile->tuned_count = count;
    redan_profile_tune(profile);
    return REDAN_OK;
}

static enum redan_status calibrate(struct redan_ctx *ctx, const struct redan_learn_data *data,
                                   const uint32_t *rows, size_t count,
                                   struct redan_profile *profile)
{
    float *encoded = NULL;

    profile->scores = redan_take_array(ctx, count, sizeof(double));
    if (!profile->scores)
        return REDAN_E_MEMORY;
    struct redan_arena_mark mark = redan_arena_mark(&ctx->arena);
    REDAN_TRY(encode_part(ctx, data, profile, rows, count, &encoded));
    for (size_t i = 0; i < count; i++)
        profile->scores[i] = redan_profile_score(profile, encoded + i * data->width);
    redan_arena_reset(&ctx->arena, mark);
    qsort(profile->scores, count, sizeof(double), ascending);
    profile->score_count = count;
    return REDAN_OK;
}

/* The profile's columns: the schema of all rows; numbers by the reference part alone. */
static enum redan_status columns(struct redan_ctx *ctx, const struct redan_learn_options *options,
                                 const struct redan_learn_data *data, const struct parts *parts,
                                 struct redan_learned *learned)
{
    struct redan_profile *profile = &learned->profile;
    struct redan_learn_schema schema;
    double widen = options->widen < 0 ? 0.1 : options->widen;
    size_t too_many = 0;

    REDAN_TRY(redan_learn_schema(ctx, data, parts->rows, data->rows, widen, &schema));
    profile->columns = schema.columns;
    profile->width = data->width;
    profile->invariants = schema.invariants;
    profile->invariant_count = schema.invariant_count;
    if (schema.cut)
        REDAN_TRY(redan_learn_note(ctx, learned,
                                   "more than %zu orders between columns held; the "
                                   "first are kept",
                                   schema.invariant_count));
    for (size_t c = 0; c < data->width; c++) {
        struct redan_column *column = &profile->columns[c];

        if (column->kind == REDAN_COLUMN_CATEGORY)
            REDAN_TRY(surprises(ctx, data, parts, c, column));
        standardise(data, parts, c, column);
        if (!column->caller)
            continue;
        if (profile->caller_count == REDAN_PROFILE_CALLERS) {
            column->caller = false;
            too_many++;
            continue;
        }
        profile->caller_columns[profile->caller_count++] = (uint16_t)c;
    }
    if (too_many)
        return redan_learn_note(ctx, learned,
                                "callers choose %zu columns more than the %d that per-caller "
                                "statistics use: name the telling ones with --caller",
                                too_many, (int)REDAN_PROFILE_CALLERS);
    return REDAN_OK;
}

/* How the calibration part fares under a schema that has not seen it. */
static enum redan_status honest_faults(struct redan_ctx *ctx,
                                       const struct redan_learn_options *options,
                                       const struct redan_learn_data *data,
                                       const struct parts *parts, struct redan_learned *learned)
{
    struct redan_arena_mark mark = redan_arena_mark(&ctx->arena);
    struct redan_learn_schema schema;
    size_t unseen = parts->reference + parts->tuning;
    double *values = redan_take_array(ctx, data->width, sizeof(*values));
    struct redan_slice *texts = redan_take_array(ctx, data->width, sizeof(*texts));
    double widen = options->widen < 0 ? 0.1 : options->widen;

    if (!values || !texts)
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_learn_schema(ctx, data, parts->rows, unseen, widen, &schema));
    const struct redan_profile profile = {.columns = schema.columns,
                                          .width = data->width,
                                          .invariants = schema.invariants,
                                          .invariant_count = schema.invariant_count};
    for (size_t i = 0; i < parts->calibration; i++) {
        size_t column = 0;
        size_t which = 0;

        encode(data, &profile, parts->rows[unseen + i], values, texts, NULL);
        learned->broken +=
            redan_profile_fault(&profile, values, texts, &column, &which) != REDAN_FAULT_NONE;
    }
    learned->broken_rate = redan_interval_exact(learned->broken, parts->calibration, 0.95);
    redan_arena_reset(&ctx->arena, mark);
    return REDAN_OK;
}

static enum redan_status promises(struct redan_ctx *ctx, struct redan_learned *learned)
{
    static const double alphas[REDAN_LEARN_ALPHAS] = {0.05, 0.01, 0.001, 0.0001};
    size_t count = learned->profile.score_count;

    for (int i = 0; i < REDAN_LEARN_ALPHAS; i++) {
        struct redan_learn_promise *p = &learned->promises[i];

        p->alpha = alphas[i];
        p->kept = redan_conformal_can(count, alphas[i]);
        redan_conformal_interval(count, alphas[i], 10000, 0.95, &p->low, &p->high);
    }
    if (count < 1000)
        REDAN_TRY(redan_learn_note(ctx, learned,
                                   "%zu calibration rows: no alpha below %.3g can be kept, and an "
                                   "alpha of 1 %% wants 1,000 (4,000 rows in all)",
                                   count, 1.0 / (double)(count + 1)));
    return REDAN_OK;
}

enum redan_status redan_learn_fit(struct redan_ctx *ctx, const struct redan_learn_options *options,
                                  struct redan_learn_data *data, struct redan_learned *learned)
{
    struct redan_profile *profile = &learned->profile;
    struct parts parts = {0};
    float *encoded = NULL;

    if (data->rows < REDAN_LEARN_LEAST || data->width == 0 || data->width > REDAN_PROFILE_COLUMNS)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "%zu rows of %zu columns cannot be learned from",
                          data->rows, data->width);
    REDAN_TRY(split(ctx, options, data->rows, &parts));
    REDAN_TRY(columns(ctx, options, data, &parts, learned));
    REDAN_TRY(encode_part(ctx, data, profile, parts.rows, parts.reference, &encoded));
    size_t references = options->references ? options->references : REDAN_LEARN_REFERENCES;
    references = redan_min_size(redan_min_size(references, parts.reference),
                                REDAN_PROFILE_REFERENCES); /* the part is shuffled: any will do */
    REDAN_TRY(redan_profile_pack(ctx, encoded, references, data->width, NULL, data->width,
                                 &profile->references));
    REDAN_TRY(
        fit(ctx, encoded, parts.reference, data->width, NULL, data->width, &profile->mahalanobis));
    if (profile->caller_count) {
        REDAN_TRY(redan_profile_pack(ctx, encoded, redan_min_size(references, REDAN_PROFILE_NOVEL),
                                     data->width, profile->caller_columns, profile->caller_count,
                                     &profile->caller_references));
        REDAN_TRY(fit(ctx, encoded, parts.reference, data->width, profile->caller_columns,
                      profile->caller_count, &profile->caller_mahalanobis));
    }
    REDAN_TRY(
        encode_part(ctx, data, profile, parts.rows + parts.reference, parts.tuning, &encoded));
    REDAN_TRY(tune(ctx, encoded, parts.tuning, profile));
    REDAN_TRY(redan_learn_bits(ctx, options, encoded, parts.tuning, profile));
    REDAN_TRY(calibrate(ctx, data, parts.rows + parts.reference + parts.tuning, parts.calibration,
                        profile));
    REDAN_TRY(honest_faults(ctx, options, data, &parts, learned));
    profile->rows = data->rows;
    learned->reference_rows = parts.reference;
    learned->tuning_rows = parts.tuning;
    learned->calibration_rows = parts.calibration;
    learned->left_out = data->left_out;
    return promises(ctx, learned);
}
