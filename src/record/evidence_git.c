/* History: who changed what, with how many approvals and signatures. */
#include "record/evidence_table.h"

static const struct redan_evidence_fact facts[] = {{"commit", NULL}, {NULL, NULL}};

const struct redan_evidence_type redan_evidence_git = {
    .name = "git",
    .predicate = "https://redan.dev/evidence/git/v1",
    .title = "history of the paths under review",
    .best = REDAN_GRADE_VERIFIED,
    .counts = "commits",
    .needs_expect = true,
    .facts = facts,
};
