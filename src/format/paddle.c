/* PaddlePaddle: the operators of a program, and the tensors that stand beside it. */
#include <string.h>

#include "format/format_table.h"
#include "format/wire.h"

/* paddle/fluid/framework/framework.proto */
enum message { PROGRAM = 1, BLOCK, OPERATOR, ATTRIBUTE, MESSAGES };

static const struct redan_wire_into in_program[] = {{1, BLOCK}, {0, 0}};
static const struct redan_wire_into in_block[] = {{4, OPERATOR}, {0, 0}};
static const struct redan_wire_into in_operator[] = {{4, ATTRIBUTE}, {0, 0}};
static const struct redan_wire_into *const shapes[MESSAGES] = {
    [PROGRAM] = in_program, [BLOCK] = in_block, [OPERATOR] = in_operator};

enum { TEXT_LEAST = 4 };

static enum redan_status on_field(struct redan_wire_walk *walk, const struct redan_listener *to,
                                  const struct redan_wire_field *field,
                                  struct redan_wire_word *name)
{
    struct redan_wire *wire = &walk->wire;

    if (walk->message == OPERATOR && field->number == 3)
        return redan_tell(to, &(struct redan_fact){.kind = REDAN_FACT_OPERATOR,
                                                   .what = "paddle",
                                                   .offset = field->at,
                                                   .name = redan_wire_text(wire, field, 128)});
    if (walk->message != ATTRIBUTE)
        return REDAN_OK;
    if (field->number == 1)
        redan_wire_keep(wire, field, name);
    if ((field->number == 5 || field->number == 8) && field->type == REDAN_WIRE_BYTES &&
        field->length >= TEXT_LEAST)
        return redan_wire_tell_text(wire, to, redan_wire_word(name), field);
    return REDAN_OK;
}

static enum redan_status read(struct redan_ctx *ctx, struct redan_source *source,
                              struct redan_slice name, const struct redan_listener *to)
{
    struct redan_wire_walk walk;
    struct redan_wire_field field;
    struct redan_wire_word attribute = {0};
    enum redan_wire_step step;

    (void)name;
    redan_wire_walk_init(&walk, ctx, source, 0, REDAN_SOURCE_UNKNOWN, shapes, PROGRAM);
    while ((step = redan_wire_step(&walk, &field)) != REDAN_WIRE_END) {
        if (step == REDAN_WIRE_FIELD)
            REDAN_TRY(on_field(&walk, to, &field, &attribute));
        if (step == REDAN_WIRE_ENTER && walk.message == ATTRIBUTE)
            attribute.len = 0;
    }
    return redan_wire_over(&walk.wire, to, "a Paddle program");
}

/* A block begins with its own number and its parent's, variables and operators follow. */
static bool is_block(const struct redan_wire *around, const struct redan_wire_field *at)
{
    struct redan_wire wire;
    struct redan_wire_field field;
    bool number = false;
    bool parent = false;

    redan_wire_init(&wire, around->ctx, around->source, at->offset, at->length);
    for (size_t i = 0; i < 8 && redan_wire_next(&wire, &field); i++) {
        if (!redan_wire_fits("-vvbbv", &field, false))
            return false;
        number = number || field.number == 1;
        parent = parent || field.number == 2;
    }
    return number && parent && !wire.fault;
}

static enum redan_sniff sniff(const struct redan_probe *probe)
{
    struct redan_wire wire;
    struct redan_wire_field field;

    if (probe->head.len < 6 || probe->head.at[0] != 0x0A)
        return REDAN_SNIFF_NO;
    redan_wire_init(&wire, probe->ctx, probe->source, 0, REDAN_SOURCE_UNKNOWN);
    for (size_t i = 0; i < 8 && redan_wire_next(&wire, &field); i++) {
        if (!redan_wire_fits("-b--bb", &field, true) ||
            (field.number == 1 && !is_block(&wire, &field)))
            return REDAN_SNIFF_NO;
    }
    return wire.fault ? REDAN_SNIFF_NO : REDAN_SNIFF_YES;
}

/* paddle/fluid/framework/lod_tensor.cc: version, levels, then a tensor: version, a description, the numbers. */
struct tensor {
    uint64_t elements;
    unsigned width;
};

static unsigned width_of(uint64_t type)
{
    static const unsigned char widths[] = {
        [0] = 1, [1] = 2,  [2] = 4,  [3] = 8,  [4] = 2,  [5] = 4,
        [6] = 8, [20] = 1, [21] = 1, [22] = 2, [23] = 8, [24] = 16};

    return type < sizeof(widths) ? widths[type] : 0;
}

