/* TensorFlow's SavedModels, MetaGraphs and GraphDefs: every node of the graph and of its functions, the texts and paths it is given, and what Keras
 * left in the object graph. */
#include <string.h>

#include "base/map.h"
#include "format/tensorflow.h"

enum message {
    SAVED_MODEL = REDAN_TF_SAVED_MODEL,
    META_GRAPH = REDAN_TF_META_GRAPH,
    GRAPH = REDAN_TF_GRAPH,
    NODE,
    ATTRIBUTE,
    VALUE,
    LIST,
    TENSOR,
    NAMED, /* NameAttrList: a function with attributes */
    LIBRARY,
    FUNCTION,
    ASSET,
    OBJECTS,
    OBJECT,
    USER_OBJECT,
    MESSAGES
};

enum {
    INPUTS = 3,       /* of a node that are remembered */
    CONSTANTS = 1024, /* text constants of a graph that are remembered */
    PENDING = 256,    /* nodes whose path is looked up when their graph is over */
    PATH = 256,
    TOLD = 64, /* texts of one constant that are told, whatever they say */
    TEXT_LEAST = 4,
    LONGEST = 64 << 10, /* bytes of a text that are shown */
};

static const struct redan_wire_into in_saved_model[] = {{2, META_GRAPH}, {0, 0}};
static const struct redan_wire_into in_meta_graph[] = {
    {2, GRAPH}, {6, ASSET}, {7, OBJECTS}, {0, 0}};
static const struct redan_wire_into in_graph[] = {{1, NODE}, {2, LIBRARY}, {0, 0}};
static const struct redan_wire_into in_node[] = {{5, ATTRIBUTE}, {0, 0}};
static const struct redan_wire_into in_attribute[] = {{2, VALUE}, {0, 0}};
static const struct redan_wire_into in_value[] = {{1, LIST}, {8, TENSOR}, {10, NAMED}, {0, 0}};
static const struct redan_wire_into in_list[] = {{8, TENSOR}, {9, NAMED}, {0, 0}};
static const struct redan_wire_into in_named[] = {{2, ATTRIBUTE}, {0, 0}};
static const struct redan_wire_into in_library[] = {{1, FUNCTION}, {0, 0}};
static const struct redan_wire_into in_function[] = {{3, NODE}, {0, 0}};
static const struct redan_wire_into in_objects[] = {{1, OBJECT}, {0, 0}};
static const struct redan_wire_into in_object[] = {{4, USER_OBJECT}, {0, 0}};
static const struct redan_wire_into *const shapes[MESSAGES] = {[SAVED_MODEL] = in_saved_model,
                                                               [META_GRAPH] = in_meta_graph,
                                                               [GRAPH] = in_graph,
                                                               [NODE] = in_node,
                                                               [ATTRIBUTE] = in_attribute,
                                                               [VALUE] = in_value,
                                                               [LIST] = in_list,
                                                               [NAMED] = in_named,
                                                               [LIBRARY] = in_library,
                                                               [FUNCTION] = in_function,
                                                               [OBJECTS] = in_objects,
                                                               [OBJECT] = in_object};

struct node {
    uint64_t at;
    struct redan_wire_word op, name;
    struct redan_wire_word inputs[INPUTS];
    size_t count; /* of inputs */
};

struct constant {
    uint64_t name; /* hash */
    size_t len;
    char path[PATH];
};

/* A node that was told, whose path is a constant that may come later. */
struct pending {
    uint64_t at;
    uint64_t input; /* hash */
    struct redan_wire_word op, name;
};

struct tf {
    struct redan_wire_walk walk;
    const struct redan_listener *to;
    struct node node;
    struct redan_wire_word function; /* empty in the graph itself */
    struct redan_wire_word key;      /* of the attribute */
    size_t texts;                    /* of the constant */
    struct constant *constants;
    size_t constant_count, function_constants;
    struct pending *pending;
    size_t pending_count, function_pending;
    bool lost; /* a constant or a path was not remembered */
    uint64_t objects;
    struct redan_wire_word identifier;
};

static struct redan_slice of(const struct redan_wire_word *word)
{
    return redan_wire_word(word);
}

static uint64_t hash_of(const struct tf *t, struct redan_slice s)
{
    struct redan_slice name = s;

    if (name.len && name.at[0] == '^') /* a control input */
        name = redan_slice_sub(name, 1, name.len);
    struct redan_slice rest;
    (void)redan_slice_cut(name, ':', &name, &rest); /* "node:output:0" */
    return redan_hash(t->walk.wire.ctx->seed, name);
}

