/* Where scores and labels are: by the preset's pointers, and by the manners of model servers below them. */
#include <math.h>

#include "guard/answer_parts.h"

static const char *const label_names[] = {
    "label",           "labels",          "class",      "classes",  "class_id", "class_name",
    "predicted_class", "predicted_label", "prediction", "category", "decision", NULL};
static const char *const score_names[] = {
    "score",      "scores", "probability", "probabilities", "prob",   "probs", "proba",
    "confidence", "logit",  "logits",      "likelihood",    "margin", NULL};

bool redan_place_label_name(struct redan_slice name)
{
    return redan_slice_among(label_names, name);
}

bool redan_place_score_name(struct redan_slice name)
{
    return redan_slice_among(score_names, name);
}

bool redan_place_whole(double value)
{
    return isfinite(value) && value == floor(value);
}

bool redan_place_other(const struct redan_answering *answering, struct redan_slice name)
{
    struct redan_slice score = answering->wanted.policy->score;

    return score.len && name.len && !redan_slice_eq(score, name);
}

bool redan_place_vector(const struct redan_tape *tape, uint32_t at)
{
    const struct redan_tape_value *list = &tape->values[at];

    if (list->kind != REDAN_JSON_ARRAY || list->count == 0)
        return false;
    for (uint32_t i = at + 1; i < list->after; i = redan_tape_next(tape, i))
        if (!(tape->values[i].flags & REDAN_TAPE_NUMERIC))
            return false;
    return true;
}

/* --- pointers -------------------------------------------------------------------------------------------------------- */

static bool pointer_of(const struct redan_answer_wanted *wanted, size_t number,
                       struct redan_slice *pointer, bool *label)
{
    *label = false;
    if (wanted->pointers && (!wanted->preset || !wanted->preset->answers ||
                             redan_slice_is(REDAN_S("pointers"), wanted->preset->name))) {
        if (number > 1)
            return false;
        *label = number == 1;
        *pointer = *label ? wanted->pointers->labels : wanted->pointers->scores;
        return true;
    }
    if (!wanted->preset || !wanted->preset->answers || !wanted->preset->answers[number])
        return false;
    *pointer = redan_slice_of(wanted->preset->answers[number]);
    return true;
}

static bool has_star(struct redan_slice pointer)
{
    for (size_t i = 0; i < pointer.len; i++)
        if (pointer.at[i] == '*')
            return true;
    return false;
}

static bool fraction_in(const struct redan_tape *tape, uint32_t at)
{
    const struct redan_tape_value *top = &tape->values[at];

    if (!(top->flags & REDAN_TAPE_REAL))
        return false;
    for (uint32_t i = at; i < top->after; i++) {
        const struct redan_tape_value *value = &tape->values[i];
        if ((value->flags & REDAN_TAPE_REAL) && (value->flags & REDAN_TAPE_NUMERIC) &&
            !redan_place_whole(redan_tape_number(tape, i)))
            return true;
    }
    return false;
}

static bool fraction_at(const struct redan_tape *tape, struct redan_slice pointer)
{
    struct redan_point point;
    uint32_t at = 0;

    redan_point_begin(&point, pointer);
    while (redan_point_next(tape, &point, &at))
        if (fraction_in(tape, at))
            return true;
    return false;
}

static bool is_tensor(const struct redan_tape *tape, uint32_t at)
{
    uint32_t parent = tape->values[at].parent;

    return parent != REDAN_TAPE_NONE && tape->values[at].kind == REDAN_JSON_ARRAY &&
           redan_slice_is(redan_tape_key(&tape->values[at]), "data") &&
           (redan_tape_member(tape, parent, REDAN_S("datatype")) != REDAN_TAPE_NONE ||
            redan_tape_member(tape, parent, REDAN_S("shape")) != REDAN_TAPE_NONE);
}

static void mark_path(struct redan_tape *tape, uint32_t at)
{
    tape->values[at].flags |= REDAN_TAPE_PLACE;
    for (uint32_t i = tape->values[at].parent;
         i != REDAN_TAPE_NONE && !(tape->values[i].flags & REDAN_TAPE_PATH);
         i = tape->values[i].parent)
        tape->values[i].flags |= REDAN_TAPE_PATH;
}

