/* Reads a Sigstore bundle (protobuf-specs, sigstore_bundle.proto): every field that is known, and nothing else. */
#include "sign/bundle.h"

#include <string.h>

#include "codec/problem.h"
#include "crypto/merkle.h"
#include "sign/message.h"

/* Beside the payload a bundle is small: an attacker's is not given memory for more. */
enum { NODES = 16384 };

/* sigstore_bundle.proto, Bundle.media_type */
static enum redan_status read_version(struct redan_ctx *ctx, const struct redan_message *root,
                                      struct redan_bundle *bundle)
{
    static const struct {
        const char *type;
        enum redan_bundle_version version;
    } rows[] = {
        {"application/vnd.dev.sigstore.bundle+json;version=0.1", REDAN_BUNDLE_V01},
        {"application/vnd.dev.sigstore.bundle+json;version=0.2", REDAN_BUNDLE_V02},
        {"application/vnd.dev.sigstore.bundle+json;version=0.3", REDAN_BUNDLE_V03},
        {"application/vnd.dev.sigstore.bundle.v0.3+json", REDAN_BUNDLE_V03},
    };
    struct redan_slice text = {0};

    REDAN_TRY(redan_message_text(ctx, root, "mediaType", &text));
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        if (redan_slice_is(text, rows[i].type)) {
            bundle->version = rows[i].version;
            return REDAN_OK;
        }
    }
    return redan_message_fail(ctx, root, "mediaType", REDAN_E_SCHEMA,
                              "\"%s\" is no bundle of the versions 0.1, 0.2 and 0.3",
                              redan_snippet_of(text).text);
}

/* {"hint"} of sigstore_common.proto, PublicKeyIdentifier; before OMS 1.1.0 {"rawBytes", "keyDetails"} of a PublicKey, which held a PEM. */
static enum redan_status read_key(struct redan_ctx *ctx, const struct redan_message *key,
                                  struct redan_bundle *bundle)
{
    static const char *const names[] = {"hint", "rawBytes", "keyDetails", NULL};
    static const char *const details[] = {"PKIX_ECDSA_P256_SHA_256", "PKIX_ECDSA_P384_SHA_384",
                                          "PKIX_ECDSA_P521_SHA_512", NULL};
    struct redan_slice detail = {0};

    REDAN_TRY(redan_message_only(ctx, key, names));
    REDAN_TRY(redan_message_text(ctx, key, "hint", &bundle->hint));
    REDAN_TRY(redan_message_bytes(ctx, key, "rawBytes", false, &bundle->key_pem));
    REDAN_TRY(redan_message_text(ctx, key, "keyDetails", &detail));
    if (bundle->key_pem.len && bundle->hint.len)
        return redan_message_fail(ctx, key, NULL, REDAN_E_SCHEMA,
                                  "has both \"hint\" and \"rawBytes\"");
    if (detail.len && (!bundle->key_pem.len || !redan_slice_among(details, detail)))
        return redan_message_fail(ctx, key, "keyDetails", REDAN_E_SCHEMA,
                                  "\"%s\" is not of a key that signs bundles",
                                  redan_snippet_of(detail).text);
    bundle->material = REDAN_BUNDLE_KEY;
    return REDAN_OK;
}

static enum redan_status read_certificate(struct redan_ctx *ctx, const struct redan_message *from,
                                          struct redan_slice *der)
{
    static const char *const names[] = {"rawBytes", NULL};

    REDAN_TRY(redan_message_only(ctx, from, names));
    REDAN_TRY(redan_message_bytes(ctx, from, "rawBytes", false, der));
    if (der->len == 0)
        return redan_message_fail(ctx, from, "rawBytes", REDAN_E_SCHEMA,
                                  "the certificate is missing");
    return REDAN_OK;
}

static enum redan_status read_leaf(struct redan_ctx *ctx, const struct redan_message *leaf,
                                   struct redan_bundle *bundle)
{
    bundle->certificates = redan_take_array(ctx, 1, sizeof(*bundle->certificates));
    if (!bundle->certificates)
        return REDAN_E_MEMORY;
    bundle->certificate_count = 1;
    bundle->material = REDAN_BUNDLE_CERTIFICATE;
    return read_certificate(ctx, leaf, &bundle->certificates[0]);
}

