/* Every opcode of the pickle machine, as pickle.py or _pickle.c carry it out, whichever of the two goes further. */
#include <string.h>

#include "base/utf8.h"
#include "format/pickle_stack.h"

static const struct redan_pm_cell unknown = {.kind = REDAN_PICKLE_UNKNOWN};
static const struct redan_pm_cell none_given = {.kind = REDAN_PM_EMPTY};

/* A text or bytes of `len` bytes at p. */
static bool op_bytes(struct redan_pickle *pk, uint8_t kind, uint64_t len)
{
    if (!redan_pm_remains(pk, len) || len >> 40)
        return redan_pm_end(pk, "truncated");
    size_t head = len < REDAN_PM_HEAD ? (size_t)len : REDAN_PM_HEAD;

    if (REDAN_UNLIKELY((size_t)(pk->end - pk->p) < head) && !redan_pm_need(pk, head))
        return false;
    const uint8_t *bytes = pk->p;
    struct redan_pm_cell cell = {
        .kind = kind, .a = redan_pm_offset(pk), .b = (uint32_t)len, .kept = (uint8_t)(len >> 32)};
    bool tells = false;

    if (kind == REDAN_PICKLE_TEXT)
        cell.holds = redan_pm_hook(bytes, len < REDAN_PM_HEAD ? (size_t)len : 0);
    if (REDAN_UNLIKELY(pk->dry)) {
        if (kind == REDAN_PICKLE_TEXT && len <= REDAN_PM_LINE_TRIAL &&
            pk->op != REDAN_OP_BINSTRING && pk->op != REDAN_OP_SHORT_BINSTRING &&
            !redan_utf8_check((struct redan_slice){(const char *)bytes, head}, NULL))
            pk->seen |= REDAN_PM_SEEN_ODD;
    } else {
        if (!pk->source->memory.at)
            redan_pm_remember(pk, 1, cell.a, bytes, head);
        tells = len >= 8 && redan_pm_constant_tells(bytes, head, len, kind == REDAN_PICKLE_TEXT);
    }
    if ((uint64_t)(pk->end - pk->p) >= len)
        pk->p += (size_t)len;
    else
        redan_pm_seek(pk, cell.a + len);
    return pk->status == REDAN_OK && redan_pm_push(pk, cell) &&
           (!tells || redan_pm_constant(pk, cell));
}

bool redan_pm_op_counted(struct redan_pickle *pk, uint64_t count)
{
    if (pk->op == REDAN_OP_LONG4 && count > INT32_MAX)
        return redan_pm_end(pk, "operand");
    switch (pk->op) {
    case REDAN_OP_LONG4:
    case REDAN_OP_LONG1:
        if (count <= 8) {
            uint64_t number = 0;
            if (!redan_pm_fixed(pk, (unsigned)count, &number))
                return false;
            unsigned unused = 64 - 8 * (unsigned)count;
            return redan_pm_push_int(pk, count ? (int64_t)(number << unused) >> unused : 0);
        }
        if (!redan_pm_remains(pk, count))
            return redan_pm_end(pk, "truncated");
        if ((uint64_t)(pk->end - pk->p) >= count)
            pk->p += (size_t)count;
        else
            redan_pm_seek(pk, redan_pm_offset(pk) + count);
        return redan_pm_push(pk, (struct redan_pm_cell){.kind = REDAN_PICKLE_INT, .store = 1});
    case REDAN_OP_BINSTRING: /* a signed number for pickle.py, unsigned for _pickle.c */
        if (count > INT32_MAX && !redan_pm_word_tell(pk, REDAN_PM_WORD_SIZE, count))
            return false;
        return op_bytes(pk, REDAN_PICKLE_TEXT, count);
    case REDAN_OP_SHORT_BINSTRING:
    case REDAN_OP_SHORT_BINUNICODE:
    case REDAN_OP_BINUNICODE:
    case REDAN_OP_BINUNICODE8:
        return op_bytes(pk, REDAN_PICKLE_TEXT, count);
    default:
        return op_bytes(pk, REDAN_PICKLE_BYTES, count);
    }
}

static bool op_counted(struct redan_pickle *pk, unsigned n)
{
    uint64_t count = 0;

    return redan_pm_fixed(pk, n, &count) && redan_pm_op_counted(pk, count);
}

