/* A finding: a rule, the thing and place it is about, and what was seen there. */
#ifndef REDAN_RECORD_FINDING_H
#define REDAN_RECORD_FINDING_H

#include "base/ctx.h"
#include "record/rule.h"

/* What a finding does to the verdict. */
enum redan_level {
    REDAN_LEVEL_NOTE,    /* worth knowing */
    REDAN_LEVEL_WARN,    /* will be a failure soon */
    REDAN_LEVEL_UNCLEAR, /* cannot be decided: indeterminate, treated as failure */
    REDAN_LEVEL_FAIL,    /* does not hold */
};

extern const char *const redan_level_words[]; /* "note" "warn" "unclear" "fail", NULL */

struct redan_finding {
    struct redan_finding *next;
    const struct redan_rule *rule;
    enum redan_level level;
    struct redan_slice subject; /* "threat boundary-mapping", "control label-only" */
    struct redan_slice file;
    unsigned line;
    unsigned column;
    bool has_offset;
    unsigned part; /* which part of the file, in the order they were read; 0 for the file itself */
    uint64_t offset;             /* in bytes, where the place is one */
    struct redan_slice evidence; /* the bytes that were seen there, as they stand; may be empty */
    struct redan_slice detail;   /* what was found */
    struct redan_slice action;   /* what to do next; the rule's help when empty */
};

/* Entries live in the context's arena. */
struct redan_findings {
    struct redan_ctx *ctx;
    struct redan_finding *first;
    struct redan_finding *last;
    size_t count;
};

void redan_findings_init(struct redan_findings *findings, struct redan_ctx *ctx);
/* Add and return it, so that place and action can be filled in; NULL when memory is refused (recorded). */
struct redan_finding *redan_finding_add(struct redan_findings *findings,
                                        const struct redan_rule *rule, enum redan_level level,
                                        struct redan_slice subject, const char *format, ...)
    REDAN_PRINTF(5, 6);

#endif
