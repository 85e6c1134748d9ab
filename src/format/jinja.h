/* What a Jinja template would reach for when it is rendered: names, attributes, calls, with constants folded; nothing is rendered. */
#ifndef REDAN_FORMAT_JINJA_H
#define REDAN_FORMAT_JINJA_H

#include "base/ctx.h"

enum redan_jinja_kind {
    REDAN_JINJA_NAME,      /* text: a name that no statement of the template bound */
    REDAN_JINJA_ATTRIBUTE, /* text: of which name; root: what the chain began with */
    REDAN_JINJA_DYNAMIC,  /* an attribute whose name is computed; text: as much as is known of it */
    REDAN_JINJA_CALL,     /* text: the last name of what is called; args: its first constant text */
    REDAN_JINJA_CONSTANT, /* text: a text, or what constants were put together to (`built`) */
    REDAN_JINJA_STATEMENT, /* text: its word ("include"); args: the constant text after it, if it is one */
    REDAN_JINJA_REPEAT,  /* number: how often a range or a repeated text goes round */
    REDAN_JINJA_TRIGGER, /* an address that is put out only when a message's content holds a certain text; text: the address */
    REDAN_JINJA_BROKEN,  /* text: what Jinja would refuse, or a bound that was reached */
};

enum redan_jinja_how {
    REDAN_JINJA_DOT,
    REDAN_JINJA_SUBSCRIPT,
    REDAN_JINJA_FILTER, /* |attr('x'), |map(attribute='x') */
    REDAN_JINJA_FORMAT, /* '{0.x}'.format() */
    REDAN_JINJA_GETATTR,
};

struct redan_jinja_event {
    enum redan_jinja_kind kind;
    enum redan_jinja_how how;
    struct redan_slice text;
    struct redan_slice root; /* first name of the chain, or empty */
    struct redan_slice args;
    struct redan_slice block; /* the whole "{{ ... }}" or "{% ... %}" */
    uint64_t number;
    size_t offset; /* in the template */
    bool free;     /* the root is a name that no statement bound */
    bool called;   /* a call follows */
    bool constant; /* the attribute is one of a constant text */
    bool built;    /* put together from pieces */
    bool partial;  /* with pieces that are not known */
    bool hidden;   /* the chain has a name with two underscores at both ends before */
};

struct redan_jinja_sink {
    enum redan_status (*tell)(void *arg, const struct redan_jinja_event *event);
    void *arg;
};

/* Any text is read to its end; what breaks the syntax is told and passed over. Slices of an event are borrowed during the call. */
REDAN_NODISCARD enum redan_status redan_jinja_read(struct redan_ctx *ctx, struct redan_slice text,
                                                   const struct redan_jinja_sink *sink);

#endif
