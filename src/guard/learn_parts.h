/* Inside the room: the steps of learning a profile. */
#ifndef REDAN_GUARD_LEARN_PARTS_H
#define REDAN_GUARD_LEARN_PARTS_H

#include "guard/learn.h"

/* A sentence for whoever reads the result; too many are dropped. */
REDAN_NODISCARD enum redan_status redan_learn_note(struct redan_ctx *ctx,
                                                   struct redan_learned *learned,
                                                   const char *format, ...) REDAN_PRINTF(3, 4);

/* Ranges, grids, missing cells and invariants of these rows, into columns and invariants (REDAN_PROFILE_INVARIANTS of them at most). */
struct redan_learn_schema {
    struct redan_column *columns;
    size_t width;
    struct redan_invariant *invariants;
    size_t invariant_count;
    bool cut; /* more invariants held than are kept */
};
REDAN_NODISCARD enum redan_status
redan_learn_schema(struct redan_ctx *ctx, const struct redan_learn_data *data, const uint32_t *rows,
                   size_t count, double widen, struct redan_learn_schema *schema);
REDAN_NODISCARD enum redan_status redan_learn_invariants(struct redan_ctx *ctx,
                                                         const struct redan_learn_data *data,
                                                         const uint32_t *rows, size_t count,
                                                         struct redan_learn_schema *schema);

/* Thresholds of the bits of per-caller statistics, from the tuning part. */
REDAN_NODISCARD enum redan_status redan_learn_bits(struct redan_ctx *ctx,
                                                   const struct redan_learn_options *options,
                                                   const float *encoded, size_t count,
                                                   struct redan_profile *profile);

#endif
