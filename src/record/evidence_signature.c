/* A signature over the subject was verified by the producer. */
#include "record/evidence_table.h"

static const struct redan_evidence_fact facts[] = {
    {"verified", "true"}, {"format", NULL}, {NULL, NULL}};

static const struct redan_evidence_how how = {"PATH --for ", "--key PUBLIC ", "verify ",
                                              "--record-key"};

const struct redan_evidence_type redan_evidence_signature = {
    .name = "signature",
    .predicate = "https://redan.dev/evidence/signature/v1",
    .title = "a signature that was verified over the subject",
    .best = REDAN_GRADE_VERIFIED,
    .counts = "files",
    .how = &how,
    .needs_subject = true,
    .facts = facts,
};