/* Name, operator and inputs first, whatever the order of the fields; of a field that is there twice the last counts. */
static void look_ahead(struct tf *t, const struct redan_wire_field *at)
{
    struct redan_wire wire;
    struct redan_wire_field field;

    t->node.at = at->at;
    t->node.op.len = t->node.name.len = t->node.count = 0;
    redan_wire_init(&wire, t->walk.wire.ctx, t->walk.wire.source, at->offset, at->length);
    while (redan_wire_next(&wire, &field)) {
        if (field.number == 1)
            redan_wire_keep(&wire, &field, &t->node.name);
        if (field.number == 2)
            redan_wire_keep(&wire, &field, &t->node.op);
        if (field.number == 3 && t->node.count < INPUTS)
            redan_wire_keep(&wire, &field, &t->node.inputs[t->node.count++]);
    }
}

static enum redan_status tell_path(struct tf *t, struct redan_slice op, struct redan_slice name,
                                   struct redan_slice text, uint64_t at)
{
    return redan_tell(t->to, &(struct redan_fact){.kind = REDAN_FACT_LINK,
                                                  .what = "tensorflow-path",
                                                  .offset = at,
                                                  .number = t->function.len ? 1 : 0,
                                                  .module = op,
                                                  .name = name,
                                                  .text = text});
}

/* Restoring is often one node for each variable, all of one path. */
static bool is_pending(const struct tf *t, uint64_t input)
{
    if (!redan_slice_starts(of(&t->node.op), REDAN_S("Restore")))
        return false;
    for (size_t i = t->pending_count; i > 0; i--) {
        if (t->pending[i - 1].input == input &&
            redan_slice_eq(of(&t->pending[i - 1].op), of(&t->node.op)))
            return true;
    }
    return false;
}

static enum redan_status pend(struct tf *t, uint64_t input)
{
    if (!t->pending)
        t->pending = redan_take_array(t->walk.wire.ctx, PENDING, sizeof(*t->pending));
    if (!t->pending)
        return REDAN_E_MEMORY;
    if (is_pending(t, input))
        return REDAN_OK;
    if (t->pending_count == PENDING) {
        t->lost = true;
        return REDAN_OK;
    }
    t->pending[t->pending_count++] =
        (struct pending){.at = t->node.at, .input = input, .op = t->node.op, .name = t->node.name};
    return REDAN_OK;
}

static enum redan_status node_begins(struct tf *t, const struct redan_wire_field *field)
{
    look_ahead(t, field);
    REDAN_TRY(redan_tell(t->to, &(struct redan_fact){.kind = REDAN_FACT_OPERATOR,
                                                     .what = "tensorflow",
                                                     .offset = t->node.at,
                                                     .number = t->function.len ? 1 : 0,
                                                     .module = of(&t->function),
                                                     .name = of(&t->node.op),
                                                     .text = of(&t->node.name)}));
    int input = redan_tf_path_input(of(&t->node.op));
    if (input < 0 || (size_t)input >= t->node.count)
        return REDAN_OK;
    return pend(t, hash_of(t, of(&t->node.inputs[input])));
}

/* A graph or function is over: what its path constants are. */
static enum redan_status settle(struct tf *t, size_t pending, size_t constants)
{
    for (size_t i = pending; i < t->pending_count; i++) {
        const struct pending *p = &t->pending[i];

        for (size_t k = constants; k < t->constant_count; k++) {
            const struct constant *c = &t->constants[k];

            if (c->name == p->input)
                REDAN_TRY(tell_path(t, of(&p->op), of(&p->name),
                                    (struct redan_slice){c->path, c->len}, p->at));
        }
    }
    bool lost = t->lost && t->pending_count > pending;

    t->pending_count = pending;
    t->constant_count = constants;
    t->lost = t->lost && !lost;
    return lost ? redan_tell_unread(t->to, REDAN_UNREAD_BUDGET, 0, 0,
                                    REDAN_S("more paths and texts of a graph than are followed"))
                : REDAN_OK;
}

static enum redan_status remember(struct tf *t, struct redan_slice text)
{
    if (text.len > PATH || text.len == 0)
        return REDAN_OK;
    if (t->constant_count == CONSTANTS) {
        t->lost = true;
        return REDAN_OK;
    }
    if (!t->constants)
        t->constants = redan_take_array(t->walk.wire.ctx, CONSTANTS, sizeof(*t->constants));
    if (!t->constants)
        return REDAN_E_MEMORY;
    struct constant *c = &t->constants[t->constant_count++];
    c->name = hash_of(t, of(&t->node.name));
    c->len = text.len;
    memcpy(c->path, text.at, text.len);
    return REDAN_OK;
}

