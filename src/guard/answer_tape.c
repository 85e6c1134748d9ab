/* Filled by one pass of the pull reader; written by one pass that copies what lies between the edits. */
#include "guard/answer_tape.h"

#include <math.h>
#include <string.h>

#include "guard/answer_number.h"

enum { DEPTH_MOST = 250 };

struct redan_slice redan_tape_key(const struct redan_tape_value *value)
{
    return (struct redan_slice){value->key, value->key_len};
}

struct redan_slice redan_tape_text(const struct redan_tape_value *value)
{
    return (struct redan_slice){value->text, value->text_len};
}

/* --- reading -------------------------------------------------------------------------------------------------------- */

static enum redan_status grow(struct redan_tape *tape, size_t most, size_t offset)
{
    size_t unit = sizeof(*tape->values);
    size_t cap = tape->cap ? redan_min_size(tape->cap * 2, most) : redan_min_size(32, most);

    if (tape->len >= most)
        return redan_fail(tape->ctx, REDAN_E_LIMIT, offset, "more than %zu values", most);
    void *values = redan_mem_resize(&tape->ctx->mem, tape->values, tape->cap * unit, cap * unit);
    if (!values)
        return redan_fail(tape->ctx, REDAN_E_MEMORY, offset, "no memory for %zu values", cap);
    tape->values = values;
    tape->cap = cap;
    return REDAN_OK;
}

/* Past the closing quote of a text that had escapes. */
static size_t text_end(struct redan_slice text, size_t at)
{
    for (at++; at < text.len && text.at[at] != '"'; at++)
        at += text.at[at] == '\\';
    return at + 1;
}

static size_t leaf_end(const struct redan_tape *tape, const struct redan_json_token *token)
{
    const char *begin = tape->text.at + token->offset;

    if (token->kind == REDAN_JSON_NUMBER)
        return token->offset + token->text.len;
    if (token->kind != REDAN_JSON_TEXT)
        return token->offset + (token->kind == REDAN_JSON_FALSE ? 5 : 4); /* true, null */
    return token->text.at == begin + 1 ? token->offset + token->text.len + 2
                                       : text_end(tape->text, token->offset);
}

static uint8_t flags_of(const struct redan_json_token *token, double *value)
{
    if (token->kind == REDAN_JSON_NUMBER) {
        if (!redan_json_number(token, value))
            *value = token->number.negative ? -HUGE_VAL : HUGE_VAL;
        return REDAN_TAPE_NUMERIC | (redan_number_real(token->text) ? REDAN_TAPE_REAL : 0);
    }
    if (token->kind != REDAN_JSON_TEXT)
        return 0;
    return (redan_text_number(token->text, value) ? REDAN_TAPE_NUMERIC : 0) |
           (redan_text_real(token->text) ? REDAN_TAPE_REAL : 0);
}

static bool key_real(struct redan_slice key)
{
    return redan_text_real(key) || redan_slice_is(key, "b64"); /* b64: bytes of whatever kind */
}

struct reading {
    uint32_t parent;
    struct redan_slice key;
    size_t key_from;
    bool keyed;
};

static enum redan_status add(struct redan_tape *tape, struct reading *reading,
                             const struct redan_json_token *token, size_t most)
{
    if (tape->len == tape->cap)
        REDAN_TRY(grow(tape, most, token->offset));
    uint32_t index = (uint32_t)tape->len;
    struct redan_tape_value *value = &tape->values[tape->len++];
    bool open = token->kind == REDAN_JSON_OBJECT || token->kind == REDAN_JSON_ARRAY;

    *value = (struct redan_tape_value){
        .from = (uint32_t)token->offset,
        .key_from = (uint32_t)(reading->keyed ? reading->key_from : token->offset),
        .parent = reading->parent,
        .after = index + 1,
        .kind = (uint8_t)token->kind};
    value->flags = flags_of(token, &value->number);
    if (reading->keyed) {
        value->key = reading->key.at;
        value->key_len = (uint32_t)reading->key.len;
        value->flags |= key_real(reading->key) ? REDAN_TAPE_REAL : 0;
    }
    if (reading->parent != REDAN_TAPE_NONE) {
        struct redan_tape_value *parent = &tape->values[reading->parent];
        if (parent->depth >= DEPTH_MOST)
            return redan_fail(tape->ctx, REDAN_E_LIMIT, token->offset, "nested too deep");
        value->depth = (uint8_t)(parent->depth + 1);
        value->ordinal = parent->count++;
        parent->flags |= value->flags & REDAN_TAPE_REAL;
    }
    if (token->kind == REDAN_JSON_TEXT || token->kind == REDAN_JSON_NUMBER) {
        value->text = token->text.at;
        value->text_len = (uint32_t)token->text.len;
    }
    if (!open)
        value->end = (uint32_t)leaf_end(tape, token);
    else
        reading->parent = index;
    reading->keyed = false;
    return REDAN_OK;
}

