/* The pickle machine's loop: the simplest opcodes at once, the others where they are written, and what comes after each. */
#include "format/pickle_stack.h"

bool redan_pm_accepts(const struct redan_pickle *pk)
{
    bool names = (pk->seen & REDAN_PM_SEEN_IMPORT) != 0;
    bool calls = (pk->seen & REDAN_PM_SEEN_CALL) != 0;

    if (names)
        return calls || (!pk->tolerant && pk->lv->protocol >= 2);
    return calls && !pk->tolerant && (pk->seen & (REDAN_PM_SEEN_EXTENSION | REDAN_PM_SEEN_DYNAMIC));
}

/* Whether a trial is over: it is sure, or it is none. */
static bool sure(struct redan_pickle *pk)
{
    if (pk->lv->ops >= pk->trial_ops || ((pk->seen & REDAN_PM_SEEN_ODD) && !pk->tolerant))
        (void)redan_pm_end(pk, "trial");
    else if (redan_pm_accepts(pk))
        (void)redan_pm_end(pk, "accepted");
    return pk->ended != NULL;
}

static bool show(struct redan_pickle *pk)
{
    struct redan_pm_level *lv = pk->lv;
    uint64_t size = redan_pm_offset(pk) - pk->op_offset;
    struct redan_pm_cell last = {.kind = REDAN_PICKLE_MARK};

    if (lv->depth > redan_pm_fence(lv))
        last = lv->stack[lv->depth - 1];
    struct redan_pickle_line shown = {
        .offset = pk->op_offset,
        .size = size,
        .opcode = pk->op,
        .name = redan_pickle_opcodes[pk->op].name,
        .stack = lv->depth,
        .marks = lv->mark_count,
        .memo = (size_t)lv->memo.count,
        .top = redan_pm_value(pk, last),
        .note = {pk->note, pk->note_len},
    };

    if (size > 1)
        shown.operand =
            redan_pm_peek(pk, pk->op_offset + 1, (size_t)(size - 1 < 256 ? size - 1 : 256));
    pk->status = pk->liner(pk->liner_arg, pk, &shown);
    pk->note_len = 0;
    return pk->status == REDAN_OK && redan_pm_refresh(pk);
}

/* What comes after each opcode: frames, listings, trials. */
static bool after(struct redan_pickle *pk, bool went)
{
    struct redan_pm_level *lv = pk->lv;

    if (lv->frame_end && pk->op != REDAN_OP_FRAME && pk->status == REDAN_OK) {
        uint64_t frame_end = lv->frame_end;
        uint64_t at = redan_pm_offset(pk);

        if (at >= frame_end)
            lv->frame_end = 0;
        if (at > frame_end && went && !redan_pm_straddle(pk, frame_end))
            return false;
    }
    if (pk->liner && !pk->dry && pk->status == REDAN_OK && (went || pk->ended) && !show(pk))
        return false;
    return went && !(pk->dry && sure(pk));
}

/* Opcodes that only put something on the stack or into the memo: most of any large pickle. */
static inline bool quick(struct redan_pickle *pk, unsigned op)
{
    uint64_t number = 0;

    switch (op) {
    case REDAN_OP_MARK:
        return redan_pm_mark(pk);
    case REDAN_OP_NONE:
        return redan_pm_push(pk, (struct redan_pm_cell){.kind = REDAN_PICKLE_NONE});
    case REDAN_OP_NEWTRUE:
    case REDAN_OP_NEWFALSE:
        return redan_pm_push(
            pk, (struct redan_pm_cell){.kind = REDAN_PICKLE_BOOL, .a = op == REDAN_OP_NEWTRUE});
    case REDAN_OP_BININT:
        return redan_pm_fixed(pk, 4, &number) && redan_pm_push_int(pk, (int32_t)(uint32_t)number);
    case REDAN_OP_BININT1:
        return redan_pm_fixed(pk, 1, &number) && redan_pm_push_int(pk, (int64_t)number);
    case REDAN_OP_BININT2:
        return redan_pm_fixed(pk, 2, &number) && redan_pm_push_int(pk, (int64_t)number);
    case REDAN_OP_BINFLOAT:
        if (!redan_pm_need(pk, 8))
            return false;
        pk->p += 8;
        return redan_pm_push(pk, (struct redan_pm_cell){.kind = REDAN_PICKLE_FLOAT});
    case REDAN_OP_MEMOIZE:
        return redan_pm_put(pk, pk->lv->memo.count);
    default:
        return redan_pm_step(pk);
    }
}

void redan_pm_run(struct redan_pickle *pk)
{
    struct redan_pm_level *lv = pk->lv;
    bool listed = pk->liner || pk->dry;

    while (pk->status == REDAN_OK) {
        if (REDAN_UNLIKELY(pk->p == pk->end)) {
            pk->op_offset = redan_pm_offset(pk);
            if (!redan_pm_need(pk, 1))
                return;
        }
        if (REDAN_UNLIKELY(pk->ops_left == 0)) {
            pk->op_offset = redan_pm_offset(pk);
            pk->ended = "budget";
            return;
        }
        pk->ops_left--;
        pk->op_offset = redan_pm_offset(pk);
        unsigned op = *pk->p++;
        pk->op = (uint8_t)op;
        bool went = quick(pk, op);

        if (REDAN_UNLIKELY(listed || (lv->frame_end && redan_pm_offset(pk) >= lv->frame_end)))
            went = after(pk, went);
        lv->ops++;
        if (REDAN_UNLIKELY(!went || pk->nested != UINT64_MAX))
            return;
    }
}

bool redan_pm_run_second(struct redan_pickle *pk, const struct redan_pm_second *reading)
{
    bool went = true;

    redan_pm_seek(pk, reading->offset);
    if (reading->op < 0)
        return true;
    pk->op = (uint8_t)reading->op;
    pk->op_offset = reading->offset;
    if (reading->counted) {
        went = redan_pm_op_counted(pk, reading->count);
    } else if (reading->first) {
        struct redan_slice first = redan_pm_peek(
            pk, reading->first,
            (size_t)(reading->first_len < REDAN_PM_NAME ? reading->first_len : REDAN_PM_NAME));
        redan_pm_seek(pk, reading->offset);
        went = redan_pm_op_lines(pk, &first);
    } else {
        went = quick(pk, pk->op);
    }
    pk->lv->ops++;
    return went;
}
