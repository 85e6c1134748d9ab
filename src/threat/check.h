/* redan check: the claims of a threat model held against evidence. A check is one file and one line in table.c. */
#ifndef REDAN_THREAT_CHECK_H
#define REDAN_THREAT_CHECK_H

#include "record/finding.h"
#include "record/verdict.h"
#include "threat/system.h"

/* A file on disk that should be what the release pins. */
struct redan_artefact {
    struct redan_slice name; /* release.NAME */
    struct redan_slice path;
};

/* The longest life of a signed not-applicable, in seconds. */
enum { REDAN_NOT_APPLICABLE_MAX = 90 * 86400 };

/* What a control came to: all its queries judged. */
struct redan_control_state {
    const struct redan_control *control;
    const struct redan_judgement *judgements; /* one per query; those signed not applicable hold */
    const struct redan_judgement *strict;     /* the same, as if nobody had signed that */
    size_t count;
    bool holds;             /* every query holds, and there is at least one */
    bool proved;            /* the same without a signed not-applicable */
    enum redan_grade grade; /* the strongest proof among those that hold */
    enum redan_grade proved_grade;
    int64_t until; /* the first of its proofs to go stale; 0 for none */
    struct redan_waiver
        *waivers; /* of the queries that hold only because they are signed not applicable */
    size_t waived;
    bool counted; /* whether those are among the check's waivers already */
};

/* How the action begins that asks a body for its signature; the command follows. */
#define REDAN_CHECK_BODY_SIGNS "have the body sign: "

/* What the governance body is asked to sign, and how to say that it has not. */
struct redan_signing {
    const struct redan_rule *rule;
    const struct redan_threat *threat; /* NULL when it is about the threat model itself */
    enum redan_approval_kind kind;
    const struct redan_digest *subject;
    struct redan_slice what;  /* "acceptance" */
    const char *option;       /* of redan approve: "--accept" */
    struct redan_slice about; /* its argument; may be empty */
    struct redan_slice role;  /* the body */
    struct redan_slice owner; /* who may not sign, beside the owners of the system; may be empty */
    int64_t cap;              /* the longest life of a signature; 0 for none */
    int64_t not_before;       /* an earlier one was about something else; 0 for none */
};

struct redan_signed {
    bool enough;   /* a quorum of distinct persons, none of them an owner */
    int64_t since; /* the earliest signature that counts; 0 for none */
    int64_t until; /* the first of them to end; 0 for none */
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
    struct redan_texts leads;              /* by id, and by name where keys.yaml has one */
    struct redan_approvals not_applicable; /* those that have an end, and one that is near enough */
    struct redan_waiver *waivers;          /* in the order in which they were met */
    size_t waiver_count;
    size_t waiver_cap;
    int64_t
        until; /* when the first signature of a body ends that something stands on; 0 for none */
    uint64_t stride_threats;        /* of the application threat model, imported and counted */
    uint64_t stride_mitigated;      /* claimed there: grade E0 */
    uint64_t stride_not_applicable; /* said there to be none */
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
/* Raise one finding per query that does not hold of the controls named. `all` tells whether everything holds; `grade` the strongest proof.
 * A query that is signed not applicable does not hold here: interims, conditions, what is relied on and what is absent are proved. */
REDAN_NODISCARD enum redan_status redan_check_prove(struct redan_check *check,
                                                    const struct redan_rule *rule,
                                                    const struct redan_threat *threat,
                                                    const struct redan_texts *controls, bool *all,
                                                    enum redan_grade *grade);
/* The same for controls built now, where a signed not-applicable stands in for a proof. */
REDAN_NODISCARD enum redan_status redan_check_prove_or_waive(struct redan_check *check,
                                                             const struct redan_rule *rule,
                                                             const struct redan_threat *threat,
                                                             const struct redan_texts *controls,
                                                             bool *all, enum redan_grade *grade);
/* Raise `rule` when the strongest proof is weaker than the organisation asks for the threat's severity. */
REDAN_NODISCARD enum redan_status redan_check_grade(struct redan_check *check,
                                                    const struct redan_rule *rule,
                                                    const struct redan_threat *threat,
                                                    enum redan_grade grade);
/* Whether the body has signed. */
REDAN_NODISCARD enum redan_status redan_check_consent(struct redan_check *check,
                                                      const struct redan_signing *signing,
                                                      struct redan_consent *consent,
                                                      struct redan_signed *result);
/* The same; raises `signing->rule` when it has not. */
REDAN_NODISCARD enum redan_status redan_check_signed(struct redan_check *check,
                                                     const struct redan_signing *signing,
                                                     struct redan_signed *result);
/* The same over a threat's acceptance digest: `what` is said of it. */
REDAN_NODISCARD enum redan_status
redan_check_signed_threat(struct redan_check *check, const struct redan_rule *rule,
                          const struct redan_threat *threat, struct redan_slice role,
                          struct redan_slice what, struct redan_signed *result);
REDAN_NODISCARD enum redan_status redan_check_accepted(struct redan_check *check,
                                                       const struct redan_rule *rule,
                                                       const struct redan_threat *threat,
                                                       struct redan_slice role, const char *what,
                                                       bool *accepted);
/* The body that signs where the threat model names none: of the organisation's, the one with the largest quorum, and of several of these
 * the first by name. Which bodies the threat model names elsewhere decides nothing. */
struct redan_slice redan_check_body(const struct redan_check *check);
/* The name of a person in keys.yaml, by id; empty when there is none. */
struct redan_slice redan_check_person(const struct redan_check *check, struct redan_slice id);
/* Something that ships unproved: for the verdict's list. */
REDAN_NODISCARD enum redan_status redan_check_waiver(struct redan_check *check,
                                                     const struct redan_waiver *waiver);
/* Raised in place of another rule when a proof fails only because a lead of the system signed it (check_separation.c). */
extern const struct redan_rule redan_rule_separation;

#endif
