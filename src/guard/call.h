/* Inside the room: a worker and a call, as their files share them. */
#ifndef REDAN_GUARD_CALL_H
#define REDAN_GUARD_CALL_H

#include "guard/edition.h"
#include "guard/worker.h"
#include "io/sink.h"

enum { REDAN_CALLS_KEPT = 64, REDAN_WORKER_TEXT = 2048, REDAN_SINK_ROOM = 4 << 20 };

struct redan_call {
    struct redan_worker *worker;
    struct redan_call *next, *before; /* of the worker's calls in flight */
    struct redan_ctx ctx;
    struct redan_arena_mark mark; /* what stays between calls */
    struct redan_edition *edition;
    bool enforce;
    bool begun;      /* a policy judged it: an event is due */
    bool passed_by;  /* a path that the policy lets by */
    bool decoded;    /* asked.request is there */
    bool unanswered; /* the answer could not be judged, and must not leave */
    struct redan_asked asked;
    struct redan_judged judged;
    enum redan_action action; /* what is done */
    struct redan_slice id, path, address, model, version;
    uint64_t bytes;
    uint64_t ns;
    struct redan_answering *answering;
};

struct redan_worker {
    struct redan_ctx ctx; /* of what lives as long as the worker */
    struct redan_region *region;
    struct redan_slice file;
    enum redan_worker_mode mode;
    struct redan_edition *edition; /* NULL: none could be opened */
    uint64_t generation;
    struct redan_watch watches
        [2]; /* of the last attempt, whether it was taken up or not; and of the present one */
    size_t watch;
    uint64_t followed;       /* the generation that was looked for in vain */
    struct redan_sink *sink; /* of the place in use; NULL: none */
    struct redan_worker_sink {
        struct redan_ctx ctx;
        struct redan_slice target;
        uint64_t written, dropped; /* counted already */
    } places[2];                   /* one to come while the other is in use */
    size_t place;
    struct redan_call *used; /* in flight */
    struct redan_call *spare;
    size_t spare_count;
    char error[REDAN_WORKER_TEXT];
    char warning[REDAN_WORKER_TEXT];
    struct redan_buf scratch, event, metrics, admit;
};

/* From the spares, or new; NULL when memory is refused. */
struct redan_call *redan_call_take(struct redan_worker *worker,
                                   const struct redan_call_request *request);
void redan_call_give(struct redan_call *call);
void redan_call_drop(struct redan_call *call); /* and its memory */
/* Everything before the rules, and the rules; the verdict is in `judged`. The status is for memory. */
REDAN_NODISCARD enum redan_status redan_call_judge(struct redan_call *call,
                                                   const struct redan_call_request *request);
/* Whether the policy lets this path by, unjudged. */
bool redan_call_passes(const struct redan_call *call, const struct redan_call_request *request);
/* The event of a call that is over. */
void redan_call_tell(struct redan_call *call, unsigned status);
/* Lines that the sink wrote or lost since it was asked last. */
void redan_worker_count_events(struct redan_worker *worker);

#endif
