/* RFC 8785, the JSON Canonicalization Scheme: one spelling per value. */
#ifndef REDAN_CODEC_CANONICAL_H
#define REDAN_CODEC_CANONICAL_H

#include "base/buf.h"
#include "codec/node.h"

/* The canonical JSON of a tree. Keys are sorted by UTF-16 code units (3.2.3). A YAML scalar is a string here: whoever
 * wants a number or a bool puts a NUMBER or BOOL node there first. REDAN_E_SCHEMA for a number that is not finite. */
REDAN_NODISCARD enum redan_status redan_canonical_add(struct redan_ctx *ctx, struct redan_buf *out,
                                                      const struct redan_node *root);

#endif
