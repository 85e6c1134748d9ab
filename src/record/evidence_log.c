/* A stretch of a log without holes. */
#include "record/evidence_table.h"

static const struct redan_evidence_fact facts[] = {
    {"from", NULL}, {"to", NULL}, {"gaps", "0"}, {NULL, NULL}};

const struct redan_evidence_type redan_evidence_log = {
    .name = "log",
    .predicate = "https://redan.dev/evidence/log/v1",
    .title = "records of a log, without holes",
    .best = REDAN_GRADE_LIVE,
    .counts = "log records",
    .needs_fresh = true,
    .facts = facts,
};
