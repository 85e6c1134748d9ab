/* PyTorch Mobile modules as FlatBuffers: operators of the bytecode, the sources it was compiled from, files beside them. */
#include <string.h>

#include "codec/flatbuffer.h"
#include "format/format_table.h"

/* torch/csrc/jit/serialization/mobile_bytecode.fbs: field ids; a union takes two. */
enum { MODULE_EXTRA = 1, MODULE_METHODS = 2, MODULE_VALUES = 4 };
enum { MODULE_SOURCES = 8, VALUE_TYPE = 0, VALUE = 1, VALUE_IS_STRING = 6 };
enum { VALUE_IS_FUNCTION = 16, FUNCTION_OPERATORS = 2, FILE_NAME = 0, FILE_CONTENT = 1 };
enum { NAME = 256, SHOWN = 64 << 10 };

struct module {
    struct redan_flat flat;
    const struct redan_listener *to;
};

static enum redan_status read_function(struct module *m, uint64_t function)
{
    struct redan_flat *flat = &m->flat;
    struct redan_flat_vector operators = redan_flat_vector(flat, function, FUNCTION_OPERATORS, 4);

    for (uint64_t i = 0; i < operators.count && !flat->fault; i++) {
        uint64_t op = redan_flat_item(flat, operators, i);
        struct redan_slice name = redan_flat_text(flat, op, 0, NAME);
        if (name.len)
            REDAN_TRY(redan_tell(m->to, &(struct redan_fact){.kind = REDAN_FACT_OPERATOR,
                                                             .what = "torch-mobile",
                                                             .offset = op,
                                                             .name = name}));
    }
    return REDAN_OK;
}

static enum redan_status read_values(struct module *m, struct redan_flat_vector values)
{
    struct redan_flat *flat = &m->flat;

    for (uint64_t i = 0; i < values.count && !flat->fault; i++) {
        uint64_t entry = redan_flat_item(flat, values, i);
        uint8_t type = redan_flat_get_u8(flat, entry, VALUE_TYPE, 0);
        uint64_t value = redan_flat_table(flat, entry, VALUE);
        if (type == VALUE_IS_FUNCTION)
            REDAN_TRY(read_function(m, value));
        struct redan_slice text = {"", 0};
        if (type == VALUE_IS_STRING)
            text = redan_flat_text(flat, value, 0, SHOWN);
        if (text.len)
            REDAN_TRY(redan_tell(m->to, &(struct redan_fact){.kind = REDAN_FACT_TEXT,
                                                             .offset = value,
                                                             .name = REDAN_S("constant"),
                                                             .text = text}));
    }
    return REDAN_OK;
}

/* Files of the module: sources that are compiled when it is loaded, and others. */
static enum redan_status read_files(struct module *m, struct redan_flat_vector files, bool sources)
{
    struct redan_flat *flat = &m->flat;

    for (uint64_t i = 0; i < files.count && !flat->fault; i++) {
        uint64_t file = redan_flat_item(flat, files, i);
        char name[NAME];
        struct redan_slice view = redan_flat_text(flat, file, FILE_NAME, sizeof(name));
        size_t len = view.len;
        if (len)
            memcpy(name, view.at, len);
        struct redan_flat_vector content = redan_flat_vector(flat, file, FILE_CONTENT, 1);
        if (flat->fault || content.count == 0)
            continue;
        REDAN_TRY(
            redan_tell(m->to, &(struct redan_fact){.kind = REDAN_FACT_MEMBER,
                                                   .offset = content.at,
                                                   .name = {name, len},
                                                   .part = {.offset = content.at,
                                                            .size = content.count,
                                                            .unpacked = content.count,
                                                            .format = sources ? "python" : NULL}}));
    }
    return REDAN_OK;
}

static enum redan_status read(struct redan_ctx *ctx, struct redan_source *source,
                              struct redan_slice name, const struct redan_listener *to)
{
    struct module m = {.to = to};
    struct redan_flat *flat = &m.flat;

    (void)name;
    redan_flat_init(flat, ctx, source);
    uint64_t root = redan_flat_root(flat);
    struct redan_flat_vector values = redan_flat_vector(flat, root, MODULE_VALUES, 4);
    struct redan_flat_vector methods = redan_flat_vector(flat, root, MODULE_METHODS, 4);
    REDAN_TRY(read_values(&m, values));
    for (uint64_t i = 0; i < methods.count && !flat->fault; i++) {
        if (redan_flat_u32(flat, methods.at + 4 * i) >= values.count && !flat->fault) {
            REDAN_TRY(redan_tell_defect(to, "index", methods.at, REDAN_S("a method")));
            break;
        }
    }
    REDAN_TRY(read_files(&m, redan_flat_vector(flat, root, MODULE_SOURCES, 4), true));
    REDAN_TRY(read_files(&m, redan_flat_vector(flat, root, MODULE_EXTRA, 4), false));
    if (flat->fault)
        REDAN_TRY(redan_tell_defect(to, flat->fault, flat->fault_at, REDAN_S("a mobile module")));
    return redan_flat_ok(flat, "a PyTorch Mobile module");
}

static enum redan_sniff sniff(const struct redan_probe *probe)
{
    struct redan_slice head = probe->head;

    return head.len >= 12 && memcmp(head.at + 4, "PTMF", 4) == 0 ? REDAN_SNIFF_YES : REDAN_SNIFF_NO;
}

static const char *const defects[] = {REDAN_FLAT_FAULTS, "index", NULL};

const struct redan_format redan_format_torch_mobile = {.name = "torch-mobile",
                                                       .title = "PyTorch Mobile module",
                                                       .sniff = sniff,
                                                       .read = read,
                                                       .defects = defects};