static enum redan_status read_chain(struct redan_ctx *ctx, const struct redan_message *chain,
                                    struct redan_bundle *bundle)
{
    static const char *const names[] = {"certificates", NULL};
    const struct redan_node *list = NULL;
    struct redan_message one = {0};

    REDAN_TRY(redan_message_only(ctx, chain, names));
    REDAN_TRY(redan_message_list(ctx, chain, "certificates", REDAN_BUNDLE_CHAIN, &list));
    if (!list)
        return redan_message_fail(ctx, chain, "certificates", REDAN_E_SCHEMA,
                                  "there is no certificate in it");
    bundle->certificates = redan_take_array(ctx, list->count, sizeof(*bundle->certificates));
    if (!bundle->certificates)
        return REDAN_E_MEMORY;
    for (const struct redan_node *item = list->first; item; item = item->next) {
        size_t i = bundle->certificate_count++;
        REDAN_TRY(redan_message_item(ctx, chain, "certificates", item, i, &one));
        REDAN_TRY(read_certificate(ctx, &one, &bundle->certificates[i]));
    }
    bundle->material = REDAN_BUNDLE_CHAINED;
    return REDAN_OK;
}

/* RFC 6962 2.1.1: an audit path is no longer than the tree is high. */
static enum redan_status read_path(struct redan_ctx *ctx, const struct redan_message *proof,
                                   struct redan_bundle_log *log)
{
    const struct redan_node *list = NULL;

    REDAN_TRY(redan_message_list(ctx, proof, "hashes", REDAN_MERKLE_PATH, &list));
    if (!list)
        return REDAN_OK;
    log->proof_path = redan_take_array(ctx, list->count, sizeof(*log->proof_path));
    if (!log->proof_path)
        return REDAN_E_MEMORY;
    for (const struct redan_node *item = list->first; item; item = item->next) {
        size_t i = log->proof_count++;
        REDAN_TRY(redan_message_item_digest(ctx, proof, "hashes", item, i, &log->proof_path[i]));
    }
    return REDAN_OK;
}

/* sigstore_rekor.proto, InclusionProof */
static enum redan_status read_proof(struct redan_ctx *ctx, const struct redan_message *proof,
                                    struct redan_bundle_log *log)
{
    static const char *const names[] = {"logIndex", "rootHash",   "treeSize",
                                        "hashes",   "checkpoint", NULL};
    static const char *const inner[] = {"envelope", NULL};
    struct redan_message checkpoint = {0};

    REDAN_TRY(redan_message_only(ctx, proof, names));
    REDAN_TRY(redan_message_number(ctx, proof, "logIndex", &log->proof_index));
    REDAN_TRY(redan_message_number(ctx, proof, "treeSize", &log->proof_size));
    REDAN_TRY(redan_message_digest(ctx, proof, "rootHash", &log->proof_root));
    REDAN_TRY(read_path(ctx, proof, log));
    log->has_proof = true;
    REDAN_TRY(redan_message_child(ctx, proof, "checkpoint", &checkpoint));
    if (!checkpoint.node)
        return REDAN_OK;
    REDAN_TRY(redan_message_only(ctx, &checkpoint, inner));
    return redan_message_text(ctx, &checkpoint, "envelope", &log->checkpoint);
}

/* A message of one field of bytes. */
static enum redan_status read_inner(struct redan_ctx *ctx, const struct redan_message *in,
                                    const char *name, const char *field, struct redan_slice *bytes)
{
    const char *const names[] = {field, NULL};
    struct redan_message inner = {0};

    REDAN_TRY(redan_message_child(ctx, in, name, &inner));
    if (!inner.node)
        return REDAN_OK;
    REDAN_TRY(redan_message_only(ctx, &inner, names));
    return redan_message_bytes(ctx, &inner, field, false, bytes);
}

static enum redan_status read_kind(struct redan_ctx *ctx, const struct redan_message *entry,
                                   struct redan_bundle_log *log)
{
    static const char *const names[] = {"kind", "version", NULL};
    struct redan_message kind = {0};

    REDAN_TRY(redan_message_child(ctx, entry, "kindVersion", &kind));
    if (!kind.node)
        return REDAN_OK;
    REDAN_TRY(redan_message_only(ctx, &kind, names));
    REDAN_TRY(redan_message_text(ctx, &kind, "kind", &log->kind));
    return redan_message_text(ctx, &kind, "version", &log->version);
}

