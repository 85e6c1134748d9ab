/* Learns a profile from a table of doubles and measures rows by it, for bench/guard/ood: ood_score TRAIN COLUMNS SEED REFERENCES TEST SCORES [HONEST [STREAM...]].
 *
 * TRAIN, TEST and each STREAM are doubles, row after row; the first HONEST rows of TEST are honest. SCORES receives two doubles per row of TEST: score and p-value. One line per STREAM says the largest log of the martingale over its rows. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "guard/learn.h"
#include "io/file.h"
#include "stats/conformal.h"
#include "stats/exchange.h"

struct table {
    const double *values;
    size_t rows;
};

static enum redan_status load(struct redan_ctx *ctx, const char *path, size_t width,
                              struct table *table)
{
    struct redan_slice bytes = {0};

    REDAN_TRY(redan_file_read(ctx, redan_slice_of(path), ctx->limits.memory, true, &bytes));
    double *values = redan_take_array(ctx, bytes.len / sizeof(double) + 1, sizeof(*values));
    if (!values)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < bytes.len; i++)
        ((char *)values)[i] = bytes.at[i];
    *table = (struct table){values, bytes.len / sizeof(double) / width};
    return REDAN_OK;
}

static enum redan_status learn(struct redan_ctx *ctx, struct table train, size_t width,
                               uint64_t seed, size_t references, struct redan_learned *learned)
{
    struct redan_learn_options options = {
        .seed = seed, .references = references, .widen = -1, .margin = -1};
    struct redan_learn_data data = {.rows = train.rows, .width = width};

    data.columns = redan_take_array(ctx, width, sizeof(*data.columns));
    data.values = redan_take_array(ctx, train.rows, width * sizeof(double));
    if (!data.columns || !data.values)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < train.rows * width; i++)
        data.values[i] = train.values[i];
    for (size_t c = 0; c < width; c++) {
        REDAN_TRY(redan_format(ctx, &data.columns[c].name, "x%zu", c));
        data.columns[c].caller = c < 16;
    }
    *learned = (struct redan_learned){0};
    return redan_learn_fit(ctx, &options, &data, learned);
}

static double seconds(void)
{
    struct timespec t = {0};

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double measure(const struct redan_profile *p, const double *row, float *encoded,
                      double *chance)
{
    redan_profile_encode(p, row, NULL, encoded);
    double score = redan_profile_score(p, encoded);
    *chance = redan_profile_p(p, score);
    return score;
}

static void stream(const struct redan_profile *p, struct table table, float *encoded, uint64_t seed)
{
    struct redan_exchange exchange;
    struct redan_ranks ranks;
    double chance = 0;
    long first = -1;

    redan_exchange_begin(&exchange);
    redan_ranks_begin(&ranks);
    for (size_t i = 0; i < p->score_count; i++)
        redan_ranks_add(&ranks, p->scores[i]);
    for (size_t i = 0; i < table.rows; i++) {
        double score = measure(p, table.values + i * p->width, encoded, &chance);
        uint64_t z = seed += 0x9e3779b97f4a7c15U; /* splitmix64 */

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        redan_exchange_add(&exchange,
                           redan_ranks_p(&ranks, score, (double)((z ^ (z >> 31)) >> 11) * 0x1p-53));
        if (first < 0 && exchange.most >= 4.605170185988092) /* 1 / alpha of 1 % */
            first = (long)i + 1;
    }
    printf("stream %zu %.6f %ld\n", table.rows, exchange.most, first);
}

static enum redan_status run(struct redan_ctx *ctx, int argc, char **argv)
{
    size_t width = (size_t)strtoull(argv[2], NULL, 10);
    uint64_t seed = strtoull(argv[3], NULL, 10);
    struct table train, test;
    struct redan_learned learned;
    struct redan_profile *p = &learned.profile;

    REDAN_TRY(load(ctx, argv[1], width, &train));
    REDAN_TRY(load(ctx, argv[5], width, &test));
    REDAN_TRY(learn(ctx, train, width, seed, (size_t)strtoull(argv[4], NULL, 10), &learned));
    float *encoded = redan_take_array(ctx, width, sizeof(*encoded));
    double *scores = redan_take_array(ctx, test.rows, 2 * sizeof(*scores));
    if (!encoded || !scores)
        return REDAN_E_MEMORY;
    size_t measured = 0;
    double begun = seconds();
    do {
        for (size_t i = 0; i < test.rows; i++)
            scores[2 * i] = measure(p, test.values + i * width, encoded, &scores[2 * i + 1]);
        measured += test.rows;
    } while (measured < 5000);
    double took = seconds() - begun;
    size_t low = 0;
    size_t high = 0;
    size_t honest =
        argc > 7 ? (size_t)strtoull(argv[7], NULL, 10) : 0; /* of TEST, the first so many */
    redan_conformal_interval(p->score_count, 0.01, honest, 0.95, &low, &high);
    printf("learned %zu %zu %zu %.4f %zu %zu %d\n", p->references.rows, p->tuned_count,
           p->score_count, 1e6 * took / (double)measured, low, high,
           redan_conformal_can(p->score_count, 0.01));
    for (int i = 8; i < argc; i++) {
        struct table rows;

        REDAN_TRY(load(ctx, argv[i], width, &rows));
        stream(p, rows, encoded, seed * 1000 + (uint64_t)i);
    }
    return redan_file_replace(
        ctx, redan_slice_of(argv[6]), 0600,
        (struct redan_slice){(const char *)scores, 2 * test.rows * sizeof(*scores)});
}

int main(int argc, char **argv)
{
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);

    redan_ctx_init(&ctx, NULL);
    if (argc < 7) {
        fprintf(stderr,
                "ood_score TRAIN COLUMNS SEED REFERENCES TEST SCORES [HONEST [STREAM...]]\n");
        return 2;
    }
    if (run(&ctx, argc, argv) != REDAN_OK) {
        fprintf(stderr, "ood_score: %s\n", ctx.failure.text);
        return 3;
    }
    return 0;
}
