/* The RFC 8785 writer: keys in UTF-16 order, no blanks, one spelling per number and string; no recursion. */
#include "codec/canonical.h"

#include <string.h>

#include "codec/json.h"
#include "codec/json_scan.h"

/* A container being written. A list follows `next`; a map has its children sorted in the items from `first`. */
struct frame {
    const struct redan_node *node;
    const struct redan_node *next;
    size_t first;
    size_t at;
};

enum { USUAL = 15 }; /* levels, and keys of the open maps, that most trees stay under */

struct writer {
    struct redan_ctx *ctx;
    struct redan_buf *out;
    struct redan_buf frames; /* struct frame, one after the other */
    struct redan_buf items;  /* const struct redan_node * of the open maps */
};

static void writer_done(struct writer *writer)
{
    redan_buf_done(&writer->frames);
    redan_buf_done(&writer->items);
}

/* RFC 8785 3.2.3: by UTF-16 code units. UTF-8 bytes give the same order but for supplementary characters (from 0xf0),
 * whose surrogates come before U+E000 to U+FFFF (0xee and 0xef). */
static int compare(const struct redan_node *a, const struct redan_node *b)
{
    size_t n = redan_min_size(a->key.len, b->key.len);
    const unsigned char *x = (const unsigned char *)a->key.at;
    const unsigned char *y = (const unsigned char *)b->key.at;
    size_t i = 0;

    while (i < n && x[i] == y[i])
        i++;
    if (i == n)
        return a->key.len < b->key.len ? -1 : a->key.len > b->key.len;
    bool swap = x[i] >= 0xee && y[i] >= 0xee && (x[i] >= 0xf0) != (y[i] >= 0xf0);
    return (x[i] < y[i]) != swap ? -1 : 1;
}

static void sift(const struct redan_node **items, size_t root, size_t count)
{
    const struct redan_node *moved = items[root];

    for (size_t child = root * 2 + 1; child < count; child = root * 2 + 1) {
        if (child + 1 < count && compare(items[child], items[child + 1]) < 0)
            child++;
        if (compare(moved, items[child]) >= 0)
            break;
        items[root] = items[child];
        root = child;
    }
    items[root] = moved;
}

/* Heap sort: no memory of its own, no bad case; what is sorted already costs one pass. */
static void sort(const struct redan_node **items, size_t count)
{
    size_t i = 1;

    while (i < count && compare(items[i - 1], items[i]) < 0)
        i++;
    if (i >= count)
        return;
    for (size_t root = count / 2; root-- > 0;)
        sift(items, root, count);
    for (size_t last = count - 1; last > 0; last--) {
        const struct redan_node *largest = items[0];
        items[0] = items[last];
        items[last] = largest;
        sift(items, 0, last);
    }
}

static enum redan_status string_add(struct writer *writer, const struct redan_node *node,
                                    struct redan_slice text)
{
    const char *end = text.at + text.len;

    for (const char *p = text.at; p < end;) {
        size_t n = (unsigned char)*p < 0x80 ? 1 : utf8_step(p, end);
        if (n == 0)
            return redan_fail(writer->ctx, REDAN_E_SCHEMA, node->offset,
                              "a text for canonical JSON is not UTF-8");
        p += n;
    }
    redan_json_string_add(writer->out, text);
    return REDAN_OK;
}

static enum redan_status scalar_add(struct writer *writer, const struct redan_node *node)
{
    double value = 0;

    switch (node->kind) {
    case REDAN_NODE_NULL:
        redan_buf_text(writer->out, "null");
        return REDAN_OK;
    case REDAN_NODE_BOOL:
        redan_buf_text(writer->out, node->truth ? "true" : "false");
        return REDAN_OK;
    case REDAN_NODE_NUMBER:
        if (!redan_node_number(node, &value))
            return redan_fail(writer->ctx, REDAN_E_SCHEMA, node->offset,
                              "a number for canonical JSON does not fit a double");
        redan_json_number_add(writer->out, value);
        return REDAN_OK;
    case REDAN_NODE_TEXT:
    case REDAN_NODE_LIST:
    case REDAN_NODE_MAP:
        break;
    }
    return string_add(writer, node, node->text);
}

