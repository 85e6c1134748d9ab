/* Changing one value of a YAML text and nothing else, by the byte places of libyaml's events. */
#include <string.h>

#include "base/buf.h"
#include "codec/problem.h"
#include "codec/yaml.h"
#include "codec/yaml_source.h"

/* What the search along the path finds. */
struct search {
    struct redan_yaml_source source;
    const char *const *path;
    size_t wanted;  /* keys in the path */
    size_t matched; /* of them, found so far */
    size_t depth;   /* open collections */
    bool in_key;    /* in the map of the path: a key comes next */
    bool hit;       /* the key just read is the one */
    bool flow;      /* the map of the path is in braces */
    size_t indent;  /* column of its keys */
    size_t key_end;
    size_t end;     /* of the last scalar or bracket */
    size_t last;    /* where that scalar begins */
    bool end_block; /* that was a block scalar */
    bool found;     /* the value: from `from` to `to` */
    bool missing;   /* the map has ended without the key */
    size_t from;
    size_t to;
    bool empty;
    bool block;
};

static void search_done(struct search *s)
{
    redan_yaml_source_done(&s->source);
}

static bool is_start(const yaml_event_t *event)
{
    return event->type == YAML_MAPPING_START_EVENT || event->type == YAML_SEQUENCE_START_EVENT;
}

static bool is_block_scalar(const yaml_event_t *event)
{
    return event->type == YAML_SCALAR_EVENT &&
           (event->data.scalar.style == YAML_LITERAL_SCALAR_STYLE ||
            event->data.scalar.style == YAML_FOLDED_SCALAR_STYLE);
}

static enum redan_status absent(struct search *s, size_t keys)
{
    return redan_fail(s->source.ctx, REDAN_E_ABSENT, 0,
                      "\"%s\" is not a map in this document; add the map by hand first",
                      keys ? s->path[keys - 1] : "the top");
}

/* The value of a key of the path. */
static enum redan_status take_value(struct search *s, const yaml_event_t *event, size_t at,
                                    size_t end)
{
    if (s->matched < s->wanted) {
        if (event->type != YAML_MAPPING_START_EVENT)
            return absent(s, s->matched);
        s->flow = event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
        s->indent = event->start_mark.column;
        s->in_key = true;
        return REDAN_OK;
    }
    if (event->type != YAML_SCALAR_EVENT)
        return redan_fail_at(s->source.ctx, REDAN_E_UNSUPPORTED,
                             (unsigned)event->start_mark.line + 1,
                             (unsigned)event->start_mark.column + 1,
                             "\"%s\" holds a map or a list, not one value; change it by hand",
                             s->path[s->wanted - 1]);
    s->found = true;
    s->from = at;
    s->to = end;
    s->block = is_block_scalar(event);
    s->empty = at == end;
    if (s->empty) /* libyaml may place it at the next thing */
        s->from = s->to = redan_yaml_source_gap(&s->source, s->key_end, at).colon + 1;
    return REDAN_OK;
}

static enum redan_status search_node(struct search *s, const yaml_event_t *event)
{
    size_t at = redan_yaml_source_offset(&s->source, &event->start_mark);
    size_t end = redan_yaml_source_offset(&s->source, &event->end_mark);

    if (s->depth == 0 && s->matched == 0 && !s->in_key) { /* the root */
        REDAN_TRY(take_value(s, event, at, end));
    } else if (s->depth == s->matched + 1 && s->in_key) {
        s->hit = redan_slice_is(
            (struct redan_slice){(const char *)event->data.scalar.value, event->data.scalar.length},
            s->path[s->matched]);
        s->key_end = end;
        s->in_key = false;
    } else if (s->depth == s->matched + 1) {
        if (s->hit) {
            s->matched++;
            REDAN_TRY(take_value(s, event, at, end));
        } else {
            s->in_key = true;
        }
    }
    if (is_start(event))
        s->depth++;
    if (end > s->end) {
        s->end = end;
        s->last = at;
        s->end_block = is_block_scalar(event);
    }
    return REDAN_OK;
}

