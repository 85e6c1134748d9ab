/* Reads a Sigstore trust root (protobuf-specs, sigstore_trustroot.proto) and gives the one that is built in. */
#include "sign/trust_root.h"

#include <string.h>

#include "base/clock.h"
#include "codec/canonical.h"
#include "codec/problem.h"
#include "record/embedded.h"
#include "sign/message.h"

enum {
    TEXT_MAX = 4 << 20,
    NODES = 65536,
    LOGS = 256,
    AUTHORITIES = 256,
};

extern const struct redan_embedded redan_sigstore_files[];

/* When something counts, in milliseconds; both ends belong to it. */
struct span {
    int64_t from;
    int64_t until;
};

/* RFC 3339 to the millisecond, which is how finely the ends of intervals are written. */
static bool milliseconds(struct redan_slice text, int64_t *time)
{
    int64_t seconds = 0;
    int64_t part = 0;
    size_t at = 20; /* after "2026-11-24T05:36:27." */

    if (!redan_time_parse(text, &seconds))
        return false;
    if (text.len > at && text.at[at - 1] == '.') {
        for (int digit = 0; digit < 3; digit++) {
            bool more = at < text.len && text.at[at] >= '0' && text.at[at] <= '9';
            part = 10 * part + (more ? text.at[at] - '0' : 0);
            at += more;
        }
    }
    *time = seconds * 1000 + part;
    return true;
}

static enum redan_status read_time(struct redan_ctx *ctx, const struct redan_message *span,
                                   const char *name, int64_t *time)
{
    struct redan_slice text = {0};

    REDAN_TRY(redan_message_text(ctx, span, name, &text));
    if (text.len && !milliseconds(text, time))
        return redan_message_fail(ctx, span, name, REDAN_E_SCHEMA, "\"%s\" is no time of RFC 3339",
                                  redan_snippet_of(text).text);
    return REDAN_OK;
}

/* sigstore_common.proto, TimeRange. Without a beginning anything could be dated back. */
static enum redan_status read_span(struct redan_ctx *ctx, const struct redan_message *in,
                                   struct redan_trust_root *root, struct span *made)
{
    struct redan_message span = {0};

    *made = (struct span){INT64_MIN, INT64_MAX};
    REDAN_TRY(redan_message_child(ctx, in, "validFor", &span));
    if (span.node) {
        REDAN_TRY(read_time(ctx, &span, "start", &made->from));
        REDAN_TRY(read_time(ctx, &span, "end", &made->until));
    }
    if (made->from == INT64_MIN)
        return redan_message_fail(ctx, in, "validFor", REDAN_E_SCHEMA,
                                  "has no \"start\": since when does it count?");
    if (made->until < made->from)
        return redan_message_fail(ctx, in, "validFor", REDAN_E_SCHEMA, "ends before it starts");
    if (made->from / 1000 > root->newest)
        root->newest = made->from / 1000;
    return REDAN_OK;
}

/* What the words of PublicKeyDetails say of the key. */
static bool details_fit(struct redan_slice details, enum redan_spki_kind kind)
{
    static const struct {
        const char *start;
        enum redan_spki_kind kind;
    } rows[] = {
        {"PKIX_ECDSA_P256_", REDAN_SPKI_P256}, {"PKIX_ECDSA_P384_", REDAN_SPKI_P384},
        {"PKIX_ECDSA_P521_", REDAN_SPKI_P521}, {"PKIX_ED25519", REDAN_SPKI_ED25519},
        {"PKIX_RSA_", REDAN_SPKI_RSA},         {"PKCS1_RSA_", REDAN_SPKI_RSA},
    };

    for (size_t i = 0; i < REDAN_COUNT(rows); i++)
        if (redan_slice_starts(details, redan_slice_of(rows[i].start)))
            return rows[i].kind == kind;
    return true; /* a word of a later version: the key says itself what it is */
}

