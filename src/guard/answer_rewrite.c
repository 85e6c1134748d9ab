/* Scores made coarser: the k highest of each row, and fewer digits. */
#include <assert.h>

#include "codec/json.h"
#include "guard/answer_number.h"
#include "guard/answer_parts.h"

/* --- the k highest ------------------------------------------------------------------------------------------------------- */

/* A heap whose root is the least of the k highest so far. */
static void sink(double *heap, size_t count, size_t at)
{
    for (;;) {
        size_t least = 2 * at + 1;
        if (least >= count)
            return;
        if (least + 1 < count && heap[least + 1] < heap[least])
            least++;
        if (heap[at] <= heap[least])
            return;
        double swap = heap[at];
        heap[at] = heap[least];
        heap[least] = swap;
        at = least;
    }
}

static void mark_lesser(const double *values, size_t count, size_t top, double *heap, bool *lesser)
{
    size_t equals = 0;

    for (size_t i = 0; i < top; i++)
        heap[i] = values[i];
    for (size_t i = top / 2; i-- > 0;)
        sink(heap, top, i);
    for (size_t i = top; i < count; i++) {
        if (!(values[i] > heap[0]))
            continue;
        heap[0] = values[i];
        sink(heap, top, 0);
    }
    for (size_t i = 0; i < top; i++)
        equals += heap[i] == heap[0];
    for (size_t i = 0; i < count; i++) {
        bool equal = values[i] == heap[0] && equals > 0;
        equals -= equal;
        lesser[i] = !(values[i] > heap[0]) && !equal;
    }
}

enum redan_status redan_answer_lesser(struct redan_ctx *ctx, const double *values, size_t count,
                                      uint64_t top, bool *lesser)
{
    if (top >= count) {
        for (size_t i = 0; i < count; i++)
            lesser[i] = false;
        return REDAN_OK;
    }
    size_t size = (size_t)top * sizeof(double);
    double *heap = redan_mem_take(&ctx->mem, size);
    if (!heap)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for the %zu highest", (size_t)top);
    mark_lesser(values, count, (size_t)top, heap, lesser);
    redan_mem_give(&ctx->mem, heap, size);
    return REDAN_OK;
}

/* Values of one row while they are compared. */
struct group {
    double *values;
    bool *lesser;
    uint32_t *places;
    size_t count, cap;
};

static void group_done(struct redan_ctx *ctx, struct group *group)
{
    redan_mem_give(&ctx->mem, group->values, group->cap * sizeof(*group->values));
    redan_mem_give(&ctx->mem, group->lesser, group->cap * sizeof(*group->lesser));
    redan_mem_give(&ctx->mem, group->places, group->cap * sizeof(*group->places));
    *group = (struct group){0};
}

static enum redan_status group_room(struct redan_ctx *ctx, struct group *group, size_t count)
{
    group->count = 0;
    if (count <= group->cap)
        return REDAN_OK;
    group_done(ctx, group);
    group->cap = count;
    group->values = redan_mem_take(&ctx->mem, count * sizeof(*group->values));
    group->lesser = redan_mem_take(&ctx->mem, count * sizeof(*group->lesser));
    group->places = redan_mem_take(&ctx->mem, count * sizeof(*group->places));
    if (!group->values || !group->lesser || !group->places) {
        struct redan_mem *mem = &ctx->mem;
        redan_mem_give(mem, group->values, count * sizeof(*group->values));
        redan_mem_give(mem, group->lesser, count * sizeof(*group->lesser));
        redan_mem_give(mem, group->places, count * sizeof(*group->places));
        *group = (struct group){0};
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for %zu scores", count);
    }
    return REDAN_OK;
}

static void group_add(struct group *group, uint32_t place, double value)
{
    assert(group->values && group->places); /* group_room was asked for them */
    group->values[group->count] = value;
    group->places[group->count++] = place;
}

static enum redan_status group_end(struct redan_answering *answering, struct redan_tape *tape,
                                   struct group *group, bool drop)
{
    REDAN_TRY(redan_answer_lesser(answering->ctx, group->values, group->count,
                                  answering->wanted.shape.top, group->lesser));
    for (size_t i = 0; i < group->count; i++) {
        if (!group->lesser[i])
            continue;
        if (drop)
            redan_tape_drop(tape, group->places[i]);
        else if (tape->values[group->places[i]].kind == REDAN_JSON_TEXT)
            redan_tape_edit(tape, group->places[i], REDAN_S("\"0\""));
        else
            redan_tape_edit(tape, group->places[i], REDAN_S("0"));
    }
    return REDAN_OK;
}

/* Numbers of a vector become 0, so that every class keeps its place; members of a map and items of a ranking go. */
static enum redan_status top_of(struct redan_answering *answering, struct redan_tape *tape,
                                struct group *group, uint32_t at)
{
    const struct redan_tape_value *value = &tape->values[at];
    struct redan_row_object object = {.best = REDAN_TAPE_NONE};
    bool vector = redan_place_vector(tape, at);
    bool ranking = !vector && redan_place_ranking(answering, tape, at) != REDAN_TAPE_NONE;

    if (value->count <= answering->wanted.shape.top)
        return REDAN_OK;
    if (value->kind == REDAN_JSON_OBJECT)
        redan_place_object(answering, tape, at, &object);
    if (!vector && !ranking && object.best == REDAN_TAPE_NONE)
        return REDAN_OK;
    REDAN_TRY(group_room(answering->ctx, group, value->count));
    for (uint32_t i = at + 1; i < value->after; i = redan_tape_next(tape, i)) {
        uint32_t score = i;
        if (ranking) {
            redan_place_object(answering, tape, i, &object);
            score = object.score;
        }
        group_add(group, i, redan_tape_number(tape, score));
    }
    return group_end(answering, tape, group, !vector);
}

