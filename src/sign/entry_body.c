/* The bodies that Rekor writes down for signatures: four kinds, each held against the signature that is judged. */
#include "base/hex.h"
#include "codec/json.h"
#include "codec/problem.h"
#include "crypto/certificate.h"
#include "sign/entry.h"

enum { BODY_NODES = 4096, BODY_JSON = REDAN_BUNDLE_MAX };

static enum redan_status differs(struct redan_ctx *ctx, const char *what)
{
    return redan_fail(ctx, REDAN_E_SIGNATURE, 0, "the log entry is about another %s", what);
}

static enum redan_status missing(struct redan_ctx *ctx, const char *name)
{
    return redan_fail(ctx, REDAN_E_SCHEMA, 0, "the log entry's body has no proper \"%s\"", name);
}

/* A field in base64, not empty. */
static enum redan_status read_bytes(struct redan_ctx *ctx, const struct redan_node *map,
                                    const char *name, struct redan_slice *bytes)
{
    struct redan_slice text = redan_node_text(map, name);

    if (text.len == 0)
        return missing(ctx, name);
    enum redan_status status = redan_base64_parse(ctx, text, bytes);
    if (status != REDAN_E_SYNTAX)
        return status;
    redan_fail_clear(ctx);
    return redan_fail(ctx, REDAN_E_SYNTAX, 0, "\"%s\" of the log entry's body is not base64", name);
}

/* The same twice over, as intoto 0.0.2 has it: base64 of the envelope's own base64. */
static enum redan_status read_twice(struct redan_ctx *ctx, const struct redan_node *map,
                                    const char *name, struct redan_slice *bytes)
{
    struct redan_slice once = {0};

    REDAN_TRY(read_bytes(ctx, map, name, &once));
    enum redan_status status = redan_base64_parse_either(ctx, once, bytes);
    if (status != REDAN_E_SYNTAX)
        return status;
    redan_fail_clear(ctx);
    return redan_fail(ctx, REDAN_E_SYNTAX, 0,
                      "\"%s\" of the log entry's body is not base64 within base64", name);
}

static enum redan_status same_bytes(struct redan_ctx *ctx, const struct redan_node *map,
                                    const char *name, struct redan_slice wanted, const char *what)
{
    struct redan_slice bytes = {0};

    REDAN_TRY(read_bytes(ctx, map, name, &bytes));
    return redan_slice_eq(bytes, wanted) ? REDAN_OK : differs(ctx, what);
}

/* {"algorithm": "sha256", "value": "HEX"} */
static enum redan_status same_hex(struct redan_ctx *ctx, const struct redan_node *map,
                                  const char *name, enum redan_hash hash,
                                  const struct redan_sum *wanted, const char *what)
{
    const struct redan_node *node = redan_node_get(map, name);
    struct redan_sum sum = {0};

    if (!node || node->kind != REDAN_NODE_MAP)
        return missing(ctx, name);
    if (!redan_slice_is(redan_node_text(node, "algorithm"), redan_hash_name(hash)))
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the log entry's \"%s\" is by another algorithm than %s", name,
                          redan_hash_name(hash));
    if (!redan_sum_parse_hex(redan_node_text(node, "value"), hash, &sum))
        return missing(ctx, "value");
    return redan_sum_eq(&sum, wanted) ? REDAN_OK : differs(ctx, what);
}

static enum redan_status same_key(struct redan_ctx *ctx, const struct redan_entry_about *about,
                                  const struct redan_spki *key)
{
    return redan_spki_eq(key, about->key) ? REDAN_OK : differs(ctx, "key");
}

/* Base64 of the PEM of what verified: the certificate (others may follow it), or the key. */
static enum redan_status same_pem(struct redan_ctx *ctx, const struct redan_node *map,
                                  const char *name, const struct redan_entry_about *about)
{
    struct redan_slice text = {0};
    struct redan_slice label = {0};
    struct redan_slice der = {0};
    struct redan_spki *REDAN_DEFER(redan_spki_drop) key = NULL;

    REDAN_TRY(read_bytes(ctx, map, name, &text));
    REDAN_TRY(redan_pem_parse(ctx, text, &label, &der));
    if (!redan_slice_is(label, about->certificate.len ? "CERTIFICATE" : "PUBLIC KEY"))
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the log entry is about a signature by a \"%s\"",
                          redan_snippet_of(label).text);
    if (about->certificate.len)
        return redan_slice_eq(der, about->certificate) ? REDAN_OK : differs(ctx, "certificate");
    REDAN_TRY(redan_spki_parse(ctx, der, &key));
    return same_key(ctx, about, key);
}

