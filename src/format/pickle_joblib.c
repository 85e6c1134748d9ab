/* The arrays of joblib: their bytes stand in the middle of the pickle, after the BUILD of a NumpyArrayWrapper (joblib/numpy_pickle.py). */
#include "format/pickle_machine.h"

#include <string.h>

enum { SECOND_OPS = 4096 };

static bool text_is(struct redan_pickle *pk, struct redan_pm_cell cell, const char *text)
{
    return cell.kind == REDAN_PICKLE_TEXT &&
           redan_slice_is(redan_pm_cell_text(pk, cell, 64, &pk->listen), text);
}

/* The last value of a key of the state; false when it has none, or when not all of the state was kept. */
static bool field(struct redan_pickle *pk, struct redan_pm_cell state, const char *key,
                  struct redan_pm_cell *value)
{
    bool found = false;
    struct redan_pm_cell k, v;

    for (uint64_t i = 0; i + 1 < redan_pm_count(pk, state); i += 2) {
        if (!redan_pm_item(pk, state, i, &k) || !redan_pm_item(pk, state, i + 1, &v))
            return false;
        if (text_is(pk, k, key)) {
            *value = v;
            found = true;
        }
    }
    return found;
}

static bool shape_count(const struct redan_pickle *pk, struct redan_pm_cell shape, uint64_t *count)
{
    uint64_t n = redan_pm_count(pk, shape);

    *count = 1;
    if (shape.kind != REDAN_PICKLE_TUPLE)
        return false;
    for (uint64_t i = 0; i < n; i++) {
        struct redan_pm_cell side;

        if (!redan_pm_item(pk, shape, i, &side) || side.kind != REDAN_PICKLE_INT || side.store ||
            (int64_t)side.a < 0 || __builtin_mul_overflow(*count, side.a, count))
            return false;
    }
    return true;
}

struct element {
    uint64_t size;
    bool object;
    bool flexible; /* numpy takes the size of the state, else that of the spelling */
};

/* "f8", "<U12", "|O": numpy/core/src/multiarray/descriptor.c, arraydescr_reduce. */
static bool spelled(struct redan_slice text, struct element *element)
{
    uint64_t n = 0;

    if (text.len &&
        (text.at[0] == '<' || text.at[0] == '>' || text.at[0] == '|' || text.at[0] == '='))
        text = redan_slice_sub(text, 1, text.len);
    if (text.len == 0)
        return false;
    struct redan_slice digits = redan_slice_sub(text, 1, text.len);

    if (text.at[0] == 'O') {
        element->object = true;
        return true;
    }
    if (!redan_slice_u64(digits, &n) || n > (uint64_t)1 << 40)
        return false;
    element->size = text.at[0] == 'U' ? 4 * n : n;
    element->flexible = redan_char_among("SUVa", text.at[0]);
    return redan_char_among("biufcmMSUVa", text.at[0]);
}

/* The element type: numpy.dtype(spelling, ...), with a state (version, order, subarray, names, fields, size, alignment, flags). */
static bool element_of(struct redan_pickle *pk, struct redan_pm_cell dtype, struct element *element)
{
    struct redan_slice module, name;
    struct redan_pm_cell spelling, size, flags;
    bool known = false;

    *element = (struct element){0};
    if (dtype.kind != REDAN_PICKLE_RESULT || dtype.b == REDAN_PICKLE_NO_ID || dtype.a == 0 ||
        dtype.a > pk->result_count)
        return false;
    redan_pm_global_names(pk, dtype.b, &module, &name);
    if (!redan_slice_is(name, "dtype"))
        return false;
    const struct redan_pm_result *result = &pk->results[dtype.a - 1];

    if (redan_pm_item(pk, result->args, 0, &spelling) && spelling.kind == REDAN_PICKLE_TEXT)
        known = spelled(redan_pm_cell_text(pk, spelling, 64, &pk->listen), element);
    if (result->state.kind != REDAN_PICKLE_TUPLE)
        return known;
    if (element->flexible && redan_pm_item(pk, result->state, 5, &size) &&
        size.kind == REDAN_PICKLE_INT && (int64_t)size.a >= 0) { /* -1 where the spelling says it */
        element->size = size.a;
        known = true;
    }
    if (redan_pm_item(pk, result->state, 7, &flags) && flags.kind == REDAN_PICKLE_INT &&
        (flags.a & 1)) /* NPY_ITEM_REFCOUNT: it holds objects */
        element->object = true;
    return known || element->object;
}

