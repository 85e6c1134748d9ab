/* The inside of the pickle machine: cells, where containers keep their elements, the state of one pickle, and what the files of the machine share. */
#ifndef REDAN_FORMAT_PICKLE_MACHINE_H
#define REDAN_FORMAT_PICKLE_MACHINE_H

#include "base/buf.h"
#include "base/map.h"
#include "format/format.h"
#include "format/pickle.h"
#include "format/pickle_op.h"

enum {
    REDAN_PM_EMPTY = 0xff,   /* kind of a memo entry that was never put; no value has it */
    REDAN_PM_KEEP_ITEMS = 8, /* elements of a tuple, list or set that are kept */
    REDAN_PM_KEEP_PAIRS = 24,
    REDAN_PM_LEVELS =
        9, /* pickles within pickles: joblib's arrays of objects; the last is for trials */
    REDAN_PM_NAME =
        1024, /* bytes of a module or a name; the rest of a longer one is dropped, and said */
    REDAN_PM_GLOBALS = 65536, /* honest pickles have a few hundred */
    REDAN_PM_SECONDS =
        32, /* second readings of one source: of what a frame's end makes ambiguous */
    REDAN_PM_REPEATS = 10000, /* alike calls of one global told one by one */
    REDAN_PM_DOUBLINGS =
        16, /* containers that hold twice what holds twice ...: whatever walks it needs 2^16 steps */
    REDAN_PM_SHAPES = 1 << 14, /* how many sorts of calls are counted; those beyond are all told */
};

/* Where a container's elements are. Those of immutable ones that hold no name, result, or unknown are kept in rings: the newest
 * so many; a pickle of millions of small tuples then needs no memory for each. */
enum redan_pm_store {
    REDAN_PM_STORE_NONE,
    REDAN_PM_STORE_PLAIN, /* ring: numbers, None, bools, and tuples of such */
    REDAN_PM_STORE_TEXT,  /* ring: texts and bytes as well */
    REDAN_PM_STORE_KEPT,  /* for as long as the pickle is read */
    REDAN_PM_STORE_BOX,   /* a list, dict or set that can grow: an index of boxes */
};

/* A value as the machine holds it: 16 bytes. */
struct redan_pm_cell {
    uint64_t
        a; /* TEXT, BYTES, PERSISTENT: offset; INT, BOOL: the number; immutable containers: place in the store; RESULT: 1 + index of results, or 0 */
    uint32_t
        b; /* TEXT, BYTES, PERSISTENT: low 32 bits of the length; containers: elements, or the box; GLOBAL, RESULT: the global */
    uint8_t kind;
    uint8_t holds;
    uint8_t
        store; /* containers: enum redan_pm_store; TEXT: 1 escaped as in STRING, 2 as in UNICODE */
    uint8_t kept; /* containers: elements kept; TEXT and BYTES: bits 32 to 39 of the length */
};

/* A container that can change. 16 bytes. */
struct redan_pm_box {
    uint64_t place : 40;
    uint64_t store : 8;
    uint64_t kept : 8;
    uint64_t room : 8; /* cells at `place` */
    uint32_t count;    /* elements, or twice the pairs; stays at its highest */
    uint8_t kind;
    uint8_t holds;
    bool within : 1; /* it was put into another container */
    uint8_t
        hooks : 2; /* DICT: bits 6 and 7 of what its keys hold: REDAN_PICKLE_HOLDS_HOOK, _METHOD */
    uint8_t spare;
};

struct redan_pm_ring {
    struct redan_pm_cell *cells;
    size_t size; /* a power of two */
    uint64_t head;
};

struct redan_pm_result {
    struct redan_pm_cell args;
    struct redan_pm_cell state; /* of the last BUILD; kind REDAN_PM_EMPTY when there was none */
    uint8_t hooks; /* REDAN_PICKLE_HOLDS_HOOK, _METHOD: among the names of its attributes */
    uint8_t keys;  /* the same of its keys, and of what it was made from */
};

