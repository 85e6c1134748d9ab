/* Paths into a tree: "$.a.b[*].c", the few steps of RFC 9535 that a setting needs. */
#ifndef REDAN_RECORD_PATH_H
#define REDAN_RECORD_PATH_H

#include "codec/node.h"

enum { REDAN_PATH_MATCHES = 4096 };

/* Every node the path reaches, in order, in the arena; none when a step is missing, the path is not one, or it reaches more than
 * REDAN_PATH_MATCHES (which would let a bound go unchecked). */
REDAN_NODISCARD enum redan_status redan_path_find(struct redan_ctx *ctx,
                                                  const struct redan_node *root,
                                                  struct redan_slice path,
                                                  const struct redan_node ***found, size_t *count);

#endif