static enum redan_status read_key(struct redan_ctx *ctx, const struct redan_message *in,
                                  struct redan_trust_root *root, struct redan_trust_log *log)
{
    struct redan_message key = {0};
    struct redan_slice details = {0};
    struct redan_slice bytes = {0};
    struct span span = {0};

    REDAN_TRY(redan_message_child(ctx, in, "publicKey", &key));
    if (!key.node)
        return redan_message_fail(ctx, in, "publicKey", REDAN_E_SCHEMA, "is missing");
    REDAN_TRY(redan_message_text(ctx, &key, "keyDetails", &details));
    REDAN_TRY(redan_message_bytes(ctx, &key, "rawBytes", false, &bytes));
    REDAN_TRY(read_span(ctx, &key, root, &span));
    log->from = span.from;
    log->until = span.until;
    enum redan_status status = redan_slice_starts(details, REDAN_S("PKCS1_RSA_"))
                                   ? redan_spki_parse_rsa(ctx, bytes, &log->key)
                                   : redan_spki_parse(ctx, bytes, &log->key);
    if (status != REDAN_OK)
        return redan_message_again(ctx, &key, "rawBytes");
    if (!details_fit(details, redan_spki_kind(log->key)))
        return redan_message_fail(ctx, &key, "keyDetails", REDAN_E_SCHEMA,
                                  "says %s of a key that is %s", redan_snippet_of(details).text,
                                  redan_spki_name(log->key));
    return REDAN_OK;
}

/* "https://rekor.example/path" is known in checkpoints as "rekor.example". */
static struct redan_slice host_of(struct redan_slice url)
{
    struct redan_slice head = {0};
    struct redan_slice rest = url;

    for (size_t i = 0; i + 3 <= url.len; i++) {
        if (memcmp(url.at + i, "://", 3) == 0) {
            rest = redan_slice_sub(url, i + 3, url.len);
            break;
        }
    }
    (void)redan_slice_cut(rest, '/', &head, &rest);
    return head;
}

/* TransparencyLogInstance */
static enum redan_status read_log(struct redan_ctx *ctx, const struct redan_message *in,
                                  struct redan_trust_root *root, struct redan_trust_log *log)
{
    struct redan_message id = {0};
    struct redan_slice hash = {0};

    REDAN_TRY(redan_message_text(ctx, in, "baseUrl", &log->url));
    log->host = host_of(log->url);
    if (log->host.len == 0)
        return redan_message_fail(ctx, in, "baseUrl", REDAN_E_SCHEMA, "is missing");
    REDAN_TRY(redan_message_text(ctx, in, "hashAlgorithm", &hash));
    if (!redan_slice_is(hash, "SHA2_256"))
        return redan_message_fail(ctx, in, "hashAlgorithm", REDAN_E_SCHEMA,
                                  "must be SHA2_256 (RFC 6962), found \"%s\"",
                                  redan_snippet_of(hash).text);
    REDAN_TRY(redan_message_child(ctx, in, "logId", &id));
    if (id.node)
        REDAN_TRY(redan_message_bytes(ctx, &id, "keyId", false, &log->id));
    if (log->id.len == 0)
        return redan_message_fail(ctx, in, "logId", REDAN_E_SCHEMA, "is missing");
    REDAN_TRY(redan_message_child(ctx, in, "checkpointKeyId", &id));
    if (id.node)
        REDAN_TRY(redan_message_bytes(ctx, &id, "keyId", false, &log->checkpoint_id));
    if (log->checkpoint_id.len == 0)
        log->checkpoint_id = log->id;
    return read_key(ctx, in, root, log);
}

static enum redan_status read_logs(struct redan_ctx *ctx, const struct redan_message *top,
                                   const char *name, struct redan_trust_root *root,
                                   struct redan_trust_log **logs, size_t *count)
{
    const struct redan_node *list = NULL;
    struct redan_message one = {0};

