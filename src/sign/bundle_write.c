/* Writes a Sigstore bundle in the current version: sigstore_bundle.proto as protobuf's JSON has it, on one line. */
#include "base/hex.h"
#include "codec/json.h"
#include "sign/bundle.h"

#define MEDIA_TYPE "application/vnd.dev.sigstore.bundle.v0.3+json"

static void add_bytes(struct redan_buf *out, const char *name, struct redan_slice bytes)
{
    redan_buf_printf(out, "\"%s\":\"", name);
    redan_base64_add(out, bytes);
    redan_buf_char(out, '"');
}

static void add_text(struct redan_buf *out, const char *name, struct redan_slice text)
{
    redan_buf_printf(out, "\"%s\":", name);
    redan_json_string_add(out, text);
}

static void add_number(struct redan_buf *out, const char *name, uint64_t number)
{
    redan_buf_printf(out, "\"%s\":\"%llu\"", name, (unsigned long long)number);
}

static void add_signer(struct redan_buf *out, const struct redan_bundle *bundle)
{
    switch (bundle->material) {
    case REDAN_BUNDLE_KEY:
        redan_buf_text(out, "\"publicKey\":{");
        if (bundle->key_pem.len)
            add_bytes(out, "rawBytes", bundle->key_pem);
        else if (bundle->hint.len)
            add_text(out, "hint", bundle->hint);
        redan_buf_char(out, '}');
        return;
    case REDAN_BUNDLE_CERTIFICATE:
        redan_buf_text(out, "\"certificate\":{");
        add_bytes(out, "rawBytes", bundle->certificates[0]);
        redan_buf_char(out, '}');
        return;
    case REDAN_BUNDLE_CHAINED:
        redan_buf_text(out, "\"x509CertificateChain\":{\"certificates\":[");
        for (size_t i = 0; i < bundle->certificate_count; i++) {
            redan_buf_text(out, i ? ",{" : "{");
            add_bytes(out, "rawBytes", bundle->certificates[i]);
            redan_buf_char(out, '}');
        }
        redan_buf_text(out, "]}");
        return;
    }
}

static void add_proof(struct redan_buf *out, const struct redan_bundle_log *log)
{
    redan_buf_text(out, ",\"inclusionProof\":{");
    add_number(out, "logIndex", log->proof_index);
    redan_buf_char(out, ',');
    add_bytes(out, "rootHash",
              (struct redan_slice){(const char *)log->proof_root.bytes, REDAN_DIGEST_LEN});
    redan_buf_char(out, ',');
    add_number(out, "treeSize", log->proof_size);
    redan_buf_text(out, ",\"hashes\":[");
    for (size_t i = 0; i < log->proof_count; i++) {
        redan_buf_text(out, i ? ",\"" : "\"");
        redan_base64_add(
            out, (struct redan_slice){(const char *)log->proof_path[i].bytes, REDAN_DIGEST_LEN});
        redan_buf_char(out, '"');
    }
    redan_buf_char(out, ']');
    if (log->checkpoint.len) {
        redan_buf_text(out, ",\"checkpoint\":{");
        add_text(out, "envelope", log->checkpoint);
        redan_buf_char(out, '}');
    }
    redan_buf_char(out, '}');
}

static void add_log(struct redan_buf *out, const struct redan_bundle_log *log)
{
    redan_buf_char(out, '{');
    add_number(out, "logIndex", log->index);
    redan_buf_text(out, ",\"logId\":{");
    add_bytes(out, "keyId", log->log_id);
    redan_buf_text(out, "},\"kindVersion\":{");
    add_text(out, "kind", log->kind);
    redan_buf_char(out, ',');
    add_text(out, "version", log->version);
    redan_buf_char(out, '}');
    if (log->has_time) {
        redan_buf_char(out, ',');
        add_number(out, "integratedTime", (uint64_t)log->time);
    }
    if (log->promise.len) {
        redan_buf_text(out, ",\"inclusionPromise\":{");
        add_bytes(out, "signedEntryTimestamp", log->promise);
        redan_buf_char(out, '}');
    }
    if (log->has_proof)
        add_proof(out, log);
    redan_buf_char(out, ',');
    add_bytes(out, "canonicalizedBody", log->body);
    redan_buf_char(out, '}');
}

static void add_stamps(struct redan_buf *out, const struct redan_bundle *bundle)
{
    if (bundle->stamp_count == 0)
        return;
    redan_buf_text(out, ",\"timestampVerificationData\":{\"rfc3161Timestamps\":[");
    for (size_t i = 0; i < bundle->stamp_count; i++) {
        redan_buf_text(out, i ? ",{" : "{");
        add_bytes(out, "signedTimestamp", bundle->stamps[i]);
        redan_buf_char(out, '}');
    }
    redan_buf_text(out, "]}");
}

static void add_message(struct redan_buf *out, const struct redan_bundle *bundle)
{
    redan_buf_text(out, ",\"messageSignature\":{");
    if (bundle->has_digest) {
        redan_buf_printf(out, "\"messageDigest\":{\"algorithm\":\"%s\",",
                         redan_bundle_hash_name(bundle->digest_hash));
        add_bytes(out, "digest",
                  (struct redan_slice){(const char *)bundle->digest.bytes, bundle->digest.len});
        redan_buf_text(out, "},");
    }
    add_bytes(out, "signature", bundle->signature);
    redan_buf_char(out, '}');
}

static void add_envelope(struct redan_buf *out, const struct redan_bundle *bundle)
{
    redan_buf_text(out, ",\"dsseEnvelope\":{");
    add_bytes(out, "payload", bundle->dsse.payload);
    redan_buf_char(out, ',');
    add_text(out, "payloadType", bundle->dsse.payload_type);
    redan_buf_text(out, ",\"signatures\":[{");
    add_bytes(out, "sig", bundle->signature);
    redan_buf_char(out, ',');
    add_text(out, "keyid", bundle->dsse.count ? bundle->dsse.signatures[0].keyid : REDAN_S(""));
    redan_buf_text(out, "}]}");
}

void redan_bundle_add(struct redan_buf *out, const struct redan_bundle *bundle)
{
    redan_buf_text(out, "{\"mediaType\":\"" MEDIA_TYPE "\",\"verificationMaterial\":{");
    add_signer(out, bundle);
    /* empty too: model_signing and the schema of OMS look for it */
    redan_buf_text(out, ",\"tlogEntries\":[");
    for (size_t i = 0; i < bundle->log_count; i++) {
        if (i)
            redan_buf_char(out, ',');
        add_log(out, &bundle->logs[i]);
    }
    redan_buf_char(out, ']');
    add_stamps(out, bundle);
    redan_buf_char(out, '}');
    if (bundle->is_dsse)
        add_envelope(out, bundle);
    else
        add_message(out, bundle);
    redan_buf_text(out, "}\n");
}