/* One text of a constant: a graph of its own, a path, or words. */
static enum redan_status constant_text(struct tf *t, const struct redan_wire_field *field)
{
    struct redan_wire *wire = &t->walk.wire;
    struct redan_slice text = redan_wire_text(wire, field, LONGEST);

    if (text.len > 8 &&
        redan_tf_sniff(wire->ctx, wire->source, field->offset, field->length) != REDAN_TF_NONE)
        return redan_tell(t->to, &(struct redan_fact){.kind = REDAN_FACT_MEMBER,
                                                      .offset = field->offset,
                                                      .name = of(&t->node.name),
                                                      .part = {.offset = field->offset,
                                                               .size = field->length,
                                                               .unpacked = field->length}});
    text = redan_wire_text(wire, field, LONGEST);
    if (t->texts < INPUTS)
        REDAN_TRY(remember(t, text));
    if (text.len < TEXT_LEAST || (t->texts++ >= TOLD && !redan_tf_leads_away(text)))
        return REDAN_OK;
    return redan_wire_tell_text(wire, t->to, of(&t->node.name), field);
}

static enum redan_status attribute_text(struct tf *t, const struct redan_wire_field *field)
{
    struct redan_slice text = {"", 0};

    if (field->type != REDAN_WIRE_BYTES || field->length > PATH)
        return REDAN_OK;
    text = redan_wire_text(&t->walk.wire, field, PATH);
    if (!redan_tf_leads_away(text))
        return REDAN_OK;
    return tell_path(t, of(&t->node.op), of(&t->key), text, field->offset);
}

static enum redan_status object_metadata(struct tf *t, const struct redan_wire_field *field)
{
    struct redan_slice text = redan_wire_text(&t->walk.wire, field, 1);

    if (!redan_slice_is(text, "{"))
        return REDAN_OK;
    return redan_tell(t->to, &(struct redan_fact){.kind = REDAN_FACT_MEMBER,
                                                  .offset = field->offset,
                                                  .name = of(&t->identifier),
                                                  .part = {.offset = field->offset,
                                                           .size = field->length,
                                                           .unpacked = field->length,
                                                           .format = "json"}});
}

static enum redan_status on_field(struct tf *t, const struct redan_wire_field *field)
{
    struct redan_wire *wire = &t->walk.wire;

    switch (t->walk.message) {
    case ATTRIBUTE:
        if (field->number == 1)
            redan_wire_keep(wire, field, &t->key);
        return REDAN_OK;
    case VALUE:
    case LIST:
        return field->number == 2 ? attribute_text(t, field) : REDAN_OK;
    case TENSOR:
        return field->number == 8 ? constant_text(t, field) : REDAN_OK;
    case ASSET:
        if (field->number != 2)
            return REDAN_OK;
        return redan_tell(t->to, &(struct redan_fact){.kind = REDAN_FACT_LINK,
                                                      .what = "tensorflow-asset",
                                                      .offset = field->offset,
                                                      .text = redan_wire_text(wire, field, 4096)});
    case USER_OBJECT:
        if (field->number == 1)
            redan_wire_keep(wire, field, &t->identifier);
        return field->number == 3 ? object_metadata(t, field) : REDAN_OK;
    default:
        return REDAN_OK;
    }
}

/* FunctionDef.signature.name */
static enum redan_status function_begins(struct tf *t, const struct redan_wire_field *at)
{
    struct redan_wire wire;
    struct redan_wire signature;
    struct redan_wire_field field;
    struct redan_wire_field inner;
    bool found = false;

    t->function.len = 0;
    t->function_constants = t->constant_count;
    t->function_pending = t->pending_count;
    redan_wire_init(&wire, t->walk.wire.ctx, t->walk.wire.source, at->offset, at->length);
    while (!found && redan_wire_next(&wire, &field)) {
        found = field.number == 1;
        redan_wire_init(&signature, wire.ctx, wire.source, field.offset, found ? field.length : 0);
        while (redan_wire_next(&signature, &inner)) {
            if (inner.number == 1)
                redan_wire_keep(&signature, &inner, &t->function);
        }
    }
    return redan_tell(t->to, &(struct redan_fact){.kind = REDAN_FACT_OPERATOR,
                                                  .what = "tensorflow-function",
                                                  .offset = at->at,
                                                  .name = of(&t->function)});
}

