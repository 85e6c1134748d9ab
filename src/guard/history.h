/* Calibration: from the events of honest callers to the bounds of each class, and what such bounds are worth. */
#ifndef REDAN_GUARD_HISTORY_H
#define REDAN_GUARD_HISTORY_H

#include "base/buf.h"
#include "inference/caller.h"
#include "inference/event.h"
#include "inference/profile.h"
#include "stats/interval.h"

enum {
    REDAN_CALIBRATION_CLASSES = 32,
    REDAN_CALIBRATION_CALLERS = 1 << 17,
    REDAN_CALIBRATION_ROWS = 1 << 25,
    REDAN_CALIBRATION_LIFE = 30, /* rows of a caller that is counted as a life */
};

struct redan_calibration_wanted {
    double alpha;     /* that the policy will ask for */
    double threshold; /* from which a score is label 1, for events that have no labels */
    double held;      /* share of callers that are held out; 0: 0.3 */
    uint64_t seed;    /* of the split */
};

/* One class. Calibration and report never look at the same callers. */
struct redan_calibration_class {
    struct redan_caller_bounds bounds;
    uint64_t callers,
        short_lives; /* of calibration; those of too few rows are used, but not counted as lives */
    double mean[REDAN_BOUNDS],
        worst[REDAN_BOUNDS];      /* honest rates: of all rows, of the worst life */
    double inverse[REDAN_BOUNDS]; /* the smallest bound without an alarm */
    double alpha;    /* that is reported on: the wanted one, or the smallest that is carried */
    uint64_t needed; /* lives that the wanted alpha needs */
    uint64_t held, held_queries; /* lives that were held out */
    uint64_t accused;            /* of these, at `alpha` */
    struct redan_interval rate;  /* exact, 95 % */
    double held_most;            /* largest log E among them */
};

struct redan_calibration_report {
    struct redan_calibration_class *classes;
    size_t count;
    uint64_t events, rows, retries;
    uint64_t nameless;    /* events without a caller */
    uint64_t featureless; /* whose policy stored no features */
    uint64_t foreign;     /* of another shape than the profile */
    uint64_t unreadable;  /* lines; the first of these, "FILE: line 7: ..." */
    struct redan_slice first_unreadable;
    uint64_t unanswered; /* rows without a label and a score */
};

struct redan_calibration;

/* Give events in the order of time, each caller's own at least, then calibrate. At most REDAN_CALIBRATION_CALLERS and REDAN_CALIBRATION_ROWS; memory is the state of each caller (2.7 KB) and 6 bytes per row. */
REDAN_NODISCARD enum redan_status
redan_calibration_new(struct redan_ctx *ctx, const struct redan_profile *profile,
                      const struct redan_calibration_wanted *wanted,
                      struct redan_calibration **history);
REDAN_NODISCARD enum redan_status redan_calibration_add(struct redan_calibration *history,
                                                        const struct redan_event *event);
/* Everything in the context's arena. REDAN_E_ABSENT when no class has a single life. */
REDAN_NODISCARD enum redan_status
redan_calibration_calibrate(struct redan_calibration *history,
                            struct redan_calibration_report *report);
void redan_calibration_free(struct redan_calibration *history);

/* From files of events to the bounds in a profile: classes that were there before and are not in the history stay. */
REDAN_NODISCARD enum redan_status
redan_calibration_learn(struct redan_ctx *ctx, const struct redan_calibration_wanted *wanted,
                        const struct redan_slice *files, size_t count,
                        struct redan_profile *profile, struct redan_calibration_report *report);
/* What was found, for a person; lines end with a newline. */
void redan_calibration_text(struct redan_buf *out, const struct redan_calibration_report *report,
                            const struct redan_calibration_wanted *wanted);

#endif
