/* Inside codec: one value read as the type its field has, or a problem that says how to write it. */
#ifndef REDAN_CODEC_BIND_VALUE_H
#define REDAN_CODEC_BIND_VALUE_H

#include "codec/bind.h"

/* Every kind but STRUCT, LIST and NODE. The status is for memory only. */
REDAN_NODISCARD enum redan_status redan_bind_value(struct redan_problems *problems,
                                                   const struct redan_bind_field *field,
                                                   const struct redan_node *node, void *out);
/* "x" must be `expected`. `fix` may be NULL. */
void redan_bind_wrong(struct redan_problems *problems, const struct redan_bind_field *field,
                      const struct redan_node *node, const char *expected, const char *fix);
/* A key without a value: a problem in YAML; in JSON null is absence, and a problem where a value is required. */
void redan_bind_empty(struct redan_problems *problems, const struct redan_bind_field *field,
                      const struct redan_node *node);
/* Keep `candidate` in `*near` when it is a likely intention behind `word` and nearer than `*best`. */
void redan_bind_nearest(struct redan_slice word, const char *candidate, const char **near,
                        size_t *best);

#endif
