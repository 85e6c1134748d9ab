/* Schemas as a list in which each refers to those of its members and items by number. */
#include "guard/answer_schema.h"

#include <math.h>

enum { NONE = 0xffff, ANY = 0xfffe };

enum type {
    TYPE_NULL = 1,
    TYPE_BOOLEAN = 2,
    TYPE_OBJECT = 4,
    TYPE_ARRAY = 8,
    TYPE_NUMBER = 16,
    TYPE_STRING = 32,
    TYPE_INTEGER = 64,
};

struct member {
    struct redan_slice name;
    uint16_t schema;
};

struct schema {
    unsigned types;                    /* 0: any */
    const struct redan_node *values;   /* enum; NULL: any */
    const struct redan_node *constant; /* const; NULL: any */
    const struct redan_node *required; /* names; NULL: none */
    struct member *members;
    size_t member_count;
    bool closed; /* additionalProperties: false */
    uint16_t items;
    double low, high, low_over, high_under; /* NaN: none */
    double items_low, items_high, length_low, length_high;
};

struct redan_answer_schema {
    struct schema *list;
    size_t count;
};

struct compiling {
    struct redan_problems *problems;
    const struct redan_node **nodes; /* by number */
    struct schema *list;
    size_t count;
    size_t room;
    enum redan_status status;
};

static const char *const annotations[] = {"$schema",     "$id",       "$comment", "title",
                                          "description", "default",   "examples", "deprecated",
                                          "readOnly",    "writeOnly", NULL};

static uint16_t push(struct compiling *c, const struct redan_node *node)
{
    bool any = false;

    if (redan_node_bool(node, &any) && any)
        return ANY;
    if (node->kind != REDAN_NODE_MAP) {
        redan_problem_add(c->problems, node, "write an object of keywords, or true",
                          "a schema is %s", redan_node_kind_name(node->kind));
        return ANY;
    }
    if (c->count == c->room) {
        redan_problem_add(c->problems, node, "make it smaller", "more than %zu schemas", c->room);
        return ANY;
    }
    c->nodes[c->count] = node;
    return (uint16_t)c->count++;
}

static void read_type(struct compiling *c, struct schema *schema, const struct redan_node *node)
{
    static const char *const words[] = {"null",   "boolean", "object",  "array",
                                        "number", "string",  "integer", NULL};
    const struct redan_node *item = node->kind == REDAN_NODE_LIST ? node->first : node;

    for (; item; item = node->kind == REDAN_NODE_LIST ? item->next : NULL) {
        unsigned type = 0;
        bool null = item->kind == REDAN_NODE_NULL; /* YAML's plain null */
        for (unsigned i = 0; words[i]; i++)
            if (redan_slice_is(item->text, words[i]) || (null && i == 0))
                type = 1U << i;
        if (!type || (item->kind != REDAN_NODE_TEXT && !null))
            redan_problem_add(c->problems, item,
                              "null, boolean, object, array, number, string, integer",
                              "no such type");
        schema->types |= type;
    }
    if (!schema->types)
        redan_problem_add(c->problems, node, "name at least one", "type names nothing");
}

static void read_values(struct compiling *c, struct schema *schema, const struct redan_node *node)
{
    if (node->kind != REDAN_NODE_LIST || node->count == 0 ||
        node->count > REDAN_ANSWER_SCHEMA_WORDS) {
        redan_problem_add(c->problems, node, "a list of texts, numbers, true, false, null",
                          "enum is not a list of 1 to %d values", REDAN_ANSWER_SCHEMA_WORDS);
        return;
    }
    for (const struct redan_node *n = node->first; n; n = n->next)
        if (n->kind == REDAN_NODE_LIST || n->kind == REDAN_NODE_MAP)
            redan_problem_add(c->problems, n, "only texts, numbers, true, false, null",
                              "enum with %s", redan_node_kind_name(n->kind));
    schema->values = node;
}

static void read_constant(struct compiling *c, struct schema *schema, const struct redan_node *node)
{
    if (node->kind == REDAN_NODE_LIST || node->kind == REDAN_NODE_MAP)
        redan_problem_add(c->problems, node, "only a text, a number, true, false, null",
                          "const is %s", redan_node_kind_name(node->kind));
    schema->constant = node;
}

static void read_required(struct compiling *c, struct schema *schema, const struct redan_node *node)
{
    bool good = node->kind == REDAN_NODE_LIST && node->count <= REDAN_ANSWER_SCHEMA_WORDS;

    for (const struct redan_node *n = good ? node->first : NULL; n; n = n->next)
        good = good && n->kind == REDAN_NODE_TEXT;
    if (!good)
        redan_problem_add(c->problems, node, "[predictions]", "required is not a list of names");
    else
        schema->required = node;
}

