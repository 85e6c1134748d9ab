/* RFC 8785, the JSON Canonicalization Scheme: one spelling per value. */
#ifndef REDAN_CODEC_CANONICAL_H
#define REDAN_CODEC_CANONICAL_H

#include "base/buf.h"
#include "codec/node.h"

/* The canonical JSON of a tree. Keys are sorted by UTF-16 code units (3.2.3). A YAML scalar is a string here: whoever
 * wants a number or a bool puts a NUMBER or BOOL node there first. REDAN_E_SCHEMA for a number that does not fit a double,
 * a key twice in one map, or a text that is not UTF-8. Whole numbers beyond 2^53 lose their last digits, as the RFC says
 * (3.2.2.3): whoever signs such values writes them as texts. */
REDAN_NODISCARD enum redan_status redan_canonical_add(struct redan_ctx *ctx, struct redan_buf *out,
                                                      const struct redan_node *root);

#endif