static void fill(struct redan_places *places, uint32_t at, bool star, bool label,
                 struct redan_place *place)
{
    struct redan_tape *tape = places->tape;
    const struct redan_tape_value *value = &tape->values[at];

    *place = (struct redan_place){.at = at, .label = label, .fraction = places->fraction};
    place->kind = !star && value->kind == REDAN_JSON_ARRAY ? REDAN_PLACE_ROWS : REDAN_PLACE_ROW;
    if (is_tensor(tape, at)) {
        uint32_t name = redan_tape_member(tape, value->parent, REDAN_S("name"));
        place->kind = REDAN_PLACE_TENSOR;
        if (name != REDAN_TAPE_NONE)
            place->name = redan_tape_text(&tape->values[name]);
    }
    if (!star || place->kind == REDAN_PLACE_TENSOR)
        place->fraction = fraction_in(tape, at);
    place->label =
        label || (value->key && !place->fraction && redan_place_label_name(redan_tape_key(value)));
    places->found = true;
    mark_path(tape, at);
}

bool redan_place_next(struct redan_places *places, struct redan_place *place)
{
    struct redan_slice pointer = {0};
    struct redan_tape *tape = places->tape;
    bool label = false;
    uint32_t at = 0;

    while (pointer_of(&places->answering->wanted, places->number, &pointer, &label)) {
        bool star = has_star(pointer);
        if (places->member < places->members_end) { /* of an object of outputs by name */
            at = places->member;
            places->member = redan_tape_next(tape, at);
            fill(places, at, false, label, place);
            place->name = redan_tape_key(&tape->values[at]);
            return true;
        }
        if (!pointer.len && places->answering->wanted.pointers) { /* not said */
            places->number++;
            continue;
        }
        if (!places->open) {
            places->open = true;
            redan_point_begin(&places->point, pointer);
            places->fraction = star && fraction_at(tape, pointer);
        }
        if (!redan_point_next(tape, &places->point, &at)) {
            places->open = false;
            places->number++;
            continue;
        }
        if (!star && tape->values[at].kind == REDAN_JSON_OBJECT) {
            mark_path(tape, at);
            tape->values[at].flags |= REDAN_TAPE_PATH;
            tape->values[at].flags &= (uint8_t)~REDAN_TAPE_PLACE;
            places->member = at + 1;
            places->members_end = tape->values[at].after;
            continue;
        }
        fill(places, at, star, label, place);
        return true;
    }
    /* the bare list of one value per row, as some servers answer */
    if (places->found || !tape->len || tape->values[0].kind != REDAN_JSON_ARRAY)
        return false;
    fill(places, 0, false, false, place);
    return true;
}

/* --- objects of one row ---------------------------------------------------------------------------------------------------- */

static bool is_label(const struct redan_tape *tape, uint32_t at)
{
    const struct redan_tape_value *value = &tape->values[at];

    if (!redan_place_label_name(redan_tape_key(value)))
        return false;
    return !(value->flags & REDAN_TAPE_REAL) ||
           ((value->flags & REDAN_TAPE_NUMERIC) && redan_place_whole(redan_tape_number(tape, at)));
}

void redan_place_object(const struct redan_answering *answering, const struct redan_tape *tape,
                        uint32_t at, struct redan_row_object *object)
{
    const struct redan_tape_value *row = &tape->values[at];
    struct redan_slice wanted = answering->wanted.policy->score;
    uint32_t named = REDAN_TAPE_NONE;
    uint32_t real = REDAN_TAPE_NONE;
    uint32_t best = REDAN_TAPE_NONE;

    *object = (struct redan_row_object){
        .label = REDAN_TAPE_NONE, .score = REDAN_TAPE_NONE, .best = REDAN_TAPE_NONE};
    for (uint32_t i = at + 1; i < row->after; i = redan_tape_next(tape, i)) {
        const struct redan_tape_value *value = &tape->values[i];
        struct redan_slice key = redan_tape_key(value);
        bool label = is_label(tape, i);
        if (wanted.len && redan_slice_eq(key, wanted))
            object->score = i;
        else if (label && object->label == REDAN_TAPE_NONE)
            object->label = i;
        else if (redan_place_score_name(key) && named == REDAN_TAPE_NONE)
            named = i;
        if ((value->flags & REDAN_TAPE_REAL) && !label) {
            object->real++;
            real = i;
        }
        if (value->flags & REDAN_TAPE_NUMERIC) {
            object->numeric++;
            if (best == REDAN_TAPE_NONE ||
                redan_tape_number(tape, i) > redan_tape_number(tape, best))
                best = i;
        }
    }
    if (object->score == REDAN_TAPE_NONE)
        object->score = named;
    bool map = row->count > 1 && object->numeric == row->count && object->real > 0 &&
               object->label == REDAN_TAPE_NONE && object->score == REDAN_TAPE_NONE;
    if (map)
        object->best = best;
    else if (object->score == REDAN_TAPE_NONE && object->real == 1)
        object->score = real;
}

