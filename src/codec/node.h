/* One tree for every text format: what was written and where, with types left to the schema. */
#ifndef REDAN_CODEC_NODE_H
#define REDAN_CODEC_NODE_H

#include "base/ctx.h"

enum redan_node_kind {
    REDAN_NODE_NULL,
    REDAN_NODE_BOOL,
    REDAN_NODE_NUMBER, /* JSON numbers only; `text` is the spelling */
    REDAN_NODE_TEXT,   /* JSON strings and every YAML scalar */
    REDAN_NODE_LIST,
    REDAN_NODE_MAP,
};

/* Lives in the context's arena; so do its texts, unless they borrow from the input. */
struct redan_node {
    enum redan_node_kind kind;
    bool plain;    /* a YAML scalar without quotes: the schema may read it as another type */
    bool truth;    /* value of a BOOL */
    unsigned line; /* 1-based; 0 in JSON, whose places are offsets */
    unsigned column;
    unsigned key_line; /* place of the key; 0 where there is none and in JSON */
    unsigned key_column;
    size_t offset;            /* of the first byte of the value in the input */
    struct redan_slice key;   /* name, when the parent is a MAP */
    struct redan_slice text;  /* TEXT: decoded; NUMBER: spelling */
    struct redan_node *first; /* LIST and MAP: children in input order */
    struct redan_node *last;
    struct redan_node *next; /* sibling */
    size_t count;            /* children */
};

/* A new node in the arena; NULL when memory is refused (recorded). */
struct redan_node *redan_node_new(struct redan_ctx *ctx, enum redan_node_kind kind);
/* Put `child` at the end of `parent`. */
void redan_node_add(struct redan_node *parent, struct redan_node *child);
/* Conveniences that make a child and add it; the key (borrowed) is for a MAP parent. NULL when memory is refused. */
struct redan_node *redan_node_add_text(struct redan_ctx *ctx, struct redan_node *parent,
                                       const char *key, struct redan_slice text);
struct redan_node *redan_node_add_number(struct redan_ctx *ctx, struct redan_node *parent,
                                         const char *key, double value);
struct redan_node *redan_node_add_bool(struct redan_ctx *ctx, struct redan_node *parent,
                                       const char *key, bool value);
struct redan_node *redan_node_add_kind(struct redan_ctx *ctx, struct redan_node *parent,
                                       const char *key, enum redan_node_kind kind);
/* The child with this key, or NULL; NULL and non-maps have no children. */
const struct redan_node *redan_node_get(const struct redan_node *map, const char *key);
/* The text of the TEXT child with this key, or an empty slice. */
struct redan_slice redan_node_text(const struct redan_node *map, const char *key);
/* "a map", "a list", "a number" ... for error messages. */
const char *redan_node_kind_name(enum redan_node_kind kind);
/* The value as a number: a NUMBER, or a plain YAML scalar that is a JSON number (RFC 8259 6). Finite only. */
bool redan_node_number(const struct redan_node *node, double *value);
/* The value as a bool: a BOOL, or a plain YAML `true` or `false`. */
bool redan_node_bool(const struct redan_node *node, bool *value);

#endif
