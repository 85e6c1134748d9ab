/* One JSON text of an answer as a flat tape of its values in input order, what is to become of each, and the text that follows from it. */
#ifndef REDAN_GUARD_ANSWER_TAPE_H
#define REDAN_GUARD_ANSWER_TAPE_H

#include "base/buf.h"
#include "codec/json_pull.h"

#define REDAN_TAPE_NONE UINT32_MAX

enum redan_tape_act { REDAN_TAPE_KEEP, REDAN_TAPE_DROP, REDAN_TAPE_EDIT };

enum {
    REDAN_TAPE_REAL =
        1, /* in it, or in its key, is what may carry a score: 0.5, 1.0, 1e2, "0.5", "fraud:0.5" */
    REDAN_TAPE_NUMERIC = 2, /* a number, or a text that is one and nothing else */
    REDAN_TAPE_PATH = 4,    /* on the way to a place */
    REDAN_TAPE_PLACE = 8,   /* where the format has scores or labels */
};

/* A value; those inside it follow it, up to `after`. */
struct redan_tape_value {
    const char *text; /* TEXT: decoded; NUMBER: the spelling */
    const char *key;  /* decoded; NULL in an array */
    double number;    /* of what is NUMERIC, as it came; infinite when no double is so large */
    uint32_t text_len, key_len;
    uint32_t from, end; /* its bytes in the input */
    uint32_t key_from;  /* first byte of its key, or of itself */
    uint32_t parent, after;
    uint32_t count;               /* values directly in it */
    uint32_t ordinal;             /* among those of its parent */
    uint32_t edit_from, edit_len; /* EDIT: in the tape's edits */
    uint16_t schema;              /* of the rule that is being applied */
    uint8_t kind;                 /* enum redan_json_kind */
    uint8_t act;
    uint8_t depth; /* 0: the root */
    uint8_t flags;
};

struct redan_tape {
    struct redan_ctx *ctx;
    struct redan_json reader; /* holds decoded texts */
    struct redan_slice text;
    struct redan_tape_value *values;
    size_t len, cap;
    struct redan_buf edits;
    bool changed; /* an act is not KEEP */
};

/* The text must outlive the tape. REDAN_E_SYNTAX, REDAN_E_LIMIT (also for more than `most` values), REDAN_E_MEMORY; _done in any case. */
REDAN_NODISCARD enum redan_status redan_tape_read(struct redan_tape *tape, struct redan_ctx *ctx,
                                                  struct redan_slice text, size_t most);
void redan_tape_done(struct redan_tape *tape);
struct redan_slice redan_tape_key(const struct redan_tape_value *value);
struct redan_slice redan_tape_text(const struct redan_tape_value *value);
/* As it is spelled by now: of a NUMBER after edits, or of the input. */
struct redan_slice redan_tape_spelling(const struct redan_tape *tape, uint32_t at);
/* The value of what is NUMERIC, edits included; infinite when no double is so large. */
double redan_tape_number(const struct redan_tape *tape, uint32_t at);
/* The member of an object by its name, or NONE. */
uint32_t redan_tape_member(const struct redan_tape *tape, uint32_t object, struct redan_slice name);
/* The next value in the same container, or its end. */
static inline uint32_t redan_tape_next(const struct redan_tape *tape, uint32_t at)
{
    return tape->values[at].after;
}

/* Take it out: a member and what is dropped from a list with its comma. */
void redan_tape_drop(struct redan_tape *tape, uint32_t at);
/* Take it out: a member with its name; an item of a list becomes null, so that the others keep their places. False for the root. */
bool redan_tape_remove(struct redan_tape *tape, uint32_t at);
/* Put other bytes in its place: `_begin`, adds to tape->edits, `_end`. A failure of the buffer is asked for once, when all is written. */
size_t redan_tape_edit_begin(const struct redan_tape *tape);
void redan_tape_edit_end(struct redan_tape *tape, uint32_t at, size_t begin);
void redan_tape_edit(struct redan_tape *tape, uint32_t at, struct redan_slice bytes);
/* The text that results. */
REDAN_NODISCARD enum redan_status redan_tape_write(struct redan_tape *tape, struct redan_buf *out);

/* Values that a JSON pointer (RFC 6901) names, "*" for every item of a list; one after the other. */
struct redan_point {
    struct redan_slice pointer;
    size_t segments;
    uint32_t at;
    size_t depth; /* that `wanted` is the pointer's segment of; 0: none yet */
    struct redan_slice wanted;
};
void redan_point_begin(struct redan_point *point, struct redan_slice pointer);
bool redan_point_next(const struct redan_tape *tape, struct redan_point *point, uint32_t *at);

#endif
