/* A measurement: bounds are held against the confidence limit, never against the point. */
#include "record/evidence_table.h"

const struct redan_evidence_type redan_evidence_metric = {
    .name = "metric",
    .predicate = "https://redan.dev/evidence/metric/v1",
    .title = "a measured quantity with its interval",
    .best = REDAN_GRADE_MEASURED,
    .counts = "samples",
    .needs_subject = true,
    .needs_expect = true,
    .rigour = REDAN_COMPARE_INTERVAL,
};
