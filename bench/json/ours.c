/* Our reader, in the three ways that it can be used. */
#include <string.h>

#include "bench.h"
#include "codec/json.h"
#include "codec/json_pull.h"

/* A context for megabytes in one document. */
static void begin(struct redan_ctx *ctx)
{
    redan_ctx_init(ctx, NULL);
    ctx->limits.nodes = SIZE_MAX;
}

static bool line_of(const char **at, const char *end, struct redan_slice *line)
{
    if (*at >= end)
        return false;
    const char *stop = memchr(*at, '\n', (size_t)(end - *at));
    stop = stop ? stop : end;
    *line = (struct redan_slice){*at, (size_t)(stop - *at)};
    *at = stop + 1;
    return true;
}

static bool one(struct redan_json *reader, bool vectors, double *sum)
{
    struct redan_json_token token;
    double values[64];
    size_t count = 0;
    double v = 0;

    for (;;) {
        if (redan_json_next(reader, &token) != REDAN_OK)
            return false;
        switch (token.kind) {
        case REDAN_JSON_END:
            return true;
        case REDAN_JSON_NUMBER:
            if (!redan_json_number(&token, &v))
                return false;
            *sum += v;
            break;
        case REDAN_JSON_TEXT:
            *sum += (double)token.text.len;
            break;
        case REDAN_JSON_ARRAY:
            if (!vectors)
                break;
            if (redan_json_doubles(reader, values, REDAN_COUNT(values), &count) != REDAN_OK)
                return false;
            for (size_t i = 0; i < count; i++)
                *sum += values[i];
            break;
        case REDAN_JSON_OBJECT:
        case REDAN_JSON_OBJECT_END:
        case REDAN_JSON_ARRAY_END:
        case REDAN_JSON_KEY:
        case REDAN_JSON_TRUE:
        case REDAN_JSON_FALSE:
        case REDAN_JSON_NULL:
            break;
        }
    }
}

static double pull(const char *data, size_t len, bool vectors)
{
    struct redan_ctx ctx;
    struct redan_json reader;
    struct redan_slice line;
    const char *at = data;
    double sum = 0;
    bool good = true;

    begin(&ctx);
    redan_json_init(&reader, &ctx, REDAN_S(""));
    while (good && line_of(&at, data + len, &line)) {
        redan_json_reset(&reader, line);
        good = one(&reader, vectors, &sum);
    }
    redan_json_done(&reader);
    redan_ctx_done(&ctx);
    return good ? sum : -1;
}

double ours_pull(enum work work, const char *data, size_t len)
{
    return pull(data, len, work == TABULAR || work == HEADER);
}

double ours_tokens(enum work work, const char *data, size_t len)
{
    (void)work;
    return pull(data, len, false);
}

/* Trees of the bench are at most four deep. */
static double tree_sum(const struct redan_node *node)
{
    double sum = 0;

    for (const struct redan_node *child = node->first; child; child = child->next) {
        double v = 0;
        if (child->first)
            sum += tree_sum(child);
        else if (child->kind == REDAN_NODE_TEXT)
            sum += (double)child->text.len;
        else if (child->kind == REDAN_NODE_NUMBER && redan_node_number(child, &v))
            sum += v;
    }
    return sum;
}

double ours_tree(enum work work, const char *data, size_t len)
{
    struct redan_ctx ctx;
    struct redan_slice line;
    const char *at = data;
    double sum = 0;
    bool good = true;

    (void)work;
    begin(&ctx);
    struct redan_arena_mark mark = redan_arena_mark(&ctx.arena);
    while (good && line_of(&at, data + len, &line)) {
        const struct redan_node *root = NULL;
        good = redan_json_parse(&ctx, line, &root) == REDAN_OK;
        if (good)
            sum += tree_sum(root);
        redan_arena_reset(&ctx.arena, mark);
    }
    redan_ctx_done(&ctx);
    return good ? sum : -1;
}
