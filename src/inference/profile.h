/* The reference profile: what honest inputs of a model look like, learned from its training data. An in-toto statement about the dataset and the model, alone or in a signed envelope. */
#ifndef REDAN_INFERENCE_PROFILE_H
#define REDAN_INFERENCE_PROFILE_H

#include "attest/statement.h"
#include "stats/mahalanobis.h"
#include "stats/neighbour.h"

#define REDAN_PREDICATE_PROFILE "https://redan.dev/guard/profile/v1"

/* What a profile may hold at most, and how large an encoded number may be. */
enum {
    REDAN_PROFILE_COLUMNS = 4096,
    REDAN_PROFILE_REFERENCES = 8192,
    REDAN_PROFILE_NOVEL =
        512, /* the first so many of them measure what is new for per-caller statistics */
    REDAN_PROFILE_SCORES = 1000000,
    REDAN_PROFILE_CATEGORIES = 4096, /* of one column */
    REDAN_PROFILE_INVARIANTS = 1024,
    REDAN_PROFILE_CALLERS = 64, /* columns that callers choose */
    REDAN_PROFILE_CLASSES = 64,
    REDAN_PROFILE_BYTES = 128 << 20,
    REDAN_ENCODED_MOST = 1000000,
};

enum redan_column_kind {
    REDAN_COLUMN_REAL,
    REDAN_COLUMN_INTEGER,
    REDAN_COLUMN_BOOL,
    REDAN_COLUMN_CATEGORY
};
extern const char *const redan_column_words[]; /* "real", "integer", "bool", "category", NULL */

struct redan_column {
    struct redan_slice name;
    enum redan_column_kind kind;
    bool caller;      /* whoever calls chooses it: only such columns enter per-caller statistics */
    bool missing;     /* null was seen in training */
    double low, high; /* allowed, both included */
    double grid;      /* every value is a whole multiple of it; 0: none */
    const struct redan_slice
        *categories; /* sorted; CATEGORY of texts. Of numbers: the values' shortest spelling */
    const double *surprise; /* -log of each category's share; the column's number */
    size_t category_count;
    double unknown; /* the number of a text or value that is no category */
    const struct redan_category_number *numbers; /* categories that are numbers, ascending */
    size_t number_count;
    double mean, scale; /* of the number, for standardising; scale > 0 */
};
struct redan_category_number {
    double value;
    size_t category;
};

struct redan_invariant {
    uint16_t low, high; /* columns: value of `low` <= value of `high` held in every training row */
};

/* Bounds on the rates of an honest caller of a class (inference/caller.h); only a class that has them is armed. */
enum { REDAN_BOUNDS = 9 };
struct redan_caller_bounds {
    struct redan_slice id;        /* of the class */
    double m0[REDAN_BOUNDS];      /* by enum redan_bit */
    double flag_rate, novel_rate; /* honest: for the quick alarms */
    double least_alpha;           /* the smallest that the history carries: 1/(lives+1) */
    uint64_t lives;               /* callers it was calibrated on */
    uint64_t queries;
    double most; /* largest log E among them, under these bounds */
};

