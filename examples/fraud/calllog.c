/* Lines are written whole, in one call, to a file opened for appending. */
#include "calllog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "codec/json.h"

enum { LINE_LIMIT = 8192, TEXT_LIMIT = 256 };

enum redan_status fraud_calllog_open(struct redan_ctx *ctx, const char *path,
                                     struct fraud_calllog *log)
{
    *log = (struct fraud_calllog){.fd = -1};
    if (!path)
        return REDAN_OK;
    log->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0640);
    return log->fd >= 0 ? REDAN_OK
                        : redan_fail(ctx, REDAN_E_IO, 0, "%s: cannot open for appending: %s", path,
                                     strerror(errno));
}

/* Text from the network: cut, and left out altogether when it is not UTF-8. */
static void add_text(struct redan_buf *out, const char *name, struct redan_slice text)
{
    struct redan_slice head = redan_slice_sub(text, 0, TEXT_LIMIT);

    redan_buf_printf(out, ",\"%s\":", name);
    redan_json_string_add(out, redan_utf8_check(head, NULL) ? head : REDAN_S("(not UTF-8)"));
}

void fraud_calllog_add(struct fraud_calllog *log, struct redan_ctx *ctx,
                       const struct fraud_calllog_line *line)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) out = {0};
    struct timespec now = {0, 0};
    struct tm utc;

    redan_buf_init(&out, ctx, LINE_LIMIT);
    if (log->fd < 0)
        return;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &utc);
    redan_buf_printf(&out, "{\"time\":\"%04d-%02d-%02dT%02d:%02d:%02d.%06ldZ\"", utc.tm_year + 1900,
                     utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                     now.tv_nsec / 1000);
    add_text(&out, "caller", line->caller);
    add_text(&out, "method", line->method);
    add_text(&out, "path", line->path);
    redan_buf_printf(&out,
                     ",\"status\":%u,\"rows\":%zu,\"bytes_in\":%ju,\"bytes_out\":%ju,"
                     "\"micros\":%ju}\n",
                     line->status, line->rows, (uintmax_t)line->bytes_in,
                     (uintmax_t)line->bytes_out, (uintmax_t)line->micros);
    if (out.fail == REDAN_OK && write(log->fd, out.data, out.len) == (ssize_t)out.len)
        return;
    if (log->lost++ == 0)
        (void)fprintf(stderr, "fraud-serve: a line of the log was lost: %s\n", strerror(errno));
}

void fraud_calllog_done(struct fraud_calllog *log)
{
    if (log->fd >= 0)
        (void)close(log->fd);
    log->fd = -1;
}
