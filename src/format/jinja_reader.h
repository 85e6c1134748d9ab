/* Inside format: the state of the Jinja reader. */
#ifndef REDAN_FORMAT_JINJA_READER_H
#define REDAN_FORMAT_JINJA_READER_H

#include "format/jinja_parts.h"

enum {
    REDAN_JINJA_DEPTH = 200,  /* brackets within brackets */
    REDAN_JINJA_NAMES = 256,  /* names that statements bind */
    REDAN_JINJA_UNCLOSED = 8, /* texts without end before the rest is given up */
    REDAN_JINJA_IFS = 64,     /* conditions within conditions */
};

/* A bracket that is open. */
struct redan_jinja_frame {
    /* '(' group, 'c' call, '[' list, 's' subscript, '{' map, 'f' filter, 't' the whole */
    char kind;
    char op; /* between acc and cur */
    bool have, have_acc;
    bool colon;  /* of a subscript: it is a slice */
    bool minus;  /* before the next number */
    bool single; /* no comma yet */
    unsigned part, set, negative;
    uint64_t number[3];
    struct redan_jinja_value acc, cur;
    struct redan_jinja_value base,
        tail; /* of acc, when the last of a sum is tail: "*" binds more */
    bool summed;
    struct redan_jinja_value of;   /* what is called, subscripted or filtered */
    struct redan_jinja_value list; /* the items so far, each with a separator after it */
    struct redan_slice keyword;    /* name= before the value */
    struct redan_slice first;      /* the first constant text among the items */
    size_t count;
};

struct redan_jinja_bound {
    struct redan_slice name;
    uint64_t hash; /* of the name */
    struct redan_jinja_value value;
};

struct redan_jinja_reader {
    struct redan_ctx *ctx;
    const struct redan_jinja_sink *sink;
    struct redan_slice text;
    struct redan_slice block;
    size_t at, open, unclosed;
    bool statement;
    bool loading; /* of another file: words after its name are no expression */
    struct redan_jinja_pool pool, kept;
    struct redan_jinja_frame *frames;
    size_t depth;
    struct redan_jinja_bound *names;
    size_t name_count;
    /* {% set x %}...{% endset %} */
    struct redan_slice capture_name;
    struct redan_jinja_value capture;
    bool capturing;
    /* conditions */
    bool conditions[REDAN_JINJA_IFS];
    size_t condition_count;
    bool saw_content, saw_literal;
    bool dotted; /* a name with a dot was set */
};

REDAN_NODISCARD enum redan_status redan_jinja_say(struct redan_jinja_reader *r,
                                                  struct redan_jinja_event *event);
REDAN_NODISCARD enum redan_status redan_jinja_say_broken(struct redan_jinja_reader *r,
                                                         const char *what);
struct redan_jinja_bound *redan_jinja_find(const struct redan_jinja_reader *r,
                                           struct redan_slice name);
struct redan_slice redan_jinja_keep(struct redan_jinja_reader *r, struct redan_slice text);
void redan_jinja_bind(struct redan_jinja_reader *r, struct redan_slice name,
                      const struct redan_jinja_value *value);
bool redan_jinja_next_is(const struct redan_jinja_reader *r, char c);
REDAN_NODISCARD enum redan_status redan_jinja_say_constant(struct redan_jinja_reader *r,
                                                           const struct redan_jinja_value *v);
REDAN_NODISCARD enum redan_status redan_jinja_attribute(struct redan_jinja_reader *r,
                                                        struct redan_jinja_value *v,
                                                        struct redan_slice name,
                                                        enum redan_jinja_how how);
REDAN_NODISCARD enum redan_status redan_jinja_element(struct redan_jinja_reader *r,
                                                      struct redan_jinja_value *v,
                                                      const struct redan_jinja_value *name,
                                                      enum redan_jinja_how how);
REDAN_NODISCARD enum redan_status redan_jinja_path(struct redan_jinja_reader *r,
                                                   struct redan_jinja_value *v,
                                                   struct redan_slice names,
                                                   enum redan_jinja_how how);
REDAN_NODISCARD enum redan_status redan_jinja_fields(struct redan_jinja_reader *r,
                                                     struct redan_slice format);
struct redan_jinja_token redan_jinja_next(struct redan_jinja_reader *r);
REDAN_NODISCARD enum redan_status redan_jinja_expression(struct redan_jinja_reader *r,
                                                         struct redan_jinja_value *value);

#endif
