/* The facts of a bundle: who it says signed it, with which certificate, in which log, when. */
#include "cmd/inspect.h"

#include "base/clock.h"
#include "base/hex.h"
#include "crypto/timestamp.h"

enum { MILLI = 1000, HINT_SHOWN = 200 };

static const char *const versions[] = {"0.1", "0.2", "0.3"};
static const char *const san_words[] = {"email", "uri", "dns", "other"};

bool redan_inspect_add_time(struct redan_ctx *ctx, struct redan_node *map, const char *key,
                            int64_t seconds)
{
    struct redan_slice copy = {0};
    char text[REDAN_TIME_TEXT];

    redan_time_text(seconds, text);
    return redan_copy(ctx, redan_slice_of(text), &copy) == REDAN_OK &&
           redan_node_add_text(ctx, map, key, copy);
}

bool redan_inspect_add_hex(struct redan_ctx *ctx, struct redan_node *map, const char *key,
                           struct redan_slice bytes)
{
    char *text = redan_take(ctx, 2 * bytes.len + 1);

    if (!text)
        return false;
    redan_hex_put(text, bytes.at, bytes.len);
    return redan_node_add_text(ctx, map, key, (struct redan_slice){text, 2 * bytes.len});
}

static bool add_names(struct redan_ctx *ctx, struct redan_node *map,
                      const struct redan_certificate_facts *facts)
{
    struct redan_node *list = redan_node_add_kind(ctx, map, "names", REDAN_NODE_LIST);

    for (size_t i = 0; list && i < facts->name_count; i++) {
        struct redan_node *name = redan_node_add_kind(ctx, list, NULL, REDAN_NODE_MAP);
        if (!name ||
            !redan_node_add_text(ctx, name, "kind",
                                 redan_slice_of(san_words[facts->names[i].kind])) ||
            !redan_node_add_text(ctx, name, "value", facts->names[i].value))
            return false;
    }
    return list;
}

static enum redan_status add_certificate(struct redan_ctx *ctx, struct redan_node *list,
                                         struct redan_slice der)
{
    struct redan_certificate *REDAN_DEFER(redan_certificate_drop) certificate = NULL;
    struct redan_certificate_facts facts = {0};
    struct redan_slice print = {0};
    struct redan_slice key = {0};
    struct redan_node *map = redan_node_add_kind(ctx, list, NULL, REDAN_NODE_MAP);

    if (!map)
        return REDAN_E_MEMORY;
    enum redan_status status = redan_certificate_parse(ctx, der, &certificate);
    if (status == REDAN_OK)
        status = redan_certificate_facts(ctx, certificate, &facts);
    if (status == REDAN_E_SYNTAX) {
        struct redan_slice why = {0};
        REDAN_TRY(redan_copy(ctx, redan_slice_of(ctx->failure.text), &why));
        redan_fail_clear(ctx);
        return redan_node_add_text(ctx, map, "unreadable", why) ? REDAN_OK : REDAN_E_MEMORY;
    }
    REDAN_TRY(status);
    REDAN_TRY(redan_digest_text(ctx, &facts.fingerprint, &print));
    REDAN_TRY(
        redan_copy(ctx, redan_slice_of(redan_spki_name(redan_certificate_key(certificate))), &key));
    if (!redan_node_add_text(ctx, map, "subject", facts.subject) ||
        !redan_node_add_text(ctx, map, "issuer", facts.issuer) || !add_names(ctx, map, &facts) ||
        !redan_inspect_add_time(ctx, map, "from", facts.from) ||
        !redan_inspect_add_time(ctx, map, "until", facts.until) ||
        !redan_node_add_text(ctx, map, "key", key) ||
        !redan_node_add_text(ctx, map, "fingerprint", print) ||
        (facts.oidc_issuer.len && !redan_node_add_text(ctx, map, "oidc_issuer", facts.oidc_issuer)))
        return REDAN_E_MEMORY;
    return REDAN_OK;
}

static enum redan_status add_signer(struct redan_ctx *ctx, const struct redan_bundle *bundle,
                                    struct redan_node *root)
{
    struct redan_node *list = NULL;
    struct redan_slice method = bundle->material == REDAN_BUNDLE_KEY ? REDAN_S("key")
                                : bundle->log_count                  ? REDAN_S("sigstore")
                                                                     : REDAN_S("certificate");

