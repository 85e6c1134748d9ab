/* Inside the room: what the answers to a probe set come to. */
#ifndef REDAN_PROBE_PROBE_GUARD_H
#define REDAN_PROBE_PROBE_GUARD_H

#include "inference/preset.h"
#include "inference/probe_set.h"
#include "probe/guard_metrics.h"

struct redan_guarding {
    struct redan_ctx *ctx;
    const struct redan_probe *probe;
    struct redan_probe_set set;
    const struct redan_preset *preset;
    uint64_t sent;
    uint64_t raw; /* answers that say more than the policy lets leave */
    uint64_t tried
        [REDAN_PROBINGS]; /* cases; a run of requests of one caller that is to be stopped is one */
    uint64_t bad[REDAN_PROBINGS]; /* let by, or, of what is honest, refused */
    uint64_t stopped_at;          /* of the last search: the query that was refused; 0: none was */
    /* the run under way */
    const struct redan_probe_item *run;
    uint64_t run_sent;
    bool run_over;
};

/* One answer. */
void redan_guarding_judge(struct redan_guarding *g, const struct redan_probe_item *item,
                          const struct redan_http_response *response, bool marked);
/* A run that was never stopped is let by. */
void redan_guarding_end_run(struct redan_guarding *g);
/* What was seen, for the record. */
REDAN_NODISCARD enum redan_status redan_guarding_observe(struct redan_guarding *g,
                                                         const struct redan_guard_seen *seen,
                                                         struct redan_probed *probed);

#endif