struct redan_profile {
    struct redan_digest digest;        /* SHA-256 of the statement's bytes */
    struct redan_slice model, dataset; /* names of the subjects */
    struct redan_digest model_digest, dataset_digest;
    bool has_model;
    bool is_signed; /* by the key that was asked for */
    uint64_t rows;  /* of training data that it was learned from */
    struct redan_column *columns;
    size_t width; /* columns, and numbers of an encoded row */
    struct redan_invariant *invariants;
    size_t invariant_count;
    struct redan_references references;   /* standardised reference rows, all columns */
    struct redan_mahalanobis mahalanobis; /* all columns */
    double *tuned
        [2]; /* ascending: distances of a part of the data of its own, to make the two scores comparable */
    size_t tuned_count;
    double excess
        [2]; /* how far, on average, their largest tenth reaches beyond the rest: the scale beyond the last */
    double *
        scores; /* ascending: the combined score of calibration rows, which nothing else was fitted on */
    size_t score_count;
    /* of the columns that callers choose: */
    uint16_t caller_columns[REDAN_PROFILE_CALLERS];
    size_t caller_count;
    struct redan_references caller_references;
    struct redan_mahalanobis caller_mahalanobis;
    /* Thresholds of the bits. Over the caller columns' numbers: `near` and `coarse` between two queries of one caller (of more than 16 columns: of signed sums of them, inference/caller.c); `novel` to the nearest of caller_references; `unusual` of
     * caller_mahalanobis: all four squared distances. `margin`: of the score to the threshold, absolute. 0: not known, and the bit is never set. */
    double near, coarse, novel, unusual, margin;
    struct redan_caller_bounds *bounds; /* of classes */
    size_t bounds_count;
};

/* Read a profile: an envelope, or the bare statement. With `key` the envelope must carry its signature (REDAN_E_SIGNATURE). Everything in the arena. */
REDAN_NODISCARD enum redan_status redan_profile_read(struct redan_ctx *ctx, struct redan_slice text,
                                                     const struct redan_key *key,
                                                     struct redan_profile *profile);
/* The statement of a profile as canonical JSON, in the arena. */
REDAN_NODISCARD enum redan_status redan_profile_write(struct redan_ctx *ctx,
                                                      const struct redan_profile *profile,
                                                      struct redan_slice *payload);

/* For whoever makes one: rows of `width` numbers as reference rows of some columns (NULL: the first `count`), in the arena; the scale beyond the tuned distances; and the two distances (not squared) that
 * are tuned and scored. */
REDAN_NODISCARD enum redan_status redan_profile_pack(struct redan_ctx *ctx, const float *values,
                                                     size_t rows, size_t width,
                                                     const uint16_t *columns, size_t count,
                                                     struct redan_references *packed);
void redan_profile_tune(struct redan_profile *profile);
void redan_profile_distances(const struct redan_profile *profile, const float *encoded,
                             double distances[2]);

/* One row as standardised numbers: profile->width floats. A missing value is 0 (the mean); an unknown category has a number of its own, 1 above the rarest's surprise. */
void redan_profile_encode(const struct redan_profile *profile, const double *values,
                          const struct redan_slice *texts, float *encoded);
/* Of an encoded row: its combined score, the larger the stranger; and the conformal p-value of a score. */
double redan_profile_score(const struct redan_profile *profile, const float *encoded);
double redan_profile_p(const struct redan_profile *profile, double score);
/* What is wrong with a row: the column (width: an invariant, `*which` then says which one) and why; REDAN_FAULT_NONE when nothing is. */
enum redan_row_fault {
    REDAN_FAULT_NONE,
    REDAN_FAULT_TYPE,
    REDAN_FAULT_MISSING,
    REDAN_FAULT_RANGE,
    REDAN_FAULT_WHOLE,
    REDAN_FAULT_CATEGORY,
    REDAN_FAULT_GRID,
    REDAN_FAULT_INVARIANT
};
enum redan_row_fault redan_profile_fault(const struct redan_profile *profile, const double *values,
                                         const struct redan_slice *texts, size_t *column,
                                         size_t *which);
/* Whether a cell is of a kind that its column never had: a text for a number, or nothing at all. It is coded as the mean, which says nothing of what a server makes of it. */
bool redan_profile_foreign(const struct redan_profile *profile, const double *values,
                           const struct redan_slice *texts);
/* The column that adds most to a row's distance from its nearest reference row: why it is strange. */
size_t redan_profile_strangest(const struct redan_profile *profile, const float *encoded);
/* The bounds of a class; NULL: not calibrated. */
const struct redan_caller_bounds *redan_profile_bounds(const struct redan_profile *profile,
                                                       struct redan_slice id);

#endif
