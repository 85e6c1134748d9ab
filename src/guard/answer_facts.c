/* One label and one score per row, as the upstream said them. */
#include <math.h>
#include <string.h>

#include "guard/answer_parts.h"

struct row {
    double score, label;
    bool has_score, has_label;
};

static void add(double *values, size_t rows, size_t *count, double value)
{
    if (values && *count < rows)
        values[*count] = value;
    (*count)++;
}

void redan_answer_take_row(struct redan_answering *answering, const double *score,
                           const double *label)
{
    size_t rows = answering->wanted.rows;

    if (score && isfinite(*score))
        add(answering->scores, rows, &answering->score_count, *score);
    if (label && isfinite(*label))
        add(answering->labels, rows, &answering->label_count, *label);
}

static void read_vector(const struct redan_answering *answering, const struct redan_tape *tape,
                        uint32_t at, struct row *row)
{
    uint32_t best = at + 1;

    for (uint32_t i = at + 1; i < tape->values[at].after; i = redan_tape_next(tape, i)) {
        double value = redan_tape_number(tape, i);
        if (tape->values[i].ordinal == answering->wanted.policy->score_class) {
            row->score = value;
            row->has_score = true;
        }
        if (value > redan_tape_number(tape, best))
            best = i;
    }
    row->label = tape->values[best].ordinal;
    row->has_label = true;
}

/* A number: a label when it is spelled as one, or when no number of the output is anything but whole. */
static void read_number(const struct redan_answering *answering, const struct redan_tape *tape,
                        const struct redan_place *place, uint32_t at, struct row *row)
{
    double value = redan_tape_number(tape, at);
    bool real = tape->values[at].flags & REDAN_TAPE_REAL;

    if (real || place->kind == REDAN_PLACE_TENSOR) {
        row->score = value;
        row->has_score = !place->label;
    }
    if (!row->has_label)
        row->label = place->fraction || fabs(value) >= 1e15
                         ? value >= answering->wanted.policy->threshold
                         : value;
    row->has_label = true;
}

/* In an object of one row: where to go on, or NONE. */
static uint32_t read_object(const struct redan_answering *answering, const struct redan_tape *tape,
                            uint32_t at, struct row *row)
{
    struct redan_row_object object;

    redan_place_object(answering, tape, at, &object);
    if (object.label != REDAN_TAPE_NONE &&
        (tape->values[object.label].flags & REDAN_TAPE_NUMERIC)) {
        row->label = redan_tape_number(tape, object.label);
        row->has_label = true;
    }
    if (object.score != REDAN_TAPE_NONE || object.best == REDAN_TAPE_NONE)
        return object.score;
    for (uint32_t i = at + 1; i < tape->values[at].after; i = redan_tape_next(tape, i)) {
        if (tape->values[i].ordinal == answering->wanted.policy->score_class) {
            row->score = redan_tape_number(tape, i);
            row->has_score = true;
        }
    }
    row->label = tape->values[object.best].ordinal;
    row->has_label = true;
    return REDAN_TAPE_NONE;
}

/* Of a list of {label, score}: the score of the label that the policy names. */
static uint32_t read_ranking(const struct redan_answering *answering, const struct redan_tape *tape,
                             uint32_t at)
{
    for (uint32_t i = at + 1; i < tape->values[at].after; i = redan_tape_next(tape, i)) {
        struct redan_row_object object;
        redan_place_object(answering, tape, i, &object);
        struct redan_slice label = redan_tape_text(&tape->values[object.label]);
        if (label.len && redan_slice_eq(label, answering->wanted.policy->score))
            return object.score;
    }
    return REDAN_TAPE_NONE;
}

static void take_row(struct redan_answering *answering, const struct redan_tape *tape,
                     const struct redan_place *place, uint32_t at)
{
    enum { LEVELS = 6 };
    struct row row = {0};

    for (unsigned level = 0; level < LEVELS && at != REDAN_TAPE_NONE; level++) {
        const struct redan_tape_value *value = &tape->values[at];
        if (value->flags & REDAN_TAPE_NUMERIC) {
            struct redan_place as = *place;
            as.fraction = as.fraction || level > 0;
            read_number(answering, tape, &as, at, &row);
            break;
        }
        if (value->kind == REDAN_JSON_OBJECT)
            at = read_object(answering, tape, at, &row);
        else if (value->kind == REDAN_JSON_ARRAY && value->count == 1)
            at++;
        else if (redan_place_vector(tape, at)) {
            read_vector(answering, tape, at, &row);
            break;
        } else if (redan_place_ranking(answering, tape, at) != REDAN_TAPE_NONE)
            at = read_ranking(answering, tape, at);
        else
            break;
    }
    redan_answer_take_row(answering, row.has_score ? &row.score : NULL,
                          row.has_label ? &row.label : NULL);
}

