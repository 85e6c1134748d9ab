/* Lines of event logs in the order of time, whatever their order in the files. Private to the room. */
#ifndef REDAN_GUARD_REPLAY_LOG_H
#define REDAN_GUARD_REPLAY_LOG_H

#include "guard/replay.h"

struct redan_log_line {
    uint64_t time_ms;
    uint64_t offset;
    uint32_t file;
    uint32_t len;
    uint64_t number; /* of the line in its file */
};

struct redan_log {
    struct redan_ctx ctx; /* of one event at a time; `mark` is where it begins */
    struct redan_arena_mark mark;
    struct redan_json json;
    struct redan_ctx *told; /* whose failures are said */
    const struct redan_slice *files;
    int *fds;
    size_t file_count;
    struct redan_buf lines; /* struct redan_log_line, one after the other */
    size_t count;
    struct redan_buf piece; /* of a file: a window of bytes */
    uint32_t piece_file;
    uint64_t piece_at;
};

/* Reads every line once and remembers where it is. _done in any case. */
REDAN_NODISCARD enum redan_status redan_log_open(struct redan_log *log, struct redan_ctx *ctx,
                                                 const struct redan_replay_wanted *wanted,
                                                 const struct redan_slice *files, size_t count,
                                                 struct redan_replay_report *report);
/* The event with this number; valid until the next. */
REDAN_NODISCARD enum redan_status redan_log_event(struct redan_log *log, size_t number,
                                                  struct redan_event *event);
void redan_log_done(struct redan_log *log);

#endif
