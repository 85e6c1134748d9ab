/* From libyaml's events to the tree, refusing everything outside the subset. */
#include "codec/yaml.h"

#include "base/map.h"
#include "codec/problem.h"
#include "codec/yaml_source.h"

/* Maps of this many keys are searched one by one; larger ones get a hash table. */
enum { FEW_KEYS = 16 };

/* A collection that is still open. */
struct frame {
    struct redan_node *node;
    struct redan_map keys;
    bool has_key; /* in a map: the key of the next value was read */
    struct redan_slice key;
    yaml_mark_t key_mark;
    size_t key_offset;
    size_t key_end;
};

struct builder {
    struct redan_ctx *ctx;
    struct redan_yaml_source source;
    struct frame *frames;
    size_t depth;
    size_t end; /* of the last event, in bytes */
    size_t nodes;
    struct redan_node *root;
    bool over; /* the document has ended */
};

static void builder_done(struct builder *b)
{
    redan_yaml_source_done(&b->source);
}

static struct redan_slice scalar_text(const yaml_event_t *event)
{
    return (struct redan_slice){(const char *)event->data.scalar.value, event->data.scalar.length};
}

static bool is_empty(const yaml_event_t *event)
{
    return event->type == YAML_SCALAR_EVENT && event->data.scalar.length == 0 &&
           event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

/* The word at an offset, for messages about anchors, aliases and tags. */
static struct redan_snippet word_at(const struct builder *b, size_t at)
{
    struct redan_slice word = redan_slice_sub(b->source.text, at, SIZE_MAX);
    size_t len = 0;

    while (len < word.len && len < 64 && (unsigned char)word.at[len] > ' ' && word.at[len] != ',' &&
           word.at[len] != ']' && word.at[len] != '}')
        len++;
    return redan_snippet_of(redan_slice_sub(word, 0, len));
}

static enum redan_status check_properties(struct builder *b, const yaml_event_t *event, size_t at)
{
    const struct redan_yaml_source *source = &b->source;
    char c = at < source->text.len ? source->text.at[at] : '\0';

    if (event->type == YAML_ALIAS_EVENT)
        return redan_yaml_source_fail(
            source, at, "alias \"%s\" is not allowed; write the value out", word_at(b, at).text);
    if (is_empty(event) && event->start_mark.index == event->end_mark.index)
        return REDAN_OK; /* the bytes there belong to what follows */
    if (c == '&')
        return redan_yaml_source_fail(source, at,
                                      "anchor \"%s\" is not allowed; write the value out where it "
                                      "is needed",
                                      word_at(b, at).text);
    if (c == '!')
        return redan_yaml_source_fail(source, at,
                                      "tag \"%s\" is not allowed; remove it, the schema knows the "
                                      "type",
                                      word_at(b, at).text);
    return REDAN_OK;
}

static enum redan_status check_scalar(struct builder *b, const yaml_event_t *event, size_t at)
{
    uint32_t code = 0;

    if (event->type == YAML_SCALAR_EVENT && redan_yaml_control(scalar_text(event), &code))
        return redan_yaml_source_fail(
            &b->source, at, "a text with the control character U+%04X; remove it", (unsigned)code);
    return REDAN_OK;
}

static enum redan_status read_key(struct builder *b, struct frame *frame, const yaml_event_t *event,
                                  size_t at, const struct redan_yaml_gap *gap)
{
    const struct redan_yaml_source *source = &b->source;
    struct redan_slice text = scalar_text(event);

    if (gap->question != SIZE_MAX)
        return redan_yaml_source_fail(
            source, gap->question, "an explicit key (\"? \") is not allowed; write \"key: value\"");
    if (event->type != YAML_SCALAR_EVENT)
        return redan_yaml_source_fail(source, at,
                                      "a key that is %s is not allowed; write a text as key",
                                      event->type == YAML_MAPPING_START_EVENT ? "a map" : "a list");
    if (text.len == 0)
        return redan_yaml_source_fail(source, at, "an empty key; write a key before \":\"");
    if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && redan_slice_is(text, "<<"))
        return redan_yaml_source_fail(source, at,
                                      "a merge key (\"<<\") is not allowed; write the fields out");
    REDAN_TRY(redan_copy(b->ctx, text, &frame->key));
    frame->key_mark = event->start_mark;
    frame->key_offset = at;
    frame->key_end = redan_yaml_source_offset(&b->source, &event->end_mark);
    frame->has_key = true;
    return REDAN_OK;
}