static void take_tensor(struct redan_answering *answering, const struct redan_tape *tape,
                        const struct redan_place *place, const struct redan_tensor *tensor)
{
    uint32_t at = place->at;
    struct row row = {0};
    double highest = 0;

    if (!tensor->sound)
        return;
    for (size_t i = 0; redan_tensor_next(tape, place->at, &at); i++) {
        size_t class = i % tensor->width;
        double value = redan_tape_number(tape, at);
        if (tensor->width == 1) {
            row = (struct row){0};
            read_number(answering, tape, place, at, &row);
        } else if (class == 0 || value > highest) {
            highest = value;
            row.label = (double)class;
            row.has_label = true;
        }
        if (tensor->width > 1 && class == answering->wanted.policy->score_class) {
            row.score = value;
            row.has_score = true;
        }
        if (class + 1 < tensor->width)
            continue;
        bool score = row.has_score && tensor->scores;
        redan_answer_take_row(answering, score ? &row.score : NULL,
                              row.has_label ? &row.label : NULL);
        row = (struct row){0};
    }
}

static void take_place(struct redan_answering *answering, const struct redan_tape *tape,
                       const struct redan_place *place)
{
    struct redan_tensor tensor;

    if (place->kind == REDAN_PLACE_TENSOR) {
        redan_place_tensor(tape, place, &tensor);
        take_tensor(answering, tape, place, &tensor);
    } else if (place->kind == REDAN_PLACE_ROW) {
        take_row(answering, tape, place, place->at);
    } else {
        for (uint32_t i = place->at + 1; i < tape->values[place->at].after;
             i = redan_tape_next(tape, i))
            take_row(answering, tape, place, i);
    }
}

/* Of an output that only has labels beside one that has scores. */
static bool only_labels(const struct redan_tape *tape, const struct redan_place *place)
{
    struct redan_tensor tensor;

    if (place->label)
        return true;
    if (place->kind == REDAN_PLACE_TENSOR) {
        redan_place_tensor(tape, place, &tensor);
        return !tensor.scores;
    }
    return place->name.len > 0 && !(tape->values[place->at].flags & REDAN_TAPE_REAL);
}

/* The first output that fits, or all rows of the first pointer that leads to single rows. */
static bool take(struct redan_answering *answering, struct redan_tape *tape, bool labels)
{
    struct redan_places places = {.answering = answering, .tape = tape};
    struct redan_place place;
    size_t number = SIZE_MAX;
    size_t before = answering->label_count;

    while (redan_place_next(&places, &place)) {
        if (only_labels(tape, &place) != labels ||
            (!labels && redan_place_other(answering, place.name)))
            continue;
        if (number != SIZE_MAX && (place.kind != REDAN_PLACE_ROW || number != places.number))
            continue;
        number = places.number;
        take_place(answering, tape, &place);
    }
    return answering->label_count > before;
}

static void keep_text(const struct redan_tape *tape, const char *const *names, char *text,
                      size_t room, uint8_t *len)
{
    for (; *names; names++) {
        uint32_t at = redan_tape_member(tape, 0, redan_slice_of(*names));
        if (at == REDAN_TAPE_NONE || tape->values[at].kind != REDAN_JSON_TEXT)
            continue;
        *len = (uint8_t)redan_min_size(tape->values[at].text_len, room);
        memcpy(text, tape->values[at].text, *len);
        return;
    }
}

void redan_answer_take_facts(struct redan_answering *answering, struct redan_tape *tape)
{
    static const char *const ids[] = {"id", NULL};
    static const char *const models[] = {"model_name", "model", NULL};
    static const char *const versions[] = {"model_version", "version", NULL};

    keep_text(tape, ids, answering->id, sizeof(answering->id), &answering->id_len);
    keep_text(tape, models, answering->model, sizeof(answering->model), &answering->model_len);
    keep_text(tape, versions, answering->version, sizeof(answering->version),
              &answering->version_len);
    if (answering->fault || !answering->labels)
        return;
    size_t before = answering->label_count;
    (void)take(answering, tape, false);
    /* labels that the upstream says itself count, not those that follow from its scores */
    size_t derived = answering->label_count;
    answering->label_count = before;
    if (!take(answering, tape, true))
        answering->label_count = derived;
}
