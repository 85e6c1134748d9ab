/* The listing of a pickle, as the worker that reads it hands it over: one JSON object. */
#ifndef REDAN_CMD_SCAN_LISTING_H
#define REDAN_CMD_SCAN_LISTING_H

#include "base/buf.h"
#include "base/source.h"

struct redan_scan_listing {
    struct redan_slice
        member; /* names of members joined by "!", from the outside in; empty for the file itself */
    uint64_t offset; /* where reading begins */
    uint64_t lines;  /* at most so many opcodes */
};

/* {"lines": [{"offset", "opcode", "operand", "stack", "marks", "memo", "top", "note"} or {"offset", "event", "what"}],
 * "more": true when there are more, "failure": text when it could not be read}. */
void redan_scan_listing_add(struct redan_ctx *ctx, const struct redan_scan_listing *listing,
                            struct redan_source *source, struct redan_slice name,
                            struct redan_buf *out);

#endif
