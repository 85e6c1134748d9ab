/* Inside format: tokens and values of the Jinja reader. */
#ifndef REDAN_FORMAT_JINJA_PARTS_H
#define REDAN_FORMAT_JINJA_PARTS_H

#include "format/jinja.h"

enum redan_jinja_lexeme {
    REDAN_JINJA_T_END, /* of the block */
    REDAN_JINJA_T_NAME,
    REDAN_JINJA_T_TEXT,
    REDAN_JINJA_T_NUMBER,
    REDAN_JINJA_T_PUNCT, /* one or two characters: `text` */
    REDAN_JINJA_T_BAD,
};

/* A place to put texts that are made; full, it gives nothing. */
struct redan_jinja_pool {
    char *at;
    size_t len, cap;
    size_t work; /* bytes that were folded so far */
};

struct redan_jinja_token {
    enum redan_jinja_lexeme kind;
    struct redan_slice text; /* a TEXT decoded */
    uint64_t number;
    bool unknown; /* a TEXT that could not be kept whole */
    size_t offset;
};

enum { REDAN_JINJA_SEPARATOR = 0x1f }; /* between the items of a list of texts */

/* What is known of a value. */
struct redan_jinja_value {
    struct redan_slice
        text; /* CONSTANT or partly known; the items of a `list`, each with a separator after it */
    struct redan_slice root; /* first name of its chain */
    struct redan_slice last; /* last name of it */
    uint64_t number;
    bool constant; /* the text is known, but for holes where `partial` */
    bool partial;
    bool built;
    bool list;
    bool numeric; /* the number is known */
    bool free;
    bool hidden;
    bool computed; /* an element whose name was computed */
};

/* The token at `*at` of a block's inside; `open` counts brackets, in which "}}" and "%}" are no ends. */
struct redan_jinja_token redan_jinja_token_next(struct redan_slice text, size_t *at, size_t *open,
                                                bool statement, struct redan_jinja_pool *pool);

/* A text in the pool; an unknown value when it does not fit. */
struct redan_jinja_value redan_jinja_made(struct redan_jinja_pool *pool, struct redan_slice a,
                                          struct redan_slice b);
/* a ~ b, a + b */
struct redan_jinja_value redan_jinja_concat(struct redan_jinja_pool *pool,
                                            const struct redan_jinja_value *a,
                                            const struct redan_jinja_value *b);
/* text % items, with %s, %d and %c */
struct redan_jinja_value redan_jinja_percent(struct redan_jinja_pool *pool,
                                             const struct redan_jinja_value *format,
                                             const struct redan_jinja_value *items);
/* text.format(items), with {} and {0} */
struct redan_jinja_value redan_jinja_braces(struct redan_jinja_pool *pool,
                                            const struct redan_jinja_value *format,
                                            const struct redan_jinja_value *items);
struct redan_jinja_value redan_jinja_repeat(struct redan_jinja_pool *pool,
                                            const struct redan_jinja_value *text, uint64_t times);
/* A filter or method that makes a text of texts: join, lower, upper, reverse, replace, first, last, trim, list ...; unknown for any other. */
struct redan_jinja_value redan_jinja_apply(struct redan_jinja_pool *pool, struct redan_slice name,
                                           const struct redan_jinja_value *value,
                                           const struct redan_jinja_value *items);
/* text[index] and text[from:to:step]; `set` bits say which of the three are there, `minus` which are negative. */
struct redan_jinja_value redan_jinja_slice(struct redan_jinja_pool *pool,
                                           const struct redan_jinja_value *value,
                                           const uint64_t part[3], unsigned set, unsigned minus,
                                           bool range);
/* The n-th item of a list value. */
bool redan_jinja_item(const struct redan_jinja_value *list, size_t n, struct redan_slice *item);

#endif