    REDAN_TRY(redan_message_list(ctx, top, name, LOGS, &list));
    if (!list)
        return REDAN_OK;
    *logs = redan_take_array(ctx, list->count, sizeof(**logs));
    if (!*logs)
        return REDAN_E_MEMORY;
    for (const struct redan_node *item = list->first; item; item = item->next) {
        size_t i = (*count)++;
        REDAN_TRY(redan_message_item(ctx, top, name, item, i, &one));
        REDAN_TRY(read_log(ctx, &one, root, &(*logs)[i]));
    }
    return REDAN_OK;
}

static enum redan_status read_chain(struct redan_ctx *ctx, const struct redan_message *in,
                                    struct redan_trust_authority *authority)
{
    static const char *const name = "certificates";
    const struct redan_node *list = NULL;
    struct redan_message chain = {0};
    struct redan_message one = {0};
    struct redan_slice der = {0};

    REDAN_TRY(redan_message_child(ctx, in, "certChain", &chain));
    if (chain.node)
        REDAN_TRY(redan_message_list(ctx, &chain, name, REDAN_CERTIFICATES_MAX, &list));
    if (!list)
        return redan_message_fail(ctx, in, "certChain", REDAN_E_SCHEMA,
                                  "there is no certificate in it");
    authority->chain = redan_take_array(ctx, list->count, sizeof(struct redan_certificate *));
    if (!authority->chain)
        return REDAN_E_MEMORY;
    for (const struct redan_node *item = list->first; item; item = item->next) {
        size_t i = authority->count++;
        REDAN_TRY(redan_message_item(ctx, &chain, name, item, i, &one));
        REDAN_TRY(redan_message_bytes(ctx, &one, "rawBytes", false, &der));
        if (redan_certificate_parse(ctx, der, &authority->chain[i]) != REDAN_OK)
            return redan_message_again(ctx, &one, "rawBytes");
    }
    return REDAN_OK;
}

/* CertificateAuthority */
static enum redan_status read_authorities(struct redan_ctx *ctx, const struct redan_message *top,
                                          const char *name, struct redan_trust_root *root,
                                          struct redan_trust_authority **authorities, size_t *count)
{
    const struct redan_node *list = NULL;
    struct redan_message one = {0};
    struct span span = {0};

    REDAN_TRY(redan_message_list(ctx, top, name, AUTHORITIES, &list));
    if (!list)
        return REDAN_OK;
    *authorities = redan_take_array(ctx, list->count, sizeof(**authorities));
    if (!*authorities)
        return REDAN_E_MEMORY;
    for (const struct redan_node *item = list->first; item; item = item->next) {
        size_t i = (*count)++;
        struct redan_trust_authority *authority = &(*authorities)[i];
        REDAN_TRY(redan_message_item(ctx, top, name, item, i, &one));
        REDAN_TRY(redan_message_text(ctx, &one, "uri", &authority->url));
        REDAN_TRY(read_span(ctx, &one, root, &span));
        authority->from = span.from;
        authority->until = span.until;
        REDAN_TRY(read_chain(ctx, &one, authority));
    }
    return REDAN_OK;
}

static enum redan_status read_type(struct redan_ctx *ctx, const struct redan_message *top)
{
    static const char *const types[] = {"application/vnd.dev.sigstore.trustedroot+json;version=0.1",
                                        "application/vnd.dev.sigstore.trustedroot+json;version=0.2",
                                        "application/vnd.dev.sigstore.trustedroot.v0.1+json",
                                        "application/vnd.dev.sigstore.trustedroot.v0.2+json", NULL};
    struct redan_slice type = {0};

    REDAN_TRY(redan_message_text(ctx, top, "mediaType", &type));
    if (!redan_slice_among(types, type))
        return redan_message_fail(ctx, top, "mediaType", REDAN_E_SCHEMA,
                                  "\"%s\" is no trust root of the versions 0.1 and 0.2",
                                  redan_snippet_of(type).text);
    return REDAN_OK;
}

