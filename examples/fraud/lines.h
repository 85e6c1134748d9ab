/* A text file line by line in constant memory. */
#ifndef FRAUD_LINES_H
#define FRAUD_LINES_H

#include "base/ctx.h"

enum { FRAUD_LINES_CHUNK = 1 << 16, FRAUD_LINE_MAX = 1024 };

struct fraud_lines {
    struct redan_ctx *ctx;
    const char *path;
    int fd;
    unsigned line;
    size_t from;
    size_t to;
    bool end;
    char chunk[FRAUD_LINES_CHUNK];
};

/* In the context's arena; `path` is borrowed. REDAN_E_ABSENT or REDAN_E_IO with what the system said. */
REDAN_NODISCARD enum redan_status fraud_lines_open(struct redan_ctx *ctx, const char *path,
                                                   struct fraud_lines **lines);
void fraud_lines_done(struct fraud_lines **lines);
/* The next line without its end, good until the next call; `more` is false after the last. */
REDAN_NODISCARD enum redan_status fraud_lines_next(struct fraud_lines *lines,
                                                   struct redan_slice *line, bool *more);
/* Fail with the file's name and the line's number. */
enum redan_status fraud_lines_refuse(struct fraud_lines *lines, const char *what);
/* Fail with what errno says about reading `path`. */
enum redan_status fraud_lines_unreadable(struct redan_ctx *ctx, const char *path);

#endif
