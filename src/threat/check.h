/* redan check: the claims of a threat model held against evidence. A check is one file and one line in table.c. */
#ifndef REDAN_THREAT_CHECK_H
#define REDAN_THREAT_CHECK_H

#include "record/finding.h"
#include "threat/system.h"

/* A file on disk that should be what the release pins. */
struct redan_artefact {
    struct redan_slice name; /* release.NAME */
    struct redan_slice path;
};

/* What a control came to: all its queries judged. */
struct redan_control_state {
    const struct redan_control *control;
    const struct redan_judgement *judgements; /* one per query */
    size_t count;
    bool holds;             /* every query holds, and there is at least one */
    bool unclear;           /* it does not hold, and at least one query cannot be decided */
    enum redan_grade grade; /* the strongest proof among those that pass */
    int64_t until;          /* the first of its proofs to go stale; 0 for none */
};

struct redan_check {
    struct redan_ctx *ctx;
    const struct redan_system *system;
    const struct redan_artefact *artefacts;
    size_t artefact_count;
    struct redan_findings findings;
    struct redan_control_state *states; /* filled on demand, one per control asked for */
    size_t state_count;
    size_t state_cap;
    struct redan_map states_by_id;
    unsigned waived;           /* queries that hold because they are signed not applicable */
    uint64_t stride_threats;   /* of the application threat model, imported and counted */
    uint64_t stride_mitigated; /* claimed there: grade E0 */
};

struct redan_threat_check {
    const char *name;
    const struct redan_rule *const *rules; /* NULL-terminated: every rule it can raise */
    /* One of the two: over the whole system, or over each threat resolved in one way. */
    enum redan_status (*run)(struct redan_check *check);
    enum redan_status (*each)(struct redan_check *check, const struct redan_threat *threat);
    enum redan_resolution_kind kind; /* of `each` */
};

extern const struct redan_threat_check *const redan_threat_checks[]; /* NULL-terminated */

/* Run every check over a system whose form has no problems. */
REDAN_NODISCARD enum redan_status redan_check_run(struct redan_ctx *ctx,
                                                  const struct redan_system *system,
                                                  const struct redan_artefact *artefacts,
                                                  size_t artefact_count, struct redan_check *check);

/* The state of a control by its id, judged once. */
REDAN_NODISCARD enum redan_status redan_check_control(struct redan_check *check,
                                                      struct redan_slice id,
                                                      const struct redan_control_state **state);

/* For checks: raise a finding about a threat (its place is the threat's), and say what to do about it. */
REDAN_NODISCARD enum redan_status
redan_check_raise(struct redan_check *check, const struct redan_rule *rule, enum redan_level level,
                  const struct redan_threat *threat, struct redan_slice detail,
                  struct redan_slice action);
/* Raise one finding per query that does not hold of the controls named. `all` tells whether everything holds; `grade` the strongest proof. */
REDAN_NODISCARD enum redan_status redan_check_prove(struct redan_check *check,
                                                    const struct redan_rule *rule,
                                                    const struct redan_threat *threat,
                                                    const struct redan_texts *controls, bool *all,
                                                    enum redan_grade *grade);
/* Raise `rule` when the strongest proof is weaker than the organisation asks for the threat's severity. */
REDAN_NODISCARD enum redan_status redan_check_grade(struct redan_check *check,
                                                    const struct redan_rule *rule,
                                                    const struct redan_threat *threat,
                                                    enum redan_grade grade);
/* Whether the governance body's quorum signed the threat's acceptance digest; raises `rule` when it did not. */
REDAN_NODISCARD enum redan_status redan_check_accepted(struct redan_check *check,
                                                       const struct redan_rule *rule,
                                                       const struct redan_threat *threat,
                                                       struct redan_slice role, const char *what,
                                                       bool *accepted);
/* The body that signs for a threat which names none: of those that the model's acceptances name, the one with the largest quorum, and
 * of several of these the first by name; risk-board when they name none. */
struct redan_slice redan_check_body(const struct redan_check *check);

#endif
