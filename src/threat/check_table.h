/* The checks, for their table. */
#ifndef REDAN_THREAT_CHECK_TABLE_H
#define REDAN_THREAT_CHECK_TABLE_H

#include "threat/check.h"

extern const struct redan_threat_check redan_check_form;
extern const struct redan_threat_check redan_check_trust;
extern const struct redan_threat_check redan_check_history;
extern const struct redan_threat_check redan_check_artefact;
extern const struct redan_threat_check redan_check_records;
extern const struct redan_threat_check redan_check_separation;
extern const struct redan_threat_check redan_check_catalog;
extern const struct redan_threat_check redan_check_profile;
extern const struct redan_threat_check redan_check_archetype;
extern const struct redan_threat_check redan_check_exclusion;
extern const struct redan_threat_check redan_check_exception;
extern const struct redan_threat_check redan_check_scope;
extern const struct redan_threat_check redan_check_floor;
extern const struct redan_threat_check redan_check_control_built;
extern const struct redan_threat_check redan_check_planned;
extern const struct redan_threat_check redan_check_accepted_risk;
extern const struct redan_threat_check redan_check_eliminated;
extern const struct redan_threat_check redan_check_approval;
extern const struct redan_threat_check redan_check_required;
extern const struct redan_threat_check redan_check_review;
extern const struct redan_threat_check redan_check_stride;

#endif