static bool op_binpersid(struct redan_pickle *pk)
{
    struct redan_pm_cell id = {0};

    if (!redan_pm_pop(pk, &id))
        return false;
    struct redan_pickle_event event = {.kind = REDAN_PICKLE_PERSISTENT_ID,
                                       .args = redan_pm_value(pk, id)};
    struct redan_pm_cell cell = {.kind = REDAN_PICKLE_PERSISTENT};

    if (id.kind == REDAN_PICKLE_TEXT && id.store == 0) {
        cell.a = id.a;
        cell.b = id.b;
        cell.kept = id.kept;
    }
    return redan_pm_push(pk, cell) && redan_pm_tell(pk, &event);
}

static bool op_stack_global(struct redan_pickle *pk)
{
    struct redan_pm_cell module = {0}, name = {0}, made = {0};

    return redan_pm_pop(pk, &name) && redan_pm_pop(pk, &module) &&
           redan_pm_stack_global(pk, module, name, &made) && redan_pm_push(pk, made);
}

static bool op_extension(struct redan_pickle *pk, unsigned n)
{
    uint64_t code = 0;

    if (!redan_pm_fixed(pk, n, &code))
        return false;
    struct redan_pickle_event event = {.kind = REDAN_PICKLE_EXTENSION, .number = code};

    pk->seen |= REDAN_PM_SEEN_EXTENSION;
    pk->told_any = pk->told_any || !pk->dry;
    if (!redan_pm_push(pk, unknown) || !redan_pm_tell(pk, &event))
        return false;
    return code == 0 || (n == 4 && code > INT32_MAX) ? redan_pm_end(pk, "operand") : true;
}

static bool op_call(struct redan_pickle *pk)
{
    struct redan_pm_cell callee = {0}, args = {0}, keywords = none_given, made = {0};

    if (pk->op == REDAN_OP_NEWOBJ_EX && !redan_pm_pop(pk, &keywords))
        return false;
    return redan_pm_pop(pk, &args) && redan_pm_pop(pk, &callee) &&
           redan_pm_called(pk, callee, args, keywords, &made) && redan_pm_push(pk, made);
}

static bool op_obj(struct redan_pickle *pk)
{
    struct redan_pm_level *lv = pk->lv;
    struct redan_pm_cell callee = unknown, args = {0}, made = {0};
    size_t from = 0;

    if (!redan_pm_pop_mark(pk, &from))
        return false;
    size_t n = lv->depth - from;

    if (n == 0 && !redan_pm_underflow(pk))
        return false;
    if (n)
        callee = lv->stack[from];
    if (!redan_pm_tuple(pk, REDAN_PICKLE_TUPLE, lv->stack + from + (n != 0), n - (n != 0), &args))
        return false;
    lv->depth = from;
    return redan_pm_called(pk, callee, args, none_given, &made) && redan_pm_push(pk, made);
}

static bool op_build(struct redan_pickle *pk)
{
    struct redan_pm_cell target = {0}, state = {0};

    return redan_pm_pop(pk, &state) && redan_pm_top(pk, &target) &&
           redan_pm_build(pk, target, state);
}

static bool same(struct redan_pm_cell a, struct redan_pm_cell b)
{
    return a.kind == b.kind && a.store == b.store && a.b == b.b && a.a == b.a &&
           a.kind >= REDAN_PICKLE_TUPLE && a.kind <= REDAN_PICKLE_SET &&
           (a.store == REDAN_PM_STORE_BOX || a.kept);
}

/* A container that takes itself, or twice what took something twice: a few bytes that are endless work for whoever walks them. */
static bool doubles(struct redan_pickle *pk, const struct redan_pm_cell *items, size_t n,
                    struct redan_pm_cell into)
{
    struct redan_pm_cell last = items[n - 1];
    bool self = same(last, into);

    if (!self && (n < 2 || !same(last, items[n - 2])))
        return true;
    pk->doublings = self ? pk->doublings + 1 : same(last, pk->doubled) ? pk->doublings + 1 : 1;
    pk->doubled = into;
    return pk->doublings < REDAN_PM_DOUBLINGS ||
           redan_pm_word_tell(pk, REDAN_PM_WORD_EXPANSION, pk->doublings);
}

