/* ONNX models: every node of every graph, local functions, external data and metadata, told without reading a tensor's bytes. */
#include <string.h>

#include "codec/protobuf.h"
#include "format/format_table.h"
#include "format/wire.h"

/* onnx/onnx.proto: the messages that are entered. */
enum message {
    MODEL = 1,
    GRAPH,
    NODE,
    ATTRIBUTE,
    TENSOR,
    SPARSE,
    FUNCTION,
    TRAINING,
    PROPERTY, /* metadata_props of the model */
    EXTERNAL, /* an entry of external_data */
    MESSAGES
};

enum {
    NODES_DEEP = REDAN_WIRE_DEPTH / 3 + 2, /* a node in a graph in an attribute */
    LOCATION = 1024,
    SNIFF_FIELDS = 64,
    TEXT_LEAST = 16, /* shorter attribute texts are settings */
};

static const struct redan_wire_into in_model[] = {
    {7, GRAPH}, {14, PROPERTY}, {20, TRAINING}, {25, FUNCTION}, {0, 0}};
static const struct redan_wire_into in_graph[] = {{1, NODE}, {5, TENSOR}, {15, SPARSE}, {0, 0}};
static const struct redan_wire_into in_node[] = {{5, ATTRIBUTE}, {0, 0}};
static const struct redan_wire_into in_attribute[] = {
    {5, TENSOR}, {6, GRAPH}, {10, TENSOR}, {11, GRAPH}, {22, SPARSE}, {23, SPARSE}, {0, 0}};
static const struct redan_wire_into in_tensor[] = {{13, EXTERNAL}, {0, 0}};
static const struct redan_wire_into in_sparse[] = {{1, TENSOR}, {2, TENSOR}, {0, 0}};
static const struct redan_wire_into in_function[] = {{7, NODE}, {11, ATTRIBUTE}, {0, 0}};
static const struct redan_wire_into in_training[] = {{1, GRAPH}, {2, GRAPH}, {0, 0}};
static const struct redan_wire_into *const shapes[MESSAGES] = {
    [MODEL] = in_model,         [GRAPH] = in_graph,      [NODE] = in_node,
    [ATTRIBUTE] = in_attribute, [TENSOR] = in_tensor,    [SPARSE] = in_sparse,
    [FUNCTION] = in_function,   [TRAINING] = in_training};

struct node {
    struct redan_wire_word op, domain, name;
};

struct tensor {
    struct redan_wire_word name;
    uint64_t at;
    uint64_t elements; /* the product of dims */
    uint64_t type;
    uint64_t raw; /* bytes of raw_data */
    bool has_raw;
    bool odd; /* a negative dimension, or a product over 64 bits */
    bool segmented;
    bool external; /* data_location says so */
    size_t location_len;
    char location[LOCATION];
    uint64_t offset, length; /* of the external data */
};

struct onnx {
    struct redan_wire_walk walk;
    const struct redan_listener *to;
    struct node *nodes; /* NODES_DEEP of them */
    size_t depth;       /* nodes that are open */
    uint64_t node_at[NODES_DEEP];
    struct node function;
    uint64_t function_at;
    struct redan_wire_word attribute;
    struct tensor tensor;
    struct redan_wire_word key;
    struct redan_wire_field value; /* of the entry that is open */
};

static void keep(struct onnx *o, struct redan_wire_word *word, const struct redan_wire_field *field)
{
    redan_wire_keep(&o->walk.wire, field, word);
}

static struct redan_slice of(const struct redan_wire_word *word)
{
    return redan_wire_word(word);
}

static enum redan_status tell_operator(struct onnx *o, const char *what, const struct node *node,
                                       uint64_t at)
{
    return redan_tell(o->to, &(struct redan_fact){.kind = REDAN_FACT_OPERATOR,
                                                  .what = what,
                                                  .offset = at,
                                                  .module = of(&node->domain),
                                                  .name = of(&node->op),
                                                  .text = of(&node->name)});
}

