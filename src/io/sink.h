/* Lines on their way to a file or a Unix socket, written by a thread of its own: adding one never waits. What does not fit is dropped, and counted. */
#ifndef REDAN_IO_SINK_H
#define REDAN_IO_SINK_H

#include "base/ctx.h"
#include "base/slice.h"

struct redan_sink;

/* `target` is a file that lines are appended to (made with mode 0600; opened anew when it was moved away; one that cannot be opened now is refused now), or "unix:PATH" of a stream socket (connected when
 * there are lines, and anew when it breaks). `room` bytes may wait, up to the next power of two. The thread is started by the first line, in the process that adds it; a child that is forked later begins
 * with an empty sink and starts its own. The context must outlive the sink. Full disks and readers that do not read are waited for by the thread: lines are dropped only when the room is used up, or at
 * the end. */
REDAN_NODISCARD enum redan_status redan_sink_new(struct redan_ctx *ctx, struct redan_slice target,
                                                 size_t room, struct redan_sink **sink);
/* One whole line, newline included and no other in it. False: it was dropped. One thread adds. */
bool redan_sink_add(struct redan_sink *sink, struct redan_slice line);
/* Lines written, and lines dropped, so far. */
void redan_sink_counts(const struct redan_sink *sink, uint64_t *written, uint64_t *dropped);
/* Writes what waits, for at most `ms` (60,000), and ends the thread; what is left is lost. NULL is accepted. */
void redan_sink_free(struct redan_sink *sink, unsigned ms);

#endif
