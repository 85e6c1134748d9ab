/* The checks, in the order in which a person should hear of them: a new one is one file and one line here. */
#include "threat/check_table.h"

const struct redan_threat_check *const redan_threat_checks[] = {
    &redan_check_form,          &redan_check_trust,
    &redan_check_history,       &redan_check_artefact,
    &redan_check_records,       &redan_check_separation,
    &redan_check_catalog,       &redan_check_profile,
    &redan_check_archetype,     &redan_check_required,
    &redan_check_exclusion,     &redan_check_exception,
    &redan_check_scope,         &redan_check_floor,
    &redan_check_control_built, &redan_check_planned,
    &redan_check_accepted_risk, &redan_check_eliminated,
    &redan_check_approval,      &redan_check_review,
    &redan_check_stride,        NULL,
};
