/* The strict YAML subset of threat models: maps, lists, scalars and comments, with a place for every node. */
#ifndef REDAN_CODEC_YAML_H
#define REDAN_CODEC_YAML_H

#include "codec/node.h"

/* One document. Refused, each with line, column and the fix in the failure's text: anchors, aliases, tags, directives,
 * merge keys, duplicate keys, keys that are not scalars, several documents, tabs as indent, NUL and other control
 * characters, bad UTF-8, byte order marks, depth and size over the limits, an empty document. Every scalar is a TEXT
 * node (`plain` tells quotes from none); an absent value is a NULL node. */
REDAN_NODISCARD enum redan_status redan_yaml_parse(struct redan_ctx *ctx, struct redan_slice text,
                                                   const struct redan_node **root);

/* Set `path` (keys of nested maps, all but the last of which must exist as block maps) to a double-quoted scalar and
 * leave every other byte of the text as it was; a key that is not there is added at the end of its map.
 * REDAN_E_ABSENT when the parent map does not exist, REDAN_E_UNSUPPORTED when it is in flow style and the key is new. */
REDAN_NODISCARD enum redan_status redan_yaml_set(struct redan_ctx *ctx, struct redan_slice text,
                                                 const char *const *path, size_t depth,
                                                 struct redan_slice value,
                                                 struct redan_slice *changed);
/* A scalar that reads back as `text` whatever it holds: plain where safe, else double-quoted. */
struct redan_buf;
void redan_yaml_scalar_add(struct redan_buf *out, struct redan_slice text);

#endif