static enum redan_status search_event(struct search *s, const yaml_event_t *event)
{
    if (event->type == YAML_SCALAR_EVENT || is_start(event))
        return search_node(s, event);
    if (event->type != YAML_MAPPING_END_EVENT && event->type != YAML_SEQUENCE_END_EVENT)
        return REDAN_OK;
    s->missing = s->depth == s->matched + 1;
    s->depth--;
    if (event->end_mark.index > event->start_mark.index) { /* a closing bracket */
        s->end = redan_yaml_source_offset(&s->source, &event->end_mark);
        s->end_block = false;
    }
    return REDAN_OK;
}

static enum redan_status search(struct search *s)
{
    while (!s->found && !s->missing) {
        yaml_event_t event REDAN_DEFER(yaml_event_delete) = {.type = YAML_NO_EVENT};
        REDAN_TRY(redan_yaml_source_next(&s->source, &event));
        REDAN_TRY(search_event(s, &event));
    }
    return REDAN_OK;
}

/* The end of the line that holds `at`, before its line break. */
static size_t line_end(struct redan_slice text, size_t at)
{
    const char *hit = at < text.len ? memchr(text.at + at, '\n', text.len - at) : NULL;
    size_t end = hit ? (size_t)(hit - text.at) : text.len;

    return end > at && text.at[end - 1] == '\r' ? end - 1 : end;
}

/* The end of a block scalar's last line of content: what libyaml calls its end may lie some blank lines below. */
static size_t block_end(struct redan_slice text, size_t from, size_t end)
{
    struct redan_slice body = redan_slice_trim(redan_slice_sub(text, from, end - from));

    return line_end(text, from + body.len);
}

/* The first byte after the indicators of a block scalar. */
static size_t block_mark(struct redan_slice text, size_t at)
{
    while (at < text.len && redan_char_among("|>+-0123456789", text.at[at]))
        at++;
    return at;
}

static void replace_value(const struct search *s, struct redan_buf *out, struct redan_slice value)
{
    struct redan_slice text = s->source.text;
    size_t to = s->to;

    redan_buf_add(out, text.at, s->from);
    if (s->empty)
        redan_buf_char(out, ' ');
    redan_yaml_quoted_add(out, value);
    if (s->block) { /* a comment may follow the indicators; the lines below go */
        size_t mark = block_mark(text, s->from);
        size_t head = line_end(text, mark);
        redan_buf_slice(out, redan_slice_sub(text, mark, head - mark));
        to = block_end(text, s->from, s->to);
        if (to < head)
            to = head;
    }
    redan_buf_slice(out, redan_slice_sub(text, to, SIZE_MAX));
}

/* Where the line of the last value ends. Blank lines under a block scalar are its own when it keeps them ("|+"). */
static size_t entry_end(const struct search *s)
{
    struct redan_slice text = s->source.text;

    if (!s->end_block)
        return line_end(text, s->end);
    size_t mark = block_mark(text, s->last);
    if (!memchr(text.at + s->last, '+', mark - s->last))
        return block_end(text, s->last, s->end);
    if (s->end == 0 || text.at[s->end - 1] != '\n')
        return s->end;
    return s->end - (s->end > 1 && text.at[s->end - 2] == '\r' ? 2 : 1);
}

static void add_entry(const struct search *s, struct redan_buf *out, struct redan_slice value)
{
    struct redan_slice text = s->source.text;
    const char *first = memchr(text.at, '\n', text.len);
    const char *eol = first && first > text.at && first[-1] == '\r' ? "\r\n" : "\n";
    size_t at = entry_end(s);
    struct redan_slice key = redan_slice_of(s->path[s->wanted - 1]);

    redan_buf_add(out, text.at, at);
    redan_buf_text(out, eol);
    redan_buf_repeat(out, ' ', s->indent);
    redan_yaml_scalar_add(out, key);
    redan_buf_text(out, ": ");
    redan_yaml_quoted_add(out, value);
    redan_buf_slice(out, redan_slice_sub(text, at, SIZE_MAX));
}

