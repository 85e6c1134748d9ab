/* What a pull request touches, gathered: threats, controls, approvals, and whether it turns anything back. */
#ifndef REDAN_CMD_PR_H
#define REDAN_CMD_PR_H

#include "cmd/review.h"

struct redan_pr_touched {
    struct redan_slice id;
    const char *change;        /* "added" "removed" "changed"; NULL when only its files are */
    struct redan_slice *items; /* of a threat: files; of a control: the threats that it answers */
    size_t count;
};

/* A decision whose signatures no longer fit. */
struct redan_pr_void {
    enum redan_approval_kind kind;
    struct redan_slice about;
    struct redan_slice signers; /* "r.okafor, h.lindqvist" */
};

struct redan_pr {
    struct redan_git git;
    struct redan_slice base; /* as it was named */
    struct redan_slice base_commit;
    struct redan_slice head;
    struct redan_slice merge_base;
    struct redan_side from; /* at the merge base */
    struct redan_side to;   /* in the work tree */
    struct redan_side tip;  /* of the base */
    struct redan_side_diffs diffs;
    struct redan_slice *turned_back; /* sentences: versions that fell, records that are gone */
    size_t turned_back_count;
    struct redan_slice remark; /* what could not be read of the base; empty when all could */
    struct redan_slice *files; /* that differ */
    size_t file_count;
    struct redan_pr_touched *threats;
    size_t threat_count;
    struct redan_pr_touched *controls;
    size_t control_count;
    struct redan_pr_void *voids;
    size_t void_count;
    struct redan_review review; /* of the work tree: who has to sign */
};

REDAN_NODISCARD enum redan_status redan_pr_make(struct redan_cli *cli,
                                                const struct redan_system *system,
                                                struct redan_slice base, struct redan_pr *pr);

#endif
