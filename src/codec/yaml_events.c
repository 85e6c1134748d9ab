/* libyaml's events with a bound on everything that its time or memory grows with. */
#include "codec/yaml_events.h"

#include <string.h>

#include "codec/yaml_source.h"

enum { DIRECTIVES = 16 }; /* libyaml compares each with all the others */

struct redan_yaml_events {
    struct redan_yaml_source source;
    yaml_event_t event;
    bool held; /* the event holds memory */
    bool over;
    enum redan_status failed;
    size_t depth, most;
};

/* Lines that begin with "%": directives, and texts without an indent, of which few are written. */
static size_t directives(struct redan_slice text)
{
    size_t count = 0;
    const char *p = text.at;
    const char *end = text.at + text.len;

    while (p && p < end) {
        count += *p == '%';
        p = memchr(p, '\n', (size_t)(end - p));
        if (p)
            p++;
    }
    return count;
}

enum redan_status redan_yaml_events_new(struct redan_ctx *ctx, struct redan_slice text, size_t most,
                                        size_t depth, struct redan_yaml_events **events)
{
    if (text.len > most)
        return redan_fail(ctx, REDAN_E_LIMIT, most, "the YAML is longer than allowed");
    if (directives(text) > DIRECTIVES)
        return redan_fail(ctx, REDAN_E_LIMIT, 0, "the YAML has more directives than allowed");
    struct redan_yaml_events *e = redan_mem_take(&ctx->mem, sizeof(*e));
    if (!e)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for the YAML parser");
    memset(e, 0, sizeof(*e));
    e->source = (struct redan_yaml_source){.ctx = ctx, .text = text};
    e->most = depth;
    if (!yaml_parser_initialize(&e->source.parser)) {
        redan_mem_give(&ctx->mem, e, sizeof(*e));
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for the YAML parser");
    }
    e->source.ready = true;
    yaml_parser_set_input_string(&e->source.parser,
                                 (const unsigned char *)(text.len ? text.at : ""), text.len);
    *events = e;
    return REDAN_OK;
}

static void drop(struct redan_yaml_events *e)
{
    if (e->held)
        yaml_event_delete(&e->event);
    e->held = false;
}

void redan_yaml_events_free(struct redan_yaml_events *e)
{
    if (!e)
        return;
    struct redan_ctx *ctx = e->source.ctx;
    drop(e);
    redan_yaml_source_done(&e->source);
    redan_mem_give(&ctx->mem, e, sizeof(*e));
}

static struct redan_slice word(const yaml_char_t *text)
{
    return redan_slice_of((const char *)text);
}

static enum redan_status enter(struct redan_yaml_events *e, const struct redan_yaml_event *event)
{
    if (e->depth++ >= e->most)
        return redan_fail(e->source.ctx, REDAN_E_LIMIT, event->offset,
                          "the YAML is nested deeper than allowed");
    return REDAN_OK;
}

/* What libyaml's event says; false for those that say nothing here. */
static bool shown(struct redan_yaml_events *e, struct redan_yaml_event *event)
{
    const yaml_event_t *from = &e->event;

    switch ((int)from->type) { /* the others say nothing here */
    case YAML_STREAM_END_EVENT:
        e->over = true;
        event->kind = REDAN_YAML_END;
        return true;
    case YAML_DOCUMENT_START_EVENT:
        event->kind = REDAN_YAML_DOCUMENT;
        return true;
    case YAML_MAPPING_START_EVENT:
        event->kind = REDAN_YAML_MAP;
        event->tag = word(from->data.mapping_start.tag);
        event->anchor = word(from->data.mapping_start.anchor);
        return true;
    case YAML_SEQUENCE_START_EVENT:
        event->kind = REDAN_YAML_LIST;
        event->tag = word(from->data.sequence_start.tag);
        event->anchor = word(from->data.sequence_start.anchor);
        return true;
    case YAML_MAPPING_END_EVENT:
        event->kind = REDAN_YAML_MAP_END;
        return true;
    case YAML_SEQUENCE_END_EVENT:
        event->kind = REDAN_YAML_LIST_END;
        return true;
    case YAML_ALIAS_EVENT:
        event->kind = REDAN_YAML_ALIAS;
        event->text = word(from->data.alias.anchor);
        return true;
    case YAML_SCALAR_EVENT:
        event->kind = REDAN_YAML_SCALAR;
        event->text =
            (struct redan_slice){(const char *)from->data.scalar.value, from->data.scalar.length};
        event->tag = word(from->data.scalar.tag);
        event->anchor = word(from->data.scalar.anchor);
        event->plain = from->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        return true;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    return false;
}

enum redan_status redan_yaml_events_next(struct redan_yaml_events *e,
                                         struct redan_yaml_event *event)
{
    *event = (struct redan_yaml_event){.kind = REDAN_YAML_END, .offset = e->source.text.len};
    if (e->failed != REDAN_OK)
        return e->failed;
    while (!e->over) {
        drop(e);
        e->failed = redan_yaml_source_next(&e->source, &e->event);
        if (e->failed != REDAN_OK)
            return e->failed;
        e->held = true;
        event->offset = redan_yaml_source_offset(&e->source, &e->event.start_mark);
        if (!shown(e, event))
            continue;
        if (event->kind == REDAN_YAML_MAP || event->kind == REDAN_YAML_LIST)
            e->failed = enter(e, event);
        else if (event->kind == REDAN_YAML_MAP_END || event->kind == REDAN_YAML_LIST_END)
            e->depth--;
        return e->failed;
    }
    return REDAN_OK;
}
