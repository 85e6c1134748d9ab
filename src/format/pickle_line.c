/* The opcodes of pickles whose operands are lines of text: numbers, strings, memo indices, and the names of GLOBAL and INST. */
#include <string.h>

#include "format/pickle_stack.h"

static const struct redan_pm_cell none_given = {.kind = REDAN_PM_EMPTY};

/* A line of any length: its text when that is one view, else none of it. */
static bool long_line(struct redan_pickle *pk, struct redan_slice *text, uint64_t *len)
{
    uint64_t start = redan_pm_offset(pk);
    uint64_t at = start;

    for (;;) {
        struct redan_slice view = redan_pm_peek(pk, at, REDAN_SOURCE_VIEW);
        const char *stop = view.len ? memchr(view.at, '\n', view.len) : NULL;

        if (stop) {
            *len = at - start + (uint64_t)(stop - view.at);
            *text =
                at == start ? redan_slice_sub(view, 0, (size_t)*len) : (struct redan_slice){"", 0};
            redan_pm_seek(pk, start + *len + 1);
            return true;
        }
        at += view.len;
        if (view.len < REDAN_SOURCE_VIEW)
            return redan_pm_end(pk, "truncated");
    }
}

/* A line, at most REDAN_SOURCE_VIEW bytes of it; p goes past its end. At the end of the source pickle.py takes what is there for
 * a line and drops its last byte. */
static bool line(struct redan_pickle *pk, struct redan_slice *text, uint64_t *len)
{
    uint64_t start = redan_pm_offset(pk);
    size_t have = (size_t)(pk->end - pk->p);
    bool near = pk->dry && !pk->deep && have > REDAN_PM_LINE_TRIAL;
    const uint8_t *stop = have ? memchr(pk->p, '\n', near ? REDAN_PM_LINE_TRIAL : have) : NULL;

    if (REDAN_LIKELY(stop != NULL)) {
        *text = (struct redan_slice){(const char *)pk->p, (size_t)(stop - pk->p)};
        *len = text->len;
        pk->p = stop + 1;
        return true;
    }
    if (pk->dry && !pk->deep)
        return redan_pm_end(pk, "line");
    if (pk->dry)
        return long_line(pk, text, len);
    if (!pk->source->memory.at && have < REDAN_SOURCE_VIEW) {
        (void)redan_pm_need(pk, REDAN_SOURCE_VIEW);
        pk->ended = NULL;
        if (pk->status != REDAN_OK)
            return false;
        have = (size_t)(pk->end - pk->p);
        stop = have ? memchr(pk->p, '\n', have) : NULL;
        if (stop) {
            *text = (struct redan_slice){(const char *)pk->p, (size_t)(stop - pk->p)};
            *len = text->len;
            pk->p = stop + 1;
            return true;
        }
        if (have >=
            REDAN_SOURCE_VIEW) { /* no honest line is so long, and its head is gone by its end */
            redan_pm_seek(pk, start + have);
            return redan_pm_end(pk, "budget");
        }
    }
    if (have == 0 || pk->op != REDAN_OP_INST)
        return redan_pm_end(pk, "truncated"); /* nothing comes of it any more */
    *text = (struct redan_slice){(const char *)pk->p, have - 1};
    *len = have - 1;
    pk->p += have;
    pk->cut = true;
    return true;
}

static bool op_number(struct redan_pickle *pk)
{
    struct redan_slice text = {0};
    uint64_t len = 0;
    struct redan_pm_number number = {0};

    if (!line(pk, &text, &len))
        return false;
    enum redan_pm_reading reading = pk->op == REDAN_OP_INT ? redan_pm_read_int(text, &number)
                                                           : redan_pm_read_long(text, &number);

    if (reading == REDAN_PM_READ_NEITHER)
        return redan_pm_end(pk, "operand");
    struct redan_pm_cell cell = {.kind = number.boolean ? REDAN_PICKLE_BOOL : REDAN_PICKLE_INT,
                                 .a = (uint64_t)number.value,
                                 .store = !number.fits && !number.boolean};

    return redan_pm_push(pk, cell) &&
           (reading == REDAN_PM_READ_BOTH || redan_pm_word_tell(pk, REDAN_PM_WORD_INT, 0));
}