static enum redan_status tell_text(struct onnx *o, struct redan_slice name,
                                   const struct redan_wire_field *field)
{
    return redan_wire_tell_text(&o->walk.wire, o->to, name, field);
}

/* Bits of one element by TensorProto.DataType; 0 for texts and types that are newer than this table. */
static unsigned bits_of(uint64_t type)
{
    static const unsigned char bits[] = {
        [1] = 32,  [2] = 8,   [3] = 8,   [4] = 16,  [5] = 16,  [6] = 32,   [7] = 64,  [9] = 8,
        [10] = 16, [11] = 64, [12] = 32, [13] = 64, [14] = 64, [15] = 128, [16] = 16, [17] = 8,
        [18] = 8,  [19] = 8,  [20] = 8,  [21] = 4,  [22] = 4,  [23] = 4,   [24] = 8};

    return type < sizeof(bits) ? bits[type] : 0;
}

static void take_dimension(struct tensor *t, uint64_t dimension)
{
    if (dimension > INT64_MAX || __builtin_mul_overflow(t->elements, dimension, &t->elements)) {
        t->odd = true;
        t->elements = 0;
    }
}

static void take_packed(struct onnx *o, const struct redan_wire_field *field)
{
    struct redan_wire packed;

    /* dims are few; a longer list than a view is not one */
    redan_wire_init(&packed, o->walk.wire.ctx, o->walk.wire.source, field->offset, field->length);
    for (size_t i = 0; i < 64 && packed.pos < packed.end; i++) {
        uint64_t value = 0;
        if (!redan_wire_varint(&packed, &value))
            return;
        take_dimension(&o->tensor, value);
    }
}

static void tensor_field(struct onnx *o, const struct redan_wire_field *field)
{
    struct tensor *t = &o->tensor;

    if (field->number == 1 && field->type == REDAN_WIRE_VARINT)
        take_dimension(t, field->value);
    if (field->number == 1 && field->type == REDAN_WIRE_BYTES)
        take_packed(o, field);
    if (field->number == 2)
        t->type = field->value;
    if (field->number == 3)
        t->segmented = true;
    if (field->number == 8)
        keep(o, &t->name, field);
    if (field->number == 9 && field->type == REDAN_WIRE_BYTES) {
        t->has_raw = true;
        t->raw = field->length;
    }
    if (field->number == 14)
        t->external = field->value == 1;
}

static enum redan_status tensor_over(struct onnx *o)
{
    const struct tensor *t = &o->tensor;
    unsigned bits = bits_of(t->type);

    if (t->location_len)
        REDAN_TRY(redan_tell(o->to, &(struct redan_fact){.kind = REDAN_FACT_LINK,
                                                         .what = "onnx-external-data",
                                                         .offset = t->at,
                                                         .number = t->offset,
                                                         .name = of(&t->name),
                                                         .text = {t->location, t->location_len}}));
    if (t->odd)
        return redan_tell_defect(o->to, "tensor-shape", t->at, of(&t->name));
    if (!t->has_raw || t->external || t->segmented || !bits)
        return REDAN_OK;
    uint64_t whole = t->elements / 8 * bits; /* may wrap only when raw_data cannot match anyway */
    uint64_t rest = t->elements % 8 * bits;
    bool huge = t->elements / 8 > UINT64_MAX / bits / 2;
    if (huge || t->raw != whole + (rest + 7) / 8)
        return redan_tell_defect(o->to, "tensor-size", t->at, of(&t->name));
    return REDAN_OK;
}

/* Entries of external_data; loaders once set whatever key stood there. */
static enum redan_status external_over(struct onnx *o)
{
    static const char *const known[] = {"location", "offset",   "length",
                                        "checksum", "basepath", NULL};
    struct tensor *t = &o->tensor;

