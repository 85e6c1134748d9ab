/* The sixteen evidence types, for their table. */
#ifndef REDAN_RECORD_EVIDENCE_TABLE_H
#define REDAN_RECORD_EVIDENCE_TABLE_H

#include "record/evidence.h"

extern const struct redan_evidence_type redan_evidence_age;
extern const struct redan_evidence_type redan_evidence_attestation;
extern const struct redan_evidence_type redan_evidence_bom;
extern const struct redan_evidence_type redan_evidence_config;
extern const struct redan_evidence_type redan_evidence_digest;
extern const struct redan_evidence_type redan_evidence_file;
extern const struct redan_evidence_type redan_evidence_git;
extern const struct redan_evidence_type redan_evidence_heartbeat;
extern const struct redan_evidence_type redan_evidence_log;
extern const struct redan_evidence_type redan_evidence_metric;
extern const struct redan_evidence_type redan_evidence_policy;
extern const struct redan_evidence_type redan_evidence_probe;
extern const struct redan_evidence_type redan_evidence_scan;
extern const struct redan_evidence_type redan_evidence_signature;
extern const struct redan_evidence_type redan_evidence_signoff;
extern const struct redan_evidence_type redan_evidence_tests;

#endif
