/* Reads fields of protobuf messages from a JSON tree, and says where the one stands that is wrong. */
#include "sign/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "codec/json.h"
#include "codec/json_pull.h"
#include "codec/problem.h"

enum { PLACE = 192, DEEPEST = 12 };

/* "verificationMaterial.tlogEntries[0].logId", outermost first; empty for the document itself. */
static void place_text(const struct redan_message *message, const char *name, char out[PLACE])
{
    const struct redan_message *chain[DEEPEST];
    size_t n = 0;
    size_t len = 0;

    for (; message->in && n < DEEPEST; message = message->in)
        chain[n++] = message;
    out[0] = '\0';
    for (size_t i = n; i-- > 0 && len < PLACE;) {
        const char *dot = len ? "." : "";
        int wrote = chain[i]->index == SIZE_MAX
                        ? snprintf(out + len, PLACE - len, "%s%s", dot, chain[i]->name)
                        : snprintf(out + len, PLACE - len, "%s%s[%zu]", dot, chain[i]->name,
                                   chain[i]->index);
        len += wrote > 0 ? (size_t)wrote : 0;
    }
    if (name && len < PLACE)
        (void)snprintf(out + len, PLACE - len, "%s%s", len ? "." : "", name);
}

static const char *document_name(const struct redan_message *message)
{
    while (message->in)
        message = message->in;
    return message->name;
}

enum redan_status redan_message_fail(struct redan_ctx *ctx, const struct redan_message *message,
                                     const char *name, enum redan_status status, const char *format,
                                     ...)
{
    char place[PLACE];
    char why[REDAN_FAILURE_TEXT];
    const struct redan_node *at = name ? redan_node_get(message->node, name) : message->node;
    va_list args;

    va_start(args, format);
    (void)vsnprintf(why, sizeof(why), format, args);
    va_end(args);
    place_text(message, name, place);
    return redan_fail(ctx, status, at ? at->offset : message->node->offset, "%s%s%s: %s",
                      document_name(message), place[0] ? ", " : "", place, why);
}

enum redan_status redan_message_again(struct redan_ctx *ctx, const struct redan_message *message,
                                      const char *name)
{
    struct redan_failure was = ctx->failure;

    if (was.status != REDAN_E_SYNTAX && was.status != REDAN_E_SCHEMA &&
        was.status != REDAN_E_UNSUPPORTED)
        return was.status;
    redan_fail_clear(ctx);
    return redan_message_fail(ctx, message, name, was.status, "%s", was.text);
}

enum redan_status redan_message_parse(struct redan_ctx *ctx, struct redan_slice text,
                                      const char *what, size_t max, size_t nodes,
                                      struct redan_message *message)
{
    struct redan_limits before = ctx->limits;
    const struct redan_node *root = NULL;

    if (text.len > max)
        return redan_fail(ctx, REDAN_E_LIMIT, 0, "%s of %zu bytes; at most %zu are read", what,
                          text.len, max);
    if (text.len && text.at[0] == '-')
        return redan_fail(ctx, REDAN_E_SYNTAX, 0,
                          "%s is JSON; this begins with '-', as keys and certificates do", what);
    ctx->limits.json = max;
    ctx->limits.nodes = nodes;
    enum redan_status status = redan_json_parse(ctx, text, &root);
    ctx->limits = before;
    REDAN_TRY(status);
    if (root->kind != REDAN_NODE_MAP)
        return redan_fail(ctx, REDAN_E_SCHEMA, root->offset, "%s is a JSON object; this is %s",
                          what, redan_node_kind_name(root->kind));
    *message = (struct redan_message){.node = root, .name = what, .index = SIZE_MAX};
    return REDAN_OK;
}

enum redan_status redan_message_only(struct redan_ctx *ctx, const struct redan_message *message,
                                     const char *const *names)
{
    for (const struct redan_node *field = message->node->first; field; field = field->next)
        if (!redan_slice_among(names, field->key))
            return redan_message_fail(ctx, message, NULL, REDAN_E_SCHEMA,
                                      "there is an unknown field \"%s\"",
                                      redan_snippet_of(field->key).text);
    return REDAN_OK;
}

const struct redan_node *redan_message_get(const struct redan_message *message, const char *name)
{
    const struct redan_node *node = redan_node_get(message->node, name);

    return node && node->kind != REDAN_NODE_NULL ? node : NULL;
}

static enum redan_status wrong_kind(struct redan_ctx *ctx, const struct redan_message *message,
                                    const char *name, const char *wanted,
                                    const struct redan_node *found)
{
    return redan_message_fail(ctx, message, name, REDAN_E_SCHEMA, "must be %s, found %s", wanted,
                              redan_node_kind_name(found->kind));
}

enum redan_status redan_message_child(struct redan_ctx *ctx, const struct redan_message *message,
                                      const char *name, struct redan_message *child)
{
    const struct redan_node *node = redan_message_get(message, name);

    if (node && node->kind != REDAN_NODE_MAP)
        return wrong_kind(ctx, message, name, "a map", node);
    *child = (struct redan_message){.node = node, .in = message, .name = name, .index = SIZE_MAX};
    return REDAN_OK;
}

