/* What a lead reads before signing, gathered: redan review prints it. */
#ifndef REDAN_CMD_REVIEW_H
#define REDAN_CMD_REVIEW_H

#include "cmd/cli_side.h"
#include "threat/verdict.h"

/* A due date that was approved and is another one now, or is over. */
struct redan_review_slip {
    struct redan_slice threat;
    struct redan_slice owner;
    int64_t approved; /* 0: this plan was not approved before */
    int64_t due;
    uint64_t redates;
    bool overdue;
};

/* An archetype that the profile makes mandatory and the approved threat model said nothing about. */
struct redan_review_technique {
    const struct redan_archetype *archetype;
    bool answered; /* by the threat model at hand */
};

/* A signature that is missing. */
struct redan_review_sign {
    struct redan_slice role;
    struct redan_slice who; /* the one person who can; empty when several can */
    struct redan_slice command;
    struct redan_slice because;
};

struct redan_review_lead {
    const char *role;
    struct redan_slice owner;
    bool has_signed;
};

struct redan_review {
    const struct redan_system *system;
    const struct redan_history_step *before; /* NULL: nothing was approved before */
    uint64_t number;                         /* of the next approval; 0 when none can be made */
    struct redan_slice hindrance;            /* why none can be made */
    struct redan_side from;
    struct redan_side to;
    struct redan_side_diffs diffs;
    struct redan_verdict verdict;
    struct redan_check check;
    size_t proofs;
    size_t proofs_holding;
    struct redan_review_slip *slips;
    size_t slip_count;
    bool catalog_known; /* whether the approval said which catalogue it was judged by */
    bool catalog_changed;
    uint64_t catalog_before;
    struct redan_review_technique *techniques;
    size_t technique_count;
    struct redan_review_lead leads[2];
    struct redan_review_sign *signs;
    size_t sign_count;
};

/* `role` limits the signatures that are missing to one role; empty for all. The review stays where it is. */
REDAN_NODISCARD enum redan_status redan_review_make(struct redan_cli *cli,
                                                    const struct redan_system *system,
                                                    struct redan_slice role,
                                                    struct redan_review *review);

#endif
