/* The running thing was asked, and this is what it answered. */
#include "record/evidence_table.h"

const struct redan_evidence_type redan_evidence_probe = {
    .name = "probe",
    .predicate = "https://redan.dev/evidence/probe/v1",
    .title = "requests sent to the running thing, and its answers",
    .best = REDAN_GRADE_LIVE,
    .counts = "requests",
    .needs_expect = true,
};
