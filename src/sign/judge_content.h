/* Inside sign: what a signature is over, and whether the key made it over that. */
#ifndef REDAN_SIGN_JUDGE_CONTENT_H
#define REDAN_SIGN_JUDGE_CONTENT_H

#include "sign/judge.h"

/* What was signed, as log entries know it. */
struct redan_judge_content {
    enum redan_hash hash;
    struct redan_sum sum; /* of the artefact, or of the PAE */
    bool old_form;        /* the envelope's encoding of OMS 0.2 */
};

/* The signature of the bundle verifies with `key` over the wanted thing. REDAN_E_SIGNATURE, recorded. */
REDAN_NODISCARD enum redan_status redan_judge_content(struct redan_ctx *ctx,
                                                      const struct redan_bundle *bundle,
                                                      const struct redan_signer_wanted *wanted,
                                                      const struct redan_signed_thing *thing,
                                                      const struct redan_spki *key,
                                                      struct redan_judge_content *content);

#endif
