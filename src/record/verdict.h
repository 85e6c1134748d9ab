/* The verdict: may this release ship, what holds, what does not, and what to do next. */
#ifndef REDAN_RECORD_VERDICT_H
#define REDAN_RECORD_VERDICT_H

#include "base/buf.h"
#include "codec/node.h"
#include "record/finding.h"

enum redan_word {
    REDAN_WORD_PASS,
    REDAN_WORD_WARN, /* passes; something needs attention soon */
    REDAN_WORD_FAIL,
    REDAN_WORD_INDETERMINATE, /* cannot be decided; treated as failure */
    REDAN_WORD_UNVERIFIED,    /* from a fork: it might hold, but nobody here has said so */
};
extern const char *const redan_word_words[]; /* "pass", "warn", "fail", "indeterminate",
                                                "unverified", NULL */
/* 0, 0, 1, 3, 3. */
int redan_word_exit(enum redan_word word);

/* One claim and what came of it. */
struct redan_verdict_item {
    struct redan_slice id;
    struct redan_slice title;  /* archetype and name */
    struct redan_slice answer; /* how it is resolved: "control", "planned" ... */
    struct redan_slice severity;
    struct redan_slice grade; /* "E2"; empty where it has none */
    struct redan_slice note;  /* "due 2027-02-26 (FRD-2210, d.moreau)" */
    enum redan_level level;   /* the worst of its findings; NOTE when it holds */
    const struct redan_finding **findings;
    size_t count;
};

struct redan_verdict_group {
    struct redan_slice name; /* a stage, or "the threat model itself" */
    struct redan_verdict_item *items;
    size_t count;
    size_t held;
};

struct redan_verdict_deadline {
    int64_t at;
    struct redan_slice what;
};

/* Something that ships although it is not proved: said by whom, since when, until when. */
struct redan_waiver {
    const char *kind;         /* "planned" "accepted" "lowered" "excluded" "exception" "narrowed"
                         "not-applicable" */
    struct redan_slice about; /* a threat, an archetype, a control, or control/evidence */
    struct redan_slice owner; /* who answers for it */
    struct redan_slice reason;
    int64_t since; /* 0 when nobody has signed it yet */
    int64_t until;
    bool in_force; /* signed as it must be, and not ended */
};

enum { REDAN_VERDICT_HORIZON = 120 * 86400 }; /* how far a verdict looks ahead, seconds */

struct redan_verdict {
    enum redan_word word;
    struct redan_slice system;
    struct redan_slice headline; /* one sentence */
    struct redan_slice trust;    /* the root and where it was pinned */
    struct redan_slice root;     /* "sha256:..." of the threat model */
    int64_t at;                  /* the time it is about */
    bool simulated;              /* --at: not now */
    struct redan_slice page;     /* completeness of the one page; apart from the word */
    struct redan_slice waivers;  /* how many of each kind */
    struct redan_slice stride;   /* the application threat model, counted; may be empty */
    struct redan_verdict_group *groups;
    size_t group_count;
    struct redan_verdict_deadline *deadlines; /* soonest first */
    size_t deadline_count;
    const struct redan_finding
        *next;                   /* the one most useful thing to do; NULL when nothing is left */
    struct redan_waiver *waiver; /* the same one by one, the oldest first */
    size_t waiver_count;
    int64_t until; /* when the first signature of a body ends that it stands on; 0 for none */
};

/* One screen for people. `colour` adds ANSI sequences. */
void redan_verdict_text(struct redan_buf *out, const struct redan_verdict *verdict, bool colour);
/* Its waivers as a table: since when, what, who answers for it, until when, and why. */
void redan_verdict_waivers_text(struct redan_buf *out, const struct redan_verdict *verdict,
                                bool colour);
/* As a tree of schema redan/verdict/1 (docs/schema/verdict.json); NULL when memory is refused. */
REDAN_NODISCARD enum redan_status redan_verdict_tree(struct redan_ctx *ctx,
                                                     const struct redan_verdict *verdict,
                                                     struct redan_node **tree);

#endif
