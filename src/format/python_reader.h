/* Inside format: the state of the reader of Python. */
#ifndef REDAN_FORMAT_PYTHON_READER_H
#define REDAN_FORMAT_PYTHON_READER_H

#include "format/fact.h"
#include "format/python.h"

enum {
    REDAN_PY_MOST_DEPTH = 200,     /* Python's own parser gives up at as many */
    REDAN_PY_MOST_NAMES = 1024,    /* names that are bound to something known */
    REDAN_PY_MOST_SCOPES = 100,    /* Python allows as many indentations */
    REDAN_PY_MOST_PIECES = 256,    /* expressions within texts */
    REDAN_PY_MOST_DOTTED = 200,    /* bytes of a name with its module */
    REDAN_PY_MOST_CONSTANT = 4096, /* bytes of a folded text */
    REDAN_PY_MOST_EXCERPT = 200,
    REDAN_PY_MOST_WORK = 32 << 20, /* bytes of folded texts of one file */
};

struct redan_python_value {
    struct redan_slice dotted; /* "os.system"; empty when it is not known */
    struct redan_slice text;   /* of a constant */
    size_t begin;              /* its place */
    bool constant;
    bool decoded; /* made by a decoder from something that was written down */
    bool fetched; /* came from the network */
    bool numeric;
    uint64_t number;
};

struct redan_python_frame {
    char kind; /* '(' group, 'c' call, '[' list, 's' subscript, '{' map or set, 't' the whole */
    bool have, have_acc;
    char op;
    struct redan_python_value acc, cur, of;
    struct redan_python_value first; /* item */
    struct redan_python_value second;
    struct redan_slice joined; /* constant items put together */
    bool all;                  /* all items are constant */
    bool decoded, fetched;     /* some item is */
    bool twisted;              /* items are xor-ed, or go through chr */
    bool shell;                /* shell=True */
    struct redan_slice keyword;
    size_t count;
};

struct redan_python_bound {
    struct redan_slice name;
    uint64_t hash; /* of the name */
    struct redan_python_value value;
};

struct redan_python_scope {
    uint64_t column;
    bool function;
    bool reduces; /* it says what a pickle of the object calls */
};

struct redan_python_reader {
    struct redan_ctx *ctx;
    const struct redan_listener *to;
    struct redan_slice text;
    struct redan_python_lex lex;
    struct redan_python_token ahead;
    bool looked;
    struct redan_python_frame *frames;
    size_t depth;
    struct redan_python_bound *names;
    size_t name_count;
    struct redan_python_scope scopes[REDAN_PY_MOST_SCOPES];
    size_t scope_count;
    /* expressions within texts, to be looked at later */
    struct redan_slice pieces[REDAN_PY_MOST_PIECES];
    bool piece_deep[REDAN_PY_MOST_PIECES];
    size_t piece_count;
    size_t work;
    bool script; /* TorchScript */
    bool lost;   /* a name or a piece had no room */
    bool stop;
    bool guarded; /* this line asks whether the file is the program */
    bool bound;   /* this line gave a name something */
    bool heading; /* the head of a def: what its defaults call runs at once */
};

struct redan_python_token redan_python_take(struct redan_python_reader *r);
const struct redan_python_token *redan_python_peek(struct redan_python_reader *r);
bool redan_python_is(const struct redan_python_token *token, const char *text);
bool redan_python_in_function(const struct redan_python_reader *r);
const struct redan_python_bound *redan_python_find(const struct redan_python_reader *r,
                                                   struct redan_slice name);
REDAN_NODISCARD enum redan_status redan_python_bind(struct redan_python_reader *r,
                                                    struct redan_slice name,
                                                    const struct redan_python_value *value);
REDAN_NODISCARD enum redan_status redan_python_join(struct redan_python_reader *r,
                                                    struct redan_slice a, const char *with,
                                                    struct redan_slice b, struct redan_slice *both);
REDAN_NODISCARD enum redan_status redan_python_lookup(struct redan_python_reader *r,
                                                      struct redan_slice name,
                                                      struct redan_python_value *v);
REDAN_NODISCARD enum redan_status redan_python_decode(struct redan_python_reader *r,
                                                      const struct redan_python_token *token,
                                                      struct redan_slice *text);
REDAN_NODISCARD enum redan_status redan_python_concat(struct redan_python_reader *r,
                                                      const struct redan_python_value *a,
                                                      const struct redan_python_value *b,
                                                      struct redan_python_value *v);
REDAN_NODISCARD enum redan_status redan_python_reversed(struct redan_python_reader *r,
                                                        struct redan_python_value *v);
/* What a pickle would call, of a value that __reduce__ gives. */
REDAN_NODISCARD enum redan_status redan_python_tell_reduce(struct redan_python_reader *r,
                                                           const struct redan_python_value *v);
REDAN_NODISCARD enum redan_status redan_python_tell_call(struct redan_python_reader *r,
                                                         struct redan_slice dotted, size_t begin,
                                                         const struct redan_python_frame *f);
REDAN_NODISCARD enum redan_status redan_python_result(struct redan_python_reader *r,
                                                      const struct redan_python_frame *f,
                                                      struct redan_python_value *v);
REDAN_NODISCARD enum redan_status redan_python_method(struct redan_python_reader *r,
                                                      const struct redan_python_frame *f,
                                                      struct redan_python_value *v);
REDAN_NODISCARD enum redan_status redan_python_settle(struct redan_python_reader *r,
                                                      struct redan_python_frame *f,
                                                      struct redan_python_value *v);
REDAN_NODISCARD enum redan_status redan_python_push(struct redan_python_reader *r, char kind,
                                                    const struct redan_python_value *of);
REDAN_NODISCARD enum redan_status redan_python_close(struct redan_python_reader *r);
REDAN_NODISCARD enum redan_status redan_python_attribute(struct redan_python_reader *r,
                                                         struct redan_python_value *v,
                                                         struct redan_slice name);
REDAN_NODISCARD enum redan_status redan_python_step(struct redan_python_reader *r,
                                                    const struct redan_python_token *token);

#endif
