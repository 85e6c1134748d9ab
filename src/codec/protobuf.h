/* Protocol Buffers on the wire, read field by field out of hostile bytes: no message is built, no length is trusted, nothing recurses. */
#ifndef REDAN_CODEC_PROTOBUF_H
#define REDAN_CODEC_PROTOBUF_H

#include "base/source.h"

enum {
    REDAN_WIRE_DEPTH = 100, /* messages within messages; the usual readers stop there too */
    REDAN_WIRE_GROUPS = 32, /* groups within groups that are passed over */
};

enum redan_wire_type {
    REDAN_WIRE_VARINT = 0,
    REDAN_WIRE_FIXED64 = 1,
    REDAN_WIRE_BYTES = 2, /* texts, bytes, messages, packed numbers */
    REDAN_WIRE_GROUP = 3, /* of proto2, passed over with all it holds */
    REDAN_WIRE_GROUP_END = 4,
    REDAN_WIRE_FIXED32 = 5,
};

struct redan_wire_field {
    uint32_t number;
    enum redan_wire_type type;
    uint64_t at;     /* of its tag in the source */
    uint64_t value;  /* VARINT, FIXED64, FIXED32 */
    uint64_t offset; /* BYTES: the first */
    uint64_t length; /* BYTES */
};

/* A cursor over the fields of one message. */
struct redan_wire {
    struct redan_ctx *ctx;
    struct redan_source *source;
    uint64_t pos;
    uint64_t end;
    const char *
        fault; /* "varint", "tag", "group", "depth", "end": nothing more can be read; NULL while it can */
    uint64_t fault_at;
    bool
        cut; /* a field was longer than what is around it, and was given cut to that: reading goes on */
    uint64_t cut_at;
    enum redan_status status; /* why, when it is the source that failed */
    struct redan_slice near;  /* bytes at hand, from near_at */
    uint64_t near_at;
    uint64_t near_turn;
};

/* The words of what may be wrong, for lists of defects. */
#define REDAN_WIRE_FAULTS "length", "varint", "tag", "group", "depth", "end"

void redan_wire_init(struct redan_wire *wire, struct redan_ctx *ctx, struct redan_source *source,
                     uint64_t offset, uint64_t length);
/* The next field; false at the end of the message and when something is wrong, which sticks. */
bool redan_wire_next(struct redan_wire *wire, struct redan_wire_field *field);
/* A bare number at the cursor, as in packed fields. */
bool redan_wire_varint(struct redan_wire *wire, uint64_t *value);
/* The word of what is wrong and where, or NULL: what cannot be read, else "length" for a field that was cut. */
const char *redan_wire_wrong(const struct redan_wire *wire, uint64_t *at);
/* REDAN_OK, the source's own failure, or REDAN_E_SYNTAX (REDAN_E_LIMIT: nested too deep) recorded with the place and `what` was being read. */
REDAN_NODISCARD enum redan_status redan_wire_ok(const struct redan_wire *wire, const char *what);
/* The first `most` bytes of a BYTES field, borrowed until the next view of the source. Empty, with the status kept for _ok, when they cannot be had. */
struct redan_slice redan_wire_text(struct redan_wire *wire, const struct redan_wire_field *field,
                                   size_t most);
/* Copy them, cut to `cap`; how many there are. */
size_t redan_wire_copy(struct redan_wire *wire, const struct redan_wire_field *field, char *to,
                       size_t cap);

/* Which field of a message is a message to be entered. */
struct redan_wire_into {
    uint32_t field; /* 0 ends a message's list */
    uint32_t message;
};

enum redan_wire_step {
    REDAN_WIRE_END,   /* of the outermost message, or something is wrong */
    REDAN_WIRE_FIELD, /* `message` has this field, which is not entered */
    REDAN_WIRE_ENTER, /* `message` begins here, as the field of the one around it */
    REDAN_WIRE_LEAVE, /* `message` is over */
};

struct redan_wire_frame {
    uint64_t end;
    uint32_t message;
    uint32_t field; /* that it is of the one around it */
};

/* Messages within messages by a table: no recursion, at most REDAN_WIRE_DEPTH of them. */
struct redan_wire_walk {
    struct redan_wire wire;
    const struct redan_wire_into *const *shapes; /* by message */
    uint32_t message;                            /* of the step */
    size_t depth;                                /* of the step's message; 0 is the outermost */
    size_t open;                                 /* frames in use */
    struct redan_wire_frame frames[REDAN_WIRE_DEPTH];
};

/* shapes[m] lists the messages within message m; NULL when there are none. */
void redan_wire_walk_init(struct redan_wire_walk *walk, struct redan_ctx *ctx,
                          struct redan_source *source, uint64_t offset, uint64_t length,
                          const struct redan_wire_into *const *shapes, uint32_t outermost);
enum redan_wire_step redan_wire_step(struct redan_wire_walk *walk, struct redan_wire_field *field);
/* The message `up` levels around that of the step; 0 when there is none. */
uint32_t redan_wire_around(const struct redan_wire_walk *walk, size_t up);

#endif
