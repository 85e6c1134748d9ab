/* Any YAML as events, for texts of other people: anchors, tags, merge keys and several documents are as they are, and nothing is expanded. */
#ifndef REDAN_CODEC_YAML_EVENTS_H
#define REDAN_CODEC_YAML_EVENTS_H

#include "base/ctx.h"

enum redan_yaml_event_kind {
    REDAN_YAML_END, /* of the text; comes again */
    REDAN_YAML_DOCUMENT,
    REDAN_YAML_MAP,
    REDAN_YAML_MAP_END,
    REDAN_YAML_LIST,
    REDAN_YAML_LIST_END,
    REDAN_YAML_SCALAR,
    REDAN_YAML_ALIAS, /* text: whose */
};

struct redan_yaml_event {
    enum redan_yaml_event_kind kind;
    struct redan_slice text;
    struct redan_slice tag; /* resolved: "tag:yaml.org,2002:python/name:os.system"; may be empty */
    struct redan_slice anchor; /* may be empty */
    bool plain;                /* a scalar without quotes */
    size_t offset;
};

struct redan_yaml_events;

/* Limits (yaml, depth) are given, not the context's: what is hostile may nest deeper than what we write. `text` must outlive it.
 * NULL when memory is refused or the text is too long, recorded. */
REDAN_NODISCARD enum redan_status redan_yaml_events_new(struct redan_ctx *ctx,
                                                        struct redan_slice text, size_t most,
                                                        size_t depth,
                                                        struct redan_yaml_events **events);
void redan_yaml_events_free(struct redan_yaml_events *events);
/* The next event, its slices good until the one after. REDAN_E_SYNTAX or REDAN_E_LIMIT recorded; a failure repeats. */
REDAN_NODISCARD enum redan_status redan_yaml_events_next(struct redan_yaml_events *events,
                                                         struct redan_yaml_event *event);

#endif
