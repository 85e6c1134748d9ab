/* Inside the room: the steps on which two leads agree, before anybody asks whether they make a chain. */
#ifndef REDAN_THREAT_HISTORY_AGREE_H
#define REDAN_THREAT_HISTORY_AGREE_H

#include "threat/history.h"

/* A step that two persons agree on, and the highest versions that they saw. */
struct redan_agreement {
    struct redan_history_step step;
    uint64_t keys_version;
    uint64_t org_version;
    uint64_t catalog_version;
    bool out; /* it does not stand after all */
};

struct redan_agreements {
    struct redan_agreement *items; /* by number, then root */
    size_t count;
};

/* From the approvals of a loaded system. */
REDAN_NODISCARD enum redan_status redan_agreements_read(struct redan_ctx *ctx,
                                                        const struct redan_system *system,
                                                        struct redan_agreements *agreements);
/* The one with this number, root (NULL: any) and redan_step_chain (NULL: any); of several, the one that was looked at last. NULL when
 * there is none. */
const struct redan_agreement *redan_agreement_find(const struct redan_agreements *agreements,
                                                   uint64_t number, const struct redan_digest *root,
                                                   const struct redan_digest *own);
/* Who must sign in a role: of "ml-lead" and "security-lead". */
struct redan_slice redan_history_owner(const struct redan_system *system, struct redan_slice role);

#endif
