/* Calls libxgboost and turns its failures into the context's. */
#include "booster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xgboost/c_api.h>

static const char predict_config[] =
    "{\"type\": 0, \"training\": false, \"iteration_begin\": 0, \"iteration_end\": 0, "
    "\"strict_shape\": false, \"cache_id\": 0, \"missing\": NaN}";

void fraud_booster_one_thread(char **argv)
{
    const char *threads = getenv("OMP_NUM_THREADS");

    if ((!threads || strcmp(threads, "1") != 0) && setenv("OMP_NUM_THREADS", "1", 1) == 0)
        (void)execv("/proc/self/exe", argv); /* where it fails, two threads are slower, not wrong */
}

/* The library's message starts with a time and a source place and ends with a stack trace: keep the sentence. */
static enum redan_status refused(struct redan_ctx *ctx, enum redan_status status, const char *what)
{
    struct redan_slice line;
    struct redan_slice rest;
    const char *text = XGBGetLastError();
    const char *colon = strstr(text, ": ");

    (void)redan_slice_cut(redan_slice_of(colon ? colon + 2 : text), '\n', &line, &rest);
    return redan_fail(ctx, status, 0, "libxgboost cannot %s: %.*s", what, REDAN_FMT(line));
}

static void matrix_free(DMatrixHandle *matrix)
{
    if (*matrix)
        (void)XGDMatrixFree(*matrix);
}

static enum redan_status matrix_new(struct redan_ctx *ctx, const float *values, size_t rows,
                                    size_t columns, DMatrixHandle *matrix)
{
    if (XGDMatrixCreateFromMat_omp(values, rows, columns, (float)__builtin_nan(""), matrix, 1) != 0)
        return refused(ctx, REDAN_E_MEMORY, "take the rows");
    return REDAN_OK;
}

/* The model's file carries its schema. */
static enum redan_status name_columns(struct redan_ctx *ctx, BoosterHandle handle)
{
    const char *names[FRAUD_FEATURES];

    for (size_t f = 0; f < FRAUD_FEATURES; f++)
        names[f] = fraud_features[f].name;
    if (XGBoosterSetStrFeatureInfo(handle, "feature_name", names, FRAUD_FEATURES) != 0)
        return refused(ctx, REDAN_E_SCHEMA, "name the columns");
    return REDAN_OK;
}

static enum redan_status set_parameter(struct redan_ctx *ctx, BoosterHandle handle,
                                       const char *name, const char *value)
{
    if (XGBoosterSetParam(handle, name, value) != 0)
        return refused(ctx, REDAN_E_USAGE, name);
    return REDAN_OK;
}

enum redan_status fraud_booster_train(struct redan_ctx *ctx, const struct fraud_rows *rows,
                                      const struct fraud_parameter *parameters, unsigned rounds,
                                      struct fraud_booster *booster)
{
    REDAN_DEFER(matrix_free) DMatrixHandle matrix = NULL;
    REDAN_DEFER(fraud_booster_done) struct fraud_booster made = {NULL};
    size_t count = fraud_rows_count(rows);

    if (count == 0 || fraud_rows_positives(rows) == 0)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "the training window has %zu rows and %zu frauds; choose other days",
                          count, count ? fraud_rows_positives(rows) : 0);
    REDAN_TRY(matrix_new(ctx, fraud_rows_values(rows), count, FRAUD_FEATURES, &matrix));
    if (XGDMatrixSetFloatInfo(matrix, "label", fraud_rows_labels(rows), count) != 0)
        return refused(ctx, REDAN_E_SCHEMA, "take the labels");
    if (XGBoosterCreate(&matrix, 1, &made.handle) != 0)
        return refused(ctx, REDAN_E_MEMORY, "start training");
    REDAN_TRY(
        set_parameter(ctx, made.handle, "nthread", "1")); /* more threads spin, and order sums */
    for (const struct fraud_parameter *p = parameters; p->name; p++)
        REDAN_TRY(set_parameter(ctx, made.handle, p->name, p->value));
    for (unsigned round = 0; round < rounds; round++)
        if (XGBoosterUpdateOneIter(made.handle, (int)round, matrix) != 0)
            return refused(ctx, REDAN_E_USAGE, "train");
    REDAN_TRY(name_columns(ctx, made.handle));
    *booster = made;
    made.handle = NULL;
    return REDAN_OK;
}