static enum redan_status top_values(struct redan_answering *answering, struct redan_tape *tape,
                                    struct group *group, const struct redan_place *place)
{
    uint32_t end = tape->values[place->at].after;

    for (uint32_t i = place->at; i < end;) {
        const struct redan_tape_value *value = &tape->values[i];
        bool rows = i == place->at && place->kind == REDAN_PLACE_ROWS;
        bool open = value->kind == REDAN_JSON_ARRAY || value->kind == REDAN_JSON_OBJECT;
        if (value->act != REDAN_TAPE_KEEP || !(value->flags & REDAN_TAPE_REAL)) {
            i = value->after;
            continue;
        }
        if (open && !rows)
            REDAN_TRY(top_of(answering, tape, group, i));
        i++;
    }
    return REDAN_OK;
}

static enum redan_status top_tensor(struct redan_answering *answering, struct redan_tape *tape,
                                    struct group *group, const struct redan_place *place)
{
    struct redan_tensor tensor;
    uint32_t at = place->at;

    redan_place_tensor(tape, place, &tensor);
    if (!tensor.scores)
        return REDAN_OK;
    if (!tensor.sound)
        return redan_fail(answering->ctx, REDAN_E_SCHEMA, tape->values[place->at].from,
                          "the data of an output do not have its shape");
    if (tensor.width <= answering->wanted.shape.top)
        return REDAN_OK;
    REDAN_TRY(group_room(answering->ctx, group, tensor.width));
    while (redan_tensor_next(tape, place->at, &at)) {
        group_add(group, at, redan_tape_number(tape, at));
        if (group->count < tensor.width)
            continue;
        REDAN_TRY(group_end(answering, tape, group, false));
        group->count = 0;
    }
    return REDAN_OK;
}

enum redan_status redan_answer_top(struct redan_answering *answering, struct redan_tape *tape)
{
    struct redan_places places = {.answering = answering, .tape = tape};
    struct redan_place place;
    struct group group = {0};
    enum redan_status status = REDAN_OK;

    while (status == REDAN_OK && redan_place_next(&places, &place)) {
        if (tape->values[place.at].act != REDAN_TAPE_KEEP)
            continue;
        status = place.kind == REDAN_PLACE_TENSOR ? top_tensor(answering, tape, &group, &place)
                                                  : top_values(answering, tape, &group, &place);
    }
    group_done(answering->ctx, &group);
    return status;
}

/* --- digits ------------------------------------------------------------------------------------------------------------------ */

static void round_number(struct redan_tape *tape, uint32_t at, unsigned decimals)
{
    size_t begin = redan_tape_edit_begin(tape);
    struct redan_slice spelling = redan_tape_spelling(tape, at);

    /* an edit is spelled in the buffer that grows: there is no room for both views */
    if (tape->values[at].act == REDAN_TAPE_EDIT) {
        REDAN_DEFER(redan_buf_done) struct redan_buf copy = {0};
        redan_buf_init(&copy, tape->ctx, spelling.len + 1);
        redan_buf_slice(&copy, spelling);
        if (copy.fail != REDAN_OK)
            tape->edits.fail = copy.fail;
        else if (redan_number_round(redan_buf_view(&copy), decimals, &tape->edits))
            redan_tape_edit_end(tape, at, begin);
        return;
    }
    if (redan_number_round(spelling, decimals, &tape->edits))
        redan_tape_edit_end(tape, at, begin);
}

static void round_text(struct redan_tape *tape, uint32_t at, unsigned decimals)
{
    REDAN_DEFER(redan_buf_done) struct redan_buf rounded = {0};
    struct redan_slice text = redan_tape_text(&tape->values[at]);

    redan_buf_init(&rounded, tape->ctx, text.len + 65536);
    if (!redan_text_round(text, decimals, &rounded))
        return;
    size_t begin = redan_tape_edit_begin(tape);
    if (rounded.fail != REDAN_OK)
        tape->edits.fail = rounded.fail;
    redan_json_string_add(&tape->edits, redan_buf_view(&rounded));
    redan_tape_edit_end(tape, at, begin);
}

/* Names and types of tensors are no numbers, whatever they look like. */
static bool spared(const struct redan_tape *tape, uint32_t at)
{
    struct redan_slice key = redan_tape_key(&tape->values[at]);

    return redan_answer_meta(tape, at) ||
           (tape->values[at].key &&
            (redan_slice_is(key, "name") || redan_slice_is(key, "datatype")));
}

enum redan_status redan_answer_round(struct redan_answering *answering, struct redan_tape *tape)
{
    unsigned decimals = answering->wanted.shape.decimals;

    for (uint32_t i = 0; i < tape->len;) {
        const struct redan_tape_value *value = &tape->values[i];
        bool number = value->kind == REDAN_JSON_NUMBER;
        if (value->act == REDAN_TAPE_DROP || (value->act == REDAN_TAPE_EDIT && !number)) {
            i = value->after;
            continue;
        }
        if (number && ((value->flags & REDAN_TAPE_REAL) || value->act == REDAN_TAPE_EDIT) &&
            !redan_slice_is(redan_tape_spelling(tape, i), "null"))
            round_number(tape, i, decimals);
        else if (value->kind == REDAN_JSON_TEXT && (value->flags & REDAN_TAPE_REAL) &&
                 !spared(tape, i))
            round_text(tape, i, decimals);
        i++;
    }
    return redan_buf_ok(tape->ctx, &tape->edits, "the rounded numbers of an answer");
}
