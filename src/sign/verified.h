/* The signatures of a model, judged: whoever must have signed did, and this is the manifest that they signed. No file of the model is read. */
#ifndef REDAN_SIGN_VERIFIED_H
#define REDAN_SIGN_VERIFIED_H

#include "sign/policy.h"

struct redan_verified_wanted {
    const struct redan_signer_wanted *signer; /* or a policy */
    const struct redan_verify_policy *policy;
    bool
        strict; /* timestamps and log entries beside a key's or a certificate's signature must count too */
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

/* The steps, for whoever tells more of them. */

/* Whether a status says that what was given is bad, and not the machine. */
bool redan_verified_refuses(enum redan_status status);
/* The recorded failure as a text, with its place; in the arena. */
REDAN_NODISCARD enum redan_status redan_verified_why(struct redan_ctx *ctx,
                                                     struct redan_slice *text);
/* The file of `vote`: its digest, and the bundle in it. */
REDAN_NODISCARD enum redan_status redan_verified_read(struct redan_ctx *ctx,
                                                      struct redan_policy_vote *vote);
/* One signature over `thing`, as this signer's. A key or a root certificate is an answer by itself: timestamps and log entries of which `signer->root` knows nothing are
 * passed over then, and `stray` receives why they do not count; unless `strict`, or where the signer needs any. */
REDAN_NODISCARD enum redan_status
redan_verified_signer(struct redan_ctx *ctx, const struct redan_bundle *bundle,
                      const struct redan_signer_wanted *signer,
                      const struct redan_signed_thing *thing, bool strict,
                      struct redan_signer_facts *facts, struct redan_slice *stray);
/* The same of a model: what is in the bundle must be a manifest, too. */
REDAN_NODISCARD enum redan_status redan_verified_model(struct redan_ctx *ctx,
                                                       const struct redan_signer_wanted *signer,
                                                       bool strict, struct redan_policy_vote *vote,
                                                       struct redan_slice *stray);
/* Read the files of `votes`, and judge them under a policy. One that cannot be read is refused, and stands behind those that can: the quorum may be met without it. */
REDAN_NODISCARD enum redan_status redan_verified_policy(struct redan_ctx *ctx,
                                                        const struct redan_verify_policy *policy,
                                                        struct redan_slice model_name,
                                                        struct redan_policy_vote *votes,
                                                        size_t count, size_t *agreed);

#endif
