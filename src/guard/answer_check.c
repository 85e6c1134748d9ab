/* The policy's rules over one answer: fields that never leave, ranges of scores, a schema. */
#include <stdarg.h>
#include <stdio.h>

#include "codec/json.h"
#include "guard/answer_parts.h"
#include "guard/answer_schema.h"

bool redan_answer_speak(struct redan_answering *answering,
                        const struct redan_policy_answer_rule *rule, const char *format, ...)
{
    /* mark < mask < refuse; of equals the first */
    static const unsigned char weights[] = {
        [REDAN_ANSWER_MARK] = 1, [REDAN_ANSWER_MASK] = 2, [REDAN_ANSWER_REFUSE] = 3};
    bool form = rule->check == REDAN_CHECK_SCHEMA; /* there is nothing to mask */
    unsigned char weight = form && rule->action == REDAN_ANSWER_MASK ? 3 : weights[rule->action];

    answering->hits |= (uint64_t)1 << (rule->index & 63);
    if (weight > answering->weight ||
        (weight == answering->weight && rule->index < answering->rule->index)) {
        va_list args;
        va_start(args, format);
        int n = vsnprintf(answering->detail, sizeof(answering->detail), format, args);
        va_end(args);
        answering->detail_len =
            n < 0 ? 0 : (uint8_t)redan_min_size((size_t)n, sizeof(answering->detail) - 1);
        answering->rule = rule;
        answering->weight = weight;
    }
    return rule->action == REDAN_ANSWER_MASK;
}

/* --- fields --------------------------------------------------------------------------------------------------------------- */

static void found_field(struct redan_answering *answering, struct redan_tape *tape,
                        const struct redan_policy_answer_rule *rule, struct redan_slice field,
                        uint32_t at)
{
    if (tape->values[at].act != REDAN_TAPE_KEEP)
        return;
    if (!redan_answer_speak(answering, rule, "field %.*s at byte %u",
                            (int)redan_min_size(field.len, 64), field.at,
                            (unsigned)tape->values[at].key_from))
        return;
    if (!redan_tape_remove(tape, at))
        redan_tape_edit(tape, at, REDAN_S("null"));
}

/* A tensor of this name: its object, which is where the name of an output stands in the open inference protocol. */
static uint32_t named_output(const struct redan_tape *tape, uint32_t at, struct redan_slice field)
{
    const struct redan_tape_value *value = &tape->values[at];

    if (value->kind != REDAN_JSON_TEXT || !redan_slice_is(redan_tape_key(value), "name") ||
        !redan_slice_eq(redan_tape_text(value), field) ||
        redan_tape_member(tape, value->parent, REDAN_S("data")) == REDAN_TAPE_NONE)
        return REDAN_TAPE_NONE;
    return value->parent;
}

static void drop_output(struct redan_answering *answering, struct redan_tape *tape,
                        const struct redan_policy_answer_rule *rule, struct redan_slice field,
                        uint32_t object)
{
    if (tape->values[object].act != REDAN_TAPE_KEEP || tape->values[object].depth == 0)
        return;
    if (redan_answer_speak(answering, rule, "output %.*s at byte %u",
                           (int)redan_min_size(field.len, 64), field.at,
                           (unsigned)tape->values[object].from))
        redan_tape_drop(tape, object);
}

static void check_fields(struct redan_answering *answering, struct redan_tape *tape,
                         const struct redan_policy_answer_rule *rule)
{
    for (size_t f = 0; f < rule->fields.count; f++) {
        struct redan_slice field = rule->fields.items[f];
        struct redan_point point;
        uint32_t at = 0;
        if (redan_slice_starts(field, REDAN_S("/"))) {
            redan_point_begin(&point, field);
            while (redan_point_next(tape, &point, &at))
                found_field(answering, tape, rule, field, at);
            continue;
        }
        for (uint32_t i = 0; i < tape->len; i++) {
            if (!tape->values[i].key)
                continue;
            if (redan_slice_eq(redan_tape_key(&tape->values[i]), field))
                found_field(answering, tape, rule, field, i);
            uint32_t output = named_output(tape, i, field);
            if (output != REDAN_TAPE_NONE)
                drop_output(answering, tape, rule, field, output);
        }
    }
}

/* --- ranges --------------------------------------------------------------------------------------------------------------- */

bool redan_answer_range(struct redan_answering *answering,
                        const struct redan_policy_answer_rule *rule, double *value)
{
    if (*value >= rule->low && *value <= rule->high)
        return false;
    bool below = *value < rule->low;
    if (!redan_answer_speak(answering, rule, "%.9g is %s %.9g", *value, below ? "under" : "over",
                            below ? rule->low : rule->high))
        return false;
    *value = below ? rule->low : rule->high;
    return true;
}

