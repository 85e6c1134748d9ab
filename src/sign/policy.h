/* Who may sign what: a policy file (redan/verify-policy/1) and its judgement over several signatures. */
#ifndef REDAN_SIGN_POLICY_H
#define REDAN_SIGN_POLICY_H

#include "codec/bind.h"
#include "sign/judge.h"
#include "sign/manifest.h"

/* One that may sign. */
struct redan_policy_signer {
    struct redan_slice id;
    struct redan_slice models; /* glob over the model's name; empty: any */
    struct redan_signer_wanted wanted;
    int64_t until; /* its signatures count up to here; 0: always */
};

enum { REDAN_POLICY_SIGNERS = 256, REDAN_POLICY_VOTES = 64 };

struct redan_verify_policy_owned; /* keys, certificates and trust roots that were read */

struct redan_verify_policy {
    struct redan_verify_policy_owned *owned;
    const struct redan_trust_root *
        shipped; /* the built-in root, where a signer names none: a caller may put an installed one in its place */
    struct redan_policy_signer *signers;
    size_t signer_count;
    uint64_t quorum; /* distinct signers that must have signed; 1 when not said */
    int64_t
        max_age; /* seconds since the verified time; 0: any. A signature without a verified time is then refused */
    bool need_stamp; /* an RFC 3161 timestamp */
    bool need_log;
    unsigned hashes;            /* 1 << enum redan_hash; 0: any */
    struct redan_texts revoked; /* "sha256:..." of keys, certificates, bundles, roots (of models) */
    struct redan_digest digest; /* of the file */
};

/* Key files, roots and trust roots are named relative to the policy's folder and read here. Problems are collected; owned things are freed by _done. */
REDAN_NODISCARD enum redan_status redan_verify_policy_read(struct redan_problems *problems,
                                                           struct redan_slice path,
                                                           struct redan_verify_policy *policy);
/* The same of a text; `folder` is what files are relative to. */
REDAN_NODISCARD enum redan_status redan_verify_policy_parse(struct redan_problems *problems,
                                                            struct redan_slice folder,
                                                            struct redan_slice text,
                                                            struct redan_verify_policy *policy);
void redan_verify_policy_done(struct redan_verify_policy *policy);

/* One bundle among those given, and how it was judged. The caller sets `file`, `digest` and `bundle`. */
struct redan_policy_vote {
    struct redan_slice file;
    struct redan_digest digest; /* of the bundle's bytes */
    struct redan_bundle bundle;
    const struct redan_policy_signer *signer; /* who it counts for; NULL when refused */
    struct redan_signer_facts facts;
    struct redan_manifest manifest;
    struct redan_slice refused; /* why; empty when it counts */
};
/* Judge every bundle: signature, revocation, age, hash, model name; a signer counts once. All that count must say the same root. REDAN_E_SIGNATURE, recorded, when fewer than the quorum count. */
REDAN_NODISCARD enum redan_status
redan_verify_policy_judge(struct redan_ctx *ctx, const struct redan_verify_policy *policy,
                          struct redan_slice model_name, struct redan_policy_vote *votes,
                          size_t count, size_t *agreed);

#endif
