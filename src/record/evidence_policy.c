/* Rules were evaluated over data; none was violated. */
#include "record/evidence_table.h"

static const struct redan_evidence_fact facts[] = {{"violations", "0"}, {NULL, NULL}};

const struct redan_evidence_type redan_evidence_policy = {
    .name = "policy",
    .predicate = "https://redan.dev/evidence/policy/v1",
    .title = "rules evaluated over data, with no violation",
    .best = REDAN_GRADE_VERIFIED,
    .counts = "rules",
    .facts = facts,
};
