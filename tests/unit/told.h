/* What a reader tells of bytes, written down one line a fact. */
#ifndef REDAN_TESTS_TOLD_H
#define REDAN_TESTS_TOLD_H

#include "base/buf.h"
#include "format/format.h"

struct told {
    struct redan_ctx *ctx;
    struct redan_buf log;
    enum redan_status status; /* of the reading */
    enum redan_sniff sniff;
};

/* Read bytes as this format whatever its sniff says, and note both; the log is "member NAME", "defect WHAT", "unread WHAT", "code WHAT MODULE NAME TEXT",
 * "class WHAT MODULE NAME", "text NAME TEXT", each ended by a newline. */
void told_read(struct told *told, struct redan_ctx *ctx, const struct redan_format *format,
               struct redan_slice bytes, const char *name);
void told_done(struct told *told);
bool told_has(const struct told *told, const char *line);

#endif