/* sigstore_rekor.proto, TransparencyLogEntry */
static enum redan_status read_entry(struct redan_ctx *ctx, const struct redan_message *entry,
                                    struct redan_bundle_log *log)
{
    static const char *const names[] = {
        "logIndex",         "logId",          "kindVersion",       "integratedTime",
        "inclusionPromise", "inclusionProof", "canonicalizedBody", NULL};
    struct redan_message proof = {0};
    uint64_t time = 0;

    REDAN_TRY(redan_message_only(ctx, entry, names));
    REDAN_TRY(redan_message_number(ctx, entry, "logIndex", &log->index));
    REDAN_TRY(read_inner(ctx, entry, "logId", "keyId", &log->log_id));
    REDAN_TRY(read_kind(ctx, entry, log));
    REDAN_TRY(redan_message_number(ctx, entry, "integratedTime", &time));
    log->has_time = time != 0; /* Rekor v2 has none, and its servers write 0 */
    log->time = (int64_t)time;
    REDAN_TRY(read_inner(ctx, entry, "inclusionPromise", "signedEntryTimestamp", &log->promise));
    REDAN_TRY(redan_message_child(ctx, entry, "inclusionProof", &proof));
    if (proof.node)
        REDAN_TRY(read_proof(ctx, &proof, log));
    return redan_message_bytes(ctx, entry, "canonicalizedBody", false, &log->body);
}

static enum redan_status read_logs(struct redan_ctx *ctx, const struct redan_message *material,
                                   struct redan_bundle *bundle)
{
    const struct redan_node *list = NULL;
    struct redan_message entry = {0};

    REDAN_TRY(redan_message_list(ctx, material, "tlogEntries", REDAN_BUNDLE_LOGS, &list));
    if (!list)
        return REDAN_OK;
    bundle->logs = redan_take_array(ctx, list->count, sizeof(*bundle->logs));
    if (!bundle->logs)
        return REDAN_E_MEMORY;
    for (const struct redan_node *item = list->first; item; item = item->next) {
        size_t i = bundle->log_count++;
        REDAN_TRY(redan_message_item(ctx, material, "tlogEntries", item, i, &entry));
        REDAN_TRY(read_entry(ctx, &entry, &bundle->logs[i]));
    }
    return REDAN_OK;
}

static enum redan_status read_stamps(struct redan_ctx *ctx, const struct redan_message *material,
                                     struct redan_bundle *bundle)
{
    static const char *const names[] = {"rfc3161Timestamps", NULL};
    static const char *const inner[] = {"signedTimestamp", NULL};
    const struct redan_node *list = NULL;
    struct redan_message data = {0};
    struct redan_message stamp = {0};

    REDAN_TRY(redan_message_child(ctx, material, "timestampVerificationData", &data));
    if (!data.node)
        return REDAN_OK;
    REDAN_TRY(redan_message_only(ctx, &data, names));
    REDAN_TRY(redan_message_list(ctx, &data, names[0], REDAN_BUNDLE_STAMPS, &list));
    if (!list)
        return REDAN_OK;
    bundle->stamps = redan_take_array(ctx, list->count, sizeof(*bundle->stamps));
    if (!bundle->stamps)
        return REDAN_E_MEMORY;
    for (const struct redan_node *item = list->first; item; item = item->next) {
        size_t i = bundle->stamp_count++;
        REDAN_TRY(redan_message_item(ctx, &data, names[0], item, i, &stamp));
        REDAN_TRY(redan_message_only(ctx, &stamp, inner));
        REDAN_TRY(redan_message_bytes(ctx, &stamp, inner[0], false, &bundle->stamps[i]));
        if (bundle->stamps[i].len == 0)
            return redan_message_fail(ctx, &stamp, inner[0], REDAN_E_SCHEMA, "is missing");
    }
    return REDAN_OK;
}

/* sigstore_bundle.proto, VerificationMaterial: one of three things to verify with, and what vouches for the time. */
static enum redan_status read_material(struct redan_ctx *ctx, const struct redan_message *root,
                                       struct redan_bundle *bundle)
{
    static const char *const names[] = {"publicKey",
                                        "certificate",
                                        "x509CertificateChain",
                                        "tlogEntries",
                                        "timestampVerificationData",
                                        NULL};
    struct redan_message material = {0};
    struct redan_message one[3] = {{0}};
    size_t found = 0;

