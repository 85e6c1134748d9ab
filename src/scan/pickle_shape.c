/* Argument shapes of the tables: "g[Tr]x|rr*" against the arguments of a call. */
#include "scan/pickle_judge.h"

static bool letter_fits(char letter, const struct redan_pickle_value *value, bool *free_text)
{
    bool text = value->kind == REDAN_PICKLE_TEXT || value->kind == REDAN_PICKLE_BYTES;

    switch (letter) {
    case 'n':
        return value->kind == REDAN_PICKLE_NONE;
    case 'i':
    case 'b':
        return value->kind == REDAN_PICKLE_INT || value->kind == REDAN_PICKLE_BOOL;
    case 'f':
        return value->kind == REDAN_PICKLE_FLOAT;
    case 'N':
        return value->kind == REDAN_PICKLE_INT || value->kind == REDAN_PICKLE_BOOL ||
               value->kind == REDAN_PICKLE_FLOAT;
    case 't':
        return value->kind == REDAN_PICKLE_TEXT;
    case 'x': /* bytes are also what other calls and buffers give */
        *free_text |= text;
        return text || value->kind == REDAN_PICKLE_RESULT || value->kind == REDAN_PICKLE_UNKNOWN;
    case 'T':
        return value->kind == REDAN_PICKLE_TUPLE;
    case 'l':
        return value->kind == REDAN_PICKLE_LIST;
    case 'd':
        return value->kind == REDAN_PICKLE_DICT;
    case 's':
        return value->kind == REDAN_PICKLE_SET;
    case 'g':
        return value->kind == REDAN_PICKLE_GLOBAL;
    case 'r':
        return value->kind == REDAN_PICKLE_RESULT;
    case 'p':
        return value->kind == REDAN_PICKLE_PERSISTENT;
    case 'u':
        return value->kind == REDAN_PICKLE_UNKNOWN;
    default:
        return false;
    }
}

/* One shape. What the machine did not keep fits: it keeps the first of them. */
static bool fits(struct redan_pickle *pickle, struct redan_slice shape,
                 const struct redan_pickle_value *args, bool *free_text)
{
    struct redan_pickle_value item;
    uint64_t i = 0;

    for (size_t at = 0; at < shape.len; at++, i++) {
        bool any = false;

        if (shape.at[at] == '*')
            return true;
        if (shape.at[at] == '~') {
            *free_text = true;
            return true;
        }
        bool there = i < args->at;
        bool kept = there && redan_pickle_item(pickle, args, i, &item);
        if (shape.at[at] == '[') {
            for (at++; at < shape.len && shape.at[at] != ']'; at++)
                any |= kept && letter_fits(shape.at[at], &item, free_text);
        } else {
            any = kept && letter_fits(shape.at[at], &item, free_text);
        }
        if (!there || (kept && !any))
            return false;
    }
    return i == args->at;
}

bool redan_shape_fits(struct redan_pickle *pickle, struct redan_slice shapes,
                      const struct redan_pickle_value *args, bool *free_text)
{
    struct redan_slice shape;
    bool more = true;

    if (args->kind != REDAN_PICKLE_TUPLE)
        return false;
    while (more) {
        bool loose = false;

        more = redan_slice_cut(shapes, '|', &shape, &shapes);
        if (fits(pickle, shape, args, &loose)) {
            *free_text = loose;
            return true;
        }
    }
    return false;
}
