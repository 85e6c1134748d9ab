/* The evidence types: a new one is one file and one line here. */
#include "record/evidence_table.h"

const struct redan_evidence_type *const redan_evidence_types[] = {
    &redan_evidence_age,
    &redan_evidence_attestation,
    &redan_evidence_bom,
    &redan_evidence_config,
    &redan_evidence_digest,
    &redan_evidence_file,
    &redan_evidence_git,
    &redan_evidence_heartbeat,
    &redan_evidence_log,
    &redan_evidence_metric,
    &redan_evidence_policy,
    &redan_evidence_probe,
    &redan_evidence_scan,
    &redan_evidence_signature,
    &redan_evidence_signoff,
    &redan_evidence_tests,
    NULL,
};

const struct redan_evidence_type *redan_evidence_type_named(struct redan_slice name)
{
    for (size_t i = 0; redan_evidence_types[i]; i++) {
        if (redan_slice_is(name, redan_evidence_types[i]->name))
            return redan_evidence_types[i];
    }
    return NULL;
}

const struct redan_evidence_type *redan_evidence_type_of(struct redan_slice predicate)
{
    for (size_t i = 0; redan_evidence_types[i]; i++) {
        if (redan_slice_is(predicate, redan_evidence_types[i]->predicate))
            return redan_evidence_types[i];
    }
    return NULL;
}
