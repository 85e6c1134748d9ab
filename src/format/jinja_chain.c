/* Names of a Jinja template, what they are bound to, and the attributes taken of them. */
#include "format/jinja_reader.h"

#include <string.h>

#include "base/map.h"

enum redan_status redan_jinja_say(struct redan_jinja_reader *r, struct redan_jinja_event *event)
{
    event->block = r->block;
    return r->sink->tell(r->sink->arg, event);
}

enum redan_status redan_jinja_say_broken(struct redan_jinja_reader *r, const char *what)
{
    struct redan_jinja_event event = {
        .kind = REDAN_JINJA_BROKEN, .text = redan_slice_of(what), .offset = r->at};

    return redan_jinja_say(r, &event);
}

struct redan_jinja_bound *redan_jinja_find(const struct redan_jinja_reader *r,
                                           struct redan_slice name)
{
    uint64_t hash = redan_hash(r->ctx->seed, name);

    for (size_t i = 0; i < redan_min_size(r->name_count, REDAN_JINJA_NAMES); i++) {
        if (r->names[i].hash == hash && redan_slice_eq(r->names[i].name, name))
            return &r->names[i];
    }
    return NULL;
}

struct redan_slice redan_jinja_keep(struct redan_jinja_reader *r, struct redan_slice text)
{
    if (r->kept.cap - r->kept.len < text.len)
        return (struct redan_slice){0};
    char *at = r->kept.at + r->kept.len;
    if (text.len)
        memcpy(at, text.at, text.len);
    r->kept.len += text.len;
    return (struct redan_slice){at, text.len};
}

void redan_jinja_bind(struct redan_jinja_reader *r, struct redan_slice name,
                      const struct redan_jinja_value *value)
{
    struct redan_jinja_bound *b = redan_jinja_find(r, name);

    if (!b)
        b = &r->names[r->name_count++ % REDAN_JINJA_NAMES];
    b->name = name;
    b->hash = redan_hash(r->ctx->seed, name);
    b->value = value ? *value : (struct redan_jinja_value){0};
    bool inside = b->value.text.at >= r->text.at && b->value.text.at <= r->text.at + r->text.len;
    if (b->value.constant && !inside) {
        struct redan_slice copy = redan_jinja_keep(r, b->value.text);
        b->value.partial |= copy.len < b->value.text.len;
        b->value.text = copy;
    }
}

bool redan_jinja_next_is(const struct redan_jinja_reader *r, char c)
{
    size_t i = r->at;

    while (i < r->text.len && (r->text.at[i] == ' ' || r->text.at[i] == '\n' ||
                               r->text.at[i] == '\t' || r->text.at[i] == '\r'))
        i++;
    if (c == '=' && i + 1 < r->text.len && r->text.at[i + 1] == '=')
        return false;
    return i < r->text.len && r->text.at[i] == c;
}

static bool dunder(struct redan_slice name)
{
    return name.len > 4 && redan_slice_starts(name, REDAN_S("__")) &&
           redan_slice_ends(name, REDAN_S("__"));
}

enum redan_status redan_jinja_say_constant(struct redan_jinja_reader *r,
                                           const struct redan_jinja_value *v)
{
    struct redan_jinja_event event = {.kind = REDAN_JINJA_CONSTANT,
                                      .text = v->text,
                                      .offset = r->at,
                                      .built = v->built,
                                      .partial = v->partial};

    return v->constant && v->text.len ? redan_jinja_say(r, &event) : REDAN_OK;
}

/* ---- chains ---- */

enum redan_status redan_jinja_attribute(struct redan_jinja_reader *r, struct redan_jinja_value *v,
                                        struct redan_slice name, enum redan_jinja_how how)
{
    struct redan_jinja_event event = {.kind = REDAN_JINJA_ATTRIBUTE,
                                      .how = how,
                                      .text = name,
                                      .root = v->root,
                                      .offset = r->at,
                                      .free = v->free,
                                      .called = redan_jinja_next_is(r, '('),
                                      .constant = v->constant,
                                      .hidden = v->hidden};
    struct redan_jinja_value got = {.root = v->root, .last = name, .free = v->free};

    REDAN_TRY(redan_jinja_say(r, &event));
    r->saw_content |= redan_slice_is(name, "content");
    got.hidden = v->hidden || dunder(name);
    /* a method of a text still knows it */
    if (v->constant && (how == REDAN_JINJA_DOT || how == REDAN_JINJA_FILTER)) {
        got.text = v->text;
        got.constant = true;
        got.partial = v->partial;
        got.built = v->built;
        got.list = v->list;
    }
    *v = got;
    return REDAN_OK;
}

/* An element or attribute whose name is a value. */
enum redan_status redan_jinja_element(struct redan_jinja_reader *r, struct redan_jinja_value *v,
                                      const struct redan_jinja_value *name,
                                      enum redan_jinja_how how)
{
    if (name->constant && !name->partial && !name->list)
        return redan_jinja_attribute(r, v, name->text, how);
    struct redan_jinja_event event = {.kind = REDAN_JINJA_DYNAMIC,
                                      .how = how,
                                      .text = name->constant ? name->text : (struct redan_slice){0},
                                      .root = v->root,
                                      .offset = r->at,
                                      .free = v->free,
                                      .called = redan_jinja_next_is(r, '('),
                                      .built = name->built,
                                      .partial = true,
                                      .hidden = v->hidden};
    struct redan_jinja_value got = {
        .root = v->root, .free = v->free, .hidden = v->hidden, .computed = true};
    REDAN_TRY(redan_jinja_say(r, &event));
    *v = got;
    return REDAN_OK;
}

/* The names in "a.b.c", as attribute= of a filter has them. */
enum redan_status redan_jinja_path(struct redan_jinja_reader *r, struct redan_jinja_value *v,
                                   struct redan_slice names, enum redan_jinja_how how)
{
    while (names.len) {
        struct redan_slice head = {0};
        struct redan_slice tail = {0};
        (void)redan_slice_cut(names, '.', &head, &tail);
        if (head.len)
            REDAN_TRY(redan_jinja_attribute(r, v, head, how));
        names = tail;
    }
    return REDAN_OK;
}

/* The fields of a format text: "{0.__class__[x]}". */
enum redan_status redan_jinja_fields(struct redan_jinja_reader *r, struct redan_slice format)
{
    for (size_t i = 0; i < format.len; i++) {
        if (format.at[i] != '{')
            continue;
        struct redan_jinja_value v = {0};
        bool name = false;
        for (i++; i < format.len && format.at[i] != '}' && format.at[i] != ':';) {
            size_t len = 0;
            while (i + len < format.len && !redan_char_among(".[]}:!", format.at[i + len]))
                len++;
            if (name && len)
                REDAN_TRY(redan_jinja_attribute(r, &v, redan_slice_sub(format, i, len),
                                                REDAN_JINJA_FORMAT));
            i += len;
            if (i < format.len && format.at[i] != '}' && format.at[i] != ':')
                i++;
            name = true;
        }
    }
    return REDAN_OK;
}
