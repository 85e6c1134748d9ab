/* Reads by chunks; the rest of a line moves to the front before the next chunk. */
#include "lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void fraud_lines_done(struct fraud_lines **lines)
{
    if (*lines && (*lines)->fd >= 0)
        (void)close((*lines)->fd);
}

enum redan_status fraud_lines_unreadable(struct redan_ctx *ctx, const char *path)
{
    enum redan_status status = errno == ENOENT ? REDAN_E_ABSENT : REDAN_E_IO;

    return redan_fail(ctx, status, 0, "%s: cannot read: %s", path, strerror(errno));
}

static enum redan_status open_file(struct redan_ctx *ctx, const char *path, int *fd)
{
    struct stat st;
    int got = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (got < 0)
        return fraud_lines_unreadable(ctx, path);
    if (fstat(got, &st) != 0 || !S_ISREG(st.st_mode)) {
        (void)close(got);
        return redan_fail(ctx, REDAN_E_IO, 0, "%s: not a regular file", path);
    }
    *fd = got;
    return REDAN_OK;
}

enum redan_status fraud_lines_open(struct redan_ctx *ctx, const char *path,
                                   struct fraud_lines **lines)
{
    struct fraud_lines *l = redan_take(ctx, sizeof(*l));

    if (!l)
        return REDAN_E_MEMORY;
    l->ctx = ctx;
    l->path = path;
    l->fd = -1;
    *lines = l;
    return open_file(ctx, path, &l->fd);
}

enum redan_status fraud_lines_refuse(struct fraud_lines *l, const char *what)
{
    (void)redan_fail_at(l->ctx, REDAN_E_SYNTAX, l->line, 1, "%s", what);
    redan_fail_name(l->ctx, redan_slice_of(l->path));
    return REDAN_E_SYNTAX;
}

static enum redan_status fill(struct fraud_lines *l)
{
    memmove(l->chunk, l->chunk + l->from, l->to - l->from);
    l->to -= l->from;
    l->from = 0;
    for (;;) {
        ssize_t n = read(l->fd, l->chunk + l->to, sizeof(l->chunk) - l->to);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fraud_lines_unreadable(l->ctx, l->path);
        l->end = n == 0;
        l->to += (size_t)n;
        return REDAN_OK;
    }
}

enum redan_status fraud_lines_next(struct fraud_lines *l, struct redan_slice *line, bool *more)
{
    l->line++;
    for (;;) {
        char *start = l->chunk + l->from;
        size_t have = l->to - l->from;
        char *end = memchr(start, '\n', have);
        if (end) {
            *line = (struct redan_slice){start, (size_t)(end - start)};
            l->from += line->len + 1;
            *more = true;
            return REDAN_OK;
        }
        if (l->end && have == 0) {
            *more = false;
            return REDAN_OK;
        }
        if (l->end)
            return fraud_lines_refuse(l, "the last line has no end; the file was cut");
        if (have > FRAUD_LINE_MAX)
            return fraud_lines_refuse(l, "the line is too long");
        REDAN_TRY(fill(l));
    }
}