uint32_t redan_place_ranking(const struct redan_answering *answering, const struct redan_tape *tape,
                             uint32_t at)
{
    const struct redan_tape_value *list = &tape->values[at];
    uint32_t best = REDAN_TAPE_NONE;
    double highest = 0;

    if (list->kind != REDAN_JSON_ARRAY)
        return REDAN_TAPE_NONE;
    for (uint32_t i = at + 1; i < list->after; i = redan_tape_next(tape, i)) {
        struct redan_row_object object;
        if (tape->values[i].kind != REDAN_JSON_OBJECT)
            return REDAN_TAPE_NONE;
        redan_place_object(answering, tape, i, &object);
        if (object.label == REDAN_TAPE_NONE || object.score == REDAN_TAPE_NONE ||
            !(tape->values[object.score].flags & REDAN_TAPE_NUMERIC))
            return REDAN_TAPE_NONE;
        double score = redan_tape_number(tape, object.score);
        if (best == REDAN_TAPE_NONE || score > highest) {
            best = i;
            highest = score;
        }
    }
    return best;
}

/* --- tensors ---------------------------------------------------------------------------------------------------------------- */

bool redan_tensor_next(const struct redan_tape *tape, uint32_t data, uint32_t *at)
{
    for (uint32_t i = *at + 1; i < tape->values[data].after; i++) {
        if (tape->values[i].kind == REDAN_JSON_ARRAY)
            continue;
        *at = i;
        return true;
    }
    return false;
}

static bool read_shape(const struct redan_tape *tape, uint32_t shape, size_t *count, size_t *width)
{
    const struct redan_tape_value *list = &tape->values[shape];
    double product = 1;
    double last = 1;

    if (list->kind != REDAN_JSON_ARRAY)
        return false;
    for (uint32_t i = shape + 1; i < list->after; i = redan_tape_next(tape, i)) {
        if (tape->values[i].kind != REDAN_JSON_NUMBER)
            return false;
        last = redan_tape_number(tape, i);
        if (!redan_place_whole(last) || last < 0)
            return false;
        product *= last;
    }
    if (!(product <= UINT32_MAX))
        return false;
    *count = (size_t)product;
    *width = list->count > 1 && last >= 1 ? (size_t)redan_min_size((size_t)last, UINT32_MAX) : 1;
    return true;
}

void redan_place_tensor(const struct redan_tape *tape, const struct redan_place *place,
                        struct redan_tensor *tensor)
{
    uint32_t object = tape->values[place->at].parent;
    uint32_t at = place->at;
    size_t asked = 0;

    *tensor =
        (struct redan_tensor){.object = object,
                              .datatype = redan_tape_member(tape, object, REDAN_S("datatype")),
                              .shape = redan_tape_member(tape, object, REDAN_S("shape")),
                              .width = 1,
                              .sound = true};
    struct redan_slice type = {0};
    if (tensor->datatype != REDAN_TAPE_NONE)
        type = redan_tape_text(&tape->values[tensor->datatype]);
    tensor->scores = (tape->values[place->at].flags & REDAN_TAPE_REAL) ||
                     redan_slice_starts(type, REDAN_S("FP")) ||
                     redan_slice_starts(type, REDAN_S("BF"));
    while (redan_tensor_next(tape, place->at, &at)) {
        tensor->values++;
        tensor->sound = tensor->sound && (tape->values[at].flags & REDAN_TAPE_NUMERIC);
    }
    asked = tensor->values;
    if (tensor->shape != REDAN_TAPE_NONE)
        tensor->sound = read_shape(tape, tensor->shape, &asked, &tensor->width) && tensor->sound;
    tensor->sound = tensor->sound && asked == tensor->values && asked % tensor->width == 0;
}
