/* What is wrong with a document, where, and how to mend it: collected, so that a person sees them all at once. */
#ifndef REDAN_CODEC_PROBLEM_H
#define REDAN_CODEC_PROBLEM_H

#include "codec/node.h"

struct redan_problem {
    struct redan_problem *next;
    struct redan_slice file; /* as the user named it */
    unsigned line;           /* 1-based; 0 when it is about the whole file */
    unsigned column;
    struct redan_slice text; /* what was found */
    struct redan_slice fix;  /* what to do; may be empty */
};

/* Owned by the caller, its entries by the context's arena. */
struct redan_problems {
    struct redan_ctx *ctx;
    struct redan_slice file;
    struct redan_problem *first;
    struct redan_problem *last;
    size_t count;
    size_t max; /* further ones are counted, not kept */
};

void redan_problems_init(struct redan_problems *problems, struct redan_ctx *ctx,
                         struct redan_slice file);
/* `fix` may be NULL. */
void redan_problem_add(struct redan_problems *problems, const struct redan_node *at,
                       const char *fix, const char *format, ...) REDAN_PRINTF(4, 5);
/* Turn the failure recorded in the context into a problem and clear it. */
void redan_problem_take(struct redan_problems *problems);

#endif
