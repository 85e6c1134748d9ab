/* From training data to a reference profile: what may stand in each column, and how strange a row is among honest ones. The same data, options and seed give the same bytes. */
#ifndef REDAN_GUARD_LEARN_H
#define REDAN_GUARD_LEARN_H

#include "codec/bind.h"
#include "inference/profile.h"
#include "stats/interval.h"

enum {
    REDAN_LEARN_CATEGORIES = 1000, /* of one column */
    REDAN_LEARN_LEAST = 20,        /* rows */
    REDAN_LEARN_REFERENCES = 2048,
    REDAN_LEARN_TUNING = 4096,
    REDAN_LEARN_CALIBRATION = 20000,
    REDAN_LEARN_NOTES = 64,
    REDAN_LEARN_ALPHAS = 4,
};

/* NAME=VALUE of an option. */
struct redan_learn_pair {
    struct redan_slice name, value;
};

/* What is not said is 0 or NULL, and then as the constants above have it. */
struct redan_learn_options {
    struct redan_learn_pair *kinds; /* NAME=KIND */
    size_t kind_count;
    struct redan_texts drop;   /* columns that the model does not see */
    struct redan_texts only;   /* no others; none: all that are not dropped */
    struct redan_texts caller; /* columns that callers choose; none: all */
    struct redan_learn_pair *
        where; /* rows in which every one of these columns has this very text; the columns are dropped */
    size_t where_count;
    uint64_t seed;
    size_t references, tuning, calibration; /* rows; 0: as documented */
    double widen;  /* allowed ranges reach so much of the seen range beyond it; negative: 0.1 */
    double margin; /* negative: 0.05 */
};

/* A table of numbers, column after column as the profile will have them. */
struct redan_learn_data {
    size_t rows, width;
    struct redan_column *columns; /* name, kind and, of categories, their texts sorted */
    double *values;               /* rows x width; NaN where missing; of a category its index */
    uint64_t left_out;            /* rows that --where left out */
};

/* What was found, beside the profile. */
struct redan_learned {
    struct redan_profile profile;
    size_t reference_rows, tuning_rows, calibration_rows; /* of the three parts */
    uint64_t left_out;
    struct redan_slice *notes; /* remarks for a person, one sentence each */
    size_t note_count;
    /* How often a row of the calibration part breaks a schema learned from the other two alone: what to expect of honest rows of tomorrow. */
    size_t broken;
    struct redan_interval broken_rate;
    struct redan_learn_promise {
        double alpha;
        bool kept;        /* enough calibration rows for it */
        size_t low, high; /* false rejects among 10,000 fresh honest rows, 95 % */
    } promises[REDAN_LEARN_ALPHAS];
};

/* Read a CSV with a header. REDAN_E_SYNTAX, REDAN_E_SCHEMA or REDAN_E_LIMIT with line and column, and what to do. */
REDAN_NODISCARD enum redan_status redan_learn_read(struct redan_ctx *ctx, struct redan_slice csv,
                                                   const struct redan_learn_options *options,
                                                   struct redan_learn_data *data,
                                                   struct redan_learned *learned);
/* Learn from a table; the subjects of the profile are the caller's to set. REDAN_E_SCHEMA when it cannot be learned from. */
REDAN_NODISCARD enum redan_status redan_learn_fit(struct redan_ctx *ctx,
                                                  const struct redan_learn_options *options,
                                                  struct redan_learn_data *data,
                                                  struct redan_learned *learned);

#endif
