/* The approved threat models of a system as a chain: each names the one before, so that rollback, gaps and forks show. */
#ifndef REDAN_THREAT_HISTORY_H
#define REDAN_THREAT_HISTORY_H

#include "threat/approval.h"
#include "threat/model.h"

enum { REDAN_HISTORY_STEPS = 4096 }; /* a longer chain is read from a pinned step */

/* A planned threat, as it was approved. */
struct redan_history_planned {
    struct redan_slice id;
    struct redan_slice archetype;
    struct redan_slice ticket;
    struct redan_slice name;
    int64_t opened;
    int64_t due;
};

/* One approved threat model. Its text lies in history/model-HEX.yaml, HEX being its canonical root; org.yaml as it stood then lies in
 * history/org-HEX.yaml, HEX being its SHA-256. `redan approve` puts both there. */
struct redan_history_step {
    uint64_t number;
    struct redan_digest root;
    struct redan_digest previous;
    struct redan_digest chain; /* of the step before, as signed */
    struct redan_digest own;   /* redan_step_chain of this one */
    struct redan_digest diff;  /* from the previous one, as signed */
    int64_t time; /* the later of the two leads' first signatures; a stamp's where there is one */
    int64_t reviewed; /* the earlier of their last signatures */
    const struct redan_approval
        *approval; /* one of those that make it; NULL when it is only known from the pin */
    const struct redan_approval *leads[2]; /* the last of the ML lead, and of the security lead */
    const struct redan_threat_model *
        model; /* outlined; NULL when nobody asked for it, or its text is not there or is not what was signed */
    const struct redan_history_planned *planned; /* filled in when the threat model at hand plans */
    size_t planned_count;
};

struct redan_history {
    struct redan_history_step *
        steps; /* newest first: steps[0] is the threat model at hand, when both leads have approved it */
    size_t count;
    bool approved; /* whether steps[0] is the threat model at hand */
    struct redan_slice
        fault; /* "approval 3 is missing": the chain does not reach number 1 or the pinned step; empty when whole */
    struct redan_slice
        fork; /* "two approved threat models have the number 3"; empty when there is none */
    struct redan_slice
        missing; /* the first text that is needed and is not there: "history/model-HEX.yaml"; empty when all are */
    uint64_t keys_version; /* the highest that a lead has signed in the chain */
    uint64_t org_version;
    uint64_t catalog_version;
};

struct redan_system;

/* From the approvals and history/ of a loaded system. Faults are kept, not returned. */
REDAN_NODISCARD enum redan_status redan_history_read(struct redan_ctx *ctx,
                                                     const struct redan_system *system,
                                                     struct redan_history *history);
/* What the next approval of the threat model at hand says: number, previous, diff, versions, heads. The newest approved step is found by
 * following the chain; an approval of the very same root by the other lead gives the same step. REDAN_E_SCHEMA when that would make a
 * fork or the chain is broken, REDAN_E_ABSENT when a text is missing; the failure says what to restore. */
REDAN_NODISCARD enum redan_status redan_history_next(struct redan_ctx *ctx,
                                                     const struct redan_system *system,
                                                     struct redan_approval_step *step);
/* The heads alone: the newest record of every producer about this system or its organisation, in the order that an approval asks for. */
REDAN_NODISCARD enum redan_status redan_history_heads(struct redan_ctx *ctx,
                                                      const struct redan_system *system,
                                                      struct redan_approval_step *step);
/* Keep the threat model and organisation file at hand in history/, so that the next ones can be compared with them. */
REDAN_NODISCARD enum redan_status redan_history_keep(struct redan_ctx *ctx,
                                                     const struct redan_system *system);
/* The threat model approved last before the one at hand (or the last of all when that one is not approved); NULL when there is none. */
const struct redan_history_step *redan_history_before(const struct redan_history *history);
/* When a plan began: the earliest of `opened` and the approvals of the steps in which this threat (by id; or, where its old id is gone, by
 * archetype, ticket or name) was planned; where the chain does not reach number 1, what its oldest step says of it too. `redates` counts the due dates that were approved and then moved, those listed included. */
void redan_history_plan(const struct redan_history *history, const struct redan_threat_model *now,
                        const struct redan_threat *threat, int64_t *began, uint64_t *redates);

/* Whether a lead has signed the threat model at hand, as a decision that stands now; `consent` says who else did, and why one does not
 * count. `role` is ml-lead or security-lead. */
REDAN_NODISCARD enum redan_status
redan_history_signed(struct redan_ctx *ctx, const struct redan_system *system,
                     struct redan_slice role, struct redan_consent *consent, bool *signed_by_owner);

/* An approved text by its digest, from history/: outlined, or parsed. NULL when it is not there or is another; `path` always says where
 * it should lie, as people name it: "history/model-HEX.yaml". */
REDAN_NODISCARD enum redan_status redan_history_model(struct redan_ctx *ctx,
                                                      struct redan_slice folder,
                                                      const struct redan_digest *root,
                                                      const struct redan_threat_model **model,
                                                      struct redan_slice *path);
REDAN_NODISCARD enum redan_status
redan_history_org(struct redan_ctx *ctx, struct redan_slice folder, const struct redan_digest *file,
                  const struct redan_node **org, struct redan_slice *path);
/* What the threat model at hand changes, from the tree of an approved one (NULL: from nothing). */
struct redan_diff;
REDAN_NODISCARD enum redan_status redan_history_diff(struct redan_ctx *ctx,
                                                     const struct redan_system *system,
                                                     const struct redan_threat_model *before,
                                                     struct redan_diff *diff);

#endif