static bool op_float_line(struct redan_pickle *pk)
{
    struct redan_slice text = {0};
    uint64_t len = 0;

    if (!line(pk, &text, &len))
        return false;
    enum redan_pm_reading reading = redan_pm_read_float(text);

    if (reading == REDAN_PM_READ_NEITHER)
        return redan_pm_end(pk, "operand");
    return redan_pm_push(pk, (struct redan_pm_cell){.kind = REDAN_PICKLE_FLOAT}) &&
           (reading == REDAN_PM_READ_BOTH || redan_pm_word_tell(pk, REDAN_PM_WORD_FLOAT, 0));
}

static bool op_text_line(struct redan_pickle *pk)
{
    struct redan_slice text = {0}, inner = {0};
    uint64_t len = 0;
    uint64_t at = redan_pm_offset(pk);
    enum redan_pm_reading reading = REDAN_PM_READ_BOTH;
    int how = pk->op == REDAN_OP_STRING ? 1 : 2;

    if (!line(pk, &text, &len))
        return false;
    if (len > text.len) /* a trial: it is not looked at */
        return redan_pm_push(pk, (struct redan_pm_cell){.kind = REDAN_PICKLE_TEXT});
    inner = text;
    if (how == 1)
        reading = redan_pm_read_string(text, &inner);
    if (reading == REDAN_PM_READ_NEITHER || !redan_pm_unescape(inner, how, SIZE_MAX, NULL))
        return redan_pm_end(pk, "operand");
    bool plain = inner.len == 0 || !memchr(inner.at, '\\', inner.len);

    for (size_t i = 0; how == 2 && plain && i < inner.len; i++)
        plain = (unsigned char)inner.at[i] < 0x80; /* Latin-1 */
    struct redan_pm_cell cell = {.kind = REDAN_PICKLE_TEXT,
                                 .store = plain ? 0 : (uint8_t)how,
                                 .a = at + (uint64_t)(inner.at - text.at),
                                 .b = (uint32_t)inner.len};
    struct redan_slice seen = inner;
    bool tells = false;

    if (!pk->dry && inner.len >= 3) {
        if (!plain) {
            redan_buf_clear(&pk->listen);
            (void)redan_pm_unescape(inner, how, REDAN_PM_HEAD, &pk->listen);
            seen = redan_buf_view(&pk->listen);
        }
        tells = redan_pm_constant_tells((const uint8_t *)seen.at, seen.len, seen.len, true);
        cell.holds = redan_pm_hook((const uint8_t *)seen.at, seen.len);
    }

    if (!pk->dry && !pk->source->memory.at)
        redan_pm_remember(pk, 1, cell.a, (const uint8_t *)inner.at, inner.len);
    return pk->status == REDAN_OK && redan_pm_push(pk, cell) &&
           (reading == REDAN_PM_READ_BOTH || redan_pm_word_tell(pk, REDAN_PM_WORD_STRING, 0)) &&
           (!tells || redan_pm_constant(pk, cell));
}

static bool op_persid(struct redan_pickle *pk)
{
    struct redan_slice text = {0};
    uint64_t len = 0;
    uint64_t at = redan_pm_offset(pk);

    if (!line(pk, &text, &len))
        return false;
    for (size_t i = 0; i < text.len; i++) { /* ASCII for both; nobody writes controls */
        unsigned char c = (unsigned char)text.at[i];

        if (c >= 0x80 || (pk->dry && (c < ' ' || c == 0x7f)))
            return redan_pm_end(pk, "operand");
    }
    struct redan_pm_cell cell = {.kind = REDAN_PICKLE_TEXT, .a = at, .b = (uint32_t)text.len};
    struct redan_pickle_event event = {.kind = REDAN_PICKLE_PERSISTENT_ID,
                                       .args = redan_pm_value(pk, cell)};

    if (!pk->dry)
        redan_pm_remember(pk, 1, cell.a, (const uint8_t *)text.at, text.len);
    cell.kind = REDAN_PICKLE_PERSISTENT;
    return pk->status == REDAN_OK && redan_pm_push(pk, cell) && redan_pm_tell(pk, &event);
}

