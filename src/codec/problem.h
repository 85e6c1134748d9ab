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
    size_t max;                /* further ones are counted, not kept */
    struct redan_slice source; /* of a JSON document, to make lines of offsets; else empty */
};

/* A text cut to what fits in a message, without line breaks and control characters. */
struct redan_snippet {
    char text[64];
};
struct redan_snippet redan_snippet_of(struct redan_slice text);

void redan_problems_init(struct redan_problems *problems, struct redan_ctx *ctx,
                         struct redan_slice file);
/* `fix` may be NULL. */
void redan_problem_add(struct redan_problems *problems, const struct redan_node *at,
                       const char *fix, const char *format, ...) REDAN_PRINTF(4, 5);
/* The same at the place of the node's key. */
void redan_problem_add_key(struct redan_problems *problems, const struct redan_node *at,
                           const char *fix, const char *format, ...) REDAN_PRINTF(4, 5);
/* Turn the failure recorded in the context into a problem and clear it. What follows the last "; " of its text is the
 * fix. When memory for that is refused, the context keeps a failure of memory instead. */
void redan_problem_take(struct redan_problems *problems);

#endif
