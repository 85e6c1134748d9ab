/* A control said that it is alive; without an age limit that proves nothing. */
#include "record/evidence_table.h"

static const struct redan_evidence_fact facts[] = {{"alive", "true"}, {NULL, NULL}};

const struct redan_evidence_type redan_evidence_heartbeat = {
    .name = "heartbeat",
    .predicate = "https://redan.dev/evidence/heartbeat/v1",
    .title = "a running control that reports in time",
    .best = REDAN_GRADE_LIVE,
    .counts = "beats",
    .needs_fresh = true,
    .facts = facts,
};
