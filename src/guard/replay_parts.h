/* Inside a replay: what judging and counting share. */
#ifndef REDAN_GUARD_REPLAY_PARTS_H
#define REDAN_GUARD_REPLAY_PARTS_H

#include "base/map.h"
#include "guard/edition.h"
#include "guard/replay.h"

struct redan_replaying {
    struct redan_ctx *ctx; /* of the report */
    struct redan_edition *edition;
    const struct redan_policy *policy;
    struct redan_region *region;
    struct redan_map callers, reasons;
    struct redan_replay_report *report;
    struct redan_replay_caller *first; /* of all callers */
    struct redan_replay_caller nobody; /* of requests without a caller; not listed */
};

/* One judged request. */
REDAN_NODISCARD enum redan_status redan_replaying_count(struct redan_replaying *replay,
                                                        const struct redan_event *event,
                                                        const struct redan_judged *judged,
                                                        struct redan_replay_caller *caller);
/* What judging one took. */
void redan_replaying_time(struct redan_replay_report *report, uint64_t ns);

#endif