/* The one item of a list of exactly one. */
static enum redan_status only(struct redan_ctx *ctx, const struct redan_node *map, const char *name,
                              const struct redan_node **item)
{
    const struct redan_node *list = redan_node_get(map, name);

    if (!list || list->kind != REDAN_NODE_LIST || list->count != 1 ||
        list->first->kind != REDAN_NODE_MAP)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the log entry's \"%s\" must be exactly one signature", name);
    *item = list->first;
    return REDAN_OK;
}

static enum redan_status payload_sum(struct redan_ctx *ctx, const struct redan_entry_about *about,
                                     struct redan_sum *sum)
{
    return redan_hash_all(ctx, REDAN_HASH_SHA256, about->payload, sum);
}

/* rekor, pkg/types/hashedrekord/v0.0.1: data.hash, signature.content, signature.publicKey.content */
static enum redan_status hashedrekord_1(struct redan_ctx *ctx, const struct redan_node *spec,
                                        const struct redan_entry_about *about)
{
    const struct redan_node *made = redan_node_get(spec, "signature");

    REDAN_TRY(
        same_hex(ctx, redan_node_get(spec, "data"), "hash", about->hash, &about->sum, "content"));
    REDAN_TRY(same_bytes(ctx, made, "content", about->signature, "signature"));
    return same_pem(ctx, redan_node_get(made, "publicKey"), "content", about);
}

static enum redan_status same_verifier(struct redan_ctx *ctx, const struct redan_node *verifier,
                                       const struct redan_entry_about *about)
{
    const struct redan_node *certificate = redan_node_get(verifier, "x509Certificate");
    const struct redan_node *bare = redan_node_get(verifier, "publicKey");
    struct redan_slice der = {0};
    struct redan_spki *REDAN_DEFER(redan_spki_drop) key = NULL;

    if (!certificate == !bare)
        return missing(ctx, "verifier");
    if (!certificate != !about->certificate.len)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0, "the log entry is about a signature by a %s",
                          certificate ? "certificate" : "bare key");
    if (certificate)
        return same_bytes(ctx, certificate, "rawBytes", about->certificate, "certificate");
    REDAN_TRY(read_bytes(ctx, bare, "rawBytes", &der));
    REDAN_TRY(redan_spki_parse(ctx, der, &key));
    return same_key(ctx, about, key);
}

/* rekor-tiles, HashedRekordLogEntryV002: of an envelope the digest is that of its PAE */
static enum redan_status hashedrekord_2(struct redan_ctx *ctx, const struct redan_node *spec,
                                        const struct redan_entry_about *about)
{
    const struct redan_node *record = redan_node_get(spec, "hashedRekordV002");
    const struct redan_node *data = redan_node_get(record, "data");
    const struct redan_node *made = redan_node_get(record, "signature");
    struct redan_slice wanted = {(const char *)about->sum.bytes, about->sum.len};

    if (!redan_slice_is(redan_node_text(data, "algorithm"), redan_bundle_hash_name(about->hash)))
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the log entry's digest is by another algorithm than %s",
                          redan_bundle_hash_name(about->hash));
    REDAN_TRY(same_bytes(ctx, data, "digest", wanted, "content"));
    REDAN_TRY(same_bytes(ctx, made, "content", about->signature, "signature"));
    return same_verifier(ctx, redan_node_get(made, "verifier"), about);
}

/* rekor, pkg/types/dsse/v0.0.1: payloadHash, one of signatures[] with its verifier */
static enum redan_status dsse_1(struct redan_ctx *ctx, const struct redan_node *spec,
                                const struct redan_entry_about *about)
{
    const struct redan_node *made = NULL;
    struct redan_sum sum = {0};

    REDAN_TRY(payload_sum(ctx, about, &sum));
    REDAN_TRY(same_hex(ctx, spec, "payloadHash", REDAN_HASH_SHA256, &sum, "payload"));
    REDAN_TRY(only(ctx, spec, "signatures", &made));
    REDAN_TRY(same_bytes(ctx, made, "signature", about->signature, "signature"));
    return same_pem(ctx, made, "verifier", about);
}