static void read_members(struct compiling *c, struct schema *schema, const struct redan_node *node)
{
    if (node->kind != REDAN_NODE_MAP) {
        redan_problem_add(c->problems, node, "{NAME: SCHEMA}", "properties is %s",
                          redan_node_kind_name(node->kind));
        return;
    }
    schema->members = redan_take_array(c->problems->ctx, node->count + 1, sizeof(*schema->members));
    if (!schema->members) {
        c->status = REDAN_E_MEMORY;
        return;
    }
    for (const struct redan_node *n = node->first; n; n = n->next)
        schema->members[schema->member_count++] =
            (struct member){.name = n->key, .schema = push(c, n)};
}

static void read_additional(struct compiling *c, struct schema *schema,
                            const struct redan_node *node)
{
    bool more = true;

    if (!redan_node_bool(node, &more))
        redan_problem_add(c->problems, node, "true or false",
                          "additionalProperties is no true or false");
    schema->closed = !more;
}

static void read_items(struct compiling *c, struct schema *schema, const struct redan_node *node)
{
    schema->items = push(c, node);
}

struct keyword {
    const char *name;
    size_t offset; /* of a number */
    bool count;    /* a whole number from 0 */
    void (*read)(struct compiling *c, struct schema *schema, const struct redan_node *node);
};

static const struct keyword keywords[] = {
    {"type", 0, false, read_type},
    {"enum", 0, false, read_values},
    {"const", 0, false, read_constant},
    {"required", 0, false, read_required},
    {"properties", 0, false, read_members},
    {"additionalProperties", 0, false, read_additional},
    {"items", 0, false, read_items},
    {"minimum", offsetof(struct schema, low), false, NULL},
    {"maximum", offsetof(struct schema, high), false, NULL},
    {"exclusiveMinimum", offsetof(struct schema, low_over), false, NULL},
    {"exclusiveMaximum", offsetof(struct schema, high_under), false, NULL},
    {"minItems", offsetof(struct schema, items_low), true, NULL},
    {"maxItems", offsetof(struct schema, items_high), true, NULL},
    {"minLength", offsetof(struct schema, length_low), true, NULL},
    {"maxLength", offsetof(struct schema, length_high), true, NULL},
};

static void read_keyword(struct compiling *c, struct schema *schema, const struct redan_node *node)
{
    for (size_t i = 0; i < REDAN_COUNT(keywords); i++) {
        const struct keyword *keyword = &keywords[i];
        double value = 0;
        if (!redan_slice_is(node->key, keyword->name))
            continue;
        if (keyword->read) {
            keyword->read(c, schema, node);
            return;
        }
        if (!redan_node_number(node, &value) ||
            (keyword->count && (value < 0 || value != floor(value))))
            redan_problem_add(c->problems, node, keyword->count ? "0, 1, 2 ..." : "a number",
                              "%s is no %snumber", keyword->name, keyword->count ? "whole " : "");
        *(double *)(void *)((char *)schema + keyword->offset) = value;
        return;
    }
    if (!redan_slice_among(annotations, node->key))
        redan_problem_add_key(
            c->problems, node, "leave it out; docs/guard-answers.md lists what is checked",
            "the keyword '%s' is not checked here", redan_snippet_of(node->key).text);
}

static enum redan_status compile(struct redan_problems *problems, const struct redan_node *node,
                                 struct redan_answer_schema *made)
{
    struct redan_ctx *ctx = problems->ctx;
    struct compiling c = {.problems = problems, .room = REDAN_ANSWER_SCHEMAS};
    size_t cap = 0;

    if (!node) {
        redan_problem_add(problems, NULL, "a JSON schema", "there is no schema");
        return REDAN_OK;
    }
    c.nodes = redan_take_array(ctx, c.room, sizeof(const struct redan_node *));
    if (!c.nodes)
        return REDAN_E_MEMORY;
    (void)push(&c, node);
    /* a schema is read after the one that holds it: the list is its own queue */
    for (size_t i = 0; i < c.count && c.status == REDAN_OK; i++) {
        if (i == cap) {
            cap = cap ? cap * 2 : 16;
            struct schema *list = redan_take_array(ctx, cap, sizeof(*list));
            if (!list)
                return REDAN_E_MEMORY;
            for (size_t k = 0; k < i; k++)
                list[k] = c.list[k];
            c.list = list;
        }
        struct schema *schema = &c.list[i];
        *schema = (struct schema){.items = NONE,
                                  .low = NAN,
                                  .high = NAN,
                                  .low_over = NAN,
                                  .high_under = NAN,
                                  .items_low = NAN,
                                  .items_high = NAN,
                                  .length_low = NAN,
                                  .length_high = NAN};
        for (const struct redan_node *n = c.nodes[i]->first; n; n = n->next)
            read_keyword(&c, schema, n);
    }
    *made = (struct redan_answer_schema){.list = c.list, .count = c.count};
    return c.status;
}