static enum redan_status duplicate(struct builder *b, const struct frame *frame,
                                   const struct redan_node *before)
{
    return redan_yaml_source_fail(
        &b->source, frame->key_offset,
        "key \"%s\" is already in this map, on line %u; remove one of the two",
        redan_snippet_of(frame->key).text, before->key_line);
}

static enum redan_status check_duplicate(struct builder *b, struct frame *frame,
                                         struct redan_node *child)
{
    struct redan_node *node = frame->node;

    if (node->count < FEW_KEYS) {
        for (const struct redan_node *n = node->first; n; n = n->next) {
            if (redan_slice_eq(n->key, frame->key))
                return duplicate(b, frame, n);
        }
        return REDAN_OK;
    }
    if (node->count == FEW_KEYS) {
        redan_map_init(&frame->keys, b->ctx);
        for (struct redan_node *n = node->first; n; n = n->next)
            REDAN_TRY(redan_map_put(&frame->keys, n->key, n));
    }
    enum redan_status status = redan_map_put(&frame->keys, frame->key, child);
    if (status == REDAN_E_EXISTS)
        return duplicate(b, frame, redan_map_get(&frame->keys, frame->key));
    return status;
}

/* Put a new node under the open collection, or at the root. */
static enum redan_status attach(struct builder *b, struct redan_node *node)
{
    if (b->depth == 0) {
        b->root = node;
        return REDAN_OK;
    }
    struct frame *frame = &b->frames[b->depth - 1];
    if (frame->node->kind == REDAN_NODE_MAP) {
        REDAN_TRY(check_duplicate(b, frame, node));
        node->key = frame->key;
        node->key_line = (unsigned)frame->key_mark.line + 1;
        node->key_column = (unsigned)frame->key_mark.column + 1;
        if (node->kind == REDAN_NODE_NULL) {
            node->line = node->key_line;
            node->column = node->key_column;
        }
        frame->has_key = false;
    }
    redan_node_add(frame->node, node);
    return REDAN_OK;
}

static enum redan_status open_collection(struct builder *b, struct redan_node *node,
                                         const yaml_event_t *event, size_t at)
{
    if (node->kind == REDAN_NODE_MAP &&
        event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE &&
        (at >= b->source.text.len || b->source.text.at[at] != '{'))
        return redan_yaml_source_fail(&b->source, at,
                                      "a \"key: value\" directly in brackets; put it in braces, or "
                                      "the text in quotes");
    if (b->depth >= b->ctx->limits.depth)
        return redan_fail_at(b->ctx, REDAN_E_LIMIT, node->line, node->column,
                             "nested deeper than %zu levels; flatten the document",
                             b->ctx->limits.depth);
    b->frames[b->depth++] = (struct frame){.node = node};
    return REDAN_OK;
}

