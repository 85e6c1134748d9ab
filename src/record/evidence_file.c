/* A file is there, with the digest the record names. */
#include "record/evidence_table.h"

static const struct redan_evidence_fact facts[] = {{"exists", "true"}, {NULL, NULL}};

static const struct redan_evidence_how how = {"add ", "--path PATH ", NULL, NULL};

const struct redan_evidence_type redan_evidence_file = {
    .name = "file",
    .predicate = "https://redan.dev/evidence/file/v1",
    .title = "a file that exists with the released digest",
    .best = REDAN_GRADE_VERIFIED,
    .counts = "files",
    .how = &how,
    .needs_subject = true,
    .facts = facts,
};
