/* TensorFlow Lite models: operators, their bounds, constants that are texts, metadata. */
#include <string.h>

#include "codec/flatbuffer.h"
#include "format/format_table.h"

/* tensorflow/compiler/mlir/lite/schema/schema.fbs: field ids. */
enum { MODEL_CODES = 1, MODEL_SUBGRAPHS = 2, MODEL_DESCRIPTION = 3, MODEL_BUFFERS = 4 };
enum { MODEL_METADATA = 6 };
enum { CODE_OLD = 0, CODE_CUSTOM = 1, CODE_NEW = 3 };
enum { GRAPH_TENSORS = 0, GRAPH_INPUTS = 1, GRAPH_OUTPUTS = 2, GRAPH_OPERATORS = 3 };
enum { OPERATOR_CODE = 0, OPERATOR_INPUTS = 1, OPERATOR_OUTPUTS = 2 };
enum { TENSOR_SHAPE = 0, TENSOR_TYPE = 1, TENSOR_BUFFER = 2, TENSOR_NAME = 3, TENSOR_SPARSITY = 6 };
enum { BUFFER_DATA = 0, BUFFER_OFFSET = 1, BUFFER_SIZE = 2 };
enum { METADATA_NAME = 0, METADATA_BUFFER = 1 };
enum { CUSTOM = 32, TYPE_STRING = 5 };
enum { NAME = 128, TEXTS = 64, SHOWN = 64 << 10 };

struct model {
    struct redan_flat flat;
    const struct redan_listener *to;
    struct redan_flat_vector codes, subgraphs, buffers;
};

static enum redan_status defect(const struct model *m, const char *what, uint64_t at,
                                const char *detail)
{
    return redan_tell_defect(m->to, what, at, redan_slice_of(detail));
}

static enum redan_status tell_text(struct model *m, const char *name, struct redan_slice text,
                                   uint64_t at)
{
    if (text.len == 0)
        return REDAN_OK;
    return redan_tell(m->to, &(struct redan_fact){.kind = REDAN_FACT_TEXT,
                                                  .offset = at,
                                                  .name = redan_slice_of(name),
                                                  .text = text});
}

static enum redan_status read_codes(struct model *m)
{
    struct redan_flat *flat = &m->flat;

    for (uint64_t i = 0; i < m->codes.count && !flat->fault; i++) {
        uint64_t code = redan_flat_item(flat, m->codes, i);
        uint32_t old = redan_flat_get_u8(flat, code, CODE_OLD, 0);
        uint32_t new = redan_flat_get_u32(flat, code, CODE_NEW, 0);
        /* codes over 127 stand in the newer field only */
        uint32_t number = new > old ? new : old;
        struct redan_slice name = redan_flat_text(flat, code, CODE_CUSTOM, NAME);
        if (flat->fault)
            break;
        if (number != CUSTOM && name.len == 0)
            continue; /* built into every runtime */
        REDAN_TRY(redan_tell(m->to, &(struct redan_fact){.kind = REDAN_FACT_OPERATOR,
                                                         .what = "tflite",
                                                         .offset = code,
                                                         .number = number,
                                                         .module = REDAN_S("custom"),
                                                         .name = name}));
    }
    return REDAN_OK;
}

/* Bits of an element by TensorType; 0 for texts, handles and what is newer than this table. */
static unsigned bits_of(uint8_t type)
{
    static const unsigned char bits[] = {32, 16, 32,  8,  64, 0, 8,  16, 64,
                                         8,  64, 128, 64, 0,  0, 32, 16};

    return type < sizeof(bits) ? bits[type] : 0;
}