/* rekor, pkg/types/intoto/v0.0.2: content.payloadHash and content.envelope, whose payload may have been left out */
static enum redan_status intoto_2(struct redan_ctx *ctx, const struct redan_node *spec,
                                  const struct redan_entry_about *about)
{
    const struct redan_node *content = redan_node_get(spec, "content");
    const struct redan_node *envelope = redan_node_get(content, "envelope");
    const struct redan_node *made = NULL;
    struct redan_slice bytes = {0};
    struct redan_sum sum = {0};

    REDAN_TRY(payload_sum(ctx, about, &sum));
    REDAN_TRY(same_hex(ctx, content, "payloadHash", REDAN_HASH_SHA256, &sum, "payload"));
    if (!redan_slice_eq(redan_node_text(envelope, "payloadType"), about->payload_type))
        return differs(ctx, "payload type");
    if (redan_node_text(envelope, "payload").len) {
        REDAN_TRY(read_twice(ctx, envelope, "payload", &bytes));
        if (!redan_slice_eq(bytes, about->payload))
            return differs(ctx, "payload");
    }
    REDAN_TRY(only(ctx, envelope, "signatures", &made));
    REDAN_TRY(read_twice(ctx, made, "sig", &bytes));
    if (!redan_slice_eq(bytes, about->signature))
        return differs(ctx, "signature");
    return same_pem(ctx, made, "publicKey", about);
}

enum { ARTEFACT = 1, ENVELOPE = 2 };

static const struct body_kind {
    const char *kind;
    const char *version;
    unsigned of; /* what it can be about */
    enum redan_status (*check)(struct redan_ctx *ctx, const struct redan_node *spec,
                               const struct redan_entry_about *about);
} kinds[] = {
    {"hashedrekord", "0.0.1", ARTEFACT, hashedrekord_1},
    {"hashedrekord", "0.0.2", ARTEFACT | ENVELOPE, hashedrekord_2},
    {"dsse", "0.0.1", ENVELOPE, dsse_1},
    {"intoto", "0.0.2", ENVELOPE, intoto_2},
};

/* One body is small but for the payload in it, whatever the context allows documents. */
static enum redan_status parse(struct redan_ctx *ctx, struct redan_slice body,
                               const struct redan_node **root)
{
    struct redan_limits before = ctx->limits;

    ctx->limits.json = BODY_JSON;
    ctx->limits.nodes = redan_min_size(before.nodes, BODY_NODES);
    enum redan_status status = redan_json_parse(ctx, body, root);
    ctx->limits = before;
    if (status != REDAN_OK)
        redan_fail_name(ctx, REDAN_S("the log entry's canonicalizedBody"));
    return status;
}

enum redan_status redan_entry_body(struct redan_ctx *ctx, const struct redan_bundle_log *entry,
                                   const struct redan_entry_about *about)
{
    const struct redan_node *root = NULL;
    unsigned of = about->is_dsse ? ENVELOPE : ARTEFACT;

    REDAN_TRY(parse(ctx, entry->body, &root));
    if (!redan_slice_eq(redan_node_text(root, "kind"), entry->kind) ||
        !redan_slice_eq(redan_node_text(root, "apiVersion"), entry->version))
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the log entry is called \"%s\" %s and is \"%s\" %s",
                          redan_snippet_of(entry->kind).text, redan_snippet_of(entry->version).text,
                          redan_snippet_of(redan_node_text(root, "kind")).text,
                          redan_snippet_of(redan_node_text(root, "apiVersion")).text);
    for (size_t i = 0; i < REDAN_COUNT(kinds); i++)
        if (redan_slice_is(entry->kind, kinds[i].kind) &&
            redan_slice_is(entry->version, kinds[i].version) && (kinds[i].of & of))
            return kinds[i].check(ctx, redan_node_get(root, "spec"), about);
    return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                      "a log entry of kind \"%s\" %s cannot be about this signature over %s",
                      redan_snippet_of(entry->kind).text, redan_snippet_of(entry->version).text,
                      about->is_dsse ? "an envelope" : "a file");
}
