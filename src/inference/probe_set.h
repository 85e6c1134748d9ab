/* A fixed set of requests that tells whether a guard does what its policy says: an in-toto statement about the policy, the profile and the model, signed by whoever made it. Made by the guard's room, sent by the probes'. */
#ifndef REDAN_INFERENCE_PROBE_SET_H
#define REDAN_INFERENCE_PROBE_SET_H

#include "attest/statement.h"
#include "codec/bind.h"

#define REDAN_PREDICATE_PROBE_SET "https://redan.dev/guard/probes/v1"

/* What a request is a case of. */
enum redan_probing {
    REDAN_PROBING_HONEST, /* "in-distribution": a row of the data that the profile was learned from */
    REDAN_PROBING_STRANGE, /* "out-of-distribution": what the schema allows, and nobody ever sent */
    REDAN_PROBING_WRONG, /* "schema": a value of the wrong type, out of its range, too few columns */
    REDAN_PROBING_MALFORMED,  /* "malformed": no request at all */
    REDAN_PROBING_RAW,        /* "raw-score": the score itself is asked for */
    REDAN_PROBING_OVERSIZED,  /* "oversized": more bytes, rows or nesting than the policy allows */
    REDAN_PROBING_COMPRESSED, /* "compressed" */
    REDAN_PROBING_NOBODY,     /* "unidentified": nobody is said to call */
    REDAN_PROBING_UNKNOWN,    /* "unknown": a path that no preset knows */
    REDAN_PROBING_BUDGET,     /* "over-budget" */
    REDAN_PROBING_SEARCH,     /* "search": one caller looks for the line between two answers */
    REDAN_PROBINGS,
};
extern const char *const redan_probing_words[]; /* ends with NULL */

enum redan_probe_due {
    REDAN_DUE_ANSWERED, /* 2xx */
    REDAN_DUE_REFUSED,  /* by the guard, in its own words */
    REDAN_DUE_MARKED,   /* answered or refused; the rule's counter rises */
    REDAN_DUE_STOPPED,  /* refused before the run of this caller's requests is over */
    REDAN_DUE_SHAPED,   /* refused, or answered without a raw score */
};
extern const char *const redan_probe_due_words[]; /* ends with NULL */

struct redan_probe_item {
    int of;  /* enum redan_probing */
    int due; /* enum redan_probe_due */
    struct redan_slice path;
    struct redan_slice media;    /* Content-Type */
    struct redan_slice encoding; /* Content-Encoding; empty: none */
    struct redan_slice body;
    uint64_t pad;            /* so many blanks behind the body */
    uint64_t caller;         /* number of the caller; 0: nobody is said to call */
    uint64_t times;          /* sent so often; 0 is once */
    struct redan_slice rule; /* MARKED: whose counter */
};

struct redan_probe_set {
    struct redan_digest policy, profile, model;
    bool has_profile, has_model;
    struct redan_slice policy_id;
    struct redan_slice
        caller; /* what callers are called; {n} stands for a number that is new each time */
    struct redan_slice preset; /* how answers are read */
    bool labels;               /* answers may carry labels only */
    uint64_t decimals;         /* otherwise at most so many digits after the point */
    struct redan_list items;   /* of redan_probe_item */
    const struct redan_node *node;
};

enum { REDAN_PROBE_ITEMS = 4000, REDAN_PROBE_TIMES = 100000, REDAN_PROBE_PAD = 64 << 20 };

/* The statement's payload, in the arena. */
REDAN_NODISCARD enum redan_status redan_probe_set_write(struct redan_ctx *ctx,
                                                        const struct redan_probe_set *set,
                                                        struct redan_slice *payload);
/* From a statement that was opened. REDAN_E_SCHEMA says what is wrong. */
REDAN_NODISCARD enum redan_status redan_probe_set_read(struct redan_ctx *ctx,
                                                       const struct redan_statement *statement,
                                                       struct redan_probe_set *set);

#endif
