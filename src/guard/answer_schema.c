/* Schemas as a list in which each refers to those of its members and items by number. */
#include <math.h>

#include "guard/answer_schema_parts.h"

struct compiling {
    struct redan_problems *problems;
    const struct redan_node **nodes; /* by number */
    struct redan_schema *list;
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
        return REDAN_SCHEMA_ANY;
    if (node->kind != REDAN_NODE_MAP) {
        redan_problem_add(c->problems, node, "write an object of keywords, or true",
                          "a schema is %s", redan_node_kind_name(node->kind));
        return REDAN_SCHEMA_ANY;
    }
    if (c->count == c->room) {
        redan_problem_add(c->problems, node, "make it smaller", "more than %zu schemas", c->room);
        return REDAN_SCHEMA_ANY;
    }
    c->nodes[c->count] = node;
    return (uint16_t)c->count++;
}

static void read_type(struct compiling *c, struct redan_schema *schema,
                      const struct redan_node *node)
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

static void read_values(struct compiling *c, struct redan_schema *schema,
                        const struct redan_node *node)
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

static void read_constant(struct compiling *c, struct redan_schema *schema,
                          const struct redan_node *node)
{
    if (node->kind == REDAN_NODE_LIST || node->kind == REDAN_NODE_MAP)
        redan_problem_add(c->problems, node, "only a text, a number, true, false, null",
                          "const is %s", redan_node_kind_name(node->kind));
    schema->constant = node;
}

static void read_required(struct compiling *c, struct redan_schema *schema,
                          const struct redan_node *node)
{
    bool good = node->kind == REDAN_NODE_LIST && node->count <= REDAN_ANSWER_SCHEMA_WORDS;

    for (const struct redan_node *n = good ? node->first : NULL; n; n = n->next)
        good = good && n->kind == REDAN_NODE_TEXT;
    if (!good)
        redan_problem_add(c->problems, node, "[predictions]", "required is not a list of names");
    else
        schema->required = node;
}

static void read_members(struct compiling *c, struct redan_schema *schema,
                         const struct redan_node *node)
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
            (struct redan_schema_member){.name = n->key, .schema = push(c, n)};
}

static void read_additional(struct compiling *c, struct redan_schema *schema,
                            const struct redan_node *node)
{
    bool more = true;

    if (!redan_node_bool(node, &more))
        redan_problem_add(c->problems, node, "true or false",
                          "additionalProperties is no true or false");
    schema->closed = !more;
}

static void read_items(struct compiling *c, struct redan_schema *schema,
                       const struct redan_node *node)
{
    schema->items = push(c, node);
}

struct keyword {
    const char *name;
    size_t offset; /* of a number */
    bool count;    /* a whole number from 0 */
    void (*read)(struct compiling *c, struct redan_schema *schema, const struct redan_node *node);
};

static const struct keyword keywords[] = {
    {"type", 0, false, read_type},
    {"enum", 0, false, read_values},
    {"const", 0, false, read_constant},
    {"required", 0, false, read_required},
    {"properties", 0, false, read_members},
    {"additionalProperties", 0, false, read_additional},
    {"items", 0, false, read_items},
    {"minimum", offsetof(struct redan_schema, low), false, NULL},
    {"maximum", offsetof(struct redan_schema, high), false, NULL},
    {"exclusiveMinimum", offsetof(struct redan_schema, low_over), false, NULL},
    {"exclusiveMaximum", offsetof(struct redan_schema, high_under), false, NULL},
    {"minItems", offsetof(struct redan_schema, items_low), true, NULL},
    {"maxItems", offsetof(struct redan_schema, items_high), true, NULL},
    {"minLength", offsetof(struct redan_schema, length_low), true, NULL},
    {"maxLength", offsetof(struct redan_schema, length_high), true, NULL},
};

static void read_keyword(struct compiling *c, struct redan_schema *schema,
                         const struct redan_node *node)
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
            struct redan_schema *list = redan_take_array(ctx, cap, sizeof(*list));
            if (!list)
                return REDAN_E_MEMORY;
            for (size_t k = 0; k < i; k++)
                list[k] = c.list[k];
            c.list = list;
        }
        struct redan_schema *schema = &c.list[i];
        *schema = (struct redan_schema){.items = REDAN_SCHEMA_NONE,
                                        .low = (double)NAN,
                                        .high = (double)NAN,
                                        .low_over = (double)NAN,
                                        .high_under = (double)NAN,
                                        .items_low = (double)NAN,
                                        .items_high = (double)NAN,
                                        .length_low = (double)NAN,
                                        .length_high = (double)NAN};
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
