/* ExecuTorch programs: operators, delegates and texts, and whether instructions and segments stay inside. */
#include <string.h>

#include "codec/flatbuffer.h"
#include "format/format_table.h"

/* schema/program.fbs: field ids. */
enum { PROGRAM_PLANS = 1, PROGRAM_SEGMENTS = 4 };
enum { PLAN_VALUES = 2, PLAN_CHAINS = 5, PLAN_OPERATORS = 6, PLAN_DELEGATES = 7 };
enum { VALUE_TYPE = 0, VALUE = 1, VALUE_IS_STRING = 6 };
enum { CHAIN_INSTRUCTIONS = 2, INSTRUCTION_TYPE = 0, INSTRUCTION = 1 };
enum { CALL_KERNEL = 1, CALL_DELEGATE = 2, CALL_INDEX = 0, CALL_ARGUMENTS = 1 };
enum { SEGMENT_OFFSET = 0, SEGMENT_SIZE = 1 };
enum { NAME = 128, SHOWN = 64 << 10 };

struct program {
    struct redan_flat flat;
    const struct redan_listener *to;
    uint64_t base; /* of the segments; 0 when there is no extended header */
};

static enum redan_status defect(const struct program *p, const char *what, uint64_t at,
                                const char *detail)
{
    return redan_tell_defect(p->to, what, at, redan_slice_of(detail));
}

/* The names of operators or delegates; `overload` -1 when there is none. */
static enum redan_status tell_names(struct program *p, struct redan_flat_vector list,
                                    const char *what)
{
    struct redan_flat *flat = &p->flat;

    for (uint64_t i = 0; i < list.count && !flat->fault; i++) {
        uint64_t entry = redan_flat_item(flat, list, i);
        char name[NAME];
        struct redan_slice view = redan_flat_text(flat, entry, 0, sizeof(name));
        size_t len = view.len;
        if (len)
            memcpy(name, view.at, len);
        struct redan_slice overload =
            strcmp(what, "executorch") == 0 ? redan_flat_text(flat, entry, 1, NAME) : REDAN_S("");
        if (flat->fault)
            break;
        REDAN_TRY(redan_tell(p->to, &(struct redan_fact){.kind = REDAN_FACT_OPERATOR,
                                                         .what = what,
                                                         .offset = entry,
                                                         .name = {name, len},
                                                         .text = overload}));
    }
    return REDAN_OK;
}

static enum redan_status read_values(struct program *p, struct redan_flat_vector values)
{
    struct redan_flat *flat = &p->flat;

    for (uint64_t i = 0; i < values.count && !flat->fault; i++) {
        uint64_t value = redan_flat_item(flat, values, i);
        if (redan_flat_get_u8(flat, value, VALUE_TYPE, 0) != VALUE_IS_STRING)
            continue;
        struct redan_slice text =
            redan_flat_text(flat, redan_flat_table(flat, value, VALUE), 0, SHOWN);
        if (text.len)
            REDAN_TRY(redan_tell(p->to, &(struct redan_fact){.kind = REDAN_FACT_TEXT,
                                                             .offset = value,
                                                             .name = REDAN_S("constant"),
                                                             .text = text}));
    }
    return REDAN_OK;
}

struct bounds {
    uint64_t values, operators, delegates;
};

static bool call_fits(struct program *p, uint64_t instruction, const struct bounds *bounds)
{
    struct redan_flat *flat = &p->flat;
    uint8_t type = redan_flat_get_u8(flat, instruction, INSTRUCTION_TYPE, 0);
    uint64_t most = type == CALL_KERNEL ? bounds->operators : bounds->delegates;

    if (type != CALL_KERNEL && type != CALL_DELEGATE)
        return true;
    uint64_t call = redan_flat_table(flat, instruction, INSTRUCTION);
    bool fits = redan_flat_get_u32(flat, call, CALL_INDEX, 0) < most;
    struct redan_flat_vector arguments = redan_flat_vector(flat, call, CALL_ARGUMENTS, 4);
    for (uint64_t i = 0; i < arguments.count && !flat->fault; i++)
        fits = redan_flat_u32(flat, arguments.at + 4 * i) < bounds->values && fits;
    return fits || flat->fault;
}

