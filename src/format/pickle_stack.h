/* The stack of the pickle machine, as its opcodes use it. */
#ifndef REDAN_FORMAT_PICKLE_STACK_H
#define REDAN_FORMAT_PICKLE_STACK_H

#include "format/pickle_machine.h"

enum { REDAN_PM_HEAD = 64 << 10, REDAN_PM_LINE_TRIAL = 4096, REDAN_PM_MEMO_C = 1 << 28 };

static inline bool redan_pm_end(struct redan_pickle *pk, const char *why)
{
    pk->ended = why;
    return false;
}

static inline size_t redan_pm_fence(const struct redan_pm_level *lv)
{
    return lv->mark_count ? lv->marks[lv->mark_count - 1] : 0;
}

static inline bool redan_pm_push(struct redan_pickle *pk, struct redan_pm_cell cell)
{
    struct redan_pm_level *lv = pk->lv;

    if (REDAN_UNLIKELY(lv->depth == lv->stack_cap) && !redan_pm_stack_grow(pk))
        return false;
    lv->stack[lv->depth++] = cell;
    return true;
}

static inline bool redan_pm_underflow(struct redan_pickle *pk)
{
    return redan_pm_word_tell(pk, REDAN_PM_WORD_UNDERFLOW, pk->lv->depth);
}

/* Below a mark, or below the bottom, there is an unknown. */
static inline bool redan_pm_pop(struct redan_pickle *pk, struct redan_pm_cell *cell)
{
    struct redan_pm_level *lv = pk->lv;

    if (REDAN_LIKELY(lv->depth > redan_pm_fence(lv))) {
        *cell = lv->stack[--lv->depth];
        return true;
    }
    *cell = (struct redan_pm_cell){.kind = REDAN_PICKLE_UNKNOWN};
    return redan_pm_underflow(pk);
}

static inline bool redan_pm_top(struct redan_pickle *pk, struct redan_pm_cell *cell)
{
    struct redan_pm_level *lv = pk->lv;

    if (REDAN_LIKELY(lv->depth > redan_pm_fence(lv))) {
        *cell = lv->stack[lv->depth - 1];
        return true;
    }
    *cell = (struct redan_pm_cell){.kind = REDAN_PICKLE_UNKNOWN};
    return redan_pm_underflow(pk);
}

/* Where the values above the last mark begin; all of them when there is none. */
static inline bool redan_pm_pop_mark(struct redan_pickle *pk, size_t *from)
{
    struct redan_pm_level *lv = pk->lv;

    if (REDAN_LIKELY(lv->mark_count > 0)) {
        *from = lv->marks[--lv->mark_count];
        return true;
    }
    *from = 0;
    return redan_pm_underflow(pk);
}

static inline bool redan_pm_mark(struct redan_pickle *pk)
{
    struct redan_pm_level *lv = pk->lv;

    if (REDAN_UNLIKELY(lv->mark_count == lv->marks_cap) && !redan_pm_marks_grow(pk))
        return false;
    lv->marks[lv->mark_count++] = (uint32_t)lv->depth;
    return true;
}

static inline uint64_t redan_pm_little(const uint8_t *p, unsigned n)
{
    uint64_t number = 0;

    for (unsigned i = 0; i < n; i++)
        number |= (uint64_t)p[i] << 8 * i;
    return number;
}

static inline bool redan_pm_fixed(struct redan_pickle *pk, unsigned n, uint64_t *number)
{
    if (!redan_pm_need(pk, n))
        return false;
    *number = redan_pm_little(pk->p, n);
    pk->p += n;
    return true;
}

static inline bool redan_pm_push_int(struct redan_pickle *pk, int64_t number)
{
    return redan_pm_push(pk,
                         (struct redan_pm_cell){.kind = REDAN_PICKLE_INT, .a = (uint64_t)number});
}

static inline bool redan_pm_put(struct redan_pickle *pk, uint64_t index)
{
    struct redan_pm_cell cell = {0};

    return redan_pm_top(pk, &cell) && redan_pm_memo_put(pk, &pk->lv->memo, index, cell);
}

static inline bool redan_pm_get(struct redan_pickle *pk, uint64_t index)
{
    struct redan_pm_cell cell = (struct redan_pm_cell){.kind = REDAN_PICKLE_UNKNOWN};

    if (REDAN_UNLIKELY(!redan_pm_memo_get(&pk->lv->memo, index, &cell)) &&
        !redan_pm_word_tell(pk, REDAN_PM_WORD_MEMO_UNKNOWN, index))
        return false;
    return redan_pm_push(pk, cell);
}

/* pickle_line.c: the opcodes whose operand is one line; GLOBAL and INST, whose first line may be given. */
bool redan_pm_op_line(struct redan_pickle *pk);
bool redan_pm_op_lines(struct redan_pickle *pk, const struct redan_slice *first);

/* pickle_frame.c: PROTO and FRAME, and an opcode that went beyond its frame. */
bool redan_pm_op_proto(struct redan_pickle *pk);
bool redan_pm_op_frame(struct redan_pickle *pk);
bool redan_pm_straddle(struct redan_pickle *pk, uint64_t frame_end);

#endif
