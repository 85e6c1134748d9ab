/* Copies a tree into its canonical form with an explicit stack, and digests it. */
#include "record/canonical_tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "codec/canonical.h"
#include "text/nfc.h"

enum { USUAL = 1000 }; /* bytes that the JSON of most threats and controls fits into */

/* What an unquoted scalar may be, and what becomes of blanks. */
struct reading {
    bool typed; /* numbers and truths are what they look like */
    bool exact; /* text keeps its blanks */
};

struct frame {
    const struct redan_node *next;
    struct redan_node *to;
    struct reading reading;
};

static enum redan_status check_nfc(struct redan_problems *problems, const struct redan_node *at,
                                   struct redan_slice text)
{
    bool normal = true;
    size_t offset = 0;

    REDAN_TRY(redan_nfc_check(problems->ctx, text, &normal, &offset));
    if (!normal)
        redan_problem_add(problems, at,
                          "write it in normal form C, for one file: uconv -x any-nfc < IN > OUT",
                          "the text is not in Unicode normal form C at byte %zu of it", offset);
    return REDAN_OK;
}

/* Trimmed at both ends, and every line at its end. */
static enum redan_status clean(struct redan_ctx *ctx, struct redan_slice text,
                               struct redan_slice *out)
{
    struct redan_slice t = redan_slice_trim(text);

    *out = t;
    if (t.len == 0 || !memchr(t.at, '\n', t.len))
        return REDAN_OK;
    char *bytes = redan_take(ctx, t.len + 1);
    size_t n = 0;
    if (!bytes)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < t.len; i++) {
        if (t.at[i] == '\n') {
            while (n && (bytes[n - 1] == ' ' || bytes[n - 1] == '\t' || bytes[n - 1] == '\r'))
                n--;
        }
        bytes[n++] = t.at[i];
    }
    *out = (struct redan_slice){bytes, n};
    return REDAN_OK;
}

static enum redan_status copy_node(struct redan_problems *problems, const struct redan_node *node,
                                   struct reading reading, struct redan_node **out)
{
    struct redan_node *copy = redan_node_new(problems->ctx, node->kind);
    double number = 0;
    bool truth = false;

    if (!copy)
        return REDAN_E_MEMORY;
    copy->key = node->key;
    copy->truth = node->truth;
    copy->text = node->text;
    copy->line = node->line;
    copy->key_line = node->key_line;
    if (node->key.len)
        REDAN_TRY(check_nfc(problems, node, node->key));
    if (node->kind == REDAN_NODE_TEXT) {
        REDAN_TRY(check_nfc(problems, node, node->text));
        if (reading.typed && redan_node_bool(node, &truth)) {
            copy->kind = REDAN_NODE_BOOL;
            copy->truth = truth;
        } else if (reading.typed && redan_node_number(node, &number)) {
            copy->kind = REDAN_NODE_NUMBER;
        } else if (!reading.exact) {
            REDAN_TRY(clean(problems->ctx, node->text, &copy->text));
        }
    }
    *out = copy;
    return REDAN_OK;
}

struct item {
    struct redan_node *node;
    struct redan_slice id; /* empty unless every item has one */
    struct redan_slice json;
};

static int by_order(const void *a, const void *b)
{
    const struct item *x = a;
    const struct item *y = b;
    int order = redan_slice_cmp(x->id, y->id);

    return order != 0 ? order : redan_slice_cmp(x->json, y->json);
}

static enum redan_status write_json(struct redan_ctx *ctx, const struct redan_node *node,
                                    struct redan_slice *json)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};

    redan_buf_init(&text, ctx, ctx->limits.json);
    REDAN_TRY(redan_canonical_add(ctx, &text, node));
    REDAN_TRY(redan_buf_ok(ctx, &text, "the canonical form"));
    return redan_copy(ctx, redan_buf_view(&text), json);
}

static enum redan_status sort_items(struct redan_ctx *ctx, struct redan_node *list)
{
    struct item *items = redan_take_array(ctx, list->count, sizeof(*items));
    bool ids = true;
    size_t n = 0;

