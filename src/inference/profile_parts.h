/* Inside inference: the parts of a profile's statement, read and written. */
#ifndef REDAN_INFERENCE_PROFILE_PARTS_H
#define REDAN_INFERENCE_PROFILE_PARTS_H

#include "inference/profile.h"

/* "WHERE: ..." as REDAN_E_SCHEMA at the node's place. */
enum redan_status redan_profile_wrong(struct redan_ctx *ctx, const struct redan_node *node,
                                      const char *where, const char *what);
/* A member that must be a finite number between two others; `whole` ones as counts. */
REDAN_NODISCARD enum redan_status redan_profile_number(struct redan_ctx *ctx,
                                                       const struct redan_node *map,
                                                       const char *key, double low, double high,
                                                       double *value);
REDAN_NODISCARD enum redan_status redan_profile_count(struct redan_ctx *ctx,
                                                      const struct redan_node *map, const char *key,
                                                      uint64_t most, uint64_t *value);
/* A member that must be a map or a list of at most `most`; `*node` is NULL only when it may be absent. */
REDAN_NODISCARD enum redan_status redan_profile_member(struct redan_ctx *ctx,
                                                       const struct redan_node *map,
                                                       const char *key, enum redan_node_kind kind,
                                                       size_t most, bool optional,
                                                       const struct redan_node **node);

/* Arrays of numbers are base64 of IEEE 754 in network byte order: exact, and a fifth of the digits. `*count` of them, at most `most`, each finite and between the two. */
struct redan_profile_array {
    const char *key;
    size_t least, most; /* how many; the same for an exact number */
    double low, high;
    bool ascending;
};
REDAN_NODISCARD enum redan_status redan_profile_floats(struct redan_ctx *ctx,
                                                       const struct redan_node *map,
                                                       const struct redan_profile_array *wanted,
                                                       float **values, size_t *count);
REDAN_NODISCARD enum redan_status redan_profile_doubles(struct redan_ctx *ctx,
                                                        const struct redan_node *map,
                                                        const struct redan_profile_array *wanted,
                                                        double **values, size_t *count);
REDAN_NODISCARD enum redan_status redan_profile_add_floats(struct redan_ctx *ctx,
                                                           struct redan_node *map, const char *key,
                                                           const float *values, size_t count);
REDAN_NODISCARD enum redan_status redan_profile_add_doubles(struct redan_ctx *ctx,
                                                            struct redan_node *map, const char *key,
                                                            const double *values, size_t count);

/* One column (profile_column.c). */
REDAN_NODISCARD enum redan_status redan_profile_read_column(struct redan_ctx *ctx,
                                                            const struct redan_node *node,
                                                            struct redan_column *column);
REDAN_NODISCARD enum redan_status redan_profile_write_column(struct redan_ctx *ctx,
                                                             struct redan_node *list,
                                                             const struct redan_column *column);
/* The bounds of one class (profile_bounds.c). */
REDAN_NODISCARD enum redan_status redan_profile_read_bounds(struct redan_ctx *ctx,
                                                            const struct redan_node *predicate,
                                                            struct redan_profile *profile);
REDAN_NODISCARD enum redan_status redan_profile_write_bounds(struct redan_ctx *ctx,
                                                             struct redan_node *predicate,
                                                             const struct redan_profile *profile);

#endif
