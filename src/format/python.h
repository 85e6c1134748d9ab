/* Inside format: tokens of Python source. */
#ifndef REDAN_FORMAT_PYTHON_H
#define REDAN_FORMAT_PYTHON_H

#include "base/ctx.h"

enum redan_python_lexeme {
    REDAN_PY_END,
    REDAN_PY_LINE,   /* the end of a logical line */
    REDAN_PY_INDENT, /* the first thing of a logical line stands in column `number` */
    REDAN_PY_NAME,
    REDAN_PY_TEXT,
    REDAN_PY_NUMBER,
    REDAN_PY_PUNCT,
};

struct redan_python_token {
    enum redan_python_lexeme kind;
    struct redan_slice text; /* a TEXT without prefix and quotes, as written */
    uint64_t number;
    size_t offset;
    bool raw, format, bytes; /* prefixes of a TEXT */
};

struct redan_python_lex {
    struct redan_slice text;
    size_t at;
    size_t brackets;
    bool begun;  /* a logical line is open */
    bool broken; /* a text without its end */
};

struct redan_python_token redan_python_next(struct redan_python_lex *lex);

#endif
