/* Streams: lines of JSON, and server-sent events (WHATWG HTML 9.2.6), each judged and let go as soon as it is whole. */
#include <string.h>

#include "guard/answer_number.h"
#include "guard/answer_parts.h"

enum { KEEP_MOST = 1024 }; /* bytes of a buffer that rests */

static const char bom[] = "\xef\xbb\xbf";

static void let_go(struct redan_answering *answering, struct redan_slice bytes)
{
    if (answering->armed)
        redan_buf_slice(&answering->out, bytes);
}

static void held_clear(struct redan_answering *answering)
{
    if (answering->held.cap > KEEP_MOST)
        redan_buf_done(&answering->held);
    redan_buf_clear(&answering->held);
    answering->line = 0;
    answering->has_data = false;
}

bool redan_answer_hold(struct redan_answering *answering, const char *at, size_t len)
{
    struct redan_buf *held = &answering->held;

    if (held->len + len > answering->wanted.policy->bytes) {
        if (redan_answer_unjudged(answering, 502, "the model's answer is too large", NULL))
            return false;
        answering->state = REDAN_ANSWERING_LET;
        return false;
    }
    redan_buf_add(held, at, len);
    if (held->fail == REDAN_OK)
        return true;
    held->fail = REDAN_OK;
    answering->error = true;
    if (answering->armed) /* what is not held cannot leave later, whatever a rule says */
        redan_answer_refuse(answering, 503, "the model's answer could not be judged");
    answering->state = REDAN_ANSWERING_LET;
    return false;
}

/* --- lines of JSON ------------------------------------------------------------------------------------------------------ */

/* The line that is held, with its end or, of the last one, without. */
static void line_of_json(struct redan_answering *answering)
{
    struct redan_slice raw = redan_buf_view(&answering->held);
    struct redan_slice text = raw;
    bool same = true;

    if (text.len && text.at[text.len - 1] == '\n')
        text.len--;
    if (redan_slice_trim(text).len && !redan_answer_json(answering, text, &answering->out, &same))
        return;
    if (same)
        let_go(answering, raw);
    else
        let_go(answering, redan_slice_sub(raw, text.len, raw.len));
    held_clear(answering);
}

/* --- events --------------------------------------------------------------------------------------------------------------- */

/* One line of an event: "name: value", with one blank after the colon taken away. */
struct field {
    struct redan_slice raw; /* without its end */
    struct redan_slice name, value;
    bool comment;
};

static bool next_field(struct redan_slice *event, struct field *field)
{
    size_t len = 0;

    if (!event->len)
        return false;
    while (len < event->len && event->at[len] != '\r' && event->at[len] != '\n')
        len++;
    size_t stop = len + (len < event->len);
    if (stop < event->len && event->at[len] == '\r' && event->at[stop] == '\n')
        stop++;
    *field = (struct field){.raw = redan_slice_sub(*event, 0, len)};
    *event = redan_slice_sub(*event, stop, event->len);
    (void)redan_slice_cut(field->raw, ':', &field->name, &field->value);
    field->comment = field->raw.len && *field->raw.at == ':';
    if (field->value.len && *field->value.at == ' ')
        field->value = redan_slice_sub(field->value, 1, field->value.len);
    return true;
}

static bool is_data(const struct field *field)
{
    return redan_slice_is(field->name, "data");
}

/* Fields with a meaning; under labels alone none that could tell a score. */
static bool stays(const struct redan_answering *answering, const struct field *field)
{
    static const char *const known[] = {"event", "id", "retry", NULL};

    if (!field->raw.len)
        return true;
    return redan_slice_among(known, field->name) &&
           !(answering->wanted.shape.labels && redan_text_real(field->value));
}

struct event {
    struct redan_slice raw; /* all of it, after a byte order mark */
    struct redan_slice text;
    struct redan_buf joined; /* of several lines of data */
    size_t lines;            /* of data */
    bool scrub;              /* something beside the data must not leave */
};

/* Comments and unknown fields are nobody's to judge, so their text does not leave. */
static void read_event(struct redan_answering *answering, struct event *event)
{
    struct redan_slice rest = event->raw;
    struct field field;

    while (next_field(&rest, &field)) {
        if (!is_data(&field)) {
            bool silent = field.comment && field.raw.len == 1;
            event->scrub = event->scrub || !(silent || stays(answering, &field));
            continue;
        }
        if (event->lines == 1)
            redan_buf_slice(&event->joined, event->text);
        if (event->lines++ > 0) {
            redan_buf_char(&event->joined, '\n');
            redan_buf_slice(&event->joined, field.value);
        }
        event->text = field.value;
    }
    if (event->lines > 1)
        event->text = redan_buf_view(&event->joined);
}

static void write_data(struct redan_buf *out, struct redan_slice text)
{
    struct redan_slice line;

    do {
        (void)redan_slice_cut(text, '\n', &line, &text);
        redan_buf_text(out, "data: ");
        redan_buf_slice(out, line);
        redan_buf_char(out, '\n');
    } while (text.len);
}

static void write_event(struct redan_answering *answering, const struct event *event,
                        struct redan_slice text)
{
    struct redan_slice rest = event->raw;
    struct redan_buf *out = &answering->out;
    struct field field;
    bool written = false;

    while (next_field(&rest, &field)) {
        if (is_data(&field)) {
            if (!written)
                write_data(out, text);
            written = true;
        } else if (field.comment) {
            redan_buf_text(out, ":\n");
        } else if (field.raw.len && stays(answering, &field)) {
            redan_buf_slice(out, field.raw);
            redan_buf_char(out, '\n');
        }
    }
    redan_buf_char(out, '\n');
    answering->changed = true;
}

