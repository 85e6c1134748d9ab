/* What compiling a schema of answers and holding an answer against it share. */
#ifndef REDAN_GUARD_ANSWER_SCHEMA_PARTS_H
#define REDAN_GUARD_ANSWER_SCHEMA_PARTS_H

#include "guard/answer_schema.h"

/* Numbers of schemas that stand for none, and for one that everything fits. */
enum { REDAN_SCHEMA_NONE = 0xffff, REDAN_SCHEMA_ANY = 0xfffe };

enum redan_schema_type {
    REDAN_SCHEMA_NULL = 1,
    REDAN_SCHEMA_BOOLEAN = 2,
    REDAN_SCHEMA_OBJECT = 4,
    REDAN_SCHEMA_ARRAY = 8,
    REDAN_SCHEMA_NUMBER = 16,
    REDAN_SCHEMA_STRING = 32,
    REDAN_SCHEMA_INTEGER = 64,
};

struct redan_schema_member {
    struct redan_slice name;
    uint16_t schema;
};

struct redan_schema {
    unsigned types;                    /* 0: any */
    const struct redan_node *values;   /* enum; NULL: any */
    const struct redan_node *constant; /* const; NULL: any */
    const struct redan_node *required; /* names; NULL: none */
    struct redan_schema_member *members;
    size_t member_count;
    bool closed; /* additionalProperties: false */
    uint16_t items;
    double low, high, low_over, high_under; /* NaN: none */
    double items_low, items_high, length_low, length_high;
};

struct redan_answer_schema {
    struct redan_schema *list;
    size_t count;
};

#endif