/* A value: a scalar, or the beginning of a collection. */
static enum redan_status read_value(struct builder *b, const yaml_event_t *event, size_t at,
                                    const struct redan_yaml_gap *gap)
{
    static const enum redan_node_kind kinds[] = {
        [YAML_SCALAR_EVENT] = REDAN_NODE_TEXT,
        [YAML_SEQUENCE_START_EVENT] = REDAN_NODE_LIST,
        [YAML_MAPPING_START_EVENT] = REDAN_NODE_MAP,
    };
    const struct frame *frame = b->depth ? &b->frames[b->depth - 1] : NULL;

    if (frame && frame->has_key && gap->colon == SIZE_MAX)
        return redan_yaml_source_fail(&b->source, frame->key_offset,
                                      "key \"%s\" without a value; write \"key: value\", or the "
                                      "text in quotes",
                                      redan_snippet_of(frame->key).text);
    size_t most = redan_min_size(b->ctx->limits.nodes, b->ctx->limits.yaml_nodes);
    if (++b->nodes > most)
        return redan_fail_at(b->ctx, REDAN_E_LIMIT, (unsigned)event->start_mark.line + 1,
                             (unsigned)event->start_mark.column + 1,
                             "more than %zu values; split the document", most);
    struct redan_node *node =
        redan_node_new(b->ctx, is_empty(event) ? REDAN_NODE_NULL : kinds[event->type]);
    if (!node)
        return REDAN_E_MEMORY;
    node->line = (unsigned)event->start_mark.line + 1;
    node->column = (unsigned)event->start_mark.column + 1;
    node->offset = at;
    if (node->kind == REDAN_NODE_TEXT) {
        node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        REDAN_TRY(redan_copy(b->ctx, scalar_text(event), &node->text));
    }
    REDAN_TRY(attach(b, node));
    if (event->type != YAML_SCALAR_EVENT)
        return open_collection(b, node, event, at);
    return REDAN_OK;
}

static enum redan_status read_node(struct builder *b, const yaml_event_t *event)
{
    size_t at = redan_yaml_source_offset(&b->source, &event->start_mark);
    struct redan_yaml_gap gap = redan_yaml_source_gap(&b->source, b->end, at);
    struct frame *frame = b->depth ? &b->frames[b->depth - 1] : NULL;

    if (gap.tab != SIZE_MAX)
        return redan_yaml_source_fail(&b->source, gap.tab,
                                      "a tab is used as indentation; use spaces");
    REDAN_TRY(check_properties(b, event, at));
    REDAN_TRY(check_scalar(b, event, at));
    if (frame && frame->node->kind == REDAN_NODE_MAP && !frame->has_key)
        return read_key(b, frame, event, at, &gap);
    return read_value(b, event, at, &gap);
}

static enum redan_status end_document(struct builder *b, const yaml_event_t *event)
{
    if (!b->root || b->root->kind == REDAN_NODE_NULL)
        return redan_fail_at(b->ctx, REDAN_E_SYNTAX, 1, 1,
                             "the document is empty; write at least one field");
    b->over = true;
    return redan_yaml_source_rest(&b->source,
                                  redan_yaml_source_offset(&b->source, &event->end_mark));
}

static enum redan_status read_event(struct builder *b, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return end_document(b, event);
    case YAML_ALIAS_EVENT:
    case YAML_SCALAR_EVENT:
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        REDAN_TRY(read_node(b, event));
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        b->depth--;
        if (event->end_mark.index == event->start_mark.index)
            return REDAN_OK; /* the end of a block has no bytes: its place is that of what follows */
        break;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_START_EVENT:
        break;
    }
    b->end = redan_yaml_source_offset(&b->source, &event->end_mark);
    return REDAN_OK;
}

enum redan_status redan_yaml_tree(struct redan_ctx *ctx, struct redan_slice text,
                                  struct redan_node **root)
{
    struct builder b REDAN_DEFER(builder_done) = {.ctx = ctx};

    REDAN_TRY(redan_yaml_source_init(&b.source, ctx, text));
    b.frames = redan_take_array(ctx, ctx->limits.depth, sizeof(*b.frames));
    if (!b.frames)
        return REDAN_E_MEMORY;
    while (!b.over) {
        yaml_event_t event REDAN_DEFER(yaml_event_delete) = {.type = YAML_NO_EVENT};
        REDAN_TRY(redan_yaml_source_next(&b.source, &event));
        REDAN_TRY(read_event(&b, &event));
    }
    *root = b.root;
    return REDAN_OK;
}

enum redan_status redan_yaml_parse(struct redan_ctx *ctx, struct redan_slice text,
                                   const struct redan_node **root)
{
    struct redan_node *tree = NULL;

    REDAN_TRY(redan_yaml_tree(ctx, text, &tree));
    *root = tree;
    return REDAN_OK;
}