static bool sentinel(struct redan_slice text)
{
    return redan_slice_is(redan_slice_trim(text), "[DONE]") || !redan_slice_trim(text).len;
}

static void judge_event(struct redan_answering *answering, struct event *event,
                        struct redan_buf *fresh)
{
    bool same = true;

    read_event(answering, event);
    if (event->joined.fail != REDAN_OK) {
        event->joined.fail = REDAN_OK;
        if (redan_answer_unjudged(answering, 503, "the model's answer could not be judged", NULL))
            return;
        let_go(answering, redan_buf_view(&answering->held));
        return;
    }
    if (!sentinel(event->text) && !redan_answer_json(answering, event->text, fresh, &same))
        return;
    if (answering->armed && (!same || event->scrub))
        write_event(answering, event, same ? event->text : redan_buf_view(fresh));
    else
        let_go(answering, redan_buf_view(&answering->held));
}

/* The event that is held. A byte order mark before the first is no part of it. */
static void whole_event(struct redan_answering *answering)
{
    REDAN_DEFER(redan_buf_done) struct redan_buf fresh = {0};
    struct event event = {.raw = redan_buf_view(&answering->held)};
    size_t bytes = answering->wanted.policy->bytes;

    if (!answering->begun && redan_slice_starts(event.raw, REDAN_S(bom)))
        event.raw = redan_slice_sub(event.raw, sizeof(bom) - 1, event.raw.len);
    answering->begun = true;
    redan_buf_init(&event.joined, answering->ctx, bytes);
    redan_buf_init(&fresh, answering->ctx, answering->out.max);
    judge_event(answering, &event, &fresh);
    redan_buf_done(&event.joined);
    held_clear(answering);
}

/* A line is whole, its end included. An empty one ends the event. */
static void line_of_event(struct redan_answering *answering)
{
    struct redan_slice raw = redan_buf_view(&answering->held);
    struct redan_slice line = redan_slice_sub(raw, answering->line, raw.len);
    bool first = !answering->begun && answering->line == 0;

    line.len -= line.len > 0;
    if (first && redan_slice_starts(line, REDAN_S(bom)))
        line = redan_slice_sub(line, sizeof(bom) - 1, line.len);
    if (!line.len) {
        whole_event(answering);
        return;
    }
    answering->has_data = answering->has_data || redan_slice_starts(line, REDAN_S("data"));
    answering->line = raw.len;
}

/* --- pieces --------------------------------------------------------------------------------------------------------------- */

/* Up to the next line end, which is held too. */
static size_t line_end(const struct redan_answering *answering, struct redan_slice piece)
{
    const char *feed = NULL;
    size_t len = 0;

    if (answering->form ==
        REDAN_FORM_SSE) { /* two kinds of ends: looking for each would pass over bytes again and again */
        while (len < piece.len && piece.at[len] != '\n' && piece.at[len] != '\r')
            len++;
        return len;
    }
    feed = memchr(piece.at, '\n', piece.len);
    return feed ? (size_t)(feed - piece.at) : piece.len;
}

/* A line feed after a carriage return: of the event that goes on, or of the one that went. */
static size_t skip_feed(struct redan_answering *answering, struct redan_slice piece)
{
    if (!answering->skip_feed)
        return 0;
    answering->skip_feed = false;
    if (*piece.at != '\n')
        return 0;
    if (!answering->held.len)
        let_go(answering, REDAN_S("\n"));
    else if (!redan_answer_hold(answering, "\n", 1))
        return 0;
    else
        answering->line = answering->held.len;
    return 1;
}

/* What is left at the end: a last line, or an event that nobody will end any more. */
static void finish(struct redan_answering *answering)
{
    struct redan_slice left = redan_buf_view(&answering->held);
    struct redan_slice name;
    struct redan_slice value;

    if (!left.len)
        return;
    if (answering->form == REDAN_FORM_LINES) {
        line_of_json(answering);
        return;
    }
    bool named = redan_slice_cut(left, ':', &name, &value);
    bool done = named && redan_slice_is(name, "data") && sentinel(value);
    bool data = answering->has_data || answering->line < left.len;
    if (done || !data) {
        if (done)
            let_go(answering, left);
        answering->changed = answering->changed || (answering->armed && !done);
        held_clear(answering);
        return;
    }
    if (!redan_answer_unjudged(answering, 502, "the model's answer ended in the middle", NULL))
        let_go(answering, left);
}

void redan_answer_frames(struct redan_answering *answering, struct redan_slice piece, bool last)
{
    size_t at = 0;

    while (at < piece.len && !answering->refused && answering->state == REDAN_ANSWERING_READ) {
        struct redan_slice rest = redan_slice_sub(piece, at, piece.len);
        size_t skipped = skip_feed(answering, rest);
        if (skipped) {
            at += skipped;
            continue;
        }
        size_t len = line_end(answering, rest);
        bool ended = len < rest.len;
        if (!redan_answer_hold(answering, rest.at, len + ended))
            break;
        at += len + ended;
        if (!ended)
            break;
        answering->skip_feed = rest.at[len] == '\r';
        if (answering->form == REDAN_FORM_LINES)
            line_of_json(answering);
        else
            line_of_event(answering);
    }
    if (answering->refused)
        return;
    if (answering->state == REDAN_ANSWERING_LET) {
        let_go(answering, redan_buf_view(&answering->held));
        held_clear(answering);
        let_go(answering, redan_slice_sub(piece, at, piece.len));
        return;
    }
    if (last)
        finish(answering);
}
