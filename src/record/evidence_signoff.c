/* People in a role said yes; how many it takes is the query's to say. */
#include "record/evidence_table.h"

static const struct redan_evidence_fact facts[] = {
    {"decision", "approve"}, {"role", NULL}, {NULL, NULL}};

const struct redan_evidence_type redan_evidence_signoff = {
    .name = "signoff",
    .predicate = "https://redan.dev/evidence/signoff/v1",
    .title = "a decision by people in a role",
    .best = REDAN_GRADE_SIGNED,
    .counts = "people",
    .facts = facts,
};