enum redan_status redan_message_list(struct redan_ctx *ctx, const struct redan_message *message,
                                     const char *name, size_t max, const struct redan_node **list)
{
    const struct redan_node *node = redan_message_get(message, name);

    if (node && node->kind != REDAN_NODE_LIST)
        return wrong_kind(ctx, message, name, "a list", node);
    if (node && node->count > max)
        return redan_message_fail(ctx, message, name, REDAN_E_LIMIT,
                                  "has %zu items; at most %zu are read", node->count, max);
    *list = node && node->count ? node : NULL;
    return REDAN_OK;
}

enum redan_status redan_message_item(struct redan_ctx *ctx, const struct redan_message *message,
                                     const char *name, const struct redan_node *item, size_t index,
                                     struct redan_message *child)
{
    *child = (struct redan_message){.node = item, .in = message, .name = name, .index = index};
    if (item->kind != REDAN_NODE_MAP)
        return redan_message_fail(ctx, child, NULL, REDAN_E_SCHEMA, "must be a map, found %s",
                                  redan_node_kind_name(item->kind));
    return REDAN_OK;
}

enum redan_status redan_message_text(struct redan_ctx *ctx, const struct redan_message *message,
                                     const char *name, struct redan_slice *text)
{
    const struct redan_node *node = redan_message_get(message, name);

    if (node && node->kind != REDAN_NODE_TEXT)
        return wrong_kind(ctx, message, name, "a string", node);
    *text = node ? node->text : (struct redan_slice){0};
    return REDAN_OK;
}

static enum redan_status decode(struct redan_ctx *ctx, const struct redan_message *message,
                                const char *name, bool either, struct redan_slice text,
                                struct redan_slice *bytes)
{
    enum redan_status status =
        either ? redan_base64_parse_either(ctx, text, bytes) : redan_base64_parse(ctx, text, bytes);

    return status == REDAN_OK ? status : redan_message_again(ctx, message, name);
}

enum redan_status redan_message_bytes(struct redan_ctx *ctx, const struct redan_message *message,
                                      const char *name, bool either, struct redan_slice *bytes)
{
    struct redan_slice text = {0};

    REDAN_TRY(redan_message_text(ctx, message, name, &text));
    return decode(ctx, message, name, either, text, bytes);
}

/* Decimal, one spelling per number: protobuf writes int64 as text. */
static bool whole(const struct redan_node *node, uint64_t *number)
{
    struct redan_slice text = node->text;

    if (node->kind != REDAN_NODE_TEXT && node->kind != REDAN_NODE_NUMBER)
        return false;
    if (text.len > 1 && text.at[0] == '0')
        return false;
    return redan_slice_u64(text, number) && *number <= INT64_MAX;
}

enum redan_status redan_message_number(struct redan_ctx *ctx, const struct redan_message *message,
                                       const char *name, uint64_t *number)
{
    const struct redan_node *node = redan_message_get(message, name);

    *number = 0;
    if (!node || whole(node, number))
        return REDAN_OK;
    return redan_message_fail(ctx, message, name, REDAN_E_SCHEMA,
                              "must be a whole number from 0 to 9223372036854775807, found %s",
                              node->text.len ? redan_snippet_of(node->text).text
                                             : redan_node_kind_name(node->kind));
}

static enum redan_status take_digest(struct redan_ctx *ctx, const struct redan_message *message,
                                     const char *name, struct redan_slice bytes,
                                     struct redan_digest *digest)
{
    if (bytes.len != sizeof(digest->bytes))
        return redan_message_fail(ctx, message, name, REDAN_E_SCHEMA,
                                  "must be the %d bytes of a SHA-256, found %zu", REDAN_DIGEST_LEN,
                                  bytes.len);
    memcpy(digest->bytes, bytes.at, sizeof(digest->bytes));
    return REDAN_OK;
}

enum redan_status redan_message_digest(struct redan_ctx *ctx, const struct redan_message *message,
                                       const char *name, struct redan_digest *digest)
{
    struct redan_slice bytes = {0};

    REDAN_TRY(redan_message_bytes(ctx, message, name, false, &bytes));
    return take_digest(ctx, message, name, bytes, digest);
}

enum redan_status redan_message_item_digest(struct redan_ctx *ctx,
                                            const struct redan_message *message, const char *name,
                                            const struct redan_node *item, size_t index,
                                            struct redan_digest *digest)
{
    struct redan_message one = {.node = item, .in = message, .name = name, .index = index};
    struct redan_slice bytes = {0};

    if (item->kind != REDAN_NODE_TEXT)
        return redan_message_fail(ctx, &one, NULL, REDAN_E_SCHEMA, "must be a string, found %s",
                                  redan_node_kind_name(item->kind));
    REDAN_TRY(decode(ctx, &one, NULL, false, item->text, &bytes));
    return take_digest(ctx, &one, NULL, bytes, digest);
}
