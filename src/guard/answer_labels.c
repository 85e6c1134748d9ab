/* Only labels leave: what is a score becomes a label where the format has one, and is taken out everywhere else. */
#include <math.h>

#include "codec/json.h"
#include "guard/answer_number.h"
#include "guard/answer_parts.h"

static bool real(const struct redan_tape *tape, uint32_t at)
{
    return tape->values[at].flags & REDAN_TAPE_REAL;
}

static bool numeric(const struct redan_tape *tape, uint32_t at)
{
    return tape->values[at].flags & REDAN_TAPE_NUMERIC;
}

static bool whole(const struct redan_tape *tape, uint32_t at)
{
    double value = redan_tape_number(tape, at);

    return redan_place_whole(value) && fabs(value) < 1e15;
}

/* A list of outputs, of which one is the score: what is above or at the threshold is 1. A whole number of an output that has no other is a label already. */
static void add_label(const struct redan_answering *answering, struct redan_tape *tape, uint32_t at,
                      bool fraction)
{
    double value = redan_tape_number(tape, at);

    if (fraction || !whole(tape, at))
        redan_buf_char(&tape->edits, value >= answering->wanted.policy->threshold ? '1' : '0');
    else
        redan_buf_printf(&tape->edits, "%.0f", value == 0 ? 0.0 : value);
}

static void label_number(const struct redan_answering *answering, struct redan_tape *tape,
                         uint32_t at, bool fraction)
{
    size_t begin = redan_tape_edit_begin(tape);
    bool quoted = tape->values[at].kind == REDAN_JSON_TEXT;

    if (quoted)
        redan_buf_char(&tape->edits, '"');
    add_label(answering, tape, at, fraction);
    if (quoted)
        redan_buf_char(&tape->edits, '"');
    redan_tape_edit_end(tape, at, begin);
}

static void label_vector(struct redan_tape *tape, uint32_t at)
{
    uint32_t best = at + 1;
    size_t begin = redan_tape_edit_begin(tape);

    for (uint32_t i = at + 1; i < tape->values[at].after; i = redan_tape_next(tape, i))
        if (redan_tape_number(tape, i) > redan_tape_number(tape, best))
            best = i;
    redan_buf_printf(&tape->edits, "%u", (unsigned)tape->values[best].ordinal);
    redan_tape_edit_end(tape, at, begin);
}

/* --- objects of a row ---------------------------------------------------------------------------------------------------- */

/* A member with its score becomes the label; scores beside a label, or beside the score that the policy names, go. */
static void label_object(const struct redan_answering *answering, struct redan_tape *tape,
                         uint32_t at)
{
    struct redan_row_object object;

    redan_place_object(answering, tape, at, &object);
    if (object.best != REDAN_TAPE_NONE) { /* {"fraud": 0.9, "fine": 0.1} becomes "fraud" */
        size_t begin = redan_tape_edit_begin(tape);
        if (redan_text_real(redan_tape_key(&tape->values[object.best])))
            redan_buf_printf(&tape->edits, "%u", (unsigned)tape->values[object.best].ordinal);
        else
            redan_json_string_add(&tape->edits, redan_tape_key(&tape->values[object.best]));
        redan_tape_edit_end(tape, at, begin);
        return;
    }
    for (uint32_t i = at + 1; i < tape->values[at].after; i = redan_tape_next(tape, i)) {
        bool label = redan_place_label_name(redan_tape_key(&tape->values[i]));
        if (!real(tape, i))
            continue;
        if (label && numeric(tape, i) && whole(tape, i))
            label_number(answering, tape, i, false);
        else if (object.label != REDAN_TAPE_NONE || i != object.score)
            redan_tape_drop(tape, i);
    }
}

/* The first of a ranking stays, without its score. */
static bool label_ranking(const struct redan_answering *answering, struct redan_tape *tape,
                          uint32_t at)
{
    uint32_t best = real(tape, at) ? redan_place_ranking(answering, tape, at) : REDAN_TAPE_NONE;

    if (best == REDAN_TAPE_NONE)
        return false;
    for (uint32_t i = at + 1; i < tape->values[at].after; i = redan_tape_next(tape, i))
        if (i != best)
            redan_tape_drop(tape, i);
    return true;
}

/* From a place on, values in input order: each is decided before those in it. */
static void label_values(const struct redan_answering *answering, struct redan_tape *tape,
                         const struct redan_place *place)
{
    uint32_t end = tape->values[place->at].after;
    bool fraction = place->fraction;

    for (uint32_t i = place->at; i < end;) {
        const struct redan_tape_value *value = &tape->values[i];
        bool rows = i == place->at && place->kind == REDAN_PLACE_ROWS;
        bool direct = value->depth <= tape->values[place->at].depth + 1;
        if (value->act != REDAN_TAPE_KEEP || !(value->flags & REDAN_TAPE_REAL)) {
            i = value->after;
            continue;
        }
        if (value->kind == REDAN_JSON_ARRAY) {
            if (!rows && value->count > 1 && redan_place_vector(tape, i))
                label_vector(tape, i);
            else if (!rows || answering->wanted.rows == 1)
                (void)label_ranking(answering, tape, i);
        } else if (value->kind == REDAN_JSON_OBJECT) {
            label_object(answering, tape, i);
        } else if (numeric(tape, i)) {
            label_number(answering, tape, i, fraction || !direct);
        } else {
            (void)redan_tape_remove(tape, i);
        }
        i = tape->values[i].act == REDAN_TAPE_KEEP ? i + 1 : tape->values[i].after;
    }
}

/* --- tensors ---------------------------------------------------------------------------------------------------------------- */