    if (redan_slice_is(of(&o->key), "location"))
        t->location_len =
            redan_wire_copy(&o->walk.wire, &o->value, t->location, sizeof(t->location));
    if (redan_slice_is(of(&o->key), "offset") &&
        !redan_slice_u64(redan_wire_text(&o->walk.wire, &o->value, 32), &t->offset))
        t->offset = 0;
    if (!redan_slice_among(known, of(&o->key)))
        return redan_tell_defect(o->to, "external-key", o->value.at, of(&o->key));
    return REDAN_OK;
}

static void node_field(struct onnx *o, struct node *node, const struct redan_wire_field *field)
{
    if (field->number == 3)
        keep(o, &node->name, field);
    if (field->number == 4)
        keep(o, &node->op, field);
    if (field->number == 7)
        keep(o, &node->domain, field);
}

static bool is_path(struct redan_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)s.at[i] < 0x20)
            return false;
    }
    return s.len > 0 && s.len < LOCATION;
}

static enum redan_status attribute_field(struct onnx *o, const struct redan_wire_field *field)
{
    if (field->number == 1)
        keep(o, &o->attribute, field);
    if (field->number != 4 || field->type != REDAN_WIRE_BYTES)
        return REDAN_OK;
    if (redan_slice_is(of(&o->attribute), "ep_cache_context")) {
        struct redan_slice path = redan_wire_text(&o->walk.wire, field, LOCATION);
        if (is_path(path))
            return redan_tell(o->to, &(struct redan_fact){.kind = REDAN_FACT_LINK,
                                                          .what = "onnx-external-data",
                                                          .offset = field->offset,
                                                          .name = of(&o->attribute),
                                                          .text = path});
    }
    return field->length < TEXT_LEAST ? REDAN_OK : tell_text(o, of(&o->attribute), field);
}

static enum redan_status on_field(struct onnx *o, const struct redan_wire_field *field)
{
    switch (o->walk.message) {
    case MODEL:
        return field->number == 6 ? tell_text(o, REDAN_S("doc_string"), field) : REDAN_OK;
    case GRAPH:
        return field->number == 10 ? tell_text(o, REDAN_S("doc_string"), field) : REDAN_OK;
    case NODE:
        node_field(o, &o->nodes[o->depth - 1], field);
        return REDAN_OK;
    case ATTRIBUTE:
        return attribute_field(o, field);
    case TENSOR:
        tensor_field(o, field);
        return REDAN_OK;
    case FUNCTION:
        if (field->number == 1)
            keep(o, &o->function.op, field);
        if (field->number == 10)
            keep(o, &o->function.domain, field);
        return field->number == 8 ? tell_text(o, REDAN_S("doc_string"), field) : REDAN_OK;
    case PROPERTY:
    case EXTERNAL:
        if (field->number == 1)
            keep(o, &o->key, field);
        if (field->number == 2)
            o->value = *field;
        return REDAN_OK;
    default:
        return REDAN_OK;
    }
}

static void on_enter(struct onnx *o, const struct redan_wire_field *field)
{
    struct node *node = &o->nodes[o->depth];

    switch (o->walk.message) {
    case NODE:
        node->op.len = node->domain.len = node->name.len = 0;
        o->node_at[o->depth++] = field->at;
        break;
    case ATTRIBUTE:
        o->attribute.len = 0;
        break;
    case TENSOR:
        o->tensor.name.len = o->tensor.location_len = 0;
        o->tensor.at = field->at;
        o->tensor.elements = 1;
        o->tensor.type = o->tensor.raw = o->tensor.offset = 0;
        o->tensor.has_raw = o->tensor.odd = o->tensor.segmented = o->tensor.external = false;
        break;
    case FUNCTION:
        o->function.op.len = o->function.domain.len = 0;
        o->function_at = field->at;
        break;
    case PROPERTY:
    case EXTERNAL:
        o->key.len = 0;
        o->value = (struct redan_wire_field){0};
        break;
    default:
        break;
    }
}

