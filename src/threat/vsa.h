/* The verdict as a signed record: a SLSA Verification Summary Attestation (v1). */
#ifndef REDAN_THREAT_VSA_H
#define REDAN_THREAT_VSA_H

#include "record/verdict.h"
#include "threat/system.h"

#define REDAN_PREDICATE_VSA "https://slsa.dev/verification_summary/v1"

#define REDAN_VSA_VERIFIER "https://redan.dev/check"

/* Beside what SLSA defines, the predicate has `redan`: the versions of keys.yaml and org.yaml that the verdict stood on, the number of the
 * approved threat model, how far every producer's chain had come, and `until`, when the first thing that the verdict stood on ends. */
/* An unsigned envelope whose subjects are the root of the threat model and the digests of the release, and whose inputs are the records that
 * were read. REDAN_E_USAGE for a simulated verdict: what was judged at another time is no summary. */
REDAN_NODISCARD enum redan_status redan_vsa_write(struct redan_ctx *ctx,
                                                  const struct redan_system *system,
                                                  const struct redan_verdict *verdict,
                                                  struct redan_dsse *envelope);

#endif
