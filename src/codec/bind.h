/* From tree to struct by table: the schema of a document is data, and every complaint has a place and a fix. */
#ifndef REDAN_CODEC_BIND_H
#define REDAN_CODEC_BIND_H

#include "codec/problem.h"

enum redan_bind_kind {
    REDAN_BIND_TEXT,   /* struct redan_slice; trimmed; not empty when required. Any YAML scalar */
    REDAN_BIND_ID,     /* struct redan_slice of [A-Za-z0-9][A-Za-z0-9._-]{0,63} */
    REDAN_BIND_NUMBER, /* double */
    REDAN_BIND_COUNT,  /* uint64_t, a whole number */
    REDAN_BIND_BOOL,   /* bool */
    REDAN_BIND_DATE,   /* int64_t seconds; date or RFC 3339 time */
    REDAN_BIND_SPAN,   /* int64_t seconds; "90d" */
    REDAN_BIND_WORD, /* int: an index into `words`, which end with NULL; "" first stands for absent */
    REDAN_BIND_TEXTS,  /* struct redan_texts: a list of scalars; a single scalar is refused */
    REDAN_BIND_STRUCT, /* a pointer to a struct of `shape` in the arena; NULL when absent */
    REDAN_BIND_LIST, /* struct redan_list: a list of maps, each of `shape`; other items are left out */
    REDAN_BIND_NODE, /* const struct redan_node *: kept as it is, for the caller to read */
};

struct redan_texts {
    struct redan_slice *items;
    size_t count;
};

/* Whether the list has this very text. */
bool redan_texts_have(const struct redan_texts *texts, struct redan_slice text);

struct redan_list {
    void *items; /* `count` structs of the shape's size, one after the other */
    size_t count;
};

struct redan_bind_shape;

struct redan_bind_field {
    const char *name;
    enum redan_bind_kind kind;
    bool required;
    size_t offset;                        /* where the value goes: offsetof */
    const struct redan_bind_shape *shape; /* STRUCT, LIST */
    const char *const *words;             /* WORD */
    const char *help;                     /* what belongs here, for the fix */
};

struct redan_bind_shape {
    const char *what; /* "a threat", for messages */
    size_t size;      /* of the struct */
    size_t
        node; /* offsetof a `const struct redan_node *` that receives the node; SIZE_MAX for none */
    const struct redan_bind_field *fields;
    size_t count;
};

/* Fill `*out` (cleared first) from a MAP node of YAML or JSON. Unknown fields, missing required ones and wrong types
 * become problems (an unknown field names the nearest known one); everything that can be read is read. A key without a
 * value is a problem in YAML; in JSON null is absence. NUMBER, COUNT and BOOL are written without quotes in YAML.
 * The status is for memory, and for trees deeper than the limit, only. */
REDAN_NODISCARD enum redan_status redan_bind(struct redan_problems *problems,
                                             const struct redan_node *node,
                                             const struct redan_bind_shape *shape, void *out);

/* Whether a text is an id, as REDAN_BIND_ID asks. */
bool redan_bind_is_id(struct redan_slice text);

#endif
