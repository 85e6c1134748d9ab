/* Checkpoints of transparency logs: a signed note (C2SP signed-note, tlog-checkpoint) that says how large the tree is and what its root is. */
#ifndef REDAN_SIGN_CHECKPOINT_H
#define REDAN_SIGN_CHECKPOINT_H

#include "sign/trust_root.h"

enum {
    REDAN_CHECKPOINT_MAX = 64 << 10, /* bytes of one checkpoint */
    REDAN_CHECKPOINT_LINES = 100,    /* signatures, the log's and witnesses' */
    REDAN_CHECKPOINT_HINT = 4,
};

struct redan_checkpoint_line {
    struct redan_slice name;
    uint8_t hint[REDAN_CHECKPOINT_HINT]; /* of the key's id */
    struct redan_slice signature;
};

/* Borrows from the text; signatures lie in the arena. */
struct redan_checkpoint {
    struct redan_slice text; /* what is signed, with its last newline */
    struct redan_slice origin;
    uint64_t size;
    struct redan_digest root;
    struct redan_checkpoint_line *lines;
    size_t count;
};

/* REDAN_E_SYNTAX or _LIMIT with the offset. Extension lines are allowed and not read. */
REDAN_NODISCARD enum redan_status redan_checkpoint_parse(struct redan_ctx *ctx,
                                                         struct redan_slice text,
                                                         struct redan_checkpoint *checkpoint);
/* Of this log, by its origin, and signed by it: by the name of its host (of Rekor v1, "NAME - TREE", by that name), with the hint of its id. Every such line must verify, one must be there; lines of others are not believed and not judged.
 * REDAN_E_SIGNATURE, recorded. */
REDAN_NODISCARD enum redan_status redan_checkpoint_verify(struct redan_ctx *ctx,
                                                          const struct redan_checkpoint *checkpoint,
                                                          const struct redan_trust_log *log);

#endif
