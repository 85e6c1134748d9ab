/* Approvals: what people in a role have signed about a threat model. Files, written once, named by digest. */
#ifndef REDAN_THREAT_APPROVAL_H
#define REDAN_THREAT_APPROVAL_H

#include "attest/keyring.h"
#include "attest/statement.h"
#include "record/evidence.h"

#define REDAN_PREDICATE_APPROVAL "https://redan.dev/approval/v1"

/* Producers' chains that one approval of a release may name. */
enum { REDAN_APPROVAL_HEADS = 1024 };

enum redan_approval_kind {
    REDAN_APPROVAL_RELEASE,        /* subject: the root of the threat model */
    REDAN_APPROVAL_ACCEPTANCE,     /* subject: the acceptance digest of a threat */
    REDAN_APPROVAL_NOT_APPLICABLE, /* subject: the digest of an evidence query */
    REDAN_APPROVAL_EXCLUSION,      /* subject: the digest of an exclusion and the profile */
    REDAN_APPROVAL_EXCEPTION,      /* subject: the digest of an exception and what it loosens */
    REDAN_APPROVAL_PROFILE,        /* subject: the profile digest, when it was narrowed */
};
extern const char *const redan_approval_words[]; /* "release", "acceptance", "not-applicable",
                                                    "exclusion", "exception", "profile", NULL */

/* A producer's chain as the lead who signed saw it: a record that was there may not be gone. */
struct redan_approval_head {
    struct redan_slice producer;
    struct redan_slice system; /* whose records: this system's, or the organisation's */
    uint64_t seq;
    struct redan_digest digest;
};

struct redan_approval_step;
/* SHA-256("redan/1\0step\0" + the canonical JSON of {"chain": hex, "number": n, "root": hex}): what the next step names. */
REDAN_NODISCARD enum redan_status redan_step_chain(struct redan_ctx *ctx, uint64_t number,
                                                   const struct redan_digest *root,
                                                   const struct redan_digest *chain,
                                                   struct redan_digest *digest);

/* What else an approval of a release says: its place in the chain of approved roots, and what stood around it. */
struct redan_approval_step {
    uint64_t number;              /* 1, 2, 3 ... of this system's approved threat models */
    struct redan_digest previous; /* root of number-1; all zero for the first */
    struct redan_digest
        chain; /* redan_step_chain of number-1, which fixes all before it too; all zero for the first */
    struct redan_digest
        diff; /* from the previous threat model to this one; computed again at every check */
    uint64_t keys_version;
    uint64_t org_version;
    struct redan_digest org;     /* SHA-256 of org.yaml; all zero when there was none */
    struct redan_digest catalog; /* the catalogue that it was judged by */
    uint64_t catalog_version;
    struct redan_approval_head *heads; /* by system and producer, each pair once */
    size_t head_count;
};

/* Which of two heads comes first: by system, then by producer. */
int redan_approval_head_cmp(const struct redan_approval_head *a,
                            const struct redan_approval_head *b);

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
    struct redan_approval_step step; /* of a release */
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

/* Who is asked about what. Services never count. */
struct redan_consent_ask {
    struct redan_slice holder; /* whose signature alone counts; empty: anybody's in the role */
    const struct redan_keyring *ring;
    const struct redan_approvals *approvals;
    struct redan_slice system;
    enum redan_approval_kind kind;
    const struct redan_digest *subject;
    struct redan_slice role;
    const struct redan_texts *barred; /* persons who may not, by holder id or name; may be NULL */
    int64_t cap;        /* the longest life of a signature, whatever it says; 0 for none */
    int64_t not_before; /* a signature without a stamp cannot be older; 0 for none */
    bool newest;        /* of a step of the chain: it decides now, and is no matter of the past */
};

/* Who has approved: distinct persons in the role, none of them barred, whose key was valid when they signed. */
struct redan_consent {
    struct redan_slice *holders; /* in the arena */
    size_t count;
    int64_t since; /* the earliest signature counted; 0 for none */
    int64_t until; /* the earliest end among those counted, of each its latest; 0 for none */
    struct redan_slice
        why; /* of one that did not count: "expired ..."; empty when there was none */
    struct redan_slice reason; /* what the first that counted gives as its reason; may be empty */
};
/* Whether two holders' ids are one person's, as far as the ring tells: an id or a name of the one is an id or a name of the other. */
bool redan_consent_same_person(const struct redan_keyring *ring, struct redan_slice a,
                               struct redan_slice b);
REDAN_NODISCARD enum redan_status redan_consent_count(struct redan_ctx *ctx,
                                                      const struct redan_consent_ask *ask,
                                                      struct redan_consent *consent);

/* One signature of an approval, whatever its kind and subject. `why` says, in the arena, why it does not count; `at` is its time: the
 * stamp's, else the one it claims. `past` is for a step of the chain that another has followed: a holder who has since lost the
 * role still counts when the key is no longer valid either. */
REDAN_NODISCARD enum redan_status
redan_consent_signer(struct redan_ctx *ctx, const struct redan_consent_ask *ask,
                     const struct redan_approval *approval, const struct redan_signer *signer,
                     bool past, bool *counts, int64_t *at, struct redan_slice *why);

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
    const struct redan_approval_step *step; /* of a release; else NULL */
};
/* `step` is needed for kind release, and refused elsewhere. */
REDAN_NODISCARD enum redan_status redan_approval_write(struct redan_ctx *ctx,
                                                       const struct redan_approval_draft *draft,
                                                       struct redan_dsse *envelope);
/* Put a signed one into the folder; `path` receives where. */
REDAN_NODISCARD enum redan_status redan_approvals_add(struct redan_ctx *ctx,
                                                      struct redan_slice folder,
                                                      const struct redan_dsse *envelope,
                                                      struct redan_slice *path);

#endif