/* APPEND, SETITEM (no mark: the last `n`), APPENDS, SETITEMS, ADDITEMS. */
static bool op_items(struct redan_pickle *pk, size_t n)
{
    struct redan_pm_level *lv = pk->lv;
    struct redan_pm_cell target = {0};
    size_t from = 0;

    if (n) {
        if (lv->depth - redan_pm_fence(lv) < n + 1) {
            lv->depth = redan_pm_fence(lv);
            return redan_pm_underflow(pk);
        }
        from = lv->depth - n;
    } else if (!redan_pm_pop_mark(pk, &from)) {
        return false;
    }
    const struct redan_pm_cell *items = lv->stack + from;
    size_t count = lv->depth - from;

    lv->depth = from;
    if (!redan_pm_top(pk, &target))
        return false;
    if (target.store == REDAN_PM_STORE_BOX && target.kind >= REDAN_PICKLE_LIST &&
        target.kind <= REDAN_PICKLE_SET)
        return redan_pm_box_add(pk, target, items, count) &&
               (count == 0 || doubles(pk, items, count, target));
    return count == 0 || redan_pm_items(pk, target, items, count);
}

static bool op_tuple(struct redan_pickle *pk, uint8_t kind, size_t n)
{
    struct redan_pm_level *lv = pk->lv;
    struct redan_pm_cell made = {0};

    if (REDAN_UNLIKELY(lv->depth - redan_pm_fence(lv) < n)) {
        lv->depth = redan_pm_fence(lv);
        if (!redan_pm_underflow(pk))
            return false;
        made = (struct redan_pm_cell){
            .kind = kind, .b = (uint32_t)n, .holds = REDAN_PICKLE_HOLDS_UNKNOWN};
        return redan_pm_push(pk, made);
    }
    if (!redan_pm_tuple(pk, kind, lv->stack + lv->depth - n, n, &made) ||
        (n > 1 && !doubles(pk, lv->stack + lv->depth - n, n, made)))
        return false;
    lv->depth -= n;
    return redan_pm_push(pk, made);
}

/* TUPLE, FROZENSET, LIST, DICT: what stands above the mark. */
static bool op_marked(struct redan_pickle *pk, uint8_t kind, bool fixed_size)
{
    struct redan_pm_level *lv = pk->lv;
    struct redan_pm_cell made = {0};
    size_t from = 0;

    if (!redan_pm_pop_mark(pk, &from))
        return false;
    size_t n = lv->depth - from;

    if (fixed_size) {
        if (!redan_pm_tuple(pk, kind, lv->stack + from, n, &made))
            return false;
    } else if (!redan_pm_box_new(pk, kind, &made) ||
               !redan_pm_box_add(pk, made, lv->stack + from, n)) {
        return false;
    }
    if (n > 1 && !doubles(pk, lv->stack + from, n, made))
        return false;
    lv->depth = from;
    return redan_pm_push(pk, made);
}

static bool op_new(struct redan_pickle *pk, uint8_t kind)
{
    struct redan_pm_cell made = {0};

    return redan_pm_box_new(pk, kind, &made) && redan_pm_push(pk, made);
}

static bool op_pop(struct redan_pickle *pk)
{
    struct redan_pm_level *lv = pk->lv;
    struct redan_pm_cell cell = {0};

    if (lv->mark_count && lv->marks[lv->mark_count - 1] == lv->depth) {
        lv->mark_count--;
        return true;
    }
    return redan_pm_pop(pk, &cell);
}

static bool op_pop_mark(struct redan_pickle *pk)
{
    size_t from = 0;

    if (!redan_pm_pop_mark(pk, &from))
        return false;
    pk->lv->depth = from;
    return true;
}

static bool op_dup(struct redan_pickle *pk)
{
    struct redan_pm_cell cell = {0};

    return redan_pm_top(pk, &cell) && redan_pm_push(pk, cell);
}

static bool op_index(struct redan_pickle *pk, unsigned n, bool puts)
{
    uint64_t index = 0;

    if (!redan_pm_fixed(pk, n, &index))
        return false;
    if (REDAN_UNLIKELY(puts && index > REDAN_PM_MEMO_C) &&
        !redan_pm_word_tell(pk, REDAN_PM_WORD_MEMO, index))
        return false;
    return puts ? redan_pm_put(pk, index) : redan_pm_get(pk, index);
}

static bool op_stop(struct redan_pickle *pk)
{
    struct redan_pm_level *lv = pk->lv;
    struct redan_pm_cell cell = {0};

    if (!redan_pm_pop(pk, &cell))
        return false;
    if ((lv->depth || lv->mark_count) && !redan_pm_word_tell(pk, REDAN_PM_WORD_LEFTOVER, lv->depth))
        return false;
    return redan_pm_end(pk, "stop");
}

