/* The walk over R's objects between the files that do it: its stack, the calls that are open, and the names met so far. */
#ifndef REDAN_FORMAT_RDATA_WALK_H
#define REDAN_FORMAT_RDATA_WALK_H

#include "base/buf.h"
#include "format/rdata.h"

enum {
    REDAN_RDATA_FRAMES = 1 << 17, /* R itself gives up at 5,000 nested expressions */
    REDAN_RDATA_CALLS = 1 << 13,
    REDAN_RDATA_REFS = 1 << 22,
    REDAN_RDATA_NAMES = 16 << 20,
    REDAN_RDATA_NAME = 64,
    REDAN_RDATA_ARGUMENT = 120,
};

enum redan_rdata_op {
    REDAN_RDATA_OP_ITEM,
    REDAN_RDATA_OP_ITEMS, /* n more */
    REDAN_RDATA_OP_END_CALL,
    REDAN_RDATA_OP_END_ALTREP,
    REDAN_RDATA_OP_CODE,   /* byte code: instructions, then constants */
    REDAN_RDATA_OP_COUNT,  /* of constants */
    REDAN_RDATA_OP_CONSTS, /* n more */
    REDAN_RDATA_OP_TREE,   /* a language object among constants */
};

enum redan_rdata_role {
    REDAN_RDATA_NONE,
    REDAN_RDATA_HEAD,
    REDAN_RDATA_ARGS,
    REDAN_RDATA_ARG,
    REDAN_RDATA_TAG,
    REDAN_RDATA_VALUE,
    REDAN_RDATA_CONST
};

enum {
    REDAN_RDATA_IN_PROMISE = 1, /* code that runs when the value is asked for */
    REDAN_RDATA_IN_FORCED = 2,  /* code of a promise that has its value: it does not run */
    REDAN_RDATA_IN_CLOSURE = 4,
    REDAN_RDATA_IN_ACTIVE = 8,
    REDAN_RDATA_IN_HOOK = 16,
    REDAN_RDATA_IN_ENV = 32,
    REDAN_RDATA_IN_TOP = 64,
    REDAN_RDATA_IN_VALUE = 128, /* the object itself, or a variable of the workspace */
    REDAN_RDATA_IN_CODE = REDAN_RDATA_IN_PROMISE | REDAN_RDATA_IN_FORCED | REDAN_RDATA_IN_CLOSURE |
                          REDAN_RDATA_IN_ACTIVE | REDAN_RDATA_IN_HOOK,
};

struct redan_rdata_frame {
    uint8_t op;
    uint8_t role;
    uint16_t in;
    uint32_t call; /* whose head or argument it is */
    uint64_t n;
};

struct redan_rdata_text {
    uint8_t len;
    uint8_t kind; /* enum redan_rdata_kind */
    char at[REDAN_RDATA_ARGUMENT];
};

enum redan_rdata_kind {
    REDAN_RDATA_KIND_NONE,
    REDAN_RDATA_KIND_SYMBOL,
    REDAN_RDATA_KIND_TEXT,
    REDAN_RDATA_KIND_CALL
};

struct redan_rdata_call {
    uint64_t offset;
    struct redan_rdata_text name;
    struct redan_rdata_text module;
    struct redan_rdata_text args[2];
    uint32_t parent;
    uint8_t role; /* in the parent */
};

struct redan_rdata_ref {
    uint32_t at;
    uint32_t len; /* 0: no symbol */
};

struct redan_rdata_walk {
    struct redan_rdata *r;
    struct redan_buf frames, calls, refs, names;
    bool full; /* a table is: names may be missing */
    char scratch[256];
};

void redan_rdata_push(struct redan_rdata_walk *w, enum redan_rdata_op op,
                      enum redan_rdata_role role, unsigned in, uint32_t call, uint64_t n);
void redan_rdata_item(struct redan_rdata_walk *w, unsigned in);
struct redan_rdata_frame *
redan_rdata_top(struct redan_rdata_walk *w); /* NULL when nothing is left */
/* A symbol, a constant text or the name of an inner call, where it stands in a call. */
void redan_rdata_filled(struct redan_rdata_walk *w, const struct redan_rdata_frame *frame,
                        struct redan_slice s, enum redan_rdata_kind kind);
REDAN_NODISCARD enum redan_status redan_rdata_symbol(struct redan_rdata_walk *w,
                                                     const struct redan_rdata_frame *frame,
                                                     struct redan_slice name);
/* Something that later references may mean; a name that is empty is no symbol's. */
REDAN_NODISCARD enum redan_status redan_rdata_ref(struct redan_rdata_walk *w,
                                                  struct redan_slice name);
REDAN_NODISCARD enum redan_status redan_rdata_call(struct redan_rdata_walk *w,
                                                   const struct redan_rdata_frame *frame,
                                                   uint32_t *index);
REDAN_NODISCARD enum redan_status redan_rdata_end_call(struct redan_rdata_walk *w,
                                                       const struct redan_rdata_frame *frame);
REDAN_NODISCARD enum redan_status redan_rdata_end_altrep(struct redan_rdata_walk *w,
                                                         const struct redan_rdata_frame *frame);

#endif