static void leave(struct redan_tape *tape, struct reading *reading, size_t offset)
{
    struct redan_tape_value *value = &tape->values[reading->parent];

    value->end = (uint32_t)offset + 1;
    value->after = (uint32_t)tape->len;
    reading->parent = value->parent;
    if (reading->parent != REDAN_TAPE_NONE)
        tape->values[reading->parent].flags |= value->flags & REDAN_TAPE_REAL;
}

enum redan_status redan_tape_read(struct redan_tape *tape, struct redan_ctx *ctx,
                                  struct redan_slice text, size_t most)
{
    struct reading reading = {.parent = REDAN_TAPE_NONE};
    struct redan_json_token token;

    *tape = (struct redan_tape){.ctx = ctx, .text = text};
    redan_json_init(&tape->reader, ctx, text);
    redan_buf_init(&tape->edits, ctx, text.len + 65536);
    if (text.len >= UINT32_MAX)
        return redan_fail(ctx, REDAN_E_LIMIT, 0, "longer than 4 GB");
    for (;;) {
        REDAN_TRY(redan_json_next(&tape->reader, &token));
        if (token.kind == REDAN_JSON_END)
            return REDAN_OK;
        if (token.kind == REDAN_JSON_KEY) {
            reading.key = token.text;
            reading.key_from = token.offset;
            reading.keyed = true;
        } else if (token.kind == REDAN_JSON_OBJECT_END || token.kind == REDAN_JSON_ARRAY_END) {
            leave(tape, &reading, token.offset);
        } else {
            REDAN_TRY(add(tape, &reading, &token, most));
        }
    }
}

void redan_tape_done(struct redan_tape *tape)
{
    if (!tape || !tape->ctx)
        return;
    redan_mem_give(&tape->ctx->mem, tape->values, tape->cap * sizeof(*tape->values));
    redan_buf_done(&tape->edits);
    redan_json_done(&tape->reader);
    *tape = (struct redan_tape){.ctx = NULL};
}

/* --- asking --------------------------------------------------------------------------------------------------------- */

struct redan_slice redan_tape_spelling(const struct redan_tape *tape, uint32_t at)
{
    const struct redan_tape_value *value = &tape->values[at];

    if (value->act == REDAN_TAPE_EDIT)
        return redan_slice_sub(redan_buf_view(&tape->edits), value->edit_from, value->edit_len);
    return redan_slice_sub(tape->text, value->from, value->end - value->from);
}

double redan_tape_number(const struct redan_tape *tape, uint32_t at)
{
    const struct redan_tape_value *value = &tape->values[at];
    double number = 0;

    if (value->act != REDAN_TAPE_EDIT)
        return value->number;
    struct redan_slice text = redan_tape_spelling(tape, at);
    if (text.len >= 2 && *text.at == '"')
        text = redan_slice_sub(text, 1, text.len - 2);
    if (redan_json_double(text, &number))
        return number;
    return text.len && *text.at == '-' ? -HUGE_VAL : HUGE_VAL;
}

uint32_t redan_tape_member(const struct redan_tape *tape, uint32_t object, struct redan_slice name)
{
    const struct redan_tape_value *value = &tape->values[object];

    if (value->kind != REDAN_JSON_OBJECT)
        return REDAN_TAPE_NONE;
    for (uint32_t i = object + 1; i < value->after; i = redan_tape_next(tape, i))
        if (redan_slice_eq(redan_tape_key(&tape->values[i]), name))
            return i;
    return REDAN_TAPE_NONE;
}

void redan_point_begin(struct redan_point *point, struct redan_slice pointer)
{
    *point = (struct redan_point){.pointer = pointer};
    for (size_t i = 0; i < pointer.len; i++)
        point->segments += pointer.at[i] == '/';
}

static struct redan_slice segment(struct redan_slice pointer, size_t number)
{
    size_t i = 0;

    for (; i < pointer.len; i++)
        if (pointer.at[i] == '/' && number-- == 0)
            break;
    size_t begin = ++i;
    while (i < pointer.len && pointer.at[i] != '/')
        i++;
    return redan_slice_sub(pointer, begin, i > begin ? i - begin : 0);
}

/* "~1" is a slash, "~0" a tilde (RFC 6901 4). */
static bool names(struct redan_slice spelled, struct redan_slice key)
{
    size_t k = 0;

    for (size_t i = 0; i < spelled.len; i++, k++) {
        char c = spelled.at[i];
        if (c == '~' && i + 1 < spelled.len &&
            (spelled.at[i + 1] == '0' || spelled.at[i + 1] == '1'))
            c = spelled.at[++i] == '1' ? '/' : '~';
        if (k == key.len || key.at[k] != c)
            return false;
    }
    return k == key.len;
}