    REDAN_TRY(redan_message_child(ctx, root, "verificationMaterial", &material));
    if (!material.node)
        return redan_message_fail(ctx, root, "verificationMaterial", REDAN_E_SCHEMA, "is missing");
    REDAN_TRY(redan_message_only(ctx, &material, names));
    for (size_t i = 0; i < REDAN_COUNT(one); i++) {
        REDAN_TRY(redan_message_child(ctx, &material, names[i], &one[i]));
        found += one[i].node != NULL;
    }
    if (found != 1)
        return redan_message_fail(
            ctx, &material, NULL, REDAN_E_SCHEMA,
            "must have one of \"publicKey\", \"certificate\" and \"x509CertificateChain\", has %zu",
            found);
    if (one[0].node)
        REDAN_TRY(read_key(ctx, &one[0], bundle));
    else if (one[1].node)
        REDAN_TRY(read_leaf(ctx, &one[1], bundle));
    else
        REDAN_TRY(read_chain(ctx, &one[2], bundle));
    REDAN_TRY(read_logs(ctx, &material, bundle));
    return read_stamps(ctx, &material, bundle);
}

const char *redan_bundle_hash_name(enum redan_hash hash)
{
    static const char *const names[REDAN_HASH_COUNT] = {[REDAN_HASH_SHA256] = "SHA2_256",
                                                        [REDAN_HASH_SHA384] = "SHA2_384",
                                                        [REDAN_HASH_SHA512] = "SHA2_512"};

    return names[hash];
}

static bool hash_of(struct redan_slice name, enum redan_hash *hash)
{
    for (int i = 0; i < REDAN_HASH_COUNT; i++) {
        const char *known = redan_bundle_hash_name((enum redan_hash)i);
        if (known && redan_slice_is(name, known)) {
            *hash = (enum redan_hash)i;
            return true;
        }
    }
    return false;
}

/* sigstore_common.proto, HashOutput */
static enum redan_status read_digest(struct redan_ctx *ctx, const struct redan_message *digest,
                                     struct redan_bundle *bundle)
{
    static const char *const names[] = {"algorithm", "digest", NULL};
    enum redan_hash hash = REDAN_HASH_SHA256;
    struct redan_slice name = {0};
    struct redan_slice bytes = {0};

    REDAN_TRY(redan_message_only(ctx, digest, names));
    REDAN_TRY(redan_message_text(ctx, digest, "algorithm", &name));
    if (!hash_of(name, &hash))
        return redan_message_fail(ctx, digest, "algorithm", REDAN_E_SCHEMA,
                                  "\"%s\" is none of SHA2_256, SHA2_384 and SHA2_512",
                                  redan_snippet_of(name).text);
    REDAN_TRY(redan_message_bytes(ctx, digest, "digest", false, &bytes));
    bundle->digest_hash = hash;
    if (bytes.len != redan_hash_len(bundle->digest_hash))
        return redan_message_fail(ctx, digest, "digest", REDAN_E_SCHEMA,
                                  "has %zu bytes; a %.*s has %zu", bytes.len, REDAN_FMT(name),
                                  redan_hash_len(bundle->digest_hash));
    memcpy(bundle->digest.bytes, bytes.at, bytes.len);
    bundle->digest.len = (uint8_t)bytes.len;
    bundle->has_digest = true;
    return REDAN_OK;
}

/* sigstore_common.proto, MessageSignature */
static enum redan_status read_message(struct redan_ctx *ctx, const struct redan_message *content,
                                      struct redan_bundle *bundle)
{
    static const char *const names[] = {"messageDigest", "signature", NULL};
    struct redan_message digest = {0};

    REDAN_TRY(redan_message_only(ctx, content, names));
    REDAN_TRY(redan_message_child(ctx, content, "messageDigest", &digest));
    if (digest.node)
        REDAN_TRY(read_digest(ctx, &digest, bundle));
    REDAN_TRY(redan_message_bytes(ctx, content, "signature", false, &bundle->signature));
    if (bundle->signature.len == 0)
        return redan_message_fail(ctx, content, "signature", REDAN_E_SCHEMA, "is missing");
    return REDAN_OK;
}

