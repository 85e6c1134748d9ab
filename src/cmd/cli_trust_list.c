/* A trust root as a list of logs and authorities, to be shown and compared. */
#include <stdio.h>

#include "base/clock.h"
#include "base/hex.h"
#include "cmd/cli_trust.h"
#include "cmd/scan_report.h"

enum { SHOWN_ID = 16, MILLI = 1000 };

static int64_t seconds(int64_t milliseconds)
{
    return milliseconds == INT64_MAX ? INT64_MAX : milliseconds / MILLI;
}

static enum redan_status hex_of(struct redan_ctx *ctx, struct redan_slice bytes,
                                struct redan_slice *hex)
{
    char *text = redan_take(ctx, 2 * bytes.len + 1);

    if (!text)
        return REDAN_E_MEMORY;
    redan_hex_put(text, bytes.at, bytes.len);
    *hex = (struct redan_slice){text, 2 * bytes.len};
    return REDAN_OK;
}

static enum redan_status add_logs(struct redan_ctx *ctx, const char *kind,
                                  const struct redan_trust_log *logs, size_t count,
                                  struct redan_cli_trusted *list, size_t *used)
{
    for (size_t i = 0; i < count; i++) {
        struct redan_cli_trusted *made = &list[*used];
        *made = (struct redan_cli_trusted){.kind = kind,
                                           .url = logs[i].url,
                                           .what = redan_slice_of(redan_spki_name(logs[i].key)),
                                           .from = seconds(logs[i].from),
                                           .until = seconds(logs[i].until)};
        REDAN_TRY(hex_of(ctx, logs[i].id, &made->id));
        ++*used;
    }
    return REDAN_OK;
}

/* Two authorities are one when their certificates are, in their order. */
static enum redan_status chain_id(struct redan_ctx *ctx,
                                  const struct redan_trust_authority *authority,
                                  struct redan_slice *id)
{
    struct redan_hasher *REDAN_DEFER(redan_hasher_drop) hasher = NULL;
    struct redan_digest digest;
    char hex[REDAN_DIGEST_HEX];

    REDAN_TRY(redan_hasher_new(ctx, &hasher));
    for (size_t i = 0; i < authority->count; i++)
        REDAN_TRY(redan_hasher_add(ctx, hasher, redan_certificate_der(authority->chain[i])));
    REDAN_TRY(redan_hasher_end(ctx, hasher, &digest));
    redan_digest_hex(&digest, hex);
    return redan_copy(ctx, redan_slice_of(hex), id);
}

static enum redan_status add_authorities(struct redan_ctx *ctx, const char *kind,
                                         const struct redan_trust_authority *authorities,
                                         size_t count, struct redan_cli_trusted *list, size_t *used)
{
    for (size_t i = 0; i < count; i++) {
        const struct redan_trust_authority *a = &authorities[i];
        struct redan_cli_trusted *made = &list[*used];
        struct redan_certificate_facts facts = {0};
        *made = (struct redan_cli_trusted){
            .kind = kind, .url = a->url, .from = seconds(a->from), .until = seconds(a->until)};
        REDAN_TRY(chain_id(ctx, a, &made->id));
        if (a->count) {
            REDAN_TRY(redan_certificate_facts(ctx, a->chain[a->count - 1], &facts));
            made->what = facts.subject;
        }
        ++*used;
    }
    return REDAN_OK;
}

enum redan_status redan_cli_trust_list(struct redan_ctx *ctx, const struct redan_trust_root *root,
                                       struct redan_cli_trusted **list, size_t *count)
{
    size_t room =
        root->log_count + root->ct_log_count + root->authority_count + root->stamper_count;
    struct redan_cli_trusted *made = redan_take_array(ctx, room + 1, sizeof(*made));

    if (!made)
        return REDAN_E_MEMORY;
    *count = 0;
    REDAN_TRY(add_authorities(ctx, "certificate authority", root->authorities,
                              root->authority_count, made, count));
    REDAN_TRY(add_logs(ctx, "certificate transparency log", root->ct_logs, root->ct_log_count, made,
                       count));
    REDAN_TRY(add_logs(ctx, "log", root->logs, root->log_count, made, count));
    REDAN_TRY(add_authorities(ctx, "time-stamping authority", root->stampers, root->stamper_count,
                              made, count));
    *list = made;
    return REDAN_OK;
}

const struct redan_cli_trusted *redan_cli_trust_find(const struct redan_cli_trusted *list,
                                                     size_t count,
                                                     const struct redan_cli_trusted *like)
{
    for (size_t i = 0; i < count; i++) {
        if (redan_slice_is(redan_slice_of(list[i].kind), like->kind) &&
            redan_slice_eq(list[i].id, like->id))
            return &list[i];
    }
    return NULL;
}

void redan_cli_trusted_line(struct redan_buf *out, const struct redan_cli_trusted *trusted)
{
    char date[REDAN_TIME_TEXT];

    redan_buf_printf(out, "%s ", trusted->kind);
    redan_scan_show(out, trusted->url);
    redan_date_text(trusted->from, date);
    redan_buf_printf(out, ", since %s", date);
    if (trusted->until != INT64_MAX) {
        redan_date_text(trusted->until, date);
        redan_buf_printf(out, " until %s", date);
    }
    redan_buf_text(out, ", ");
    redan_scan_show(out, trusted->what);
    redan_buf_printf(out, ", %.*s", REDAN_FMT(redan_slice_sub(trusted->id, 0, SHOWN_ID)));
}

enum redan_status redan_cli_trusted_node(struct redan_ctx *ctx,
                                         const struct redan_cli_trusted *trusted,
                                         struct redan_node *list)
{
    struct redan_node *map = redan_node_add_kind(ctx, list, NULL, REDAN_NODE_MAP);
    struct redan_slice from = {0};
    struct redan_slice until = {0};
    char text[REDAN_TIME_TEXT];

    redan_time_text(trusted->from, text);
    REDAN_TRY(redan_copy(ctx, redan_slice_of(text), &from));
    if (!map || !redan_node_add_text(ctx, map, "kind", redan_slice_of(trusted->kind)) ||
        !redan_node_add_text(ctx, map, "url", trusted->url) ||
        !redan_node_add_text(ctx, map, "id", trusted->id) ||
        !redan_node_add_text(ctx, map, "what", trusted->what) ||
        !redan_node_add_text(ctx, map, "from", from))
        return REDAN_E_MEMORY;
    if (trusted->until == INT64_MAX)
        return REDAN_OK;
    redan_time_text(trusted->until, text);
    REDAN_TRY(redan_copy(ctx, redan_slice_of(text), &until));
    return redan_node_add_text(ctx, map, "until", until) ? REDAN_OK : REDAN_E_MEMORY;
}