    if (!items)
        return REDAN_E_MEMORY;
    for (struct redan_node *node = list->first; node; node = node->next) {
        REDAN_TRY(write_json(ctx, node, &items[n].json));
        items[n].id = redan_node_text(node, "id");
        ids = ids && items[n].id.len > 0;
        items[n++].node = node;
    }
    for (size_t i = 0; i < n && !ids; i++)
        items[i].id = (struct redan_slice){0};
    qsort(items, n, sizeof(*items), by_order);
    list->first = list->last = NULL;
    list->count = 0;
    for (size_t i = 0; i < n; i++) {
        if (i && by_order(&items[i], &items[i - 1]) == 0)
            continue;
        items[i].node->next = NULL;
        redan_node_add(list, items[i].node);
    }
    return REDAN_OK;
}

static enum redan_status sort_list(struct redan_ctx *ctx, struct redan_node *list)
{
    if (list->count < 2)
        return REDAN_OK;
    struct redan_arena_mark mark = redan_arena_mark(&ctx->arena);
    enum redan_status status = sort_items(ctx, list);
    redan_arena_reset(&ctx->arena, mark);
    return status;
}

/* The names in `release` are the user's own: one that is called `profile` opens nothing. */
static struct reading reading_of(struct reading above, struct redan_slice parent,
                                 struct redan_slice key)
{
    bool expect = redan_slice_is(key, "expect");

    if (redan_slice_is(parent, "release"))
        return above;
    return (struct reading){.typed = above.typed || expect || redan_slice_is(key, "profile"),
                            .exact = above.exact || expect};
}

enum redan_status redan_canonical_tree(struct redan_problems *problems,
                                       const struct redan_node *root, struct redan_node **tree)
{
    struct redan_ctx *ctx = problems->ctx;
    struct frame *frames = redan_take_array(ctx, ctx->limits.depth + 2, sizeof(*frames));
    struct reading reading = reading_of((struct reading){0}, REDAN_S(""), root->key);
    size_t depth = 0;

    if (!frames)
        return REDAN_E_MEMORY;
    REDAN_TRY(copy_node(problems, root, reading, tree));
    frames[0] = (struct frame){root->first, *tree, reading};
    for (;;) {
        struct frame *f = &frames[depth];
        struct redan_node *copy = NULL;
        if (!f->next) {
            if (f->to->kind == REDAN_NODE_LIST)
                REDAN_TRY(sort_list(ctx, f->to));
            if (depth == 0)
                return REDAN_OK;
            depth--;
            continue;
        }
        const struct redan_node *node = f->next;
        reading = reading_of(f->reading, f->to->key, node->key);
        f->next = node->next;
        REDAN_TRY(copy_node(problems, node, reading, &copy));
        redan_node_add(f->to, copy);
        if (node->kind == REDAN_NODE_LIST || node->kind == REDAN_NODE_MAP) {
            if (depth > ctx->limits.depth)
                return redan_fail(ctx, REDAN_E_LIMIT, 0, "nested deeper than %zu",
                                  ctx->limits.depth);
            frames[++depth] = (struct frame){node->first, copy, reading};
        }
    }
}

/* Everything in one buffer, the prefix first: what is hashed lies in one place. */
static void add_tag(struct redan_buf *text, const char *section)
{
    redan_buf_slice(text, REDAN_S("redan/1\0"));
    redan_buf_text(text, section);
    redan_buf_char(text, '\0');
}

enum redan_status redan_tagged_digest(struct redan_ctx *ctx, const char *section,
                                      struct redan_slice bytes, struct redan_digest *digest)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};

    redan_buf_init(&text, ctx, ctx->limits.json);
    add_tag(&text, section);
    redan_buf_slice(&text, bytes);
    REDAN_TRY(redan_buf_ok(ctx, &text, "what is digested"));
    return redan_sha256(ctx, redan_buf_view(&text), digest);
}

enum redan_status redan_tree_digest(struct redan_ctx *ctx, const char *section,
                                    const struct redan_node *tree, struct redan_digest *digest)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};

    redan_buf_init(&text, ctx, ctx->limits.json);
    (void)redan_buf_room(&text, USUAL);
    add_tag(&text, section);
    REDAN_TRY(redan_canonical_add(ctx, &text, tree));
    REDAN_TRY(redan_buf_ok(ctx, &text, "the canonical form"));
    return redan_sha256(ctx, redan_buf_view(&text), digest);
}