struct redan_pm_global {
    uint32_t text; /* place of module and name in the names */
    uint16_t module_len;
    uint16_t name_len;
    uint32_t hash;
    unsigned stream; /* in which it was last told, plus one */
    uint8_t told;    /* protocols it was told for: 1 below 3, 2 for 3, 4 above */
    bool wrapper;    /* joblib's NumpyArrayWrapper */
    bool loads;      /* torch's _load_from_bytes: every call of it is told */
};

struct redan_pm_sparse {
    uint64_t index;
    struct redan_pm_cell cell; /* kind REDAN_PM_EMPTY: free */
};

/* A memo entry: 12 bytes, since large pickles have a million. What does not fit is in the memo's table. */
struct redan_pm_packed {
    uint32_t a_low;
    uint32_t b;
    uint8_t a_high;
    uint8_t kind; /* REDAN_PM_EMPTY: see the table */
    uint8_t holds;
    uint8_t store_kept; /* store in the low 3 bits */
};

/* The memo: dense from 0, and a table of what lies far beyond. */
struct redan_pm_memo {
    struct redan_pm_packed **chunks;
    size_t chunk_count;
    size_t chunk_cap;
    size_t len; /* entries of the chunks in use */
    struct redan_pm_sparse *sparse;
    size_t sparse_len;
    size_t sparse_cap;
    uint64_t count; /* entries: what MEMOIZE takes as index */
};

/* One pickle that is being read; another may be read within it. */
struct redan_pm_level {
    struct redan_pm_cell *stack;
    size_t depth;
    size_t stack_cap;
    uint32_t *marks; /* depths */
    size_t mark_count;
    size_t marks_cap;
    struct redan_pm_memo memo;
    unsigned stream;
    unsigned protocol;
    uint64_t start;
    uint64_t frame_end; /* 0 when in no frame */
    uint32_t words;     /* STRUCTURE words told, bit by bit */
    uint64_t ops;
};

/* A reading to be done when the one at hand is over. */
struct redan_pm_second {
    uint64_t offset; /* of its first opcode, or of the operand of `op` */
    int op;          /* an opcode whose operand begins there; -1: none */
    bool counted;    /* the operand's count was read before the frame's end: */
    uint64_t count;
    uint64_t first; /* LINES: where the first line is, when only the second lies there; else 0 */
    uint64_t first_len;
};

/* Text that a stream will not give again: two generations by offset, and names that stay. */
struct redan_pm_pool_entry {
    uint64_t offset;
    uint32_t place;
    uint32_t len; /* plus one; 0: free */
};
struct redan_pm_pool {
    struct redan_pm_pool_entry *entries;
    size_t used;
    char *bytes;
    size_t len;
};

/* What a trial has seen: whether what it read is a pickle at all. */
enum redan_pm_seen {
    REDAN_PM_SEEN_IMPORT = 1, /* with names that could be some */
    REDAN_PM_SEEN_CALL = 2,
    REDAN_PM_SEEN_EXTENSION = 4,
    REDAN_PM_SEEN_DYNAMIC = 8,
    REDAN_PM_SEEN_ODD = 16, /* what no pickler writes */
    REDAN_PM_SEEN_DEAD =
        32, /* before any import, what ends the reading in pickle.py and _pickle.c alike */
};

struct redan_pm_shape {
    uint32_t key; /* hash of callee and arguments' kinds; 0: free */
    uint32_t count;
};

struct redan_pickle {
    /* the bytes at hand */
    const uint8_t *p;
    const uint8_t *end;
    const uint8_t *base;
    uint64_t base_at; /* offset of `base` */
    uint64_t turn;    /* of the source when they were viewed */
    const uint8_t *op_at;
    uint64_t op_offset;
    uint8_t op;
    bool cut; /* the line at hand ends with the source */

    struct redan_pm_level *lv;
    struct redan_ctx *ctx;
    struct redan_source *source;
    const struct redan_listener *to;
    redan_pickle_liner *liner;
    void *liner_arg;
    enum redan_status status;
    const char *ended;    /* word of END once the level is over */
    uint64_t ops_left;    /* of the whole reading */
    bool dry;             /* a trial: nothing is told */
    bool tolerant;        /* a trial that takes what no pickler writes */
    bool deep;            /* a trial that follows lines and texts of any length */
    uint64_t trial_ops;   /* it may take */
    uint64_t trials_left; /* opcodes of all trials */
    bool far;             /* a file of pickles with other bytes between: sought to its end */
    unsigned seen;
    unsigned streams;
    bool told_any;   /* a stream imported something or ended at its STOP */
    uint64_t nested; /* offset of a pickle to be read within this one; UINT64_MAX: none */