/* VarType.TensorDesc */
static bool describe(struct redan_ctx *ctx, struct redan_source *source, uint64_t at,
                     uint64_t length, struct tensor *tensor)
{
    struct redan_wire wire;
    struct redan_wire_field field;
    struct redan_wire packed;
    uint64_t value = 0;
    bool typed = false;

    *tensor = (struct tensor){.elements = 1};
    redan_wire_init(&wire, ctx, source, at, length);
    while (redan_wire_next(&wire, &field)) {
        if (!redan_wire_fits("-v*", &field, false))
            return false;
        if (field.number == 1) {
            typed = true;
            tensor->width = width_of(field.value);
            continue;
        }
        redan_wire_init(&packed, ctx, source, field.offset, field.length);
        value = field.value;
        if (field.type == REDAN_WIRE_VARINT &&
            (value > INT64_MAX ||
             __builtin_mul_overflow(tensor->elements, value, &tensor->elements)))
            return false;
        while (field.type == REDAN_WIRE_BYTES && packed.pos < packed.end) {
            if (!redan_wire_varint(&packed, &value) || value > INT64_MAX ||
                __builtin_mul_overflow(tensor->elements, value, &tensor->elements))
                return false;
        }
    }
    return typed && tensor->width && !wire.fault && !wire.cut;
}

/* One tensor; where the next begins. False when none stands there. */
static bool one_tensor(struct redan_ctx *ctx, struct redan_source *source, uint64_t at,
                       uint64_t *next)
{
    struct redan_source_reader reader;
    struct tensor tensor;
    uint64_t bytes = 0;

    redan_source_reader_init(&reader, ctx, source, at, source->size);
    if (redan_source_u32le(&reader) != 0)
        return false;
    uint64_t levels = redan_source_u64le(&reader);
    if (levels > 64)
        return false;
    for (uint64_t i = 0; i < levels && !reader.failed; i++)
        redan_source_skip(&reader, redan_source_u64le(&reader));
    if (redan_source_u32le(&reader) != 0)
        return false;
    uint32_t length = redan_source_u32le(&reader);
    uint64_t from = reader.pos;
    redan_source_skip(&reader, length);
    if (reader.failed || length == 0 || length > 4096 ||
        !describe(ctx, source, from, length, &tensor) ||
        __builtin_mul_overflow(tensor.elements, (uint64_t)tensor.width, &bytes))
        return false;
    redan_source_skip(&reader, bytes);
    *next = reader.pos;
    return !reader.failed;
}

static enum redan_status read_params(struct redan_ctx *ctx, struct redan_source *source,
                                     struct redan_slice name, const struct redan_listener *to)
{
    uint64_t size = 0;
    uint64_t next = 0;

    (void)name;
    REDAN_TRY(redan_source_measure(ctx, source, &size));
    for (uint64_t at = 0; at < size; at = next) {
        if (one_tensor(ctx, source, at, &next))
            continue;
        REDAN_TRY(redan_tell_defect(to, "tensor", at, REDAN_S("no tensor where one should be")));
        return redan_fail(ctx, REDAN_E_SYNTAX, at, "no Paddle tensor where one should begin");
    }
    return REDAN_OK;
}

static enum redan_sniff sniff_params(const struct redan_probe *probe)
{
    uint64_t next = 0;
    bool zero = probe->head.len >= 24 && memcmp(probe->head.at, "\0\0\0\0", 4) == 0;

    return zero && one_tensor(probe->ctx, probe->source, 0, &next) ? REDAN_SNIFF_YES
                                                                   : REDAN_SNIFF_NO;
}

static const char *const extensions[] = {".pdmodel", NULL};
static const char *const params_extensions[] = {".pdiparams", NULL};
static const char *const defects[] = {REDAN_WIRE_FAULTS, NULL};
static const char *const params_defects[] = {"tensor", NULL};

const struct redan_format redan_format_paddle = {.name = "paddle",
                                                 .title = "PaddlePaddle program",
                                                 .extensions = extensions,
                                                 .sniff = sniff,
                                                 .read = read,
                                                 .defects = defects};
const struct redan_format redan_format_paddle_params = {.name = "paddle-params",
                                                        .title = "PaddlePaddle parameters",
                                                        .extensions = params_extensions,
                                                        .sniff = sniff_params,
                                                        .read = read_params,
                                                        .defects = params_defects};