/* By its own name, or made by what takes the class first: copyreg._reconstructor, __newobj__. */
static bool is_wrapper(struct redan_pickle *pk, struct redan_pm_cell target)
{
    struct redan_pm_cell first;

    if (target.kind != REDAN_PICKLE_RESULT || target.b == REDAN_PICKLE_NO_ID)
        return false;
    if (pk->globals[target.b].wrapper)
        return true;
    return target.a && target.a <= pk->result_count &&
           redan_pm_item(pk, pk->results[target.a - 1].args, 0, &first) &&
           first.kind == REDAN_PICKLE_GLOBAL && first.b != REDAN_PICKLE_NO_ID &&
           pk->globals[first.b].wrapper;
}

/* What pickle.load would go on with is read later; where it cannot be told any more whether it is something, that is said. */
static bool second_reading(struct redan_pickle *pk, uint64_t here)
{
    bool known = pk->trials_left > 0;
    bool another = known && redan_pm_trial(pk, here, SECOND_OPS, true);

    if (another && pk->second_count < REDAN_PM_SECONDS)
        pk->seconds[pk->second_count++] = (struct redan_pm_second){.offset = here, .op = -1};
    else if ((another || !known) && pk->to)
        pk->status = redan_tell_unread(pk->to, REDAN_UNREAD_BUDGET, here, 0,
                                       REDAN_S("pickles within the arrays of a pickle"));
    return pk->status == REDAN_OK;
}

bool redan_pm_joblib(struct redan_pickle *pk, struct redan_pm_cell target,
                     struct redan_pm_cell state)
{
    struct redan_pm_cell shape, dtype, alignment;
    struct element element;
    uint64_t count = 0;
    uint64_t bytes = 0;

    if (REDAN_LIKELY(!is_wrapper(pk, target)))
        return true;
    if (!field(pk, state, "shape", &shape) || !shape_count(pk, shape, &count) ||
        !field(pk, state, "dtype", &dtype) || !element_of(pk, dtype, &element))
        return redan_pm_refresh(pk) && redan_pm_word_tell(pk, REDAN_PM_WORD_ARRAY_UNKNOWN, 0);
    bool aligned = field(pk, state, "numpy_array_alignment_bytes", &alignment) &&
                   alignment.kind != REDAN_PICKLE_NONE;

    if (!redan_pm_refresh(pk))
        return false;
    uint64_t here = redan_pm_offset(pk);

    /* pickle.load knows nothing of arrays: it goes on right here; so does joblib when there is not one byte of it */
    bool empty = !element.object && !aligned && (count == 0 || element.size == 0);
    if (!empty && !second_reading(pk, here))
        return false;
    if (element.object) {
        pk->nested = redan_pm_offset(pk);
        return true;
    }
    if (__builtin_mul_overflow(count, element.size, &bytes))
        return redan_pm_word_tell(pk, REDAN_PM_WORD_ARRAY_UNKNOWN, 0);
    if (aligned) {
        if (!redan_pm_need(pk, 1))
            return false;
        bytes += 1 + (uint64_t)*pk->p;
    }
    struct redan_pickle_event event = {
        .kind = REDAN_PICKLE_ARRAY, .offset = redan_pm_offset(pk), .number = bytes};

    if (!redan_pm_tell(pk, &event))
        return false;
    if (!redan_pm_remains(pk, bytes)) {
        pk->ended = "truncated";
        return false;
    }
    redan_pm_seek(pk, redan_pm_offset(pk) + bytes);
    return true;
}
