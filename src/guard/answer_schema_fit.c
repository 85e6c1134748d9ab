/* An answer held against a schema: each value by the schema that its holder gave it. */
#include <math.h>

#include "guard/answer_schema_parts.h"

static unsigned types_of(const struct redan_tape *tape, uint32_t at)
{
    switch (tape->values[at].kind) {
    case REDAN_JSON_OBJECT:
        return REDAN_SCHEMA_OBJECT;
    case REDAN_JSON_ARRAY:
        return REDAN_SCHEMA_ARRAY;
    case REDAN_JSON_TEXT:
        return REDAN_SCHEMA_STRING;
    case REDAN_JSON_NUMBER: {
        double value = redan_tape_number(tape, at);
        return REDAN_SCHEMA_NUMBER |
               (isfinite(value) && value == floor(value) ? REDAN_SCHEMA_INTEGER : 0);
    }
    case REDAN_JSON_TRUE:
    case REDAN_JSON_FALSE:
        return REDAN_SCHEMA_BOOLEAN;
    default:
        return REDAN_SCHEMA_NULL;
    }
}

static bool equals(const struct redan_tape *tape, uint32_t at, const struct redan_node *node)
{
    const struct redan_tape_value *value = &tape->values[at];
    double number = 0;
    bool truth = false;

    if (redan_node_number(node, &number))
        return value->kind == REDAN_JSON_NUMBER && redan_tape_number(tape, at) == number;
    if (redan_node_bool(node, &truth))
        return value->kind == (truth ? REDAN_JSON_TRUE : REDAN_JSON_FALSE);
    if (node->kind == REDAN_NODE_NULL || (node->plain && redan_slice_is(node->text, "null")))
        return value->kind == REDAN_JSON_NULL;
    return value->kind == REDAN_JSON_TEXT && redan_slice_eq(redan_tape_text(value), node->text);
}

static bool listed(const struct redan_tape *tape, uint32_t at, const struct redan_node *list)
{
    for (const struct redan_node *n = list->first; n; n = n->next)
        if (equals(tape, at, n))
            return true;
    return false;
}

static const char *scalar_fault(const struct redan_schema *schema, const struct redan_tape *tape,
                                uint32_t at, unsigned types)
{
    const struct redan_tape_value *value = &tape->values[at];

    if (schema->types && !(schema->types & types))
        return "type";
    if (schema->values && !listed(tape, at, schema->values))
        return "enum";
    if (schema->constant && !equals(tape, at, schema->constant))
        return "const";
    if (types & REDAN_SCHEMA_NUMBER) {
        double number = redan_tape_number(tape, at);
        if (number < schema->low)
            return "minimum";
        if (number > schema->high)
            return "maximum";
        if (number <= schema->low_over)
            return "exclusiveMinimum";
        if (number >= schema->high_under)
            return "exclusiveMaximum";
    }
    if (types & REDAN_SCHEMA_STRING) { /* code points: all bytes but those that continue one */
        size_t length = 0;
        for (size_t i = 0; i < value->text_len; i++)
            length += ((unsigned char)value->text[i] & 0xc0) != 0x80;
        if ((double)length < schema->length_low)
            return "minLength";
        if ((double)length > schema->length_high)
            return "maxLength";
    }
    return NULL;
}

static const char *object_fault(const struct redan_schema *schema, struct redan_tape *tape,
                                uint32_t at)
{
    for (const struct redan_node *n = schema->required ? schema->required->first : NULL; n;
         n = n->next)
        if (redan_tape_member(tape, at, n->text) == REDAN_TAPE_NONE)
            return "required";
    for (uint32_t i = at + 1; i < tape->values[at].after; i = redan_tape_next(tape, i)) {
        struct redan_slice key = redan_tape_key(&tape->values[i]);
        uint16_t found = REDAN_SCHEMA_NONE;
        for (size_t m = 0; m < schema->member_count && found == REDAN_SCHEMA_NONE; m++)
            if (redan_slice_eq(schema->members[m].name, key))
                found = schema->members[m].schema;
        if (found == REDAN_SCHEMA_NONE && schema->closed)
            return "additionalProperties";
        tape->values[i].schema = found == REDAN_SCHEMA_NONE ? REDAN_SCHEMA_ANY : found;
    }
    return NULL;
}

static const char *array_fault(const struct redan_schema *schema, struct redan_tape *tape,
                               uint32_t at)
{
    uint32_t count = tape->values[at].count;

    if (count < schema->items_low)
        return "minItems";
    if (count > schema->items_high)
        return "maxItems";
    for (uint32_t i = at + 1; i < tape->values[at].after; i = redan_tape_next(tape, i))
        tape->values[i].schema =
            schema->items == REDAN_SCHEMA_NONE ? REDAN_SCHEMA_ANY : schema->items;
    return NULL;
}

bool redan_answer_schema_fits(const struct redan_answer_schema *schema, struct redan_tape *tape,
                              uint32_t *at, const char **keyword)
{
    if (tape->len)
        tape->values[0].schema = schema->count ? 0 : REDAN_SCHEMA_ANY;
    for (uint32_t i = 0; i < tape->len;) { /* what holds a value comes before it */
        if (tape->values[i].schema >= REDAN_SCHEMA_ANY) {
            i = redan_tape_next(tape, i);
            continue;
        }
        const struct redan_schema *s = &schema->list[tape->values[i].schema];
        unsigned types = types_of(tape, i);
        const char *fault = scalar_fault(s, tape, i, types);
        if (!fault && (types & REDAN_SCHEMA_OBJECT))
            fault = object_fault(s, tape, i);
        if (!fault && (types & REDAN_SCHEMA_ARRAY))
            fault = array_fault(s, tape, i);
        if (fault) {
            *at = i;
            *keyword = fault;
            return false;
        }
        i++;
    }
    return true;
}