static enum redan_status read_plan(struct program *p, uint64_t plan)
{
    struct redan_flat *flat = &p->flat;
    struct redan_flat_vector values = redan_flat_vector(flat, plan, PLAN_VALUES, 4);
    struct redan_flat_vector operators = redan_flat_vector(flat, plan, PLAN_OPERATORS, 4);
    struct redan_flat_vector delegates = redan_flat_vector(flat, plan, PLAN_DELEGATES, 4);
    struct redan_flat_vector chains = redan_flat_vector(flat, plan, PLAN_CHAINS, 4);
    struct bounds bounds = {values.count, operators.count, delegates.count};

    REDAN_TRY(tell_names(p, operators, "executorch"));
    REDAN_TRY(tell_names(p, delegates, "executorch-delegate"));
    REDAN_TRY(read_values(p, values));
    for (uint64_t i = 0; i < chains.count && !flat->fault; i++) {
        struct redan_flat_vector calls =
            redan_flat_vector(flat, redan_flat_item(flat, chains, i), CHAIN_INSTRUCTIONS, 4);
        for (uint64_t k = 0; k < calls.count && !flat->fault; k++) {
            if (!call_fits(p, redan_flat_item(flat, calls, k), &bounds))
                return defect(p, "index", plan, "an instruction names what is not there");
        }
    }
    return REDAN_OK;
}

static enum redan_status read_segments(struct program *p, uint64_t root)
{
    struct redan_flat *flat = &p->flat;
    struct redan_flat_vector segments = redan_flat_vector(flat, root, PROGRAM_SEGMENTS, 4);

    for (uint64_t i = 0; i < segments.count && !flat->fault; i++) {
        uint64_t segment = redan_flat_item(flat, segments, i);
        uint64_t offset = redan_flat_get_u64(flat, segment, SEGMENT_OFFSET, 0);
        uint64_t size = redan_flat_get_u64(flat, segment, SEGMENT_SIZE, 0);
        uint64_t room = p->base <= flat->size ? flat->size - p->base : 0;
        if (!flat->fault && (offset > room || size > room - offset))
            return defect(p, "bounds", segment, "a segment lies outside of the file");
    }
    return REDAN_OK;
}

static enum redan_status read(struct redan_ctx *ctx, struct redan_source *source,
                              struct redan_slice name, const struct redan_listener *to)
{
    struct program p = {.to = to};
    struct redan_flat *flat = &p.flat;

    (void)name;
    redan_flat_init(flat, ctx, source);
    /* the extended header: "eh00", its length, the program's size, where segments begin */
    if (flat->size >= 32 && redan_flat_u32(flat, 8) == 0x30306865)
        p.base = redan_flat_u64(flat, 24);
    uint64_t root = redan_flat_root(flat);
    struct redan_flat_vector plans = redan_flat_vector(flat, root, PROGRAM_PLANS, 4);
    for (uint64_t i = 0; i < plans.count && !flat->fault; i++)
        REDAN_TRY(read_plan(&p, redan_flat_item(flat, plans, i)));
    REDAN_TRY(read_segments(&p, root));
    if (flat->fault)
        REDAN_TRY(
            redan_tell_defect(to, flat->fault, flat->fault_at, REDAN_S("an ExecuTorch program")));
    return redan_flat_ok(flat, "an ExecuTorch program");
}

static enum redan_sniff sniff(const struct redan_probe *probe)
{
    struct redan_slice head = probe->head;

    return head.len >= 12 && memcmp(head.at + 4, "ET12", 4) == 0 ? REDAN_SNIFF_YES : REDAN_SNIFF_NO;
}

static const char *const extensions[] = {".pte", NULL};
static const char *const defects[] = {REDAN_FLAT_FAULTS, "index", "bounds", NULL};

const struct redan_format redan_format_executorch = {.name = "executorch",
                                                     .title = "ExecuTorch program",
                                                     .extensions = extensions,
                                                     .sniff = sniff,
                                                     .read = read,
                                                     .defects = defects};
