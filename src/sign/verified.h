/* The signatures of a model, judged: whoever must have signed did, and this is the manifest that they signed. No file of the model is read. */
#ifndef REDAN_SIGN_VERIFIED_H
#define REDAN_SIGN_VERIFIED_H

#include "sign/policy.h"

struct redan_verified_wanted {
    const struct redan_signer_wanted *signer; /* or a policy */
    const struct redan_policy *policy;
    bool
        strict; /* timestamps and log entries beside a key's or a certificate's signature must count too; else those of authorities that nobody knows are passed over */
    struct redan_slice model;             /* its path: a policy goes by its name */
    const struct redan_slice *signatures; /* files; one, or with a policy several */
    size_t signature_count;
};

/* In the arena. */
struct redan_verified {
    struct redan_manifest manifest;
    struct redan_slice
        signer; /* "key sha256:...", an identity; those of a policy with commas between */
    struct redan_signer_facts facts; /* of the first one that counts */
};

/* REDAN_E_SIGNATURE, _SCHEMA, _SYNTAX, _LIMIT recorded with why it is refused; a bundle of 256 MiB needs limits.memory of 2 GiB. */
REDAN_NODISCARD enum redan_status redan_verified_judge(struct redan_ctx *ctx,
                                                       const struct redan_verified_wanted *wanted,
                                                       struct redan_verified *verified);

#endif
