/* A small profile made in memory, and honest rows of the data it describes. */
#include "profile_fixture.h"

#include <math.h>
#include <stdlib.h>

#include "stats/splitmix.h"

const struct redan_slice fixture_names[FIXTURE_WIDTH] = {
    {"amount", 6}, {"count", 5}, {"week", 4}, {"night", 5}, {"risk", 4}, {"channel", 7}};

static const struct redan_slice channels[] = {{"app", 3}, {"pos", 3}, {"web", 3}};
static const double surprise[] = {1.2, 0.5, 2.3};

void fixture_row(uint64_t index, double values[FIXTURE_WIDTH],
                 struct redan_slice texts[FIXTURE_WIDTH])
{
    uint64_t state = index * 0x2545f4914f6cdd1dU + 17;
    double u = redan_splitmix_unit(&state);
    size_t channel = u < 0.3 ? 0 : u < 0.9 ? 1 : 2;

    for (size_t c = 0; c < FIXTURE_WIDTH; c++)
        texts[c] = (struct redan_slice){0};
    values[FIXTURE_AMOUNT] =
        floor(100 * (1 + 400 * redan_splitmix_unit(&state) * redan_splitmix_unit(&state))) / 100;
    values[FIXTURE_COUNT] = floor(12 * redan_splitmix_unit(&state));
    values[FIXTURE_WEEK] = values[FIXTURE_COUNT] + floor(40 * redan_splitmix_unit(&state));
    values[FIXTURE_NIGHT] = redan_splitmix_unit(&state) < 0.2 ? 1 : 0;
    values[FIXTURE_RISK] = redan_splitmix_unit(&state) < 0.05
                               ? (double)NAN
                               : redan_splitmix_unit(&state) * redan_splitmix_unit(&state);
    values[FIXTURE_CHANNEL] = (double)NAN;
    texts[FIXTURE_CHANNEL] = channels[channel];
}

static enum redan_status columns(struct redan_ctx *ctx, struct redan_profile *p)
{
    static const struct redan_column made[FIXTURE_WIDTH] = {
        {.kind = REDAN_COLUMN_REAL,
         .caller = true,
         .low = 1,
         .high = 500,
         .grid = 0.01,
         .mean = 101,
         .scale = 88},
        {.kind = REDAN_COLUMN_INTEGER,
         .caller = true,
         .high = 30,
         .grid = 1,
         .mean = 5.5,
         .scale = 3.5},
        {.kind = REDAN_COLUMN_INTEGER,
         .caller = true,
         .high = 100,
         .grid = 1,
         .mean = 25,
         .scale = 12},
        {.kind = REDAN_COLUMN_BOOL,
         .caller = true,
         .high = 1,
         .grid = 1,
         .mean = 0.2,
         .scale = 0.4},
        {.kind = REDAN_COLUMN_REAL, .missing = true, .high = 1, .mean = 0.25, .scale = 0.22},
        {.kind = REDAN_COLUMN_CATEGORY, .caller = true, .unknown = 3.3, .mean = 0.9, .scale = 0.6},
    };
    static const struct redan_invariant order = {FIXTURE_COUNT, FIXTURE_WEEK};

    p->columns = redan_take_array(ctx, FIXTURE_WIDTH, sizeof(*p->columns));
    p->invariants = redan_take(ctx, sizeof(order));
    if (!p->columns || !p->invariants)
        return REDAN_E_MEMORY;
    *p->invariants = order;
    p->invariant_count = 1;
    p->width = FIXTURE_WIDTH;
    for (size_t c = 0; c < FIXTURE_WIDTH; c++) {
        p->columns[c] = made[c];
        p->columns[c].name = fixture_names[c];
        if (made[c].caller)
            p->caller_columns[p->caller_count++] = (uint16_t)c;
    }
    p->columns[FIXTURE_CHANNEL].categories = channels;
    p->columns[FIXTURE_CHANNEL].surprise = surprise;
    p->columns[FIXTURE_CHANNEL].category_count = REDAN_COUNT(channels);
    return REDAN_OK;
}

static enum redan_status encoded(struct redan_ctx *ctx, const struct redan_profile *p, size_t first,
                                 size_t count, float **rows)
{
    *rows = redan_take_array(ctx, count, FIXTURE_WIDTH * sizeof(**rows));
    if (!*rows)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < count; i++) {
        double values[FIXTURE_WIDTH];
        struct redan_slice texts[FIXTURE_WIDTH];

        fixture_row(first + i, values, texts);
        redan_profile_encode(p, values, texts, *rows + i * FIXTURE_WIDTH);
    }
    return REDAN_OK;
}

