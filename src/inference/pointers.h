/* JSON pointers (RFC 6901) in which "*" stands for every item of a list. */
#ifndef REDAN_INFERENCE_POINTERS_H
#define REDAN_INFERENCE_POINTERS_H

#include "inference/preset.h"

enum { REDAN_POINTER_PARTS = 16 };

struct redan_pointer {
    struct redan_slice parts[REDAN_POINTER_PARTS]; /* decoded */
    bool every[REDAN_POINTER_PARTS];               /* the part is "*" */
    size_t count;
    bool star; /* one of them is */
};

/* Parts are in the arena. REDAN_E_SCHEMA or REDAN_E_LIMIT when it is no pointer. */
REDAN_NODISCARD enum redan_status
redan_pointer_parse(struct redan_ctx *ctx, struct redan_slice text, struct redan_pointer *pointer);

#endif