/* The bytes that a shape needs; 0 when it is not known. */
static uint64_t needed(struct model *m, uint64_t tensor, uint8_t type)
{
    struct redan_flat_vector shape = redan_flat_vector(&m->flat, tensor, TENSOR_SHAPE, 4);
    uint64_t bytes = bits_of(type) / 8;

    for (uint64_t i = 0; i < shape.count && i < 64; i++) {
        uint32_t dimension = redan_flat_u32(&m->flat, shape.at + 4 * i);
        if (dimension > INT32_MAX)
            return 0;
        if (__builtin_mul_overflow(bytes, (uint64_t)dimension, &bytes))
            return UINT64_MAX;
    }
    return bytes;
}

/* A constant of texts: their number, where each begins, the texts. */
static enum redan_status read_texts(struct model *m, struct redan_flat_vector data)
{
    struct redan_flat *flat = &m->flat;
    uint64_t count = data.count >= 4 ? redan_flat_u32(flat, data.at) : 0;

    if (count > TEXTS)
        count = TEXTS;
    for (uint64_t i = 0; i < count && 8 * count <= data.count; i++) {
        uint64_t from = redan_flat_u32(flat, data.at + 4 + 4 * i);
        uint64_t to = redan_flat_u32(flat, data.at + 8 + 4 * i);
        if (from > to || to > data.count)
            return defect(m, "bounds", data.at, "a text constant");
        struct redan_flat_vector text = {data.at + from, to - from};
        struct redan_slice view = redan_flat_bytes(flat, text, SHOWN);
        REDAN_TRY(tell_text(m, "constant", view, text.at));
    }
    return REDAN_OK;
}

static enum redan_status read_tensor(struct model *m, uint64_t tensor)
{
    struct redan_flat *flat = &m->flat;
    uint8_t type = redan_flat_get_u8(flat, tensor, TENSOR_TYPE, 0);
    uint32_t index = redan_flat_get_u32(flat, tensor, TENSOR_BUFFER, 0);

    if (flat->fault)
        return REDAN_OK;
    if (index >= m->buffers.count)
        return m->buffers.count ? defect(m, "index", tensor, "a tensor's buffer") : REDAN_OK;
    uint64_t buffer = redan_flat_item(flat, m->buffers, index);
    struct redan_flat_vector data = redan_flat_vector(flat, buffer, BUFFER_DATA, 1);
    if (flat->fault || data.count == 0)
        return REDAN_OK;
    if (type == TYPE_STRING)
        return read_texts(m, data);
    bool sparse = redan_flat_field(flat, tensor, TENSOR_SPARSITY) != 0;
    if (!sparse && needed(m, tensor, type) > data.count)
        return defect(m, "tensor-size", tensor, "a constant is shorter than its shape");
    return REDAN_OK;
}

/* Places in the list of tensors; -1 is an input that is left out. */
static bool places_fit(struct model *m, uint64_t table, unsigned id, uint64_t tensors)
{
    struct redan_flat_vector places = redan_flat_vector(&m->flat, table, id, 4);
    bool fit = true;

    for (uint64_t i = 0; i < places.count && !m->flat.fault; i++) {
        uint32_t place = redan_flat_u32(&m->flat, places.at + 4 * i);
        fit = fit && (place == UINT32_MAX || place < tensors || m->flat.fault);
    }
    return fit;
}

static enum redan_status read_operators(struct model *m, uint64_t graph, uint64_t tensors)
{
    struct redan_flat *flat = &m->flat;
    struct redan_flat_vector operators = redan_flat_vector(flat, graph, GRAPH_OPERATORS, 4);

    for (uint64_t i = 0; i < operators.count && !flat->fault; i++) {
        uint64_t op = redan_flat_item(flat, operators, i);
        if (redan_flat_get_u32(flat, op, OPERATOR_CODE, 0) >= m->codes.count && !flat->fault)
            return defect(m, "index", op, "an operator that is not listed");
        if (!places_fit(m, op, OPERATOR_INPUTS, tensors) ||
            !places_fit(m, op, OPERATOR_OUTPUTS, tensors))
            return defect(m, "index", op, "an operator's tensor");
    }
    return REDAN_OK;
}