    struct redan_pm_level levels[REDAN_PM_LEVELS];
    size_t level_count;

    struct redan_pm_ring plain;
    struct redan_pm_ring text;
    struct redan_pm_cell *kept;
    size_t kept_len;
    size_t kept_cap;
    struct redan_pm_box *boxes;
    size_t box_count;
    size_t box_cap;
    struct redan_pm_cell doubled; /* the last container that holds another one twice */
    unsigned doublings;           /* how many of them lie in each other */
    uint8_t late;                 /* what was put into containers that were within others by then */
    struct redan_pm_result *results;
    size_t result_count;
    size_t result_cap;

    struct redan_pm_global *globals;
    size_t global_count;
    size_t global_cap;
    uint32_t *global_table; /* 1 + index */
    size_t global_table_cap;
    struct redan_buf names;

    struct redan_pm_shape *shapes;
    size_t shape_count;

    struct redan_pm_second seconds[REDAN_PM_SECONDS];
    size_t second_count;
    size_t second_done;

    struct redan_pm_pool pools[3]; /* names, young, old */
    struct redan_buf scratch;      /* module and name at hand */
    struct redan_buf scratch2;
    struct redan_buf listen; /* what a listener asked for */
    char note[320];
    size_t note_len;
};

/* Words of STRUCTURE events, by number. */
enum redan_pm_word {
    REDAN_PM_WORD_FRAME_NESTED,
    REDAN_PM_WORD_FRAME_STRADDLE,
    REDAN_PM_WORD_FRAME_OVERRUN,
    REDAN_PM_WORD_INT,
    REDAN_PM_WORD_FLOAT,
    REDAN_PM_WORD_STRING,
    REDAN_PM_WORD_SIZE,
    REDAN_PM_WORD_LINE,
    REDAN_PM_WORD_MEMO,
    REDAN_PM_WORD_ARGS,
    REDAN_PM_WORD_MEMO_UNKNOWN,
    REDAN_PM_WORD_UNDERFLOW,
    REDAN_PM_WORD_LEFTOVER,
    REDAN_PM_WORD_PROTOCOL_UNKNOWN,
    REDAN_PM_WORD_PROTOCOL_CHANGED,
    REDAN_PM_WORD_NAME_LONG,
    REDAN_PM_WORD_GLOBALS,
    REDAN_PM_WORD_BETWEEN,
    REDAN_PM_WORD_TRAILING,
    REDAN_PM_WORD_ARRAY_UNKNOWN,
    REDAN_PM_WORD_ARRAY_DEEP,
    REDAN_PM_WORD_EXPANSION,
    REDAN_PM_WORD_COUNT
};

static inline uint64_t redan_pm_offset(const struct redan_pickle *pk)
{
    return pk->base_at + (uint64_t)(pk->p - pk->base);
}

/* pickle_bytes.c: the bytes. */
/* `len` (at most REDAN_SOURCE_VIEW) bytes at p; false past the end, with `ended` or `status` set. */
bool redan_pm_need_more(struct redan_pickle *pk, size_t len);
static inline bool redan_pm_need(struct redan_pickle *pk, size_t len)
{
    return REDAN_LIKELY((size_t)(pk->end - pk->p) >= len) || redan_pm_need_more(pk, len);
}
void redan_pm_seek(struct redan_pickle *pk, uint64_t offset);
/* Bytes from p to the end of the source, at least `least` if there are so many; exact when the size is known. */
bool redan_pm_remains(struct redan_pickle *pk, uint64_t least);
/* The source at `offset` without moving: up to `len` bytes; borrowed until the next view. */
struct redan_slice redan_pm_peek(struct redan_pickle *pk, uint64_t offset, size_t len);
void redan_pm_bytes_done(struct redan_pickle *pk);
/* After a listener ran: the view may have gone. */
bool redan_pm_refresh(struct redan_pickle *pk);
void redan_pm_remember(struct redan_pickle *pk, size_t pool, uint64_t offset, const uint8_t *bytes,
                       size_t len);