enum redan_status redan_answer_schema_check(struct redan_problems *problems,
                                            const struct redan_node *node)
{
    struct redan_answer_schema made;

    return compile(problems, node, &made);
}

enum redan_status redan_answer_schema_compile(struct redan_ctx *ctx, const struct redan_node *node,
                                              const struct redan_answer_schema **schema)
{
    struct redan_answer_schema *made = redan_take(ctx, sizeof(*made));
    struct redan_problems problems;

    if (!made)
        return REDAN_E_MEMORY;
    redan_problems_init(&problems, ctx, REDAN_S("the schema of answers"));
    REDAN_TRY(compile(&problems, node, made));
    if (problems.count)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "%.*s",
                          problems.first ? (int)problems.first->text.len : 0,
                          problems.first ? problems.first->text.at : "");
    *schema = made;
    return REDAN_OK;
}

/* --- applying ------------------------------------------------------------------------------------------------------------ */

static unsigned types_of(const struct redan_tape *tape, uint32_t at)
{
    switch (tape->values[at].kind) {
    case REDAN_JSON_OBJECT:
        return TYPE_OBJECT;
    case REDAN_JSON_ARRAY:
        return TYPE_ARRAY;
    case REDAN_JSON_TEXT:
        return TYPE_STRING;
    case REDAN_JSON_NUMBER: {
        double value = redan_tape_number(tape, at);
        return TYPE_NUMBER | (isfinite(value) && value == floor(value) ? TYPE_INTEGER : 0);
    }
    case REDAN_JSON_TRUE:
    case REDAN_JSON_FALSE:
        return TYPE_BOOLEAN;
    default:
        return TYPE_NULL;
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

static const char *scalar_fault(const struct schema *schema, const struct redan_tape *tape,
                                uint32_t at, unsigned types)
{
    const struct redan_tape_value *value = &tape->values[at];

    if (schema->types && !(schema->types & types))
        return "type";
    if (schema->values && !listed(tape, at, schema->values))
        return "enum";
    if (schema->constant && !equals(tape, at, schema->constant))
        return "const";
    if (types & TYPE_NUMBER) {
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
    if (types & TYPE_STRING) { /* code points: all bytes but those that continue one */
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

static const char *object_fault(const struct schema *schema, struct redan_tape *tape, uint32_t at)
{
    for (const struct redan_node *n = schema->required ? schema->required->first : NULL; n;
         n = n->next)
        if (redan_tape_member(tape, at, n->text) == REDAN_TAPE_NONE)
            return "required";
    for (uint32_t i = at + 1; i < tape->values[at].after; i = redan_tape_next(tape, i)) {
        struct redan_slice key = redan_tape_key(&tape->values[i]);
        uint16_t found = NONE;
        for (size_t m = 0; m < schema->member_count && found == NONE; m++)
            if (redan_slice_eq(schema->members[m].name, key))
                found = schema->members[m].schema;
        if (found == NONE && schema->closed)
            return "additionalProperties";
        tape->values[i].schema = found == NONE ? ANY : found;
    }
    return NULL;
}

static const char *array_fault(const struct schema *schema, struct redan_tape *tape, uint32_t at)
{
    uint32_t count = tape->values[at].count;

    if (count < schema->items_low)
        return "minItems";
    if (count > schema->items_high)
        return "maxItems";
    for (uint32_t i = at + 1; i < tape->values[at].after; i = redan_tape_next(tape, i))
        tape->values[i].schema = schema->items == NONE ? ANY : schema->items;
    return NULL;
}

bool redan_answer_schema_fits(const struct redan_answer_schema *schema, struct redan_tape *tape,
                              uint32_t *at, const char **keyword)
{
    if (tape->len)
        tape->values[0].schema = schema->count ? 0 : ANY;
    for (uint32_t i = 0; i < tape->len;) { /* what holds a value comes before it */
        if (tape->values[i].schema >= ANY) {
            i = redan_tape_next(tape, i);
            continue;
        }
        const struct schema *s = &schema->list[tape->values[i].schema];
        unsigned types = types_of(tape, i);
        const char *fault = scalar_fault(s, tape, i, types);
        if (!fault && (types & TYPE_OBJECT))
            fault = object_fault(s, tape, i);
        if (!fault && (types & TYPE_ARRAY))
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
