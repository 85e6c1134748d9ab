/* Walking a tree beside its schema, in the document's order. The checks of single values are in bind_value.c. */
#include "codec/bind.h"

#include <string.h>

#include "base/buf.h"
#include "codec/bind_value.h"

/* A map or a list whose children are being bound. */
struct frame {
    const struct redan_bind_shape *shape;
    const struct redan_node *next; /* child to bind next */
    char *out;                     /* MAP: the struct; LIST: the next item */
    struct redan_list *list;       /* LIST: counts its items; NULL in a map */
};

enum { FEW = 6 };

struct binder {
    struct redan_problems *problems;
    struct redan_ctx *ctx;
    struct frame
        few[FEW]; /* enough for most; then limits.depth of them: a frame is a level of the tree */
    struct frame *frames;
    size_t depth;
    size_t cap;
};

static const struct redan_bind_field *find_field(const struct redan_bind_shape *shape,
                                                 struct redan_slice name)
{
    for (size_t i = 0; i < shape->count; i++) {
        if (redan_slice_is(name, shape->fields[i].name))
            return &shape->fields[i];
    }
    return NULL;
}

static void list_names(const struct redan_bind_shape *shape, struct redan_buf *out)
{
    redan_buf_printf(out, "%s has:", shape->what);
    for (size_t i = 0; i < shape->count; i++)
        redan_buf_printf(out, "%s %s", i ? "," : "", shape->fields[i].name);
}

static void unknown_field(struct binder *b, const struct redan_bind_shape *shape,
                          const struct redan_node *child)
{
    struct redan_problems *problems = b->problems;
    struct redan_buf fix REDAN_DEFER(redan_buf_done) = {0};
    const char *near = NULL;
    size_t best = SIZE_MAX;

    redan_buf_init(&fix, b->ctx, 1024);
    if (problems->count < problems->max) { /* what is only counted needs no advice */
        for (size_t i = 0; i < shape->count; i++)
            redan_bind_nearest(child->key, shape->fields[i].name, &near, &best);
        if (near)
            redan_buf_printf(&fix, "did you mean \"%s\"?", near);
        else
            list_names(shape, &fix);
    }
    redan_problem_add_key(problems, child, redan_buf_view(&fix).at, "unknown field \"%s\" in %s",
                          redan_snippet_of(child->key).text, shape->what);
}

static void missing_fields(struct binder *b, const struct redan_bind_shape *shape,
                           const struct redan_node *node)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct redan_bind_field *field = &shape->fields[i];
        struct redan_buf fix REDAN_DEFER(redan_buf_done) = {0};
        if (!field->required || redan_node_get(node, field->name))
            continue;
        redan_buf_init(&fix, b->ctx, 1024);
        redan_buf_printf(&fix, "add \"%s\"", field->name);
        if (field->help)
            redan_buf_printf(&fix, ": %s", field->help);
        redan_problem_add(b->problems, node, redan_buf_view(&fix).at, "missing field \"%s\" in %s",
                          field->name, shape->what);
    }
}

static enum redan_status push(struct binder *b, struct frame frame)
{
    if (b->depth >= b->ctx->limits.depth)
        return redan_fail(b->ctx, REDAN_E_LIMIT, 0, "nested deeper than %zu levels",
                          b->ctx->limits.depth);
    if (b->depth == b->cap) {
        struct frame *more = redan_take_array(b->ctx, b->ctx->limits.depth, sizeof(*more));
        if (!more)
            return REDAN_E_MEMORY;
        memcpy(more, b->frames, b->depth * sizeof(*more));
        b->frames = more;
        b->cap = b->ctx->limits.depth;
    }
    b->frames[b->depth++] = frame;
    return REDAN_OK;
}

static enum redan_status open_map(struct binder *b, const struct redan_node *node,
                                  const struct redan_bind_shape *shape, char *out)
{
    if (shape->node != SIZE_MAX)
        memcpy(out + shape->node, &node, sizeof(node));
    missing_fields(b, shape, node);
    return push(b, (struct frame){.shape = shape, .next = node->first, .out = out});
}