/* A root is called by what it says, however it was written down. */
static enum redan_status set_digest(struct redan_ctx *ctx, const struct redan_node *top,
                                    struct redan_trust_root *root)
{
    struct redan_buf text REDAN_DEFER(redan_buf_done) = {0};

    redan_buf_init(&text, ctx, 2 * (size_t)TEXT_MAX);
    REDAN_TRY(redan_canonical_add(ctx, &text, top));
    REDAN_TRY(redan_buf_ok(ctx, &text, "a trust root"));
    return redan_sha256(ctx, redan_buf_view(&text), &root->digest);
}

enum redan_status redan_trust_root_parse(struct redan_ctx *ctx, struct redan_slice text,
                                         struct redan_trust_root *root)
{
    struct redan_trust_root made REDAN_DEFER(redan_trust_root_done) = {0};
    struct redan_message top = {0};

    REDAN_TRY(redan_message_parse(ctx, text, "the trust root", TEXT_MAX, NODES, &top));
    REDAN_TRY(read_type(ctx, &top));
    REDAN_TRY(read_logs(ctx, &top, "tlogs", &made, &made.logs, &made.log_count));
    REDAN_TRY(read_logs(ctx, &top, "ctlogs", &made, &made.ct_logs, &made.ct_log_count));
    REDAN_TRY(read_authorities(ctx, &top, "certificateAuthorities", &made, &made.authorities,
                               &made.authority_count));
    REDAN_TRY(read_authorities(ctx, &top, "timestampAuthorities", &made, &made.stampers,
                               &made.stamper_count));
    REDAN_TRY(set_digest(ctx, top.node, &made));
    *root = made;
    made = (struct redan_trust_root){0};
    return REDAN_OK;
}

struct redan_slice redan_trust_root_builtin_text(void)
{
    return (struct redan_slice){redan_sigstore_files[0].bytes, redan_sigstore_files[0].len};
}

enum redan_status redan_trust_root_builtin(struct redan_ctx *ctx, struct redan_trust_root *root)
{
    return redan_trust_root_parse(ctx, redan_trust_root_builtin_text(), root);
}

enum redan_status redan_trust_root_stampers(struct redan_ctx *ctx,
                                            const struct redan_trust_root *root,
                                            struct redan_timestamp_authority **stampers)
{
    struct redan_timestamp_authority *made =
        redan_take_array(ctx, root->stamper_count + 1, sizeof(*made));

    if (!made)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < root->stamper_count; i++)
        made[i] = (struct redan_timestamp_authority){.chain = root->stampers[i].chain,
                                                     .count = root->stampers[i].count,
                                                     .from = root->stampers[i].from,
                                                     .until = root->stampers[i].until};
    *stampers = made;
    return REDAN_OK;
}

enum redan_status redan_trust_root_ct_logs(struct redan_ctx *ctx,
                                           const struct redan_trust_root *root,
                                           struct redan_ct_log **logs)
{
    struct redan_ct_log *made = redan_take_array(ctx, root->ct_log_count + 1, sizeof(*made));

    if (!made)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < root->ct_log_count; i++)
        made[i] = (struct redan_ct_log){.id = root->ct_logs[i].id,
                                        .key = root->ct_logs[i].key,
                                        .from = root->ct_logs[i].from,
                                        .until = root->ct_logs[i].until};
    *logs = made;
    return REDAN_OK;
}

static void free_logs(struct redan_trust_log *logs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        redan_spki_free(logs[i].key);
}

static void free_authorities(struct redan_trust_authority *authorities, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; authorities[i].chain && k < authorities[i].count; k++)
            redan_certificate_free(authorities[i].chain[k]);
}

void redan_trust_root_done(struct redan_trust_root *root)
{
    if (!root)
        return;
    free_logs(root->logs, root->log_count);
    free_logs(root->ct_logs, root->ct_log_count);
    free_authorities(root->authorities, root->authority_count);
    free_authorities(root->stampers, root->stamper_count);
    *root = (struct redan_trust_root){0};
}
