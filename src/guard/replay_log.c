/* Lines of event logs: where each is, sorted by time, and read again one by one. */
#include "guard/replay_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/os.h"
#include "io/spool.h"

enum { PIECE = 1 << 18, SMALL = 1 << 13, LINE_MOST = 16 << 20, SPOOL_MEMORY = 64 << 20 };
static const uint64_t spool_most = (uint64_t)1 << 36;

static enum redan_status open_file(struct redan_log *log, size_t i)
{
    struct redan_slice path = log->files[i];
    char name[REDAN_OS_PATH];
    struct stat st;
    uint64_t size = 0;

    if (redan_slice_is(path, "-"))
        return redan_spool(log->told, STDIN_FILENO, SPOOL_MEMORY, spool_most, &log->fds[i], &size);
    REDAN_TRY(redan_os_path(log->told, path, name));
    return redan_os_open_file(log->told, AT_FDCWD, name, path, true, &log->fds[i], &st);
}

static void not_read(struct redan_log *log, size_t file, uint64_t number,
                     struct redan_replay_report *report)
{
    char shown[REDAN_OS_SHOW];

    if (report->unreadable++ == 0 &&
        redan_format(log->told, &report->first_unreadable, "%s: line %llu: %s",
                     redan_os_show(log->files[file], shown), (unsigned long long)number,
                     log->ctx.failure.text) != REDAN_OK)
        report->first_unreadable = (struct redan_slice){0};
    redan_fail_clear(&log->ctx);
}

static enum redan_status one_line(struct redan_log *log, const struct redan_replay_wanted *wanted,
                                  struct redan_slice text, struct redan_log_line line,
                                  struct redan_replay_report *report)
{
    struct redan_event event = {0};

    if (redan_slice_trim(text).len == 0)
        return REDAN_OK;
    report->lines++;
    enum redan_status status = redan_event_read(&log->json, text, &event);
    redan_arena_reset(&log->ctx.arena, log->mark);
    if (status == REDAN_E_MEMORY)
        return redan_fail(log->told, status, 0, "no memory for line %llu",
                          (unsigned long long)line.number);
    if (status != REDAN_OK) {
        not_read(log, line.file, line.number, report);
        return REDAN_OK;
    }
    if (event.time_ms < wanted->since_ms ||
        (wanted->until_ms && event.time_ms >= wanted->until_ms)) {
        report->outside++;
        return REDAN_OK;
    }
    if (log->count == REDAN_REPLAY_EVENTS)
        return redan_fail(log->told, REDAN_E_LIMIT, 0,
                          "more than %d events; take a part of them with --since and --until",
                          REDAN_REPLAY_EVENTS);
    line.time_ms = event.time_ms;
    redan_buf_add(&log->lines, &line, sizeof(line));
    log->count++;
    return redan_buf_ok(log->told, &log->lines, "the places of events");
}

/* Whole lines of what is in the buffer; gives how many bytes they took. */
static enum redan_status whole_lines(struct redan_log *log,
                                     const struct redan_replay_wanted *wanted, bool last,
                                     struct redan_log_line *line,
                                     struct redan_replay_report *report)
{
    struct redan_buf *buf = &log->piece;
    size_t at = 0;

    while (at < buf->len) {
        const char *end = memchr(buf->data + at, '\n', buf->len - at);
        if (!end && !last)
            break;
        size_t len = end ? (size_t)(end - (buf->data + at)) : buf->len - at;
        line->len = (uint32_t)len;
        line->number++;
        REDAN_TRY(one_line(log, wanted, (struct redan_slice){buf->data + at, len}, *line, report));
        line->offset += len + 1;
        at += len + (end != NULL);
    }
    memmove(buf->data, buf->data + at, buf->len - at);
    buf->len -= at;
    return REDAN_OK;
}

static enum redan_status one_file(struct redan_log *log, const struct redan_replay_wanted *wanted,
                                  size_t file, struct redan_replay_report *report)
{
    struct redan_log_line line = {.file = (uint32_t)file};
    uint64_t offset = 0;
    ssize_t got = 0;

    redan_buf_clear(&log->piece);
    do {
        char *room = redan_buf_room(&log->piece, PIECE);
        if (!room)
            return redan_buf_ok(log->told, &log->piece, "a line of events");
        got = redan_os_pread(log->fds[file], room, PIECE, offset);
        if (got < 0)
            return redan_os_fail(log->told, errno, "read", log->files[file]);
        redan_buf_grew(&log->piece, (size_t)got);
        offset += (uint64_t)got;
        REDAN_TRY(whole_lines(log, wanted, got == 0, &line, report));
    } while (got > 0);
    return REDAN_OK;
}

