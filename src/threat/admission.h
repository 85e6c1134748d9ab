/* Admission: whether a signed verification summary lets these releases run, without the threat model being there. */
#ifndef REDAN_THREAT_ADMISSION_H
#define REDAN_THREAT_ADMISSION_H

#include "record/verdict.h"
#include "threat/system.h"

#define REDAN_ADMISSION_ROLE "gate" /* in keys.yaml: whose summaries count */

struct redan_admission_ask {
    struct redan_slice system; /* the summary must be about it; empty: any */
    const struct redan_digest *releases;
    size_t release_count; /* at least one; every one must be admitted */
    int64_t max_age;      /* seconds since the verdict */
};

struct redan_admission {
    enum redan_word word;        /* PASS, FAIL, or INDETERMINATE when no root is pinned */
    struct redan_slice headline; /* one sentence */
    struct redan_slice action;   /* what to do; empty when it passes */
    struct redan_slice system;   /* that the summary is about; empty until that is known */
    struct redan_slice signer;   /* who gated */
    int64_t verified;            /* when */
    int64_t until; /* when the first thing that the verdict stood on ends; 0 for none */
};

/* `keys` comes from redan_system_load_keys. A summary that is malformed, or that anything speaks against, is a FAIL and not a failure; the status is for
 * memory and the like. */
REDAN_NODISCARD enum redan_status redan_admission_judge(struct redan_ctx *ctx,
                                                        const struct redan_system *keys,
                                                        const struct redan_admission_ask *ask,
                                                        struct redan_slice summary,
                                                        struct redan_admission *admission);

#endif
