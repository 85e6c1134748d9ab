/* The abstract pickle machine: every opcode of protocols 0 to 5 with a real stack, memo and marks, and nothing executed. It accepts what pickle.py or
 * _pickle.c accepts, and tells where they differ. */
#ifndef REDAN_FORMAT_PICKLE_H
#define REDAN_FORMAT_PICKLE_H

#include "format/fact.h"

enum redan_pickle_kind {
    REDAN_PICKLE_UNKNOWN, /* cannot be known: a persistent load, a buffer, a memo entry that was never put */
    REDAN_PICKLE_NONE,
    REDAN_PICKLE_BOOL,
    REDAN_PICKLE_INT,
    REDAN_PICKLE_FLOAT,
    REDAN_PICKLE_TEXT,
    REDAN_PICKLE_BYTES, /* and bytearray */
    REDAN_PICKLE_TUPLE,
    REDAN_PICKLE_LIST,
    REDAN_PICKLE_DICT,
    REDAN_PICKLE_SET, /* and frozenset */
    REDAN_PICKLE_GLOBAL,
    REDAN_PICKLE_RESULT, /* what a call gave: id is the callee's global, or REDAN_PICKLE_NO_ID when the callee was no plain global */
    REDAN_PICKLE_PERSISTENT,
    REDAN_PICKLE_MARK,
};

#define REDAN_PICKLE_NO_ID UINT32_MAX

/* What a container holds, at any depth. */
enum redan_pickle_holds {
    REDAN_PICKLE_HOLDS_GLOBAL = 1,
    REDAN_PICKLE_HOLDS_RESULT = 2,
    REDAN_PICKLE_HOLDS_UNKNOWN = 4,
    REDAN_PICKLE_HOLDS_TEXT = 8,
    REDAN_PICKLE_HOLDS_BYTES = 16,
    REDAN_PICKLE_HOLDS_PERSISTENT = 32,
    REDAN_PICKLE_HOLDS_HOOK =
        64, /* a text that names a method that unpickling looks for: "__setstate__" */
    REDAN_PICKLE_HOLDS_METHOD =
        128, /* the same, of a name that is also an ordinary word: "append" */
};

/* A small tagged cell, passed by value. */
struct redan_pickle_value {
    uint8_t kind;    /* enum redan_pickle_kind */
    uint8_t holds;   /* of containers, and of a RESULT's arguments: enum redan_pickle_holds */
    uint8_t decoded; /* TEXT: 0 as it stands, 1 the source holds an escaped spelling */
    uint8_t truth;   /* BOOL */
    uint32_t id;     /* GLOBAL and RESULT: the global; containers: the machine's own */
    uint64_t
        at; /* TEXT and BYTES: offset of the first byte in the source; INT: the number, as int64_t; containers: elements */
    uint64_t len; /* TEXT and BYTES: bytes */
};

enum redan_pickle_event_kind {
    REDAN_PICKLE_IMPORT, /* a global was looked up: module, name, how */
    REDAN_PICKLE_CALL, /* something was called or instantiated: callee, args, how; keywords when NEWOBJ_EX; what is "hook" when an argument's state names methods */
    REDAN_PICKLE_BUILD, /* state was set: callee is the target, args the state; what is "hook" when the state gives the object a method that unpickling looks for */
    REDAN_PICKLE_DYNAMIC, /* a global whose name is no constant text: callee is the module operand, args the name operand */
    REDAN_PICKLE_EXTENSION,     /* EXT1, EXT2, EXT4: number is the code */
    REDAN_PICKLE_PERSISTENT_ID, /* a persistent id was loaded: args is the id (PERSID: a TEXT) */
    REDAN_PICKLE_ITEMS, /* SETITEM(S), APPEND(S), ADDITEMS on what is no dict, list or set of this pickle: callee is the target; what as with BUILD, of its state so far */
    REDAN_PICKLE_CONSTANT, /* a text or bytes constant of 8 bytes or more: args */
    REDAN_PICKLE_STRUCTURE, /* frames, divergence, odd structure: what is one of redan_pickle_words, text the detail */
    REDAN_PICKLE_ARRAY, /* joblib: raw array bytes follow in the stream and were passed over: offset, number (bytes) */
    REDAN_PICKLE_END, /* one pickle is over: what is "stop", "truncated", "opcode" (unknown one), "operand", "budget" */
};

