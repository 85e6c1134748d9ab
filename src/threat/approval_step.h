/* Inside the room: what an approval of a release says besides, in the predicate. */
#ifndef REDAN_THREAT_APPROVAL_STEP_H
#define REDAN_THREAT_APPROVAL_STEP_H

#include "threat/approval.h"

/* The fields as bound; empty where they are absent. */
struct redan_step_fields {
    uint64_t number;
    struct redan_slice previous;
    struct redan_slice chain;
    struct redan_slice diff;
    struct redan_step_stamp *keys;
    struct redan_step_stamp *org;
    struct redan_step_stamp *catalog;
    struct redan_list heads; /* of redan_step_head */
};

/* A version, and the digest of what has it. */
struct redan_step_stamp {
    uint64_t version;
    struct redan_slice digest;
};

struct redan_step_head {
    struct redan_slice producer;
    struct redan_slice system;
    uint64_t seq;
    struct redan_slice digest;
};

extern const struct redan_bind_shape redan_step_version_shape;
extern const struct redan_bind_shape redan_step_stamp_shape;
extern const struct redan_bind_shape redan_step_head_shape;

/* From the fields of a predicate. `fault` says what is missing or wrong; empty when the step is whole. */
REDAN_NODISCARD enum redan_status redan_step_read(struct redan_ctx *ctx,
                                                  const struct redan_node *predicate,
                                                  const struct redan_step_fields *fields,
                                                  struct redan_approval_step *step,
                                                  struct redan_slice *fault);
/* The name of a field that only a release has and that is there, or NULL. */
const char *redan_step_named(const struct redan_node *predicate);
REDAN_NODISCARD enum redan_status redan_step_write(struct redan_ctx *ctx,
                                                   const struct redan_approval_step *step,
                                                   struct redan_node *predicate);

#endif