/* The opcodes that are rare in large pickles. */
static bool step_rare(struct redan_pickle *pk)
{
    switch (pk->op) {
    case REDAN_OP_STOP:
        return op_stop(pk);
    case REDAN_OP_POP:
        return op_pop(pk);
    case REDAN_OP_POP_MARK:
        return op_pop_mark(pk);
    case REDAN_OP_DUP:
        return op_dup(pk);
    case REDAN_OP_INT:
    case REDAN_OP_LONG:
    case REDAN_OP_FLOAT:
    case REDAN_OP_STRING:
    case REDAN_OP_UNICODE:
    case REDAN_OP_PERSID:
    case REDAN_OP_PUT:
    case REDAN_OP_GET:
        return redan_pm_op_line(pk);
    case REDAN_OP_BINPERSID:
        return op_binpersid(pk);
    case REDAN_OP_GLOBAL:
    case REDAN_OP_INST:
        return redan_pm_op_lines(pk, NULL);
    case REDAN_OP_STACK_GLOBAL:
        return op_stack_global(pk);
    case REDAN_OP_OBJ:
        return op_obj(pk);
    case REDAN_OP_EXT1:
        return op_extension(pk, 1);
    case REDAN_OP_EXT2:
        return op_extension(pk, 2);
    case REDAN_OP_EXT4:
        return op_extension(pk, 4);
    case REDAN_OP_LIST:
        return op_marked(pk, REDAN_PICKLE_LIST, false);
    case REDAN_OP_DICT:
        return op_marked(pk, REDAN_PICKLE_DICT, false);
    case REDAN_OP_FROZENSET:
        return op_marked(pk, REDAN_PICKLE_SET, true);
    case REDAN_OP_EMPTY_SET:
        return op_new(pk, REDAN_PICKLE_SET);
    case REDAN_OP_PROTO:
        return redan_pm_op_proto(pk);
    case REDAN_OP_FRAME:
        return redan_pm_op_frame(pk);
    case REDAN_OP_LONG4:
    case REDAN_OP_BINSTRING:
        return op_counted(pk, 4);
    case REDAN_OP_BINUNICODE8:
    case REDAN_OP_BINBYTES8:
    case REDAN_OP_BYTEARRAY8:
        return op_counted(pk, 8);
    case REDAN_OP_NEXT_BUFFER:
        return redan_pm_push(pk, unknown);
    case REDAN_OP_READONLY_BUFFER:
        return true;
    default:
        return redan_pm_end(pk, "opcode");
    }
}

bool redan_pm_step(struct redan_pickle *pk)
{
    switch (pk->op) {
    case REDAN_OP_LONG1:
    case REDAN_OP_SHORT_BINSTRING:
    case REDAN_OP_SHORT_BINBYTES:
    case REDAN_OP_SHORT_BINUNICODE:
        return op_counted(pk, 1);
    case REDAN_OP_BINUNICODE:
    case REDAN_OP_BINBYTES:
        return op_counted(pk, 4);
    case REDAN_OP_EMPTY_TUPLE:
        return op_tuple(pk, REDAN_PICKLE_TUPLE, 0);
    case REDAN_OP_TUPLE1:
        return op_tuple(pk, REDAN_PICKLE_TUPLE, 1);
    case REDAN_OP_TUPLE2:
        return op_tuple(pk, REDAN_PICKLE_TUPLE, 2);
    case REDAN_OP_TUPLE3:
        return op_tuple(pk, REDAN_PICKLE_TUPLE, 3);
    case REDAN_OP_TUPLE:
        return op_marked(pk, REDAN_PICKLE_TUPLE, true);
    case REDAN_OP_EMPTY_LIST:
        return op_new(pk, REDAN_PICKLE_LIST);
    case REDAN_OP_EMPTY_DICT:
        return op_new(pk, REDAN_PICKLE_DICT);
    case REDAN_OP_APPEND:
        return op_items(pk, 1);
    case REDAN_OP_SETITEM:
        return op_items(pk, 2);
    case REDAN_OP_APPENDS:
    case REDAN_OP_SETITEMS:
    case REDAN_OP_ADDITEMS:
        return op_items(pk, 0);
    case REDAN_OP_BINPUT:
        return op_index(pk, 1, true);
    case REDAN_OP_LONG_BINPUT:
        return op_index(pk, 4, true);
    case REDAN_OP_BINGET:
        return op_index(pk, 1, false);
    case REDAN_OP_LONG_BINGET:
        return op_index(pk, 4, false);
    case REDAN_OP_REDUCE:
    case REDAN_OP_NEWOBJ:
    case REDAN_OP_NEWOBJ_EX:
        return op_call(pk);
    case REDAN_OP_BUILD:
        return op_build(pk);
    default:
        return step_rare(pk);
    }
}
