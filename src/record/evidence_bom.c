/* A bill of materials lists what the artefact holds, and nothing is missing from it. */
#include "record/evidence_table.h"

static const struct redan_evidence_fact facts[] = {
    {"format", NULL}, {"matches", "true"}, {"missing", "0"}, {NULL, NULL}};

const struct redan_evidence_type redan_evidence_bom = {
    .name = "bom",
    .predicate = "https://redan.dev/evidence/bom/v1",
    .title = "a bill of materials that matches the artefact",
    .best = REDAN_GRADE_VERIFIED,
    .counts = "components",
    .needs_subject = true,
    .facts = facts,
};