static bool fits(const struct redan_tape *tape, struct redan_point *point, uint32_t at)
{
    const struct redan_tape_value *value = &tape->values[at];
    uint64_t number = 0;

    if (value->depth == 0)
        return true;
    if (point->depth != value->depth) {
        point->depth = value->depth;
        point->wanted = segment(point->pointer, value->depth - 1U);
    }
    struct redan_slice wanted = point->wanted;
    if (value->key)
        return names(wanted, redan_tape_key(value));
    return (wanted.len == 1 && *wanted.at == '*') ||
           (redan_slice_u64(wanted, &number) && number == value->ordinal);
}

bool redan_point_next(const struct redan_tape *tape, struct redan_point *point, uint32_t *at)
{
    while (point->at < tape->len) {
        const struct redan_tape_value *value = &tape->values[point->at];
        bool fit = fits(tape, point, point->at);
        if (fit && value->depth == point->segments) {
            *at = point->at;
            point->at = value->after;
            return true;
        }
        point->at = fit ? point->at + 1 : value->after;
    }
    return false;
}

/* --- changing ------------------------------------------------------------------------------------------------------- */

void redan_tape_drop(struct redan_tape *tape, uint32_t at)
{
    tape->values[at].act = REDAN_TAPE_DROP;
    tape->changed = true;
}

bool redan_tape_remove(struct redan_tape *tape, uint32_t at)
{
    uint32_t parent = tape->values[at].parent;

    if (parent == REDAN_TAPE_NONE)
        return false;
    if (tape->values[parent].kind == REDAN_JSON_OBJECT)
        redan_tape_drop(tape, at);
    else
        redan_tape_edit(tape, at, REDAN_S("null"));
    return true;
}

size_t redan_tape_edit_begin(const struct redan_tape *tape)
{
    return tape->edits.len;
}

void redan_tape_edit_end(struct redan_tape *tape, uint32_t at, size_t begin)
{
    struct redan_tape_value *value = &tape->values[at];

    tape->changed = true;
    value->act = REDAN_TAPE_EDIT;
    value->edit_from = (uint32_t)begin;
    value->edit_len = (uint32_t)(tape->edits.len - begin);
}

void redan_tape_edit(struct redan_tape *tape, uint32_t at, struct redan_slice bytes)
{
    size_t begin = redan_tape_edit_begin(tape);

    redan_buf_slice(&tape->edits, bytes);
    redan_tape_edit_end(tape, at, begin);
}

static size_t skip_blanks(struct redan_slice text, size_t at)
{
    while (at < text.len && redan_char_among(" \t\r\n", text.at[at]))
        at++;
    return at;
}

/* The comma before a value or its key; there is one. */
static size_t comma_before(struct redan_slice text, size_t at)
{
    while (at > 0 && text.at[at - 1] != ',')
        at--;
    return at ? at - 1 : 0;
}

struct writing {
    struct redan_buf *out;
    size_t copied;
};

static void copy_to(const struct redan_tape *tape, struct writing *w, size_t to)
{
    if (to > w->copied)
        redan_buf_add(w->out, tape->text.at + w->copied, to - w->copied);
    w->copied = to > w->copied ? to : w->copied;
}

/* A first item goes with the comma behind it, any other with the one before it. `ordinal` counts what was kept of a container from here on. */
static void leave_out(const struct redan_tape *tape, struct writing *w,
                      const struct redan_tape_value *value)
{
    const struct redan_tape_value *parent = &tape->values[value->parent];

    if (parent->count > 0) { /* of those before it, something stays */
        copy_to(tape, w, comma_before(tape->text, value->key_from));
        w->copied = value->end;
        return;
    }
    copy_to(tape, w, value->key_from);
    w->copied = skip_blanks(tape->text, value->end);
    if (w->copied < tape->text.len && tape->text.at[w->copied] == ',')
        w->copied++;
}

enum redan_status redan_tape_write(struct redan_tape *tape, struct redan_buf *out)
{
    struct writing w = {.out = out};

    REDAN_TRY(redan_buf_ok(tape->ctx, &tape->edits, "what is changed in an answer"));
    for (uint32_t i = 0; i < tape->len;) {
        struct redan_tape_value *value = &tape->values[i];
        value->count = 0; /* from here on: how many of its values were kept */
        if (value->act == REDAN_TAPE_DROP && value->parent != REDAN_TAPE_NONE) {
            leave_out(tape, &w, value);
            i = value->after;
            continue;
        }
        if (value->parent != REDAN_TAPE_NONE)
            tape->values[value->parent].count++;
        if (value->act == REDAN_TAPE_EDIT) {
            copy_to(tape, &w, value->from);
            redan_buf_slice(out, redan_tape_spelling(tape, i));
            w.copied = value->end;
            i = value->after;
            continue;
        }
        i++;
    }
    copy_to(tape, &w, tape->text.len);
    return redan_buf_ok(tape->ctx, out, "an answer");
}
