/* Inside redan check: its ways of being asked, and what they share. */
#ifndef REDAN_CMD_CHECK_H
#define REDAN_CMD_CHECK_H

#include "cmd/cli_fork.h"
#include "cmd/cli_system.h"
#include "threat/verdict.h"

enum { REDAN_CHECK_SUMMARY_FINDINGS = 200 }; /* a step's summary may have 1 MiB */

struct redan_check_ask {
    struct redan_cli *cli;
    struct redan_pin pin;
    struct redan_artefact *artefacts;
    size_t artefact_count;
    struct redan_fork fork;
    bool github; /* annotations in the log, and a step's summary */
};

/* The system that `start` belongs to; several, one line each; a signed summary instead of a system; a pack. Each returns an exit code. */
int redan_check_single(const struct redan_check_ask *ask, struct redan_slice start);
int redan_check_many(const struct redan_check_ask *ask);
int redan_check_admit(const struct redan_check_ask *ask);
int redan_check_pack(struct redan_check_ask *ask);

/* Judge; what comes from a fork is at best unverified. */
REDAN_NODISCARD enum redan_status redan_check_judge(struct redan_ctx *ctx,
                                                    const struct redan_check_ask *ask,
                                                    const struct redan_system *system,
                                                    struct redan_verdict *verdict);
/* What a pack says about itself: shown as a claim beside the verdict of now. */
struct redan_check_claim {
    struct redan_slice made;    /* when, as written there */
    struct redan_slice tool;    /* by which program */
    struct redan_slice verdict; /* what it said then */
    bool differs;               /* from the verdict of now */
    bool catalog;               /* whether its catalogue is the one compiled in here */
};
/* Say the verdict in the form that was asked for, and return its exit code. `claim` NULL for none. */
int redan_check_report(const struct redan_check_ask *ask, const struct redan_verdict *verdict,
                       const struct redan_check_claim *claim);
void redan_check_json(struct redan_ctx *ctx, const struct redan_verdict *verdict,
                      const struct redan_check_claim *claim, struct redan_buf *out,
                      enum redan_status *status);
/* Add a report to the answer; for a GitHub log without anything that could be read as a command. */
void redan_check_log(const struct redan_check_ask *ask, const struct redan_buf *text);
/* Append to the file that GITHUB_STEP_SUMMARY names; that it cannot be is said, and is no failure. */
void redan_check_step_summary(const struct redan_check_ask *ask, const struct redan_buf *text);
/* redan_cli_failed, as an annotation as well. */
int redan_check_failed(const struct redan_check_ask *ask);

#endif
