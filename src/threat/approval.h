/* Approvals: what people in a role have signed about a threat model. Files, written once, named by digest. */
#ifndef REDAN_THREAT_APPROVAL_H
#define REDAN_THREAT_APPROVAL_H

#include "attest/keyring.h"
#include "attest/statement.h"
#include "record/evidence.h"

#define REDAN_PREDICATE_APPROVAL "https://redan.dev/approval/v1"

enum redan_approval_kind {
    REDAN_APPROVAL_RELEASE,        /* subject: the root of the threat model */
    REDAN_APPROVAL_ACCEPTANCE,     /* subject: the acceptance digest of a threat */
    REDAN_APPROVAL_NOT_APPLICABLE, /* subject: the digest of an evidence query */
};
extern const char
    *const redan_approval_words[]; /* "release", "acceptance", "not-applicable", NULL */

struct redan_approval {
    struct redan_slice file;
    int kind; /* enum redan_approval_kind */
    struct redan_slice system;
    struct redan_slice role;
    struct redan_slice about; /* threat id, or control/evidence; empty for a release */
    struct redan_slice reason;
    int64_t time;
    int64_t until; /* 0: as long as its subject stands */
    struct redan_digest subject;
    struct redan_signer *signers;
    size_t signer_count;
    struct redan_slice fault; /* why it does not count; empty when it may */
};

struct redan_approvals {
    struct redan_approval *items;
    size_t count;
};

/* Every approval in a folder; one that is not there is empty. Unreadable ones have a fault. */
REDAN_NODISCARD enum redan_status redan_approvals_read(struct redan_ctx *ctx,
                                                       const struct redan_keyring *ring,
                                                       struct redan_slice folder,
                                                       struct redan_approvals *approvals);

/* Who has approved: distinct holders of `role`, none of them in `barred`, whose key was valid when they signed. */
struct redan_consent {
    struct redan_slice *holders; /* in the arena */
    size_t count;
    int64_t until; /* the earliest end among those counted; 0 for none */
    struct redan_slice
        why; /* of one that did not count: "expired ..."; empty when there was none */
};
REDAN_NODISCARD enum redan_status
redan_approvals_consent(struct redan_ctx *ctx, const struct redan_keyring *ring,
                        const struct redan_approvals *approvals, struct redan_slice system,
                        enum redan_approval_kind kind, const struct redan_digest *subject,
                        struct redan_slice role, const struct redan_texts *barred,
                        struct redan_consent *consent);

/* A new approval, unsigned, over one subject. `until` 0 for none. */
struct redan_approval_draft {
    enum redan_approval_kind kind;
    struct redan_slice system;
    struct redan_slice role;
    struct redan_slice about;
    struct redan_slice reason;
    int64_t until;
    const struct redan_digest *subject;
    const struct redan_release *release;
};
REDAN_NODISCARD enum redan_status redan_approval_write(struct redan_ctx *ctx,
                                                       const struct redan_approval_draft *draft,
                                                       struct redan_dsse *envelope);
/* Put a signed one into the folder; `path` receives where. */
REDAN_NODISCARD enum redan_status redan_approvals_add(struct redan_ctx *ctx,
                                                      struct redan_slice folder,
                                                      const struct redan_dsse *envelope,
                                                      struct redan_slice *path);

#endif
