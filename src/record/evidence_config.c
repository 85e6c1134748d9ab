/* Settings as exported from the running thing; paths reach into them. */
#include "record/evidence_table.h"

const struct redan_evidence_type redan_evidence_config = {
    .name = "config",
    .predicate = "https://redan.dev/evidence/config/v1",
    .title = "settings exported from where they are in force",
    .best = REDAN_GRADE_VERIFIED,
    .counts = "settings",
    .needs_expect = true,
};