struct redan_slice redan_pm_recall(struct redan_pickle *pk, uint64_t offset, size_t len);

/* pickle_store.c: values. Each returns false with `status` set when memory is refused. */
bool redan_pm_store_init(struct redan_pickle *pk);
void redan_pm_store_done(struct redan_pickle *pk);
bool redan_pm_tuple(struct redan_pickle *pk, uint8_t kind, const struct redan_pm_cell *items,
                    size_t n, struct redan_pm_cell *made);
bool redan_pm_box_new(struct redan_pickle *pk, uint8_t kind, struct redan_pm_cell *made);
bool redan_pm_box_add(struct redan_pickle *pk, struct redan_pm_cell box,
                      const struct redan_pm_cell *items, size_t n);
bool redan_pm_item(const struct redan_pickle *pk, struct redan_pm_cell cell, uint64_t i,
                   struct redan_pm_cell *item);
uint64_t redan_pm_count(const struct redan_pickle *pk, struct redan_pm_cell cell);
uint8_t redan_pm_bits(const struct redan_pickle *pk, struct redan_pm_cell cell);
bool redan_pm_result_new(struct redan_pickle *pk, uint32_t global, struct redan_pm_cell args,
                         uint8_t holds, struct redan_pm_cell *made);
void redan_pm_result_state(struct redan_pickle *pk, struct redan_pm_cell result,
                           struct redan_pm_cell state);
/* The methods that a state gives to the object that takes it, and those that an object has by now, with `more`. */
uint8_t redan_pm_hooks(const struct redan_pickle *pk, struct redan_pm_cell state);
uint8_t redan_pm_hooked(struct redan_pickle *pk, struct redan_pm_cell target, uint8_t more);
struct redan_pickle_value redan_pm_value(const struct redan_pickle *pk, struct redan_pm_cell cell);
struct redan_pm_cell redan_pm_cell_of(const struct redan_pickle_value *value);
bool redan_pm_stack_grow(struct redan_pickle *pk);
bool redan_pm_marks_grow(struct redan_pickle *pk);
void redan_pm_store_reset(struct redan_pickle *pk); /* between pickles that share nothing */

/* pickle_memo.c */
bool redan_pm_memo_put(struct redan_pickle *pk, struct redan_pm_memo *memo, uint64_t index,
                       struct redan_pm_cell cell);
bool redan_pm_memo_get(const struct redan_pm_memo *memo, uint64_t index,
                       struct redan_pm_cell *cell);
void redan_pm_memo_clear(struct redan_pm_memo *memo);
void redan_pm_memo_done(struct redan_mem *mem, struct redan_pm_memo *memo);

/* pickle_global.c */
/* The global's number; REDAN_PICKLE_NO_ID when the table is full. */
bool redan_pm_global_id(struct redan_pickle *pk, struct redan_slice module, struct redan_slice name,
                        uint32_t *id);
void redan_pm_global_names(const struct redan_pickle *pk, uint32_t id, struct redan_slice *module,
                           struct redan_slice *name);

/* pickle_literal.c: text spellings as pickle.py and _pickle.c read them. */
enum redan_pm_reading {
    REDAN_PM_READ_BOTH,
    REDAN_PM_READ_ONE,     /* one of the two accepts it, or they read different values */
    REDAN_PM_READ_NEITHER, /* both refuse it */
};
struct redan_pm_number {
    int64_t value; /* 0 when it does not fit */
    bool boolean;
    bool fits;
};
enum redan_pm_reading redan_pm_read_int(struct redan_slice line, struct redan_pm_number *number);
enum redan_pm_reading redan_pm_read_long(struct redan_slice line, struct redan_pm_number *number);
enum redan_pm_reading redan_pm_read_float(struct redan_slice line);
enum redan_pm_reading redan_pm_read_index(struct redan_slice line, uint64_t *index, bool *negative);
/* Strip the quotes of a STRING. */
enum redan_pm_reading redan_pm_read_string(struct redan_slice line, struct redan_slice *inner);
/* Undo the escapes of STRING (1) or UNICODE (2), up to `most` bytes; false when it is no valid spelling. `to` may be NULL to check only. */
bool redan_pm_unescape(struct redan_slice text, int how, size_t most, struct redan_buf *to);

