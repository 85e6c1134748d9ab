/* What judges a request: a table of stages, each a file. A rule of the policy names one and says what follows. */
#ifndef REDAN_GUARD_STAGE_H
#define REDAN_GUARD_STAGE_H

#include "guard/policy.h"
#include "guard/region.h"
#include "inference/profile.h"

/* One request under judgement. Everything lives as long as the call. */
struct redan_asked {
    struct redan_ctx *ctx;
    const struct redan_policy *policy;
    const struct redan_profile *profile; /* NULL: none */
    struct redan_region *region;         /* shared state */
    uint64_t time_ms;
    struct redan_slice caller;                     /* established name; empty: unknown */
    uint64_t caller_key;                           /* of the region's table; 0: unknown */
    const struct redan_policy_class *caller_class; /* NULL: none */
    const struct redan_preset *preset;
    struct redan_request request; /* decoded rows */
    float *encoded;               /* rows x profile->width, once redan_asked_encode was called */
    double *p;                    /* rows: conformal p-values, once the stage ran; else NULL */
    struct redan_caller_seen
        *seen; /* rows: what the per-caller stage must be told again when the answer is there */
    bool rehearsal; /* admit: nothing is counted */
    bool weighed;   /* the per-caller stage ran: */
    double log_e;   /* of the caller after this query, for the event */
};

/* What a stage found. */
struct redan_opinion {
    bool speaks;               /* the rule applies: its action is due */
    unsigned status;           /* of a refusal */
    unsigned retry_after;      /* seconds */
    struct redan_slice reason; /* for the caller */
    struct redan_slice detail; /* for the event: what was seen, numbers included */
};

struct redan_stage {
    const char *name; /* "schema" */
    const char
        *title; /* "types, ranges, grids, invariants and categories of the reference profile" */
    enum redan_action most; /* the strongest action that a rule over it may have */
    bool profile;           /* needs one */
    bool caller;            /* needs an established caller */
    /* A status is for what could not be done; the rule's on-error then decides. Times are bounded by rows x columns. */
    enum redan_status (*judge)(struct redan_asked *asked, const struct redan_policy_rule *rule,
                               struct redan_opinion *opinion);
    /* When the answer is there: one label per row, and one score where `scores` is not NULL. May be NULL. */
    enum redan_status (*learn)(struct redan_asked *asked, const struct redan_policy_rule *rule,
                               const double *labels, const double *scores);
};

extern const struct redan_stage
    *const redan_stages[]; /* NULL-terminated: schema, out-of-distribution, budget, caller, burst */
extern const struct redan_stage redan_stage_schema, redan_stage_ood, redan_stage_budget,
    redan_stage_caller, redan_stage_burst;
const struct redan_stage *redan_stage_named(struct redan_slice name);

/* Text fields of a request will pass through these; the table is empty until there is one. */
struct redan_text_stage {
    const char *name;
    /* `field` is a JSON pointer; `text` is decoded. Called field by field, in order. */
    enum redan_status (*judge)(struct redan_asked *asked, const struct redan_policy_rule *rule,
                               struct redan_slice field, struct redan_slice text,
                               struct redan_opinion *opinion);
};
extern const struct redan_text_stage *const redan_text_stages[]; /* NULL-terminated */

/* Fill asked->encoded, once. */
REDAN_NODISCARD enum redan_status redan_asked_encode(struct redan_asked *asked);

#endif