/* The children of a map, sorted, at the end of the items. */
static enum redan_status sort_children(struct writer *writer, const struct redan_node *map)
{
    size_t size = map->count * sizeof(map);
    char *room = redan_buf_room(&writer->items, size);

    if (!room)
        return redan_buf_ok(writer->ctx, &writer->items, "the keys of canonical JSON");
    const struct redan_node **items = (const struct redan_node **)(void *)room;
    size_t n = 0;
    for (const struct redan_node *child = map->first; child; child = child->next)
        items[n++] = child;
    sort(items, n);
    for (size_t i = 1; i < n; i++) {
        if (redan_slice_eq(items[i - 1]->key, items[i]->key))
            return redan_fail(writer->ctx, REDAN_E_SCHEMA, items[i]->offset,
                              "the same key twice in a map for canonical JSON");
    }
    redan_buf_grew(&writer->items, size);
    return REDAN_OK;
}

static enum redan_status enter(struct writer *writer, const struct redan_node *node)
{
    bool map = node->kind == REDAN_NODE_MAP;
    struct frame frame = {node, node->first, writer->items.len / sizeof(node), 0};

    if (map)
        REDAN_TRY(sort_children(writer, node));
    redan_buf_add(&writer->frames, &frame, sizeof(frame));
    REDAN_TRY(redan_buf_ok(writer->ctx, &writer->frames, "the depth of canonical JSON"));
    redan_buf_char(writer->out, map ? '{' : '[');
    return REDAN_OK;
}

/* The next child of the innermost container, with its comma and key; NULL when it is over. */
static enum redan_status step(struct writer *writer, struct frame *frame,
                              const struct redan_node **child)
{
    *child = NULL;
    if (frame->at == frame->node->count)
        return REDAN_OK;
    if (frame->at > 0)
        redan_buf_char(writer->out, ',');
    if (frame->node->kind == REDAN_NODE_MAP) {
        size_t place = (frame->first + frame->at) * sizeof(*child);
        memcpy(child, writer->items.data + place, sizeof(*child));
        REDAN_TRY(string_add(writer, *child, (*child)->key));
        redan_buf_char(writer->out, ':');
    } else {
        *child = frame->next;
        frame->next = frame->next->next;
    }
    frame->at++;
    return REDAN_OK;
}

enum redan_status redan_canonical_add(struct redan_ctx *ctx, struct redan_buf *out,
                                      const struct redan_node *root)
{
    struct writer writer REDAN_DEFER(writer_done) = {.ctx = ctx, .out = out};
    const struct redan_node *node = root;

    redan_buf_init(&writer.frames, ctx, SIZE_MAX / 2);
    redan_buf_init(&writer.items, ctx, SIZE_MAX / 2);
    (void)redan_buf_room(&writer.frames, USUAL * sizeof(struct frame));
    (void)redan_buf_room(&writer.items, USUAL * sizeof(node));
    for (;;) {
        if (node->kind == REDAN_NODE_MAP || node->kind == REDAN_NODE_LIST)
            REDAN_TRY(enter(&writer, node));
        else
            REDAN_TRY(scalar_add(&writer, node));
        do { /* to the next value, closing what is over */
            if (writer.frames.len == 0)
                return redan_buf_ok(ctx, out, "canonical JSON");
            char *top = writer.frames.data + writer.frames.len - sizeof(struct frame);
            struct frame frame;
            memcpy(&frame, top, sizeof(frame));
            REDAN_TRY(step(&writer, &frame, &node));
            memcpy(top, &frame, sizeof(frame));
            if (!node) {
                redan_buf_char(out, frame.node->kind == REDAN_NODE_MAP ? '}' : ']');
                writer.frames.len -= sizeof(frame);
                writer.items.len = frame.first * sizeof(node);
            }
        } while (!node);
    }
}