static enum redan_status read_graph(struct model *m, uint64_t graph)
{
    struct redan_flat *flat = &m->flat;
    struct redan_flat_vector tensors = redan_flat_vector(flat, graph, GRAPH_TENSORS, 4);

    for (uint64_t i = 0; i < tensors.count && !flat->fault; i++)
        REDAN_TRY(read_tensor(m, redan_flat_item(flat, tensors, i)));
    if (!places_fit(m, graph, GRAPH_INPUTS, tensors.count) ||
        !places_fit(m, graph, GRAPH_OUTPUTS, tensors.count))
        REDAN_TRY(defect(m, "index", graph, "an input or output of the model"));
    return read_operators(m, graph, tensors.count);
}

/* Large models keep a buffer's bytes behind the FlatBuffer. */
static enum redan_status read_buffers(struct model *m)
{
    struct redan_flat *flat = &m->flat;

    for (uint64_t i = 0; i < m->buffers.count && !flat->fault; i++) {
        uint64_t buffer = redan_flat_item(flat, m->buffers, i);
        uint64_t offset = redan_flat_get_u64(flat, buffer, BUFFER_OFFSET, 0);
        uint64_t size = redan_flat_get_u64(flat, buffer, BUFFER_SIZE, 0);
        if (offset > 1 && (offset > flat->size || size > flat->size - offset))
            return defect(m, "bounds", buffer, "a buffer behind the model");
    }
    return REDAN_OK;
}

static enum redan_status read(struct redan_ctx *ctx, struct redan_source *source,
                              struct redan_slice name, const struct redan_listener *to)
{
    struct model m = {.to = to};
    struct redan_flat *flat = &m.flat;

    (void)name;
    redan_flat_init(flat, ctx, source);
    uint64_t root = redan_flat_root(flat);
    m.codes = redan_flat_vector(flat, root, MODEL_CODES, 4);
    m.subgraphs = redan_flat_vector(flat, root, MODEL_SUBGRAPHS, 4);
    m.buffers = redan_flat_vector(flat, root, MODEL_BUFFERS, 4);
    REDAN_TRY(
        tell_text(&m, "description", redan_flat_text(flat, root, MODEL_DESCRIPTION, SHOWN), root));
    REDAN_TRY(read_codes(&m));
    for (uint64_t i = 0; i < m.subgraphs.count && !flat->fault; i++)
        REDAN_TRY(read_graph(&m, redan_flat_item(flat, m.subgraphs, i)));
    REDAN_TRY(read_buffers(&m));
    struct redan_flat_vector metadata = redan_flat_vector(flat, root, MODEL_METADATA, 4);
    for (uint64_t i = 0; i < metadata.count && !flat->fault; i++) {
        uint64_t entry = redan_flat_item(flat, metadata, i);
        uint32_t index = redan_flat_get_u32(flat, entry, METADATA_BUFFER, 0);
        if (index >= m.buffers.count && !flat->fault)
            REDAN_TRY(defect(&m, "index", entry, "the buffer of a metadata entry"));
    }
    if (flat->fault)
        REDAN_TRY(redan_tell_defect(to, flat->fault, flat->fault_at, REDAN_S("a TFLite model")));
    return redan_flat_ok(flat, "a TFLite model");
}

static enum redan_sniff sniff(const struct redan_probe *probe)
{
    struct redan_slice head = probe->head;

    return head.len >= 12 && memcmp(head.at + 4, "TFL3", 4) == 0 ? REDAN_SNIFF_YES : REDAN_SNIFF_NO;
}

static const char *const extensions[] = {".tflite", NULL};
static const char *const defects[] = {REDAN_FLAT_FAULTS, "index", "bounds", "tensor-size", NULL};

const struct redan_format redan_format_tflite = {.name = "tflite",
                                                 .title = "TensorFlow Lite model",
                                                 .extensions = extensions,
                                                 .sniff = sniff,
                                                 .read = read,
                                                 .defects = defects,
                                                 .layered = true};