/* envelope.proto of DSSE; sigstore_bundle.proto allows one signature. */
static enum redan_status read_envelope(struct redan_ctx *ctx, const struct redan_message *content,
                                       struct redan_bundle *bundle)
{
    static const char *const names[] = {"payload", "payloadType", "signatures", NULL};
    static const char *const inner[] = {"sig", "keyid", NULL};
    struct redan_dsse *dsse = &bundle->dsse;
    const struct redan_node *list = redan_message_get(content, "signatures");
    struct redan_message one = {0};

    REDAN_TRY(redan_message_only(ctx, content, names));
    if (!list || list->kind != REDAN_NODE_LIST || list->count != 1)
        return redan_message_fail(ctx, content, "signatures", REDAN_E_SCHEMA,
                                  "must be a list of exactly one, found %zu",
                                  list && list->kind == REDAN_NODE_LIST ? list->count : 0);
    REDAN_TRY(redan_message_item(ctx, content, "signatures", list->first, 0, &one));
    REDAN_TRY(redan_message_only(ctx, &one, inner));
    dsse->signatures = redan_take_array(ctx, 1, sizeof(*dsse->signatures));
    if (!dsse->signatures)
        return REDAN_E_MEMORY;
    dsse->count = 1;
    REDAN_TRY(redan_message_text(ctx, &one, "keyid", &dsse->signatures[0].keyid));
    REDAN_TRY(redan_message_bytes(ctx, &one, "sig", true, &dsse->signatures[0].bytes));
    if (dsse->signatures[0].bytes.len == 0)
        return redan_message_fail(ctx, &one, "sig", REDAN_E_SCHEMA, "is missing");
    REDAN_TRY(redan_message_text(ctx, content, "payloadType", &dsse->payload_type));
    if (dsse->payload_type.len == 0)
        return redan_message_fail(ctx, content, "payloadType", REDAN_E_SCHEMA, "is missing");
    if (!redan_message_get(content, "payload"))
        return redan_message_fail(ctx, content, "payload", REDAN_E_SCHEMA, "is missing");
    bundle->is_dsse = true;
    bundle->signature = dsse->signatures[0].bytes;
    return redan_message_bytes(ctx, content, "payload", true, &dsse->payload);
}

static enum redan_status read_content(struct redan_ctx *ctx, const struct redan_message *root,
                                      struct redan_bundle *bundle)
{
    struct redan_message message = {0};
    struct redan_message envelope = {0};

    REDAN_TRY(redan_message_child(ctx, root, "messageSignature", &message));
    REDAN_TRY(redan_message_child(ctx, root, "dsseEnvelope", &envelope));
    if (!message.node == !envelope.node)
        return redan_message_fail(
            ctx, root, NULL, REDAN_E_SCHEMA,
            "there must be one of \"dsseEnvelope\" and \"messageSignature\", found %s",
            message.node ? "both" : "none");
    return message.node ? read_message(ctx, &message, bundle)
                        : read_envelope(ctx, &envelope, bundle);
}

enum redan_status redan_bundle_parse(struct redan_ctx *ctx, struct redan_slice text,
                                     struct redan_bundle *bundle)
{
    static const char *const names[] = {"mediaType", "verificationMaterial", "messageSignature",
                                        "dsseEnvelope", NULL};
    struct redan_message root = {0};
    struct redan_bundle made = {0};

    REDAN_TRY(redan_message_parse(ctx, text, "the bundle", REDAN_BUNDLE_MAX, NODES, &root));
    REDAN_TRY(read_version(ctx, &root, &made));
    REDAN_TRY(redan_message_only(ctx, &root, names));
    REDAN_TRY(read_material(ctx, &root, &made));
    REDAN_TRY(read_content(ctx, &root, &made));
    *bundle = made;
    return REDAN_OK;
}

enum redan_status redan_bundle_parse_log(struct redan_ctx *ctx, struct redan_slice text,
                                         struct redan_bundle_log *log)
{
    struct redan_message entry = {0};
    struct redan_bundle_log made = {0};

    REDAN_TRY(redan_message_parse(ctx, text, "the log entry", REDAN_BUNDLE_MAX, NODES, &entry));
    REDAN_TRY(read_entry(ctx, &entry, &made));
    *log = made;
    return REDAN_OK;
}