static enum redan_status on_enter(struct tf *t, const struct redan_wire_field *field)
{
    switch (t->walk.message) {
    case NODE:
        return node_begins(t, field);
    case ATTRIBUTE:
        t->key.len = 0;
        return REDAN_OK;
    case TENSOR:
        t->texts = 0;
        return REDAN_OK;
    case FUNCTION:
        return function_begins(t, field);
    case USER_OBJECT:
        t->identifier.len = 0;
        return REDAN_OK;
    default:
        return REDAN_OK;
    }
}

static enum redan_status on_leave(struct tf *t)
{
    if (t->walk.message == GRAPH)
        return settle(t, 0, 0);
    if (t->walk.message != FUNCTION)
        return REDAN_OK;
    REDAN_TRY(settle(t, t->function_pending, t->function_constants));
    t->function.len = 0;
    return REDAN_OK;
}

static enum redan_status read_from(struct redan_ctx *ctx, struct redan_source *source,
                                   enum redan_tf_outermost outermost,
                                   const struct redan_listener *to)
{
    struct tf *t = redan_take(ctx, sizeof(*t));
    struct redan_wire_field field;
    enum redan_wire_step step;

    if (!t)
        return REDAN_E_MEMORY;
    t->to = to;
    redan_wire_walk_init(&t->walk, ctx, source, 0, REDAN_SOURCE_UNKNOWN, shapes, outermost);
    while ((step = redan_wire_step(&t->walk, &field)) != REDAN_WIRE_END) {
        if (step == REDAN_WIRE_FIELD)
            REDAN_TRY(on_field(t, &field));
        else if (step == REDAN_WIRE_ENTER)
            REDAN_TRY(on_enter(t, &field));
        else
            REDAN_TRY(on_leave(t));
    }
    REDAN_TRY(settle(t, 0, 0));
    return redan_wire_over(&t->walk.wire, to, "a TensorFlow graph");
}

static enum redan_status read_saved_model(struct redan_ctx *ctx, struct redan_source *source,
                                          struct redan_slice name, const struct redan_listener *to)
{
    (void)name;
    return read_from(ctx, source, REDAN_TF_SAVED_MODEL, to);
}

static enum redan_status read_meta_graph(struct redan_ctx *ctx, struct redan_source *source,
                                         struct redan_slice name, const struct redan_listener *to)
{
    (void)name;
    return read_from(ctx, source, REDAN_TF_META_GRAPH, to);
}

static enum redan_status read_graph(struct redan_ctx *ctx, struct redan_source *source,
                                    struct redan_slice name, const struct redan_listener *to)
{
    (void)name;
    return read_from(ctx, source, REDAN_TF_GRAPH, to);
}

static enum redan_sniff sniff_as(const struct redan_probe *probe, enum redan_tf_outermost wanted)
{
    if (probe->head.len < 6 || (probe->head.at[0] & 7) > 2)
        return REDAN_SNIFF_NO;
    return redan_tf_sniff(probe->ctx, probe->source, 0, REDAN_SOURCE_UNKNOWN) == wanted
               ? REDAN_SNIFF_YES
               : REDAN_SNIFF_NO;
}

static enum redan_sniff sniff_saved_model(const struct redan_probe *probe)
{
    return sniff_as(probe, REDAN_TF_SAVED_MODEL);
}

static enum redan_sniff sniff_meta_graph(const struct redan_probe *probe)
{
    return sniff_as(probe, REDAN_TF_META_GRAPH);
}

static enum redan_sniff sniff_graph(const struct redan_probe *probe)
{
    return sniff_as(probe, REDAN_TF_GRAPH);
}

static const char *const defects[] = {REDAN_WIRE_FAULTS, NULL};

const struct redan_format redan_format_saved_model = {.name = "tensorflow-saved-model",
                                                      .title = "TensorFlow SavedModel",
                                                      .sniff = sniff_saved_model,
                                                      .read = read_saved_model,
                                                      .defects = defects};
const struct redan_format redan_format_meta_graph = {.name = "tensorflow-meta-graph",
                                                     .title = "TensorFlow MetaGraph",
                                                     .sniff = sniff_meta_graph,
                                                     .read = read_meta_graph,
                                                     .defects = defects};
const struct redan_format redan_format_tf_graph = {.name = "tensorflow-graph",
                                                   .title = "TensorFlow graph",
                                                   .sniff = sniff_graph,
                                                   .read = read_graph,
                                                   .defects = defects};
