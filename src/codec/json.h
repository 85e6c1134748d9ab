/* Strict JSON (RFC 8259): a pull reader, and a tree on top. Duplicate keys, bad UTF-8, lone surrogates, depth and size
 * are refused with the byte offset. */
#ifndef REDAN_CODEC_JSON_H
#define REDAN_CODEC_JSON_H

#include "base/buf.h"
#include "codec/node.h"

/* The whole text as a tree in the arena. `text` must outlive the tree (unescaped strings borrow from it).
 * Failure: REDAN_E_SYNTAX or REDAN_E_LIMIT with the offset; REDAN_E_MEMORY. */
REDAN_NODISCARD enum redan_status redan_json_parse(struct redan_ctx *ctx, struct redan_slice text,
                                                   const struct redan_node **root);
/* Line and column (both 1-based, columns in bytes) of an offset, for people. */
void redan_json_place(struct redan_slice text, size_t offset, unsigned *line, unsigned *column);

/* One string with its quotes, escaped as RFC 8785 3.2.2.2 asks. */
void redan_json_string_add(struct redan_buf *out, struct redan_slice text);
/* A finite double in the shortest form of RFC 8785 3.2.2.3 (ECMAScript); any other makes the buffer fail. */
void redan_json_number_add(struct redan_buf *out, double value);
/* A tree as JSON for people: two blanks of indent, keys in tree order, a newline at the end. */
void redan_json_tree_add(struct redan_buf *out, const struct redan_node *root);

#endif
