/* What is remembered of one caller: cheap bits of each query, a mixture of e-processes over each bit, and quick alarms. Plain bytes of a fixed size, no pointers.
 *
 * The promise, exactly: if each bit's rate stays below its bound m0 given the past, the chance that the caller is ever accused is at most alpha (Ville). Research: monitor.md, 5. */
#ifndef REDAN_INFERENCE_CALLER_H
#define REDAN_INFERENCE_CALLER_H

#include "inference/profile.h"
#include "stats/cusum.h"
#include "stats/eprocess.h"

enum redan_bit {
    REDAN_BIT_NEAR,        /* an earlier query of the caller lies very near */
    REDAN_BIT_COARSE,      /* ... near */
    REDAN_BIT_COPY,        /* ... differs in one or two columns only */
    REDAN_BIT_MARGIN,      /* the score lies close to the threshold */
    REDAN_BIT_FLIP,        /* another label than the near one */
    REDAN_BIT_NOVEL,       /* far from the reference rows */
    REDAN_BIT_GRID,        /* off the data's natural grid */
    REDAN_BIT_MAHALANOBIS, /* an unusual combination */
    REDAN_BIT_INVARIANT,   /* breaks what never failed in training */
    REDAN_BITS,
};
/* Those that wait for the answer. */
#define REDAN_BITS_ANSWERED (1U << REDAN_BIT_MARGIN | 1U << REDAN_BIT_FLIP)
extern const char *const redan_bit_words[]; /* "near", ..., NULL */

enum { REDAN_CALLER_RING = 32, REDAN_CALLER_WIDTH = 16 };

/* A row that was seen exactly so among the last REDAN_CALLER_RING is a retry: it is counted, and otherwise as if it had not come. */
struct redan_caller {
    uint32_t
        profile; /* first bytes of the digest of the profile that it is measured by; another one begins anew */
    uint32_t n;       /* queries (rows), saturating */
    uint32_t written; /* rows that went into the ring; wraps */
    uint32_t lives;   /* how often it was begun anew or evicted */
    uint32_t flagged, novel, refused;
    float most; /* largest log E ever, tombstone included */
    float
        kept; /* log of the wealth that no bet is placed with: of earlier lives, and for later ones */
    uint8_t accused; /* 1: log E reached log(1/alpha); stays */
    uint8_t accused_bit;
    uint8_t begun; /* 1: the e-processes were, by the bounds of a class */
    uint8_t pad;
    struct redan_eprocess bits[REDAN_BITS];
    struct redan_cusum flag_rate;                      /* of label 1 */
    struct redan_cusum novel_rate;                     /* of rows out of distribution */
    uint8_t labels[REDAN_CALLER_RING];                 /* enum redan_caller_label */
    uint32_t rows[REDAN_CALLER_RING];                  /* a hash of each row, to know a retry by */
    float ring[REDAN_CALLER_RING][REDAN_CALLER_WIDTH]; /* encoded columns that callers choose */
};

enum redan_caller_label {
    REDAN_CALLER_LABEL_0,
    REDAN_CALLER_LABEL_1,
    REDAN_CALLER_UNANSWERED, /* or not answered yet */
    REDAN_CALLER_EMPTY       /* no row there */
};

enum { REDAN_CALLER_NO_SLOT = 0xff };

/* What one row showed before its answer, kept by the call until the answer is there. */
struct redan_caller_seen {
    uint16_t bits; /* 1 << enum redan_bit */
    uint8_t slot;  /* in the ring; REDAN_CALLER_NO_SLOT: a retry */
    uint8_t
        near; /* slot of the nearest earlier one, when it lies near; REDAN_CALLER_NO_SLOT: none */
    uint32_t serial;  /* value of `written` then: a slot written over since is left alone */
    uint32_t profile; /* that it was measured by */
};

/* What is left of a caller that was forgotten. */
struct redan_caller_past {
    float most, kept; /* kept: all its wealth */
    uint32_t lives;
    uint8_t accused, accused_bit;
};
/* A caller that comes for the first time, or again; `past` NULL: never seen. */
void redan_caller_begin(struct redan_caller *caller, const struct redan_caller_past *past);
void redan_caller_end(const struct redan_caller *caller, struct redan_caller_past *past);

/* Begin anew when it was measured by another profile; `most`, `accused` and `lives` go on. */
void redan_caller_meet(struct redan_caller *caller, const struct redan_profile *profile);
/* One row: its bits, and the e-processes of those that need no answer. `values` and `texts` as decoded, `encoded` as redan_profile_encode gives. `bounds`: NULL for a class without calibration: counted and
 * remembered, never accused. */
void redan_caller_ask(struct redan_caller *caller, const struct redan_profile *profile,
                      const struct redan_caller_bounds *bounds, const double *values,
                      const struct redan_slice *texts, const float *encoded,
                      bool out_of_distribution, struct redan_caller_seen *seen);
/* Its answer: label 0 or 1 (anything else counts as 1; NaN: none came), and the score where it is known (NaN: not). Gives the bits that only the answer shows. */
unsigned redan_caller_told(struct redan_caller *caller, const struct redan_profile *profile,
                           const struct redan_caller_bounds *bounds,
                           const struct redan_caller_seen *seen, double label, double score,
                           double threshold);
/* Values of those bits that are known, as ask and told add them: for calibration, which goes over remembered bits again. */
void redan_caller_add(struct redan_caller *caller, const struct redan_caller_bounds *bounds,
                      unsigned known, unsigned bits);
/* Present log E: of the average over bits and bets. */
double redan_caller_log_e(const struct redan_caller *caller, enum redan_bit *leading);
/* Judge a record of this caller before a model learns from it: false when the caller was accused, or log E is log(1/alpha) now. */
bool redan_caller_trusted(const struct redan_caller *caller, double alpha);
/* Log E has reached log(1/alpha) now or before, and latches. */
bool redan_caller_accuse(struct redan_caller *caller, double alpha);

/* How suspicious, for eviction: the larger stays. */
double redan_caller_suspicion(const struct redan_caller *caller);

#endif
