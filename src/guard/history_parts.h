/* Inside the guard: what calibration remembers of each caller and of each row. */
#ifndef REDAN_GUARD_HISTORY_PARTS_H
#define REDAN_GUARD_HISTORY_PARTS_H

#include "base/map.h"
#include "guard/history.h"

/* A row: its bits, and what is known of it beside. */
enum {
    REDAN_ROW_ANSWERED = 1 << 10,
    REDAN_ROW_SCORED = 1 << 11,
    REDAN_ROW_FLAGGED = 1 << 12,
    REDAN_ROW_NOVEL = 1 << 13,
};

struct redan_calibration_caller {
    size_t class_index;
    uint32_t index;
    bool held;
    uint32_t rows; /* without retries */
    size_t first;  /* of its rows, once they are sorted by caller */
    struct redan_caller *state;
};

struct redan_calibration {
    struct redan_ctx *ctx;
    const struct redan_profile *profile;
    struct redan_calibration_wanted wanted;
    struct redan_calibration_report report;
    struct redan_slice classes[REDAN_CALIBRATION_CLASSES];
    size_t class_count;
    struct redan_map callers;
    struct redan_buf list;   /* struct redan_calibration_caller *, by index */
    struct redan_buf owners; /* uint32_t per row */
    struct redan_buf rows;   /* uint16_t per row, in the order of time */
    float *encoded;          /* one row */
    uint16_t *sorted;        /* rows caller by caller, each in the order of time */
};

/* The bits of a row of which the value is known. */
unsigned redan_calibration_known(unsigned row);
/* Bounds and report of one class. */
REDAN_NODISCARD enum redan_status redan_calibration_class(struct redan_calibration *history,
                                                          size_t index,
                                                          struct redan_calibration_class *found);

#endif