/* The old tree as it should be after the change. */
static enum redan_status expect(struct redan_ctx *ctx, struct redan_node *node,
                                const char *const *path, size_t depth, struct redan_slice value)
{
    for (size_t i = 0; i < depth; i++) {
        struct redan_node *child = node->first;
        while (child && !redan_slice_is(child->key, path[i]))
            child = child->next;
        if (!child) { /* only the last one can be new */
            child = redan_node_add_text(ctx, node, path[i], value);
            if (!child)
                return REDAN_E_MEMORY;
        }
        node = child;
    }
    node->kind = REDAN_NODE_TEXT;
    node->plain = false;
    node->text = value;
    return REDAN_OK;
}

static bool same(const struct redan_node *a, const struct redan_node *b)
{
    return a->kind == b->kind && a->plain == b->plain && a->count == b->count &&
           redan_slice_eq(a->key, b->key) && redan_slice_eq(a->text, b->text);
}

/* Both trees node by node; `frames` are limits.depth pairs of places. */
static bool same_tree(const struct redan_node *a, const struct redan_node *b,
                      const struct redan_node *(*frames)[2])
{
    size_t depth = 0;

    for (;;) {
        if (!same(a, b))
            return false;
        if (a->first && b->first) {
            frames[depth][0] = a;
            frames[depth++][1] = b;
            a = a->first;
            b = b->first;
            continue;
        }
        while (depth > 0 && !a->next && !b->next) {
            a = frames[--depth][0];
            b = frames[depth][1];
        }
        if (depth == 0)
            return true;
        if (!a->next || !b->next)
            return false;
        a = a->next;
        b = b->next;
    }
}

static enum redan_status verify(struct redan_ctx *ctx, const struct redan_node *expected,
                                struct redan_slice changed)
{
    struct redan_node *tree = NULL;
    const struct redan_node *(*frames)[2] =
        redan_take_array(ctx, ctx->limits.depth, sizeof(*frames));

    if (!frames)
        return REDAN_E_MEMORY;
    enum redan_status status = redan_yaml_tree(ctx, changed, &tree);
    if (status == REDAN_E_MEMORY || status == REDAN_E_LIMIT)
        return status;
    if (status == REDAN_OK && same_tree(expected, tree, frames))
        return REDAN_OK;
    redan_fail_clear(ctx);
    return redan_fail(ctx, REDAN_E_UNSUPPORTED, 0,
                      "the value cannot be set without changing more of the document; edit it by "
                      "hand");
}

enum redan_status redan_yaml_set(struct redan_ctx *ctx, struct redan_slice text,
                                 const char *const *path, size_t depth, struct redan_slice value,
                                 struct redan_slice *changed)
{
    struct search s REDAN_DEFER(search_done) = {.path = path, .wanted = depth};
    struct redan_buf out REDAN_DEFER(redan_buf_done) = {0};
    struct redan_node *tree = NULL;

    redan_buf_init(&out, ctx, SIZE_MAX);
    if (depth == 0)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "an empty path names no value");
    REDAN_TRY(redan_yaml_tree(ctx, text, &tree)); /* from here on the text is in the subset */
    REDAN_TRY(redan_yaml_source_init(&s.source, ctx, text));
    REDAN_TRY(search(&s));
    if (s.found)
        replace_value(&s, &out, value);
    else if (s.matched + 1 < depth)
        return absent(&s, s.matched + 1);
    else if (s.flow)
        return redan_fail(ctx, REDAN_E_UNSUPPORTED, 0,
                          "\"%s\" is new and its map is in braces; add it by hand",
                          path[depth - 1]);
    else
        add_entry(&s, &out, value);
    REDAN_TRY(redan_buf_ok(ctx, &out, "the changed document"));
    REDAN_TRY(expect(ctx, tree, path, depth, value));
    struct redan_slice copy = {NULL, 0};
    REDAN_TRY(redan_copy(ctx, redan_buf_view(&out), &copy));
    REDAN_TRY(verify(ctx, tree, copy));
    *changed = copy;
    return REDAN_OK;
}
