/* A scan read the whole subject; how much it may have found is the query's to say. */
#include "record/evidence_table.h"

static const struct redan_evidence_fact facts[] = {
    {"coverage", "complete"}, {"findings", NULL}, {NULL, NULL}};

static const struct redan_evidence_how how = {"PATH --for ", "", "scan ", NULL};

const struct redan_evidence_type redan_evidence_scan = {
    .name = "scan",
    .predicate = "https://redan.dev/evidence/scan/v1",
    .title = "a scan that covered the whole subject",
    .best = REDAN_GRADE_MEASURED,
    .counts = "artefacts scanned",
    .how = &how,
    .needs_subject = true,
    .needs_expect = true,
    .facts = facts,
};