static enum redan_status bind_struct(struct binder *b, const struct redan_bind_field *field,
                                     const struct redan_node *child, char *out)
{
    if (child->kind != REDAN_NODE_MAP) {
        redan_bind_wrong(b->problems, field, child, "a map", NULL);
        return REDAN_OK;
    }
    char *inner = redan_take(b->ctx, field->shape->size);
    if (!inner)
        return REDAN_E_MEMORY;
    memcpy(out, &inner, sizeof(inner));
    return open_map(b, child, field->shape, inner);
}

static enum redan_status bind_list(struct binder *b, const struct redan_bind_field *field,
                                   const struct redan_node *child, char *out)
{
    if (child->kind != REDAN_NODE_LIST) {
        redan_bind_wrong(b->problems, field, child, "a list of maps", NULL);
        return REDAN_OK;
    }
    struct redan_list *list = (struct redan_list *)(void *)out;
    if (child->count == 0)
        return REDAN_OK;
    list->items = redan_take_array(b->ctx, child->count, field->shape->size);
    if (!list->items)
        return REDAN_E_MEMORY;
    return push(b,
                (struct frame){
                    .shape = field->shape, .next = child->first, .out = list->items, .list = list});
}

static enum redan_status bind_child(struct binder *b, const struct frame *frame,
                                    const struct redan_node *child)
{
    const struct redan_bind_field *field = find_field(frame->shape, child->key);

    if (!field) {
        unknown_field(b, frame->shape, child);
        return REDAN_OK;
    }
    char *out = frame->out + field->offset;
    if (field->kind == REDAN_BIND_NODE) {
        memcpy(out, &child, sizeof(child));
        return REDAN_OK;
    }
    if (child->kind == REDAN_NODE_NULL) {
        redan_bind_empty(b->problems, field, child);
        return REDAN_OK;
    }
    if (field->kind == REDAN_BIND_STRUCT)
        return bind_struct(b, field, child, out);
    if (field->kind == REDAN_BIND_LIST)
        return bind_list(b, field, child, out);
    return redan_bind_value(b->problems, field, child, out);
}

static enum redan_status bind_item(struct binder *b, struct frame *frame,
                                   const struct redan_node *child)
{
    if (child->kind != REDAN_NODE_MAP) {
        redan_problem_add(b->problems, child, "write the fields of the item as \"name: value\"",
                          "%s must be a map, found %s", frame->shape->what,
                          redan_node_kind_name(child->kind));
        return REDAN_OK;
    }
    char *out = frame->out;
    frame->out += frame->shape->size;
    frame->list->count++;
    return open_map(b, child, frame->shape, out);
}

static enum redan_status walk(struct binder *b)
{
    while (b->depth > 0) {
        struct frame *frame = &b->frames[b->depth - 1];
        const struct redan_node *child = frame->next;
        if (!child) {
            b->depth--;
            continue;
        }
        frame->next = child->next;
        REDAN_TRY(frame->list ? bind_item(b, frame, child) : bind_child(b, frame, child));
    }
    return REDAN_OK;
}

enum redan_status redan_bind(struct redan_problems *problems, const struct redan_node *node,
                             const struct redan_bind_shape *shape, void *out)
{
    struct binder b = {.problems = problems, .ctx = problems->ctx};

    memset(out, 0, shape->size);
    if (!node || node->kind != REDAN_NODE_MAP) {
        redan_problem_add(problems, node, "write its fields as \"name: value\"",
                          "%s must be a map, found %s", shape->what,
                          redan_node_kind_name(node ? node->kind : REDAN_NODE_NULL));
    } else {
        b.frames = b.few;
        b.cap = FEW;
        REDAN_TRY(open_map(&b, node, shape, out));
        REDAN_TRY(walk(&b));
    }
    /* problems are added without a status: memory that they were refused is in the context */
    return b.ctx->failure.status == REDAN_E_MEMORY ? REDAN_E_MEMORY : REDAN_OK;
}