    if (!redan_node_add_text(ctx, root, "method", method))
        return REDAN_E_MEMORY;
    if (bundle->material == REDAN_BUNDLE_KEY) {
        if (bundle->hint.len && !redan_node_add_text(ctx, root, "key_hint",
                                                     redan_slice_sub(bundle->hint, 0, HINT_SHOWN)))
            return REDAN_E_MEMORY;
        return redan_node_add_bool(ctx, root, "key_inside", bundle->key_pem.len > 0)
                   ? REDAN_OK
                   : REDAN_E_MEMORY;
    }
    list = redan_node_add_kind(ctx, root, "certificates", REDAN_NODE_LIST);
    if (!list)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < bundle->certificate_count; i++)
        REDAN_TRY(add_certificate(ctx, list, bundle->certificates[i]));
    return REDAN_OK;
}

static enum redan_status add_logs(struct redan_ctx *ctx, const struct redan_bundle *bundle,
                                  struct redan_node *root)
{
    struct redan_node *list = redan_node_add_kind(ctx, root, "log_entries", REDAN_NODE_LIST);

    for (size_t i = 0; list && i < bundle->log_count; i++) {
        const struct redan_bundle_log *log = &bundle->logs[i];
        struct redan_node *map = redan_node_add_kind(ctx, list, NULL, REDAN_NODE_MAP);
        struct redan_slice index = {0};
        struct redan_slice size = {0};
        REDAN_TRY(redan_format(ctx, &index, "%llu", (unsigned long long)log->index));
        REDAN_TRY(redan_format(ctx, &size, "%llu", (unsigned long long)log->proof_size));
        if (!map || !redan_node_add_text(ctx, map, "kind", log->kind) ||
            !redan_node_add_text(ctx, map, "version", log->version) ||
            !redan_inspect_add_hex(ctx, map, "log", log->log_id) ||
            !redan_node_add_text(ctx, map, "index", index) ||
            (log->has_time && !redan_inspect_add_time(ctx, map, "time", log->time)) ||
            !redan_node_add_bool(ctx, map, "promise", log->promise.len > 0) ||
            !redan_node_add_bool(ctx, map, "proof", log->has_proof) ||
            (log->has_proof && !redan_node_add_text(ctx, map, "log_size", size)))
            return REDAN_E_MEMORY;
    }
    return list ? REDAN_OK : REDAN_E_MEMORY;
}

static enum redan_status add_stamps(struct redan_ctx *ctx, const struct redan_bundle *bundle,
                                    struct redan_node *root)
{
    struct redan_node *list = redan_node_add_kind(ctx, root, "timestamps", REDAN_NODE_LIST);

    for (size_t i = 0; list && i < bundle->stamp_count; i++) {
        struct redan_node *map = redan_node_add_kind(ctx, list, NULL, REDAN_NODE_MAP);
        struct redan_slice why = {0};
        int64_t at = 0;
        if (!map)
            return REDAN_E_MEMORY;
        enum redan_status status =
            redan_timestamp_claim(ctx, bundle->stamps[i], bundle->signature, &at);
        if (status == REDAN_OK) {
            if (!redan_inspect_add_time(ctx, map, "time", at / MILLI))
                return REDAN_E_MEMORY;
            continue;
        }
        if (status != REDAN_E_SIGNATURE)
            return status;
        REDAN_TRY(redan_copy(ctx, redan_slice_of(ctx->failure.text), &why));
        redan_fail_clear(ctx);
        if (!redan_node_add_text(ctx, map, "unreadable", why))
            return REDAN_E_MEMORY;
    }
    return list ? REDAN_OK : REDAN_E_MEMORY;
}

enum redan_status redan_inspect_tree(struct redan_cli *cli, struct redan_slice file,
                                     const struct redan_bundle *bundle, struct redan_node **root)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_node *map = redan_node_new(ctx, REDAN_NODE_MAP);

    if (!map || !redan_node_add_text(ctx, map, "schema", REDAN_S("redan/inspection/1")) ||
        !redan_node_add_text(ctx, map, "file", file) ||
        !redan_node_add_text(ctx, map, "version", redan_slice_of(versions[bundle->version])))
        return REDAN_E_MEMORY;
    REDAN_TRY(add_signer(ctx, bundle, map));
    REDAN_TRY(add_logs(ctx, bundle, map));
    REDAN_TRY(add_stamps(ctx, bundle, map));
    REDAN_TRY(redan_inspect_content(ctx, bundle, map));
    *root = map;
    return REDAN_OK;
}