static enum redan_status fit(struct redan_ctx *ctx, const float *rows, size_t count, size_t width,
                             struct redan_mahalanobis *m)
{
    float *mean = redan_take_array(ctx, width, sizeof(*mean));
    float *factor = redan_take_array(ctx, width * width, sizeof(*factor));
    double *work = redan_take_array(ctx, 3 * width * width, sizeof(*work));

    if (!mean || !factor || !work)
        return REDAN_E_MEMORY;
    if (!redan_mahalanobis_fit(rows, count, width, mean, factor, work))
        return REDAN_E_USAGE;
    *m = (struct redan_mahalanobis){width, mean, factor};
    return REDAN_OK;
}

static int ascending(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return (*x > *y) - (*x < *y);
}

enum redan_status fixture_profile(struct redan_ctx *ctx, struct redan_profile *profile)
{
    struct redan_profile *p = profile;
    float *rows = NULL;
    float *chosen = NULL;

    *p = (struct redan_profile){.dataset = REDAN_S("payments.csv"),
                                .model = REDAN_S("model.json"),
                                .has_model = true,
                                .rows = 2000,
                                .near = 0.02,
                                .coarse = 0.11,
                                .novel = 4,
                                .unusual = 20,
                                .margin = 0.05};
    REDAN_TRY(redan_sha256(ctx, p->dataset, &p->dataset_digest));
    REDAN_TRY(redan_sha256(ctx, p->model, &p->model_digest));
    REDAN_TRY(columns(ctx, p));
    REDAN_TRY(encoded(ctx, p, 0, 2000, &rows));
    REDAN_TRY(redan_profile_pack(ctx, rows, FIXTURE_REFERENCES, FIXTURE_WIDTH, NULL, FIXTURE_WIDTH,
                                 &p->references));
    REDAN_TRY(redan_profile_pack(ctx, rows, FIXTURE_REFERENCES, FIXTURE_WIDTH, p->caller_columns,
                                 p->caller_count, &p->caller_references));
    REDAN_TRY(fit(ctx, rows, 800, FIXTURE_WIDTH, &p->mahalanobis));
    chosen = redan_take_array(ctx, 800, p->caller_count * sizeof(*chosen));
    p->tuned[0] = redan_take_array(ctx, FIXTURE_TUNED, sizeof(double));
    p->tuned[1] = redan_take_array(ctx, FIXTURE_TUNED, sizeof(double));
    p->scores = redan_take_array(ctx, FIXTURE_SCORES, sizeof(double));
    if (!chosen || !p->tuned[0] || !p->tuned[1] || !p->scores)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < 800; i++)
        for (size_t c = 0; c < p->caller_count; c++)
            chosen[i * p->caller_count + c] = rows[i * FIXTURE_WIDTH + p->caller_columns[c]];
    REDAN_TRY(fit(ctx, chosen, 800, p->caller_count, &p->caller_mahalanobis));
    for (size_t i = 0; i < FIXTURE_TUNED; i++) {
        double distances[2];

        redan_profile_distances(p, rows + (800 + i) * FIXTURE_WIDTH, distances);
        p->tuned[0][i] = distances[0];
        p->tuned[1][i] = distances[1];
    }
    p->tuned_count = FIXTURE_TUNED;
    qsort(p->tuned[0], FIXTURE_TUNED, sizeof(double), ascending);
    qsort(p->tuned[1], FIXTURE_TUNED, sizeof(double), ascending);
    redan_profile_tune(p);
    for (size_t i = 0; i < FIXTURE_SCORES; i++)
        p->scores[i] = redan_profile_score(p, rows + (1000 + i) * FIXTURE_WIDTH);
    qsort(p->scores, FIXTURE_SCORES, sizeof(double), ascending);
    p->score_count = FIXTURE_SCORES;
    return REDAN_OK;
}

enum redan_status fixture_profile_armed(struct redan_ctx *ctx, struct redan_slice id, double m0,
                                        struct redan_profile *profile)
{
    struct redan_profile made;
    struct redan_caller_bounds *bounds = redan_take(ctx, sizeof(*bounds));

    if (!bounds)
        return REDAN_E_MEMORY;
    REDAN_TRY(fixture_profile(ctx, &made));
    *bounds = (struct redan_caller_bounds){.id = id,
                                           .flag_rate = 0.01,
                                           .novel_rate = 0.01,
                                           .least_alpha = 1e-4,
                                           .lives = 9999,
                                           .queries = 1000000,
                                           .most = 2};
    for (size_t b = 0; b < REDAN_BOUNDS; b++)
        bounds->m0[b] = m0;
    made.bounds = bounds;
    made.bounds_count = 1;
    *profile = made;
    return REDAN_OK;
}

enum redan_status fixture_profile_text(struct redan_ctx *ctx, struct redan_slice *text)
{
    struct redan_profile p;

    REDAN_TRY(fixture_profile(ctx, &p));
    return redan_profile_write(ctx, &p, text);
}