static enum redan_status on_leave(struct onnx *o)
{
    switch (o->walk.message) {
    case NODE:
        o->depth--;
        return tell_operator(o, "onnx", &o->nodes[o->depth], o->node_at[o->depth]);
    case FUNCTION:
        return tell_operator(o, "onnx-function", &o->function, o->function_at);
    case TENSOR:
        return tensor_over(o);
    case EXTERNAL:
        return external_over(o);
    case PROPERTY:
        return tell_text(o, of(&o->key), &o->value);
    default:
        return REDAN_OK;
    }
}

static enum redan_status read(struct redan_ctx *ctx, struct redan_source *source,
                              struct redan_slice name, const struct redan_listener *to)
{
    struct onnx *o = redan_take(ctx, sizeof(*o));
    struct redan_wire_field field;
    enum redan_wire_step step;

    (void)name;
    if (!o)
        return REDAN_E_MEMORY;
    o->to = to;
    o->nodes = redan_take_array(ctx, NODES_DEEP, sizeof(*o->nodes));
    if (!o->nodes)
        return REDAN_E_MEMORY;
    redan_wire_walk_init(&o->walk, ctx, source, 0, REDAN_SOURCE_UNKNOWN, shapes, MODEL);
    while ((step = redan_wire_step(&o->walk, &field)) != REDAN_WIRE_END) {
        if (step == REDAN_WIRE_FIELD)
            REDAN_TRY(on_field(o, &field));
        else if (step == REDAN_WIRE_ENTER)
            on_enter(o, &field);
        else
            REDAN_TRY(on_leave(o));
    }
    return redan_wire_over(&o->walk.wire, to, "an ONNX model");
}

/* Whether a GraphProto begins there: nodes with an operator, tensors, named values. */
static bool is_graph(const struct redan_probe *probe, const struct redan_wire_field *at)
{
    struct redan_wire graph;
    struct redan_wire node;
    struct redan_wire_field field;
    struct redan_wire_field inner;
    size_t count = 0;
    bool told = false;

    redan_wire_init(&graph, probe->ctx, probe->source, at->offset, at->length);
    while (count++ < 8 && redan_wire_next(&graph, &field)) {
        if (field.type != REDAN_WIRE_BYTES || !redan_wire_fits("-bb--b----bbbbbbb", &field, true))
            return false;
        if (field.number != 1 && field.number != 5 && field.number != 11)
            continue;
        redan_wire_init(&node, probe->ctx, probe->source, field.offset, field.length);
        for (size_t i = 0; i < 8 && redan_wire_next(&node, &inner); i++) {
            if (field.number == 1 && !redan_wire_fits("-bbbbbbbbb", &inner, true))
                return false;
            told = true;
        }
        if (node.fault && !graph.cut)
            return false;
    }
    return told || at->length == 0;
}

static enum redan_sniff sniff(const struct redan_probe *probe)
{
    struct redan_wire wire;
    struct redan_wire_field field;
    size_t count = 0;
    bool graph = false;
    bool version = false;

    if (probe->head.len < 2)
        return REDAN_SNIFF_NO;
    redan_wire_init(&wire, probe->ctx, probe->source, 0, REDAN_SOURCE_UNKNOWN);
    while (count++ < SNIFF_FIELDS && redan_wire_next(&wire, &field)) {
        if (!redan_wire_fits("-vbbbvbbb-----b-----b----bb", &field, true))
            return REDAN_SNIFF_NO;
        if (field.number == 1)
            version = field.value > 0 && field.value < 1000;
        if (field.number == 7) {
            if (!is_graph(probe, &field))
                return REDAN_SNIFF_NO;
            graph = true;
        }
    }
    if (graph)
        return version ? REDAN_SNIFF_YES : REDAN_SNIFF_MAYBE;
    return REDAN_SNIFF_NO;
}

static const char *const extensions[] = {".onnx", NULL};
static const char *const defects[] = {REDAN_WIRE_FAULTS, "tensor-shape", "tensor-size",
                                      "external-key", NULL};

const struct redan_format redan_format_onnx = {.name = "onnx",
                                               .title = "ONNX model",
                                               .extensions = extensions,
                                               .sniff = sniff,
                                               .read = read,
                                               .defects = defects};