/* pickle_filter.c: whether a constant could be something by itself. */
bool redan_pm_constant_tells(const uint8_t *bytes, size_t len, uint64_t whole, bool text);
/* REDAN_PICKLE_HOLDS_HOOK or _METHOD of a text that names what unpickling looks for in an object; 0 of others. */
uint8_t redan_pm_hook(const uint8_t *text, size_t len);
/* Whether the names could be those of something in Python. */
bool redan_pm_plausible(struct redan_slice module, struct redan_slice name);

/* pickle_call.c: what a pickle can do. */
bool redan_pm_tell(struct redan_pickle *pk, struct redan_pickle_event *event);
bool redan_pm_word_tell(struct redan_pickle *pk, enum redan_pm_word word, uint64_t number);
bool redan_pm_constant(struct redan_pickle *pk, struct redan_pm_cell cell);
bool redan_pm_import(struct redan_pickle *pk, struct redan_slice module, struct redan_slice name,
                     struct redan_pm_cell *made);
bool redan_pm_stack_global(struct redan_pickle *pk, struct redan_pm_cell module,
                           struct redan_pm_cell name, struct redan_pm_cell *made);
bool redan_pm_called(struct redan_pickle *pk, struct redan_pm_cell callee,
                     struct redan_pm_cell args, struct redan_pm_cell keywords,
                     struct redan_pm_cell *made);
bool redan_pm_build(struct redan_pickle *pk, struct redan_pm_cell target,
                    struct redan_pm_cell state);
bool redan_pm_items(struct redan_pickle *pk, struct redan_pm_cell target,
                    const struct redan_pm_cell *items, size_t n);
struct redan_slice redan_pm_cell_text(struct redan_pickle *pk, struct redan_pm_cell cell,
                                      size_t most, struct redan_buf *to);

/* pickle_step.c: the opcode at hand, and one whose operand begins with a count that was read. */
bool redan_pm_step(struct redan_pickle *pk);
bool redan_pm_op_counted(struct redan_pickle *pk, uint64_t count);

/* pickle_run.c */
/* Run the level at hand until it is over (`ended` or `status` set) or a pickle within it comes (`nested` set). A trial is over, too, when it is sure. */
void redan_pm_run(struct redan_pickle *pk);
/* Whether a trial has seen enough. */
bool redan_pm_accepts(const struct redan_pickle *pk);
/* Begin with an opcode whose operand lies elsewhere. */
bool redan_pm_run_second(struct redan_pickle *pk, const struct redan_pm_second *second);

/* pickle_joblib.c: after the state of an array wrapper was set. */
bool redan_pm_joblib(struct redan_pickle *pk, struct redan_pm_cell target,
                     struct redan_pm_cell state);

/* pickle_stream.c */
void redan_pm_open(struct redan_pickle *pk, struct redan_ctx *ctx, struct redan_source *source,
                   const struct redan_listener *to);
void redan_pm_close(struct redan_pickle *pk);
enum redan_status redan_pm_streams(struct redan_pickle *pk, uint64_t offset);
/* Read from `offset` without telling, at most `ops` opcodes; the machine is as before. True when it is a pickle that imports something, or calls, or
 * (not tolerant, with a PROTO) goes well until there. */
bool redan_pm_trial(struct redan_pickle *pk, uint64_t offset, uint64_t ops, bool tolerant);
/* `size` of the whole, REDAN_SOURCE_UNKNOWN when that is not known; whether its name promises a pickle. */
enum redan_sniff redan_pm_sniff(struct redan_ctx *ctx, struct redan_source *whole_source,
                                struct redan_slice head, bool named);

#endif
