/* The strict YAML subset of threat models: maps, lists, scalars and comments, with a place for every node. */
#ifndef REDAN_CODEC_YAML_H
#define REDAN_CODEC_YAML_H

#include "codec/node.h"

/* One document. Refused, each with line, column and the fix in the failure's text: anchors, aliases, tags, directives,
 * merge keys, duplicate keys, empty keys, keys that are not scalars, explicit keys ("? "), keys in braces without a
 * value, pairs in brackets without braces, several documents, tabs as indent, NUL and other control characters (escaped
 * ones as well, but for tab, line feed and carriage return), carriage returns without a line feed, line separators, bad
 * UTF-8, byte order marks, depth, size and nodes over the limits, an empty document. Every scalar is a TEXT node
 * (`plain` tells quotes and block scalars from none); an absent value is a NULL node with the place of its key. The tree
 * borrows nothing from the text. Places: columns count characters, offsets count bytes. A size over the limit has no
 * line. */
REDAN_NODISCARD enum redan_status redan_yaml_parse(struct redan_ctx *ctx, struct redan_slice text,
                                                   const struct redan_node **root);

/* Set `path` (keys of nested maps, all but the last of which must exist as block maps) to a double-quoted scalar and
 * leave every other byte of the text as it was; a key that is not there is added at the end of its map.
 * REDAN_E_ABSENT when the parent map does not exist. REDAN_E_UNSUPPORTED when it is in flow style and the key is new,
 * when the old value is a map or a list, and whenever the result would not read back as asked. */
REDAN_NODISCARD enum redan_status redan_yaml_set(struct redan_ctx *ctx, struct redan_slice text,
                                                 const char *const *path, size_t depth,
                                                 struct redan_slice value,
                                                 struct redan_slice *changed);
/* A scalar that reads back as `text`: plain where safe, in brackets too, else double-quoted. What no document may hold,
 * control characters and bad UTF-8, becomes U+FFFD. */
struct redan_buf;
void redan_yaml_scalar_add(struct redan_buf *out, struct redan_slice text);
/* The same, always double-quoted. */
void redan_yaml_quoted_add(struct redan_buf *out, struct redan_slice text);

#endif