struct redan_pickle_event {
    enum redan_pickle_event_kind kind;
    uint8_t opcode;
    unsigned stream; /* which pickle of the source, from 0 */
    uint64_t offset; /* of the opcode in the source */
    uint64_t number;
    const char *what; /* static */
    struct redan_slice module,
        name; /* IMPORT; CALL and BUILD when the callee or target is a GLOBAL, or the RESULT of one */
    struct redan_pickle_value callee, args, keywords;
    struct redan_slice text;
};

/* Every word of STRUCTURE events, NULL-terminated: "frame-nested", "frame-straddle", "frame-overrun", "divergent-int" ... */
extern const char *const redan_pickle_words[];

struct redan_pickle; /* the machine; it lives as long as the reading */

/* Read every pickle of the source from `offset`: after STOP it goes on at the next byte, and where that is none it looks ahead for the next that imports
 * something. Each event is told as REDAN_FACT_PICKLE with machine and event; nested constants are the listener's to open (offset, len of the
 * value). REDAN_E_SYNTAX when nothing there is a pickle. */
REDAN_NODISCARD enum redan_status redan_pickle_read(struct redan_ctx *ctx,
                                                    struct redan_source *source, uint64_t offset,
                                                    const struct redan_listener *to);

/* For listeners, during a call. */
/* The first `most` bytes of a TEXT (decoded) or BYTES; borrowed until the next call. Empty when they cannot be had. */
struct redan_slice redan_pickle_text(struct redan_pickle *pickle,
                                     const struct redan_pickle_value *value, size_t most);
/* Module and name of a GLOBAL or RESULT. False for others. */
bool redan_pickle_global(const struct redan_pickle *pickle, const struct redan_pickle_value *value,
                         struct redan_slice *module, struct redan_slice *name);
/* Element `i` of a TUPLE, LIST or SET; of a DICT the keys are 0, 2, 4 and the values 1, 3, 5. False past its end, and for elements the machine did not keep
 * (at least the first 8 of a tuple or list and the first 16 pairs of a dict are kept while limits.pickle_cells last). */
bool redan_pickle_item(const struct redan_pickle *pickle, const struct redan_pickle_value *value,
                       uint64_t i, struct redan_pickle_value *item);
/* The arguments of the call that gave a RESULT; false when they were not kept. */
bool redan_pickle_arguments(const struct redan_pickle *pickle,
                            const struct redan_pickle_value *result,
                            struct redan_pickle_value *args);
/* The state that was last set on a RESULT; false when none was, or it was not kept. */
bool redan_pickle_state(const struct redan_pickle *pickle, const struct redan_pickle_value *result,
                        struct redan_pickle_value *state);

/* One opcode as a listing shows it. */
struct redan_pickle_line {
    uint64_t offset;
    uint64_t size; /* opcode and operand */
    uint8_t opcode;
    const char *name;           /* "SHORT_BINUNICODE" */
    struct redan_slice operand; /* as bytes, at most 256 of them */
    size_t stack;               /* depth after it */
    size_t marks;
    size_t memo;                   /* entries */
    struct redan_pickle_value top; /* after it; kind MARK when the stack is empty */
    struct redan_slice note;       /* "calls os.system", "memo 3"; may be empty */
};
typedef enum redan_status redan_pickle_liner(void *arg, struct redan_pickle *pickle,
                                             const struct redan_pickle_line *line);
/* The same reading with a line for every opcode, for `redan scan disasm`. `to` may be NULL. */
REDAN_NODISCARD enum redan_status redan_pickle_list(struct redan_ctx *ctx,
                                                    struct redan_source *source, uint64_t offset,
                                                    const struct redan_listener *to,
                                                    redan_pickle_liner *liner, void *arg);

#endif
