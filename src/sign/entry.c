/* Log entries: the promise (SignedEntryTimestamp), the inclusion proof and the checkpoint it leads to. */
#include "sign/entry.h"

#include <inttypes.h>

#include "base/hex.h"
#include "crypto/merkle.h"
#include "sign/checkpoint.h"

bool redan_entry_is_tiled(const struct redan_bundle_log *entry)
{
    return redan_slice_is(entry->kind, "hashedrekord") && redan_slice_is(entry->version, "0.0.2");
}

static enum redan_status find_log(struct redan_ctx *ctx, const struct redan_bundle_log *entry,
                                  const struct redan_trust_root *root,
                                  const struct redan_trust_log **log)
{
    for (size_t i = 0; i < root->log_count; i++)
        if (redan_slice_eq(root->logs[i].id, entry->log_id)) {
            *log = &root->logs[i];
            return REDAN_OK;
        }
    struct redan_buf REDAN_DEFER(redan_buf_done) id = {0};
    redan_buf_init(&id, ctx, (size_t)1 << 10);
    redan_base64_add(&id, redan_slice_sub(entry->log_id, 0, REDAN_DIGEST_LEN));
    REDAN_TRY(redan_buf_ok(ctx, &id, "an id"));
    return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                      "the log with the id %.*s is none of the trust root's %zu",
                      REDAN_FMT(redan_buf_view(&id)), root->log_count);
}

/* Rekor v1 signs the canonical JSON (RFC 8785) of these four fields. */
static enum redan_status verify_promise(struct redan_ctx *ctx, const struct redan_bundle_log *entry,
                                        const struct redan_trust_log *log)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};

    redan_buf_init(&text, ctx, (size_t)REDAN_BUNDLE_MAX * 2);
    redan_buf_text(&text, "{\"body\":\"");
    redan_base64_add(&text, entry->body);
    redan_buf_printf(&text, "\",\"integratedTime\":%" PRId64 ",\"logID\":\"", entry->time);
    for (size_t i = 0; i < entry->log_id.len; i++)
        redan_buf_printf(&text, "%02x", (unsigned char)entry->log_id.at[i]);
    redan_buf_printf(&text, "\",\"logIndex\":%" PRIu64 "}", entry->index);
    REDAN_TRY(redan_buf_ok(ctx, &text, "a promise"));
    enum redan_status status = redan_spki_verify(ctx, log->key, redan_spki_hash(log->key),
                                                 redan_buf_view(&text), entry->promise);
    if (status != REDAN_E_SIGNATURE)
        return status;
    return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                      "the log's promise (signedEntryTimestamp) for entry %" PRIu64
                      " does not verify with the key of %.*s",
                      entry->index, REDAN_FMT(log->host));
}

static enum redan_status verify_checkpoint(struct redan_ctx *ctx,
                                           const struct redan_bundle_log *entry,
                                           const struct redan_trust_log *log)
{
    struct redan_checkpoint checkpoint = {0};

    REDAN_TRY(redan_checkpoint_parse(ctx, entry->checkpoint, &checkpoint));
    REDAN_TRY(redan_checkpoint_verify(ctx, &checkpoint, log));
    if (checkpoint.size != entry->proof_size)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the checkpoint is of a log of %" PRIu64
                          " entries, the inclusion proof of one of %" PRIu64,
                          checkpoint.size, entry->proof_size);
    if (!redan_digest_eq(&checkpoint.root, &entry->proof_root))
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the inclusion proof's root hash is not the checkpoint's");
    return REDAN_OK;
}

static enum redan_status verify_proof(struct redan_ctx *ctx, const struct redan_bundle_log *entry)
{
    struct redan_digest leaf = {0};
    struct redan_digest root = {0};

    REDAN_TRY(redan_merkle_leaf(ctx, entry->body, &leaf));
    REDAN_TRY(redan_merkle_root(ctx, &leaf, entry->proof_index, entry->proof_size,
                                entry->proof_path, entry->proof_count, &root));
    if (!redan_digest_eq(&root, &entry->proof_root))
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the inclusion proof does not lead from the entry to its root hash");
    return REDAN_OK;
}

/* What each version of the bundle must bring (protobuf-specs, sigstore_bundle.proto), and what Rekor v2 never does. */
static enum redan_status check_form(struct redan_ctx *ctx, enum redan_bundle_version version,
                                    const struct redan_bundle_log *entry)
{
    if (version == REDAN_BUNDLE_V01 && entry->promise.len == 0)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "a bundle of version 0.1 must have the log's promise (inclusionPromise)");
    if (version != REDAN_BUNDLE_V01 && !entry->has_proof)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0, "the log entry has no inclusion proof");
    if (entry->has_proof && entry->checkpoint.len == 0 && version != REDAN_BUNDLE_V01)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0, "the inclusion proof has no checkpoint");
    if (entry->promise.len && !entry->has_time)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the log's promise has no time (integratedTime)");
    if (!redan_entry_is_tiled(entry))
        return REDAN_OK;
    if (entry->promise.len || entry->has_time)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "an entry of Rekor v2 with a promise or a time, which such logs never "
                          "give");
    if (entry->index != entry->proof_index)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the entry's index %" PRIu64
                          " is not that of its inclusion proof, %" PRIu64,
                          entry->index, entry->proof_index);
    return REDAN_OK;
}

enum redan_status redan_entry_verify(struct redan_ctx *ctx, enum redan_bundle_version version,
                                     const struct redan_bundle_log *entry,
                                     const struct redan_trust_root *root,
                                     struct redan_entry_facts *facts)
{
    struct redan_entry_facts made = {0};

    REDAN_TRY(check_form(ctx, version, entry));
    REDAN_TRY(find_log(ctx, entry, root, &made.log));
    if (entry->has_proof) {
        REDAN_TRY(verify_proof(ctx, entry));
        if (entry->checkpoint.len)
            REDAN_TRY(verify_checkpoint(ctx, entry, made.log));
        made.index = entry->proof_index;
    }
    if (entry->promise.len) {
        REDAN_TRY(verify_promise(ctx, entry, made.log));
        made.index = entry->index;
        made.has_time = true;
        made.time = entry->time;
    }
    *facts = made;
    return REDAN_OK;
}
