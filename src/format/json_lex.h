/* Inside format: the tokens of JSON as lenient loaders take it, from a source of any size. */
#ifndef REDAN_FORMAT_JSON_LEX_H
#define REDAN_FORMAT_JSON_LEX_H

#include "base/source.h"

enum redan_json_lexeme {
    REDAN_LEX_END,
    REDAN_LEX_PUNCT, /* one of { } [ ] , : */
    REDAN_LEX_TEXT,
    REDAN_LEX_NUMBER, /* NaN, Infinity and -Infinity too */
    REDAN_LEX_TRUE,
    REDAN_LEX_FALSE,
    REDAN_LEX_NULL,
    REDAN_LEX_BAD,
};

struct redan_json_lex {
    struct redan_ctx *ctx;
    struct redan_source *source;
    const char *at, *end; /* bytes at hand */
    uint64_t base;        /* offset of `end` */
    char *own;            /* a copy of them: whoever listens may look at the source too */
    char *text;           /* a text that could not be borrowed */
    size_t text_len, text_cap, text_most;
    char last; /* the byte before, to see the marks of a template across a cut */

    /* of the last token */
    char punct;
    uint64_t offset;
    struct redan_slice
        value; /* TEXT decoded, at most text_most bytes; NUMBER: the spelling; borrowed until the next token */
    uint64_t length; /* of the whole text */
    bool hidden;     /* what was cut off has the marks of a template */
};

/* Texts are kept up to `most` bytes. */
void redan_json_lex_init(struct redan_json_lex *lex, struct redan_ctx *ctx,
                         struct redan_source *source, size_t most);
void redan_json_lex_done(struct redan_json_lex *lex);
/* A failure means that the source or the machine refused; text that is no JSON is a BAD token, which stays. */
REDAN_NODISCARD enum redan_status redan_json_lex_next(struct redan_json_lex *lex,
                                                      enum redan_json_lexeme *lexeme);

#endif