static void write_labels(const struct redan_answering *answering, struct redan_tape *tape,
                         const struct redan_place *place, size_t width)
{
    size_t begin = redan_tape_edit_begin(tape);
    uint32_t at = place->at;
    size_t best = 0;
    double highest = 0;

    redan_buf_char(&tape->edits, '[');
    for (size_t i = 0; redan_tensor_next(tape, place->at, &at); i++) {
        double value = redan_tape_number(tape, at);
        if (i % width == 0 || value > highest) {
            best = i % width;
            highest = value;
        }
        if (i >= width && i % width == 0)
            redan_buf_char(&tape->edits, ',');
        if (width == 1)
            add_label(answering, tape, at, place->fraction);
        else if ((i + 1) % width == 0)
            redan_buf_printf(&tape->edits, "%zu", best);
    }
    redan_buf_char(&tape->edits, ']');
    redan_tape_edit_end(tape, place->at, begin);
}

/* The sizes without the last one. */
static void write_shape(struct redan_tape *tape, uint32_t shape)
{
    const struct redan_tape_value *list = &tape->values[shape];
    size_t begin = redan_tape_edit_begin(tape);

    redan_buf_char(&tape->edits, '[');
    for (uint32_t i = shape + 1; i < list->after; i = redan_tape_next(tape, i)) {
        if (tape->values[i].ordinal + 1 == list->count)
            break;
        if (tape->values[i].ordinal)
            redan_buf_char(&tape->edits, ',');
        redan_buf_slice(&tape->edits, redan_tape_spelling(tape, i));
    }
    redan_buf_char(&tape->edits, ']');
    redan_tape_edit_end(tape, shape, begin);
}

/* One float tensor: labels of type INT64, of the shape without the classes. Another than the policy's, or one whose values are no numbers, is taken out. */
static enum redan_status label_tensor(const struct redan_answering *answering,
                                      struct redan_tape *tape, const struct redan_place *place)
{
    struct redan_tensor tensor;

    redan_place_tensor(tape, place, &tensor);
    if (!tensor.scores)
        return REDAN_OK;
    if (redan_place_other(answering, place->name) || !tensor.sound) {
        if (tape->values[tensor.object].depth > 0)
            redan_tape_drop(tape, tensor.object);
        else
            (void)redan_tape_remove(tape, place->at);
        return REDAN_OK;
    }
    write_labels(answering, tape, place, tensor.width);
    if (tensor.width > 1)
        write_shape(tape, tensor.shape);
    if (tensor.datatype != REDAN_TAPE_NONE)
        redan_tape_edit(tape, tensor.datatype, REDAN_S("\"INT64\""));
    return REDAN_OK;
}

/* --- the whole ---------------------------------------------------------------------------------------------------------------- */

bool redan_answer_meta(const struct redan_tape *tape, uint32_t at)
{
    static const char *const names[] = {"id",    "model_name", "model_version",
                                        "model", "version",    NULL};
    const struct redan_tape_value *value = &tape->values[at];

    return value->depth == 1 && value->kind == REDAN_JSON_TEXT && value->key &&
           redan_slice_among(names, redan_tape_key(value));
}

/* Members that the format does not know, and items that are no rows. */
static void take_out_others(struct redan_tape *tape)
{
    static const char *const errors[] = {"error", "message", "detail", NULL};

    for (uint32_t i = 0; i < tape->len;) {
        const struct redan_tape_value *value = &tape->values[i];
        bool decided = value->act != REDAN_TAPE_KEEP || (value->flags & REDAN_TAPE_PLACE);
        if (decided || !(value->flags & REDAN_TAPE_REAL) || redan_answer_meta(tape, i)) {
            i = value->after;
        } else if ((value->flags & REDAN_TAPE_PATH) || value->depth == 0) {
            i++;
        } else {
            uint32_t after = value->after;
            if (value->kind == REDAN_JSON_TEXT && redan_slice_among(errors, redan_tape_key(value)))
                redan_tape_edit(tape, i, REDAN_S("\"the model answered with an error\""));
            else
                (void)redan_tape_remove(tape, i);
            i = after;
        }
    }
}

/* What is still there and could carry a score, whatever the reason. */
static bool slipped(const struct redan_tape *tape)
{
    for (uint32_t i = 0; i < tape->len;) {
        const struct redan_tape_value *value = &tape->values[i];
        if (value->act != REDAN_TAPE_KEEP) {
            i = value->after;
            continue;
        }
        bool leaf = value->kind != REDAN_JSON_OBJECT && value->kind != REDAN_JSON_ARRAY;
        if (value->key && redan_text_real(redan_tape_key(value)))
            return true;
        if (leaf && (value->flags & REDAN_TAPE_REAL) && !redan_answer_meta(tape, i))
            return true;
        i++;
    }
    return false;
}

enum redan_status redan_answer_labels(struct redan_answering *answering, struct redan_tape *tape)
{
    struct redan_places places = {.answering = answering, .tape = tape};
    struct redan_place place;

    while (redan_place_next(&places, &place)) {
        if (tape->values[place.at].act != REDAN_TAPE_KEEP)
            continue;
        if (place.kind == REDAN_PLACE_TENSOR) {
            REDAN_TRY(label_tensor(answering, tape, &place));
        } else if (place.name.len && redan_place_other(answering, place.name) &&
                   real(tape, place.at)) {
            redan_tape_drop(tape, place.at);
        } else {
            label_values(answering, tape, &place);
        }
    }
    take_out_others(tape);
    if (slipped(tape))
        return redan_fail(answering->ctx, REDAN_E_UNSUPPORTED, 0,
                          "it holds scores where the format has none");
    return REDAN_OK;
}