/* From a file by its path, or with `bytes` from those. */
static enum redan_status load(struct redan_ctx *ctx, const char *path,
                              const struct redan_slice *bytes, struct fraud_booster *booster)
{
    REDAN_DEFER(fraud_booster_done) struct fraud_booster made = {NULL};

    if (XGBoosterCreate(NULL, 0, &made.handle) != 0)
        return refused(ctx, REDAN_E_MEMORY, "start");
    REDAN_TRY(set_parameter(ctx, made.handle, "nthread", "1"));
    int failed = bytes ? XGBoosterLoadModelFromBuffer(made.handle, bytes->at, bytes->len)
                       : XGBoosterLoadModel(made.handle, path);
    if (failed != 0) {
        enum redan_status status = refused(ctx, REDAN_E_SYNTAX, "load the model");
        redan_fail_name(ctx, redan_slice_of(path));
        return status;
    }
    REDAN_TRY(
        set_parameter(ctx, made.handle, "nthread", "1")); /* the file has its own word on it */
    *booster = made;
    made.handle = NULL;
    return REDAN_OK;
}

enum redan_status fraud_booster_load(struct redan_ctx *ctx, const char *path,
                                     struct fraud_booster *booster)
{
    return load(ctx, path, NULL, booster);
}

enum redan_status fraud_booster_load_bytes(struct redan_ctx *ctx, struct redan_slice bytes,
                                           const char *name, struct fraud_booster *booster)
{
    return load(ctx, name, &bytes, booster);
}

void fraud_booster_done(struct fraud_booster *booster)
{
    if (booster->handle)
        (void)XGBoosterFree(booster->handle);
    booster->handle = NULL;
}

enum redan_status fraud_booster_save(struct redan_ctx *ctx, const struct fraud_booster *booster,
                                     struct redan_buf *text)
{
    bst_ulong len = 0;
    const char *bytes = NULL;

    if (XGBoosterSaveModelToBuffer(booster->handle, "{\"format\": \"json\"}", &len, &bytes) != 0)
        return refused(ctx, REDAN_E_IO, "save the model");
    redan_buf_add(text, bytes, len);
    return redan_buf_ok(ctx, text, "the model");
}

enum redan_status fraud_booster_columns(struct redan_ctx *ctx, const struct fraud_booster *booster,
                                        struct redan_slice **names, size_t *count)
{
    bst_ulong columns = 0;
    bst_ulong known = 0;
    const char **texts = NULL;

    if (XGBoosterGetNumFeature(booster->handle, &columns) != 0 ||
        XGBoosterGetStrFeatureInfo(booster->handle, "feature_name", &known, &texts) != 0)
        return refused(ctx, REDAN_E_SYNTAX, "tell the model's columns");
    struct redan_slice *all = redan_take_array(ctx, columns, sizeof(*all));
    if (!all)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < columns && known == columns; i++)
        REDAN_TRY(redan_copy(ctx, redan_slice_of(texts[i]), &all[i]));
    *names = all;
    *count = columns;
    return REDAN_OK;
}

static enum redan_status take_scores(struct redan_ctx *ctx, const bst_ulong *shape, bst_ulong dim,
                                     const float *result, size_t rows, float *scores)
{
    if (dim < 1 || shape[0] != rows || (dim > 1 && shape[1] != 1))
        return redan_fail(ctx, REDAN_E_UNSUPPORTED, 0, "the model does not give one score a row");
    memcpy(scores, result, rows * sizeof(*scores));
    return REDAN_OK;
}

enum redan_status fraud_booster_scores(struct redan_ctx *ctx, const struct fraud_booster *booster,
                                       const float *values, size_t rows, size_t columns,
                                       float *scores)
{
    REDAN_DEFER(matrix_free) DMatrixHandle matrix = NULL;
    const bst_ulong *shape = NULL;
    bst_ulong dim = 0;
    const float *result = NULL;

    REDAN_TRY(matrix_new(ctx, values, rows, columns, &matrix));
    if (XGBoosterPredictFromDMatrix(booster->handle, matrix, predict_config, &shape, &dim,
                                    &result) != 0)
        return refused(ctx, REDAN_E_UNSUPPORTED, "score");
    return take_scores(ctx, shape, dim, result, rows, scores);
}

enum redan_status fraud_booster_score_now(struct redan_ctx *ctx,
                                          const struct fraud_booster *booster, const float *values,
                                          size_t rows, size_t columns, float *scores)
{
    char array[200];
    const bst_ulong *shape = NULL;
    bst_ulong dim = 0;
    const float *result = NULL;

    int n = snprintf(array, sizeof(array),
                     "{\"data\": [%zu, true], \"shape\": [%zu, %zu], \"typestr\": \"<f4\", "
                     "\"version\": 3}",
                     (size_t)(uintptr_t)values, rows, columns);
    if (n < 0 || (size_t)n >= sizeof(array))
        return redan_fail(ctx, REDAN_E_LIMIT, 0, "too many rows");
    if (XGBoosterPredictFromDense(booster->handle, array, predict_config, NULL, &shape, &dim,
                                  &result) != 0)
        return refused(ctx, REDAN_E_UNSUPPORTED, "score");
    return take_scores(ctx, shape, dim, result, rows, scores);
}
