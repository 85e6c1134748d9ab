/* Provenance of a build or training was verified, from a named builder. */
#include "record/evidence_table.h"

static const struct redan_evidence_fact facts[] = {
    {"verified", "true"}, {"builder", NULL}, {NULL, NULL}};

static const struct redan_evidence_how how = {"import FILE --format in-toto --for ", "", NULL,
                                              NULL};

const struct redan_evidence_type redan_evidence_attestation = {
    .name = "attestation",
    .predicate = "https://redan.dev/evidence/attestation/v1",
    .title = "a build or training attestation that was verified",
    .best = REDAN_GRADE_VERIFIED,
    .counts = "materials",
    .how = &how,
    .needs_subject = true,
    .facts = facts,
};
