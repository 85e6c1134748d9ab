/* Inside codec: a YAML text under libyaml's event parser, with byte offsets and our own words for its errors. */
#ifndef REDAN_CODEC_YAML_SOURCE_H
#define REDAN_CODEC_YAML_SOURCE_H

#include <yaml.h>

#include "codec/node.h"

struct redan_yaml_source {
    struct redan_ctx *ctx;
    struct redan_slice text;
    bool ascii;
    size_t chars; /* a place in the text, in characters as libyaml counts, */
    size_t bytes; /* and the same place in bytes */
    yaml_parser_t parser;
    bool ready; /* the parser holds memory */
};

/* Indicators between two events; SIZE_MAX where there is none. */
struct redan_yaml_gap {
    size_t colon;
    size_t question;
    size_t tab; /* a tab before the first thing on a line */
};

/* Checks size, encoding and characters of the whole text, then makes the parser ready. */
REDAN_NODISCARD enum redan_status redan_yaml_source_init(struct redan_yaml_source *source,
                                                         struct redan_ctx *ctx,
                                                         struct redan_slice text);
void redan_yaml_source_done(struct redan_yaml_source *source);
/* The next event, for yaml_event_delete; libyaml's complaint becomes the context's failure. */
REDAN_NODISCARD enum redan_status redan_yaml_source_next(struct redan_yaml_source *source,
                                                         yaml_event_t *event);
/* The byte offset of a mark. Cheap when marks come in order. */
size_t redan_yaml_source_offset(struct redan_yaml_source *source, const yaml_mark_t *mark);
/* Look over the bytes from one event's end to the next one's start. */
struct redan_yaml_gap redan_yaml_source_gap(const struct redan_yaml_source *source, size_t from,
                                            size_t to);
/* Record a syntax failure at a byte offset, with its line and column. */
enum redan_status redan_yaml_source_fail(const struct redan_yaml_source *source, size_t offset,
                                         const char *format, ...) REDAN_PRINTF(3, 4);
/* Nothing but blanks, comments and "..." may follow the document. */
REDAN_NODISCARD enum redan_status redan_yaml_source_rest(const struct redan_yaml_source *source,
                                                         size_t from);
/* Whether a decoded text holds a control character other than tab, line feed and carriage return; which one. */
bool redan_yaml_control(struct redan_slice text, uint32_t *code);

/* The tree before it is frozen, for the editor. */
REDAN_NODISCARD enum redan_status redan_yaml_tree(struct redan_ctx *ctx, struct redan_slice text,
                                                  struct redan_node **root);
#endif
