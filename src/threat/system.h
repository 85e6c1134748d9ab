/* One system: the folder redan/ with its threat model, organisation, keys, evidence and approvals, and the root it stands on. */
#ifndef REDAN_THREAT_SYSTEM_H
#define REDAN_THREAT_SYSTEM_H

#include "attest/keyring.h"
#include "record/store.h"
#include "threat/approval.h"
#include "threat/history.h"
#include "threat/model.h"
#include "threat/pin.h"

enum redan_trust {
    REDAN_TRUST_PINNED, /* keys.yaml has the pinned root and a quorum of it signed keys.yaml and org.yaml */
    REDAN_TRUST_UNPINNED, /* nothing was pinned: nobody knows whose keys these are */
    REDAN_TRUST_OTHER,    /* keys.yaml stands on another root than the pinned one */
    REDAN_TRUST_UNSIGNED, /* a quorum of the root has not signed keys.yaml or org.yaml */
    REDAN_TRUST_ABSENT,   /* there is no keys.yaml */
};

struct redan_system {
    struct redan_slice folder;
    const struct redan_catalog *catalog; /* the caller's, or `own_catalog` */
    struct redan_catalog own_catalog;
    struct redan_problems problems; /* of the threat model, the organisation and the keys */
    struct redan_threat_model model;
    struct redan_org org;
    struct redan_keyring ring;
    struct redan_store store;
    struct redan_approvals approvals;
    struct redan_history history;
    struct redan_pin pin;
    enum redan_trust trust;
    struct redan_slice trust_detail; /* what is wrong with it; empty when pinned */
    bool has_org;
    bool handed_over; /* a quorum of the pinned root has signed that ring.root follows it */
};

/* The folder of the system that `start` belongs to: `start` itself when it holds threatmodel.yaml, else start/redan, else the same in
 * the folders above. REDAN_E_ABSENT when there is none, REDAN_E_SCHEMA when both hold one. */
REDAN_NODISCARD enum redan_status redan_system_find(struct redan_ctx *ctx, struct redan_slice start,
                                                    struct redan_slice *folder);

/* Only keys.yaml of a folder, and the trust it stands on; for commands that need no threat model. */
REDAN_NODISCARD enum redan_status redan_system_load_keys(struct redan_ctx *ctx,
                                                         struct redan_slice folder,
                                                         const struct redan_pin *pin,
                                                         struct redan_system *system);

/* Read it all. Problems of the form are collected; evidence and approvals count only when there are none. A catalogue of the caller must outlive
 * the system, which stays where it is; without one (NULL) it reads its own, beside the records. redan_system_done frees the keys. */
REDAN_NODISCARD enum redan_status redan_system_load(struct redan_ctx *ctx,
                                                    const struct redan_catalog *catalog,
                                                    struct redan_slice folder,
                                                    const struct redan_pin *pin,
                                                    struct redan_system *system);
void redan_system_done(struct redan_system *system);

#endif
