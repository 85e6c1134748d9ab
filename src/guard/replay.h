/* Recorded requests through the stages of a policy, without a server: what it would have done, to whom, for which reasons. */
#ifndef REDAN_GUARD_REPLAY_H
#define REDAN_GUARD_REPLAY_H

#include "guard/guard.h"

enum {
    REDAN_REPLAY_FILES = 4096,
    REDAN_REPLAY_CALLERS = 1 << 17,
    REDAN_REPLAY_EVENTS = 1 << 26, /* each takes 32 bytes while they are put in order */
    REDAN_REPLAY_REASONS = 512,
    REDAN_REPLAY_BUCKETS = 24, /* of nanoseconds, powers of two from 64 */
    REDAN_ACTIONS = 4
};

struct redan_replay_wanted {
    uint64_t since_ms, until_ms; /* from, and before; 0: all */
    size_t memory;               /* for the state of callers; 0: 64 MiB */
    void (*progress)(void *arg, uint64_t done,
                     uint64_t all); /* every thousand events; may be NULL */
    void *progress_arg;
};

/* Requests, rows and callers by the strongest action that was due. */
struct redan_replay_tally {
    uint64_t requests[REDAN_ACTIONS];
    uint64_t rows[REDAN_ACTIONS];
    uint64_t callers[REDAN_ACTIONS];
};

struct redan_replay_class {
    struct redan_slice id; /* empty: callers of no class */
    struct redan_replay_tally tally;
    uint64_t callers, accused;
};

struct redan_replay_rule {
    const struct redan_policy_rule *rule; /* NULL: the request itself, before any rule */
    uint64_t requests, rows, callers;     /* of which it spoke */
    uint64_t decided;                     /* requests whose outcome is due to it */
};

struct redan_replay_reason {
    const struct redan_policy_rule *rule; /* NULL: the request itself */
    enum redan_action action;
    struct redan_slice text; /* numbers in it are written as # */
    uint64_t requests;
};

struct redan_replay_caller {
    struct redan_slice name;
    const struct redan_policy_class *caller_class; /* NULL: none */
    uint64_t requests[REDAN_ACTIONS];
    uint64_t rows;
    enum redan_action worst;
    const struct redan_policy_rule *rule; /* that did this first; NULL: the request itself */
    uint64_t first_ms;                    /* when */
    struct redan_slice reason;            /* the caller would have been told, then */
    double log_e;                         /* at the end; NaN: not weighed */
    bool accused, turned_away;            /* the latter: before any rule */
    uint64_t spoke;                       /* rules that spoke, 1 << index */
    struct redan_replay_caller *next;
};

/* Everything in the arena of the context. */
struct redan_replay_report {
    uint64_t lines, unreadable; /* the first of these, "FILE: line 7: ..." */
    struct redan_slice first_unreadable;
    uint64_t outside; /* of the time that was asked for */
    uint64_t
        featureless;     /* refused before they were decoded, or events: {features: hash or drop} */
    uint64_t foreign;    /* of another number of columns than the profile */
    uint64_t undone;     /* rules could not be applied in the stage */
    uint64_t unanswered; /* judged, but no label or score was recorded */
    uint64_t nameless;
    uint64_t judged, rows;
    uint64_t first_ms, last_ms;
    struct redan_replay_tally tally;
    struct redan_replay_class *classes; /* the policy's, then those of no class */
    size_t class_count;
    struct redan_replay_rule *rules; /* the request itself, then the policy's */
    size_t rule_count;
    struct redan_replay_reason *reasons; /* most requests first */
    size_t reason_count;
    uint64_t other_reasons;               /* requests whose reasons were too many to keep apart */
    struct redan_replay_caller **callers; /* the strongest action and most requests first */
    size_t caller_count;
    uint64_t evicted; /* callers whose state had to go: give more memory */
    uint64_t ns;      /* that judging took, all in all */
    uint64_t buckets[REDAN_REPLAY_BUCKETS];
};

/* Files of events ("-": standard input), in any order: they are put in the order of time. */
REDAN_NODISCARD enum redan_status redan_replay(struct redan_ctx *ctx, struct redan_edition *edition,
                                               const struct redan_replay_wanted *wanted,
                                               const struct redan_slice *files, size_t count,
                                               struct redan_replay_report *report);
/* A time that `share` of the requests did not exceed, within a factor of two, in microseconds. */
double redan_replay_us(const struct redan_replay_report *report, double share);

#endif
