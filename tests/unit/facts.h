/* A listener for tests: what a reader tells, as lines, and what its members hold. */
#ifndef REDAN_TESTS_FACTS_H
#define REDAN_TESTS_FACTS_H

#include "base/buf.h"
#include "format/format.h"

struct facts {
    struct redan_ctx *ctx;
    struct redan_source *source;
    struct redan_buf defects; /* "name-differs orphan": each word once, in the order told */
    struct redan_buf unread;  /* "encrypted budget": the same */
    struct redan_buf members; /* "a b c" */
    struct redan_buf links;   /* "zip-symlink:name>target" and "!" when it leaves the root */
    size_t member_count;
    struct redan_slice payload; /* looked for in every member that fits into memory */
    size_t payloads;            /* members that hold it */
};

void facts_init(struct facts *facts, struct redan_ctx *ctx, struct redan_source *source);
void facts_done(struct facts *facts);
struct redan_listener facts_listener(struct facts *facts);

#endif