static void check_number(struct redan_answering *answering, struct redan_tape *tape,
                         const struct redan_policy_answer_rule *rule, uint32_t at)
{
    double value = redan_tape_number(tape, at);

    if (!redan_answer_range(answering, rule, &value))
        return;
    size_t begin = redan_tape_edit_begin(tape);
    bool quoted = tape->values[at].kind == REDAN_JSON_TEXT;
    if (quoted)
        redan_buf_char(&tape->edits, '"');
    redan_json_number_add(&tape->edits, value);
    if (quoted)
        redan_buf_char(&tape->edits, '"');
    redan_tape_edit_end(tape, at, begin);
}

/* Numbers of a place that are no labels by their name. */
static void check_place(struct redan_answering *answering, struct redan_tape *tape,
                        const struct redan_policy_answer_rule *rule,
                        const struct redan_place *place)
{
    uint32_t end = tape->values[place->at].after;
    struct redan_tensor tensor;

    if (place->label || redan_place_other(answering, place->name))
        return;
    if (place->kind == REDAN_PLACE_TENSOR) {
        redan_place_tensor(tape, place, &tensor);
        if (!tensor.scores)
            return;
    }
    for (uint32_t i = place->at; i < end;) {
        const struct redan_tape_value *value = &tape->values[i];
        if (value->act == REDAN_TAPE_DROP ||
            (value->key && i != place->at && redan_place_label_name(redan_tape_key(value)))) {
            i = value->after;
            continue;
        }
        if (value->flags & REDAN_TAPE_NUMERIC)
            check_number(answering, tape, rule, i);
        i++;
    }
}

static void check_range(struct redan_answering *answering, struct redan_tape *tape,
                        const struct redan_policy_answer_rule *rule)
{
    struct redan_places places = {.answering = answering, .tape = tape};
    struct redan_place place;

    while (redan_place_next(&places, &place))
        check_place(answering, tape, rule, &place);
}

/* --- schemas -------------------------------------------------------------------------------------------------------------- */

static enum redan_status check_schema(struct redan_answering *answering, struct redan_tape *tape,
                                      const struct redan_policy_answer_rule *rule)
{
    const struct redan_answer_schema *schema = rule->compiled;
    const char *keyword = "";
    uint32_t at = 0;

    if (!schema) {
        struct redan_arena_mark mark = redan_arena_mark(&answering->ctx->arena);
        enum redan_status status =
            redan_answer_schema_compile(answering->ctx, rule->schema, &schema);
        bool fits = status == REDAN_OK && redan_answer_schema_fits(schema, tape, &at, &keyword);
        redan_arena_reset(&answering->ctx->arena, mark);
        REDAN_TRY(status);
        if (fits)
            return REDAN_OK;
    } else if (redan_answer_schema_fits(schema, tape, &at, &keyword)) {
        return REDAN_OK;
    }
    (void)redan_answer_speak(answering, rule, "%s does not hold at byte %u", keyword,
                             (unsigned)tape->values[at].from);
    return REDAN_OK;
}

enum redan_status redan_answer_could_not(struct redan_answering *answering,
                                         const struct redan_policy_answer_rule *rule,
                                         enum redan_status status)
{
    answering->error = true;
    if (rule->on_error == REDAN_ON_ERROR_FLAG)
        answering->hits |= (uint64_t)1 << (rule->index & 63);
    if (rule->on_error == REDAN_ON_ERROR_CLOSED)
        return status;
    redan_fail_clear(answering->ctx);
    return REDAN_OK;
}

enum redan_status redan_answer_check(struct redan_answering *answering, struct redan_tape *tape)
{
    /* a schema is about the upstream's words, and scores are looked for where fields may be taken out */
    static const enum redan_answer_check order[] = {REDAN_CHECK_SCHEMA, REDAN_CHECK_RANGE,
                                                    REDAN_CHECK_FIELDS};
    const struct redan_policy_answers *policy = answering->wanted.policy;

    for (size_t i = 0; i < REDAN_COUNT(order) * policy->rule_count; i++) {
        const struct redan_policy_answer_rule *rule = &policy->rules[i % policy->rule_count];
        if (rule->check != order[i / policy->rule_count] ||
            (answering->fault && rule->check != REDAN_CHECK_FIELDS))
            continue;
        if (rule->check == REDAN_CHECK_FIELDS) {
            check_fields(answering, tape, rule);
        } else if (rule->check == REDAN_CHECK_RANGE) {
            check_range(answering, tape, rule);
        } else {
            enum redan_status status = check_schema(answering, tape, rule);
            if (status != REDAN_OK)
                REDAN_TRY(redan_answer_could_not(answering, rule, status));
        }
    }
    return REDAN_OK;
}