static int by_time(const void *a, const void *b)
{
    const struct redan_log_line *x = a;
    const struct redan_log_line *y = b;

    if (x->time_ms != y->time_ms)
        return x->time_ms < y->time_ms ? -1 : 1;
    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

enum redan_status redan_log_open(struct redan_log *log, struct redan_ctx *ctx,
                                 const struct redan_replay_wanted *wanted,
                                 const struct redan_slice *files, size_t count,
                                 struct redan_replay_report *report)
{
    *log = (struct redan_log){.told = ctx, .files = files, .piece_file = UINT32_MAX};
    redan_ctx_beside(&log->ctx, ctx);
    redan_json_init(&log->json, &log->ctx, REDAN_S(""));
    redan_buf_init(&log->lines, ctx, (size_t)REDAN_REPLAY_EVENTS * sizeof(struct redan_log_line));
    redan_buf_init(&log->piece, ctx, LINE_MOST + PIECE);
    if (count > REDAN_REPLAY_FILES)
        return redan_fail(ctx, REDAN_E_LIMIT, 0, "more than %d files", REDAN_REPLAY_FILES);
    log->fds = redan_take_array(ctx, count + 1, sizeof(*log->fds));
    if (!log->fds || !redan_arena_room(&log->ctx.arena, 1))
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for logs");
    log->mark = redan_arena_mark(&log->ctx.arena);
    for (; log->file_count < count; log->file_count++) {
        log->fds[log->file_count] = -1;
        REDAN_TRY(open_file(log, log->file_count));
    }
    for (size_t i = 0; i < count; i++)
        REDAN_TRY(one_file(log, wanted, i, report));
    if (log->count)
        qsort(log->lines.data, log->count, sizeof(struct redan_log_line), by_time);
    redan_buf_clear(&log->piece);
    return REDAN_OK;
}

/* The bytes of a line, through a window that moves on with the file. */
static enum redan_status bytes_of(struct redan_log *log, const struct redan_log_line *line,
                                  struct redan_slice *text)
{
    struct redan_buf *piece = &log->piece;

    if (log->piece_file != line->file || line->offset < log->piece_at ||
        line->offset + line->len > log->piece_at + piece->len) {
        /* where files alternate, a large window would be read for one line */
        size_t least = log->piece_file == line->file ? PIECE : SMALL;
        size_t wanted = line->len > least ? line->len : least;
        redan_buf_clear(piece);
        char *room = redan_buf_room(piece, wanted);
        if (!room)
            return redan_buf_ok(log->told, piece, "a line of events");
        ssize_t got = redan_os_pread(log->fds[line->file], room, wanted, line->offset);
        if (got < 0)
            return redan_os_fail(log->told, errno, "read", log->files[line->file]);
        if ((size_t)got < line->len)
            return redan_fail(log->told, REDAN_E_IO, line->offset,
                              "a log became shorter while it was read");
        redan_buf_grew(piece, (size_t)got);
        log->piece_file = line->file;
        log->piece_at = line->offset;
    }
    *text = (struct redan_slice){piece->data + (line->offset - log->piece_at), line->len};
    return REDAN_OK;
}

enum redan_status redan_log_event(struct redan_log *log, size_t number, struct redan_event *event)
{
    struct redan_log_line line;
    struct redan_slice text = {0};

    memcpy(&line, log->lines.data + number * sizeof(line), sizeof(line));
    REDAN_TRY(bytes_of(log, &line, &text));
    redan_arena_reset(&log->ctx.arena, log->mark);
    enum redan_status status = redan_event_read(&log->json, text, event);
    return status == REDAN_OK
               ? REDAN_OK
               : redan_fail(log->told, status, line.offset, "%s", log->ctx.failure.text);
}

void redan_log_done(struct redan_log *log)
{
    for (size_t i = 0; i < log->file_count; i++)
        redan_os_close(&log->fds[i]);
    redan_buf_done(&log->lines);
    redan_buf_done(&log->piece);
    redan_json_done(&log->json);
    redan_ctx_done(&log->ctx);
}