/* PUT and GET. */
static bool op_index_line(struct redan_pickle *pk)
{
    struct redan_slice text = {0};
    uint64_t len = 0;
    uint64_t index = 0;
    bool negative = false;

    if (!line(pk, &text, &len))
        return false;
    enum redan_pm_reading reading = redan_pm_read_index(text, &index, &negative);

    if (reading == REDAN_PM_READ_NEITHER || (negative && pk->op == REDAN_OP_PUT))
        return redan_pm_end(pk, "operand");
    /* _pickle.c has an array for it: an index far beyond is more memory than there is */
    if ((reading == REDAN_PM_READ_ONE || (pk->op == REDAN_OP_PUT && index > REDAN_PM_MEMO_C)) &&
        !redan_pm_word_tell(pk, REDAN_PM_WORD_MEMO, index))
        return false;
    return pk->op == REDAN_OP_PUT ? redan_pm_put(pk, index) : redan_pm_get(pk, index);
}

/* GLOBAL and INST; the first line is given when it lies elsewhere. */
bool redan_pm_op_lines(struct redan_pickle *pk, const struct redan_slice *first)
{
    struct redan_slice module = {0}, name = {0};
    uint64_t len = 0;
    uint64_t at = redan_pm_offset(pk);
    struct redan_pm_cell callee = {0}, made = {0}, args = {0};
    size_t from = 0;

    pk->cut = false;
    if (first)
        module = *first;
    else if (!line(pk, &module, &len))
        return false;
    bool held = pk->source->memory.at != NULL;

    if (!held) {
        redan_buf_clear(&pk->scratch);
        redan_buf_slice(&pk->scratch, redan_slice_sub(module, 0, REDAN_PM_NAME + 1));
        module = redan_buf_view(&pk->scratch);
    }
    if (!line(pk, &name, &len))
        return false;
    if (!held) {
        redan_buf_clear(&pk->scratch2);
        redan_buf_slice(&pk->scratch2, redan_slice_sub(name, 0, REDAN_PM_NAME + 1));
        name = redan_buf_view(&pk->scratch2);
        if (pk->scratch.fail != REDAN_OK || pk->scratch2.fail != REDAN_OK) {
            pk->status = redan_fail(pk->ctx, REDAN_E_MEMORY, at, "no memory for a name");
            return false;
        }
    }
    /* _pickle.c refuses empty names; pickle.py asks find_class */
    if ((module.len == 0 || name.len == 0 || pk->cut) &&
        !redan_pm_word_tell(pk, REDAN_PM_WORD_LINE, 0))
        return false;
    if (pk->op == REDAN_OP_GLOBAL)
        return redan_pm_import(pk, module, name, &made) && redan_pm_push(pk, made);
    if (pk->lv->mark_count == 0 && !(pk->seen & REDAN_PM_SEEN_IMPORT))
        pk->seen |= REDAN_PM_SEEN_DEAD; /* it ends there, after the import in pickle.py alone */
    if (!redan_pm_import(pk, module, name, &callee) || !redan_pm_pop_mark(pk, &from))
        return false;
    struct redan_pm_level *lv = pk->lv;

    if (!redan_pm_tuple(pk, REDAN_PICKLE_TUPLE, lv->stack + from, lv->depth - from, &args))
        return false;
    lv->depth = from;
    return redan_pm_called(pk, callee, args, none_given, &made) && redan_pm_push(pk, made);
}

bool redan_pm_op_line(struct redan_pickle *pk)
{
    switch (pk->op) {
    case REDAN_OP_INT:
    case REDAN_OP_LONG:
        return op_number(pk);
    case REDAN_OP_FLOAT:
        return op_float_line(pk);
    case REDAN_OP_STRING:
    case REDAN_OP_UNICODE:
        return op_text_line(pk);
    case REDAN_OP_PERSID:
        return op_persid(pk);
    default:
        return op_index_line(pk);
    }
}
