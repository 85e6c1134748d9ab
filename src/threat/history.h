/* The approved threat models of a system as a chain: each names the one before, so that rollback, gaps and forks show. */
#ifndef REDAN_THREAT_HISTORY_H
#define REDAN_THREAT_HISTORY_H

#include "threat/approval.h"
#include "threat/model.h"

/* One approved threat model. Its text lies in history/model-HEX.yaml, HEX being its canonical root; org.yaml as it stood then lies in
 * history/org-HEX.yaml, HEX being its SHA-256. `redan approve` puts both there. */
struct redan_history_step {
    uint64_t number;
    struct redan_digest root;
    struct redan_digest previous;
    int64_t time; /* the later of the two leads' signatures; a stamp's where there is one */
    const struct redan_approval *approval; /* one of those that make it */
    const struct redan_threat_model
        *model; /* outlined; NULL when its text is not there or is not what was signed */
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
};

struct redan_system;

/* From the approvals and history/ of a loaded system. Faults are kept, not returned. */
REDAN_NODISCARD enum redan_status redan_history_read(struct redan_ctx *ctx,
                                                     const struct redan_system *system,
                                                     struct redan_history *history);
/* What the next approval of the threat model at hand says: number, previous, diff, versions, heads. The newest approved step is found by
 * following the chain; an approval of the very same root by the other lead gives the same step. */
REDAN_NODISCARD enum redan_status redan_history_next(struct redan_ctx *ctx,
                                                     const struct redan_system *system,
                                                     struct redan_approval_step *step);
/* Keep the threat model and organisation file at hand in history/, so that the next ones can be compared with them. */
REDAN_NODISCARD enum redan_status redan_history_keep(struct redan_ctx *ctx,
                                                     const struct redan_system *system);
/* The threat model approved last before the one at hand (or the last of all when that one is not approved); NULL when there is none. */
const struct redan_history_step *redan_history_before(const struct redan_history *history);
/* When a plan began: the earliest of `opened` and the approvals of the steps in which this threat (by id; or, where its old id is gone, by
 * archetype, ticket or name) was planned. `redates` counts the due dates that were approved and then moved, those listed included. */
void redan_history_plan(const struct redan_history *history, const struct redan_threat_model *now,
                        const struct redan_threat *threat, int64_t *began, uint64_t *redates);

#endif
